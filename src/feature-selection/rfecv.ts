import { DataError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import { holdSource } from "../compose/held-source.js";
import type { FitOptions } from "../estimator/design.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { keepFeatures } from "../estimator/feature-selector.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import { toMatrix, type LabelInput, type MatrixInput, type VectorInput } from "../estimator/inputs.js";
import { noRows } from "../estimator/no-rows.js";
import { estimatorFromJSON, registerEstimator } from "../estimator/registry.js";
import { assertNotEmpty } from "../estimator/table.js";
import { mapLimited } from "../model-selection/fold-runner.js";
import type { Split } from "../model-selection/row-selection.js";
import { scoreModel, scorersOf, type Scorers } from "../model-selection/scoring.js";
import type { Splittable } from "../model-selection/splittable.js";
import { Splitter } from "../model-selection/splitter.js";
import { openTrialData, splitterOf, type TrialData } from "../model-selection/trial-data.js";
import type { TargetInput, TrialEstimator } from "../model-selection/trial-estimator.js";
import { eliminate, type EliminationSettings } from "./eliminate.js";
import { modelRules, type ModelSelectorParams } from "./model-selector.js";
import { RecursiveSelector, type RecursiveState } from "./recursive-selector.js";

/** Parameters of {@link RFECV}. */
export interface RFECVParams extends ModelSelectorParams {
  step: number;
  minFeaturesToSelect: number;
  cv: number | Splitter;
  scoring: string | null;
}

/** Scores of numbers of columns, the smallest number first. */
export interface RFECVResults {
  readonly nFeatures: readonly number[];
  readonly meanTestScore: Float64Array;
  readonly stdTestScore: Float64Array;
  /** Of each fold. */
  readonly splits: readonly Float64Array[];
}

interface RFECVState extends RecursiveState {
  readonly results: RFECVResults;
}

const TABLE = new ParamTable<RFECVParams>("RFECV", (z) =>
  z.object({
    ...modelRules(z),
    step: z
      .union([z.int().min(1), z.number().gt(0).lt(1)])
      .default(1)
      .describe("columns that a round eliminates, below 1 a share of all"),
    minFeaturesToSelect: z.int().min(1).default(1).describe("columns that are kept at least"),
    cv: z
      .union([z.int().min(2), z.custom((value) => value instanceof Splitter, "must be a splitter")])
      .default(5)
      .describe("a number of folds (stratified for classifiers), or a splitter"),
    scoring: z
      .union([z.null(), z.string().min(1)])
      .default(null)
      .describe("the name of a scorer; null: the estimator's own score"),
  }),
);

/**
 * Recursive feature elimination that finds the number of columns by cross-validation: in each fold columns are eliminated
 * as by {@link RFE}, every model on the way is scored on the rows left out, and the number of columns with the best mean
 * score (of equal ones the smallest) is what a last elimination over all rows keeps.
 *
 * X is read once; a fold's rows are kept while it runs, and its rounds look at some of their columns. The fits are one a
 * round and fold, and those of the last elimination. Weights go to the fits, not to the scores, as in scikit-learn.
 *
 * Differs from scikit-learn: `scoring` is a name; of equal importances the first column is eliminated first. A splitter as
 * `cv` is not saved: what is loaded has a number of folds.
 *
 * @example
 * ```ts
 * const selector = new RFECV({ estimator: new LinearRegression(), cv: 3 });
 * await selector.fit(X, y);
 * selector.nFeaturesKept;
 * selector.cvResults.meanTestScore;
 * ```
 */
export class RFECV extends RecursiveSelector<RFECVParams, RFECVState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Pick<RFECVParams, "estimator"> & Partial<RFECVParams>) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): RFECV {
    const { estimator } = (json.params ?? {}) as { estimator?: EstimatorJson };
    if (json.kind !== "RFECV" || !estimator)
      throw new DataError(`RFECV: the JSON holds a ${show(json.kind)}. Load it with that class.`);
    return new RFECV({ estimator: estimatorFromJSON(estimator) }).restore(json);
  }

  /** @throws what the model and the scorer throw, and DataError for fewer rows than folds */
  async fit(X: MatrixInput, y?: VectorInput | LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "RFECV.fit";
    const x = toMatrix(owner, X);
    assertNotEmpty(owner, x);
    const { estimator, step, cv, scoring, importanceGetter, minFeaturesToSelect } = this.params;
    const trial = estimator as unknown as TrialEstimator;
    const scorers = scorersOf(owner, trial, scoring ?? undefined);
    const least = Math.min(minFeaturesToSelect, x.width);
    const settings: EliminationSettings = { owner, estimator, importanceGetter, wanted: least, step };
    const splitter = splitterOf(owner, cv, trial, y !== undefined);
    const source = await holdSource(owner, x, y, options, 2);
    let data: TrialData | undefined;
    try {
      const own = { ...options, ...source.options };
      const counted = await (source.X as DistributedArray).withKnownRows(own);
      // The folds would say so in words of their own.
      if (counted.rows === 0) throw noRows(owner);
      const opened = await openTrialData(owner, splitter, counted, source.y as TargetInput | undefined, undefined, own);
      data = opened;
      let done = 0;
      const splits = await mapLimited(opened.splits, 2, async (split) => {
        const scores = await foldScores(settings, opened, split, scorers);
        options.onProgress?.({ stage: `${owner}: folds`, done: ++done, total: opened.splits.length });
        return scores;
      });
      const results = resultsOf(x.width, least, step, splits);
      const best = results.meanTestScore.indexOf(Math.max(...results.meanTestScore));
      const weight = opened.sampleWeight as VectorInput | undefined;
      const { support, ranking, model } = await eliminate(
        { ...settings, wanted: results.nFeatures[best] ?? x.width },
        opened.X as DistributedArray,
        opened.y as VectorInput | undefined,
        {
          ...opened.run,
          ...(weight === undefined ? {} : { sampleWeight: weight }),
          ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        },
      );
      estimator.adopt(model);
      this.setState({ ...fittedColumns(x.width, x.names), support, ranking, results });
      return this;
    } finally {
      data?.release();
      source.release();
    }
  }

  /** Scores of each number of columns. */
  get cvResults(): RFECVResults {
    return this.state.results;
  }

  protected override encodeParams(params: Readonly<RFECVParams>): unknown {
    return { ...(super.encodeParams(params) as object), cv: typeof params.cv === "number" ? params.cv : undefined };
  }
}

