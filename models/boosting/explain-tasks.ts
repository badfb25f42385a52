import type { TaskContext } from "../../src/engine/engine.js";
import type { DenseChunk, MatrixChunk } from "../../src/memory/column.js";
import { leafOfRow } from "../../src/numeric/trees/row-walk.js";
import { addContributions, type ShapPaths } from "../../src/numeric/trees/shap-paths.js";
import { addInteractions } from "../../src/numeric/trees/shap-interactions.js";
import type { TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import { assertNoInfinity } from "./no-infinity.js";
import { eachDense, rowsFrom, spaceOver } from "./sparse-rows.js";
import { withZerosMissing } from "./zeros-missing.js";

/** What the tasks that explain are told of the model. */
export interface ExplainArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly nFeatures: number;
  readonly zeroMissing: Uint8Array | undefined;
}

/** Paths, and the means that contributions are measured from, one an output. */
export interface ShapArgs extends ExplainArgs {
  readonly paths: ShapPaths;
  readonly expected: Float64Array;
}

/** Contributions of the columns to each row's outputs, and in the last column of each output its mean. */
export function contributionsStep(context: TaskContext, args: ShapArgs, x: MatrixChunk): DenseChunk<"f64"> {
  assertNoInfinity(context, args, x);
  const { expected, nFeatures, paths } = args;
  const width = nFeatures + 1;
  using space = spaceOver(context, x);
  const out = context.memory.denseIn("f64", x.rows, expected.length * width, space.arena);
  out.columns.forEach(({ offset }, k) => {
    const start = k % width === nFeatures ? (expected[Math.floor(k / width)] as number) : 0;
    space.kernels.fillF64(offset, start, x.rows);
  });
  eachDense(context, space, x, undefined, (rows, from) => {
    const own = withZerosMissing(context, args.zeroMissing, rows);
    addContributions(context.memory, space, own, paths, width, rowsFrom(out.columns, from, rows.rows));
  });
  return out;
}

/** Contributions of pairs of columns: a square of `nFeatures + 1` a row and output. */
export function interactionsStep(
  context: TaskContext,
  args: ExplainArgs & {
    readonly trees: TreeEnsemble;
    readonly weight: "cover" | "count";
    readonly expected: Float64Array;
  },
  x: DenseChunk,
): DenseChunk<"f64"> {
  assertNoInfinity(context, args, x);
  const width = args.nFeatures + 1;
  const { columns } = withZerosMissing(context, args.zeroMissing, x);
  const values = columns.map((column) => context.memory.view(column) as ArrayLike<number>);
  const out = context.memory.denseIn("f64", x.rows, args.expected.length * width * width, columns[0]?.arena ?? 0);
  const outs = out.columns.map((column) => context.memory.view(column).fill(0));
  args.expected.forEach((mean, k) => outs[(k + 1) * width * width - 1]?.fill(mean));
  addInteractions(args.trees, args.weight, values, x.rows, width, outs);
  return out;
}

/** The leaf of each row in each tree, by its number among the nodes of the tree. */
export function leavesStep(
  context: TaskContext,
  args: ExplainArgs & { readonly trees: TreeEnsemble },
  x: DenseChunk,
): DenseChunk<"i32"> {
  assertNoInfinity(context, args, x);
  const { offsets } = args.trees;
  const { columns } = withZerosMissing(context, args.zeroMissing, x);
  const values = columns.map((column) => context.memory.view(column));
  const out = context.memory.denseIn("i32", x.rows, offsets.length - 1, columns[0]?.arena ?? 0);
  const outs = out.columns.map((column) => context.memory.view(column));
  const row = new Float64Array(values.length);
  for (let i = 0; i < x.rows; i++) {
    values.forEach((own, j) => (row[j] = Number(own[i])));
    outs.forEach((own, t) => (own[i] = leafOfRow(args.trees, t, row) - (offsets[t] as number)));
  }
  return out;
}
