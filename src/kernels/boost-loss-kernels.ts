/*
 * Types of the kernels of the losses of boosted trees. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/**
 * Losses of boosted trees for one margin a row; `m` is the margin, the sum of the trees, and `d = m − y`.
 *
 * squared: `d² / 2`; logistic: `log(1 + e^m) − ym`; poisson: `e^m − ym`; absolute: `|d|`; quantile q: `(1 − q)d` above y,
 * `−qd` below; huber δ: `d² / 2` up to δ, `δ(|d| − δ/2)` beyond; gamma: `m + ye^−m`; tweedie p:
 * `e^((2−p)m) / (2 − p) − ye^((1−p)m) / (1 − p)`.
 */
export const boostLoss = {
  squared: 0,
  logistic: 1,
  poisson: 2,
  absolute: 3,
  quantile: 4,
  huber: 5,
  gamma: 6,
  tweedie: 7,
} as const;

/** Code of a loss. */
export type BoostLossCode = (typeof boostLoss)[keyof typeof boostLoss];

/** Losses whose derivatives have bounds that follow from those of the margins. */
export type BoundedLossCode = 0 | 1 | 2;

/**
 * First and second derivative of the loss by the margin as integers, `round(w·g·gScale)` and `round(w·h·hScale)`, so that
 * sums over rows are exact in any order; and exact sums of the losses, each rounded to a multiple of `1 / lossScale`.
 *
 * @param loss in: code of the loss
 * @param margin in: f64[n]
 * @param y in: f64[n]
 * @param w in: f64[n] weights, or 0 for none
 * @param heldOut in: u8[n], 1 for rows that are not trained on, or 0 for none
 * @param n in: rows
 * @param gScale in: a power of two
 * @param hScale in: a power of two
 * @param lossScale in: a power of two
 * @param pairs out: i32[2n], first and second derivative of each row in turn
 * @param out out: f64[3]: the largest |m − y| (squared), |m| (logistic) or e^m (poisson); Σ round(w·loss·lossScale) of
 * the rows that are trained on; the same of the others
 */
export type BoostGradientsKernel = (
  loss: BoundedLossCode,
  margin: number,
  y: number,
  w: number,
  heldOut: number,
  n: number,
  gScale: number,
  hScale: number,
  lossScale: number,
  pairs: number,
  out: number,
) => void;

/**
 * Loss of each row and its first and second derivative by the margin, times the row's weight. The second derivative of
 * absolute, quantile and huber is 1; where absolute and quantile have no first one (d = 0), it is that of d below 0.
 *
 * @param loss in: code of the loss
 * @param parameter in: of quantile, huber and tweedie
 * @param margin in: f64[n]
 * @param y in: f64[n]
 * @param w in: f64[n] weights, or 0 for none
 * @param n in: rows
 * @param g out: f64[n]
 * @param h out: f64[n]
 * @param losses out: f64[n]
 */
export type BoostDerivativesKernel = (
  loss: BoostLossCode,
  parameter: number,
  margin: number,
  y: number,
  w: number,
  n: number,
  g: number,
  h: number,
  losses: number,
) => void;

/**
 * Multinomial log loss of each row, `log Σ e^mₖ − m_y`, and its derivatives by each margin, `pₖ − [k = y]` and
 * `pₖ(1 − pₖ)`, times the row's weight.
 *
 * @param margin in: table of columns, one a class
 * @param classes in: classes
 * @param y in: f64[n], whole numbers below `classes`
 * @param w in: f64[n] weights, or 0 for none
 * @param n in: rows
 * @param g out: table of columns, one a class
 * @param h out: table of columns, one a class
 * @param losses out: f64[n]
 */
export type BoostSoftmaxKernel = (
  margin: number,
  classes: number,
  y: number,
  w: number,
  n: number,
  g: number,
  h: number,
  losses: number,
) => void;

/**
 * Derivatives as integers, `round(g·gScale)` and `round(h·hScale)`, beside each other.
 *
 * @param g in: f64[n]
 * @param h in: f64[n], none negative
 * @param n in: rows
 * @param gScale in: a power of two
 * @param hScale in: a power of two
 * @param pairs out: i32[2n], first and second derivative of each row in turn
 */
export type PackDerivativesKernel = (
  g: number,
  h: number,
  n: number,
  gScale: number,
  hScale: number,
  pairs: number,
) => void;
