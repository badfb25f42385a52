import { isPlainObject } from "../base/plain.js";
import type { DType } from "./dtype.js";

/**
 * One column of values in an arena, as plain data: it crosses threads as it is. `block` is the allocation that holds it
 * (several columns may share one), `offset` the byte where its first value lies.
 */
export interface Column<D extends DType = DType> {
  readonly kind: "column";
  readonly arena: number;
  readonly block: number;
  readonly offset: number;
  readonly length: number;
  readonly dtype: D;
}

/** True for a {@link Column} record. */
export function isColumn(value: unknown): value is Column {
  return isPlainObject(value) && value["kind"] === "column";
}

/** A rows x columns piece of a matrix, column by column; all columns have one dtype and lie in one arena. */
export interface DenseChunk<D extends DType = DType> {
  readonly kind: "dense";
  readonly rows: number;
  readonly columns: readonly Column<D>[];
}

/** A sparse piece of a matrix in compressed rows; absent entries are zero. */
export interface CsrChunk {
  readonly kind: "csr";
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Column<"i32">;
  readonly indices: Column<"i32">;
  readonly values: Column<"f64">;
}

/** A piece of a matrix. */
export type MatrixChunk = DenseChunk | CsrChunk;

/** True for a {@link DenseChunk}. */
export function isDense(value: unknown): value is DenseChunk {
  return isPlainObject(value) && value["kind"] === "dense";
}

/** True for a {@link CsrChunk}. */
export function isCsr(value: unknown): value is CsrChunk {
  return isPlainObject(value) && value["kind"] === "csr";
}

/** The number of columns of a chunk. */
export function chunkWidth(chunk: MatrixChunk): number {
  return chunk.kind === "dense" ? chunk.columns.length : chunk.cols;
}

/** Every column inside a plain value, however deep. */
export function columnsIn(value: unknown, found: Column[] = []): Column[] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return found;
  if (isColumn(value)) found.push(value);
  else if (Array.isArray(value)) for (const item of value) columnsIn(item, found);
  else if (isPlainObject(value)) for (const item of Object.values(value)) columnsIn(item, found);
  return found;
}

/** A copy of a plain value with every column replaced by `change(column)`. */
export function mapColumns(value: unknown, change: (column: Column) => Column): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (isColumn(value)) return change(value);
  if (Array.isArray(value)) return value.map((item) => mapColumns(item, change));
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapColumns(item, change)]));
  }
  return value;
}

/** Bytes of the typed arrays and strings inside a plain value, columns not counted: what a message weighs. */
export function plainBytes(value: unknown): number {
  if (typeof value === "string") return value.length * 2;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (isColumn(value)) return 48;
  let total = 16;
  for (const item of Array.isArray(value) ? value : Object.values(value)) total += plainBytes(item);
  return total;
}
