import type { TaskContext } from "../src/engine/engine.js";
import { isDense, type Column, type CsrChunk, type DenseChunk, type MatrixChunk } from "../src/memory/column.js";
import { eachColumn, mapColumns, requireFinite, type ColumnLabels } from "./column-steps.js";

/** What the steps of a discretiser know. */
export interface BinArgs extends ColumnLabels {
  /** Inner edges of each column, ascending: a value's bin is the number of edges that are not above it. */
  readonly edges: readonly Float64Array[];
  /** First one-hot column of each column, and the number of all. */
  readonly offsets: Int32Array;
}

/** Bin numbers of one partition, in X's floating dtype. */
export function ordinalStep(context: TaskContext, args: BinArgs, x: DenseChunk): DenseChunk {
  requireFinite(context, args, x);
  return mapColumns(context, x, (values, out, j) => binsOf(values, args.edges[j] as Float64Array, out));
}

/** One-hot columns of one partition as a dense chunk. */
export function oneHotDenseStep(context: TaskContext, args: BinArgs, x: DenseChunk): DenseChunk {
  requireFinite(context, args, x);
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  const width = args.offsets[args.offsets.length - 1] as number;
  const out = context.memory.dense(f32 ? "f32" : "f64", x.rows, width, x.columns[0]?.arena ?? 0);
  const bins = new Float64Array(x.rows);
  eachColumn(context, x, (values, j) => {
    binsOf(values, args.edges[j] as Float64Array, bins);
    const first = args.offsets[j] as number;
    for (let column = first; column < (args.offsets[j + 1] as number); column++) {
      const target = context.memory.view(out.columns[column] as Column) as Float64Array;
      const bin = column - first;
      for (let i = 0; i < target.length; i++) target[i] = bins[i] === bin ? 1 : 0;
    }
  });
  return out;
}

// Rows at a time: their entries stay in cache while column after column writes to them.
const TILE = 1024;

/** One-hot entries of one partition: one in each row for each column of X. */
export function oneHotCsrStep(context: TaskContext, args: BinArgs, x: DenseChunk): CsrChunk {
  requireFinite(context, args, x);
  const width = x.columns.length;
  const out = context.memory.csr(x.rows, args.offsets[width] as number, x.rows * width);
  context.memory.view(out.values).fill(1);
  const indptr = context.memory.view(out.indptr);
  for (let i = 0; i <= x.rows; i++) indptr[i] = i * width;
  const indices = context.memory.view(out.indices);
  const views: Float64Array[] = [];
  const bins = new Float64Array(TILE);
  eachColumn(context, x, (values) => views.push(values.length === x.rows && isArena(x) ? values : values.slice()));
  for (let from = 0; from < x.rows; from += TILE) {
    const to = Math.min(x.rows, from + TILE);
    for (let j = 0; j < width; j++) {
      binsOf((views[j] as Float64Array).subarray(from, to), args.edges[j] as Float64Array, bins);
      const offset = args.offsets[j] as number;
      for (let i = from, k = from * width + j; i < to; i++, k += width) indices[k] = offset + (bins[i - from] as number);
    }
  }
  return out;
}

// Columns of doubles are seen in place; converted ones live only while they are visited.
function isArena(x: DenseChunk): boolean {
  return x.columns.every((column) => column.dtype === "f64");
}

function binsOf(values: Float64Array, edges: Float64Array, out: Float64Array): void {
  if (edges.length <= 4) few(values, edges, out);
  else many(values, edges, out);
}

// Without branches that depend on the values: they would be mispredicted.
function few(values: Float64Array, edges: Float64Array, out: Float64Array): void {
  const a = edges[0] ?? Infinity;
  const b = edges[1] ?? Infinity;
  const c = edges[2] ?? Infinity;
  const d = edges[3] ?? Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    out[i] = (value >= a ? 1 : 0) + (value >= b ? 1 : 0) + (value >= c ? 1 : 0) + (value >= d ? 1 : 0);
  }
}

function many(values: Float64Array, edges: Float64Array, out: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let from = 0;
    let to = edges.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (value >= (edges[middle] as number)) from = middle + 1;
      else to = middle;
    }
    out[i] = from;
  }
}

/** What the inverse knows: the value that stands for each bin of each column. */
export interface CenterArgs {
  readonly centers: readonly Float64Array[];
  readonly offsets: Int32Array;
}

/** Bin numbers of one partition as the centres of their bins; numbers outside the bins are brought to the nearest. */
export function centersStep(context: TaskContext, args: CenterArgs, x: DenseChunk): DenseChunk {
  return mapColumns(context, x, (values, out, j) => {
    const centers = args.centers[j] as Float64Array;
    for (let i = 0; i < values.length; i++) {
      const bin = Math.max(0, Math.min(centers.length - 1, Math.trunc(values[i] as number)));
      out[i] = centers[bin] as number;
    }
  });
}

/** One-hot columns of one partition as the centres of their bins: of the largest entry, the first of several. */
export function oneHotCentersStep(context: TaskContext, args: CenterArgs, x: MatrixChunk): DenseChunk {
  const width = args.centers.length;
  const best = context.memory.dense("f64", x.rows, width);
  const bins = best.columns.map(() => new Int32Array(x.rows));
  const largest = best.columns.map(() => new Float64Array(x.rows).fill(-Infinity));
  const see = (i: number, column: number, j: number, value: number): void => {
    if (!(value > ((largest[j] as Float64Array)[i] as number))) return;
    (largest[j] as Float64Array)[i] = value;
    (bins[j] as Int32Array)[i] = column - (args.offsets[j] as number);
  };
  const featureOf = Int32Array.from({ length: args.offsets[width] as number }, (_, column) =>
    args.offsets.findIndex((first, j) => first <= column && column < (args.offsets[j + 1] as number)),
  );
  if (isDense(x)) {
    eachColumn(context, x, (values, column) => {
      for (let i = 0; i < values.length; i++) see(i, column, featureOf[column] as number, values[i] as number);
    });
  } else {
    const [indptr, indices, values] = [context.memory.view(x.indptr), context.memory.view(x.indices), context.memory.view(x.values)];
    for (let i = 0; i < x.rows; i++) {
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
        const column = indices[k] as number;
        see(i, column, featureOf[column] as number, values[k] as number);
      }
    }
  }
  best.columns.forEach((column, j) => {
    const out = context.memory.view(column as Column<"f64">);
    for (let i = 0; i < out.length; i++) out[i] = (args.centers[j] as Float64Array)[(bins[j] as Int32Array)[i] as number] as number;
  });
  return best;
}
