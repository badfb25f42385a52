import { FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { HISTOGRAM_BINS, MISSING_BIN } from "../../src/kernels/kernels.js";
import { nodeStep } from "../../src/numeric/trees/split-rules.js";
import { nextDouble } from "../../src/numeric/trees/formats/float-limits.js";
import { goesLeft, isCategorical, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { Expansion } from "../../src/numeric/trees/tree-grower.js";
import { exactScale } from "../../src/numeric/trees/exact-scale.js";
import { BoostData } from "./boost-data.js";
import type { BoostingParams } from "./boosting-params.js";
import { holdAndRange } from "./data-range.js";
import type { BoostFit, BoostProblem, InitialTrees } from "./fit-boosting.js";
import { leafQuantiles } from "./leaf-quantiles.js";
import { codeOf, outputsOf, quantilesOfLoss, type Objective } from "./objectives.js";
import { DerivedRounds } from "./round-starts.js";
import { BYTE_THRESHOLDS, layoutOf, type ColumnLayout } from "./column-layout.js";
import { groupStarts } from "./row-groups.js";
import type { FinishedTree } from "./round-tasks.js";
import { countRows } from "./row-weights.js";

/**
 * The thresholds of each column in some trees, ascending: bins between them tell rows apart as the trees do. Of columns of
 * categories they lie where codes that some set tells apart meet.
 */
function thresholdsOf(owner: string, trees: TreeEnsemble, width: number): Float64Array[] {
  const { feature, threshold } = trees;
  const found = Array.from({ length: width }, () => new Set<number>());
  const ofSets = new Set<number>();
  feature.forEach((column, k) => {
    if (column < 0) return;
    const value = threshold[k] as number;
    if (isCategorical(trees, k)) {
      ofSets.add(column);
      for (const edge of setEdges(trees, k)) found[column]?.add(edge);
    } else if (value < Infinity) found[column]?.add(value);
  });
  for (const column of ofSets) {
    // A set is one of bins of one byte.
    const { size } = found[column] as Set<number>;
    if (size > BYTE_THRESHOLDS) {
      throw new FitError(
        `${owner}: the trees tell ${size + 1} groups of codes in column ${column} apart, more than the ${BYTE_THRESHOLDS + 1} that bins can. Fit anew on the new rows.`,
      );
    }
  }
  return found.map((values) => Float64Array.from(values).sort());
}

/** The largest values below which codes of a node's set change sides. */
function setEdges(trees: TreeEnsemble, k: number): number[] {
  const { categoryOffsets } = trees as Required<TreeEnsemble>;
  const end = 32 * ((categoryOffsets[k + 1] as number) - (categoryOffsets[k] as number));
  const edges: number[] = [];
  // Values are cut to whole numbers, so that all above -1 are code 0.
  let before = goesLeft(trees, k, -1);
  for (let code = 0; code <= end; code++) {
    const own = goesLeft(trees, k, code);
    if (own !== before) edges.push(code === 0 ? -1 : nextDouble(code, -1));
    before = own;
  }
  return edges;
}

/** The bins that a node with a set of categories sends left; each bin lies on one side. */
function binsOfSet(trees: TreeEnsemble, k: number, thresholds: Float64Array): Uint32Array {
  const set = new Uint32Array(HISTOGRAM_BINS / 32);
  const add = (bin: number): void => void (set[bin >> 5] = (set[bin >> 5] as number) | (1 << (bin & 31)));
  for (let bin = 0; bin <= thresholds.length; bin++) if (goesLeft(trees, k, thresholds[bin] ?? Infinity)) add(bin);
  if (trees.missingLeft[k] === 1) add(MISSING_BIN);
  return set;
}

/** What {@link refitTrees} is told. */
export interface RefitProblem {
  readonly data: BoostData;
  readonly layout: ColumnLayout;
  readonly objective: Objective;
  readonly params: BoostingParams;
  readonly rows: number;
  readonly wScale: number;
  /** Weight of the rows. */
  readonly weight: number;
  /** What the old values count; the new ones count the rest. */
  readonly decay: number;
}

/** New values for the leaves of trees, tree after tree, at the margins of those before; and the mean losses, negated. */
async function refitTrees(
  { owner, signal }: Design,
  { trees }: InitialTrees,
  problem: RefitProblem,
): Promise<{ value: Float64Array; trainScore: Float64Array }> {
  const { data, layout, objective, params, rows, wScale, weight, decay } = problem;
  const outputs = outputsOf(objective);
  const shares = quantilesOfLoss(objective);
  const starter = new DerivedRounds(owner, data, objective, rows);
  const value = trees.value.slice();
  const trainScore: number[] = [];
  const total = trees.offsets.length - 1;
  let finished: FinishedTree | undefined;
  for (let first = 0; ; first += outputs) {
    signal?.throwIfAborted();
    const { scales, loss } = await starter.begin({ ...(finished ? { finished } : {}), last: first === total });
    trainScore.push(-loss.train / weight + 0);
    if (first === total) return { value, trainScore: Float64Array.from(trainScore) };
    for (let output = 0; output < outputs; output++) {
      if (output > 0) await data.begin({ gradients: { kind: "made" }, ...(finished ? { finished } : {}) });
      const root = trees.offsets[first + output] as number;
      const end = trees.offsets[first + output + 1] as number;
      const { splits, nodes } = shapeOf(trees, root, end, layout);
      if (splits.length > 0) await data.follow(splits);
      const sums = await data.reduce<Float64Array>(
        fnRef(new URL("./refit-tasks.js", import.meta.url).href, "nodeSumsStep"),
        { nodes } as unknown as Plain,
        (a, b) => a.map((sum, i) => sum + (b[i] as number)),
      );
      const quantiles =
        shares && (await leafQuantiles(data, { nodes, output, share: shares[output] as number, wScale }));
      const rules = { ...params, gScale: scales.g, hScale: scales.h };
      const leaves = nodes.map((node, k) => {
        const [g, h, count] = sums.subarray(3 * k) as unknown as [number, number, number];
        const old = value[root + node] as number;
        // A leaf that no row reaches keeps its value.
        if (count === 0) return { node, value: old };
        const step = quantiles ? (quantiles[k] as number) : nodeStep({ g, h }, rules);
        const own = decay * old + (1 - decay) * params.learningRate * step;
        value[root + node] = own;
        return { node, value: own };
      });
      finished = {
        output,
        pending: [],
        leaves,
        nodes: new Int32Array(0),
        sets: new Uint32Array(0),
        values: new Float64Array(0),
      };
    }
  }
}

/** The splits of a tree, parents first, and its leaves. */
function shapeOf(
  trees: TreeEnsemble,
  root: number,
  end: number,
  { thresholds, sources }: ColumnLayout,
): { splits: Expansion[]; nodes: number[] } {
  const { feature, threshold, missingLeft, left } = trees;
  const splits: Expansion[] = [];
  const nodes: number[] = [];
  for (let k = root; k < end; k++) {
    const column = feature[k] as number;
    if (column < 0) {
      nodes.push(k - root);
      continue;
    }
    // Of several columns of bins the one that has the threshold; only missing values go right where it is infinite.
    const first = sources ? sources.indexOf(column) : column;
    const last = sources ? sources.lastIndexOf(column) : column;
    let place = first;
    while (place < last && (thresholds[place]?.at(-1) as number) < (threshold[k] as number)) place += 1;
    const own = thresholds[place] as Float64Array;
    const at = own.indexOf(threshold[k] as number);
    const child = left[k] as number;
    splits.push({
      node: k - root,
      left: child,
      right: child + 1,
      feature: place,
      bin: at < 0 ? own.length : at,
      missingLeft: missingLeft[k] === 1,
      ...(isCategorical(trees, k) ? { set: binsOfSet(trees, k, own) } : {}),
      measured: -1,
    });
  }
  return { splits, nodes };
}

/** New values for the leaves of trees, from a design's rows; their splits stay. See {@link refitTrees}. */
export async function refitBoosting(
  design: Design,
  before: InitialTrees,
  problem: Pick<BoostProblem, "objective" | "params" | "targets"> & { readonly decay: number },
): Promise<BoostFit> {
  const { owner } = design;
  const { objective, targets } = problem;
  const layout = layoutOf(thresholdsOf(owner, before.trees, design.nFeatures));
  const { range, rows } = await holdAndRange(design, targets);
  if (range.maxW === 0)
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const groups = range.groups ? groupStarts(owner, range.groups) : undefined;
  const { baselines } = before;
  using data = await BoostData.open(design, {
    rows: range.rows,
    ...layout,
    margins: baselines,
    seed: 0,
    heldOut: 0,
    groups,
  });
  const wScale = exactScale(range.maxW, rows, 50);
  const weights = await countRows(owner, data, { wScale, rows, heldOut: 0, grouped: groups !== undefined });
  const own = { ...problem, data, layout, rows, wScale, weight: weights.train };
  const { value, trainScore } = await refitTrees(design, before, own);
  const trees = { ...before.trees, value };
  return { loss: codeOf(objective), baselines, trees, trainScore, validationScore: new Float64Array(0) };
}
