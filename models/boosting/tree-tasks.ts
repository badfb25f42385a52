import type { TaskContext } from "../../src/engine/engine.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { DenseChunk } from "../../src/memory/column.js";
import { addTrees, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import { assertNoInfinity } from "./binning-tasks.js";

/** Packed trees and where they are used. */
export interface TreesArgs extends PackedTrees {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  /** Where the rows start, one a output. */
  readonly baselines: Float64Array;
}

/** Sum of the trees for each row of one partition, a column an output. @throws DataError naming an infinity in X */
export function marginStep(context: TaskContext, args: TreesArgs, x: DenseChunk): DenseChunk<"f64"> {
  assertNoInfinity(context, args, x);
  using space = Workspace.over(context.memory, x);
  const out = context.memory.denseIn("f64", x.rows, args.outputs, space.arena);
  out.columns.forEach(({ offset }, k) => space.kernels.fillF64(offset, args.baselines[k] as number, x.rows));
  addTrees(context.memory, space, x, args, out.columns);
  return out;
}

/** `e^margin` of each row. */
export function expStep(context: TaskContext, args: TreesArgs, x: DenseChunk): DenseChunk<"f64"> {
  const margin = marginStep(context, args, x);
  using space = Workspace.over(context.memory, margin);
  const [column] = margin.columns;
  if (column) space.kernels.inverseLink(glmFamily.poisson, column.offset, margin.rows, column.offset);
  return margin;
}

/** Probabilities of both classes. */
export function probabilityStep(context: TaskContext, args: TreesArgs, x: DenseChunk): DenseChunk<"f64"> {
  const margin = marginStep(context, args, x);
  using space = Workspace.over(context.memory, margin);
  const out = context.memory.denseIn("f64", margin.rows, 2, space.arena);
  const [source] = margin.columns;
  const [first, second] = out.columns;
  if (!source || !first || !second) return out;
  // Each side by its own sigmoid: 1 − p would lose the digits of a small 1 − p.
  space.kernels.inverseLink(glmFamily.logistic, source.offset, margin.rows, second.offset);
  space.kernels.unary(0, source.offset, margin.rows, source.offset);
  space.kernels.inverseLink(glmFamily.logistic, source.offset, margin.rows, first.offset);
  return out;
}

/** The more probable label of each row. */
export function labelStep(
  context: TaskContext,
  args: TreesArgs & { labels: readonly [number, number] },
  x: DenseChunk,
): DenseChunk<"f64"> {
  const margin = marginStep(context, args, x);
  const [column] = margin.columns;
  if (column) {
    const values = context.memory.view(column);
    for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) > 0 ? args.labels[1] : args.labels[0];
  }
  return margin;
}
