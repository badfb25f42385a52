import { ParameterError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { Composition } from "../../src/numeric/glm/composed-steps.js";
import { GlmModel } from "./glm-model.js";
import { glmShape, type GlmParams } from "./glm-params.js";

/** Parameters of {@link TweedieRegressor}. */
export interface TweedieRegressorParams extends GlmParams {
  power: number;
  link: "auto" | "identity" | "log";
}

const TABLE = new ParamTable<TweedieRegressorParams>("TweedieRegressor", (z) =>
  z.object({
    power: z
      .number()
      .refine((power) => power === 0 || power >= 1, "must be 0 or >= 1")
      .default(0)
      .describe(
        "power of the mean that the variance is proportional to: 0 normal, 1 Poisson, 2 gamma, 3 inverse Gaussian",
      ),
    link: z
      .enum(["auto", "identity", "log"])
      .default("auto")
      .describe("identity is for power 0 alone; auto is identity there, else log"),
    ...glmShape(z, { alpha: 1, tol: 1e-4 }),
  }),
);

/**
 * Tweedie regression with an L2 penalty: minimises
 * `(1 / Σw) Σ w d(y, μ) / 2 + ½ alpha |coef|²` with the unit deviance d of a variance proportional to `μ^power`, and
 * `μ = exp(x·coef + intercept)` or, for a normal distribution (`power` 0) unless `link` is "log", `μ = x·coef + intercept`;
 * the intercept is not penalised (Jørgensen 1987). `power` between 1 and 2 is for amounts that are often exactly zero, as
 * insurance claims are; 3 is the inverse Gaussian.
 *
 * Solver: L-BFGS preconditioned with the Hessian of a sample of rows and started at the sample's solution; Newton's method
 * where the sample is everything (fewer than 80,000 rows); plain L-BFGS for more than 400 columns. X is held by the engine
 * during the fit (one read of the source), each iteration is one pass over memory and sends `nFeatures + 1` doubles a
 * partition.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: `(nRows)`, any for power 0, none negative for power in [1, 2), all positive from 2 on. A target outside of that is an error that names
 * partition and row; NaN and infinities one that names column, partition and row. Not converging is a `ConvergenceWarning`
 * of the process and `converged === false`. `score` is D², the share of deviance explained.
 *
 * `offset` (added to the linear predictor) and `exposure` (log link: multiplies the mean) are options of `fit`, `score` and
 * `predict`, one number a row, cut like X: a column of the same frame, or a vector.
 *
 * Differs from scikit-learn: the objective is the same, but `tol` bounds (by its square) the predicted decrease relative to
 * the objective and the null deviance together, which makes it independent of the columns' units. The last step is taken
 * without a pass that measures it: at 1e-4 the objective ends within about 1e-11 of its minimum. Extreme stable distributions (power below 0) are left out, and the
 * identity link is for power 0 alone. Where the deviance is not convex (power 0 with a log link, or above 2) Newton's method
 * uses the expected Hessian.
 *
 * @example
 * ```ts
 * const model = await new TweedieRegressor({ power: 1.5, alpha: 0 }).fit([[0], [0], [1], [1]], [0, 2, 0, 6]);
 * console.log(await model.predict([[0], [1]])); // Float64Array [1, 3]
 * ```
 */
export class TweedieRegressor extends GlmModel<TweedieRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<TweedieRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): TweedieRegressor {
    return new TweedieRegressor().restore(json);
  }

  protected get composition(): Composition {
    const { power, link } = this.params;
    if (power !== 0 && link === "identity") {
      throw new ParameterError(
        `TweedieRegressor: link must be "auto" or "log" for power ${power}; got "identity", which lets means be negative. Change one of them.`,
      );
    }
    const identity = power === 0 && link !== "log";
    return { family: { name: "tweedie", power }, link: { name: identity ? "identity" : "log" } };
  }
}

registerEstimator("TweedieRegressor", TweedieRegressor);
