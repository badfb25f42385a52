/*
 * Types of the kernels that evaluate trees: over bins while boosting, over columns of values for predictions. The
 * conventions of all kernels stand at `Kernels` in kernels.ts.
 */

/** Bytes of a set of bins: a bit for each of 256. */
export const CATEGORY_SET_BYTES = 32;

/** Bits of the word of a node's column; what is left of it is the column. */
export const nodeFlag = {
  /** Missing values go left. */
  missingLeft: 0x80000000,
  /** The node has a set of category codes in the place of a threshold. */
  categorical: 0x40000000,
  /** Codes outside of the node's set of bits go left. */
  otherLeft: 0x20000000,
} as const;

/** Most columns that a node can name. */
export const MAX_TREE_COLUMNS = 0x20000000;

/**
 * Adds a tree's values to the margins of some rows, by their bins.
 *
 * @param bins in: u8, bins in rows
 * @param stride in: bytes of a row
 * @param rows in: u32[n] positions
 * @param n in: rows
 * @param nodes in: i32[4 a node]: column (−1 for a leaf), last bin that goes left (or −1 − s for the set s of bins that
 * go left), left child (the right one follows it), 1 when missing values go left (a set has a bit of its own for them)
 * @param sets in: sets of bins, 32 bytes each: bit b of a set is bit b mod 8 of its byte b / 8; 0 where there are none
 * @param values in: f64, value of each node
 * @param margin in/out: f64
 */
export type AddTreeBinsKernel = (
  bins: number,
  stride: number,
  rows: number,
  n: number,
  nodes: number,
  sets: number,
  values: number,
  margin: number,
) => void;

/**
 * Adds trees to the outputs of each row: tree t adds the value of the row's leaf to output t mod outputs, in the order of
 * the trees.
 *
 * A node has 16 bytes: f64 threshold, u32 column with the bits of `nodeFlag`, u32 left child (the right one follows it).
 * A value goes left when it is at most the threshold; NaN are missing. A categorical node has u32 first word and u32
 * words of its set in the place of the threshold: code c (the value cut to a whole number) goes left when bit c mod 32 of
 * word c / 32 is set; negative codes and codes beyond the words go left with `otherLeft`. A leaf is its own left child,
 * with threshold +Infinity, column 0, and missing values to the left. Children are numbered from the tree's first node.
 *
 * @param cols in: table of columns
 * @param nCols in: columns
 * @param n in: rows
 * @param nodes in: the nodes of all trees
 * @param values in: f64, value of each node
 * @param categories in: u32, words of the sets of categories; 0 where there are none
 * @param roots in: u32[nTrees + 1], the first node of each tree
 * @param nTrees in: trees
 * @param outputs in: outputs
 * @param outs in: u32[outputs], table of outputs; each is in/out: f64[n]
 * @param scratch scratch: `treeScratchBytes(nCols)`
 */
export type TreePredictKernel = (
  cols: number,
  nCols: number,
  n: number,
  nodes: number,
  values: number,
  categories: number,
  roots: number,
  nTrees: number,
  outputs: number,
  outs: number,
  scratch: number,
) => void;

/** Bytes of scratch that `treePredictF64` and `treePredictF32` need. */
export function treeScratchBytes(nCols: number): number {
  // BLOCK_ROWS of assembly/trees.ts.
  return 64 * 8 * Math.max(1, nCols) + 64;
}

/** What a plane of bytes holds; see {@link LeafSetPredictKernel}. */
export const planeKind = {
  /** Thresholds below the value less 127, missing values −128. */
  missingLow: 0,
  /** The same with missing values 127. */
  missingHigh: 1,
  /** The plane before, with 127 for missing values. */
  raised: 2,
  /** −128 for codes in the set, which go left, and 127 for others. */
  category: 3,
} as const;

/** Bits of a category plane's kind. */
export const planeFlag = { missingLeft: 0x100, otherLeft: 0x200 } as const;

/** Most thresholds of a plane. */
export const PLANE_THRESHOLDS = 254;

/** Bytes from one plane to the next. */
export const PLANE_ROWS = 512;

