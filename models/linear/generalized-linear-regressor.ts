import { ParameterError, show } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { Plain } from "../../src/base/plain.js";
import type { Design } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { Composition } from "../../src/numeric/glm/composed-steps.js";
import { familyNames, familyOf, type FamilyName, type FamilySpec } from "../../src/numeric/glm/family.js";
import { FIT_SUMS_STEP, mergeFitSums, type FitSums } from "../../src/numeric/glm/fit-sums.js";
import { linkNames, type LinkName, type LinkSpec } from "../../src/numeric/glm/link.js";
import { GlmModel, type GlmState } from "./glm-model.js";
import { glmShape, type GlmParams } from "./glm-params.js";

/** Parameters of {@link GeneralizedLinearRegressor}. */
export interface GeneralizedLinearRegressorParams extends GlmParams {
  family: FamilyName;
  link: LinkName | "auto";
  variancePower: number | null;
  overdispersion: number | null;
  linkPower: number | null;
}

const TABLE = new ParamTable<GeneralizedLinearRegressorParams>("GeneralizedLinearRegressor", (z) =>
  z.object({
    family: z.enum(familyNames).default("gaussian").describe("distribution of y given its mean"),
    link: z
      .enum(["auto", ...linkNames])
      .default("auto")
      .describe('what of the mean is linear; "auto": identity for gaussian, logit for binomial, else log'),
    variancePower: z
      .number()
      .refine((power) => power === 0 || power >= 1, { error: "must be 0 or >= 1" })
      .nullable()
      .default(null)
      .describe("tweedie: the variance is mean^variancePower, 0 or at least 1; null for 1.5"),
    overdispersion: z
      .number()
      .positive()
      .nullable()
      .default(null)
      .describe("negativeBinomial: the variance is mean + overdispersion · mean²; null for 1"),
    linkPower: z
      .number()
      .nullable()
      .default(null)
      .describe('link "power": mean^linkPower is linear, its logarithm for 0; null for 1'),
    ...glmShape(z, { alpha: 0, tol: 1e-6 }),
  }),
);

/**
 * A generalised linear model of any family and link (McCullagh and Nelder 1989): with `η = x·coef + intercept + offset` and
 * `μ = g⁻¹(η)` it minimises `(1 / Σw) Σ w ½ d(y, μ) + ½ alpha |coef|²`, d the unit deviance of the family; the intercept is
 * not penalised.
 *
 * Families: gaussian (variance 1), binomial (μ(1 − μ); y is 0 or 1, or a share with the number of trials as its weight),
 * poisson (μ), gamma (μ²), inverseGaussian (μ³), tweedie (μ^variancePower), negativeBinomial (μ + overdispersion · μ²), each
 * times a dispersion. Links: identity, log, logit, probit, cloglog, inverse (1/μ), inverseSquared (1/μ²), sqrt, power
 * (μ^linkPower). Means outside of what a family has (below 0 under the identity, say) are never accepted: steps are halved
 * until all are inside, and where no such coefficients are found the fit is an error.
 *
 * Solver: Newton's method with step halving, on the expected Hessian where the link is not canonical (iteratively reweighted
 * least squares), started at the least squares of the links of means near each y. Gaussian with identity, binomial with
 * logit, and the families of a power of the mean with log run in kernels and for 80,000 rows and more by L-BFGS preconditioned
 * with a sample's Hessian (a few passes); the others pass rows through plain functions. More than 400 columns: L-BFGS. X is
 * held by the engine during the fit (one read of the source); one pass more finds `deviance` and `dispersion`.
 *
 * Weights multiply a row's loss. Whether they count rows or measure precision makes no difference to the coefficients, but
 * does to `dispersion` (here rows count as often as their weight says) and to `summary`, whose `weights` option says which.
 *
 * `offset` is added to η; `exposure` (log link) multiplies the mean. They are options of `fit`, `score` and `predict`, one
 * number a row, cut like X: a column of the same frame, or a vector.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: `(nRows)`. A target that the family cannot have is an error that
 * names partition and row; NaN and infinities one that names column, partition and row. Not converging is a
 * `ConvergenceWarning` of the process and `converged === false`. `score` is D², the share of deviance explained.
 *
 * scikit-learn has no such class; against statsmodels' `GLM`: gamma and inverse Gaussian start out with the log link, not
 * with the canonical one, under which means can be negative, and the intercept is fitted unless told otherwise.
 *
 * @example
 * ```ts
 * const model = new GeneralizedLinearRegressor({ family: "poisson" });
 * await model.fit([[0], [0], [1], [1]], [2, 4, 12, 12], { exposure: [1, 2, 2, 2] });
 * console.log(Math.exp(model.intercept), Math.exp(model.coef[0])); // 2, 3
 * ```
 */
