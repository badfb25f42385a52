import { closest, DataError, ParameterError, show } from "../base/errors.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FitOptions } from "../estimator/design.js";
import type { Label } from "../estimator/labels.js";
import type { Rows, TableInput } from "../estimator/table.js";
import {
  checkErrorScore,
  checkParallel,
  mapLimited,
  requireOneFit,
  runFold,
  type ErrorScore,
  type FoldSettings,
} from "./fold-runner.js";
import { oneScanFits } from "./one-scan.js";
import { array, scorersOf, type Scoring } from "./scoring.js";
import type { Splittable } from "./splittable.js";
import { openTrialData, splitterOf, type Cv, type TrialData } from "./trial-data.js";
import {
  assertEstimator,
  methodOf,
  type TargetInput,
  type TrialEstimator,
  type TrialMethods,
} from "./trial-estimator.js";

/** What all evaluations of model selection take. `sampleWeight` goes to the fits. */
export interface EvaluationOptions extends FitOptions {
  /** 5 folds unless given: stratified by y for classifiers, in the rows' order. */
  readonly cv?: Cv | undefined;
  /** The groups of rows, for splitters by group. */
  readonly groups?: Splittable | undefined;
  /** The estimator's own `score` unless given. */
  readonly scoring?: Scoring | undefined;
  /** true: weights go to the scores too. false unless given, as in scikit-learn. */
  readonly weightScores?: boolean | undefined;
  /** What a failing fit or score counts as; "raise" unless given. */
  readonly errorScore?: ErrorScore | undefined;
  /** Fits at a time: 2 unless given. Results do not depend on it. */
  readonly parallelTrials?: number | undefined;
}

/** Options of {@link crossValidate}. */
export interface CrossValidateOptions extends EvaluationOptions {
  readonly returnTrainScore?: boolean | undefined;
  readonly returnEstimator?: boolean | undefined;
}

/** What {@link crossValidate} found; one entry a split in every list. */
export interface CrossValidation {
  /** By scorer; "score" for a single one. */
  readonly testScores: Readonly<Record<string, Float64Array>>;
  readonly trainScores: Readonly<Record<string, Float64Array>> | undefined;
  /** Seconds. */
  readonly fitTime: Float64Array;
  readonly scoreTime: Float64Array;
  /** Fitted models; undefined where a fit failed. */
  readonly estimators: readonly (TrialEstimator | undefined)[] | undefined;
  readonly errors: readonly (Error | undefined)[];
}

const COMMON = [
  "cv",
  "groups",
  "scoring",
  "weightScores",
  "errorScore",
  "parallelTrials",
  "sampleWeight",
  "engine",
  "signal",
  "onProgress",
];

/** @throws ParameterError for an option that is not there */
export function checkEvaluation(owner: string, options: object, own: readonly string[] = []): void {
  const known = [...own, ...COMMON];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = closest(name, known);
    throw new ParameterError(
      `${owner}: unknown option ${show(name)}. ${near ? `Did you mean ${show(near)}? ` : ""}It takes: ${known.join(", ")}.`,
    );
  }
}

/** Opens the data, runs `work` with the settings, and lets the data go. */
export async function evaluated<T>(
  owner: string,
  estimator: TrialEstimator,
  X: TableInput,
  y: TargetInput | undefined,
  options: EvaluationOptions & { readonly returnTrainScore?: boolean | undefined },
  work: (settings: FoldSettings, limit: number) => Promise<T>,
): Promise<T> {
  assertEstimator(owner, estimator);
  const scorers = scorersOf(owner, estimator, options.scoring);
  const errorScore = checkErrorScore(owner, options.errorScore ?? "raise");
  const limit = checkParallel(owner, options.parallelTrials);
  const splitter = splitterOf(owner, options.cv, estimator, y !== undefined);
  const data = await openTrialData(owner, splitter, X, y, options.groups, options);
  try {
    const { returnTrainScore = false, weightScores = false } = options;
    return await work({ owner, data, scorers, returnTrainScore, weightScores, errorScore }, limit);
  } finally {
    data.release();
  }
}

/**
 * Fits a clone on the train rows of every split and scores it on the test rows. The data are read once and kept for the
 * call; each side of a split is a mask of rows, not a copy; all built-in scorers of a fold share one pass.
 *
 * Where a fit is a function of sums over rows (scalers, encoders and imputers at the head of a pipeline, ordinary least
 * squares, ridge, naive Bayes) and the splits are folds of all rows, the k fits cost one scan: each row enters the sums of
 * its own fold once, and each model is fitted to the merged sums of the other folds. The result is that of k fits up to
 * rounding.
 *
 * Differs from scikit-learn: a failing fit is an error unless `errorScore` is a number; `sampleWeight` is an option,
 * and
 * weighs the scores too when `weightScores` says so.
 *
 * @throws ParameterError for options and scorers that do not fit, before anything is fitted; DataError for folds that
 *   the
 *   data do not allow; FitError when every fit failed
 *
 * @example
 * ```ts
 * const { testScores } = await crossValidate(new LogisticRegression(), X, y, { scoring: ["accuracy", "neg_log_loss"]
 * });
 * ```
 */
