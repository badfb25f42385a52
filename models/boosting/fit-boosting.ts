import { DataError, FitError } from "../../src/base/errors.js";
import { CounterRng, DEFAULT_SEED } from "../../src/base/rng.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { boostLoss, PACKED_DROP, type BoostLossCode } from "../../src/kernels/kernels.js";
import { addExact, exactScale, exactValue } from "../../src/numeric/trees/exact-scale.js";
import { joinTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import { TreeGrower, type GrownTree, type GrowthRules } from "../../src/numeric/trees/tree-grower.js";
import type { countStep, DataRange, TargetSums } from "./binning-tasks.js";
import { mergeRanges } from "./binning-tasks.js";
import { BoostData, columnThresholds } from "./boost-data.js";
import type { BoostingParams } from "./boosting-params.js";
import type { FinishedTree, RoundScales } from "./round-tasks.js";
import { splitSettings, type SplitSettings } from "./split-params.js";

/** What a boosting fit finds. */
export interface BoostFit {
  readonly loss: BoostLossCode;
  /** Where every row starts, one a output of the trees. */
  readonly baselines: Float64Array;
  readonly trees: TreeEnsemble;
  /** Scores (mean loss, negated) before the first tree and after each. */
  readonly trainScore: Float64Array;
  readonly validationScore: Float64Array;
}

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./binning-tasks.js", import.meta.url).href, name);

// Bits of an integer derivative; a histogram entry has room for 2^20 second derivatives of so many bits and their count.
const G_BITS = 30;
const H_BITS = 22;
const LOSS_BITS = 50;
// From so many rows on the noise of derivatives of few bits is below that of the rows themselves.
const PACKED_FROM = 2 ** 16;

/** Inputs of {@link fitBoosting}. */
export interface BoostProblem {
  readonly loss: BoostLossCode;
  readonly params: BoostingParams;
  /** Smallest target that the loss allows. */
  readonly minY?: number;
  /** See `BoostDataOptions.chunks`. */
  readonly chunks?: number;
  /** Whether derivatives are rounded to few bits, see `packPairs`; what suits the number of rows unless given. */
  readonly packed?: boolean;
}

/**
 * Boosts trees on a design: one look at the range of the data, one for bin thresholds, one for the bins; then rounds over the
 * held bins. All sums that decide anything are sums of integers, so the result has the same bits for any partitioning.
 */
export async function fitBoosting(design: Design, problem: BoostProblem): Promise<BoostFit> {
  const { owner } = design;
  const { loss, params } = problem;
  const seed = params.randomState ?? DEFAULT_SEED;
  if (design.layout === "csr")
    throw new DataError(`${owner}: X is sparse, but its trees take columns of values. Pass a dense array or a frame.`);
  const splits = splitSettings(params, seed, { owner, names: design.names, width: design.nFeatures });
  await design.hold();
  const range = await design.reduce<DataRange>(
    task("rangeStep"),
    { owner, names: design.names, minY: problem.minY },
    mergeRanges,
    false,
  );
  const rows = range.rows.reduce((sum, count) => sum + count, 0);
  if (rows === 0) throw new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
  if (range.maxW === 0)
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const wScale = exactScale(range.maxW, rows, 50);
  const wyScale = exactScale(range.maxW * range.maxAbsY, rows, 50);
  const target = await design.reduce<TargetSums>(
    task("targetStep"),
    { wScale, wyScale },
    (a, b) => ({ w: addExact(a.w, b.w), wy: addExact(a.wy, b.wy) }),
    false,
  );
  const baseline = startOf(owner, loss, exactValue(target.wy, wyScale) / exactValue(target.w, wScale));
  const thresholds = await columnThresholds(design, range.rows, params.maxBins, seed);
  const stopping = params.earlyStopping === "auto" ? rows > 10_000 : params.earlyStopping;
  const heldOut = stopping ? (params.validationFraction ?? 0) : 0;
  using data = await BoostData.open(design, {
    rows: range.rows,
    thresholds,
    margin: baseline,
    seed,
    heldOut,
    chunks: problem.chunks,
  });
  design[Symbol.dispose]();
  const counts = await data.count<ReturnType<typeof countStep>>("countStep", { wScale }, (a, b) => ({
    train: a.train + b.train,
    held: a.held + b.held,
    trainWeight: addExact(a.trainWeight, b.trainWeight),
    heldWeight: addExact(a.heldWeight, b.heldWeight),
  }));
  if (counts.train === 0 || (heldOut > 0 && counts.held === 0)) {
    throw new FitError(
      `${owner}: validationFraction ${heldOut} of ${rows} rows leaves ${counts.train} to train on and ${counts.held} to stop by. ` +
        "Use earlyStopping: false, validationFraction: null (the training rows' score), or more rows.",
    );
  }
  const weights = { train: exactValue(counts.trainWeight, wScale), held: exactValue(counts.heldWeight, wScale) };
  // Awaited, because the data have to outlive the rounds.
  return await rounds(design, problem, { data, range, rows, baseline, thresholds, weights, splits, stopping, heldOut });
}

interface Prepared {
  readonly data: BoostData;
  readonly range: DataRange;
  readonly rows: number;
  readonly baseline: number;
  readonly thresholds: readonly Float64Array[];
  readonly weights: { readonly train: number; readonly held: number };
  readonly splits: SplitSettings;
  readonly stopping: boolean;
  readonly heldOut: number;
}

async function rounds(design: Design, problem: BoostProblem, ready: Prepared): Promise<BoostFit> {
  const { loss, params } = problem;
  const { data, baseline, thresholds, weights, splits, stopping, heldOut } = ready;
  const packed = problem.packed ?? ready.rows >= PACKED_FROM;
  const rng = new CounterRng(params.randomState ?? DEFAULT_SEED, "boosting derivatives");
  const key = (tree: number): { packKey?: number } => (packed ? { packKey: rng.uint32(tree) } : {});
  const bins = Int32Array.from(thresholds, (own) => own.length + 1);
  const bounds = new Bounds(loss, ready);
  const trees: GrownTree[] = [];
  const trainScore: number[] = [];
  const validationScore: number[] = [];
  let scales = bounds.scales();
  const record = (scores: Float64Array): void => {
    trainScore.push(-(scores[1] ?? 0) / scales.loss / weights.train + 0);
    if (heldOut > 0) validationScore.push(-(scores[2] ?? 0) / scales.loss / weights.held + 0);
    bounds.measured(scores[0] ?? 0);
  };
  let { histogram, scores } = await data.begin({ loss, scales, ...key(0) }, false);
  record(scores);
  while (trees.length < params.maxIter && histogram) {
    const rules: GrowthRules = {
      ...splits,
      ...(splits.columns ? { columns: { ...splits.columns, tree: trees.length } } : {}),
      gScale: packed ? scales.g / 2 ** PACKED_DROP.g : scales.g,
      hScale: packed ? scales.h / 2 ** PACKED_DROP.h : scales.h,
      bins,
      learningRate: params.learningRate,
    };
    const grower = new TreeGrower(histogram, rules);
    for (let asked = grower.next(); asked; asked = grower.next()) grower.accept(await data.split(asked));
    const tree = grower.finish();
    trees.push(tree);
    bounds.moved(tree);
    scales = bounds.scales();
    const last = trees.length === params.maxIter;
    ({ histogram, scores } = await data.begin(
      { loss, scales, ...key(trees.length), finished: { pending: grower.takePending(), ...forRows(tree) } },
      last,
    ));
    record(scores);
    const train = trainScore.at(-1) as number;
    const validation = validationScore.at(-1);
    design.onProgress?.({
      stage: design.owner,
      done: trees.length,
      total: params.maxIter,
      detail: { trainScore: train, ...(validation === undefined ? {} : { validationScore: validation }) },
    });
    if (!Number.isFinite(train))
      throw new FitError(
        `${design.owner}: the loss is ${-train} after ${trees.length} trees. Use a smaller learningRate.`,
      );
    if (stopping && hasStalled(heldOut > 0 ? validationScore : trainScore, params.nIterNoChange, params.tol)) break;
  }
  // What came after the best score is dropped, where rows were held out to tell.
  const kept = heldOut > 0 ? Math.max(1, bestOf(validationScore)) : trees.length;
  return {
    loss,
    baselines: Float64Array.of(baseline),
    trees: joinTrees(trees.slice(0, kept), { thresholds }),
    trainScore: Float64Array.from(trainScore),
    validationScore: Float64Array.from(validationScore),
  };
}

function startOf(owner: string, loss: BoostLossCode, mean: number): number {
  if (loss === boostLoss.squared) return mean;
  if (loss === boostLoss.logistic) return Math.log(mean / (1 - mean));
  if (mean > 0) return Math.log(mean);
  throw new FitError(
    `${owner}: the mean of y is ${mean}, which has no logarithm. It has to be above 0; check the target column.`,
  );
}

function forRows(tree: GrownTree): Omit<FinishedTree, "pending"> {
  const nodes = Int32Array.from({ length: 4 * tree.feature.length }, (_, i) => {
    const k = i >> 2;
    return [tree.feature[k], tree.bin[k], tree.left[k], tree.missingLeft[k]][i & 3] as number;
  });
  return { leaves: tree.leaves, nodes, values: tree.value };
}

/** No score of the last `patience` ones is better by more than `tol` than the one before them (scikit-learn's rule). */
export function hasStalled(scores: readonly number[], patience: number, tol: number): boolean {
  if (scores.length <= patience) return false;
  const reference = (scores[scores.length - 1 - patience] as number) + tol;
  return scores.slice(-patience).every((score) => score <= reference);
}

/** Position of the first largest score. */
function bestOf(scores: readonly number[]): number {
  return scores.reduce((best, score, i) => (score > (scores[best] as number) ? i : best), 0);
}

/** Bounds of derivatives and losses at the next margins, known before the margins are: from the last ones and the tree. */
class Bounds {
  readonly #loss: BoostLossCode;
  readonly #rows: number;
  readonly #maxW: number;
  readonly #maxY: number;
  /** Of |m|. */
  #margin: number;
  /** Of |m − y| (squared) or e^m (Poisson). */
  #most: number;

  constructor(loss: BoostLossCode, { rows, range, baseline }: Prepared) {
    this.#loss = loss;
    this.#rows = rows;
    this.#maxW = range.maxW;
    this.#maxY = range.maxAbsY;
    this.#margin = Math.abs(baseline);
    this.#most = loss === boostLoss.squared ? Math.abs(baseline) + range.maxAbsY : Math.exp(baseline);
  }

  measured(most: number): void {
    if (this.#loss === boostLoss.logistic) this.#margin = most;
    else this.#most = most;
  }

  moved(tree: GrownTree): void {
    const step = tree.value.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.#margin += step;
    if (this.#loss === boostLoss.squared) this.#most += step;
    else this.#most *= Math.exp(step);
  }

  scales(): RoundScales {
    // A little room for the rounding of the margins themselves.
    const most = this.#most * 1.001;
    const margin = this.#margin * 1.001;
    const w = this.#maxW;
    const scaled = (g: number, h: number, loss: number): RoundScales => ({
      g: exactScale(w * g, this.#rows, G_BITS),
      h: exactScale(w * h, this.#rows, H_BITS),
      loss: exactScale(w * loss, this.#rows, LOSS_BITS),
    });
    if (this.#loss === boostLoss.squared) return scaled(most, 1, 0.5 * most * most);
    if (this.#loss === boostLoss.logistic) return scaled(1, 0.25, margin + 1);
    return scaled(most + this.#maxY, most, most + this.#maxY * margin);
  }
}
