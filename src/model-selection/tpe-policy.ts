import type { SearchSpace } from "./search-space.js";
import { proposePoint, type Observation, type TpeOptions } from "./tpe-sampler.js";
import type { PolicyProgress, TrialPolicy, TrialUnit, UnitOutcome } from "./trial-policy.js";

/**
 * Proposes trials from what the earlier ones gave. Proposal k knows the outcomes of the trials up to k - `parallel`, and
 * the points of those after, whose outcomes it takes for bad: so proposals do not depend on which of the trials under way
 * ends first, and do not pile up on one point.
 */
export class TpePolicy implements TrialPolicy {
  readonly #space: SearchSpace;
  readonly #trials: number;
  readonly #parallel: number;
  readonly #options: TpeOptions;
  readonly #history: Observation[] = [];
  readonly #outcomes = new Map<number, UnitOutcome>();
  /** Trials whose outcomes are in the history. */
  #told = 0;

  constructor(space: SearchSpace, trials: number, parallel: number, options: TpeOptions) {
    this.#space = space;
    this.#trials = trials;
    this.#parallel = parallel;
    this.#options = options;
  }

  next(): TrialUnit | "wait" | undefined {
    const trial = this.#history.length;
    if (trial >= this.#trials) return undefined;
    const known = Math.max(0, trial - this.#parallel + 1);
    for (; this.#told < known; this.#told++) {
      const outcome = this.#outcomes.get(this.#told);
      if (!outcome) return "wait";
      const seen = this.#history[this.#told] as Observation;
      this.#history[this.#told] = { ...seen, score: outcome.failed ? NaN : outcome.score };
    }
    const point = proposePoint(this.#space, this.#history, trial, this.#options);
    this.#history.push({ ...point, score: NaN });
    return { trial, params: point.params, bracket: 0, amount: 1 };
  }

  report(unit: TrialUnit, outcome: UnitOutcome): void {
    this.#outcomes.set(unit.trial, outcome);
  }

  isOpen(): boolean {
    return false;
  }

  competes(): boolean {
    return true;
  }

  get progress(): PolicyProgress {
    return { done: this.#outcomes.size, total: this.#trials };
  }
}
