import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { coordinateDescentFields, ElasticNetModel, type CoordinateDescentParams } from "./elastic-net-model.js";

/** Parameters of {@link Lasso}. */
export type LassoParams = CoordinateDescentParams;

const TABLE = new ParamTable<LassoParams>("Lasso", (z) =>
  z.object({
    alpha: z.number().positive().default(1).describe("strength of the L1 penalty"),
    ...coordinateDescentFields(z),
  }),
);

/**
 * Linear least squares with an L1 penalty: minimises `(1 / 2W) Σ w (y − x·coef − intercept)² + alpha |coef|₁`, W = Σw
 * (without weights the number of rows); the intercept is not penalised (Tibshirani 1996).
 *
 * Solvers, of which `explain()` tells the one that was used and why; both stop by the same duality gap:
 * - `coordinate`: one pass over X for the co-moments of [X, y]; all else happens on those: coordinate descent over a working
 *   set, with the equations of the non-zero coefficients solved directly when their signs have settled (see
 *   `coordinateDescent`). A sweep costs at most p² operations, whatever the number of rows. `(p + 1)²` doubles a partition
 *   travel; CSR is made dense a partition at a time.
 * - `fista`: accelerated proximal gradient steps (Beck and Teboulle 2009), a pass over the held rows each, and vectors of p
 *   only; CSR stays sparse. `auto` takes it above 4000 columns.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: `(nRows)`. NaN and infinities
 * are an error that names column, partition and row. Not converging is a `ConvergenceWarning` and `converged === false`.
 *
 * Differs from scikit-learn: the objective and the stopping rule are the same, `tol` is 1e-8 by default where 1e-4 is
 * there, because a sweep costs so little; one target; alpha 0 is refused (use LinearRegression).
 *
 * @example
 * ```ts
 * const model = await new Lasso({ alpha: 0.5 }).fit([[-1], [1]], [-2, 2]);
 * console.log(model.coef); // Float64Array [1.5]
 * ```
 */
export class Lasso extends ElasticNetModel<LassoParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LassoParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): Lasso {
    return new Lasso().restore(json);
  }

  protected get l1Share(): number {
    return 1;
  }
}

registerEstimator("Lasso", Lasso);
