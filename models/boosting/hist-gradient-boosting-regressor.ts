import { FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import type { FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForNumbers, applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type DistributedInput, type VectorInput } from "../../src/estimator/inputs.js";
import type { LocalTable, TableInput } from "../../src/estimator/table.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { boostLoss } from "../../src/kernels/kernels.js";
import { r2Score } from "../../src/metrics/index.js";
import { BoostedModel, type StagedOptions } from "./boosted-model.js";
import type { BoostingFitOptions, RefitOptions } from "./boosting-fit-options.js";
import type { PredictedWithin, WithinOptions } from "./predict-within.js";
import { boostingRules, type BoostingParams } from "./boosting-params.js";
import type { TargetRange } from "./range-tasks.js";
import { hasLogLink, pointwise, type Objective } from "./objectives.js";

const LOSSES = ["squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma", "tweedie"] as const;
type LossName = (typeof LOSSES)[number];

/** Parameters of {@link HistGradientBoostingRegressor}. */
export interface HistGradientBoostingRegressorParams extends BoostingParams {
  loss: LossName | FnRef;
  quantile: number | readonly number[];
  delta: number;
  power: number;
}

const TABLE = new ParamTable<HistGradientBoostingRegressorParams>("HistGradientBoostingRegressor", (z) => {
  const share = z.number().gt(0, "must be > 0").lt(1, "must be < 1");
  return z.object({
    loss: z
      .union([z.enum(LOSSES), z.strictObject({ module: z.string().min(1), export: z.string().min(1) })])
      .default("squared_error")
      .describe(
        "what is made small; poisson, gamma and tweedie have a log link; { module, export } names an objective of one's own",
      ),
    quantile: z
      .union([share, z.array(share).min(1)])
      .default(0.5)
      .describe("of loss quantile: the quantile that is predicted, or several at once"),
    delta: z
      .number()
      .positive()
      .default(1)
      .describe("of loss huber: residuals beyond it count by their size, not by their square"),
    power: z
      .number()
      .gt(1)
      .lt(2)
      .default(1.5)
      .describe("of loss tweedie: power of the mean that the variance is proportional to"),
    ...boostingRules(z),
  });
});

const CODES = {
  squared_error: boostLoss.squared,
  absolute_error: boostLoss.absolute,
  poisson: boostLoss.poisson,
  gamma: boostLoss.gamma,
} as const;

const TARGETS: Partial<Record<LossName, TargetRange>> = {
  poisson: { least: 0, inclusive: true },
  tweedie: { least: 0, inclusive: true },
  gamma: { least: 0, inclusive: false },
};

const task = (name: string): ReturnType<typeof fnRef> => fnRef(new URL("./tree-tasks.js", import.meta.url).href, name);

/**
 * Gradient boosting of trees over binned columns (Friedman 2001; Ke et al., "LightGBM", 2017). The margin of a row is
 * `m = baseline + Σₜ value of its leaf in tree t`; each tree's leaves take `−learningRate · G / (H + l2Regularization)` with
 * G and H the sums of the first and second derivatives of the loss. Trees grow leaf by leaf, largest gain first. The losses,
 * with `d = m − y`:
 *
 * | `loss` | of a row | prediction | rows start at |
 * |---|---|---|---|
 * | `squared_error` | `d² / 2` | m | the mean |
 * | `absolute_error` | `abs(d)` | m | the median |
 * | `quantile` | `(1 − quantile) d` for d > 0, else `−quantile · d` | m | the quantile |
 * | `huber` | `d² / 2` up to `delta`, `delta (abs(d) − delta / 2)` beyond | m | the median |
 * | `poisson` | `e^m − ym` | `e^m` | the logarithm of the mean |
 * | `gamma` | `m + ye^−m` | `e^m` | the same |
 * | `tweedie` | `e^((2−p)m) / (2 − p) − ye^((1−p)m) / (1 − p)`, p = `power` | `e^m` | the same |
 *
 * The leaves of `absolute_error` and `quantile` take `learningRate` times the exact weighted quantile of their rows' residuals
 * (the middle of both where it lies between two). Several quantiles are fitted at once, a tree each a round: see
 * {@link predictQuantiles}; nothing keeps them from crossing.
 *
 * An objective of one's own is a function `(margin, y, w) => ({ gradient, hessian, loss? })` over typed arrays, exported by
 * a module: see `CustomObjective`. Its rows start at 0, and predictions are margins.
 *
 * `subsample` draws rows by their number in the whole data, anew each round; `sampling: "goss"` takes the `topRate` of the rows
 * of largest gradient and draws `otherRate` of the others, whose derivatives count for those not drawn (Ke et al., 2017),
 * after the first `1 / learningRate` rounds.
 *
 * X: `(nRows, nFeatures)`, dense (f64 or f32) or sparse (CSR; what it does not hold is the number 0); or a frame, or a table in this
 * process, whose columns of text are categories (see `categoricalFeatures`; 255 of a column at most): no encoding is needed, and texts that the fit did not see are missing values. NaN are missing values: every split learns the side they go to. Infinities are
 * an error that names column, partition and row. y: `(nRows)`, for `poisson` and `tweedie` none negative, for `gamma` all
 * above 0.
 *
 * X is read once (once more for texts), binned to a byte a value (twice: in rows and in columns), and let go. With `maxBins` above
 * 255 a column of more values than 255 becomes a column of bytes for each 254 of its thresholds: exact, but time and memory grow
 * with them. A tree of 31 leaves takes about 8
 * rounds; a round sends histograms only (6 KiB a column and leaf). The derivatives are rounded to integers
 * (30 and 22 bits, fewer above a million rows), so that every sum is exact: the model has the same bits for any partitioning,
 * engine and number of threads. From 65,536 rows on, or with `quantizedGradients: true`, they are rounded at random to few bits (10
 * and 8), which is faster and costs nothing that matters.
 *
 * Differs from scikit-learn: `huber` and `tweedie` are there (as in LightGBM, whose `alpha` is `delta`); the quantile of a leaf is
 * one that minimises its loss (`numpy.percentile` interpolates between ranks); thresholds lie between observed values, and are weighted; rows for early stopping are drawn one
 * by one, not stratified, and the trees after the best score are dropped; `featureImportances` are there.
 *
 * @example
 * ```ts
 * const model = await new HistGradientBoostingRegressor({ minSamplesLeaf: 1 }).fit([[0], [1], [2], [NaN]], [1, 1, 5, 9]);
 * await model.predict([[0], [NaN]]); // about [1, 9]
 * ```
 */
export class HistGradientBoostingRegressor extends BoostedModel<HistGradientBoostingRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<HistGradientBoostingRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): HistGradientBoostingRegressor {
    return new HistGradientBoostingRegressor().restore(json);
  }

  /**
   * @throws DataError for infinities, columns of categories in sparse X, y that the loss does not allow, or lengths that differ; FitError when
   * weights, or targets of a loss with a log link, are all zero, or too few rows are left for early stopping
   */
  async fit(
    X: TableInput,
    y: VectorInput,
    options: BoostingFitOptions<HistGradientBoostingRegressor> = {},
  ): Promise<this> {
    const owner = "HistGradientBoostingRegressor.fit";
    requireTarget(owner, y);
    const { x, texts } = await this.fitInput(owner, X, options);
    using design = Design.open(owner, x, y, options, { baseMargin: options.baseMargin });
    const { loss } = this.params;
    const targets = typeof loss === "string" ? TARGETS[loss] : undefined;
    await this.boost(design, { objective: this.#objective(), targets, texts }, options);
    return this;
  }

  /**
   * A model with the same splits whose leaves are of new rows, tree after tree (LightGBM's refit): each takes
   * `decay · old + (1 − decay) · new`, where new is what a fit would give the leaf. Leaves that no row reaches keep their
   * value. This model is as it was.
   * @throws DataError for other columns than the fit's; FitError for sets that tell more than 255
   * groups of codes of a column apart
   */
  async refit(X: TableInput, y: VectorInput, options: RefitOptions = {}): Promise<HistGradientBoostingRegressor> {
    const owner = "HistGradientBoostingRegressor.refit";
    requireTarget(owner, y);
    using design = Design.open(owner, this.coded(owner, X), y, options);
    const { loss } = this.params;
    const targets = typeof loss === "string" ? TARGETS[loss] : undefined;
    return await this.refitLeaves(design, { objective: this.#objective(), targets }, options);
  }

  /**
   * The prediction of each row, `(nRows)`: the mean, the median (`absolute_error`) or the quantile. Lazy for distributed X,
   * computed for local X.
   * @throws DataError naming an infinity in X; FitError where several quantiles were fitted
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalTable): Promise<Float64Array>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array>;
  predict(X: TableInput): DistributedArray | Promise<Float64Array> {
    const owner = "HistGradientBoostingRegressor.predict";
    const several = this.state.baselines.length;
    if (several > 1)
      throw new FitError(`${owner}: the model has ${several} quantiles of each row. Call predictQuantiles(X).`);
    const step = task(hasLogLink(this.state.loss) ? "expStep" : "marginStep");
    return applyForNumbers(owner, this.coded(owner, X), this.state, (x) =>
      x.mapChunks(owner, step, { ...this.treeArgs(owner, x) }, { innerShape: [] }),
    );
  }

  /** With loss `quantile`, once fitted: the quantiles that are predicted; else undefined. */
  get quantiles(): readonly number[] | undefined {
    const { quantile } = this.params;
    if (this.stateIfFitted?.loss !== boostLoss.quantile) return undefined;
    return typeof quantile === "number" ? [quantile] : quantile;
  }

  /**
   * With loss `quantile`: the quantiles of each row, `(nRows, nQuantiles)`, in the order of the parameter. Lazy for
   * distributed X, computed for local X.
   * @throws DataError naming an infinity in X; FitError for another loss
   */
  predictQuantiles(X: DistributedInput): DistributedArray;
  predictQuantiles(X: LocalTable): Promise<LocalMatrix>;
  predictQuantiles(X: TableInput): DistributedArray | Promise<LocalMatrix>;
  predictQuantiles(X: TableInput): DistributedArray | Promise<LocalMatrix> {
    const owner = "HistGradientBoostingRegressor.predictQuantiles";
    const { loss, baselines } = this.state;
    if (loss !== boostLoss.quantile)
      throw new FitError(`${owner}: the model was fitted with another loss. Fit it with loss "quantile".`);
    const innerShape = [baselines.length];
    return applyToRows(
      owner,
      this.coded(owner, X),
      this.state,
      (x) => x.mapChunks(owner, task("marginStep"), { ...this.treeArgs(owner, x) }, { innerShape }),
      (local) => local,
    );
  }

  /**
   * Predictions by as many rounds of trees as there is time for, and how many those are: see {@link PredictedWithin}.
   * @throws as {@link predict}; ParameterError for a deadline that is no number above 0
   */
  predictWithin(X: DistributedInput, options: WithinOptions): Promise<PredictedWithin<DistributedArray>>;
  predictWithin(X: LocalTable, options: WithinOptions): Promise<PredictedWithin<Float64Array>>;
  async predictWithin(
    X: TableInput,
    options: WithinOptions,
  ): Promise<PredictedWithin<DistributedArray | Float64Array>> {
    const owner = "HistGradientBoostingRegressor.predictWithin";
    const several = this.state.baselines.length;
    if (several > 1)
      throw new FitError(`${owner}: the model has ${several} quantiles of each row. Fit one quantile for this.`);
    const link = { kind: hasLogLink(this.state.loss) ? "exp" : "margin" } as const;
    const finish = (local: LocalMatrix): Float64Array => local.toVector() as Float64Array;
    return this.within(owner, X, options, link, { shape: { innerShape: [] }, finish });
  }

  /**
   * Predictions after each round (see `every`), one after another: lazy arrays for distributed X, values for local X. Each stage
   * predicts from the first tree on, so all stages together cost the square of the rounds.
   */
  stagedPredict(X: DistributedInput, options?: StagedOptions): AsyncGenerator<DistributedArray, void, undefined>;
  stagedPredict(X: LocalTable, options?: StagedOptions): AsyncGenerator<Float64Array, void, undefined>;
  stagedPredict(
    X: TableInput,
    options: StagedOptions = {},
  ): AsyncGenerator<DistributedArray | Float64Array, void, undefined> {
    return this.staged(options, (model) => model.predict(X));
  }

  /** R² of the predictions. */
  async score(X: TableInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    return (await r2Score(y, await this.predict(X), options)) as number;
  }

  #objective(): Objective {
    const { loss, quantile, delta, power } = this.params;
    if (typeof loss !== "string") return { kind: "custom", fn: { module: loss.module, export: loss.export } };
    if (loss === "quantile") {
      const parameters = typeof quantile === "number" ? [quantile] : quantile;
      return { kind: "pointwise", loss: boostLoss.quantile, parameters };
    }
    if (loss === "huber") return pointwise(boostLoss.huber, delta);
    if (loss === "tweedie") return pointwise(boostLoss.tweedie, power);
    return pointwise(CODES[loss]);
  }
}

registerEstimator("HistGradientBoostingRegressor", HistGradientBoostingRegressor);
