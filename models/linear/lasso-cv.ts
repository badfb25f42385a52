import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import {
  coordinateDescentCVFields,
  ElasticNetCVModel,
  type CoordinateDescentCVParams,
} from "./elastic-net-cv-model.js";

/** Parameters of {@link LassoCV}. */
export type LassoCVParams = CoordinateDescentCVParams;

const TABLE = new ParamTable<LassoCVParams>("LassoCV", (z) => z.object(coordinateDescentCVFields(z)));

/**
 * {@link Lasso} with its penalty chosen by the mean squared error over left-out folds of consecutive rows (weighted by the
 * folds' weights where there are sample weights), then fitted on all rows with the best.
 *
 * One pass over X gathers the co-moments of each fold; what is outside a fold is the sum of the others, and the error on a
 * fold is a quadratic in its own co-moments. All paths, `cv · alphas` fits with warm starts, follow from that without
 * another look at the data. `cv (p + 1)²` doubles travel at most.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (made dense a partition at a time), f64 or f32; y: `(nRows)`. NaN and infinities
 * are an error that names column, partition and row. Not converging is a `ConvergenceWarning` naming fold and penalty.
 *
 * Differs from scikit-learn: `tol` as in {@link Lasso}; one target. The folds are those of its unshuffled `KFold`.
 *
 * @example
 * ```ts
 * const model = await new LassoCV({ cv: 3 }).fit(X, y);
 * console.log(model.alpha, model.coef);
 * ```
 */
export class LassoCV extends ElasticNetCVModel<LassoCVParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LassoCVParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LassoCV {
    return new LassoCV().restore(json);
  }

  protected get l1Shares(): readonly number[] {
    return [1];
  }
}

registerEstimator("LassoCV", LassoCV);
