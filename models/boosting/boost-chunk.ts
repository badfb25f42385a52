import type { Column } from "../../src/memory/column.js";

/** One partition of a fit after binning: the raw columns are not needed any more. */
export interface BinnedChunk {
  readonly rows: number;
  /** Bytes of a row of bins. */
  readonly stride: number;
  /** Bins row by row, `stride` bytes each. */
  readonly bins: Column<"u8">;
  /** Columns of bins. */
  readonly width: number;
  /** The same bins column by column, `rows` bytes each. One block, because every round's messages name its parts. */
  readonly columns: Column<"u8">;
  readonly y: Column<"f64">;
  readonly w?: Column<"f64">;
  /** Margins to start from, a column an output. */
  readonly base?: readonly Column<"f64">[];
}

/**
 * A chunk of a fit between two rounds. Rounds make new chunks and never change one, because a lost one is made again by the
 * same tasks; what does not change is shared.
 */
export interface BoostChunk extends BinnedChunk {
  /** Number of the first row in the whole data. */
  readonly firstRow: number;
  /** Rows that trees are grown on. */
  readonly train: Column<"i32">;
  /** Rows that only measure the score. */
  readonly held: Column<"i32">;
  /** 1 for each of `held`, where there are any. */
  readonly heldOut?: Column<"u8">;
  /** First row of each group, and the number of rows at the end; for rankings. */
  readonly groups?: Int32Array;
  /** The sum of the trees so far for each row, a column an output. */
  readonly margins: readonly Column<"f64">[];
}

/** A {@link BoostChunk} with losses and derivatives in doubles, whose integers wait for bounds over all chunks. */
export interface DerivedChunk extends BoostChunk {
  /** First and second derivative, a column an output. */
  readonly g: readonly Column<"f64">[];
  readonly h: readonly Column<"f64">[];
  readonly losses: Column<"f64">;
  /** The largest |g|, h and |loss|. */
  readonly most: Float64Array;
}

/** A {@link BoostChunk} while a tree grows. */
export interface GrowingChunk extends BoostChunk {
  /** Integer derivatives: two a row, or both packed in one. */
  readonly pairs: Column<"i32">;
  /** Whether `pairs` are packed. */
  readonly packed: boolean;
  /** The same of the outputs whose trees come after in this round. */
  readonly later: readonly Column<"i32">[];
  /** Rows that this round's trees are grown on. */
  readonly root: Column<"i32">;
  /** Rows that they are not grown on, but that move with them. */
  readonly rest: Column<"i32">;
  /** `root` ordered by leaf. */
  readonly order: Column<"i32">;
  /** Where in `order` the rows of each node start, and how many they are. */
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** What the gradient kernel tells: the largest |residual|, and scores of `train` and `held` as integers. */
  readonly scores: Float64Array;
}
