import { FitError } from "../../src/base/errors.js";
import { CounterRng, DEFAULT_SEED } from "../../src/base/rng.js";
import type { Design } from "../../src/estimator/design.js";
import type { GrownTree } from "../../src/numeric/trees/tree-grower.js";
import type { BoostData } from "./boost-data.js";
import type { BoostingParams } from "./boosting-params.js";
import { Dropout } from "./dropout.js";
import { forRows, withValues } from "./tree-values.js";
import { leafQuantiles } from "./leaf-quantiles.js";
import type { RoundWatch } from "./watch.js";
import type { GrownRows, RoundOptions, RoundStarter, SampleRule, TreeOrder } from "./round-starts.js";
import type { FinishedTree } from "./round-tasks.js";
import type { TreeSettings } from "./team-tasks.js";

/** What {@link boostRounds} needs to know. */
export interface RoundsProblem {
  readonly data: BoostData;
  readonly starter: RoundStarter;
  readonly params: BoostingParams;
  /** Derivatives that are packed are rounded to few bits, see `packPairs`. */
  readonly settings: TreeSettings;
  readonly outputs: number;
  /** Leaves end at this quantile of their residuals, one an output; else they keep their Newton step. */
  readonly quantiles?: readonly number[] | undefined;
  readonly wScale: number;
  /** Weights of the rows trained on and held out; the second is 0 when none is. */
  readonly weights: { readonly train: number; readonly held: number };
  readonly stopping: boolean;
  /** What measures rows that the fit is not grown on, or by other metrics. */
  readonly watch?: RoundWatch | undefined;
}

/** A round that is over, as callbacks see it. */
export interface IterationReport {
  /** Rounds so far, those of an initial model not counted. */
  readonly iteration: number;
  /** Mean loss, negated, of the rows trained on and held out. */
  readonly trainScore: number;
  readonly validationScore?: number;
}

/** What the rounds made: trees round by round, and scores before the first and after each. */
export interface BoostedRounds {
  readonly trees: readonly GrownTree[];
  readonly trainScore: readonly number[];
  readonly validationScore: readonly number[];
}

/** What {@link boostRounds} tells and asks while it runs. */
export interface RoundsHooks {
  /** Called after each round; false ends the fit. */
  readonly onIteration?: ((report: IterationReport) => unknown) | undefined;
  /** Called when a round's trees are grown, before their rows move. */
  readonly onTrees?: ((rounds: BoostedRounds) => Promise<void>) | undefined;
}

/** Rounds made before, by an initial model or in a fit that was cut off. */
export interface RoundsBefore {
  /** Rounds of trees that the margins hold already. */
  readonly rounds: number;
  /** Scores of the fit that goes on, of which each but the first is one round's; none for another model's trees. */
  readonly trainScore: readonly number[];
  readonly validationScore: readonly number[];
}

