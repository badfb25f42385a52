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

/** `e^margin` of each row, a column an output. */
export function expStep(context: TaskContext, args: TreesArgs, x: DenseChunk): DenseChunk<"f64"> {
  const margin = marginStep(context, args, x);
  using space = Workspace.over(context.memory, margin);
  for (const { offset } of margin.columns) space.kernels.inverseLink(glmFamily.poisson, offset, margin.rows, offset);
  return margin;
}

/** Probabilities of all classes: of both where there is one output. */
export function probabilityStep(context: TaskContext, args: TreesArgs, x: DenseChunk): DenseChunk<"f64"> {
  const margin = marginStep(context, args, x);
  using space = Workspace.over(context.memory, margin);
  if (args.outputs > 1) {
    space.kernels.softmax(space.table(margin.columns), args.outputs, margin.rows);
    return margin;
  }
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

/** The most probable label of each row; the first of several. */
export function labelStep(
  context: TaskContext,
  args: TreesArgs & { labels: readonly number[] },
  x: DenseChunk,
): DenseChunk<"f64"> {
  const margin = marginStep(context, args, x);
  const out = context.memory.denseIn("f64", margin.rows, 1, margin.columns[0]?.arena ?? 0);
  const columns = margin.columns.map((column) => context.memory.view(column));
  const [target] = out.columns;
  if (!target) return out;
  const labels = context.memory.view(target);
  for (let i = 0; i < labels.length; i++) {
    let best = columns.length === 1 && ((columns[0] as Float64Array)[i] as number) > 0 ? 1 : 0;
    for (let k = 1; k < columns.length; k++) if ((columns[k]?.[i] ?? 0) > (columns[best]?.[i] ?? 0)) best = k;
    labels[i] = args.labels[best] as number;
  }
  return out;
}
