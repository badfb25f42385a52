/*
 * Types of the kernels that read matrices. The conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/**
 * Weighted moments of each column, NaN rows left out (like scikit-learn's StandardScaler).
 * For column j `out[5j..5j+5)` becomes `[W, mean, m2, nanCount, infCount]` with `W = Σw`, `mean = Σwx / W`,
 * `m2 = Σw(x - mean)²`, sums over the rows whose x is not NaN. The counts are of rows, whatever their weight.
 * Without any weight (`W = 0`) mean and m2 are 0. Infinite values make mean and m2 infinite or NaN.
 * One pass over the data; a constant column has its exact value as mean and m2 = 0. Two results merge by
 * `δ = mean_b - mean_a`, `m2 = m2_a + m2_b + δ² W_a W_b / (W_a + W_b)`.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param w in: f64[n] weights >= 0, or 0 for none
 * @param out out: f64[nCols × 5], overwritten
 */
export type MomentsKernel = (cols: number, nCols: number, n: number, w: number, out: number) => void;

/**
 * Smallest and largest value of each column, NaN ignored: `out[2j] = min`, `out[2j+1] = max`; `[+Infinity, -Infinity]`
 * when there is none. Which of -0 and +0 is returned is not specified.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param out out: f64[nCols × 2], overwritten
 */
export type MinMaxKernel = (cols: number, nCols: number, n: number, out: number) => void;

/**
 * Non-finite values of each column: `out[3j..3j+3) = [nanCount, infCount, first row that is NaN or infinite, or -1]`.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param out out: f64[nCols × 3], overwritten
 */
export type NonFiniteKernel = (cols: number, nCols: number, n: number, out: number) => void;

/**
 * Gram matrix about a shift: `out += Σ w (x - s)(x - s)ᵀ` and `sums += Σ w (x - s)` over the rows.
 * Cost: n · nCols² / 2 multiplications; any number of columns, tiles of rows stay in the second-level cache.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param w in: f64[n] weights, or 0 for none
 * @param shift in: f64[nCols], or 0 for none
 * @param out in/out: f64[nCols × nCols] row-major, symmetric on entry (its lower triangle is not read) and on return
 * @param sums in/out: f64[nCols]
 * @param scratch scratch: `gramScratchBytes(nCols)` bytes
 * @returns Σw of this call (n without weights)
 */
export type GramKernel = (
  cols: number,
  nCols: number,
  n: number,
  w: number,
  shift: number,
  out: number,
  sums: number,
  scratch: number,
) => number;

/**
 * Cross product of two matrices over the same rows: `out[i, j] += Σ w aᵢ bⱼ`. The suffix names the storage of A; the
 * columns of B are f64 in both.
 *
 * @param colsA in: u32[nA], table of the columns of A
 * @param nA in: columns of A
 * @param colsB in: u32[nB], table of the columns of B (f64)
 * @param nB in: columns of B
 * @param n in: rows
 * @param w in: f64[n] weights, or 0 for none
 * @param out in/out: f64[nA × nB] row-major
 */
export type CrossKernel = (
  colsA: number,
  nA: number,
  colsB: number,
  nB: number,
  n: number,
  w: number,
  out: number,
) => void;

/**
 * Matrix times vector: `out[i] = intercept + Σⱼ coef[j] x[i, j]`.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param coef in: f64[nCols]
 * @param intercept in: added to every row
 * @param out out: f64[n], overwritten; must not overlap the columns
 */
export type MatVecKernel = (
  cols: number,
  nCols: number,
  n: number,
  coef: number,
  intercept: number,
  out: number,
) => void;

/**
 * Transposed matrix times vector: `out[j] += Σᵢ r[i] x[i, j]`.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param r in: f64[n]
 * @param out in/out: f64[nCols]
 */
export type MatTVecKernel = (cols: number, nCols: number, n: number, r: number, out: number) => void;

/**
 * Matrix times small matrix: `out[i, c] = bias[c] + Σⱼ x[i, j] b[j, c]`.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param b in: f64[nCols × k] row-major
 * @param k in: columns of the result
 * @param bias in: f64[k], or 0 for none
 * @param outCols in: u32[k], table of the result's columns; out: each f64[n], overwritten, apart from the inputs
 */
export type MatMulKernel = (
  cols: number,
  nCols: number,
  n: number,
  b: number,
  k: number,
  bias: number,
  outCols: number,
) => void;

/**
 * Affine transform of each column: `centerScale` writes `(x - shift[j]) · scale[j]`, `scaleShift` writes
 * `x · scale[j] + shift[j]`. The result has the dtype of the input (suffix); f32 is computed in f64 and rounded once.
 * Memory bound.
 *
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param shift in: f64[nCols]
 * @param scale in: f64[nCols]
 * @param outCols in: u32[nCols], table of the result's columns; out: each of n elements; a column may be its own input
 */
export type AffineKernel = (
  cols: number,
  nCols: number,
  n: number,
  shift: number,
  scale: number,
  outCols: number,
) => void;
