import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { addRowStep, largestAt, type RowStep } from "../../src/estimator/row-steps.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../../src/memory/column.js";
import { addTrees, sourceOf, type PackedTrees } from "../../src/numeric/trees/packed-trees.js";
import { hasInfinity, leafOfRow } from "../../src/numeric/trees/row-walk.js";
import type { TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import { assertNoInfinity } from "../boosting/no-infinity.js";

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

/** Standard deviation of the trees for each row, given trees of values and of their squares. */
export function spreadStep(context: TaskContext, args: ForestArgs, x: DenseChunk): DenseChunk<"f64"> {
  const moments = meanStep(context, args, x);
  const [mean, square] = moments.columns.map((column) => context.memory.view(column)) as [Float64Array, Float64Array];
  for (let i = 0; i < mean.length; i++) mean[i] = spreadOf(mean[i] as number, square[i] as number);
  return { ...moments, columns: moments.columns.slice(0, 1) };
}

// Rounding may leave less than nothing.
const spreadOf = (mean: number, square: number): number => Math.sqrt(Math.max(0, square - mean * mean));

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

/** {@link meanStep} on one row; undefined where the trees are not at hand. */
function rowMeans({ outputs, trees }: ForestArgs): ((row: Float64Array) => Float64Array | undefined) | undefined {
  const sources = outputs.map(sourceOf);
  if (sources.includes(undefined)) return undefined;
  const ensembles = sources as readonly TreeEnsemble[];
  const [first] = ensembles as readonly [TreeEnsemble];
  return (row) => {
    if (hasInfinity(row)) return undefined;
    const sums = new Float64Array(ensembles.length);
    // The outputs differ in what the leaves hold, not in how rows get there.
    for (let t = 0; t + 1 < first.offsets.length; t++) {
      const leaf = leafOfRow(first, t, row);
      for (let k = 0; k < sums.length; k++)
        sums[k] = (sums[k] as number) + ((ensembles[k] as TreeEnsemble).value[leaf] as number);
    }
    for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] as number) / trees;
    return sums;
  };
}

/** A step on one row from the means of the trees. */
function addMeanStep<A extends ForestArgs>(name: string, finish: (means: Float64Array, args: A) => Float64Array): void {
  addRowStep<A>(fnRef(import.meta.url, name), (args) => {
    const meansOf = rowMeans(args);
    if (!meansOf) return undefined;
    const step = (row: Float64Array): Float64Array | undefined => {
      const means = meansOf(row);
      return means && finish(means, args);
    };
    return step as RowStep;
  });
}

const probabilitiesOf = (means: Float64Array): Float64Array =>
  means.length > 1 ? means : Float64Array.of(Math.max(0, 1 - (means[0] as number)), means[0] as number);

addMeanStep("meanStep", (means) => means);
addMeanStep("spreadStep", ([mean, square]) => Float64Array.of(spreadOf(mean as number, square as number)));
addMeanStep("probabilityStep", probabilitiesOf);
addMeanStep<ForestArgs & { labels: readonly number[] }>("labelStep", (means, { labels }) =>
  Float64Array.of(labels[largestAt(probabilitiesOf(means))] as number),
);