export class GeneralizedLinearRegressor extends GlmModel<GeneralizedLinearRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter, a value out of range, or one that the family or link does not have */
  constructor(params: Partial<GeneralizedLinearRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): GeneralizedLinearRegressor {
    return new GeneralizedLinearRegressor().restore(json);
  }

  protected get composition(): Composition {
    const { family, link, variancePower, overdispersion, linkPower } = this.params;
    only("variancePower", variancePower, "family", family, "tweedie");
    only("overdispersion", overdispersion, "family", family, "negativeBinomial");
    only("linkPower", linkPower, "link", link, "power");
    const familySpec: FamilySpec = {
      name: family,
      ...(family === "tweedie" ? { power: variancePower ?? 1.5 } : {}),
      ...(family === "negativeBinomial" ? { overdispersion: overdispersion ?? 1 } : {}),
    };
    const name = link === "auto" ? automatic(family) : link;
    const probability = name === "logit" || name === "probit" || name === "cloglog";
    if (probability && family !== "binomial") {
      throw new ParameterError(
        `GeneralizedLinearRegressor: link "${name}" is for probabilities, which the ${family} family's means are not. Use family: "binomial", or another link.`,
      );
    }
    const linkSpec: LinkSpec = name === "power" ? { name, power: linkPower ?? 1 } : { name };
    return { family: familySpec, link: linkSpec };
  }

  protected override async finish(design: Design, state: GlmState): Promise<GlmState> {
    const { composition } = this;
    const sums = await design.reduce<FitSums>(
      FIT_SUMS_STEP,
      { ...composition, coef: Float64Array.of(...state.coef, state.intercept) } as unknown as Plain,
      mergeFitSums,
      false,
    );
    const left = sums.weight - state.nFeatures - (this.params.fitIntercept ? 1 : 0);
    const fixed = familyOf(composition.family).unitDispersion;
    const dispersion = fixed ? 1 : left > 0 ? sums.pearson / left : NaN;
    return { ...state, deviance: 2 * sums.halfDeviance, dispersion };
  }

  /** Σ w d(y, μ) over the rows of the fit. */
  get deviance(): number {
    return this.state.deviance ?? NaN;
  }

  /**
   * Variance over the family's variance function: 1 for binomial, Poisson and negative binomial; for the others Pearson's χ²
   * over Σw less the number of coefficients (NaN where nothing is left).
   */
  get dispersion(): number {
    return this.state.dispersion ?? NaN;
  }
}

registerEstimator("GeneralizedLinearRegressor", GeneralizedLinearRegressor);

function automatic(family: FamilyName): LinkName {
  return family === "gaussian" ? "identity" : family === "binomial" ? "logit" : "log";
}

function only(name: string, value: number | null, of: string, is: string, needed: string): void {
  if (value === null || is === needed) return;
  throw new ParameterError(
    `GeneralizedLinearRegressor: ${name} is for ${of} "${needed}"; got ${show(value)} with ${of} "${is}". Leave it out.`,
  );
}
