import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { evenRows } from "#src/collections/array/sources.js";
import type { GoldenData } from "../golden/load-golden.js";

/** How rows are cut: one partition, two, seven uneven ones, some of them empty. */
export const layouts: Record<string, (rows: number) => number[]> = {
  "one partition": (rows) => [rows],
  "two partitions": (rows) => evenRows(rows, 2),
  "seven uneven partitions": (rows) => {
    const sizes = [1, 2, 3, 5, 8, 13];
    return [...sizes, rows - sizes.reduce((sum, n) => sum + n, 0)];
  },
  "empty partitions": (rows) => [0, 10, 0, 0, rows - 10, 0],
};

/** A vector cut like `layout` says. */
export function vector(
  values: ArrayLike<number>,
  layout: (rows: number) => number[] = layouts["one partition"] as never,
): DistributedArray {
  return DistributedArray.fromVector(values).repartitionLike(layout(values.length));
}

/** A matrix from columns, cut like `layout` says. */
export function matrix(columns: readonly ArrayLike<number>[], layout: (rows: number) => number[]): DistributedArray {
  return DistributedArray.fromColumns(columns).repartitionLike(layout(columns[0]?.length ?? 0));
}

/** The same array, as if nobody knew its row counts. */
export function uncounted(array: DistributedArray): DistributedArray {
  return new DistributedArray({ ...array, partitionRows: undefined });
}

/** Labels of a golden case. */
export function labels(data: GoldenData, key: "yTrue" | "yPred"): number[] {
  return data[key] as number[];
}

/** Largest difference relative to the larger side; 0 for equal values. */
export function relative(a: number, b: number): number {
  return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
}
