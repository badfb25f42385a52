import { isPlainObject } from "../base/plain.js";
import { mapColumns, type Column, type DenseChunk } from "./column.js";
import type { DType, DTypeArrays } from "./dtype.js";
import type { Landing } from "./landing.js";
import type { Memory } from "./memory.js";

/** A column outside the arenas: its values in an ordinary typed array. What enters and leaves an engine. */
export interface HostColumn<D extends DType = DType> {
  readonly kind: "host-column";
  readonly dtype: D;
  readonly data: DTypeArrays[D];
}

/** True for a {@link HostColumn}. */
export function isHostColumn(value: unknown): value is HostColumn {
  return isPlainObject(value) && value["kind"] === "host-column";
}

/** Wraps a typed array. */
export function hostColumn<D extends DType>(dtype: D, data: DTypeArrays[D]): HostColumn<D> {
  return { kind: "host-column", dtype, data };
}

/** A dense chunk outside the arenas. */
export interface HostDense<D extends DType = DType> {
  readonly kind: "dense";
  readonly rows: number;
  readonly columns: readonly HostColumn<D>[];
}

/** A CSR chunk outside the arenas. */
export interface HostCsr {
  readonly kind: "csr";
  readonly rows: number;
  readonly cols: number;
  readonly indptr: HostColumn<"i32">;
  readonly indices: HostColumn<"i32">;
  readonly values: HostColumn<"f64">;
}

/** A copy of a plain value in which every column is a host column. */
export function copyToHost(memory: Memory, value: unknown): unknown {
  return mapColumns(value, (column) => hostColumn(column.dtype, memory.copyOut(column)) as unknown as Column);
}

/** The same without a copy: views of the arenas, valid as long as the columns' blocks. */
export function viewOnHost(memory: Memory, value: unknown): unknown {
  return mapColumns(value, (column) => hostColumn(column.dtype, memory.view(column)) as unknown as Column);
}

/**
 * A copy of a plain value in which every host column is a column of `memory`; dense chunks become one block. What is in
 * `landing` stays where it is.
 */
export function copyFromHost(memory: Memory, value: unknown, landing?: Landing): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (isHostColumn(value))
    return landing?.has(value) ? landing.column(value) : memory.columnFrom(value.dtype, value.data);
  if (Array.isArray(value)) return value.map((item) => copyFromHost(memory, item, landing));
  if (!isPlainObject(value)) return value;
  if (value["kind"] === "dense" && Array.isArray(value["columns"]) && value["columns"].every(isHostColumn)) {
    const dense = value as unknown as HostDense;
    // All or none: the columns of a chunk lie in one arena.
    if (landing && dense.columns.every((column) => landing.has(column)))
      return { ...dense, columns: dense.columns.map((column) => landing.column(column)) };
    return denseFromHost(memory, dense);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyFromHost(memory, item, landing)]));
}

function denseFromHost(memory: Memory, host: HostDense): DenseChunk {
  const dtype = host.columns[0]?.dtype ?? "f64";
  const chunk = memory.dense(dtype, host.rows, host.columns.length);
  host.columns.forEach((column, j) => {
    const target = chunk.columns[j] as Column;
    (memory.view(target) as Float64Array).set(column.data as Float64Array);
  });
  return chunk;
}
