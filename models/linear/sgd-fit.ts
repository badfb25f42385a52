import { FitError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import { shuffleInPlace } from "../../src/base/shuffle.js";
import type { HeldPlan } from "../../src/collections/plan.js";
import { PlanRun } from "../../src/collections/plan-run.js";
import { dealBlocks } from "../../src/estimator/dealt-blocks.js";
import type { Design } from "../../src/estimator/design.js";
import {
  SGD_HYPER,
  SGD_HYPER_LENGTH,
  SGD_STATE,
  SGD_STATE_LENGTH,
  sgdSchedule,
  type SgdLossCode,
  type SgdScheduleCode,
} from "../../src/kernels/sgd-kernels.js";
import { penaltyOf, SGD_TASKS, sizeOf, type SgdState, type SgdStepArgs, type ValidationSums } from "./sgd-steps.js";

/** A problem of stochastic gradient descent: what is minimised, in which steps, and when to stop. */
export interface SgdProblem {
  readonly loss: SgdLossCode;
  /** Of the loss: threshold of the hinge, epsilon. */
  readonly parameter: number;
  readonly schedule: SgdScheduleCode;
  readonly alpha: number;
  /** Strengths of the penalty's parts. */
  readonly l1: number;
  readonly l2: number;
  readonly eta0: number;
  readonly powerT: number;
  /** Step from which on the coefficients are averaged; 0 for no average. */
  readonly averageFrom: number;
  readonly fitIntercept: boolean;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** Whether the step shrinks to a fifth instead of stopping. */
  readonly adaptive: boolean;
  /** Share of rows to validate on; 0 to stop by the objective instead. */
  readonly validation: number;
  readonly nIterNoChange: number;
  readonly tol: number | null;
  readonly maxIter: number;
}

/** One of the models that are fitted side by side: a regression, or a class against the others. */
export interface SgdTarget {
  /** The class that is 1; below 0 for a regression. */
  readonly positive: number;
  readonly weightPositive: number;
  readonly weightNegative: number;
  readonly start: SgdState;
}

/** Where a model stopped. */
export interface SgdSolution {
  readonly state: SgdState;
  readonly epochs: number;
  /** Mean loss of the last epoch's rows before their steps, and the penalty after it. */
  readonly objective: number;
  readonly converged: boolean;
}

/** The part of a problem that makes its steps passive-aggressive: I, or II where the loss is `squared`. */
export function passiveAggressive(
  C: number,
  squared: boolean,
): Pick<SgdProblem, "schedule" | "eta0" | "powerT" | "adaptive" | "alpha" | "l1" | "l2"> {
  const schedule = squared ? sgdSchedule.pa2 : sgdSchedule.pa1;
  return { schedule, eta0: C, powerT: 0, adaptive: false, alpha: 1, l1: 0, l2: 0 };
}

/** A state before the first step. */
export function newState(p: number, problem: SgdProblem): SgdState {
  const numbers = new Float64Array(SGD_STATE_LENGTH);
  numbers[SGD_STATE.t] = 1;
  return {
    coef: new Float64Array(p),
    ...(problem.averageFrom > 0 ? { average: new Float64Array(p) } : {}),
    ...(problem.l1 > 0 ? { paid: new Float64Array(p) } : {}),
    numbers,
    loss: 0,
    rows: 0,
  };
}

/** What the model is: the average from the step on that it begins at, else the last coefficients. */
export function resultOf(state: SgdState, problem: SgdProblem): { coef: Float64Array; intercept: number } {
  const averaged = state.average && problem.averageFrom < (state.numbers[SGD_STATE.t] as number);
  return {
    coef: averaged ? (state.average as Float64Array) : state.coef,
    intercept: state.numbers[averaged ? SGD_STATE.averageIntercept : SGD_STATE.intercept] as number,
  };
}

/**
 * Stochastic gradient descent over the rows of a design, for several targets side by side.
 *
 * The state travels, the rows stay: an epoch is a chain of tasks, one a block, each starting where the one before stopped,
 * in an order of blocks and of rows within a block that is drawn by (seed, epoch, row). The chains of the targets run at
 * once. Epochs go on until the objective (or the score of the rows to validate on) has not improved by `tol` for
 * `nIterNoChange` of them, for each target on its own.
 */
export async function fitSgd(
  design: Design,
  problem: SgdProblem,
  targets: readonly SgdTarget[],
  firstEpoch: number,
): Promise<SgdSolution[]> {
  const blocks = await dealBlocks(design, problem);
  // The blocks hold all that is needed.
  design[Symbol.dispose]();
  try {
    return await runEpochs(design, blocks, problem, targets, firstEpoch);
  } finally {
    blocks.release();
  }
}

interface Chain {
  readonly target: SgdTarget;
  readonly hyper: Float64Array;
  state: SgdState;
  best: number;
  stale: number;
  epochs: number;
  objective: number;
  ended: boolean;
}

async function runEpochs(
  design: Design,
  blocks: HeldPlan,
  problem: SgdProblem,
  targets: readonly SgdTarget[],
  firstEpoch: number,
): Promise<SgdSolution[]> {
  const { owner } = design;
  const chains: Chain[] = targets.map((target) => {
    const numbers = target.start.numbers.slice();
    numbers[SGD_STATE.eta] = problem.eta0;
    const hyper = hyperOf(problem, target);
    const state = { ...target.start, numbers };
    return { target, hyper, state, best: Infinity, stale: 0, epochs: 0, objective: Infinity, ended: false };
  });
  for (let epoch = 0; epoch < problem.maxIter; epoch++) {
    const running = chains.filter((chain) => !chain.ended);
    if (running.length === 0) break;
    const states = await runEpoch(design, blocks, problem, running, firstEpoch + epoch);
    running.forEach((chain, c) => {
      chain.state = states[c] as SgdState;
      chain.epochs += 1;
      chain.objective = chain.state.loss / Math.max(1, chain.state.rows) + penaltyOf(chain.state, chain.hyper);
      if (!Number.isFinite(sizeOf(chain.state)) || !Number.isFinite(chain.objective)) {
        throw new FitError(
          `${owner}: the coefficients overflow in epoch ${chain.epochs}. Scale X first, for example with StandardScaler, or pass a smaller eta0.`,
        );
      }
    });
    const marks =
      problem.validation > 0
        ? await scores(design, blocks, problem, running)
        : running.map(({ objective }) => objective);
    running.forEach((chain, c) => judge(chain, marks[c] as number, problem));
    design.onProgress?.({
      stage: owner,
      done: epoch + 1,
      total: problem.maxIter,
      detail: { objective: Math.max(...chains.map(({ objective }) => objective)) },
    });
  }
  design.onProgress?.({ stage: owner, done: problem.maxIter, total: problem.maxIter });
  return chains.map(({ state, epochs, objective, ended }) => ({
    state,
    epochs,
    objective,
    converged: ended || problem.tol === null,
  }));
}

async function runEpoch(
  design: Design,
  blocks: HeldPlan,
  problem: SgdProblem,
  running: readonly Chain[],
  epoch: number,
): Promise<SgdState[]> {
  const run = new PlanRun(design.engine);
  const visits = Uint32Array.from({ length: blocks.partitions }, (_, k) => k);
  if (problem.shuffle) shuffleInPlace(visits, problem.seed, "sgd order of blocks", epoch);
  const ends: string[] = [];
  for (const { target, hyper, state } of running) {
    let last: string | undefined;
    for (const block of visits) {
      const args: SgdStepArgs = {
        loss: problem.loss,
        schedule: problem.schedule,
        hyper,
        batch: problem.batchSize,
        positive: target.positive,
        shuffle: problem.shuffle,
        seed: problem.seed,
        epoch,
        block,
        ...(last === undefined ? { start: state } : {}),
      };
      const rows = await run.key(blocks, block);
      const deps: string[] = last === undefined ? [rows] : [last, rows];
      last = run.add(SGD_TASKS.step, { ...args } as unknown as Plain, deps, { index: block, of: design.owner });
    }
    ends.push(last as string);
  }
  return run.read<SgdState>(ends, design.signal);
}

/** Of each chain, minus its score on the rows to validate on: share of right ones, or R². */
async function scores(
  design: Design,
  blocks: HeldPlan,
  problem: SgdProblem,
  running: readonly Chain[],
): Promise<number[]> {
  const run = new PlanRun(design.engine);
  const keys: string[] = [];
  for (const { state, target } of running) {
    const { coef, intercept } = resultOf({ ...state }, { ...problem, averageFrom: Infinity });
    for (let block = 0; block < blocks.partitions; block++) {
      const rows = await run.key(blocks, block);
      const args = { coef, intercept, positive: target.positive };
      keys.push(run.add(SGD_TASKS.validate, args, [rows], { index: block, of: design.owner }));
    }
  }
  const parts = await run.read<ValidationSums>(keys, design.signal);
  return running.map(({ target }, c) => {
    const own = parts.slice(c * blocks.partitions, (c + 1) * blocks.partitions);
    const total = (name: keyof ValidationSums): number => own.reduce((sum, part) => sum + part[name], 0);
    const weight = total("weight");
    if (!(weight > 0)) {
      throw new FitError(
        `${design.owner}: earlyStopping found no rows with a weight to validate on. Raise validationFraction, or fit on more rows.`,
      );
    }
    if (target.positive >= 0) return -total("right") / weight;
    const spread = total("squares") - total("sum") ** 2 / weight;
    return spread > 0 ? total("errors") / spread - 1 : total("errors");
  });
}

/** Ends a chain that no longer gets better, or shortens its steps; `mark` is what should fall. */
function judge(chain: Chain, mark: number, problem: SgdProblem): void {
  const { tol, nIterNoChange } = problem;
  chain.stale = tol !== null && mark > chain.best - tol ? chain.stale + 1 : 0;
  chain.best = Math.min(chain.best, mark);
  if (chain.stale < nIterNoChange) return;
  const eta = chain.state.numbers[SGD_STATE.eta] as number;
  if (problem.adaptive && eta > 1e-6) {
    const numbers = chain.state.numbers.slice();
    numbers[SGD_STATE.eta] = eta / 5;
    chain.state = { ...chain.state, numbers };
    chain.stale = 0;
  } else chain.ended = true;
}

function hyperOf(problem: SgdProblem, target: SgdTarget): Float64Array {
  const hyper = new Float64Array(SGD_HYPER_LENGTH);
  const { alpha } = problem;
  // The first step of the optimal schedule moves coefficients by their expected size (Bottou 2012).
  const expected = Math.sqrt(1 / Math.sqrt(alpha));
  hyper[SGD_HYPER.alpha] = alpha;
  hyper[SGD_HYPER.l1] = problem.l1;
  hyper[SGD_HYPER.l2] = problem.l2;
  hyper[SGD_HYPER.eta0] = problem.eta0;
  hyper[SGD_HYPER.powerT] = problem.powerT;
  hyper[SGD_HYPER.optimalStart] = problem.schedule === sgdSchedule.optimal ? 1 / (expected * alpha) : 0;
  hyper[SGD_HYPER.averageFrom] = problem.averageFrom;
  hyper[SGD_HYPER.fitIntercept] = problem.fitIntercept ? 1 : 0;
  hyper[SGD_HYPER.weightPositive] = target.weightPositive;
  hyper[SGD_HYPER.weightNegative] = target.weightNegative;
  hyper[SGD_HYPER.parameter] = problem.parameter;
  return hyper;
}
