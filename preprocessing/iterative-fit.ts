import { CounterRng } from "../src/base/rng.js";
import type { Plain } from "../src/base/plain.js";
import { TaskPlan } from "../src/collections/plan.js";
import type { FnRef } from "../src/engine/engine.js";
import type { Design } from "../src/estimator/design.js";
import { mergeComoments, type Comoments } from "../src/numeric/comoments.js";
import { interceptFor, normalSystem } from "../src/numeric/normal-system.js";
import { solvePenalised, solveRidge } from "../src/numeric/ridge-solution.js";
import { STEPS, type ColumnRegression } from "./iterative-steps.js";

/** In which order the columns are predicted. */
export type ImputationOrder = "ascending" | "descending" | "roman" | "arabic" | "random";

/** What {@link imputeInRounds} is told; columns are those that are kept. */
export interface RoundSettings {
  readonly keep: readonly number[];
  readonly fill: Float64Array;
  /** Missing values of each column. */
  readonly missing: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly alpha: number;
  readonly maxIter: number;
  /** The change of a row below which a round is the last one. */
  readonly tolerance: number;
  readonly order: ImputationOrder;
  readonly skipComplete: boolean;
  readonly seed: number;
}

/** What the rounds have found. */
export interface Rounds {
  readonly sequence: readonly ColumnRegression[];
  readonly nIter: number;
  readonly converged: boolean;
  /** The change of the last round. */
  readonly change: number;
}

/**
 * Predicts the missing values of one column after the other from all the others, round after round (van Buuren and
 * Groothuis-Oudshoorn 2011). One pass over held data for each column with missing values, and one for each round; columns
 * without missing values that follow each other share a pass.
 */
export async function imputeInRounds(design: Design, settings: RoundSettings): Promise<Rounds> {
  const { keep, fill, missing, maxIter } = settings;
  const sequence: ColumnRegression[] = [];
  let current = await design.derive(blockwise(design, STEPS.begin, { keep, fill }));
  const move = async (updates: readonly ColumnRegression[], newRound: boolean): Promise<void> => {
    const next = await current.derive(blockwise(current, STEPS.update, { updates, newRound }));
    current[Symbol.dispose]();
    current = next;
  };
  try {
    let change = Infinity;
    for (let round = 0; round < maxIter; round++) {
      design.onProgress?.({ stage: design.owner, done: round, total: maxIter });
      let pending: ColumnRegression[] = [];
      let complete: Comoments | undefined;
      await move([], true);
      for (const column of orderOf(settings, round)) {
        const isComplete = missing[column] === 0;
        let moments = isComplete ? complete : undefined;
        if (!moments) {
          if (pending.length > 0) await move(pending, false);
          pending = [];
          moments = await current.reduce<Comoments>(
            STEPS.comoments,
            { column: isComplete ? null : column },
            mergeComoments,
            false,
          );
        }
        const found = regress(moments, column, settings);
        sequence.push(found);
        complete = isComplete ? moments : undefined;
        if (!isComplete) pending.push(found);
      }
      await move(pending, false);
      change = await current.reduce<number>(STEPS.change, undefined, Math.max, false);
      if (change < settings.tolerance) return { sequence, nIter: round + 1, converged: true, change };
    }
    return { sequence, nIter: maxIter, converged: maxIter === 0, change };
  } finally {
    current[Symbol.dispose]();
  }
}

function blockwise(design: Design, step: FnRef, args: unknown): TaskPlan {
  return TaskPlan.blockwise(design.plan, design.owner, step, args as Plain);
}

function orderOf({ missing, order, skipComplete, seed }: RoundSettings, round: number): number[] {
  const columns = Array.from(missing.keys()).filter((j) => !skipComplete || (missing[j] as number) > 0);
  const byCount = (sign: number): number[] =>
    columns.sort((a, b) => sign * ((missing[a] as number) - (missing[b] as number) || a - b));
  if (order === "ascending") return byCount(1);
  if (order === "descending") return byCount(-1);
  if (order === "arabic") return columns.reverse();
  if (order === "random") {
    const rng = new CounterRng(seed, "imputation order");
    for (let i = columns.length - 1; i > 0; i--) {
      const j = rng.integer(round * columns.length + i, i + 1);
      [columns[i], columns[j]] = [columns[j] as number, columns[i] as number];
    }
  }
  return columns;
}

/** A share of the mean square of the columns that stands in for the solution of least norm where they are dependent. */
const LEAST_RIDGE = 1e-10;

function regress(total: Comoments, column: number, { alpha, low, high }: RoundSettings): ColumnRegression {
  const width = total.mean.length;
  // The target last, as the solvers want it.
  const order = [...Array.from({ length: width }, (_, j) => j).filter((j) => j !== column), column];
  const moments: Comoments = {
    ...total,
    mean: Float64Array.from(order, (j) => total.mean[j] as number),
    scatter: Float64Array.from({ length: width * width }, (_, at) => {
      const [i, j] = [order[Math.floor(at / width)] as number, order[at % width] as number];
      return total.scatter[i * width + j] as number;
    }),
  };
  const { coef: own, intercept } = solveRidge(moments, alpha, true) ?? leastNorm(moments, alpha);
  const coef = new Float64Array(width);
  own.forEach((value, k) => (coef[order[k] as number] = value));
  return { column, coef, intercept, low: low[column] as number, high: high[column] as number };
}

function leastNorm(moments: Comoments, alpha: number): { coef: Float64Array; intercept: number } {
  const system = normalSystem(moments, true);
  const { p, gram } = system;
  let trace = 0;
  for (let j = 0; j < p; j++) trace += gram[j * p + j] as number;
  const ridge = alpha + LEAST_RIDGE * (trace / p);
  const coef = (trace > 0 ? solvePenalised(system, ridge, 0) : undefined) ?? new Float64Array(p);
  return { coef, intercept: interceptFor(system, coef) };
}
