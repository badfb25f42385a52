import { ParameterError, show } from "../base/errors.js";

/** One step of successive halving: so many models are trained until each has had so much of the resource. */
export interface Rung {
  readonly models: number;
  readonly resource: number;
}

/** One run of successive halving. */
export interface Bracket {
  readonly bracket: number;
  readonly rungs: readonly Rung[];
}

/** What a search with brackets will do, known before it runs. */
export interface BudgetTable {
  readonly nModels: number;
  /** Units of the resource over all models: `partialFit` calls, say; models are counted as going on where they were. */
  readonly totalResource: number;
  readonly brackets: readonly (Bracket & { readonly nModels: number; readonly totalResource: number })[];
}

/**
 * Successive halving (Jamieson and Talwalkar 2016): rung k has ⌊n·η^-k⌋ models at r·η^k of the resource, while there
 * is a
 * model and, where `most` is given, no more than that. In integers throughout.
 */
export function halvingRungs(models: number, resource: number, eta: number, most = Infinity): Rung[] {
  const rungs: Rung[] = [];
  for (let power = 1; Math.floor(models / power) >= 1 && resource * power <= most; power *= eta) {
    rungs.push({ models: Math.floor(models / power), resource: resource * power });
  }
  return rungs;
}

/**
 * Hyperband's brackets (Li et al. 2018) for a largest resource R: with s_max = ⌊log_η R⌋, bracket s starts
 * ⌈(s_max + 1)·η^s / (s + 1)⌉ models at ⌊R·η^-s⌋ and halves s times. Logarithm and powers are integers, so that no
 * bracket is lost to rounding (R = 243, η = 3 has six).
 *
 * @throws ParameterError unless R >= 1 and η >= 2 are integers
 */
export function hyperbandBrackets(R: number, eta: number): Bracket[] {
  if (!Number.isSafeInteger(R) || R < 1)
    throw new ParameterError(`hyperband: the largest resource must be an integer >= 1; got ${show(R)}.`);
  if (!Number.isSafeInteger(eta) || eta < 2)
    throw new ParameterError(`hyperband: aggressiveness must be an integer >= 2; got ${show(eta)}.`);
  const powers = [1];
  while ((powers.at(-1) as number) * eta <= R) powers.push((powers.at(-1) as number) * eta);
  const most = powers.length - 1;
  return powers
    .map((power, s): Bracket => {
      const models = Math.floor(((most + 1) * power + s) / (s + 1));
      return { bracket: s, rungs: halvingRungs(models, Math.floor(R / power), eta).slice(0, s + 1) };
    })
    .reverse();
}

/** The sums of a table of brackets. */
export function budgetTable(brackets: readonly Bracket[]): BudgetTable {
  const rows = brackets.map((bracket) => ({
    ...bracket,
    nModels: bracket.rungs[0]?.models ?? 0,
    totalResource: bracket.rungs.reduce(
      (sum, { models, resource }, k) => sum + models * (resource - (bracket.rungs[k - 1]?.resource ?? 0)),
      0,
    ),
  }));
  return {
    nModels: rows.reduce((sum, row) => sum + row.nModels, 0),
    totalResource: rows.reduce((sum, row) => sum + row.totalResource, 0),
    brackets: rows,
  };
}

/**
 * Inverse decay as Dask-ML counts it: the n models start with 1 of the resource. Then, as long as that is more than one, so
 * many go on as ⌊n / (1 + t)^rate⌋ says at the next t where the number falls, until just before it.
 */
export function decayRungs(models: number, rate: number, most: number): Rung[] {
  const left = (time: number): number => Math.floor(models / (1 + time) ** rate);
  const rungs: Rung[] = [{ models, resource: 1 }];
  for (let time = 2; left(time) > 0 && time <= most;) {
    let next = time + 1;
    while (left(next) === left(time)) next += 1;
    // One model has nobody left to beat.
    if (left(next) <= 1) break;
    rungs.push({ models: left(next), resource: Math.min(most, next - 1) });
    time = next;
  }
  return rungs;
}
