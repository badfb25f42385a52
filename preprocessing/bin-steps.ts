import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addCellStep, addRowStep, denseRow, isFiniteRow, type RowValue } from "../src/estimator/row-steps.js";
import { Workspace } from "../src/kernels/workspace.js";
import { isDense, type Column, type CsrChunk, type DenseChunk, type MatrixChunk } from "../src/memory/column.js";
import { DTYPE_CODE, ELEMENT_BYTES } from "../src/memory/dtype.js";
import { eachColumn, mapColumns, requireFinite, type ColumnLabels } from "./column-steps.js";

/** What the steps of a discretiser know. */
export interface BinArgs extends ColumnLabels {
  /** Inner edges of each column, ascending: a value's bin is the number of edges that are not above it. */
  readonly edges: readonly Float64Array[];
  /** First one-hot column of each column, and the number of all. */
  readonly offsets: Int32Array;
}

// Up to so many, comparing with every edge is faster than a search.
const FEW_EDGES = 24;
// What the kernel's bins hold.
const MOST_EDGES = 254;
// Rows at a time: what one step leaves is in cache for the next.
const TILE = 4096;

/**
 * Calls `use(bins, from, n, j)` with the bins of rows [from, from + n) of column j, tile after tile; `bins` lives until the
 * next call, and `pointer` is where it lies for kernels.
 */
function eachTile(
  context: TaskContext,
  space: Workspace,
  edges: readonly Float64Array[],
  x: DenseChunk,
  use: (bins: Uint8Array, pointer: number, from: number, n: number, j: number) => void,
): void {
  // The kernel counts thresholds below a value; an edge itself belongs to the bin above it.
  const thresholds = edges.map((own) => space.vector(own.map(nextBelow)));
  const sources = x.columns.map((column) => space.doubles(column));
  const pointer = space.bytes(TILE);
  const spare = space.bytes(TILE);
  const bins = new Uint8Array(context.memory.memoryOf(space.arena).buffer as ArrayBuffer, pointer, TILE);
  for (let from = 0; from < x.rows; from += TILE) {
    context.throwIfAborted();
    const n = Math.min(TILE, x.rows - from);
    for (let j = 0; j < sources.length; j++) {
      const count = (edges[j] as Float64Array).length;
      space.kernels.binColumnF64(
        (sources[j] as number) + from * 8,
        n,
        thresholds[j] as number,
        count,
        pointer,
        spare,
        1,
      );
      use(bins, pointer, from, n, j);
    }
  }
}

const bits = new BigInt64Array(1);
const double = new Float64Array(bits.buffer);

/** The largest double below a finite one. */
function nextBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  double[0] = value;
  bits[0] = (bits[0] as bigint) + (value > 0 ? -1n : 1n);
  return double[0];
}

/** Bin numbers of one partition, in X's floating dtype. */
export function ordinalStep(context: TaskContext, args: BinArgs, x: DenseChunk): DenseChunk {
  if (args.edges.every((own) => own.length <= FEW_EDGES)) return fewEdges(context, args, x);
  requireFinite(context, args, x);
  if (!fits(args))
    return mapColumns(context, x, (values, out, j) => binsOf(values, args.edges[j] as Float64Array, out));
  using space = Workspace.over(context.memory, x);
  const dtype = isSingle(x) ? "f32" : "f64";
  const out = context.memory.denseIn(dtype, x.rows, x.columns.length, space.arena);
  eachTile(context, space, args.edges, x, (_bins, pointer, from, n, j) => {
    const target = (out.columns[j] as Column).offset + from * ELEMENT_BYTES[dtype];
    space.kernels.convert(DTYPE_CODE.u8 as 4, DTYPE_CODE[dtype] as 0, pointer, n, target);
  });
  return out;
}

function fewEdges(context: TaskContext, args: BinArgs, x: DenseChunk): DenseChunk {
  using space = Workspace.over(context.memory, x);
  const suffix = isSingle(x) ? "F32" : "F64";
  const out = context.memory.denseIn(isSingle(x) ? "f32" : "f64", x.rows, x.columns.length, space.arena);
  let finite = true;
  x.columns.forEach((column, j) => {
    context.throwIfAborted();
    const source = suffix === "F32" ? space.pointer(column) : space.doubles(column);
    const own = args.edges[j] as Float64Array;
    const target = (out.columns[j] as Column).offset;
    if (space.kernels[`edgeBins${suffix}`](source, x.rows, space.vector(own), own.length, target) === 0) finite = false;
  });
  if (!finite) requireFinite(context, args, x);
  return out;
}

