import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { coordinateDescentFields, ElasticNetModel, type CoordinateDescentParams } from "./elastic-net-model.js";

/** Parameters of {@link ElasticNet}. */
export interface ElasticNetParams extends CoordinateDescentParams {
  l1Ratio: number;
}

const TABLE = new ParamTable<ElasticNetParams>("ElasticNet", (z) =>
  z.object({
    alpha: z.number().positive().default(1).describe("strength of both penalties"),
    l1Ratio: z.number().min(0).max(1).default(0.5).describe("share of the L1 penalty: 1 is the lasso, 0 ridge"),
    ...coordinateDescentFields(z),
  }),
);

/**
 * Linear least squares with L1 and L2 penalties: minimises
 * `(1 / 2W) Σ w (y − x·coef − intercept)² + alpha (l1Ratio |coef|₁ + ½ (1 − l1Ratio) |coef|²)`, W = Σw (without weights the
 * number of rows); the intercept is not penalised (Zou and Hastie 2005).
 *
 * Solvers as in {@link Lasso}: coordinate descent on co-moments, one pass over X (for `l1Ratio` 0 a Cholesky factorisation), or
 * above 4000 columns accelerated proximal gradient steps, a pass each.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: `(nRows)`. NaN and infinities
 * are an error that names column, partition and row. Not converging is a `ConvergenceWarning` and `converged === false`.
 *
 * Differs from scikit-learn: the objective and the stopping rule are the same, `tol` is 1e-8 by default where 1e-4 is
 * there, because a sweep costs so little; one target; alpha 0 is refused (use LinearRegression).
 *
 * @example
 * ```ts
 * const model = await new ElasticNet({ alpha: 0.5, l1Ratio: 0.5 }).fit([[-1], [1]], [-2, 2]);
 * console.log(model.coef); // Float64Array [1.4]
 * ```
 */
export class ElasticNet extends ElasticNetModel<ElasticNetParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<ElasticNetParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): ElasticNet {
    return new ElasticNet().restore(json);
  }

  protected get l1Share(): number {
    return this.params.l1Ratio;
  }
}

registerEstimator("ElasticNet", ElasticNet);
