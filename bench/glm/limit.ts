import type { DataSet } from "../harness/types.js";

/** A quarter of the bytes that the numbers of a data set and its label take. */
export function memoryLimitFor({ rows, columns }: Pick<DataSet, "rows" | "columns">): number {
  return Math.ceil((rows * (columns + 1) * 8) / 4);
}