/** One-hot columns of one partition as a dense chunk. */
export function oneHotDenseStep(context: TaskContext, args: BinArgs, x: DenseChunk): DenseChunk {
  const codes = ordinalStep(context, args, x);
  const width = args.offsets[args.offsets.length - 1] as number;
  const out = context.memory.dense(isSingle(x) ? "f32" : "f64", x.rows, width, x.columns[0]?.arena ?? 0);
  eachColumn(context, codes, (bins, j) => {
    const first = args.offsets[j] as number;
    for (let column = first; column < (args.offsets[j + 1] as number); column++) {
      const target = context.memory.view(out.columns[column] as Column) as Float64Array;
      const bin = column - first;
      for (let i = 0; i < target.length; i++) target[i] = bins[i] === bin ? 1 : 0;
    }
  });
  return out;
}

/** One-hot entries of one partition: one in each row for each column of X. */
export function oneHotCsrStep(context: TaskContext, args: BinArgs, x: DenseChunk): CsrChunk {
  requireFinite(context, args, x);
  const width = x.columns.length;
  const out = context.memory.csr(x.rows, args.offsets[width] as number, x.rows * width);
  context.memory.view(out.values).fill(1);
  const indptr = context.memory.view(out.indptr);
  for (let i = 0; i <= x.rows; i++) indptr[i] = i * width;
  const indices = context.memory.view(out.indices);
  if (fits(args)) {
    using space = Workspace.over(context.memory, x);
    eachTile(context, space, args.edges, x, (bins, _pointer, from, n, j) => {
      spread(bins, n, args.offsets[j] as number, indices, from * width + j, width);
    });
    return out;
  }
  const bins = new Float64Array(x.rows);
  eachColumn(context, x, (values, j) => {
    binsOf(values, args.edges[j] as Float64Array, bins);
    const offset = args.offsets[j] as number;
    for (let i = 0, k = j; i < bins.length; i++, k += width) indices[k] = offset + (bins[i] as number);
  });
  return out;
}

function spread(bins: Uint8Array, n: number, offset: number, indices: Int32Array, first: number, width: number): void {
  for (let i = 0, k = first; i < n; i++, k += width) indices[k] = offset + (bins[i] as number);
}

function fits({ edges }: BinArgs): boolean {
  return edges.every((own) => own.length <= MOST_EDGES);
}

function isSingle(x: DenseChunk): boolean {
  return x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
}

// The plain form, for more edges than the kernel takes.
function binsOf(values: Float64Array, edges: Float64Array, out: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    out[i] = binOf(values[i] as number, edges);
  }
}

function binOf(value: number, edges: Float64Array): number {
  let from = 0;
  let to = edges.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (value >= (edges[middle] as number)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Bin numbers of one row; undefined for NaN and infinities. */
function rowBins({ edges }: BinArgs): (row: RowValue) => Float64Array | undefined {
  return (row) => {
    const values = denseRow(row);
    return values && isFiniteRow(values) ? values.map((value, j) => binOf(value, edges[j] as Float64Array)) : undefined;
  };
}

addRowStep<BinArgs>(fnRef(import.meta.url, "ordinalStep"), (args) => {
  const binsOfRow = rowBins(args);
  return (row) => binsOfRow(row as Float64Array);
});

addRowStep<BinArgs>(fnRef(import.meta.url, "oneHotDenseStep"), (args) => {
  const binsOfRow = rowBins(args);
  return (row) => {
    const bins = binsOfRow(row as Float64Array);
    const out = bins && new Float64Array(args.offsets[args.offsets.length - 1] as number);
    bins?.forEach((bin, j) => ((out as Float64Array)[(args.offsets[j] as number) + bin] = 1));
    return out;
  };
});

addCellStep<BinArgs>(fnRef(import.meta.url, "oneHotCsrStep"), (args) => {
  const binsOfRow = rowBins(args);
  const width = args.offsets[args.offsets.length - 1] as number;
  return (row) => {
    const bins = binsOfRow(row as RowValue);
    if (!bins) return undefined;
    return { width, indices: bins.map((bin, j) => (args.offsets[j] as number) + bin), values: bins.map(() => 1) };
  };
});

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
    const [indptr, indices, values] = [
      context.memory.view(x.indptr),
      context.memory.view(x.indices),
      context.memory.view(x.values),
    ];
    for (let i = 0; i < x.rows; i++) {
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
        const column = indices[k] as number;
        see(i, column, featureOf[column] as number, values[k] as number);
      }
    }
  }
  best.columns.forEach((column, j) => {
    const out = context.memory.view(column as Column<"f64">);
    for (let i = 0; i < out.length; i++)
      out[i] = (args.centers[j] as Float64Array)[(bins[j] as Int32Array)[i] as number] as number;
  });
  return best;
}
