import { ParameterError, show } from "../../src/base/errors.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { alphaGrid, solvePath } from "../../src/numeric/elastic-net-path.js";
import { normalSystem } from "../../src/numeric/normal-system.js";
import { warnGap } from "./elastic-net-model.js";
import { momentsOfDesign } from "./moments-of-design.js";

/** Options of {@link lassoPath}. */
export interface LassoPathOptions extends FitOptions {
  /** Smallest penalty of the grid as a share of the largest; 1e-3 unless given. */
  readonly eps?: number;
  /** Penalties of the grid; 100 unless given. */
  readonly nAlphas?: number;
  /** The penalties themselves, all above 0, instead of a grid; taken in decreasing order. */
  readonly alphas?: readonly number[];
  /** Estimate a constant term; true unless given. */
  readonly fitIntercept?: boolean;
  /** Hold every coefficient at or above 0; false unless given. */
  readonly positive?: boolean;
  /** Stops when the duality gap is at most tol times the sum of squares of y; 1e-8 unless given. */
  readonly tol?: number;
  /** Most sweeps for one penalty; 10,000 unless given. */
  readonly maxIter?: number;
}

/** Options of {@link enetPath}. */
export interface EnetPathOptions extends LassoPathOptions {
  /** Share of the L1 penalty, above 0; 0.5 unless given. */
  readonly l1Ratio?: number;
}

/** Solutions for decreasing penalties. */
export interface RegularizationPath {
  /** The penalties, in decreasing order. */
  readonly alphas: Float64Array;
  /** One vector of `nFeatures` coefficients a penalty. */
  readonly coefs: readonly Float64Array[];
  readonly intercepts: Float64Array;
  /** Upper bound of how far each objective is from its minimum. */
  readonly dualGaps: Float64Array;
  /** Sweeps of coordinate descent for each penalty. */
  readonly nIters: Int32Array;
}

/**
 * Lasso solutions for a grid of penalties: the objective of `Lasso`, each solution started at the one before, columns
 * screened by the sequential strong rules. One pass over X, whatever the number of penalties.
 *
 * Differs from scikit-learn: the intercept is estimated unless `fitIntercept` is false (there X and y are taken as they are),
 * and the coefficients are one vector a penalty.
 *
 * @throws ParameterError for an option out of range; DataError and FitError as `Lasso.fit`
 *
 * @example
 * ```ts
 * const { alphas, coefs } = await lassoPath(X, y, { nAlphas: 20 });
 * ```
 */
export async function lassoPath(
  X: MatrixInput,
  y: VectorInput,
  options: LassoPathOptions = {},
): Promise<RegularizationPath> {
  return pathOf("lassoPath", X, y, { ...options, l1Ratio: 1 });
}

/**
 * Elastic net solutions for a grid of penalties and one `l1Ratio`: the objective of `ElasticNet`, otherwise as
 * {@link lassoPath}.
 *
 * @throws ParameterError for an option out of range; DataError and FitError as `ElasticNet.fit`
 *
 * @example
 * ```ts
 * const { alphas, coefs } = await enetPath(X, y, { l1Ratio: 0.8, eps: 1e-2 });
 * ```
 */
export async function enetPath(
  X: MatrixInput,
  y: VectorInput,
  options: EnetPathOptions = {},
): Promise<RegularizationPath> {
  return pathOf("enetPath", X, y, options);
}

async function pathOf(
  owner: string,
  X: MatrixInput,
  y: VectorInput,
  options: EnetPathOptions,
): Promise<RegularizationPath> {
  const {
    l1Ratio = 0.5,
    eps = 1e-3,
    nAlphas = 100,
    fitIntercept = true,
    positive = false,
    tol = 1e-8,
    maxIter = 10_000,
  } = options;
  const check = (name: string, value: number, fine: boolean, rule: string): void => {
    if (!fine) throw new ParameterError(`${owner}: ${name} must be ${rule}; got ${show(value)}.`);
  };
  check("l1Ratio", l1Ratio, l1Ratio > 0 && l1Ratio <= 1, "above 0 and at most 1");
  check("eps", eps, eps > 0 && eps <= 1, "above 0 and at most 1");
  check("nAlphas", nAlphas, Number.isInteger(nAlphas) && nAlphas >= 1, "an integer >= 1");
  check("tol", tol, tol > 0 && tol <= 0.1, "above 0 and at most 0.1");
  check("maxIter", maxIter, Number.isInteger(maxIter) && maxIter >= 1, "an integer >= 1");
  for (const alpha of options.alphas ?? []) check("alphas", alpha, alpha > 0 && alpha < Infinity, "numbers above 0");
  requireTarget(owner, y);
  using design = Design.open(owner, X, y, options);
  const system = normalSystem(await momentsOfDesign(design), fitIntercept);
  const alphas = options.alphas
    ? Float64Array.from(options.alphas).sort().reverse()
    : alphaGrid(system, l1Ratio, positive, eps, nAlphas);
  const fits = solvePath(system, alphas, { l1Ratio, positive, tol, maxIter });
  const failed = fits.findIndex((fit) => !fit.converged);
  const fit = fits[failed];
  if (fit) warnGap(owner, fit, ` at alpha ${alphas[failed]}`);
  return {
    alphas,
    coefs: fits.map(({ coef }) => coef),
    intercepts: Float64Array.from(fits, ({ intercept }) => intercept),
    dualGaps: Float64Array.from(fits, ({ dualGap }) => dualGap),
    nIters: Int32Array.from(fits, ({ nIter }) => nIter),
  };
}