/** Grows trees until there are `maxRounds` or the score stalls. `rounds` is filled as it goes, so that an abort leaves it. */
export async function boostRounds(
  design: Design,
  problem: RoundsProblem,
  rounds: { readonly trees: GrownTree[]; readonly trainScore: number[]; readonly validationScore: number[] },
  { before, maxRounds, hooks }: { before: RoundsBefore; maxRounds: number; hooks: RoundsHooks },
): Promise<void> {
  const { data, starter, params, outputs, weights, stopping, watch } = problem;
  const { trees, trainScore, validationScore } = rounds;
  const rng = new CounterRng(params.randomState ?? DEFAULT_SEED, "boosting derivatives");
  const mean = (sum: number, weight: number): number => -sum / weight + 0;
  const treesBefore = before.rounds * outputs;
  trainScore.push(...before.trainScore);
  validationScore.push(...before.validationScore);
  let finished: FinishedTree | undefined;
  let moves: FinishedTree[] = [];
  const dropout = params.dropRate > 0 ? new Dropout(params, outputs) : undefined;
  const beginning = (number: number): Pick<RoundOptions, "packKeys" | "sample"> => ({
    ...(problem.settings.packed ? { packKeys: Array.from({ length: outputs }, (_, k) => rng.uint32(number + k)) } : {}),
    ...(number < treesBefore + (maxRounds - before.trainScore.length) * outputs
      ? sampleOf(params, number / outputs)
      : {}),
  });
  // Callers who are asked after each round, and other rows than those of the fit, do not wait for rounds to come.
  const oneByOne = hooks.onIteration !== undefined || watch !== undefined;
  const whole = outputs === 1 && !dropout && !problem.quantiles;
  for (;;) {
    const done = trainScore.length;
    const last = done >= maxRounds;
    const number = treesBefore + trees.length;
    const next = beginning(number);
    // With trees to drop, the losses come first, of all trees.
    const begun = await starter.begin({
      ...(finished ? { finished } : {}),
      ...(dropout ? { moves: dropout.restored } : next),
      last: last || dropout !== undefined,
    });
    const { loss } = begun;
    trainScore.push(mean(loss.train, weights.train));
    const ownScore = weights.held > 0 ? mean(loss.held, weights.held) : (trainScore.at(-1) as number);
    if (watch) validationScore.push(await watch.measure(moves, ownScore));
    else if (weights.held > 0) validationScore.push(ownScore);
    const scores = watch || weights.held > 0 ? validationScore : trainScore;
    if (stopping && Number.isNaN(scores.at(-1))) {
      throw new FitError(
        `${design.owner}: the objective returns no loss to stop by. Return { gradient, hessian, loss }, or use earlyStopping: false.`,
      );
    }
    if (done > 0) {
      const validation = validationScore.at(-1);
      const scored = {
        trainScore: trainScore.at(-1) as number,
        ...(validation === undefined ? {} : { validationScore: validation }),
      };
      design.onProgress?.({ stage: design.owner, done, total: maxRounds, detail: scored });
      if ((await hooks.onIteration?.({ iteration: done, ...scored })) === false) return;
    }
    if (last || (stopping && hasStalled(scores, params.nIterNoChange, params.tol))) return;
    const dropped = dropout?.drop(number / outputs, trees);
    const { scales } = dropped ? await starter.begin({ ...next, moves: dropped, last: false }) : begun;
    const share = dropout?.share ?? 1;
    const grown: GrownTree[] = [];
    moves = [];
    for (let output = 0; output < outputs; output++) {
      const { tree: own, pending } = await growTree(problem, output, {
        settings: problem.settings,
        scales,
        number: number + output,
        rounds: whole ? (oneByOne ? 1 : maxRounds - done) : 0,
        next: (k) => beginning(number + k),
      });
      const tree =
        share === 1
          ? own
          : withValues(
              own,
              own.leaves.map(({ value }) => share * value),
            );
      grown.push(tree);
      starter.moved(tree);
      finished = { output, pending, ...forRows(tree) };
      moves.push({ ...finished, pending: [], leaves: [] });
      if (output + 1 < outputs) await data.begin({ gradients: { kind: "made" }, finished });
    }
    // Whole rounds only, for an abort.
    if (dropout) moves.push(...dropout.settle(trees));
    trees.push(...grown);
    await hooks.onTrees?.(rounds);
  }
}

// GOSS begins when the first trees have told large gradients from small ones, as in LightGBM.
function sampleOf(params: BoostingParams, round: number): { readonly sample?: SampleRule } {
  const { sampling, subsample, topRate, otherRate, learningRate } = params;
  const seed = params.randomState ?? DEFAULT_SEED;
  if (sampling === "goss") {
    if (round < Math.floor(1 / learningRate)) return {};
    return { sample: { seed, round, rate: Math.min(1, otherRate / (1 - topRate)), topRate } };
  }
  return subsample < 1 ? { sample: { seed, round, rate: subsample } } : {};
}

async function growTree(
  { data, starter, params, quantiles, wScale }: RoundsProblem,
  output: number,
  order: TreeOrder,
): Promise<GrownRows> {
  const { tree, pending } = await starter.grow(order);
  if (!quantiles) return { tree, pending };
  if (pending.length > 0) await data.follow(pending);
  const nodes = tree.leaves.map(({ node }) => node);
  const share = quantiles[output] as number;
  const steps = await leafQuantiles(data, { nodes, output, share, wScale });
  return {
    tree: withValues(
      tree,
      steps.map((step) => params.learningRate * step),
    ),
    pending: [],
  };
}

/** No score of the last `patience` ones is better by more than `tol` than the one before them (scikit-learn's rule). */
export function hasStalled(scores: readonly number[], patience: number, tol: number): boolean {
  if (scores.length <= patience) return false;
  const reference = (scores[scores.length - 1 - patience] as number) + tol;
  return scores.slice(-patience).every((score) => score <= reference);
}

/** Position of the first largest score. */
export function bestOf(scores: readonly number[]): number {
  return scores.reduce((best, score, i) => (score > (scores[best] as number) ? i : best), 0);
}
