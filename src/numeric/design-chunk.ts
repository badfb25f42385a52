import type { Column, MatrixChunk } from "../memory/column.js";

/** One partition of a fit: rows of X with their target and weight. */
export interface DesignChunk {
  readonly x: MatrixChunk;
  /** Targets as doubles. */
  readonly y?: Column<"f64">;
  /** Weights as doubles, none negative. */
  readonly w?: Column<"f64">;
}
