import { DataError, NotFittedError, ParameterError, show } from "../base/errors.js";
import { ParamTable } from "../base/params.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FitOptions } from "../estimator/design.js";
import { Estimator, type EstimatorJson } from "../estimator/estimator.js";
import { fittedColumns } from "../estimator/fitted-columns.js";
import { requireTarget } from "../estimator/inputs.js";
import { estimatorFromJSON, registerEstimator, type AnyEstimator } from "../estimator/registry.js";
import { assertNotEmpty, shapeOf, toRows, type Rows, type TableInput } from "../estimator/table.js";
import { getScorer } from "../metrics/scorer.js";
import { fitted, scoresOf } from "./calibrated-classifier.js";
import { tableOf } from "./calibrators.js";
import {
  calibrationTask,
  classesOf,
  ClassifierWrapper,
  finished,
  responseOf,
  type WrapperState,
} from "./classifier-wrapper.js";
import { StratifiedKFold } from "./stratified-k-fold.js";
import { meanCurve, scoreCurve, spaced, type ThresholdCurve } from "./threshold-curve.js";
import { openTrialData } from "./trial-data.js";
import { methodOf, type TargetInput, type TrialEstimator } from "./trial-estimator.js";

/** What of the estimator a threshold is for. */
export type ThresholdResponse = "auto" | "decisionFunction" | "predictProba";

/** Parameters of {@link FixedThresholdClassifier}. */
export interface FixedThresholdParams {
  estimator: AnyEstimator;
  threshold: number | "auto";
  responseMethod: ThresholdResponse;
  prefit: boolean;
}

/** Parameters of {@link TunedThresholdClassifierCV}. */
export interface TunedThresholdParams {
  estimator: AnyEstimator;
  scoring: string;
  responseMethod: ThresholdResponse;
  thresholds: number | readonly number[];
  cv: number | "prefit";
  refit: boolean;
}

interface ThresholdState extends WrapperState {
  readonly threshold: number;
  /** Of a tuned threshold: its mean score over the folds, and the scores by threshold. */
  readonly bestScore?: number;
  readonly curve?: ThresholdCurve;
}

const FIXED = new ParamTable<FixedThresholdParams>("FixedThresholdClassifier", (z) =>
  z.object({
    estimator: z
      .custom((value) => value instanceof Estimator, "must be an estimator")
      .describe("a classifier of two classes, or a pipeline"),
    threshold: z
      .union([z.literal("auto"), z.number()])
      .default("auto")
      .describe('the least score of the second class; "auto": 0 for decisions, 0.5 for probabilities'),
    responseMethod: z
      .enum(["auto", "decisionFunction", "predictProba"])
      .default("auto")
      .describe('what the threshold is for; "auto": decisionFunction, or probabilities where there is none'),
    prefit: z.boolean().default(false).describe("the estimator is fitted already, and stays as it is"),
  }),
);

const TUNED = new ParamTable<TunedThresholdParams>("TunedThresholdClassifierCV", (z) =>
  z.object({
    estimator: z
      .custom((value) => value instanceof Estimator, "must be an estimator")
      .describe("a classifier of two classes, or a pipeline"),
    scoring: z.string().default("balanced_accuracy").describe("the scorer of labels that the threshold makes best"),
    responseMethod: z
      .enum(["auto", "decisionFunction", "predictProba"])
      .default("auto")
      .describe('what the threshold is for; "auto": decisionFunction, or probabilities where there is none'),
    thresholds: z
      .union([z.int().min(1), z.array(z.number()).min(1)])
      .default(100)
      .describe("so many, evenly spaced from the smallest score to the largest; or a list"),
    cv: z
      .union([z.int().min(2), z.literal("prefit")])
      .default(5)
      .describe('stratified folds; "prefit": the estimator is fitted already, and all rows judge the thresholds'),
    refit: z.boolean().default(true).describe("fit the estimator to all rows at the end; has to be false with prefit"),
  }),
);

abstract class ThresholdClassifier<
  P extends { estimator: AnyEstimator; responseMethod: ThresholdResponse },
