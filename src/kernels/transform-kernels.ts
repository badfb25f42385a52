/*
 * Types of the kernels that transform or count the values of a matrix for preprocessing. The conventions of all kernels
 * stand at `Kernels` in kernels.ts.
 */

/** Codes of row norms: Σ|x|, √Σx², max|x|. */
export const rowNorm = { l1: 0, l2: 1, max: 2 } as const;

/** Code of a row norm, as in {@link rowNorm}. */
export type RowNormCode = (typeof rowNorm)[keyof typeof rowNorm];

/** Bytes of the scratch of {@link NormalizeRowsKernel}: norms of one tile of rows. */
export const NORMALIZE_SCRATCH_BYTES = 1024 * 8;

/**
 * Divides each row by its norm; a norm below `smallest` counts as 1. Norms are sums over columns in their order, whatever
 * the tiles. The result has the dtype of the input (suffix); f32 is computed in f64 and rounded once.
 *
 * @param norm in: code of the norm
 * @param cols in: u32[nCols], table of columns
 * @param nCols in: number of columns
 * @param n in: rows
 * @param smallest in: norms below it count as 1
 * @param outCols in: u32[nCols], table of the result's columns; out: each of n elements; a column may be its own input
 * @param scratch scratch: `NORMALIZE_SCRATCH_BYTES` bytes
 * @returns 1 when all norms are finite, else 0
 */
export type NormalizeRowsKernel = (
  norm: RowNormCode,
  cols: number,
  nCols: number,
  n: number,
  smallest: number,
  outCols: number,
  scratch: number,
) => number;

/**
 * The same for compressed rows.
 *
 * @param norm in: code of the norm
 * @param indptr in: i32[rows + 1]
 * @param values in: f64, values of the entries
 * @param rows in: rows
 * @param smallest in: norms below it count as 1
 * @param out out: f64, entry k at the place that entry k of `values` has; may be values itself
 * @returns 1 when all norms are finite, else 0
 */
export type CsrNormalizeRowsKernel = (
  norm: RowNormCode,
  indptr: number,
  values: number,
  rows: number,
  smallest: number,
  out: number,
) => number;

/**
 * Counts values in equal bins: a value in [from, to] adds its weight to bin `⌊(x · half − low) · scale⌋`, any other (NaN
 * too) to the last place.
 *
 * @param x in: f64[n]
 * @param n in: values
 * @param w in: f64[n] weights, or 0 for ones
 * @param from in: smallest value that counts
 * @param to in: largest value that counts; `⌊(to · half − low) · scale⌋` is at most `bins`
 * @param half in: factor before the shift
 * @param low in: the shift
 * @param scale in: bins for a unit
 * @param bins in: number of bins
 * @param counts in/out: f64[bins + 2]; place `bins` is the upper edge's, the last one that of values outside
 */
export type BinCountsKernel = (
  x: number,
  n: number,
  w: number,
  from: number,
  to: number,
  half: number,
  low: number,
  scale: number,
  bins: number,
  counts: number,
) => void;

/**
 * How many edges are not above each value, in the dtype of the input (suffix): every edge is compared with every value, so
 * for few edges. 0 for NaN.
 *
 * @param x in: n elements
 * @param n in: values
 * @param edges in: f64[count]
 * @param count in: edges
 * @param out out: n elements; may be x
 * @returns 1 when all values are finite, else 0
 */
export type EdgeBinsKernel = (x: number, n: number, edges: number, count: number, out: number) => number;

/**
 * Counts the values above each of some edges, and those that are NaN: every edge is compared with every value, so for few
 * edges.
 *
 * @param x in: f64[n]
 * @param n in: values
 * @param edges in: f64[count], in any order
 * @param count in: edges
 * @param counts in/out: f64[count + 1]; the last place is that of NaN
 */
export type CountAboveKernel = (x: number, n: number, edges: number, count: number, counts: number) => void;
