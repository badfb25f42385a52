import { ParamTable } from "../../src/base/params.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { VectorInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { ForestRegressorModel, type ValueTreeParams } from "./forest-regressor-model.js";
import { forestRules, type ForestParams, valueCriterion } from "./forest-params.js";

/** Parameters of {@link RandomForestRegressor}. */
export interface RandomForestRegressorParams extends ValueTreeParams, ForestParams {}

const TABLE = new ParamTable<RandomForestRegressorParams>("RandomForestRegressor", (z) =>
  z.object({
    criterion: valueCriterion(z),
    ...forestRules(z, null, true),
  }),
);

/**
 * A random forest for a number (Breiman, "Random forests", 2001): each tree takes the rows it draws with replacement, and each
 * node the best split of the `maxFeatures` columns it draws; the prediction is the mean of the trees.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to, and where a node
 * saw none they go to the larger child. Infinities are an error that names column, partition and row. y: `(nRows)`, for `poisson` none negative.
 *
 * Columns are binned as for boosting (`maxBins`; up to 255 distinct values of a column have a bin each, and no split is lost
 * then), X is let go, and the bins, a byte a value, go to one place, where each task grows some of the trees to the end: there is
 * one round for all trees. Sums are sums of integers and all that is drawn depends on (seed, tree, row or node) only, so
 * the model has the same bits for any partitioning, engine and number of threads.
 *
 * Differs from scikit-learn: a row is drawn by a Poisson number with mean 1 (the limit of n draws with replacement), so that a bag
 * needs no total and its size varies a little; thresholds lie between values of the whole column, or of a sample of 200,000 rows,
 * in at most `maxBins` bins; criteria `squared_error` and `poisson` only; no `ccpAlpha`, no targets of several columns.
 *
 * @example
 * ```ts
 * const model = await new RandomForestRegressor({ nEstimators: 20, bootstrap: false }).fit([[0], [1], [2], [NaN]], [1, 1, 5, 9]);
 * await model.predict([[0], [NaN]]); // [1, 9]
 * ```
 */
export class RandomForestRegressor extends ForestRegressorModel<RandomForestRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<RandomForestRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): RandomForestRegressor {
    return new RandomForestRegressor().restore(json);
  }

  /**
   * @throws DataError for infinities, sparse X, negative y with `poisson`, or lengths that differ; FitError when weights or (with
   * `poisson`) targets are all zero, or oobScore without bootstrap; ParameterError for more maxFeatures than columns or more maxSamples than rows
   */
  fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    return this.fitTrees(X, y, options, this.params, false);
  }

  /** R² of the rows by the trees that did not draw them; undefined unless `oobScore`. Rows that all drew are left out. */
  get oobScore(): number | undefined {
    return this.state.oobScore;
  }

  /** Mean of each row's trees that did not draw it, `(nRows)`; NaN where all did. */
  get oobPrediction(): Float64Array | undefined {
    return this.state.oobPrediction;
  }
}

registerEstimator("RandomForestRegressor", RandomForestRegressor);
