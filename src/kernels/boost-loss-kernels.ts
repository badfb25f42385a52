/*
 * Types of the kernels of the losses of boosted trees. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/** Losses of boosted trees; `m` is the margin, the sum of the trees. */
export const boostLoss = { squared: 0, logistic: 1, poisson: 2 } as const;

/** Code of a loss. */
export type BoostLossCode = (typeof boostLoss)[keyof typeof boostLoss];

/**
 * First and second derivative of the loss by the margin as integers, `round(w·g·gScale)` and `round(w·h·hScale)`, so that
 * sums over rows are exact in any order; and exact sums of the losses, each rounded to a multiple of `1 / lossScale`.
 *
 * squared: `(m − y)² / 2`; logistic: `log(1 + e^m) − ym`; poisson: `e^m − ym`.
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
  loss: BoostLossCode,
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
