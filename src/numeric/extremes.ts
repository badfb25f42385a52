import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import type { DenseChunk } from "../memory/column.js";

/** Smallest and largest value of each column, NaN left out; +Infinity and -Infinity where there is none. */
export interface Extremes {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Extremes of one partition. */
export function extremesStep(context: TaskContext, _args: undefined, x: DenseChunk): Extremes {
  using space = Workspace.over(context.memory, x);
  const { table, width, suffix } = space.matrix(x);
  const out = space.zeros(width * 2);
  space.kernels[`minMax${suffix}`](table, width, x.rows, out.pointer);
  return {
    min: Float64Array.from({ length: width }, (_, j) => out.values[j * 2] ?? Infinity),
    max: Float64Array.from({ length: width }, (_, j) => out.values[j * 2 + 1] ?? -Infinity),
  };
}

/** Names {@link extremesStep} for the engine. */
export const EXTREMES_STEP = fnRef(import.meta.url, "extremesStep");

/** Extremes of the union. */
export function mergeExtremes(a: Extremes, b: Extremes): Extremes {
  return {
    min: a.min.map((value, j) => Math.min(value, b.min[j] ?? Infinity)),
    max: a.max.map((value, j) => Math.max(value, b.max[j] ?? -Infinity)),
  };
}
