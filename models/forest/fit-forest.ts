import { DataError, FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";
import { holdPlans, readPlans } from "../../src/collections/hold.js";
import { TaskPlan, type HeldPlan } from "../../src/collections/plan.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { exactScale } from "../../src/numeric/trees/exact-scale.js";
import type { ForestTree } from "../../src/numeric/trees/forest/grow-tree.js";
import type { Impurity } from "../../src/numeric/trees/forest/impurity.js";
import { joinTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import { columnThresholds } from "../boosting/column-thresholds.js";
import { holdAndRange } from "../boosting/data-range.js";
import { drawnColumns, drawnShare, rowLimit, type ForestParams } from "./forest-params.js";
import { MOST_DRAWS, nodeValues, type GrowArgs, type GrownTrees } from "./forest-tasks.js";

const binning = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("../boosting/binning-tasks.js", import.meta.url).href, name);
const forest = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./forest-tasks.js", import.meta.url).href, name);

/** What a fit of trees finds. */
export interface ForestFit {
  /** `value` is the mean target of each node; of a classifier the frequency of its last class. */
  readonly trees: TreeEnsemble;
  /** Of a classifier of more than two classes: frequency of each class in each node, class after class. */
  readonly frequencies?: Float64Array;
  /** Share of each column in the decrease of the impurity. */
  readonly importances: Float64Array;
  /** For each row (and class) the mean of the trees that did not draw it; NaN where all did. */
  readonly oobPrediction?: Float64Array;
}

/** Inputs of {@link fitForest}. */
export interface ForestProblem {
  readonly params: ForestParams;
  readonly impurity: Impurity;
  readonly random: boolean;
  /** Classes, coded from 0 in y; 0 for a regression. */
  readonly classes: number;
}

// Trees of a task where predictions of left out rows are added up: fixed, because their order is.
const OOB_TREES = 8;

/**
 * Grows trees on a design. Columns are binned where they are; the bins, a byte a value, go to one place, and each task grows
 * some trees on all of them: a tree that is grown to the end has as many nodes as rows, whose histograms would be far more
 * than the rows. There is one round for all trees. Every tree is a function of the rows in their order and of its number, so
 * the forest has the same bits for any partitioning, engine and number of threads.
 *
 * @returns the forest, and y where `oobScore` is asked for
 */
export async function fitForest(design: Design, problem: ForestProblem): Promise<ForestFit & { y?: Float64Array }> {
  const { owner, engine, nFeatures: width } = design;
  const { params, impurity, classes } = problem;
  const seed = params.randomState ?? DEFAULT_SEED;
  if (params.oobScore && !params.bootstrap)
    throw new FitError(`${owner}: oobScore needs rows that trees did not draw. Pass bootstrap: true.`);
  if (design.layout === "csr")
    throw new DataError(`${owner}: X is sparse, but its trees take columns of values. Pass a dense array or a frame.`);
  const maxFeatures = drawnColumns(owner, params.maxFeatures, width);
  const { range, rows } = await holdAndRange(
    design,
    impurity === "poisson"
      ? {
          least: 0,
          inclusive: true,
          because: 'criterion "poisson"',
          instead: ', or use criterion "squared_error"',
        }
      : undefined,
  );
  if (rows === 0) throw new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
  if (range.maxW === 0)
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  if (impurity === "poisson" && range.maxAbsY === 0)
    throw new FitError(`${owner}: y is 0 in every row, which has no logarithm. Check the target column.`);
  const drawn = params.bootstrap ? drawnShare(owner, params.maxSamples, rows) : 0;
  const thresholds = await columnThresholds(design, range.rows, params.maxBins, seed);
  const run = design.runOptions;
  const binned = TaskPlan.blockwise(design.plan, owner, binning("binStep"), { thresholds });
  const gathered = new TaskPlan({
    label: owner,
    partitions: 1,
    inputs: [binned],
    task: () => ({
      fn: forest("gatherStep"),
      args: { width },
      inputs: Array.from({ length: binned.partitions }, (_, index) => ({ plan: binned, index })),
    }),
  });
  const [held] = (await holdPlans([gathered], engine, run)) as [HeldPlan];
  design[Symbol.dispose]();
  try {
    const bound = range.maxW * (MOST_DRAWS + 1);
    const wScale = exactScale(bound, rows, 50);
    const tScale = classes > 0 ? 1 : exactScale(bound * range.maxAbsY, rows, 50);
    const unit = classes > 0 ? wScale : impurity === "poisson" ? tScale : (tScale / wScale) * tScale;
    const shared: Omit<GrowArgs, "from" | "to"> = {
      rules: {
        impurity,
        random: problem.random,
        maxFeatures,
        maxDepth: params.maxDepth ?? Infinity,
        maxLeafNodes: params.maxLeafNodes ?? Infinity,
        minSamplesLeaf: rowLimit(params.minSamplesLeaf, rows),
        minSamplesSplit: Math.max(2, rowLimit(params.minSamplesSplit, rows)),
        // In the units of the integer sums.
        minImpurityDecrease: params.minImpurityDecrease * (unit / wScale),
        seed,
        thresholds,
      },
      classes,
      wScale,
      tScale,
      drawn,
      oob: params.oobScore,
    };
    const count = params.nEstimators;
    const each = params.oobScore ? OOB_TREES : Math.max(1, Math.ceil(count / (8 * engine.parallelism)));
    const plan = new TaskPlan({
      label: owner,
      partitions: Math.ceil(count / each),
      inputs: [held],
      task: (group) => ({
        fn: forest("growStep"),
        args: { ...shared, from: group * each, to: Math.min(count, (group + 1) * each) } as unknown as Plain,
        inputs: [{ plan: held, index: 0 }],
      }),
    });
    const progress = design.onProgress ? { onProgress: design.onProgress } : {};
    const grown = (await readPlans([plan], owner, { ...run, ...progress, engine })) as unknown as GrownTrees[];
    const trees = grown.flatMap((part) => part.trees);
    const fit = joinForest(trees, thresholds, { ...shared, unit, width });
    if (!params.oobScore) return fit;
    const targets = TaskPlan.blockwise(held, owner, forest("targetsStep"), undefined);
    const [y] = (await readPlans([targets], owner, { ...run, engine })) as [Float64Array];
    return { ...fit, y, oobPrediction: outOfBag(grown, rows, classes > 0 ? classes : 1) };
  } finally {
    held.release();
  }
}

function joinForest(
  trees: readonly ForestTree[],
  thresholds: readonly Float64Array[],
  args: Pick<GrowArgs, "classes" | "wScale" | "tScale"> & { unit: number; width: number },
): ForestFit {
  const { classes, wScale, unit, width } = args;
  const size = classes > 0 ? classes : 1;
  const values = trees.map((tree) => nodeValues(tree, args));
  const ensemble = joinTrees(
    trees.map((tree, t) => {
      const own = values[t] as Float64Array;
      return {
        ...tree,
        leaves: [],
        value: Float64Array.from(tree.count, (_, k) => own[k * size + size - 1] as number),
        gain: tree.gain.map((gain) => gain / unit),
        cover: Float64Array.from(tree.count, (_, k) => weightOf(tree, k, classes) / wScale),
      };
    }),
    { thresholds },
  );
  const total = ensemble.feature.length;
  let frequencies: Float64Array | undefined;
  if (classes > 2) {
    frequencies = new Float64Array(total * classes);
    for (let c = 0; c < classes; c++) {
      values.forEach((own, t) => {
        const from = c * total + (ensemble.offsets[t] as number);
        for (let k = 0; k * classes < own.length; k++)
          (frequencies as Float64Array)[from + k] = own[k * classes + c] as number;
      });
    }
  }
  return { trees: ensemble, ...(frequencies ? { frequencies } : {}), importances: importancesOf(trees, width) };
}

function weightOf(tree: ForestTree, node: number, classes: number): number {
  if (classes === 0) return tree.sums[2 * node] as number;
  let total = 0;
  for (let c = 0; c < classes; c++) total += tree.sums[node * classes + c] as number;
  return total;
}

// The mean of each tree's shares, as in scikit-learn: trees count alike.
function importancesOf(trees: readonly ForestTree[], width: number): Float64Array {
  const mean = new Float64Array(width);
  for (const tree of trees) {
    const own = new Float64Array(width);
    tree.feature.forEach((feature, k) => {
      if (feature >= 0) own[feature] = (own[feature] as number) + (tree.gain[k] as number);
    });
    const total = own.reduce((sum, gain) => sum + gain, 0);
    if (total > 0) own.forEach((gain, j) => (mean[j] = (mean[j] as number) + gain / total));
  }
  const total = mean.reduce((sum, share) => sum + share, 0);
  return total > 0 ? mean.map((share) => share / total) : mean;
}

function outOfBag(parts: readonly GrownTrees[], rows: number, size: number): Float64Array {
  const out = new Float64Array(rows * size);
  const trees = new Float64Array(rows);
  for (const { oobSums, oobTrees } of parts) {
    oobSums?.forEach((sum, i) => (out[i] = (out[i] as number) + sum));
    oobTrees?.forEach((count, i) => (trees[i] = (trees[i] as number) + count));
  }
  // 0 / 0 where every tree drew the row.
  return out.map((sum, i) => sum / (trees[Math.floor(i / size)] as number));
}
