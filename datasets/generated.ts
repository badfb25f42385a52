import type { PlainRecord } from "../src/base/plain.js";
import type { ZodNamespace } from "../src/base/params.js";
import { DEFAULT_SEED } from "../src/base/rng.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { evenRows, partitionCount, startsOf } from "../src/collections/array/sources.js";
import { TaskPlan } from "../src/collections/plan.js";
import type { FnRef } from "../src/engine/engine.js";
import { ELEMENT_BYTES, type DType } from "../src/memory/dtype.js";

/** Rows a generator makes at a time: its scratch columns stay in the second-level cache. */
export const TILE_ROWS = 1024;

/** Options that every generator takes. */
export interface GeneratorOptions {
  /** Partitions of the result; about 8 MiB each unless given. The values do not depend on it. */
  readonly partitions?: number;
  /** The seed: equal seeds give equal data. 0 unless given. */
  readonly randomState?: number;
  /** Storage of the floating-point results: `"f64"` unless given. */
  readonly dtype?: "f64" | "f32";
}

/** The rules of {@link GeneratorOptions}. */
export function generatorRules(z: ZodNamespace) {
  return {
    partitions: z.int().min(1).optional().describe("number of partitions; about 8 MiB each unless given."),
    randomState: z.int().default(DEFAULT_SEED).describe("the seed: equal seeds give equal data."),
    dtype: z.enum(["f64", "f32"]).default("f64").describe("storage of the floating-point results."),
  };
}

/** Which rows of the whole a task makes. */
export interface RowRange {
  readonly start: number;
  readonly rows: number;
}

/** Row counts of the partitions of rows x width values. */
export function generatedLayout(
  owner: string,
  rows: number,
  width: number,
  dtype: DType,
  partitions: number | undefined,
): number[] {
  return evenRows(rows, partitionCount(owner, rows * width * ELEMENT_BYTES[dtype], partitions));
}

/** An array whose partitions are made by `fn(context, { ...args, start, rows })` where they are needed. */
export function generatedArray(options: {
  readonly label: string;
  readonly partitionRows: readonly number[];
  /** Columns; absent for a vector. */
  readonly width?: number;
  readonly dtype: DType;
  readonly fn: FnRef;
  readonly args: PlainRecord;
}): DistributedArray {
  const { label, partitionRows, width, dtype, fn, args } = options;
  const starts = startsOf(partitionRows);
  const total = partitionRows.reduce((sum, rows) => sum + rows, 0);
  const plan = new TaskPlan({
    label,
    partitions: partitionRows.length,
    inputs: [],
    bytes: total * (width ?? 1) * ELEMENT_BYTES[dtype],
    task: (index) => ({
      fn,
      args: { ...args, start: starts[index] ?? 0, rows: partitionRows[index] ?? 0 },
      inputs: [],
    }),
  });
  return new DistributedArray({ plan, partitionRows, innerShape: width === undefined ? [] : [width], dtype });
}

/** A vector whose partitions are made from those of X by `fn(context, { ...args, start, rows }, chunk)`. */
export function targetOf(
  X: DistributedArray,
  options: { readonly label: string; readonly dtype: DType; readonly fn: FnRef; readonly args: PlainRecord },
): DistributedArray {
  const partitionRows = X.partitionRows ?? [];
  const starts = startsOf(partitionRows);
  const bytes = (X.rows ?? 0) * ELEMENT_BYTES[options.dtype];
  const args = (index: number): PlainRecord => ({
    ...options.args,
    start: starts[index] ?? 0,
    rows: partitionRows[index] ?? 0,
  });
  const plan = TaskPlan.blockwise(X.plan, options.label, options.fn, args, bytes);
  return new DistributedArray({ plan, partitionRows, innerShape: [], dtype: options.dtype });
}

/** Calls `tile(from, to)` for the pieces of [0, rows) that a generator makes at a time. */
export function tiles(rows: number, tile: (from: number, to: number) => void): void {
  for (let from = 0; from < rows; from += TILE_ROWS) tile(from, Math.min(rows, from + TILE_ROWS));
}

/** For each of `counts` groups that follow one another, the place where it ends. */
export function groupEnds(counts: readonly number[]): number[] {
  let end = 0;
  return counts.map((count) => (end += count));
}

/** The group of a place: the first whose end lies above it. */
export function groupAt(ends: readonly number[], place: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place < (ends[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
