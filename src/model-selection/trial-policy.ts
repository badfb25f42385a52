import type { ParamSet } from "./parameter-sets.js";

/** A trial that a policy means to run. */
export interface PlannedTrial {
  /** Number of the trial, from 0 without gaps. */
  readonly trial: number;
  readonly params: ParamSet;
  readonly bracket: number;
}

/** What a policy asks to be done next: one trial trained to some amount of the resource, and scored. */
export interface TrialUnit extends PlannedTrial {
  /** What the trial will have had of the resource. */
  readonly amount: number;
  /** One fold; all of them unless given. */
  readonly fold?: number;
}

/** How a unit ended. */
export interface UnitOutcome {
  /** Mean over the folds, of the deciding scorer: greater is better, NaN for none. */
  readonly score: number;
  readonly failed: boolean;
}

/** How far a policy is, in units of the resource. */
export interface PolicyProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Decides what a search does: a unit of work at a time, given the results so far. A policy knows no estimator, no data
 * and no clock, so that it runs in a simulation as it does in a search. It is deterministic: the same outcomes in the
 * same order give the same units, which is what a resumed journal relies on.
 */
export interface TrialPolicy {
  /** The next unit; "wait" when that depends on units that are under way; undefined when there will be none. */
  next(): TrialUnit | "wait" | undefined;
  /** Takes the outcome of a unit that `next` gave. */
  report(unit: TrialUnit, outcome: UnitOutcome): void;
  /** True while the trial may be trained further. */
  isOpen(trial: number): boolean;
  /** Whether a trial may be the best, once all is done. */
  competes(trial: number): boolean;
  readonly progress: PolicyProgress;
  /** True where units do not depend on outcomes: several can be asked for before any is told. */
  readonly isFixed?: boolean;
  /** The trials, where they are known beforehand. */
  readonly planned?: readonly PlannedTrial[];
}

/** Scores from best to worst; NaN is worst, and the earlier trial comes first among equals. */
export function byScore<T extends { readonly score: number; readonly trial: number }>(a: T, b: T): number {
  return rankOf(b.score) - rankOf(a.score) || a.trial - b.trial;
}

/** Puts an item into a list that is sorted. */
export function insertSorted<T>(list: T[], item: T, compare: (a: T, b: T) => number): void {
  list.splice(placeOf(list, item, compare), 0, item);
}

function placeOf<T>(list: readonly T[], item: T, compare: (a: T, b: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(list[middle] as T, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rankOf(score: number): number {
  // Differences of infinities are NaN, which no order survives.
  return Number.isNaN(score) ? -Number.MAX_VALUE : Math.max(-1e300, Math.min(1e300, score));
}