> extends ClassifierWrapper<P, ThresholdState> {
  /** The estimator, fitted. */
  get estimator(): AnyEstimator {
    return this.params.estimator;
  }

  /** Probabilities of the estimator; lazy for distributed X. */
  predictProba(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    const model = this.params.estimator as unknown as TrialEstimator;
    const rows = this.rowsOf("predictProba", X);
    return finished(X, methodOf(this.kind, model, "predictProba")(rows) as DistributedArray);
  }

  /** Scores of the estimator, to which the threshold applies; lazy for distributed X. */
  decisionFunction(X: TableInput): DistributedArray | Promise<Float64Array> {
    const { scores } = this.#response(this.rowsOf("decisionFunction", X));
    const lazy = finished(X, scores);
    return lazy instanceof DistributedArray ? lazy : lazy.then((local) => local.toVector() as Float64Array);
  }

  protected predictRows(rows: Rows): DistributedArray {
    const args = { threshold: this.state.threshold, labels: this.codes };
    const { scores } = this.#response(rows);
    return scores.mapChunks(`${this.kind}.predict`, calibrationTask("thresholdStep"), args, { innerShape: [] });
  }

  #response(rows: Rows): { scores: DistributedArray } {
    const { estimator, responseMethod } = this.params;
    return responseOf(`${this.kind}.predict`, estimator, rows, responseMethod);
  }

  override adopt(other: Estimator<object, WrapperState>): void {
    super.adopt(other);
    if (!this.isPrefit) this.params.estimator.adopt((other as unknown as ThresholdClassifier<P>).params.estimator);
  }
}

/**
 * A classifier of two classes that says the second one where its score is at or above `threshold`. One fit of the
 * estimator, in place; no further pass.
 *
 * @example
 * ```ts
 * const careful = new FixedThresholdClassifier({
 *   estimator: new LogisticRegression(), threshold: 0.9, responseMethod: "predictProba",
 * });
 * ```
 */
export class FixedThresholdClassifier extends ThresholdClassifier<FixedThresholdParams> {
  static readonly table = FIXED;

  /** @throws ParameterError for an estimator without scores */
  constructor(params: Pick<FixedThresholdParams, "estimator"> & Partial<FixedThresholdParams>) {
    super(FIXED, params);
  }

  static fromJSON(json: EstimatorJson): FixedThresholdClassifier {
    return new FixedThresholdClassifier({ estimator: innerOf("FixedThresholdClassifier", json) }).restore(json);
  }

  /** @throws DataError for other than two classes; what the estimator throws */
  async fit(X: TableInput, y?: TargetInput, options: FitOptions = {}): Promise<this> {
    const owner = "FixedThresholdClassifier.fit";
    const { estimator, threshold, responseMethod, prefit } = this.params;
    const model = prefit ? estimator : estimator.clone();
    if (prefit && !estimator.isFitted)
      throw new NotFittedError(`${owner}: prefit is true, but the ${estimator.kind} is not fitted. Fit it first.`);
    if (!prefit) await (model as unknown as TrialEstimator).fit(X, y, options);
    const classes = twoClasses(owner, model);
    const proba = isProba(model, responseMethod);
    if (!prefit) estimator.adopt(model);
    const { nFeatures, featureNames } = model;
    this.setState({
      ...fittedColumns(nFeatures, featureNames),
      classes,
      threshold: threshold === "auto" ? (proba ? 0.5 : 0) : threshold,
    });
    return this;
  }

  protected get isPrefit(): boolean {
    return this.params.prefit;
  }
}

registerEstimator("FixedThresholdClassifier", FixedThresholdClassifier);

/**
 * A classifier of two classes with the threshold of its score that a metric likes best on held-out rows: the mean of the
 * folds' curves (score by threshold, straight between thresholds) is largest there. The first of equal ones wins.
 *
 * Per fold one fit and one pass over the held-out rows, from whose distinct scores (24 bytes each) every threshold's
 * confusion follows exactly, so that the number of thresholds costs no passes. A scorer of labels sees four weighted rows,
 * one a cell of that confusion; `makeScorer` functions have no name and cannot be parameters. Sample weights go to fits and
 * scores.
 *
 * Differs from scikit-learn: `cv` is a number of stratified folds or "prefit".
 *
 * @example
 * ```ts
 * const model = new TunedThresholdClassifierCV({ estimator: new LogisticRegression(), scoring: "f1" });
 * await model.fit(X, y);
 * model.bestThreshold;
 * ```
 */
export class TunedThresholdClassifierCV extends ThresholdClassifier<TunedThresholdParams> {
  static readonly table = TUNED;

