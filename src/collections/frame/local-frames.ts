import { DataError, ParameterError, show } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import { HostPlan } from "../plan.js";
import { frameState, type FrameState } from "./frame-state.js";
import { dtypeOf, type DTypeLike } from "./frame-types.js";
import { hostFrame } from "./live-frame.js";
import { polars, type PolarsFrame } from "./polars.js";

/** How local data are split. */
export interface LocalFrameOptions {
  /** Number of partitions; one for each 131,072 rows unless given. */
  readonly partitions?: number;
}

const ROWS_PER_PARTITION = 131_072;

/** A frame over data in this process; a partition is written as Arrow IPC when a run first asks for it. */
export function localState(owner: string, frame: PolarsFrame, options: LocalFrameOptions): FrameState {
  const rows = frame.height;
  const partitions = options.partitions ?? Math.max(1, Math.ceil(rows / ROWS_PER_PARTITION));
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new ParameterError(`${owner}: partitions must be an integer >= 1; got ${show(partitions)}.`);
  }
  const starts = Array.from({ length: partitions + 1 }, (_, i) => Math.round((i * rows) / partitions));
  const partitionRows = starts.slice(1).map((end, i) => end - (starts[i] ?? 0));
  const value = (index: number): Plain =>
    hostFrame(frame.slice(starts[index] ?? 0, partitionRows[index] ?? 0)) as unknown as Plain;
  const bytes = rows * frame.width * 8;
  return frameState(
    { kind: "plan", plan: new HostPlan(owner, partitions, bytes, value) },
    frame.head(0),
    partitionRows,
  );
}

/**
 * A Polars frame from columns. Typed arrays keep their types (64-bit floats and integers, and so on); lists of numbers are
 * Float64, of strings String, of booleans Bool, of dates Datetime(ms); null and undefined are null.
 */
export function frameOfColumns(
  owner: string,
  columns: Readonly<Record<string, ArrayLike<unknown>>>,
  schema: Readonly<Record<string, DTypeLike>> = {},
): PolarsFrame {
  const pl = polars();
  const names = Object.keys(columns);
  const length = columns[names[0] ?? ""]?.length ?? 0;
  for (const name of Object.keys(schema)) {
    if (!names.includes(name))
      throw new DataError(
        `${owner}: schema names ${show(name)}, which is no column. The columns are ${names.map(show).join(", ")}.`,
      );
  }
  const series = names.map((name) => {
    const data = columns[name];
    if (typeof data !== "object" || data === null || typeof data.length !== "number") {
      throw new DataError(`${owner}: column ${show(name)} must be an array or a typed array; got ${show(data)}.`, {
        details: { column: name },
      });
    }
    if (data.length !== length) {
      throw new DataError(
        `${owner}: column ${show(name)} has ${data.length} rows and ${show(names[0])} has ${length}. All columns need the same length.`,
        {
          details: { column: name },
        },
      );
    }
    const dtype = schema[name] === undefined ? typeOf(owner, name, data) : dtypeOf(schema[name], owner);
    return pl.Series(
      name,
      ArrayBuffer.isView(data) ? (data as never) : Array.from(data, (value) => value ?? null),
      dtype as never,
    );
  });
  if (series.length === 0) return pl.DataFrame({});
  return pl.DataFrame(series as never);
}

/** Columns from objects, one a row; keys of any row count, what a row lacks is null. */
export function columnsOfObjects(owner: string, rows: readonly object[]): Record<string, unknown[]> {
  const columns: Record<string, unknown[]> = {};
  rows.forEach((row, i) => {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw new DataError(
        `${owner}: row ${i} must be an object; got ${show(row)}. For rows of numbers use DistributedArray.fromRows.`,
        { details: { row: i } },
      );
    }
    for (const [name, value] of Object.entries(row)) {
      columns[name] ??= Array.from({ length: rows.length }, () => null);
      (columns[name] as unknown[])[i] = value ?? null;
    }
  });
  return columns;
}

function typeOf(owner: string, name: string, data: ArrayLike<unknown>): unknown {
  const pl = polars();
  if (data instanceof Float64Array) return pl.Float64;
  if (data instanceof Float32Array) return pl.Float32;
  if (data instanceof Int32Array) return pl.Int32;
  if (data instanceof BigInt64Array) return pl.Int64;
  if (data instanceof Uint8Array) return pl.UInt8;
  if (data instanceof Int8Array) return pl.Int8;
  if (data instanceof Int16Array) return pl.Int16;
  if (data instanceof Uint16Array) return pl.UInt16;
  if (data instanceof Uint32Array) return pl.UInt32;
  let kind: string | undefined;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value === null || value === undefined) continue;
    const own = value instanceof Date ? "date" : typeof value;
    if (kind === undefined) kind = own;
    else if (kind !== own) {
      throw new DataError(
        `${owner}: column ${show(name)} mixes ${kind} and ${own} (row ${i}: ${show(value)}). Make its values one type.`,
        {
          details: { column: name, row: i },
        },
      );
    }
  }
  if (kind === "string") return pl.String;
  if (kind === "boolean") return pl.Bool;
  if (kind === "bigint") return pl.Int64;
  if (kind === "date") return pl.Datetime("ms");
  if (kind === "number" || kind === undefined) return pl.Float64;
  throw new DataError(
    `${owner}: column ${show(name)} holds ${kind} values; use numbers, strings, booleans, bigints or dates.`,
    { details: { column: name } },
  );
}
