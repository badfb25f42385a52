/*
 * Types of the kernels of multinomial models. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/**
 * Loss and gradient of the multinomial model in one pass, with `η_c = coef[c, nCols] + Σⱼ coef[c, j] x[j]`: returns
 * `Σ w [log Σ_c e^η_c − η_y]`, adds `Σ w (softmax(η)_c − [c = y])·[x, 1]` to row c of grad. Stable for any η.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param y in: f64[n] classes as integers in [0, k), or memory outside of the operands is touched
 * @param w in: f64[n] weights, or 0 for none
 * @param k in: classes
 * @param coef in: f64[k × (nCols + 1)] row-major, intercept last
 * @param grad in/out: f64[k × (nCols + 1)] row-major
 * @param scratch scratch: `softmaxScratchBytes(k)` bytes
 * @returns Σ w·loss of this call
 */
export type SoftmaxLossGradKernel = (
  cols: number,
  nCols: number,
  n: number,
  y: number,
  w: number,
  k: number,
  coef: number,
  grad: number,
  scratch: number,
) => number;

/**
 * As {@link SoftmaxLossGradKernel} over a CSR matrix.
 *
 * @param indptr in: i32[rows + 1]
 * @param indices in: i32, columns of the entries
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param nCols in: columns
 * @param y in: f64[rows] classes as integers in [0, k), or memory outside of the operands is touched
 * @param w in: f64[rows] weights, or 0 for none
 * @param k in: classes
 * @param coef in: f64[k × (nCols + 1)] row-major, intercept last
 * @param grad in/out: f64[k × (nCols + 1)] row-major
 * @param scratch scratch: `softmaxScratchBytes(k)` bytes
 * @returns Σ w·loss of this call
 */
export type CsrSoftmaxLossGradKernel = (
  indptr: number,
  indices: number,
  values: number,
  rows: number,
  nCols: number,
  y: number,
  w: number,
  k: number,
  coef: number,
  grad: number,
  scratch: number,
) => number;

/**
 * Softmax of each row in place: `e^η_c / Σ e^η`, stable for any η.
 *
 * @param cols in/out: u32[k], table of columns of f64[n]
 * @param k in: columns
 * @param n in: rows
 */
export type SoftmaxKernel = (cols: number, k: number, n: number) => void;
