import type { Column, MatrixChunk } from "../memory/column.js";

/** One partition of a fit: rows of X with their target and weight. */
export interface DesignChunk {
  readonly x: MatrixChunk;
  /** Targets as doubles. */
  readonly y?: Column<"f64">;
  /** Weights as doubles, none negative. */
  readonly w?: Column<"f64">;
  /** What is added to the linear predictor of each row. */
  readonly offset?: Column<"f64">;
  /** Number of the group that each row belongs to. */
  readonly groups?: Column<"f64">;
}
