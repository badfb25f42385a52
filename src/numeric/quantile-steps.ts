import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import type { DenseChunk } from "../memory/column.js";
import { doublesOf } from "./doubles-of.js";
import { QuantileSketch, type QuantileSketchData } from "./quantile-sketch.js";

/** One {@link QuantileSketch} a column of a partition, NaN left out, as plain data. Cost: a sort of each column. */
export function sketchStep(context: TaskContext, args: { error: number }, chunk: DenseChunk): QuantileSketchData[] {
  using space = Workspace.over(context.memory, chunk);
  return chunk.columns.map((column) => {
    context.throwIfAborted();
    return new QuantileSketch(args.error).update(doublesOf(context, space, column)).toPlain();
  });
}

/** Names {@link sketchStep} for the engine. */
export const SKETCH_STEP = fnRef(import.meta.url, "sketchStep");

/** Column by column the sketch of both: the combine of {@link sketchStep}. A list without columns adds nothing. */
export function mergeSketchLists(
  a: readonly QuantileSketchData[],
  b: readonly QuantileSketchData[],
): QuantileSketchData[] {
  if (a.length === 0 || b.length === 0) return [...(a.length === 0 ? b : a)];
  return a.map((data, j) => {
    const sketch = QuantileSketch.fromPlain(data);
    const other = b[j];
    return (other ? sketch.merge(QuantileSketch.fromPlain(other)) : sketch).toPlain();
  });
}

/** Entry [i][j]: quantile `q[i]` of column j. */
export function quantilesOf(sketches: readonly QuantileSketchData[], q: readonly number[]): number[][] {
  const live = sketches.map((data) => QuantileSketch.fromPlain(data));
  return q.map((share) => live.map((sketch) => sketch.quantile(share)));
}
