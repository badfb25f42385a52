import { DataError, FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { addExact, exactScale, exactValue } from "../../src/numeric/trees/exact-scale.js";
import { concatTrees, joinTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { DataRange, RowCounts, TargetRange, TargetSums } from "./binning-tasks.js";
import { packTrees } from "../../src/numeric/trees/packed-trees.js";
import { takeTrees } from "../../src/numeric/trees/take-trees.js";
import type { GrownTree } from "../../src/numeric/trees/tree-grower.js";
import type { RankingRules } from "./ranking-loss.js";
import { BoostData, columnThresholds, type BoostDataOptions } from "./boost-data.js";
import type { BoostingParams } from "./boosting-params.js";
import { bestOf, boostRounds, type RoundsHooks } from "./boosting-rounds.js";
import { holdAndRange } from "./data-range.js";
import {
  assertCheckpointPlace,
  identityOf,
  readCheckpoint,
  removeCheckpoint,
  writeCheckpoint,
  type CheckpointOptions,
} from "./checkpoint.js";
import { readyMetric, type EvalMetricInput } from "./eval-metrics.js";
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
import { refitTrees, thresholdsOf } from "./refit-boosting.js";
import { BoundedRounds, DerivedRounds, type RoundStarter } from "./round-starts.js";
import { RoundWatch, type EvalRows, type EvalsResult } from "./watch.js";
import { categoricalColumns, categoryCodes, categoryLimits, codeThresholds } from "./categories.js";
import type { ColumnTexts } from "./category-tasks.js";
import { bundledLayout } from "./bundle-columns.js";
import {
  BYTE_THRESHOLDS,
  layoutOf,
  meaningOver,
  settingsOver,
  spreadOver,
  type ColumnLayout,
} from "./column-layout.js";
import { splitSettings, type SplitSettings } from "./split-params.js";

/** What a boosting fit finds. */
export interface BoostFit {
  readonly loss: ObjectiveCode;
  /** Where every row starts, one a output of the trees. */
  readonly baselines: Float64Array;
  readonly trees: TreeEnsemble;
  /** Scores (mean loss, negated) before the first tree and after each round. */
  readonly trainScore: Float64Array;
  readonly validationScore: Float64Array;
  /** Scores by set and metric, where sets or metrics were given. */
  readonly evals?: EvalsResult;
  /** Of a fit on a frame with columns of text: the texts whose positions are the codes of each. */
  readonly texts?: ColumnTexts;
}

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./binning-tasks.js", import.meta.url).href, name);

// From so many rows on the noise of derivatives of few bits is below that of the rows themselves.
const PACKED_FROM = 2 ** 16;

/** Trees that a fit goes on from. */
export interface InitialTrees {
  readonly trees: TreeEnsemble;
  readonly baselines: Float64Array;
  /** Scores, of a fit that was cut off and goes on: one before the first round, and one after each but the last. */
  readonly scores?: {
    readonly train: Float64Array;
    readonly validation: Float64Array;
    readonly evals?: EvalsResult | undefined;
  };
  /** What `DerivativeBounds` knew then. */
  readonly bounds?: Float64Array | undefined;
}

/** Inputs of {@link fitBoosting}. */
export interface BoostProblem {
  readonly objective: Objective;
  readonly params: BoostingParams;
  /** Targets that the loss allows; any unless given. */
  readonly targets?: TargetRange | undefined;
  /** Texts of the columns that were text. */
  readonly texts?: ColumnTexts | undefined;
  /** See `BoostDataOptions.chunks`. */
  readonly chunks?: number;
  /** Trees to go on from; their margins are where rows start. */
  readonly init?: InitialTrees | undefined;
  /** Sets to measure after each round, with y coded as the fit's. */
  readonly evalSets?: readonly { readonly name: string; readonly design: Design }[];
  /** The loss alone unless given. */
  readonly evalMetrics?: readonly EvalMetricInput[];
  /** Most rounds; `maxIter` unless given. */
  readonly maxRounds?: number | undefined;
  /** See `RoundsHooks`. */
  readonly onIteration?: RoundsHooks["onIteration"];
  /** Called when the fit fails or is aborted, with the rounds that were complete. */
  readonly onPartial?: ((fit: BoostFit) => void) | undefined;
  /** Where to keep the trees so far. */
  readonly checkpoint?: CheckpointOptions | undefined;
  /** Whether rows start at the design's offset. */
  readonly offset?: boolean;
}

/**
 * Boosts trees on a design: one look at the range of the data, one for bin thresholds, one for the bins; then rounds over the
 * held bins. All sums that decide anything are sums of integers, so the result has the same bits for any partitioning.
 */
export async function fitBoosting(design: Design, problem: BoostProblem): Promise<BoostFit> {
  const { owner } = design;
  const { objective, params } = problem;
  const seed = params.randomState ?? DEFAULT_SEED;
  const { texts } = problem;
  const named = { owner, names: design.names, width: design.nFeatures };
  const categorical = categoricalColumns(params.categoricalFeatures, texts, named);
  if (design.layout === "csr" && categorical.length > 0)
    throw new DataError(
      `${owner}: X is sparse, so column ${categorical[0]} cannot hold codes of categories: its zeros are not there. Pass it in a dense array or a frame.`,
    );
  const settings = splitSettings(params, seed, named, categorical);
  const quantiles = quantilesOfLoss(objective);
  if (quantiles && settings.monotonic) {
    throw new FitError(
      `${owner}: monotonicConstraints cannot be kept by this loss, whose leaves end at quantiles of their rows. Use loss "huber" or "squared_error".`,
    );
  }
  const dart = params.dropRate > 0;
  if (dart && (params.earlyStopping === true || problem.checkpoint)) {
    throw new FitError(
      `${owner}: dropRate ${params.dropRate} changes earlier trees in later rounds, so ${problem.checkpoint ? "a checkpoint cannot be gone on from" : "no earlier iteration can be kept"}. Use ${problem.checkpoint ? "no checkpoint" : "earlyStopping: false"}, or dropRate: 0.`,
    );
  }
  const { checkpoint } = problem;
  if (checkpoint) await assertCheckpointPlace(owner, checkpoint);
  const { range, rows } = await holdAndRange(design, problem.targets);
  if (rows === 0) throw new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
  if (range.maxW === 0)
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const wScale = exactScale(range.maxW, rows, 50);
  const outputs = outputsOf(objective);
  const groups = range.groups ? groupStarts(owner, range.groups) : undefined;
  const found = await categoryCodes(design, categorical, categoryLimits(params));
  const thresholds = await columnThresholds(design, range.rows, params.maxBins, seed, categorical);
  const categories: (readonly number[][] | undefined)[] = [];
  const codes = thresholds.map((): Float64Array | null => null);
  categorical.forEach((column, k) => {
    const own = found[k] as Float64Array;
    codes[column] = own;
    thresholds[column] = codeThresholds(own);
    categories[column] = Array.from(own, (code) => [code]);
  });
  const layout = await trainedLayout(design, problem, settings, thresholds);
  const splits = settingsOver(layout, settings);
  const meaning = { ...meaningOver(layout, thresholds, categories), outputs };
  const identity = checkpoint ? await identify(design, problem, { range, thresholds, wScale }) : "";
  const saved = checkpoint && (await readCheckpoint(owner, checkpoint, identity, design.nFeatures));
  const init: InitialTrees | undefined = saved
    ? { ...saved, scores: { train: saved.trainScore, validation: saved.validationScore, evals: saved.evals } }
    : problem.init;
  const based = init !== undefined || problem.offset === true;
  const shares = based ? undefined : startQuantiles(objective);
  const start = shares || based ? new Float64Array(outputs) : await meanStart(design, objective, range, wScale);
  const stopping = params.earlyStopping === "auto" ? rows > 10_000 && !dart : params.earlyStopping;
  const { evalSets = [], evalMetrics } = problem;
  const metrics = (evalMetrics ?? ["loss"]).map((metric) => readyMetric(owner, metric, codeOf(objective)));
  const heldOut = stopping && evalSets.length === 0 ? (params.validationFraction ?? 0) : 0;
  using data = await BoostData.open(design, {
    rows: range.rows,
    ...layout,
    // Rare categories have no bins.
    ...(params.rareCategories === "missing" ? { codes: spreadOver(layout, codes) } : {}),
    margins: start,
    seed,
    heldOut,
    chunks: problem.chunks,
    groups,
    offset: problem.offset,
    ...(init ? { model: { owner, names: design.names, baselines: init.baselines, ...packTrees(init.trees) } } : {}),
  });
  design[Symbol.dispose]();
  const weights = await countRows(owner, data, { wScale, rows, heldOut, grouped: groups !== undefined });
  const baselines = init ? init.baselines : shares ? await quantileStart(data, shares, wScale) : start;
  // Bounds need a start that is the same for all rows, or what a fit that goes on knew of its rows.
  const boundable =
    !dart && params.sampling !== "goss" && problem.offset !== true && (!init || init.bounds !== undefined);
  const bounded = boundable ? boundedLossOf(objective) : undefined;
  const starter: RoundStarter =
    bounded === undefined
      ? new DerivedRounds(owner, data, objective, rows, shares ? baselines : undefined)
      : new BoundedRounds(data, bounded, { ...range, rows, baseline: baselines[0] as number }, init?.bounds);
  const sets: EvalRows[] = [];
  using _opened = { [Symbol.dispose]: () => sets.forEach((set) => set.data[Symbol.dispose]()) };
  for (const { name, design: set } of evalSets) {
    const model = init ? { owner, names: design.names, baselines, ...packTrees(init.trees) } : undefined;
    const { targets } = problem;
    const opened = await openEvalSet(set, {
      ...layout,
      ...(categorical.length > 0 ? { codes: spreadOver(layout, codes) } : {}),
      margins: model ? new Float64Array(outputs) : baselines,
      model,
      targets,
    });
    sets.push({ ...opened, name });
  }
  const watch =
    evalSets.length > 0 || evalMetrics
      ? new RoundWatch({ owner, objective, metrics, sets, own: { data, held: heldOut > 0 } }, init?.scores?.evals)
      : undefined;
  const { quantizedGradients } = params;
  const packed = quantizedGradients === "auto" ? rows >= PACKED_FROM : quantizedGradients;
  const bins = Int32Array.from(layout.thresholds, (own) => own.length + 1);
  const before = {
    rounds: init ? (init.trees.offsets.length - 1) / outputs : 0,
    trainScore: Array.from(init?.scores?.train ?? []),
    validationScore: Array.from(init?.scores?.validation ?? []),
  };
  const made = { trees: [] as GrownTree[], trainScore: [] as number[], validationScore: [] as number[] };
  const result = (): BoostFit => {
    const own = joinTrees(made.trees, meaning);
    const all = init ? concatTrees([init.trees, own]) : own;
    const rounds = (all.offsets.length - 1) / outputs;
    const earlier = before.rounds - before.trainScore.length;
    // What came after the best score is dropped, where other rows than those trained on tell.
    const told = weights.held > 0 || (stopping && evalSets.length > 0);
    const kept = told ? Math.min(rounds, earlier + Math.max(1, bestOf(made.validationScore))) : rounds;
    return {
      loss: codeOf(objective),
      baselines,
      trees: kept === rounds ? all : takeTrees(all, 0, kept * outputs),
      trainScore: Float64Array.from(made.trainScore),
      validationScore: Float64Array.from(made.validationScore),
      ...(watch ? { evals: watch.result } : {}),
      ...(texts ? { texts } : {}),
    };
  };
  const trees = { splits, bins, learningRate: params.learningRate, packed };
  const rules = { data, starter, params, settings: trees, outputs, quantiles, wScale, weights, stopping, watch };
  const { onIteration } = problem;
  const onTrees = async (): Promise<void> => {
    const done = made.trainScore.length;
    if (!checkpoint || done % (checkpoint.every ?? 10) !== 0) return;
    const { known } = starter;
    const grown = joinTrees(made.trees, meaning);
    await writeCheckpoint(checkpoint, {
      identity,
      trees: init ? concatTrees([init.trees, grown]) : grown,
      baselines,
      trainScore: Float64Array.from(made.trainScore),
      validationScore: Float64Array.from(made.validationScore),
      ...(known ? { bounds: known } : {}),
      ...(watch ? { evals: watch.result } : {}),
    });
  };
  try {
    await boostRounds(design, rules, made, {
      before,
      maxRounds: problem.maxRounds ?? params.maxIter,
      hooks: { onIteration, onTrees },
    });
  } catch (error) {
    if (made.trees.length > 0) problem.onPartial?.(result());
    throw error;
  }
  if (checkpoint) await removeCheckpoint(checkpoint);
  return result();
}

/** How the columns of a fit become columns of bins: columns of sparse rows that exclude one another share some. */
async function trainedLayout(
  design: Design,
  { evalSets = [] }: BoostProblem,
  { columns, monotonic }: SplitSettings,
  thresholds: readonly Float64Array[],
): Promise<ColumnLayout> {
  const designs = [design, ...evalSets.map((set) => set.design)];
  // Drawn columns and constrained ones are told apart one by one.
  const sparse = designs.every(({ layout }) => layout === "csr") && columns === undefined;
  if (!sparse || thresholds.some(({ length }) => length > BYTE_THRESHOLDS)) return layoutOf(thresholds);
  return bundledLayout(thresholds, (column) => (monotonic?.[column] ?? 0) !== 0, designs);
}

/** The rows of a set to be measured, all of them held. */
async function openEvalSet(
  design: Design,
  options: Pick<BoostDataOptions, "thresholds" | "sources" | "bundles" | "codes" | "margins" | "model"> & {
    targets: TargetRange | undefined;
  },
): Promise<Omit<EvalRows, "name">> {
  const { owner } = design;
  const { targets, ...given } = options;
  const { range, rows } = await holdAndRange(design, targets);
  const groups = range.groups ? groupStarts(owner, range.groups) : undefined;
  const data = await BoostData.open(design, { ...given, rows: range.rows, seed: 0, heldOut: 1, groups });
  design[Symbol.dispose]();
  const wScale = exactScale(range.maxW, rows, 50);
  const counts = await data.count<RowCounts>("countStep", { wScale }, addCounts);
  if (counts.held === 0) {
    data[Symbol.dispose]();
    throw new FitError(`${owner}: it has no rows with a positive weight. Check the filter, or leave the set out.`);
  }
  return { data, rows, weight: groups ? counts.heldGroups : exactValue(counts.heldWeight, wScale) };
}

function addCounts(a: RowCounts, b: RowCounts): RowCounts {
  return {
    train: a.train + b.train,
    held: a.held + b.held,
    trainWeight: addExact(a.trainWeight, b.trainWeight),
    heldWeight: addExact(a.heldWeight, b.heldWeight),
    trainGroups: a.trainGroups + b.trainGroups,
    heldGroups: a.heldGroups + b.heldGroups,
  };
}

/** What tells a checkpoint's data and parameters from others. */
async function identify(
  design: Design,
  { objective, params, init, offset, texts }: BoostProblem,
  { range, thresholds, wScale }: { range: DataRange; thresholds: readonly Float64Array[]; wScale: number },
): Promise<string> {
  const { rows: counts, maxAbsY, minY, maxW } = range;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const wyScale = exactScale(maxW * maxAbsY, rows, 50);
  const sums = await targetSums(design, { wScale, wyScale, classes: 0 });
  const data = { rows, maxAbsY, minY, maxW, sums, thresholds, groups: range.groups?.rows.length ?? 0 };
  const own = {
    owner: design.owner,
    names: design.names ?? [],
    objective,
    params,
    offset: offset ?? false,
    texts: texts ?? [],
  };
  const before = init ? { values: init.trees.value, baselines: init.baselines } : {};
  return identityOf({ data, own, before } as unknown as Plain);
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
  const { range, rows } = await holdAndRange(design);
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
  { wScale, rows, heldOut, grouped }: { wScale: number; rows: number; heldOut: number; grouped: boolean },
): Promise<{ train: number; held: number }> {
  const counts = await data.count<RowCounts>("countStep", { wScale }, addCounts);
  if (counts.train === 0 || (heldOut > 0 && counts.held === 0)) {
    throw new FitError(
      `${owner}: validationFraction ${heldOut} of ${rows} rows leaves ${counts.train} to train on and ${counts.held} to stop by. ` +
        "Use earlyStopping: false, validationFraction: null (the training rows' score), or more rows.",
    );
  }
  // The loss of a ranking is one of groups.
  if (grouped) return { train: counts.trainGroups, held: counts.heldGroups };
  return { train: exactValue(counts.trainWeight, wScale), held: exactValue(counts.heldWeight, wScale) };
}

/** Where groups start. @throws DataError when the rows of a group do not follow one another */
function groupStarts(owner: string, { ids, rows }: NonNullable<DataRange["groups"]>): Float64Array {
  const seen = new Set<number>();
  const starts: number[] = [];
  let [at, before] = [0, NaN];
  ids.forEach((id, k) => {
    // A run that goes on in the next partition is one group.
    if (id !== before) {
      if (seen.has(id)) {
        throw new DataError(
          `${owner}: group ${id} appears again at row ${at}, apart from its other rows. Sort the rows by group.`,
          { details: { row: at, column: "groups" } },
        );
      }
      seen.add(id);
      starts.push(at);
    }
    before = id;
    at += rows[k] as number;
  });
  starts.push(at);
  return Float64Array.from(starts);
}

/** Mean NDCG of the groups of a design, at the margins of trees. */
export async function meanNdcg(
  design: Design,
  { trees, baselines }: InitialTrees,
  rules: RankingRules,
  names: readonly string[] | undefined,
): Promise<number> {
  const { owner } = design;
  const { range, rows } = await holdAndRange(design);
  const groups = groupStarts(owner, range.groups as NonNullable<DataRange["groups"]>);
  using data = await BoostData.open(design, {
    rows: range.rows,
    thresholds: Array.from({ length: design.nFeatures }, () => new Float64Array(0)),
    margins: new Float64Array(1),
    seed: 0,
    heldOut: 0,
    groups,
    model: { owner, names, baselines, ...packTrees(trees) },
  });
  const weights = await countRows(owner, data, { wScale: 1, rows, heldOut: 0, grouped: true });
  const { loss } = await new DerivedRounds(owner, data, { kind: "ranking", rules }, rows).begin({ last: true });
  return 1 - loss.train / weights.train;
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
