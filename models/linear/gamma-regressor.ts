import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { Composition } from "../../src/numeric/glm/composed-steps.js";
import { GlmModel } from "./glm-model.js";
import { glmShape, type GlmParams } from "./glm-params.js";

/** Parameters of {@link GammaRegressor}. */
export type GammaRegressorParams = GlmParams;

const TABLE = new ParamTable<GammaRegressorParams>("GammaRegressor", (z) =>
  z.object(glmShape(z, { alpha: 1, tol: 1e-4 })),
);

/**
 * Gamma regression with a log link and an L2 penalty: minimises
 * `(1 / Σw) Σ w [log(μ / y) + y / μ − 1] + ½ alpha |coef|²` with `μ = exp(x·coef + intercept)`, the mean half deviance; the
 * intercept is not penalised (McCullagh and Nelder 1989). For positive amounts whose spread grows with their mean.
 *
 * Solver: L-BFGS preconditioned with the Hessian of a sample of rows and started at the sample's solution; Newton's method
 * where the sample is everything (fewer than 80,000 rows); plain L-BFGS for more than 400 columns. X is held by the engine
 * during the fit (one read of the source), each iteration is one pass over memory and sends `nFeatures + 1` doubles a
 * partition.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: `(nRows)`, all positive. A target outside of that is an error that names
 * partition and row; NaN and infinities one that names column, partition and row. Not converging is a `ConvergenceWarning`
 * of the process and `converged === false`. `score` is D², the share of deviance explained.
 *
 * `offset` (added to the linear predictor) and `exposure` (log link: multiplies the mean) are options of `fit`, `score` and
 * `predict`, one number a row, cut like X: a column of the same frame, or a vector.
 *
 * Differs from scikit-learn: the objective is the same, but `tol` bounds (by its square) the predicted decrease relative to
 * the objective and the null deviance together, which makes it independent of the columns' units. The last step is taken
 * without a pass that measures it: at 1e-4 the objective ends within about 1e-11 of its minimum.
 *
 * @example
 * ```ts
 * const model = await new GammaRegressor({ alpha: 0 }).fit([[0], [1], [2]], [1, 2, 4]);
 * console.log(Math.exp(model.coef[0])); // 2
 * ```
 */
export class GammaRegressor extends GlmModel<GammaRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<GammaRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): GammaRegressor {
    return new GammaRegressor().restore(json);
  }

  protected get composition(): Composition {
    return { family: { name: "gamma" }, link: { name: "log" } };
  }
}

registerEstimator("GammaRegressor", GammaRegressor);
