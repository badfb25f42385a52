import { DataError, show } from "../../base/errors.js";
import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import { dtypeCode } from "../../kernels/kernels.js";
import { Workspace } from "../../kernels/workspace.js";
import type { Column, DenseChunk } from "../../memory/column.js";
import { dtypeName } from "./frame-types.js";
import { frameIn } from "./live-frame.js";
import { isSealedNumbers, pickColumns } from "./number-frame.js";
import { nativeColumn } from "./native-columns.js";
import { polars, type PolarsFrame } from "./polars.js";

/** {@link denseTask} by name. */
export const DENSE_TASK = fnRef(import.meta.url, "denseTask");
/** {@link codesTask} by name. */
export const CODES_TASK = fnRef(import.meta.url, "codesTask");

/**
 * Columns of a frame as a dense chunk: null becomes NaN, false and true 0 and 1, dates and times milliseconds (dates since
 * 1970-01-01 UTC), 64-bit integers the nearest double.
 */
export function denseTask(
  context: TaskContext,
  args: { readonly columns: readonly string[]; readonly dtype: "f64" | "f32" },
  input: unknown,
): DenseChunk {
  if (isSealedNumbers(input)) {
    // The columns lie in an arena as they should: the array shares them.
    const { values } = pickColumns(input, args.columns);
    if (args.dtype === "f64") return values;
    using space = Workspace.over(context.memory, values);
    const narrow = context.memory.denseIn("f32", values.rows, values.columns.length, space.arena);
    values.columns.forEach((column, j) =>
      space.kernels.convert(dtypeCode.f64, dtypeCode.f32, column.offset, values.rows, narrow.columns[j]?.offset ?? 0),
    );
    return narrow;
  }
  const frame = frameIn(context, input, args.columns);
  const chunk = context.memory.dense(args.dtype, frame.height, args.columns.length);
  args.columns.forEach((name, j) => {
    if (frame.height === 0) return;
    const target = context.memory.view(chunk.columns[j] as Column<"f64" | "f32">);
    target.set(numbersOf(frame, name, args.dtype));
  });
  return chunk;
}

/** A column as numbers. */
export function numbersOf(frame: PolarsFrame, name: string, dtype: "f64" | "f32"): Float64Array | Float32Array {
  const native = nativeColumn(frame, name);
  if (native.dtype === (dtype === "f64" ? "Float64" : "Float32") && native.nullCount() === 0)
    return native.toTypedArray() as Float64Array | Float32Array;
  const pl = polars();
  const to = dtype === "f64" ? pl.Float64 : pl.Float32;
  let series = frame.getColumn(name);
  const from = dtypeName(series.dtype);
  if (from !== (dtype === "f64" ? "Float64" : "Float32")) {
    if (from.startsWith("Date")) series = series.cast(pl.Datetime("ms"));
    else if (from.startsWith("Duration")) series = series.cast(pl.Duration("ms"));
    series = series.cast(pl.Float64);
    if (from === "Time") series = series.div(1e6) as typeof series;
    if (dtype === "f32") series = series.cast(pl.Float32);
  }
  if (series.nullCount() > 0)
    series = series
      .toFrame()
      .select(pl.col(name).fillNull(pl.lit(Number.NaN)).cast(to))
      .getColumn(name);
  return series.toTypedArray() as Float64Array | Float32Array;
}

/**
 * A column of labels as codes: the index of each value in `classes`.
 * @throws DataError for a value that is not among them, and for null
 */
export function codesTask(
  context: TaskContext,
  args: { readonly column: string; readonly classes: readonly (string | number | boolean)[] },
  input: unknown,
): DenseChunk {
  const frame = frameIn(context, input, [args.column]);
  const codes = new Map<unknown, number>(args.classes.map((value, code) => [value, code]));
  const chunk = context.memory.dense("f64", frame.height, 1);
  const target = context.memory.view(chunk.columns[0] as Column<"f64">);
  labelsOf(frame, args.column).forEach((value, row) => {
    const code = codes.get(value);
    if (code === undefined) {
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `DistributedSeries.encode: column ${show(args.column)}, partition ${partition}, row ${row}: ${show(value)} is not among the ${args.classes.length} classes. ` +
          "Pass the classes of these data (series.classes()), or fill or drop such rows.",
        { details: { column: args.column, partition, row } },
      );
    }
    target[row] = code;
  });
  return chunk;
}

/** A column's values as strings, numbers and booleans; integers that a double holds become numbers. */
export function labelsOf(frame: PolarsFrame, column: string): unknown[] {
  const series = frame.getColumn(column);
  const type = dtypeName(series.dtype);
  const values = (type === "Categorical" ? series.cast(polars().String) : series).toArray() as unknown[];
  return values.map((value) => (typeof value === "bigint" ? Number(value) : value));
}
