import { shuffleInPlace } from "../../src/base/shuffle.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { DealtBlock } from "../../src/estimator/dealing-tasks.js";
import { SGD_HYPER, SGD_STATE, type SgdLossCode, type SgdScheduleCode } from "../../src/kernels/sgd-kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";

/** What a model of one target knows between two blocks. */
export interface SgdState {
  readonly coef: Float64Array;
  /** Mean of the coefficients, where there is an average. */
  readonly average?: Float64Array;
  /** L1 penalty that each coefficient got, where there is one. */
  readonly paid?: Float64Array;
  /** Numbers by `SGD_STATE`. */
  readonly numbers: Float64Array;
  /** Σ loss of the epoch's rows, each before its step. */
  readonly loss: number;
  /** Rows of the epoch. */
  readonly rows: number;
}

/** What {@link sgdStep} is told. */
export interface SgdStepArgs {
  readonly loss: SgdLossCode;
  readonly schedule: SgdScheduleCode;
  readonly hyper: Float64Array;
  readonly batch: number;
  /** The class that is 1; below 0 for a regression. */
  readonly positive: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly epoch: number;
  readonly block: number;
  /** Where the epoch starts; later blocks start where the one before stopped. */
  readonly start?: SgdState;
}

/** One epoch's pass over one block, from the state in `args` or the one that the block before left. */
export function sgdStep(context: TaskContext, args: SgdStepArgs, ...deps: (SgdState | DealtBlock)[]): SgdState {
  const block = deps.at(-1) as DealtBlock;
  const before = args.start ?? (deps[0] as SgdState);
  const { x, train } = block;
  using space = new Workspace(context.memory, x.values.arena);
  const order = new Uint32Array(train);
  for (let i = 0; i < train; i++) order[i] = i;
  if (args.shuffle) shuffleInPlace(order, args.seed, `sgd order of block ${args.block}`, args.epoch);
  const orderAt = space.bytes(Math.max(4, train * 4));
  new Uint32Array(context.memory.memoryOf(space.arena).buffer as ArrayBuffer, orderAt, train).set(order);
  const copied = (values: Float64Array): { pointer: number; values: Float64Array } => {
    const scratch = space.numbers(values.length);
    scratch.values.set(values);
    return scratch;
  };
  const coef = copied(before.coef);
  const average = before.average && copied(before.average);
  const paid = before.paid && copied(before.paid);
  const numbers = copied(before.numbers);
  const rest = [
    coef.values.length,
    orderAt,
    train,
    args.batch,
    space.pointer(block.y),
    block.w ? space.pointer(block.w) : 0,
    args.positive,
    coef.pointer,
    average?.pointer ?? 0,
    paid?.pointer ?? 0,
    space.vector(args.hyper),
    numbers.pointer,
    space.bytes(args.batch * 8),
  ] as const;
  const lost =
    x.kind === "csr"
      ? space.kernels.csrSgdRows(
          args.loss,
          args.schedule,
          space.pointer(x.indptr),
          space.pointer(x.indices),
          space.pointer(x.values),
          ...rest,
        )
      : space.kernels.sgdRows(args.loss, args.schedule, space.pointer(x.values), ...rest);
  return {
    coef: coef.values.slice(),
    ...(average ? { average: average.values.slice() } : {}),
    ...(paid ? { paid: paid.values.slice() } : {}),
    numbers: numbers.values.slice(),
    loss: lost + (args.start ? 0 : before.loss),
    rows: train + (args.start ? 0 : before.rows),
  };
}

/** What {@link validationStep} is told. */
export interface ValidationArgs {
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly positive: number;
}

/** Sums over rows to validate on: weights, squares of errors and of deviations, or the weights that are right. */
export interface ValidationSums {
  readonly weight: number;
  readonly right: number;
  readonly sum: number;
  readonly squares: number;
  readonly errors: number;
}

/** How well a model of one target does on a block's rows to validate on. */
export function validationStep(context: TaskContext, args: ValidationArgs, block: DealtBlock): ValidationSums {
  const { x, train } = block;
  const { memory } = context;
  const values = memory.view(x.values);
  const y = memory.view(block.y);
  const w = block.w ? memory.view(block.w) : undefined;
  const indptr = x.kind === "csr" ? memory.view(x.indptr) : undefined;
  const indices = x.kind === "csr" ? memory.view(x.indices) : undefined;
  const sums = { weight: 0, right: 0, sum: 0, squares: 0, errors: 0 };
  for (let i = train; i < x.rows; i++) {
    let p = args.intercept;
    if (indptr && indices) {
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++)
        p += (values[k] as number) * (args.coef[indices[k] as number] as number);
    } else for (let j = 0; j < x.cols; j++) p += (values[i * x.cols + j] as number) * (args.coef[j] as number);
    const wi = w ? (w[i] as number) : 1;
    const yi = y[i] as number;
    sums.weight += wi;
    if (args.positive >= 0) sums.right += p > 0 === (yi === args.positive) ? wi : 0;
    else {
      sums.sum += wi * yi;
      sums.squares += wi * yi * yi;
      sums.errors += wi * (yi - p) ** 2;
    }
  }
  return sums;
}

/** Largest absolute number of a state; infinite or NaN when one is. */
export function sizeOf(state: SgdState): number {
  const most = state.coef.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  return Math.max(most, Math.abs(state.numbers[SGD_STATE.intercept] as number));
}

/** Σ penalty of a state's coefficients. */
export function penaltyOf({ coef }: SgdState, hyper: Float64Array): number {
  const l1 = hyper[SGD_HYPER.l1] as number;
  const l2 = hyper[SGD_HYPER.l2] as number;
  return coef.reduce((sum, value) => sum + l1 * Math.abs(value) + 0.5 * l2 * value * value, 0);
}

const task = (name: string): ReturnType<typeof fnRef> => fnRef(import.meta.url, name);

/** Names the tasks above for the engine. */
export const SGD_TASKS = {
  step: task("sgdStep"),
  validate: task("validationStep"),
} as const;
