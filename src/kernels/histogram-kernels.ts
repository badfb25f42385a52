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
/** Most rows that one packed histogram may take before `packedHistogramSums` empties it: its counts have 15 bits. */
export const PACKED_ROWS = 2 ** 15 - 1;
/** Bits that `packPairs` drops of first and second derivatives: the scales of packed sums are smaller by so much. */
export const PACKED_DROP = { g: 20, h: 14 } as const;

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
 * @param scratch scratch: `histogramScratchBytes(stride)`
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
 * Rounds integer derivatives to few bits and packs each row's into one i64: first derivatives to 10 bits and a sign, second
 * ones to 8 bits. A number is rounded up with the probability of the part that is dropped, so that sums have no bias (Shi et
 * al., "Quantized training of gradient boosting decision trees", 2022); the random bits are those of a row's number.
 *
 * @param pairs in/out: i32[2n], |first| at most 2^30, second from 0 to 2^22; then i64[n],
 * `first / 2^20 · 2^38 + second / 2^14 · 2^15 + 1`
 * @param n in: rows
 * @param first in: number of the first row in the whole data, modulo 2^32
 * @param key in: u32, another one for each tree
 */
export type PackPairsKernel = (pairs: number, n: number, first: number, key: number) => void;

/**
 * `boostGradients` of the log loss and `packPairs` in one pass, computed in single precision: derivatives keep 10 bits
 * anyway, and losses are right to 7 digits.
 *
 * @param margin in: f64[n]
 * @param y in: f64[n]
 * @param w in: f64[n] weights, or 0 for none
 * @param heldOut in: u8[n], not 0 for rows that are not trained on, or 0 for none
 * @param n in: rows
 * @param first in: number of the first row in the whole data, modulo 2^32
 * @param key in: u32, another one for each tree
 * @param gScale in: a power of two; of first derivatives before their bits are dropped
 * @param hScale in: a power of two
 * @param lossScale in: a power of two
 * @param pairs out: i64[n], see `packPairs`
 * @param out out: f64[3]: the largest |m|; Σ round(w·loss·lossScale) of the rows that are trained on; the same of the others
 */
export type PackedLogisticKernel = (
  margin: number,
  y: number,
  w: number,
  heldOut: number,
  n: number,
  first: number,
  key: number,
  gScale: number,
  hScale: number,
  lossScale: number,
  pairs: number,
  out: number,
) => void;

/**
 * Adds rows to the histograms of all columns, with one i64 an entry: the sum of the rows' packed derivatives. Exact as long
 * as the rows of one histogram are at most {@link PACKED_ROWS}.
 *
 * @param bins in: u8, bins in rows; 4-byte aligned
 * @param stride in: bytes of a row, a multiple of 4
 * @param nCols in: columns
 * @param rows in: u32[n] positions
 * @param n in: rows to add
 * @param pairs in: i64, what `packPairs` makes
 * @param hist in/out: i64[nCols × 256]
 * @param scratch scratch: `histogramScratchBytes(stride)`
 */
export type PackedHistogramKernel = (
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
 * Adds packed histograms to sums of 32 bits, and empties them. Exact for up to 2^20 rows.
 *
 * @param hist in/out: i64[entries], zero afterwards
 * @param entries in: entries, a multiple of 4
 * @param out in/out: i32[3 × entries]: Σg of each entry, then Σh, then the rows
 */
export type PackedHistogramSumsKernel = (hist: number, entries: number, out: number) => void;

/**
 * Splits the rows of a leaf, keeping their order: first those whose bin is at most `bin` (and missing ones, if they go
 * left), then the others.
 *
 * @param bins in: u8, bins of the column
 * @param rows in: u32[n] positions
 * @param n in: rows
 * @param bin in: last bin that goes left, at most 254
 * @param missingLeft in: 1 when missing values go left, else 0
 * @param out out: u32[n]; `rows` itself, or no part of it
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
 * Splits the rows of a leaf by a set of bins, keeping their order: first those whose bin is in the set, then the others.
 *
 * @param bins in: u8, bins of the column
 * @param rows in: u32[n] positions
 * @param n in: rows
 * @param set in: u32[8], bit b mod 32 of word b / 32 is set for the bins that go left, missing values (255) among them
 * @param out out: u32[n]; `rows` itself, or no part of it
 * @param scratch scratch: u32[n]
 * @returns the number of rows that go left
 */
export type PartitionRowsBySetKernel = (
  bins: number,
  rows: number,
  n: number,
  set: number,
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

/** Bytes of scratch that `histogram` and `packedHistogram` need for rows of `stride` bytes. */
export function histogramScratchBytes(stride: number): number {
  // A tile of assembly/histogram.ts: 20 bytes a row, and the slack to a cache line.
  const places = 1024 * 20;
  // One of assembly/packed-histogram.ts: derivatives and whole rows.
  const copies = 1024 * 8 + Math.max(2 ** 15, 16 * stride);
  return Math.max(places, copies) + 64;
}