  /** @throws ParameterError for an unknown scorer, one that is not of labels, and `refit` with "prefit" */
  constructor(params: Pick<TunedThresholdParams, "estimator"> & Partial<TunedThresholdParams>) {
    super(TUNED, params);
    const { scoring, cv, refit } = this.params;
    if (getScorer(scoring).response !== "predict") {
      throw new ParameterError(
        `TunedThresholdClassifierCV: scoring must be a scorer of labels; ${show(scoring)} takes scores, which no threshold changes. Use "f1" or "balanced_accuracy".`,
      );
    }
    if (cv === "prefit" && refit)
      throw new ParameterError('TunedThresholdClassifierCV: refit must be false when cv is "prefit"; got true.');
  }

  static fromJSON(json: EstimatorJson): TunedThresholdClassifierCV {
    return new TunedThresholdClassifierCV({ estimator: innerOf("TunedThresholdClassifierCV", json) }).restore(json);
  }

  /**
   * @throws NotFittedError for "prefit" with an estimator that is not fitted; DataError for other than two classes, a class
   *   with fewer rows than folds, and what the estimator throws
   */
  async fit(X: TableInput, y?: TargetInput, options: FitOptions = {}): Promise<this> {
    const owner = "TunedThresholdClassifierCV.fit";
    requireTarget(owner, y);
    const { estimator, scoring, cv, thresholds, responseMethod, refit } = this.params;
    if (cv === "prefit" && !estimator.isFitted)
      throw new NotFittedError(`${owner}: cv is "prefit", but the ${estimator.kind} is not fitted. Fit it first.`);
    const given = toRows(owner, X);
    assertNotEmpty(owner, { width: shapeOf(given).width, rows: given.rows });
    const splitter = cv === "prefit" ? [] : new StratifiedKFold({ nSplits: cv });
    const data = await openTrialData(owner, splitter, given, y, undefined, options);
    try {
      const curves: ThresholdCurve[] = [];
      let last = estimator;
      for (const split of cv === "prefit" ? [undefined] : data.splits) {
        if (split) last = await fitted(estimator, data, split.train);
        const classes = twoClasses(owner, last);
        const part = await scoresOf(owner, last, data, split?.test, responseMethod);
        try {
          const table = await tableOf(owner, [part], 1, 0, data.run);
          const at =
            typeof thresholds === "number"
              ? spaced(table.score[0] as number, table.score.at(-1) as number, thresholds)
              : thresholds.toSorted((a, b) => a - b);
          curves.push(await scoreCurve(getScorer(scoring), table, Float64Array.from(at), classes, data.run));
        } finally {
          part.scores.release();
        }
        options.onProgress?.({ stage: owner, done: curves.length, total: Math.max(1, data.splits.length) });
      }
      const curve = meanCurve(curves, typeof thresholds === "number" ? thresholds : undefined);
      const best = curve.scores.reduce((at, score, k) => (score > (curve.scores[at] as number) ? k : at), 0);
      const model = cv === "prefit" ? estimator : refit ? await fitted(estimator, data, undefined) : last;
      if (model !== estimator) estimator.adopt(model);
      const { width, names } = shapeOf(data.X);
      this.setState({
        ...fittedColumns(width, names),
        classes: classesOf(owner, model),
        threshold: curve.thresholds[best] as number,
        bestScore: curve.scores[best] as number,
        curve,
      });
      return this;
    } finally {
      data.release();
    }
  }

  /** The threshold with the best mean score. */
  get bestThreshold(): number {
    return this.state.threshold;
  }

  /** The mean score there. */
  get bestScore(): number {
    return this.state.bestScore as number;
  }

  /** Mean scores by threshold: scikit-learn's `cv_results_`. */
  get cvResults(): ThresholdCurve {
    return this.state.curve as ThresholdCurve;
  }

  protected get isPrefit(): boolean {
    return this.params.cv === "prefit";
  }
}

registerEstimator("TunedThresholdClassifierCV", TunedThresholdClassifierCV);

function twoClasses(owner: string, model: AnyEstimator): ReturnType<typeof classesOf> {
  const classes = classesOf(owner, model);
  if (classes.length === 2) return classes;
  throw new DataError(
    `${owner}: y has ${classes.length} classes; a threshold is for two. Score one class against the others.`,
  );
}

function isProba(model: AnyEstimator, method: ThresholdResponse): boolean {
  if (method !== "auto") return method === "predictProba";
  return typeof (model as unknown as { decisionFunction?: unknown }).decisionFunction !== "function";
}

function innerOf(owner: string, json: EstimatorJson): AnyEstimator {
  const { estimator } = (json.params ?? {}) as { estimator?: EstimatorJson };
  if (json.kind === owner && estimator) return estimatorFromJSON(estimator);
  throw new DataError(`${owner}: the JSON holds a ${show(json.kind)}. Load it with that class.`);
}
