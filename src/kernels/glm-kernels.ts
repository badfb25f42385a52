/*
 * Types of the kernels of generalised linear models. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/**
 * Families of the GLM kernels; with the linear predictor η the loss of a row is
 * squared `½(η - y)²`, logistic `log(1 + e^η) - yη` with y in [0, 1], Poisson `e^η - yη`, gamma `η + y e^-η`, Tweedie
 * `e^((2-power)η) / (2-power) - y e^((1-power)η) / (1-power)` for a power other than 1 and 2. The last three are half
 * deviances of the mean e^η, up to terms of y alone. loss'' of a Tweedie loss is its expectation `e^((2-power)η)` where the
 * loss is not convex, which is for a power outside [1, 2].
 */
export const glmFamily = { squared: 0, logistic: 1, poisson: 2, gamma: 3, tweedie: 4 } as const;

/** Code of a GLM family, as in {@link glmFamily}. */
export type GlmFamilyCode = (typeof glmFamily)[keyof typeof glmFamily];

/**
 * Loss and gradient in one pass, with `η = offset + coef[nCols] + Σⱼ coef[j] x[j]` (intercept last):
 * returns `Σ w·loss`, adds `Σ w·loss'(η)·[x, 1]` to grad. Logistic terms are stable for any |η|. Exponentials and
 * logarithms are within 4 units in the last place of Math.exp and Math.log.
 *
 * @param family in: code of the family
 * @param power in: of the Tweedie family; others ignore it
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param y in: f64[n] targets
 * @param w in: f64[n] weights, or 0 for none
 * @param offset in: f64[n] added to η, or 0 for none
 * @param coef in: f64[nCols + 1], intercept last
 * @param grad in/out: f64[nCols + 1]
 * @param scratch scratch: `glmScratchBytes()` bytes
 * @returns Σ w·loss of this call
 */
export type GlmLossGradKernel = (
  family: GlmFamilyCode,
  power: number,
  cols: number,
  nCols: number,
  n: number,
  y: number,
  w: number,
  offset: number,
  coef: number,
  grad: number,
  scratch: number,
) => number;

/**
 * As {@link GlmLossGradKernel}, and adds `Σ w·loss''(η)·x̃x̃ᵀ` with `x̃ = [x, 1]` to hess.
 *
 * @param family in: code of the family
 * @param power in: of the Tweedie family; others ignore it
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param y in: f64[n] targets
 * @param w in: f64[n] weights, or 0 for none
 * @param offset in: f64[n] added to η, or 0 for none
 * @param coef in: f64[nCols + 1], intercept last
 * @param grad in/out: f64[nCols + 1]
 * @param hess in/out: f64[(nCols + 1)²] row-major, symmetric on entry (its lower triangle is not read) and on return
 * @param scratch scratch: `glmHessScratchBytes(nCols)` bytes
 * @returns Σ w·loss of this call
 */
export type GlmLossGradHessKernel = (
  family: GlmFamilyCode,
  power: number,
  cols: number,
  nCols: number,
  n: number,
  y: number,
  w: number,
  offset: number,
  coef: number,
  grad: number,
  hess: number,
  scratch: number,
) => number;

/**
 * Σ w·loss for stored linear predictors: a step of a line search.
 *
 * @param family in: code of the family
 * @param power in: of the Tweedie family; others ignore it
 * @param n in: rows
 * @param eta in: f64[n]
 * @param y in: f64[n] targets
 * @param w in: f64[n] weights, or 0 for none
 * @returns Σ w·loss
 */
export type GlmLossKernel = (
  family: GlmFamilyCode,
  power: number,
  n: number,
  eta: number,
  y: number,
  w: number,
) => number;

/**
 * Mean of each row from its linear predictor: identity for squared, `1 / (1 + e^-η)` for logistic, `e^η` for the others.
 *
 * @param family in: code of the family
 * @param eta in: f64[n]
 * @param n in: rows
 * @param out out: f64[n]; may be eta itself
 */
export type InverseLinkKernel = (family: GlmFamilyCode, eta: number, n: number, out: number) => void;
