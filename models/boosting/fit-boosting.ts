import { DataError, FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";
import type { Design } from "../../src/estimator/design.js";
import { exactScale } from "../../src/numeric/trees/exact-scale.js";
import { concatTrees, joinTrees, type TreeEnsemble } from "../../src/numeric/trees/tree-ensemble.js";
import type { DataRange, TargetRange } from "./range-tasks.js";
import { packTrees } from "../../src/numeric/trees/packed-trees.js";
import { takeTrees } from "../../src/numeric/trees/take-trees.js";
import type { GrownTree } from "../../src/numeric/trees/tree-grower.js";
import { BoostData } from "./boost-data.js";
import { columnThresholds } from "./column-thresholds.js";
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
import {
  boundedLossOf,
  codeOf,
  outputsOf,
  quantilesOfLoss,
  startQuantiles,
  type Objective,
  type ObjectiveCode,
} from "./objectives.js";
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
import { openEvalSet } from "./eval-rows.js";
import { groupStarts } from "./row-groups.js";
import { countRows } from "./row-weights.js";
import { meanStart, quantileStart, targetSums } from "./start-margins.js";
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
