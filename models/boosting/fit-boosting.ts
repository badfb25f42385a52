import { DataError, FitError } from "../../src/base/errors.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { addExact, exactScale, exactValue } from "../../src/numeric/trees/exact-scale.js";
import { joinTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { countStep, DataRange, TargetSums } from "./binning-tasks.js";
import { mergeRanges } from "./binning-tasks.js";
import { BoostData, columnThresholds } from "./boost-data.js";
import type { BoostingParams } from "./boosting-params.js";
import { boostRounds } from "./boosting-rounds.js";
import { leafQuantiles } from "./leaf-quantiles.js";
import {
  boundedLossOf,
  codeOf,
  outputsOf,
  quantilesOfLoss,
  startOf,
  startQuantiles,
  type Objective,
  type ObjectiveCode,
} from "./objectives.js";
import { BoundedRounds, DerivedRounds } from "./round-starts.js";
import { splitSettings } from "./split-params.js";

/** What a boosting fit finds. */
export interface BoostFit {
  readonly loss: ObjectiveCode;
  /** Where every row starts, one a output of the trees. */
  readonly baselines: Float64Array;
  readonly trees: TreeEnsemble;
  /** Scores (mean loss, negated) before the first tree and after each round. */
  readonly trainScore: Float64Array;
  readonly validationScore: Float64Array;
}

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./binning-tasks.js", import.meta.url).href, name);

// From so many rows on the noise of derivatives of few bits is below that of the rows themselves.
const PACKED_FROM = 2 ** 16;

/** Targets that a loss allows. */
export interface TargetRange {
  readonly least: number;
  /** Whether `least` itself is allowed. */
  readonly inclusive: boolean;
}

/** Inputs of {@link fitBoosting}. */
export interface BoostProblem {
  readonly objective: Objective;
  readonly params: BoostingParams;
  /** Targets that the loss allows; any unless given. */
  readonly targets?: TargetRange | undefined;
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
  const { objective, params } = problem;
  const seed = params.randomState ?? DEFAULT_SEED;
  if (design.layout === "csr")
    throw new DataError(`${owner}: X is sparse, but its trees take columns of values. Pass a dense array or a frame.`);
  const splits = splitSettings(params, seed, { owner, names: design.names, width: design.nFeatures });
  const quantiles = quantilesOfLoss(objective);
  if (quantiles && splits.monotonic) {
    throw new FitError(
      `${owner}: monotonicConstraints cannot be kept by this loss, whose leaves end at quantiles of their rows. Use loss "huber" or "squared_error".`,
    );
  }
  await design.hold();
  const range = await design.reduce<DataRange>(
    task("rangeStep"),
    { owner, names: design.names, ...(problem.targets ? { targets: { ...problem.targets } } : {}) },
    mergeRanges,
    false,
  );
  const rows = range.rows.reduce((sum, count) => sum + count, 0);
  if (rows === 0) throw new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
  if (range.maxW === 0)
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const wScale = exactScale(range.maxW, rows, 50);
  const outputs = outputsOf(objective);
  const shares = startQuantiles(objective);
  const start = shares ? new Float64Array(outputs) : await meanStart(design, objective, range, wScale);
  const thresholds = await columnThresholds(design, range.rows, params.maxBins, seed);
  const stopping = params.earlyStopping === "auto" ? rows > 10_000 : params.earlyStopping;
  const heldOut = stopping ? (params.validationFraction ?? 0) : 0;
  using data = await BoostData.open(design, {
    rows: range.rows,
    thresholds,
    margins: start,
    seed,
    heldOut,
    chunks: problem.chunks,
  });
  design[Symbol.dispose]();
  const weights = await countRows(owner, data, { wScale, rows, heldOut });
  const baselines = shares ? await quantileStart(data, shares, wScale) : start;
  const bounded = boundedLossOf(objective);
  const starter =
    bounded === undefined
      ? new DerivedRounds(owner, data, objective, rows, shares ? baselines : undefined)
      : new BoundedRounds(data, bounded, { ...range, rows, baseline: baselines[0] as number });
  const bins = Int32Array.from(thresholds, (own) => own.length + 1);
  // Awaited, because the data have to outlive the rounds.
  const { trees, trainScore, validationScore } = await boostRounds(design, {
    data,
    starter,
    params,
    splits,
    outputs,
    quantiles,
    packed: problem.packed ?? rows >= PACKED_FROM,
    bins,
    wScale,
    weights,
    stopping,
  });
  return {
    loss: codeOf(objective),
    baselines,
    trees: joinTrees(trees, { thresholds, outputs }),
    trainScore: Float64Array.from(trainScore),
    validationScore: Float64Array.from(validationScore),
  };
}

/** Where rows start by the mean of y or the shares of the classes. */
async function meanStart(
  design: Design,
  objective: Objective,
  range: DataRange,
  wScale: number,
): Promise<Float64Array> {
  const rows = range.rows.reduce((sum, count) => sum + count, 0);
  const classes = objective.kind === "softmax" ? objective.classes : 0;
  const wyScale = classes > 0 ? wScale : exactScale(range.maxW * range.maxAbsY, rows, 50);
  const target = await targetSums(design, { wScale, wyScale, classes });
  const total = exactValue(target.w, wScale);
  return startOf(
    design.owner,
    objective,
    target.wy.map((sum) => exactValue(sum, wyScale) / total),
  );
}

/** Σw of each class of a design whose y are their numbers, the same for any partitioning. */
export async function classTotals(design: Design, classes: number): Promise<Float64Array> {
  const { owner, names } = design;
  const range = await design.reduce<DataRange>(task("rangeStep"), { owner, names }, mergeRanges, false);
  const rows = range.rows.reduce((sum, count) => sum + count, 0);
  const scale = exactScale(range.maxW, rows, 50);
  const sums = await targetSums(design, { wScale: scale, wyScale: scale, classes });
  return Float64Array.from(sums.wy, (sum) => exactValue(sum, scale));
}

function targetSums(design: Design, args: { wScale: number; wyScale: number; classes: number }): Promise<TargetSums> {
  return design.reduce<TargetSums>(
    task("targetStep"),
    args,
    (a, b) => ({ w: addExact(a.w, b.w), wy: a.wy.map((sum, k) => addExact(sum, b.wy[k] as typeof sum)) }),
    false,
  );
}

/** Where rows start by quantiles of y, of the rows that are trained on. */
async function quantileStart(data: BoostData, shares: readonly number[], wScale: number): Promise<Float64Array> {
  const starts: number[] = [];
  for (const [output, share] of shares.entries()) {
    const [start] = await leafQuantiles(data, { nodes: [0], output, share, wScale });
    starts.push(start as number);
  }
  return Float64Array.from(starts);
}

/** Weights of the rows to train on and held out. @throws FitError when there are none of either */
async function countRows(
  owner: string,
  data: BoostData,
  { wScale, rows, heldOut }: { wScale: number; rows: number; heldOut: number },
): Promise<{ train: number; held: number }> {
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
  return { train: exactValue(counts.trainWeight, wScale), held: exactValue(counts.heldWeight, wScale) };
}
