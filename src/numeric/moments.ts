import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, MatrixChunk } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";

/** Weighted moments of each column; entry j of every array is column j's. NaN rows are left out. */
export interface Moments {
  /** Rows seen, whatever their weight or value. */
  readonly rows: number;
  /** Σw over the rows that are not NaN. */
  readonly weight: Float64Array;
  readonly mean: Float64Array;
  /** Σw(x − mean)². */
  readonly m2: Float64Array;
  readonly nanCount: Float64Array;
  readonly infCount: Float64Array;
}

/** Moments of one partition; a pass over its memory. `w` are row weights. */
export function momentsOf(context: TaskContext, x: MatrixChunk, w?: Column): Moments {
  const width = x.kind === "dense" ? x.columns.length : x.cols;
  using space = x.kind === "dense" ? Workspace.over(context.memory, x) : new Workspace(context.memory, x.values.arena);
  const out = space.zeros(width * 5);
  const weights = w ? space.doubles(w) : 0;
  if (x.kind === "dense") {
    const { table, suffix } = space.matrix(x);
    space.kernels[`moments${suffix}`](table, width, x.rows, weights, out.pointer);
  } else {
    space.kernels.csrMoments(
      space.pointer(x.indptr),
      space.pointer(x.indices),
      space.pointer(x.values),
      x.rows,
      x.cols,
      weights,
      out.pointer,
    );
  }
  const column = (k: number): Float64Array =>
    Float64Array.from({ length: width }, (_, j) => out.values[j * 5 + k] ?? 0);
  return { rows: x.rows, weight: column(0), mean: column(1), m2: column(2), nanCount: column(3), infCount: column(4) };
}

/** Task form of {@link momentsOf} over an array partition. */
export function momentsStep(context: TaskContext, _args: undefined, x: MatrixChunk): Moments {
  return momentsOf(context, x);
}

/** Names {@link momentsStep} for the engine. */
export const MOMENTS_STEP = fnRef(import.meta.url, "momentsStep");

/** Task form of {@link momentsOf} over a partition of a fit, with its weights. */
export function designMomentsStep(context: TaskContext, _args: undefined, { x, w }: DesignChunk): Moments {
  return momentsOf(context, x, w);
}

/** Names {@link designMomentsStep} for the engine. */
export const DESIGN_MOMENTS_STEP = fnRef(import.meta.url, "designMomentsStep");

/** Moments of the targets of one partition, a single column. */
export function targetMomentsStep(context: TaskContext, _args: undefined, { x, y, w }: DesignChunk): Moments {
  return momentsOf(context, { kind: "dense", rows: x.rows, columns: [y as Column] }, w);
}

/** Names {@link targetMomentsStep} for the engine. */
export const TARGET_MOMENTS_STEP = fnRef(import.meta.url, "targetMomentsStep");

/**
 * Moments of the union (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
 * variances", 1979, eq. 2.1). Associative up to rounding.
 */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const width = a.mean.length;
  const weight = new Float64Array(width);
  const mean = new Float64Array(width);
  const m2 = new Float64Array(width);
  for (let j = 0; j < width; j++) {
    const wa = a.weight[j] ?? 0;
    const wb = b.weight[j] ?? 0;
    const total = wa + wb;
    weight[j] = total;
    if (wa === 0 || wb === 0) {
      const source = wb === 0 ? a : b;
      mean[j] = source.mean[j] ?? 0;
      m2[j] = source.m2[j] ?? 0;
      continue;
    }
    const delta = (b.mean[j] ?? 0) - (a.mean[j] ?? 0);
    mean[j] = (a.mean[j] ?? 0) + (delta * wb) / total;
    m2[j] = (a.m2[j] ?? 0) + (b.m2[j] ?? 0) + delta * delta * ((wa * wb) / total);
  }
  const sum = (p: Float64Array, q: Float64Array): Float64Array => p.map((value, j) => value + (q[j] ?? 0));
  return {
    rows: a.rows + b.rows,
    weight,
    mean,
    m2,
    nanCount: sum(a.nanCount, b.nanCount),
    infCount: sum(a.infCount, b.infCount),
  };
}
