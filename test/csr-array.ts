import { DistributedArray } from "#src/collections/array/distributed-array.js";

/** Rows as a sparse array that stores what is not zero. */
export function csrArray(
  rows: readonly ArrayLike<number>[],
  partitions: number,
  cols: number = rows[0]!.length,
): DistributedArray {
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const row of rows) {
    Array.from(row).forEach((value, j) => {
      if (value === 0) return;
      indices.push(j);
      values.push(value);
    });
    indptr.push(indices.length);
  }
  return DistributedArray.fromCsr({ indptr, indices, values, cols }, { partitions });
}

/** {@link csrArray} of columns. */
export function csrOfColumns(columns: readonly ArrayLike<number>[], partitions: number): DistributedArray {
  const rows = Array.from(columns[0]!, (_, i) => columns.map((column) => column[i]!));
  return csrArray(rows, partitions);
}