export async function crossValidate(
  estimator: TrialEstimator,
  X: TableInput,
  y?: TargetInput,
  options: CrossValidateOptions = {},
): Promise<CrossValidation> {
  const owner = "crossValidate";
  checkEvaluation(owner, options, ["returnTrainScore", "returnEstimator"]);
  return evaluated(owner, estimator, X, y, options, async (settings, limit) => {
    const { splits } = settings.data;
    let done = 0;
    const fits = await oneScanFits(estimator, settings.data);
    const folds = splits.map((split, k) => ({ ...split, fit: fits?.[k] }));
    const results = await mapLimited(folds, limit, async ({ train, test, fit }) => {
      const result = await runFold(settings, estimator.clone(), train, test, fit);
      options.onProgress?.({ stage: owner, done: ++done, total: splits.length });
      return result;
    });
    requireOneFit(owner, results);
    const columns = (of: "testScores" | "trainScores"): Record<string, Float64Array> =>
      Object.fromEntries(
        [...settings.scorers.keys()].map((name) => [name, Float64Array.from(results, (one) => one[of]?.[name] ?? NaN)]),
      );
    return {
      testScores: columns("testScores"),
      trainScores: settings.returnTrainScore ? columns("trainScores") : undefined,
      fitTime: Float64Array.from(results, (one) => one.fitTime),
      scoreTime: Float64Array.from(results, (one) => one.scoreTime),
      estimators: options.returnEstimator ? results.map((one) => one.model) : undefined,
      errors: results.map((one) => one.error),
    };
  });
}

/** The test scores of {@link crossValidate} with one scorer, one a split. */
export async function crossValScore(
  estimator: TrialEstimator,
  X: TableInput,
  y?: TargetInput,
  options: EvaluationOptions = {},
): Promise<Float64Array> {
  checkEvaluation("crossValScore", options);
  const { testScores } = await crossValidate(estimator, X, y, options);
  const [first, second] = Object.values(testScores);
  if (!first || second)
    throw new ParameterError("crossValScore: scoring must be one scorer. Use crossValidate for several.");
  return first;
}

/** Options of {@link crossValPredict}. */
export interface CrossValPredictOptions extends FitOptions {
  readonly cv?: Cv | undefined;
  readonly groups?: Splittable | undefined;
  /** "predict" unless given. */
  readonly method?: "predict" | "predictProba" | "decisionFunction" | undefined;
  readonly parallelTrials?: number | undefined;
}

/**
 * For every row, what the model says that was fitted without it. In this process: a typed array of targets or scores, a
 * list of labels, or for `predictProba` a {@link LocalMatrix} with one column a class.
 *
 * @throws DataError when the splits do not test every row exactly once, or the folds do not have the same classes
 */
export async function crossValPredict(
  estimator: TrialEstimator,
  X: TableInput,
  y?: TargetInput,
  options: CrossValPredictOptions = {},
): Promise<Float64Array | Label[] | LocalMatrix> {
  const owner = "crossValPredict";
  const known = ["cv", "groups", "method", "parallelTrials", "sampleWeight", "engine", "signal", "onProgress"];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown) throw new ParameterError(`${owner}: unknown option ${show(unknown)}. It takes: ${known.join(", ")}.`);
  assertEstimator(owner, estimator);
  const method = options.method ?? "predict";
  // Refused before the first fit.
  methodOf(owner, estimator, method);
  const splitter = splitterOf(owner, options.cv, estimator, y !== undefined);
  const data = await openTrialData(owner, splitter, X, y, options.groups, options);
  try {
    requirePartition(owner, data);
    const parts = await mapLimited(
      data.splits,
      checkParallel(owner, options.parallelTrials),
      async ({ train, test }) => {
        const model = estimator.clone();
        const weight =
          data.sampleWeight === undefined
            ? {}
            : { sampleWeight: train.take(data.sampleWeight) as NonNullable<FitOptions["sampleWeight"]> };
        const target = data.y === undefined ? undefined : (train.take(data.y) as TargetInput);
        await model.fit(train.take(data.X) as TableInput, target, { ...data.run, ...weight });
        const out = await array(owner, methodOf(owner, model, method)(test.take(data.X) as Rows)).compute();
        return { out, rows: test.toIndices(), classes: classesOf(model) };
      },
    );
    const [first] = parts;
    const n = data.splits[0]?.test.rows ?? 0;
    const classes = first?.classes ?? [];
    const odd = parts.find((part) => part.classes.join("\0") !== classes.join("\0"));
    if (odd && (method !== "predict" || typeof classes[0] !== "number")) {
      throw new DataError(
        `${owner}: one fold has the classes ${show(classes)}, another ${show(odd.classes)}, so their columns do not match. Stratify the folds by y.`,
      );
    }
    const columns = (first?.out.columns ?? []).map((_, j) => {
      const column = new Float64Array(n);
      for (const { out, rows } of parts) rows.forEach((row, i) => (column[row] = Number(out.columns[j]?.[i])));
      return column;
    });
    if (method === "predictProba" || columns.length > 1)
      return new LocalMatrix(columns, n, [columns.length], first?.out.names);
    const [values = new Float64Array(0)] = columns;
    if (method !== "predict" || classes.length === 0 || typeof classes[0] === "number") return values;
    return Array.from(values, (code) => classes[code] as Label);
  } finally {
    data.release();
  }
}

function classesOf(model: TrialEstimator): readonly Label[] {
  return (model as TrialMethods).classes ?? [];
}

function requirePartition(owner: string, data: TrialData): void {
  const rows = data.splits[0]?.test.rows ?? 0;
  const seen = new Uint8Array(rows);
  for (const { test } of data.splits) for (const row of test.toIndices()) seen[row] = (seen[row] as number) + 1;
  const odd = seen.findIndex((count) => count !== 1);
  if (odd >= 0) {
    throw new DataError(
      `${owner}: row ${odd} is tested ${seen[odd]} times; every row has to be tested once. Use a splitter into folds, such as KFold.`,
    );
  }
}
