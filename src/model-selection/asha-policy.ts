import { AshaRung } from "./asha-rung.js";
import { halvingRungs } from "./budget-table.js";
import type { ParamSet } from "./parameter-sets.js";
import type { PolicyProgress, TrialPolicy, TrialUnit, UnitOutcome } from "./trial-policy.js";

/** The size of an {@link AshaPolicy}. */
export interface AshaOptions {
  /** Trials that are started. */
  readonly trials: number;
  /** The resource of the first rung. */
  readonly minimum: number;
  /** Most of the resource for one trial. */
  readonly maximum: number;
  /** Of so many trials of a rung one goes on, with so many times the resource. */
  readonly eta: number;
}

interface State {
  readonly trial: number;
  readonly params: ParamSet;
  /** The last rung that it has finished; -1 for none. */
  rung: number;
  score: number;
  amount: number;
}

/**
 * Asynchronous successive halving (Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020): a
 * free worker promotes the best trial that is among the first 1/η of its rung so far, from the highest rung down, or else
 * starts a new trial. Nothing ever waits for a straggler. What is promoted depends on the order in which results come.
 */
export class AshaPolicy implements TrialPolicy {
  readonly #options: AshaOptions;
  readonly #params: (trial: number) => ParamSet;
  readonly #amounts: readonly number[];
  readonly #states: State[] = [];
  readonly #rungs: readonly AshaRung[];
  /** Trials with a score whose last rung this is. */
  readonly #scored: Int32Array;
  #running = 0;
  #done = 0;

  /** @param params the parameters of trial k, asked for when it is started */
  constructor(options: AshaOptions, params: (trial: number) => ParamSet) {
    this.#options = options;
    this.#params = params;
    const { minimum, eta, maximum } = options;
    this.#amounts = halvingRungs(Number.MAX_SAFE_INTEGER, minimum, eta, maximum).map(({ resource }) => resource);
    this.#rungs = this.#amounts.map(() => new AshaRung(eta));
    this.#scored = new Int32Array(this.#amounts.length);
  }

  next(): TrialUnit | "wait" | undefined {
    const next = this.#promotable()?.promote();
    if (next) return this.#start(this.#states[next.trial] as State);
    if (this.#states.length < this.#options.trials) {
      const trial = this.#states.length;
      const state = { trial, params: this.#params(trial), rung: -1, score: NaN, amount: 0 };
      this.#states.push(state);
      return this.#start(state);
    }
    return this.#running > 0 ? "wait" : undefined;
  }

  report(unit: TrialUnit, { score, failed }: UnitOutcome): void {
    const state = this.#states[unit.trial] as State;
    this.#running -= 1;
    this.#done += unit.amount - state.amount;
    this.#count(state, -1);
    state.rung += 1;
    Object.assign(state, { score, amount: unit.amount });
    this.#count(state, 1);
    this.#rungs[state.rung]?.add({ trial: unit.trial, score: failed ? NaN : score });
  }

  isOpen(trial: number): boolean {
    const state = this.#states[trial];
    return state !== undefined && state.rung < this.#amounts.length - 1;
  }

  competes(trial: number): boolean {
    const most = this.#scored.findLastIndex((count) => count > 0);
    return most >= 0 && this.#states[trial]?.rung === most;
  }

  get progress(): PolicyProgress {
    const { trials, eta } = this.#options;
    const total = this.#amounts.reduce(
      (sum, amount, k) => sum + Math.floor(trials / eta ** k) * (amount - (this.#amounts[k - 1] ?? 0)),
      0,
    );
    const over = this.#running === 0 && this.#states.length >= trials && !this.#promotable();
    return { done: over ? total : Math.min(this.#done, total), total };
  }

  #start(state: State): TrialUnit {
    this.#running += 1;
    const amount = this.#amounts[state.rung + 1] as number;
    return { trial: state.trial, params: state.params, bracket: 0, amount };
  }

  #count({ rung, score }: State, by: number): void {
    if (!Number.isNaN(score)) this.#scored[rung] = (this.#scored[rung] as number) + by;
  }

  /** The highest rung of which the best trial that has not gone on is among the first 1/η. */
  #promotable(): AshaRung | undefined {
    return this.#rungs.slice(0, -1).findLast((rung) => rung.promotable);
  }
}
