import type { Bracket } from "./budget-table.js";
import type { ParamSet } from "./parameter-sets.js";
import { hasFallenBehind, hasPlateaued, type ScoredAt } from "./stopping-rules.js";
import {
  byScore,
  insertSorted,
  type PlannedTrial,
  type PolicyProgress,
  type TrialPolicy,
  type TrialUnit,
  type UnitOutcome,
} from "./trial-policy.js";

/** When trials are scored and stopped within brackets. */
export interface BracketOptions {
  /** Most of the resource between two scores; a rung at once unless given. */
  readonly scoreEvery?: number | undefined;
  /** A trial whose score has not risen by more than `tol` for so much of the resource is trained no further. */
  readonly patience?: number | undefined;
  readonly tol?: number | undefined;
  /** Stops trials whose best is below the median of the others' means up to there (Golovin et al. 2017). */
  readonly medianStopping?: boolean | undefined;
}

interface State {
  readonly run: Run;
  readonly trial: number;
  readonly bracket: number;
  readonly params: ParamSet;
  readonly scores: ScoredAt[];
  amount: number;
  score: number;
  running: boolean;
  /** Trained no further, though it may still be ranked: it failed, or a rule stopped it. */
  stopped: boolean;
  /** Dropped by its bracket, or its bracket is done. */
  closed: boolean;
  /** It was still there in its bracket's last rung. */
  last: boolean;
}

interface Run {
  readonly rungs: Bracket["rungs"];
  rung: number;
  alive: State[];
}

/**
 * Brackets of successive halving: rung after rung, the best of a bracket go on. All brackets are open at once, so that
 * nothing waits at the end of a rung: trials with a score come first, the best of them first of all; then new ones,
 * bracket by bracket. What a trial gets does not depend on the order in which results come, unless trials are stopped by
 * the median of others.
 */
export class BracketPolicy implements TrialPolicy {
  readonly #states: State[] = [];
  readonly #options: BracketOptions;
  readonly #total: number;
  /** Trials that can be trained now, first things first. */
  readonly #ready: State[];
  #running = 0;
  #done = 0;

  /** @param sets the trials' parameters, bracket by bracket; fewer than the table says make a bracket smaller */
  constructor(brackets: readonly Bracket[], sets: readonly (readonly ParamSet[])[], options: BracketOptions = {}) {
    this.#options = options;
    const runs = brackets.map(({ bracket, rungs }, b) => {
      const run: Run = { rungs, rung: 0, alive: [] };
      for (const params of (sets[b] ?? []).slice(0, rungs[0]?.models ?? 0)) {
        const state = { run, trial: this.#states.length, bracket, params, scores: [], amount: 0, score: NaN };
        run.alive.push({ ...state, running: false, stopped: false, closed: false, last: rungs.length === 1 });
        this.#states.push(run.alive.at(-1) as State);
      }
      return run;
    });
    this.#ready = this.#states.filter(canGoOn);
    this.#total = runs.reduce((sum, { rungs, alive }) => sum + costOf(rungs, alive.length), 0);
  }

  next(): TrialUnit | "wait" | undefined {
    const state = this.#ready.shift();
    if (!state) return this.#running > 0 ? "wait" : undefined;
    this.#running += 1;
    state.running = true;
    const amount = Math.min(targetOf(state), state.amount + (this.#options.scoreEvery ?? Infinity));
    return { trial: state.trial, params: state.params, bracket: state.bracket, amount };
  }

  report(unit: TrialUnit, { score, failed }: UnitOutcome): void {
    const state = this.#states[unit.trial] as State;
    this.#running -= 1;
    this.#done += unit.amount - state.amount;
    Object.assign(state, { running: false, amount: unit.amount, score });
    state.scores.push({ amount: unit.amount, score });
    const { patience, tol = 0, medianStopping } = this.#options;
    if (failed || (patience !== undefined && hasPlateaued(state.scores, patience, tol))) state.stopped = true;
    if (medianStopping) {
      const others = this.#states.filter((other) => other !== state && other.bracket === state.bracket);
      if (
        hasFallenBehind(
          state.scores,
          others.map(({ scores }) => scores),
        )
      )
        state.stopped = true;
    }
    if (canGoOn(state)) insertSorted(this.#ready, state, comesFirst);
    for (const kept of advance(state.run)) if (canGoOn(kept)) insertSorted(this.#ready, kept, comesFirst);
  }

  isOpen(trial: number): boolean {
    return this.#states[trial]?.closed === false;
  }

  // A trial that was dropped had less of the resource: it does not compete with those that went on.
  competes(trial: number): boolean {
    const ended = this.#states.some((state) => state.last && !Number.isNaN(state.score));
    return !ended || this.#states[trial]?.last === true;
  }

  get planned(): PlannedTrial[] {
    return this.#states.map(({ trial, params, bracket }) => ({ trial, params, bracket }));
  }

  get progress(): PolicyProgress {
    const open = this.#states.some((state) => !state.closed);
    return { done: open ? this.#done : this.#total, total: this.#total };
  }
}

function targetOf({ run }: State): number {
  return run.rungs[run.rung]?.resource ?? 0;
}

function canGoOn(state: State): boolean {
  return !state.running && !state.stopped && !state.closed && state.amount < targetOf(state);
}

/** Ends the rungs that are over; returns the trials that have a new target. */
function advance(run: Run): State[] {
  let moved: State[] = [];
  for (;;) {
    if (run.alive.some((state) => state.running || canGoOn(state))) return moved;
    const next = run.rungs[run.rung + 1];
    const kept = next ? run.alive.toSorted(byScore).slice(0, next.models) : [];
    for (const state of run.alive) if (!kept.includes(state)) state.closed = true;
    if (!next) return [];
    run.alive = kept;
    run.rung += 1;
    moved = kept;
    if (run.rung === run.rungs.length - 1) for (const state of kept) state.last = true;
  }
}

/** With a score before without, the better first; the trials' own order without. */
function comesFirst(a: State, b: State): number {
  const scored = Number(b.scores.length > 0) - Number(a.scores.length > 0);
  if (scored !== 0) return scored;
  return a.scores.length > 0 ? byScore(a, b) : a.trial - b.trial;
}

function costOf(rungs: Bracket["rungs"], models: number): number {
  return rungs.reduce(
    (sum, rung, k) => sum + Math.min(models, rung.models) * (rung.resource - (rungs[k - 1]?.resource ?? 0)),
    0,
  );
}
