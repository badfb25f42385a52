import { CounterRng } from "../base/rng.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { DType } from "../memory/dtype.js";
import type { TestSubject } from "./subject.js";

/** Rows for a check: three columns of different scale, two of them related, and a target that depends on them. */
export interface CheckData {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly y: Float64Array;
  readonly rows: number;
}

/** A check's data in partitions. */
export interface CutData {
  readonly X: DistributedArray;
  readonly y: DistributedArray;
  readonly w: DistributedArray | undefined;
}

/**
 * Seeded rows for a subject. Every value is one that float32 holds exactly, so that f32 and f64 inputs are the same
 * numbers; column "c" is zero in about half of the rows, so that it can be sparse.
 */
export function checkData(subject: Pick<TestSubject, "task" | "target">, rows = 120, seed = 7): CheckData {
  const rng = new CounterRng(seed, "estimator checks");
  const a = Float64Array.from({ length: rows }, (_, i) => Math.fround(rng.normal(i, 0)));
  const b = Float64Array.from({ length: rows }, (_, i) => Math.fround(100 + 20 * rng.normal(i, 1)));
  const c = Float64Array.from({ length: rows }, (_, i) =>
    rng.uniform(i, 2) < 0.5 ? 0 : Math.fround(0.5 * (a[i] ?? 0) + 0.1 * rng.normal(i, 3)),
  );
  const signal = (i: number): number => 1.5 * (a[i] ?? 0) - 0.04 * ((b[i] ?? 0) - 100) + 2 * (c[i] ?? 0);
  const y = Float64Array.from({ length: rows }, (_, i) => {
    if (subject.task === "classifier") {
      const second = Number(rng.uniform(i, 4) < 1 / (1 + Math.exp(-signal(i))));
      return subject.target === "three classes"
        ? second + Number(rng.uniform(i, 5) < 1 / (1 + Math.exp(-3 * signal(i))))
        : second;
    }
    const noisy = signal(i) + 0.3 * rng.normal(i, 4);
    return Math.fround(subject.target === "positive" ? Math.exp(0.3 * noisy) : 3 + noisy);
  });
  return { names: ["a", "b", "c"], columns: [a, b, c], y, rows };
}

/** The rows at these positions, in this order. */
export function takeRows(data: CheckData, rows: readonly number[]): CheckData {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(rows, (i) => values[i] ?? NaN);
  return { ...data, columns: data.columns.map(pick), y: pick(data.y), rows: rows.length };
}

/** As rows of numbers in this process. */
export function asRows(data: CheckData): number[][] {
  return Array.from({ length: data.rows }, (_, i) => data.columns.map((column) => column[i] ?? NaN));
}

/** Cut into partitions of these row counts (0 for an empty one); they have to sum to the rows. */
export function cut(
  data: CheckData,
  counts: readonly number[],
  options: { w?: Float64Array; dtype?: DType; names?: boolean } = {},
): CutData {
  let at = 0;
  const parts = counts.map((count) => {
    const slice = (values: Float64Array): Float64Array => values.subarray(at, at + count);
    const dtype = options.dtype ? { dtype: options.dtype } : {};
    const part = {
      X: DistributedArray.fromColumns(data.columns.map(slice), {
        partitions: 1,
        ...dtype,
        ...(options.names === false ? {} : { names: data.names }),
      }),
      y: DistributedArray.fromVector(slice(data.y), { partitions: 1 }),
      w: options.w ? DistributedArray.fromVector(slice(options.w), { partitions: 1 }) : undefined,
    };
    at += count;
    return part;
  });
  return {
    X: DistributedArray.concat(parts.map((part) => part.X)),
    y: DistributedArray.concat(parts.map((part) => part.y)),
    w: options.w ? DistributedArray.concat(parts.map((part) => part.w).filter((w) => w !== undefined)) : undefined,
  };
}

/** `rows` in `parts` nearly equal counts. */
export function evenly(rows: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, i) => Math.floor(((i + 1) * rows) / parts) - Math.floor((i * rows) / parts));
}

/** The ways of cutting rows that must not matter. */
export function layouts(rows: number): Readonly<Record<string, readonly number[]>> {
  return {
    "1 partition": [rows],
    "2 partitions": evenly(rows, 2),
    "7 partitions": evenly(rows, 7),
    "uneven partitions": [1, rows - 12, 3, 8],
    "empty partitions": [0, 5, 0, 0, rows - 6, 1, 0],
    "partitions of one row": Array.from({ length: rows }, () => 1),
  };
}

/** The same array with its row counts not known before it runs. */
export function forgetRows(array: DistributedArray): DistributedArray {
  return new DistributedArray({ ...array, partitionRows: undefined });
}

/** The columns in compressed rows. */
export function asCsr(data: CheckData, partitions: number): DistributedArray {
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < data.rows; i++) {
    data.columns.forEach((column, j) => {
      const value = column[i] ?? 0;
      if (value === 0) return;
      indices.push(j);
      values.push(value);
    });
    indptr.push(indices.length);
  }
  return DistributedArray.fromCsr(
    { indptr, indices, values, cols: data.columns.length },
    { partitions, names: data.names },
  );
}
