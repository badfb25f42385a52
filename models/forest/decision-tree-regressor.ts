import { ParamTable } from "../../src/base/params.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { VectorInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { ForestRegressorModel, type ValueTreeParams } from "./forest-regressor-model.js";
import { ONE_TREE, treeRules, valueCriterion } from "./forest-params.js";

/** Parameters of {@link DecisionTreeRegressor}. */
export interface DecisionTreeRegressorParams extends ValueTreeParams {
  splitter: "best" | "random";
}

const TABLE = new ParamTable<DecisionTreeRegressorParams>("DecisionTreeRegressor", (z) =>
  z.object({
    criterion: valueCriterion(z),
    splitter: z.enum(["best", "random"]).default("best").describe("best cut of each column, or a random one"),
    ...treeRules(z, null),
  }),
);

/**
 * One decision tree for a number (Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984): each split
 * decreases the weighted squared error, or half of the Poisson deviance, most, until targets of a leaf are equal or a limit is
 * reached; the prediction is the mean of the row's leaf.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to, and where a node
 * saw none they go to the larger child. Infinities are an error that names column, partition and row. y: `(nRows)`, for `poisson` none negative.
 *
 * Columns are binned as for boosting (`maxBins`; up to 255 distinct values of a column have a bin each, and no split is lost
 * then), X is let go, and the bins, a byte a value, go to one place, where each task grows some of the trees to the end: there is
 * one round for all trees. Sums are sums of integers and all that is drawn depends on (seed, tree, row or node) only, so
 * the model has the same bits for any partitioning, engine and number of threads.
 *
 * Differs from scikit-learn: thresholds lie between values of the whole column, there of the node; of equal splits the
 * first column wins, there one at random; criteria `squared_error` and `poisson` only; no `ccpAlpha`, no targets of several columns.
 *
 * @example
 * ```ts
 * const model = await new DecisionTreeRegressor().fit([[0], [1], [2], [NaN]], [1, 1, 5, 9]);
 * await model.predict([[0], [NaN]]); // [1, 9]
 * ```
 */
export class DecisionTreeRegressor extends ForestRegressorModel<DecisionTreeRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<DecisionTreeRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): DecisionTreeRegressor {
    return new DecisionTreeRegressor().restore(json);
  }

  /**
   * @throws DataError for infinities, sparse X, negative y with `poisson`, or lengths that differ; FitError when weights or (with
   * `poisson`) targets are all zero; ParameterError for more maxFeatures than columns
   */
  fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    return this.fitTrees(X, y, options, { ...this.params, ...ONE_TREE }, this.params.splitter === "random");
  }
}

registerEstimator("DecisionTreeRegressor", DecisionTreeRegressor);