registerEstimator("RFECV", RFECV);

/** Scores of the models of one fold, the one with most columns first. */
async function foldScores(
  settings: EliminationSettings,
  data: TrialData,
  { train, test }: Split,
  scorers: Scorers,
): Promise<number[]> {
  const { owner } = settings;
  const [name] = [...scorers.keys()] as [string];
  const targets = data.y as Splittable;
  const take = <T>(rows: Split["train"], values: T | undefined): T | undefined =>
    values === undefined ? undefined : (rows.take(values as Splittable) as T);
  const held = await holdSource(
    owner,
    test.take(data.X) as DistributedArray,
    take(test, targets) as VectorInput | undefined,
    data.run,
    2,
  );
  try {
    const scores: number[] = [];
    const onRound: EliminationSettings["onRound"] = async (model, kept) => {
      const rows = keepFeatures(owner, held.X as DistributedArray, kept);
      const run = { ...data.run, ...held.options };
      const found = await scoreModel(
        owner,
        model as unknown as TrialEstimator,
        rows,
        held.y as TargetInput | undefined,
        scorers,
        run,
      );
      scores.push(found[name] as number);
    };
    const weight = take(train, data.sampleWeight) as VectorInput | undefined;
    const x = train.take(data.X) as DistributedArray;
    await eliminate({ ...settings, onRound }, x, take(train, targets) as VectorInput | undefined, {
      ...data.run,
      ...(weight === undefined ? {} : { sampleWeight: weight }),
    });
    return scores;
  } finally {
    held.release();
  }
}

function resultsOf(width: number, least: number, step: number, splits: readonly (readonly number[])[]): RFECVResults {
  const by = step < 1 ? Math.max(1, Math.floor(step * width)) : step;
  const sizes: number[] = [];
  for (let size = width; size > least; size -= by) sizes.unshift(size);
  sizes.unshift(least);
  const scores = splits.map((one) => Float64Array.from(one).reverse());
  const mean = Float64Array.from(
    sizes,
    (_, k) => scores.reduce((sum, one) => sum + (one[k] as number), 0) / scores.length,
  );
  const std = Float64Array.from(sizes, (_, k) =>
    Math.sqrt(scores.reduce((sum, one) => sum + ((one[k] as number) - (mean[k] as number)) ** 2, 0) / scores.length),
  );
  return { nFeatures: sizes, meanTestScore: mean, stdTestScore: std, splits: scores };
}
