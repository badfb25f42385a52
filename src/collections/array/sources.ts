import { DataError, ParameterError, show } from "../../base/errors.js";
import { isTypedArray } from "../../base/plain.js";
import type { DType, DTypeArrays } from "../../memory/dtype.js";
import { ELEMENT_BYTES } from "../../memory/dtype.js";
import { hostColumn, type HostColumn, type HostCsr, type HostDense } from "../../memory/host-column.js";
import { HostPlan } from "../plan.js";

/** A partition's size when the caller does not say: small enough for several to fit a core's share, big enough to be worth a task. */
const PARTITION_BYTES = 8 * 2 ** 20;

/** How local data are cut into partitions. */
export interface PartitionOptions {
  /** How many partitions; about 8 MiB each unless given. */
  readonly partitions?: number;
}

/** Rows of each of `partitions` nearly equal parts, larger ones first. */
export function evenRows(rows: number, partitions: number): number[] {
  const base = Math.floor(rows / partitions);
  const extra = rows % partitions;
  return Array.from({ length: partitions }, (_, i) => base + (i < extra ? 1 : 0));
}

/** The number of partitions for `bytes` of local data. @throws ParameterError unless a positive integer is asked for */
export function partitionCount(owner: string, bytes: number, asked: number | undefined): number {
  if (asked === undefined) return Math.max(1, Math.ceil(bytes / PARTITION_BYTES));
  if (Number.isInteger(asked) && asked > 0) return asked;
  throw new ParameterError(`${owner}: partitions must be an integer >= 1; got ${show(asked)}.`);
}

/** A plan over typed arrays that stay where they are until a run needs them. */
export function hostColumnsPlan(
  label: string,
  columns: readonly HostColumn[],
  options: PartitionOptions,
): { plan: HostPlan; partitionRows: number[] } {
  const rows = columns[0]?.data.length ?? 0;
  columns.forEach((column, j) => {
    if (column.data.length !== rows) {
      throw new DataError(
        `${label}: column 0 has ${rows} rows but column ${j} has ${column.data.length}. All columns need the same length.`,
        {
          details: { column: j },
        },
      );
    }
  });
  const bytes = columns.reduce((sum, column) => sum + column.data.length * ELEMENT_BYTES[column.dtype], 0);
  const partitionRows = evenRows(rows, partitionCount(label, bytes, options.partitions));
  const starts = startsOf(partitionRows);
  const plan = new HostPlan(label, partitionRows.length, bytes, (index) => {
    const from = starts[index] ?? 0;
    const to = from + (partitionRows[index] ?? 0);
    const part: HostDense = {
      kind: "dense",
      rows: to - from,
      columns: columns.map((column) => hostColumn(column.dtype, (column.data as Float64Array).subarray(from, to))),
    };
    return part as never;
  });
  return { plan, partitionRows };
}

/** A plan over a CSR matrix in ordinary memory. */
export function hostCsrPlan(
  label: string,
  csr: HostCsr,
  options: PartitionOptions,
): { plan: HostPlan; partitionRows: number[] } {
  const bytes = csr.values.data.length * 12 + csr.indptr.data.length * 4;
  const partitionRows = evenRows(csr.rows, partitionCount(label, bytes, options.partitions));
  const starts = startsOf(partitionRows);
  const plan = new HostPlan(label, partitionRows.length, bytes, (index) => {
    const from = starts[index] ?? 0;
    const rows = partitionRows[index] ?? 0;
    const first = csr.indptr.data[from] ?? 0;
    const last = csr.indptr.data[from + rows] ?? 0;
    const part: HostCsr = {
      kind: "csr",
      rows,
      cols: csr.cols,
      indptr: hostColumn(
        "i32",
        csr.indptr.data.slice(from, from + rows + 1).map((at) => at - first),
      ),
      indices: hostColumn("i32", csr.indices.data.subarray(first, last)),
      values: hostColumn("f64", csr.values.data.subarray(first, last)),
    };
    return part as never;
  });
  return { plan, partitionRows };
}

/** Start row of each partition. */
export function startsOf(partitionRows: readonly number[]): number[] {
  let at = 0;
  return partitionRows.map((rows) => {
    const start = at;
    at += rows;
    return start;
  });
}

/** The dtype in which a typed array is stored. */
export function dtypeOf(data: unknown): DType | undefined {
  if (data instanceof Float64Array) return "f64";
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof BigInt64Array) return "i64";
  if (data instanceof Uint8Array) return "u8";
  return undefined;
}

/**
 * Any list of numbers or booleans as a host column: typed arrays of a known dtype as they are, everything else as doubles;
 * null and undefined become NaN.
 * @throws DataError naming the row of a value that is not a number
 */
export function toHostColumn(
  owner: string,
  name: string | number,
  data: ArrayLike<unknown>,
  dtype?: DType,
): HostColumn {
  const native = dtypeOf(data);
  if (native !== undefined && (dtype === undefined || dtype === native)) {
    return hostColumn(native, data as unknown as DTypeArrays[typeof native]);
  }
  if (dtype === "i64" || dtype === "u8" || dtype === "bool" || dtype === "i32") {
    const numbers = numbersOf(owner, name, data);
    if (dtype === "i64")
      return hostColumn(
        "i64",
        BigInt64Array.from(numbers, (value) => BigInt(Math.trunc(value))),
      );
    if (dtype === "i32") return hostColumn("i32", Int32Array.from(numbers));
    return hostColumn(dtype, Uint8Array.from(numbers));
  }
  const numbers = numbersOf(owner, name, data);
  return dtype === "f32" ? hostColumn("f32", Float32Array.from(numbers)) : hostColumn("f64", numbers);
}

function numbersOf(owner: string, name: string | number, data: ArrayLike<unknown>): Float64Array {
  if (isTypedArray(data) && !(data instanceof BigInt64Array)) return Float64Array.from(data as Float64Array);
  const out = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value === "number") out[i] = value;
    else if (typeof value === "boolean") out[i] = value ? 1 : 0;
    else if (typeof value === "bigint") out[i] = Number(value);
    else if (value === null || value === undefined) out[i] = NaN;
    else {
      throw new DataError(
        `${owner}: column ${show(name)}, row ${i}: ${show(value)} is not a number. Encode text columns first, or drop the column.`,
        { details: { column: name, row: i } },
      );
    }
  }
  return out;
}

/** Rows of numbers as columns. @throws DataError naming the first row of another length */
export function columnsOfRows(owner: string, rows: ArrayLike<ArrayLike<unknown>>): unknown[][] {
  const width = rows[0]?.length ?? 0;
  const columns = Array.from({ length: width }, () => new Array<unknown>(rows.length));
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as ArrayLike<unknown>;
    if (row?.length !== width) {
      throw new DataError(
        `${owner}: row 0 has ${width} values but row ${i} has ${row?.length ?? "none"}. All rows need the same length.`,
        {
          details: { row: i },
        },
      );
    }
    for (let j = 0; j < width; j++) (columns[j] as unknown[])[i] = row[j];
  }
  return columns;
}
