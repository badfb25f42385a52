import { DataError, show } from "../src/base/errors.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { nonFiniteError } from "../src/estimator/design-tasks.js";
import { addCellStep, addRowStep, denseRow, type RowValue } from "../src/estimator/row-steps.js";
import type { Column, CsrChunk, DenseChunk } from "../src/memory/column.js";
import { eachColumn, type ColumnLabels } from "./column-steps.js";
import { SplineEvaluator, type SplineBasis } from "../src/numeric/spline-basis.js";

/** What the steps of a spline transformer know. */
export interface SplineArgs extends ColumnLabels {
  /** Of each column. */
  readonly bases: readonly SplineBasis[];
  /** Basis functions of a column that are returned: all, or all but the last. */
  readonly width: number;
  /** Whether a missing value is zero in all functions rather than an error. */
  readonly missing: "error" | "zeros";
}

/** Basis functions of one partition as dense columns. @throws DataError for values that the splines do not take */
export function splineDense(context: TaskContext, args: SplineArgs, x: DenseChunk): DenseChunk {
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  const out = context.memory.dense(f32 ? "f32" : "f64", x.rows, args.width * x.columns.length);
  const targets = out.columns.map((column) => context.memory.view(column as Column<"f64">));
  eachRow(context, args, x, (row, i, j) => {
    for (let k = 0; k < args.width; k++) (targets[j * args.width + k] as Float64Array)[i] = row[k] as number;
  });
  return out;
}

/** Basis functions of one partition in compressed rows: at most degree + 1 entries a value. */
export function splineCsr(context: TaskContext, args: SplineArgs, x: DenseChunk): CsrChunk {
  const { width } = args;
  const columns = x.columns.length;
  const most = (args.bases[0]?.degree ?? 0) + 1;
  const entries = new Float64Array(x.rows * columns * most);
  const places = new Int32Array(entries.length);
  const counts = new Uint8Array(x.rows * columns);
  let nnz = 0;
  // Columns are read one after the other, rows are written: what a value has waits in between.
  eachRow(context, args, x, (row, i, j) => {
    const slot = i * columns + j;
    let at = slot * most;
    for (let k = 0; k < width; k++) {
      if (row[k] === 0) continue;
      entries[at] = row[k] as number;
      places[at++] = j * width + k;
    }
    counts[slot] = at - slot * most;
    nnz += at - slot * most;
  });
  const out = context.memory.csr(x.rows, columns * width, nnz);
  const [indptr, indices, values] = [
    context.memory.view(out.indptr),
    context.memory.view(out.indices),
    context.memory.view(out.values),
  ];
  let at = 0;
  indptr[0] = 0;
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < columns; j++) {
      const slot = i * columns + j;
      for (let k = 0; k < (counts[slot] as number); k++) {
        indices[at] = places[slot * most + k] as number;
        values[at++] = entries[slot * most + k] as number;
      }
    }
    indptr[i + 1] = at;
  }
  return out;
}

/** Calls `use` with the basis functions of each value, column after column. */
function eachRow(
  context: TaskContext,
  args: SplineArgs,
  x: DenseChunk,
  use: (values: Float64Array, row: number, column: number) => void,
): void {
  const partition = context.partition?.index ?? 0;
  eachColumn(context, x, (values, j) => {
    const spline = new SplineEvaluator(args.bases[j] as SplineBasis);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value) && !(args.missing === "zeros" && value !== value))
        throw nonFiniteError(args.owner, args.names, partition, { column: j, row: i, value });
      if (value !== value) spline.row.fill(0);
      else if (!spline.at(value)) {
        const column = args.names?.[j] ?? j;
        throw new DataError(
          `${args.owner}: X has ${value} in column ${show(column)}, partition ${partition}, row ${i}, beyond the knots from ${spline.low} to ${spline.high}. ` +
            'Clip such rows, or use another extrapolation ("constant", say).',
          { details: { column, partition, row: i } },
        );
      }
      use(spline.row, i, j);
    }
  });
}

/** Basis functions of one row; undefined for values that the splines do not take. */
function rowSplines({ bases, width, missing }: SplineArgs): (row: RowValue) => Float64Array | undefined {
  const splines = bases.map((basis) => new SplineEvaluator(basis));
  return (row) => {
    const values = denseRow(row) as Float64Array;
    const out = new Float64Array(splines.length * width);
    for (let j = 0; j < splines.length; j++) {
      const value = values[j] as number;
      // Zero in all functions.
      if (Number.isNaN(value) && missing === "zeros") continue;
      const spline = splines[j] as SplineEvaluator;
      if (!Number.isFinite(value) || !spline.at(value)) return undefined;
      out.set(spline.row.subarray(0, width), j * width);
    }
    return out;
  };
}

addRowStep<SplineArgs>(fnRef(import.meta.url, "splineDense"), (args) => {
  const splinesOf = rowSplines(args);
  return (row) => splinesOf(row as Float64Array);
});

addCellStep<SplineArgs>(fnRef(import.meta.url, "splineCsr"), (args) => {
  const splinesOf = rowSplines(args);
  return (row) => {
    const all = splinesOf(row as RowValue);
    if (!all) return undefined;
    const indices = Array.from(all.keys()).filter((k) => all[k] !== 0);
    return { width: all.length, indices, values: indices.map((k) => all[k] as number) };
  };
});
