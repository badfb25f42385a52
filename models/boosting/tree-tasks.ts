import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { addRowStep, largestAt, type RowStep, type RowTools } from "../../src/estimator/row-steps.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { addTrees, sourceOf, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import { addRow, hasInfinity } from "../../src/numeric/trees/row-walk.js";
import { assertNoInfinity } from "./no-infinity.js";
import { eachDense, rowsFrom, spaceOver } from "./sparse-rows.js";

/** Packed trees and where they are used. */
export interface TreesArgs extends PackedTrees {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  /** Where the rows start, one a output. */
  readonly baselines: Float64Array;
  /** Columns that the trees look at, where X is sparse. */
  readonly used?: Int32Array | undefined;
}

/** Sum of the trees for each row of one partition, a column an output. @throws DataError naming an infinity in X */
export function marginStep(context: TaskContext, args: TreesArgs, x: MatrixChunk): DenseChunk<"f64"> {
  assertNoInfinity(context, args, x);
  using space = spaceOver(context, x);
  const out = context.memory.denseIn("f64", x.rows, args.outputs, space.arena);
  out.columns.forEach(({ offset }, k) => space.kernels.fillF64(offset, args.baselines[k] as number, x.rows));
  addAll(context, space, args, x, out.columns);
  return out;
}

function addAll(
  context: TaskContext,
  space: Workspace,
  args: TreesArgs,
  x: MatrixChunk,
  out: readonly Column<"f64">[],
): void {
  eachDense(context, space, x, args.used, (rows, from) =>
    addTrees(context.memory, space, rows, args, rowsFrom(out, from, rows.rows)),
  );
}

/** The sum of further trees on top of the margins of some trees before, as {@link marginStep} has them. */
export function moreTreesStep(
  context: TaskContext,
  args: TreesArgs,
  x: MatrixChunk,
  before: DenseChunk<"f64">,
): DenseChunk<"f64"> {
  using space = spaceOver(context, x);
  const out = context.memory.denseIn("f64", x.rows, args.outputs, space.arena);
  out.columns.forEach((column, k) =>
    context.memory.view(column).set(context.memory.view(before.columns[k] as Column<"f64">)),
  );
  addAll(context, space, args, x, out.columns);
  return out;
}

/** What is made of margins. */
export type Link =
  | { readonly kind: "margin" | "exp" | "probabilities" }
  | { readonly kind: "labels"; readonly labels: readonly number[] };

/** Predictions of margins that are held, and so left as they are. */
export function linkStep(context: TaskContext, link: Link, held: DenseChunk<"f64">): DenseChunk<"f64"> {
  const { memory } = context;
  const arena = held.columns[0]?.arena ?? 0;
  const margin = memory.denseIn("f64", held.rows, held.columns.length, arena);
  margin.columns.forEach((column, k) => memory.view(column).set(memory.view(held.columns[k] as Column<"f64">)));
  if (link.kind === "labels") return labelsOf(context, link.labels, margin);
  if (link.kind === "probabilities") return probabilitiesOf(context, margin);
  return link.kind === "exp" ? expOf(context, margin) : margin;
}

/** `e^margin` of each row, a column an output. */
export function expStep(context: TaskContext, args: TreesArgs, x: MatrixChunk): DenseChunk<"f64"> {
  return expOf(context, marginStep(context, args, x));
}

function expOf(context: TaskContext, margin: DenseChunk<"f64">): DenseChunk<"f64"> {
  using space = Workspace.over(context.memory, margin);
  for (const { offset } of margin.columns) space.kernels.inverseLink(glmFamily.poisson, offset, margin.rows, offset);
  return margin;
}

/** Probabilities of all classes: of both where there is one output. */
export function probabilityStep(context: TaskContext, args: TreesArgs, x: MatrixChunk): DenseChunk<"f64"> {
  return probabilitiesOf(context, marginStep(context, args, x));
}

function probabilitiesOf(context: TaskContext, margin: DenseChunk<"f64">): DenseChunk<"f64"> {
  using space = Workspace.over(context.memory, margin);
  const outputs = margin.columns.length;
  if (outputs > 1) {
    space.kernels.softmax(space.table(margin.columns), outputs, margin.rows);
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
  x: MatrixChunk,
): DenseChunk<"f64"> {
  return labelsOf(context, args.labels, marginStep(context, args, x));
}

function labelsOf(context: TaskContext, known: readonly number[], margin: DenseChunk<"f64">): DenseChunk<"f64"> {
  const out = context.memory.denseIn("f64", margin.rows, 1, margin.columns[0]?.arena ?? 0);
  const columns = margin.columns.map((column) => context.memory.view(column));
  const [target] = out.columns;
  if (!target) return out;
  const labels = context.memory.view(target);
  for (let i = 0; i < labels.length; i++) {
    let best = columns.length === 1 && ((columns[0] as Float64Array)[i] as number) > 0 ? 1 : 0;
    for (let k = 1; k < columns.length; k++) if ((columns[k]?.[i] ?? 0) > (columns[best]?.[i] ?? 0)) best = k;
    labels[i] = known[best] as number;
  }
  return out;
}

/** {@link marginStep} on one row; undefined where the trees are not at hand. */
export function rowMargins(args: TreesArgs): ((row: Float64Array) => Float64Array | undefined) | undefined {
  const trees = sourceOf(args);
  if (!trees) return undefined;
  return (row) => {
    if (hasInfinity(row)) return undefined;
    const margins = args.baselines.slice();
    addRow(trees, row, margins);
    return margins;
  };
}

/** Both probabilities of a margin, each by its own sigmoid. */
function bothSides(tools: RowTools, margin: number): Float64Array {
  return Float64Array.of(tools.inverseLink(glmFamily.logistic, -margin), tools.inverseLink(glmFamily.logistic, margin));
}

/** A step on one row from its margins. */
function addMarginStep<A extends TreesArgs>(
  name: string,
  finish: (margins: Float64Array, args: A, tools: RowTools) => Float64Array,
): void {
  addRowStep<A>(fnRef(import.meta.url, name), (args, tools) => {
    const marginsOf = rowMargins(args);
    if (!marginsOf) return undefined;
    const step = (row: Float64Array): Float64Array | undefined => {
      const margins = marginsOf(row);
      return margins && finish(margins, args, tools);
    };
    return step as RowStep;
  });
}

addMarginStep("marginStep", (margins) => margins);
addMarginStep("expStep", (margins, _args, tools) =>
  margins.map((margin) => tools.inverseLink(glmFamily.poisson, margin)),
);
addMarginStep("probabilityStep", (margins, _args, tools) => {
  if (margins.length === 1) return bothSides(tools, margins[0] as number);
  tools.softmax(margins);
  return margins;
});
addMarginStep<TreesArgs & { labels: readonly number[] }>("labelStep", (margins, { labels }) => {
  const best = margins.length === 1 ? Number((margins[0] as number) > 0) : largestAt(margins);
  return Float64Array.of(labels[best] as number);
});
