import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import {
  requireTarget,
  type DistributedInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { boostLoss } from "../../src/kernels/kernels.js";
import { r2Score } from "../../src/metrics/index.js";
import { BoostedModel } from "./boosted-model.js";
import { boostingRules, type BoostingParams } from "./boosting-params.js";
import { fitBoosting } from "./fit-boosting.js";

/** Parameters of {@link HistGradientBoostingRegressor}. */
export interface HistGradientBoostingRegressorParams extends BoostingParams {
  loss: "squared_error" | "poisson";
}

const TABLE = new ParamTable<HistGradientBoostingRegressorParams>("HistGradientBoostingRegressor", (z) =>
  z.object({
    loss: z
      .enum(["squared_error", "poisson"])
      .default("squared_error")
      .describe("squared_error, or poisson for counts, with a log link"),
    ...boostingRules(z),
  }),
);

const task = (name: string): ReturnType<typeof fnRef> => fnRef(new URL("./tree-tasks.js", import.meta.url).href, name);

/**
 * Gradient boosting of trees over binned columns (Friedman 2001; Ke et al., "LightGBM", 2017). The margin of a row is
 * `baseline + Σₜ value of its leaf in tree t`; each tree's leaves take `−learningRate · G / (H + l2Regularization)` with G
 * and H the sums of the first and second derivatives of the loss: `½(m − y)²` (`squared_error`), or `e^m − ym`
 * (`poisson`, predictions are `e^m`). Trees grow leaf by leaf, largest gain first.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to. Infinities are
 * an error that names column, partition and row. y: `(nRows)`, for `poisson` none negative.
 *
 * X is read once, binned to a byte a value (twice: in rows and in columns), and let go. A tree of 31 leaves takes about 8
 * rounds; a round sends histograms only (6 KiB a column and leaf). The derivatives are rounded to integers
 * (30 bits, fewer above 4 million rows), so that every sum is exact: the model has the same bits for any partitioning,
 * engine and number of threads.
 *
 * Differs from scikit-learn: thresholds lie between observed values, and are weighted; rows for early stopping are drawn one
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
   * @throws DataError for infinities, sparse X, negative y with `poisson`, or lengths that differ; FitError when weights or
   * (with `poisson`) targets are all zero, or too few rows are left for early stopping
   */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "HistGradientBoostingRegressor.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const poisson = this.params.loss === "poisson";
    const fit = await fitBoosting(design, {
      loss: poisson ? boostLoss.poisson : boostLoss.squared,
      params: this.params,
      ...(poisson ? { minY: 0 } : {}),
    });
    this.keep(design, fit);
    return this;
  }

  /** The mean of each row. Lazy for distributed X, computed for local X. @throws DataError naming an infinity in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = "HistGradientBoostingRegressor.predict";
    const step = task(this.state.loss === boostLoss.poisson ? "expStep" : "marginStep");
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, step, { ...this.treeArgs(owner, x) }, { innerShape: [] }),
      (local) => local.toVector() as Float64Array,
    );
  }

  /** R² of the predictions. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    return (await r2Score(y, await this.predict(X), options)) as number;
  }
}

registerEstimator("HistGradientBoostingRegressor", HistGradientBoostingRegressor);
