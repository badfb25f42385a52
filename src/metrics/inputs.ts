import { DataError, show } from "../base/errors.js";
import { isTypedArray } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { meet } from "../collections/array/meet.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import { columnsOfRows, hostColumnsPlan, toHostColumn } from "../collections/array/sources.js";

/** A collection that can become an array: a column of a frame, a frame of numeric columns, an Arrow vector. */
export interface ToArray {
  toArray(): unknown;
}

/** Numbers for a metric: an array of any kind, a typed array, a plain array, rows of numbers, or a frame's column. */
export type MetricValues =
  | DistributedArray
  | LocalMatrix
  | ArrayLike<number>
  | ArrayLike<bigint>
  | readonly boolean[]
  | readonly ArrayLike<number>[]
  | ToArray;

/** Labels for a metric: {@link MetricValues}, or a plain array of texts. */
export type LabelValues = MetricValues | readonly string[];

/**
 * Anything that counts as numbers, as a distributed array; nothing is computed. A plain array of numbers becomes a
 * vector, an array of rows a
 * matrix.
 * @param owner the metric, @param name the argument: for messages
 * @throws DataError naming the metric, the argument and the row of what is not a number
 */
export function toDistributed(owner: string, name: string, value: unknown): DistributedArray {
  if (value instanceof DistributedArray) return value;
  if (value instanceof LocalMatrix) return fromColumns(owner, name, value.columns, value.innerShape);
  if (Array.isArray(value)) {
    if (isTypedArray(value[0]) || Array.isArray(value[0])) {
      const columns = columnsOfRows(`${owner}: ${name}`, value as ArrayLike<unknown>[]);
      return fromColumns(owner, name, columns, [columns.length]);
    }
    return fromColumns(owner, name, [value], []);
  }
  if (isTypedArray(value)) return fromColumns(owner, name, [value], []);
  if (typeof value === "object" && value !== null && "toArray" in value && typeof value.toArray === "function") {
    const array: unknown = value.toArray();
    if (array instanceof DistributedArray || Array.isArray(array) || isTypedArray(array))
      return toDistributed(owner, name, array);
  }
  throw new DataError(
    `${owner}: ${name} must be an array, a typed array, a DistributedArray or a DistributedSeries; got ${show(value)}.`,
  );
}

/** True when the values were given in this process: then they are cut like the others, not the others like them. */
export function isLocal(value: unknown): boolean {
  return Array.isArray(value) || isTypedArray(value) || value instanceof LocalMatrix;
}

function fromColumns(
  owner: string,
  name: string,
  columns: readonly ArrayLike<unknown>[],
  innerShape: readonly number[],
): DistributedArray {
  const host = columns.map((data, j) => toHostColumn(owner, columns.length > 1 ? `${name}[${j}]` : name, data));
  const { plan, partitionRows } = hostColumnsPlan(`${owner}(${name})`, host, {});
  return new DistributedArray({ plan, partitionRows, innerShape, dtype: host[0]?.dtype ?? "f64" });
}

/** An input under its name. */
export interface NamedInput {
  readonly name: string;
  readonly array: DistributedArray;
  readonly local: boolean;
}

/**
 * The inputs with partitions that hold the same rows: all are cut like the widest one that lives in partitions, so that
 * the
 * most bytes stay where they are. Row counts that nobody knows are compared partition by partition when the pass runs.
 * @throws DataError naming both arguments and their lengths
 */
export function aligned(owner: string, inputs: readonly NamedInput[]): DistributedArray[] {
  const remote = inputs.filter((input) => !input.local);
  const base = (remote.length > 0 ? remote : inputs).reduce((best, input) =>
    input.array.width > best.array.width ? input : best,
  );
  const counted = inputs.filter((input) => input.array.rows !== undefined);
  for (const input of counted) {
    const [first] = counted;
    if (first && input.array.rows !== first.array.rows) throw lengthError(owner, first, input);
  }
  return inputs.map((input) =>
    input === base ? input.array : meet(`${owner}(${base.name}, ${input.name})`, base.array, input.array),
  );
}

function lengthError(owner: string, a: NamedInput, b: NamedInput): DataError {
  return new DataError(
    `${owner}: ${a.name} has ${a.array.rows} rows but ${b.name} has ${b.array.rows}. Both need the same rows in the same order.`,
  );
}

/** @throws DataError unless every row of `array` is one number */
export function requireVector(owner: string, name: string, array: DistributedArray | undefined): void {
  if (array && array.width !== 1) {
    throw new DataError(
      `${owner}: ${name} must have one value a row; it has ${array.width} columns. Select one with column(...).`,
    );
  }
}
