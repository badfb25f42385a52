import { CounterRng } from "../base/rng.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, DenseChunk, MatrixChunk } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";
import { tsqrStep, type Triangle } from "./linalg/tsqr.js";
import { mergeMoments, momentsOf, type Moments } from "./moments.js";

/** Moments of the columns and of the targets. */
export interface DesignMeans {
  readonly x: Moments;
  readonly y: Moments;
}

/** Means of one partition: what centring needs, without the products of columns. */
export function meansStep(context: TaskContext, _args: undefined, { x, y, w }: DesignChunk): DesignMeans {
  const target: DenseChunk = { kind: "dense", rows: x.rows, columns: [y as Column] };
  return { x: momentsOf(context, x, w), y: momentsOf(context, target, w) };
}

/** Names {@link meansStep} for the engine. */
export const MEANS_STEP = fnRef(import.meta.url, "meansStep");

/** Means of the union. */
export function mergeMeans(a: DesignMeans, b: DesignMeans): DesignMeans {
  return { x: mergeMoments(a.x, b.x), y: mergeMoments(a.y, b.y) };
}

/** Directions in the space of the rows, `k x p` row-major, and what centred rows are measured from. */
export interface SketchArgs {
  readonly directions: Float64Array;
  readonly k: number;
  readonly shift: Float64Array;
}

/** `(X − shift)ᵀ W (X − shift) directions` of one partition, `k x p` row-major: the step of a power iteration. */
export function sketchStep(context: TaskContext, args: SketchArgs, design: DesignChunk): Float64Array {
  const { x } = design;
  const { k } = args;
  const p = args.directions.length / k;
  const projected = project(context, args, x);
  using space = Workspace.over(context.memory, projected);
  const w = design.w ? space.pointer(design.w) : 0;
  const out = new Float64Array(k * p);
  const sums = projected.columns.map((column) => space.kernels.weightedSum(space.pointer(column), w, x.rows));
  if (x.kind === "dense") {
    const { table, suffix } = space.matrix(x);
    const product = space.zeros(p * k);
    space.kernels[`cross${suffix}`](table, p, space.table(projected.columns), k, x.rows, w, product.pointer);
    for (let c = 0; c < k; c++) for (let j = 0; j < p; j++) out[c * p + j] = product.values[j * k + c] as number;
  } else {
    const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
    const weights = design.w && context.memory.view(design.w);
    projected.columns.forEach((column, c) => {
      const view = context.memory.view(column);
      if (weights) for (let i = 0; i < view.length; i++) view[i] = (view[i] as number) * (weights[i] as number);
      const product = space.zeros(p);
      space.kernels.csrMatTVec(indptr, indices, values, x.rows, space.pointer(column), product.pointer);
      out.set(product.values, c * p);
    });
  }
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < p; j++)
      out[c * p + j] = (out[c * p + j] as number) - (args.shift[j] as number) * (sums[c] as number);
  }
  return out;
}

/** Names {@link sketchStep} for the engine. */
export const SKETCH_STEP = fnRef(import.meta.url, "sketchStep");

/** Sum over partitions. */
export function mergeSketches(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + (b[i] as number));
}

/** The triangular factor of `√w [(X − shift) directions, y − meanY]` of one partition. */
export function projectedTriangleStep(
  context: TaskContext,
  args: SketchArgs & { readonly meanY: number },
  design: DesignChunk,
): Triangle {
  const projected = project(context, args, design.x);
  const shift = new Float64Array(args.k + 1);
  shift[args.k] = args.meanY;
  return tsqrStep(context, { shift }, { ...design, x: projected });
}

/** Names {@link projectedTriangleStep} for the engine. */
export const PROJECTED_TRIANGLE_STEP = fnRef(import.meta.url, "projectedTriangleStep");

/** `(X − shift) directions`, rows x k. */
function project({ memory }: TaskContext, args: SketchArgs, x: MatrixChunk): DenseChunk<"f64"> {
  const { directions, k, shift } = args;
  const p = directions.length / k;
  using space = new Workspace(memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
  const out = memory.denseIn("f64", x.rows, k, space.arena);
  const bias = new Float64Array(k);
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < p; j++)
      bias[c] = (bias[c] as number) - (directions[c * p + j] as number) * (shift[j] as number);
  }
  if (x.kind === "dense") {
    const byColumn = new Float64Array(p * k);
    for (let c = 0; c < k; c++) for (let j = 0; j < p; j++) byColumn[j * k + c] = directions[c * p + j] as number;
    const { table, suffix } = space.matrix(x);
    const result = space.table(out.columns);
    space.kernels[`matMul${suffix}`](table, p, x.rows, space.vector(byColumn), k, space.vector(bias), result);
    return out;
  }
  const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
  const all = space.vector(directions);
  out.columns.forEach((column, c) =>
    space.kernels.csrMatVec(indptr, indices, values, x.rows, all + c * p * 8, bias[c] as number, column.offset),
  );
  return out;
}

/** `k` random directions of `p` numbers. */
export function randomDirections(k: number, p: number, seed: number): Float64Array {
  const rng = new CounterRng(seed, "row space");
  return Float64Array.from({ length: k * p }, (_, i) => rng.normal(i));
}

/** A row that keeps less than this of its length has nothing new. */
const NOTHING_NEW = 1e-12;

/**
 * An orthonormal basis of the rows of a `k x p` matrix, by Gram and Schmidt twice over; rows that depend on the ones before are
 * left out, so that it may have fewer.
 */
export function orthonormalRows(rows: Float64Array, k: number): { readonly basis: Float64Array; readonly k: number } {
  const p = rows.length / k;
  const kept: Float64Array[] = [];
  let longest = 0;
  for (let c = 0; c < k; c++) {
    const v = rows.slice(c * p, (c + 1) * p);
    const length = Math.hypot(...chunkNorms(v));
    longest = Math.max(longest, length);
    for (let round = 0; round < 2; round++) {
      for (const q of kept) {
        let dot = 0;
        for (let j = 0; j < p; j++) dot += (q[j] as number) * (v[j] as number);
        for (let j = 0; j < p; j++) v[j] = (v[j] as number) - dot * (q[j] as number);
      }
    }
    const left = Math.hypot(...chunkNorms(v));
    if (!(left > NOTHING_NEW * Math.max(length, NOTHING_NEW * longest))) continue;
    kept.push(v.map((value) => value / left));
  }
  const basis = new Float64Array(kept.length * p);
  kept.forEach((q, c) => basis.set(q, c * p));
  return { basis, k: kept.length };
}

// Math.hypot takes its arguments on the stack: norms of pieces keep them few.
function chunkNorms(v: Float64Array): number[] {
  const norms: number[] = [];
  for (let from = 0; from < v.length; from += 4096) {
    let [largest, sum] = [0, 0];
    const part = v.subarray(from, from + 4096);
    for (const value of part) largest = Math.max(largest, Math.abs(value));
    if (largest > 0) for (const value of part) sum += (value / largest) ** 2;
    norms.push(largest * Math.sqrt(sum));
  }
  return norms;
}
