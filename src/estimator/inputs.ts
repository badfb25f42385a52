import { closest, DataError, show } from "../base/errors.js";
import { isPlainObject, isTypedArray } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import type { ArrayConvertible } from "../collections/array/frame-like.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FittedInput } from "./estimator.js";

/** Rows in this process: an array of rows, a record of columns, a {@link LocalMatrix}, or an ml-matrix `Matrix`. */
export type LocalInput =
  | readonly ArrayLike<number>[]
  | Readonly<Record<string, ArrayLike<number>>>
  | LocalMatrix
  | { readonly rows: number; readonly columns: number; get(row: number, column: number): number };

/** Rows where they are: a distributed array, or a frame of numeric columns. */
export type DistributedInput = DistributedArray | ArrayConvertible;

/** What estimators take as X. */
export type MatrixInput = LocalInput | DistributedInput;

/** One number a row: targets, weights. */
export type VectorInput = ArrayLike<number> | DistributedInput;

/** What classifiers take as y: labels of one type. */
export type LabelInput = ArrayLike<number> | ArrayLike<string> | ArrayLike<boolean> | DistributedInput;

/** A frame can say what it is called and be told apart from an array by its `toArray`. */
function isConvertible(value: unknown): value is ArrayConvertible {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { toArray?: unknown }).toArray === "function" &&
    !(value instanceof DistributedArray)
  );
}

/** True for rows that are in this process. */
export function isLocal(x: MatrixInput): x is LocalInput {
  return !(x instanceof DistributedArray) && !isConvertible(x);
}

/**
 * X as a distributed array; starts nothing.
 * @param fitted the fit whose columns X has to have, where there is one: what `partialFit` starts with
 * @throws DataError for something that is not rows of numbers, and for other columns than those of `fitted`
 */
export function toMatrix(owner: string, x: MatrixInput, fitted?: FittedInput): DistributedArray {
  const matrix = matrixOf(owner, x);
  if (fitted) checkColumns(owner, matrix, fitted);
  return matrix;
}

function matrixOf(owner: string, x: MatrixInput): DistributedArray {
  if (x instanceof DistributedArray) return asMatrix(owner, x);
  if (isConvertible(x)) return asMatrix(owner, x.toArray());
  if (x instanceof LocalMatrix) {
    const array = DistributedArray.fromColumns(x.columns, x.names ? { names: x.names } : {});
    return new DistributedArray({ ...array, innerShape: [x.columns.length] });
  }
  if (Array.isArray(x)) {
    if (x.length > 0 && typeof x[0] === "number") {
      throw new DataError(
        `${owner}: X is a list of numbers, not of rows. Pass [[1], [2]] for one column, or [[1, 2]] for one row.`,
      );
    }
    return DistributedArray.fromRows(x as readonly ArrayLike<number>[]);
  }
  if (isTypedArray(x))
    throw new DataError(
      `${owner}: X is one typed array. Pass columns by name ({ x }) or DistributedArray.fromFlat(data, shape).`,
    );
  if (
    typeof x === "object" &&
    x !== null &&
    "get" in x &&
    typeof x.get === "function" &&
    "rows" in x &&
    typeof x.rows === "number"
  ) {
    return DistributedArray.fromMatrix(x as { rows: number; columns: number; get(i: number, j: number): number });
  }
  if (isPlainObject(x)) return DistributedArray.fromColumns(x as Record<string, ArrayLike<number>>);
  throw new DataError(`${owner}: X must be rows, columns, a frame or a distributed array; got ${show(x)}.`);
}

function asMatrix(owner: string, x: DistributedArray): DistributedArray {
  if (x.innerShape.length === 1) return x;
  if (x.innerShape.length === 0)
    throw new DataError(
      `${owner}: X is a vector. Pass a matrix: array.columns([0]) of a wider array, or rows of one value.`,
    );
  return new DistributedArray({ ...x, innerShape: [x.width] });
}

/** How rows are cut into partitions: arrays and frames know it of themselves. */
export type Cut = Pick<DistributedArray, "partitions" | "partitionRows" | "rows">;

/** A vector (one number a row) as a distributed array, cut like `like`. */
export function toVector(owner: string, name: string, values: VectorInput, like?: Cut): DistributedArray {
  let vector: DistributedArray;
  if (values instanceof DistributedArray) vector = values;
  else if (isConvertible(values)) vector = values.toArray();
  else
    vector = DistributedArray.fromVector(
      values,
      like?.partitions === undefined ? {} : { partitions: Math.max(1, like.partitions) },
    );
  if (vector.width !== 1)
    throw new DataError(`${owner}: ${name} has ${vector.width} columns; it needs one number a row.`);
  return like ? alignTo(owner, name, vector, like) : vector;
}

/** Refuses a fit without targets, which plain JavaScript would let through. @throws DataError */
export function requireTarget(owner: string, y: unknown): void {
  if (y === undefined || y === null)
    throw new DataError(`${owner}: y is missing; got ${String(y)}. Pass one target for each row of X.`);
}

function alignTo(owner: string, name: string, vector: DistributedArray, like: Cut): DistributedArray {
  if (vector.rows !== undefined && like.rows !== undefined && vector.rows !== like.rows) {
    throw new DataError(`${owner}: X has ${like.rows} rows but ${name} has ${vector.rows}. They need the same number.`);
  }
  if (vector.partitionRows && like.partitionRows) return vector.repartitionLike(like.partitionRows);
  if (vector.partitions !== like.partitions) {
    throw new DataError(
      `${owner}: X has ${like.partitions} partitions and ${name} ${vector.partitions}, and their row counts are not known, so they cannot be matched. ` +
        "Take both from one collection, or call withKnownRows() on both.",
    );
  }
  return vector;
}

/** A missing name with the one among `there` that was probably meant. */
function withClosest(name: string, there: readonly string[]): string {
  const near = closest(name, there);
  return near === undefined ? show(name) : `${show(name)} (is it ${show(near)}?)`;
}

/**
 * Checks that X has the columns of the fit: their number, and names and order where both have names.
 * @throws DataError naming the first missing, unexpected or misplaced column
 */
export function checkColumns(owner: string, x: Pick<DistributedArray, "names" | "width">, fitted: FittedInput): void {
  const names = fitted.featureNames;
  if (names && x.names) {
    const own = x.names;
    // What nearly every call has: names that are compared in one go.
    if (own.length === names.length && names.every((name, j) => name === own[j])) return;
    const missing = names.filter((name) => !x.names?.includes(name));
    const extra = x.names.filter((name) => !names.includes(name));
    if (missing.length > 0 || extra.length > 0) {
      throw new DataError(
        `${owner}: X has other columns than in fit.${missing.length > 0 ? ` Missing: ${missing.map((name) => withClosest(name, extra)).join(", ")}.` : ""}` +
          `${extra.length > 0 ? ` Not seen in fit: ${extra.map(show).join(", ")}.` : ""} Select the columns of the fit.`,
        { details: { column: missing[0] ?? extra[0] ?? "" } },
      );
    }
    const at = names.findIndex((name, j) => name !== x.names?.[j]);
    if (at >= 0) {
      throw new DataError(
        `${owner}: X has the columns of the fit in another order: column ${at} is ${show(x.names[at])}, in fit it was ${show(names[at])}. Use select() to put them in order.`,
        { details: { column: names[at] ?? at } },
      );
    }
    return;
  }
  if (x.width !== fitted.nFeatures) {
    throw new DataError(
      `${owner}: X has ${x.width} columns, but the fit saw ${fitted.nFeatures}. Pass the same columns.`,
    );
  }
}
