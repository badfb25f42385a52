/*
 * Types of the stochastic gradient kernels. They go over rows in a given order and change the coefficients after each few,
 * so that rows are stored together: dense X is row-major here, not columnar. The conventions of all kernels stand at
 * `Kernels` in kernels.ts.
 */

/** Losses of the stochastic gradient kernels; y is 1 or -1 for the first four. `parameter` is in `SGD_HYPER`. */
export const sgdLoss = {
  /** `max(0, parameter − y p)`. */
  hinge: 0,
  /** `max(0, 1 − y p)²`. */
  squaredHinge: 1,
  /** `max(0, 1 − y p)²` for `y p >= −1`, else `−4 y p`. */
  modifiedHuber: 2,
  /** `log(1 + e^(−y p))`. */
  log: 3,
  /** `½ (y − p)²`. */
  squared: 4,
  /** `½ r²` for `|r| <= parameter`, else `parameter |r| − ½ parameter²`. */
  huber: 5,
  /** `max(0, |y − p| − parameter)`. */
  epsilonInsensitive: 6,
  /** `max(0, |y − p| − parameter)²`. */
  squaredEpsilonInsensitive: 7,
} as const;

/** A code of {@link sgdLoss}. */
export type SgdLossCode = (typeof sgdLoss)[keyof typeof sgdLoss];

/** How the size of a step comes about. */
export const sgdSchedule = {
  /** `eta` of the state; the caller may lower it between epochs. */
  constant: 0,
  /** `1 / (alpha (optimalStart + t − 1))`. */
  optimal: 1,
  /** `eta0 / t^powerT`. */
  invscaling: 2,
  /** `min(eta0, loss / |x|²)` along the loss's sign: passive-aggressive I. */
  pa1: 3,
  /** `loss / (|x|² + 1 / (2 eta0))`: passive-aggressive II. */
  pa2: 4,
} as const;

/** A code of {@link sgdSchedule}. */
export type SgdScheduleCode = (typeof sgdSchedule)[keyof typeof sgdSchedule];

/** Positions in `hyper` of the stochastic gradient kernels. */
export const SGD_HYPER = {
  alpha: 0,
  /** Strength of the L2 part. */
  l2: 1,
  /** Strength of the L1 part. */
  l1: 2,
  eta0: 3,
  powerT: 4,
  optimalStart: 5,
  /** Step from which on the average counts, from 1; 0 for no average. */
  averageFrom: 6,
  fitIntercept: 7,
  weightPositive: 8,
  weightNegative: 9,
  /** Of the loss. */
  parameter: 10,
} as const;

/** Positions in `state` of the stochastic gradient kernels. */
export const SGD_STATE = {
  intercept: 0,
  /** Number of the next step, from 1. */
  t: 1,
  /** L1 penalty that each coefficient could have got since the first step. */
  u: 2,
  averageIntercept: 3,
  /** The size of the last step; in of the constant schedule. */
  eta: 4,
} as const;

/** Numbers in `hyper`. */
export const SGD_HYPER_LENGTH = 11;
/** Numbers in `state`. */
export const SGD_STATE_LENGTH = 5;

/**
 * One pass of stochastic gradient descent over rows `order[0], order[1], ...` of a row-major matrix. A step takes the
 * next `batch` rows (the last one what is left): predictions with the same coefficients, then with the mean update of the
 * rows `coef ← coef (1 − eta l2) + update x`, then the cumulative L1 penalty, truncated at 0 (Tsuruoka, Tsujii and Ananiadou
 * 2009), of the columns that have entries in these rows (of all columns when dense). The gradient of a loss is held within
 * ±1e12.
 *
 * @param loss in: code of `sgdLoss`
 * @param schedule in: code of `sgdSchedule`
 * @param x in: f64[rows × nCols], row-major
 * @param nCols in: columns
 * @param order in: u32[count], rows
 * @param count in: rows to go over
 * @param batch in: rows a step, at least 1
 * @param y in: f64[rows], targets or class codes
 * @param w in: f64[rows] weights, or 0 for none
 * @param positive in: the class code that is 1, all others being -1; below 0 y is the target itself
 * @param coef in/out: f64[nCols]
 * @param average in/out: f64[nCols], mean of the coefficients over the steps from `averageFrom`; 0 for none
 * @param q in/out: f64[nCols], L1 penalty that each coefficient got; 0 without an L1 part
 * @param hyper in: f64[11], see `SGD_HYPER`
 * @param state in/out: f64[5], see `SGD_STATE`
 * @param scratch scratch: f64[batch]
 * @returns Σ loss of the rows, unweighted, each before its step
 */
export type SgdRowsKernel = (
  loss: SgdLossCode,
  schedule: SgdScheduleCode,
  x: number,
  nCols: number,
  order: number,
  count: number,
  batch: number,
  y: number,
  w: number,
  positive: number,
  coef: number,
  average: number,
  q: number,
  hyper: number,
  state: number,
  scratch: number,
) => number;

/**
 * {@link SgdRowsKernel} over rows of a CSR matrix.
 *
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 */
export type CsrSgdRowsKernel = (
  loss: SgdLossCode,
  schedule: SgdScheduleCode,
  indptr: number,
  indices: number,
  values: number,
  nCols: number,
  order: number,
  count: number,
  batch: number,
  y: number,
  w: number,
  positive: number,
  coef: number,
  average: number,
  q: number,
  hyper: number,
  state: number,
  scratch: number,
) => number;
