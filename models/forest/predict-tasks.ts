import type { TaskContext } from "../../src/engine/engine.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../../src/memory/column.js";
import { addTrees, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import { assertNoInfinity } from "../boosting/binning-tasks.js";

/** Packed trees, and where they are used. */
export interface ForestArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  /** The trees with the values of each output. */
  readonly outputs: readonly PackedTrees[];
  /** Their number. */
  readonly trees: number;
}

/** Mean of the trees for each row of one partition, a column an output. @throws DataError naming an infinity in X */
export function meanStep(context: TaskContext, args: ForestArgs, x: DenseChunk): DenseChunk<"f64"> {
  assertNoInfinity(context, args, x);
  using space = Workspace.over(context.memory, x);
  const out = context.memory.denseIn("f64", x.rows, args.outputs.length, space.arena);
  out.columns.forEach((column, k) => {
    context.throwIfAborted();
    space.kernels.fillF64(column.offset, 0, x.rows);
    addTrees(context.memory, space, x, args.outputs[k] as PackedTrees, [column]);
    const view = context.memory.view(column);
    for (let i = 0; i < view.length; i++) view[i] = (view[i] as number) / args.trees;
  });
  return out;
}

/** Probabilities of all classes. Of two classes the trees give the second. */
export function probabilityStep(context: TaskContext, args: ForestArgs, x: DenseChunk): DenseChunk<"f64"> {
  const mean = meanStep(context, args, x);
  if (args.outputs.length > 1) return mean;
  const out = context.memory.denseIn("f64", x.rows, 2, mean.columns[0]?.arena ?? 0);
  const [p, q, one] = [out.columns[0], out.columns[1], mean.columns[0]].map((column) =>
    context.memory.view(column as Column<"f64">),
  ) as [Float64Array, Float64Array, Float64Array];
  for (let i = 0; i < one.length; i++) {
    q[i] = one[i] as number;
    p[i] = Math.max(0, 1 - (one[i] as number));
  }
  return out;
}

/** The most probable label of each row; of equal ones the first. */
export function labelStep(
  context: TaskContext,
  args: ForestArgs & { labels: readonly number[] },
  x: DenseChunk,
): DenseChunk<"f64"> {
  const probabilities = probabilityStep(context, args, x);
  const out = context.memory.denseIn("f64", x.rows, 1, probabilities.columns[0]?.arena ?? 0);
  const views = probabilities.columns.map((column) => context.memory.view(column));
  const labels = context.memory.view(out.columns[0] as Column<"f64">);
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let c = 1; c < views.length; c++) if ((views[c]?.[i] as number) > (views[best]?.[i] as number)) best = c;
    labels[i] = args.labels[best] as number;
  }
  return out;
}
