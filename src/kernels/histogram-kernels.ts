/*
 * Types of the kernels that grow trees over binned columns. A bin is a byte: 0 to 254 in the order of the
 * values, 255 for a missing value. Bins lie in rows, `stride` bytes each (a multiple of 4, at least the columns), and
 * again in columns: histograms read rows, the split of a leaf reads one column. The conventions of all kernels stand at
 * `Kernels` in kernels.ts.
 */

/** Bin of missing values. */
export const MISSING_BIN = 255;
/** Places of one column's histogram, missing values included. */
export const HISTOGRAM_BINS = 256;
/** Most rows that one histogram may take before `histogramSums` empties it: its counts have 20 bits. */
export const HISTOGRAM_ROWS = 2 ** 20 - 1;

/**
 * Bins of one column: the number of thresholds below each value, 255 for NaN.
 *
 * @param x in: f64[n] or f32[n]
 * @param n in: rows
 * @param thresholds in: f64[count], ascending
 * @param count in: thresholds, at most 254
 * @param column out: u8[n]
 * @param rows out: u8, row i at `rows + i · stride`; the column's place in the rows of bins
 * @param stride in: bytes of a row
 */
export type BinColumnKernel = (
  x: number,
  n: number,
  thresholds: number,
  count: number,
  column: number,
  rows: number,
  stride: number,
) => void;

/**
 * Adds rows to the histograms of all columns. An entry is two i64: Σg, and Σ(h · 2^20 + 1), whose low 20 bits are thus
 * the number of rows. Exact as long as the rows of one histogram are at most {@link HISTOGRAM_ROWS}.
 *
 * @param bins in: u8, bins in rows; 4-byte aligned
 * @param stride in: bytes of a row, a multiple of 4
 * @param nCols in: columns
 * @param rows in: u32[n] positions, or 0 for the first n rows
 * @param n in: rows to add
 * @param pairs in: i32[2 · all rows], second halves not negative
 * @param hist in/out: i64[nCols × 256 × 2]
 * @param scratch scratch: `histogramScratchBytes()`
 */
export type HistogramKernel = (
  bins: number,
  stride: number,
  nCols: number,
  rows: number,
  n: number,
  pairs: number,
  hist: number,
  scratch: number,
) => void;

/**
 * Adds integer histograms to sums in doubles, and empties them. Exact while the sums stay below 2^53.
 *
 * @param hist in/out: i64[entries × 2], zero afterwards
 * @param entries in: entries
 * @param out in/out: f64[3 × entries]: Σg of each entry, then Σh, then the rows
 */
export type HistogramSumsKernel = (hist: number, entries: number, out: number) => void;

/**
 * Splits the rows of a leaf, keeping their order: first those whose bin is at most `bin` (and missing ones, if they go
 * left), then the others.
 *
 * @param bins in: u8, bins of the column
 * @param rows in: u32[n] positions
 * @param n in: rows
 * @param bin in: last bin that goes left, at most 254
 * @param missingLeft in: 1 when missing values go left, else 0
 * @param out out: u32[n], must not overlap `rows`
 * @param scratch scratch: u32[n]
 * @returns the number of rows that go left
 */
export type PartitionRowsKernel = (
  bins: number,
  rows: number,
  n: number,
  bin: number,
  missingLeft: number,
  out: number,
  scratch: number,
) => number;

/**
 * Adds a number to some elements.
 *
 * @param rows in: u32[n] positions, each once
 * @param n in: positions
 * @param value in: what is added
 * @param target in/out: f64
 */
export type AddAtRowsKernel = (rows: number, n: number, value: number, target: number) => void;

/** Bytes of scratch that `histogram` needs. */
export function histogramScratchBytes(): number {
  // TILE_ROWS of assembly/histogram.ts: 20 bytes a row, and the slack to a cache line.
  return 1024 * 20 + 64;
}
