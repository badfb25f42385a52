import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Column } from "../memory/column.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";
import { linearPredictor, workspaceOf } from "./glm/linear-predictor.js";

/** Where the rows with a target of 0 lie, and the others. */
export interface SeparationExtents {
  /** Least and largest value of each column: of the rows with y = 0, then of the others. */
  readonly low: readonly [Float64Array, Float64Array];
  readonly high: readonly [Float64Array, Float64Array];
  /** Largest linear predictor of the rows with y = 0, least of the others. */
  readonly below: number;
  readonly above: number;
}

/** Extents of one partition; rows of weight 0 are left out. */
export function separationStep(
  context: TaskContext,
  args: { coef: Float64Array },
  own: DesignChunk,
): SeparationExtents {
  const x = densify(context, own.x);
  const design: DesignChunk = { ...own, x };
  using space = workspaceOf(context, design);
  const eta = linearPredictor(context, space, design, args.coef).values;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const p = x.columns.length;
  const filled = (value: number): Float64Array => new Float64Array(p).fill(value);
  const low: [Float64Array, Float64Array] = [filled(Infinity), filled(Infinity)];
  const high: [Float64Array, Float64Array] = [filled(-Infinity), filled(-Infinity)];
  let [below, above] = [-Infinity, Infinity];
  for (let i = 0; i < x.rows; i++) {
    if (w && !((w[i] ?? 0) > 0)) continue;
    if (y[i] === 0) below = Math.max(below, eta[i] ?? 0);
    else above = Math.min(above, eta[i] ?? 0);
  }
  x.columns.forEach((column, j) => {
    const values = context.memory.view(column);
    for (let i = 0; i < x.rows; i++) {
      if (w && !((w[i] ?? 0) > 0)) continue;
      const side = y[i] === 0 ? 0 : 1;
      const value = Number(values[i]);
      if (value < (low[side][j] ?? 0)) low[side][j] = value;
      if (value > (high[side][j] ?? 0)) high[side][j] = value;
    }
  });
  return { low, high, below, above };
}

/** Names {@link separationStep} for the engine. */
export const SEPARATION_STEP = fnRef(import.meta.url, "separationStep");

/** Extents of the union. */
export function mergeSeparation(a: SeparationExtents, b: SeparationExtents): SeparationExtents {
  const least = (p: Float64Array, q: Float64Array): Float64Array => p.map((v, j) => Math.min(v, q[j] ?? v));
  const most = (p: Float64Array, q: Float64Array): Float64Array => p.map((v, j) => Math.max(v, q[j] ?? v));
  return {
    low: [least(a.low[0], b.low[0]), least(a.low[1], b.low[1])],
    high: [most(a.high[0], b.high[0]), most(a.high[1], b.high[1])],
    below: Math.max(a.below, b.below),
    above: Math.min(a.above, b.above),
  };
}
