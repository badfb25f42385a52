import { DataError, ParameterError, show } from "../../base/errors.js";
import type { DType } from "../../memory/dtype.js";
import { hostColumn } from "../../memory/host-column.js";
import type { ArrayParts } from "./array-parts.js";
import { hostColumnsPlan, hostCsrPlan, toHostColumn, type PartitionOptions } from "./sources.js";

/** Options of arrays made from local data. */
export interface LocalArrayOptions extends PartitionOptions {
  readonly dtype?: DType;
  /** Names of the columns. */
  readonly names?: readonly string[];
}

/** A row-major typed array. */
export type FlatData = Float64Array | Float32Array | Int32Array | Uint8Array;

/** A CSR matrix in ordinary arrays. */
export interface CsrArrays {
  readonly indptr: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly cols: number;
}

/** From a list of columns, or a record of them. @throws DataError for lengths that differ or a value that is no number */
export function partsOfColumns(
  owner: string,
  columns: readonly ArrayLike<unknown>[] | Readonly<Record<string, ArrayLike<unknown>>>,
  options: LocalArrayOptions,
): ArrayParts {
  const list = Array.isArray(columns) ? (columns as readonly ArrayLike<unknown>[]) : Object.values(columns);
  const names = Array.isArray(columns) ? options.names : Object.keys(columns);
  assertNames(owner, names, list.length);
  let host = list.map((data, j) => toHostColumn(owner, names?.[j] ?? j, data, options.dtype));
  // One chunk has one dtype: mixed columns become doubles.
  if (new Set(host.map((column) => column.dtype)).size > 1) {
    host = list.map((data, j) => toHostColumn(owner, names?.[j] ?? j, Array.from(data), "f64"));
  }
  const { plan, partitionRows } = hostColumnsPlan(owner, host, options);
  return { plan, partitionRows, innerShape: [host.length], dtype: host[0]?.dtype ?? "f64", names };
}

/** From a row-major typed array and its shape. @throws DataError when they do not fit */
export function partsOfFlat(
  owner: string,
  data: FlatData,
  shape: readonly number[],
  options: PartitionOptions,
): ArrayParts {
  const [rows = 0, ...inner] = shape;
  const width = inner.reduce((product, n) => product * n, 1);
  if (shape.length === 0 || rows * width !== data.length) {
    throw new DataError(`${owner}: the shape [${shape.join(", ")}] needs ${rows * width} values; got ${data.length}.`);
  }
  const Typed = data.constructor as new (length: number) => FlatData;
  const columns = Array.from({ length: width }, (_, j) => {
    const column = new Typed(rows);
    for (let i = 0; i < rows; i++) column[i] = data[i * width + j] ?? 0;
    return column;
  });
  return { ...partsOfColumns(owner, columns, options), innerShape: inner };
}

/** From a CSR matrix. @throws DataError where indptr or indices are not those of one */
export function partsOfCsr(
  owner: string,
  csr: CsrArrays,
  options: PartitionOptions & { readonly names?: readonly string[] },
): ArrayParts {
  const rows = csr.indptr.length - 1;
  const last = csr.indptr[rows] ?? 0;
  if (rows < 0 || csr.indptr[0] !== 0 || last !== csr.indices.length || last !== csr.values.length) {
    throw new DataError(
      `${owner}: indptr must start at 0 and end at the number of entries; it ends at ${last} with ${csr.indices.length} indices and ${csr.values.length} values.`,
    );
  }
  for (let i = 0; i < rows; i++) {
    if (!((csr.indptr[i + 1] ?? NaN) >= (csr.indptr[i] ?? NaN))) {
      throw new DataError(
        `${owner}: indptr must not decrease; row ${i} runs from ${csr.indptr[i]} to ${csr.indptr[i + 1]}.`,
        { details: { row: i } },
      );
    }
  }
  for (let k = 0; k < last; k++) {
    const j = csr.indices[k] ?? -1;
    if (!(Number.isInteger(j) && j >= 0 && j < csr.cols)) {
      throw new DataError(
        `${owner}: entry ${k} names column ${j}, but there are ${csr.cols} columns, numbered from 0.`,
      );
    }
  }
  assertNames(owner, options.names, csr.cols);
  const { plan, partitionRows } = hostCsrPlan(
    owner,
    {
      kind: "csr",
      rows,
      cols: csr.cols,
      indptr: hostColumn("i32", Int32Array.from(csr.indptr)),
      indices: hostColumn("i32", Int32Array.from(csr.indices)),
      values: hostColumn("f64", Float64Array.from(csr.values)),
    },
    options,
  );
  return { plan, partitionRows, innerShape: [csr.cols], dtype: "f64", layout: "csr", names: options.names };
}

/** Rows that arrive one by one or in batches, in lists of `size` rows (the last may be shorter). */
export async function* batchesOf(
  owner: string,
  source: AsyncIterable<ArrayLike<number> | readonly ArrayLike<number>[]>,
  size: number,
): AsyncGenerator<ArrayLike<number>[]> {
  if (!Number.isInteger(size) || size < 1)
    throw new ParameterError(`${owner}: partitionRows must be an integer >= 1; got ${show(size)}.`);
  let rows: ArrayLike<number>[] = [];
  for await (const item of source) {
    // An empty batch; a row has at least one value.
    if (item.length === 0) continue;
    // One by one: a large batch does not fit the argument list of push.
    if (typeof item[0] === "object") for (const row of item as readonly ArrayLike<number>[]) rows.push(row);
    else rows.push(item as ArrayLike<number>);
    let from = 0;
    for (; rows.length - from >= size; from += size) yield rows.slice(from, from + size);
    if (from > 0) rows = rows.slice(from);
  }
  if (rows.length > 0) yield rows;
}

function assertNames(owner: string, names: readonly string[] | undefined, width: number): void {
  if (!names) return;
  // No columns at all is what an empty list of rows looks like; its names stay unused.
  if (names.length !== width && width > 0)
    throw new DataError(`${owner}: there are ${width} columns but ${names.length} names. Give each column one.`);
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined)
    throw new DataError(`${owner}: two columns are called ${show(twice)}. Give each its own name.`, {
      details: { column: twice },
    });
}