/**
 * Adds trees to the outputs of each row as `TreePredictKernel` does, by sets of leaves (Lucchese et al., "QuickScorer",
 * 2015): a split that sends a row to the right takes the leaves of its left side out of the row's set, whatever the order
 * of the splits, and the first leaf that is left is the row's. Values become bytes first, the number of thresholds below
 * each, so that 16 rows are compared at once.
 *
 * @param cols in: table of columns
 * @param n in: rows
 * @param planes in: u32[4 · nPlanes]: column, kind (`planeKind`, `planeFlag`), first threshold (or word of the set), and
 * their number, at most `PLANE_THRESHOLDS` thresholds
 * @param nPlanes in: planes
 * @param thresholds in: f64, of each plane ascending
 * @param categories in: u32, words of the sets of categories
 * @param splits in: 8 bytes a split: u32 byte of its plane (`PLANE_ROWS` times its number), i8 what is above it goes
 * right, u8 the leaves that this takes out, of eight
 * @param program in: u32, for each tree: the number of its groups of eight leaves, then for each group from the last to
 * the first the end of its splits
 * @param values in: f64, for each tree eight a group: the values of its leaves from left to right
 * @param nTrees in: trees
 * @param outputs in: outputs
 * @param firstOutput in: output of the first tree
 * @param outs in: u32[outputs], table of outputs; each is in/out: f64[n]
 * @param scratch scratch: `leafSetScratchBytes(nPlanes)`
 */
export type LeafSetPredictKernel = (
  cols: number,
  n: number,
  planes: number,
  nPlanes: number,
  thresholds: number,
  categories: number,
  splits: number,
  program: number,
  values: number,
  nTrees: number,
  outputs: number,
  firstOutput: number,
  outs: number,
  scratch: number,
) => void;

/** Bytes of scratch that `leafSetPredictF64` and `leafSetPredictF32` need. */
export function leafSetScratchBytes(nPlanes: number): number {
  // The leaves of 64 rows, and the slack to a cache line.
  return PLANE_ROWS * nPlanes + 64 + 64;
}

/** Bytes of a step of a path; see {@link ShapPathsKernel}. */
export const SHAP_STEP_BYTES = 40;

/** Bits of a step's kind. */
export const shapFlag = { missing: 1, category: 2, other: 4 } as const;

/**
 * Adds what each column contributes to the outputs of each row (Shapley values of trees; Lundberg et al. 2018, algorithm 2,
 * by another way). A leaf of value v whose path asks about columns k, each of which a row satisfies (o_k = 1) or not (0), and
 * which the share z_k of the training rows satisfied, gives column j
 * `v (o_j − z_j) ∫₀¹ Π_{k≠j} (t·o_k + (1 − t)·z_k) dt`. The integrand is a polynomial, which Gauss's quadrature integrates
 * exactly: with ⌈d / 2⌉ points for a path of d columns.
 *
 * A step has 40 bytes: f64 low, f64 high, f64 share, u32 column, u32 kind, u32 first word and u32 words of a set. A value
 * satisfies it when it is above low and at most high, and with `shapFlag.category` when its code's bit is set (codes beyond
 * the words with `shapFlag.other`); NaN with `shapFlag.missing`.
 *
 * @param cols in: table of columns
 * @param n in: rows
 * @param leaves in: u32[4 · nLeaves]: output, first step, number of steps, and 0
 * @param values in: f64[nLeaves]
 * @param nLeaves in: leaves of all trees
 * @param steps in: the steps of all paths, those of a path of different columns
 * @param categories in: u32, words of sets
 * @param points in: f64, for 1, 2, ... points in turn: each point in [0, 1] and its weight
 * @param nCols in: columns of the output
 * @param outs in: u32[outputs × nCols], table of columns; each is in/out: f64[n]
 * @param scratch scratch: `shapScratchBytes(most steps of a path)`
 */
export type ShapPathsKernel = (
  cols: number,
  n: number,
  leaves: number,
  values: number,
  nLeaves: number,
  steps: number,
  categories: number,
  points: number,
  nCols: number,
  outs: number,
  scratch: number,
) => void;

/** Bytes of scratch that `shapPathsF64` and `shapPathsF32` need. */
export function shapScratchBytes(mostSteps: number): number {
  return 64 * Math.max(1, mostSteps) + 64;
}
