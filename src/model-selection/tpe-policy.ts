import type { SearchSpace } from "./search-space.js";
import { proposePoint, type Observation, type SpacePoint, type TpeOptions } from "./tpe-sampler.js";
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
  readonly #points: SpacePoint[] = [];
  readonly #outcomes = new Map<number, UnitOutcome>();

  constructor(space: SearchSpace, trials: number, parallel: number, options: TpeOptions) {
    this.#space = space;
    this.#trials = trials;
    this.#parallel = parallel;
    this.#options = options;
  }

  next(): TrialUnit | "wait" | undefined {
    const trial = this.#points.length;
    if (trial >= this.#trials) return undefined;
    const known = Math.max(0, trial - this.#parallel + 1);
    for (let k = 0; k < known; k++) if (!this.#outcomes.has(k)) return "wait";
    const history = this.#points.map((point, k): Observation => {
      const outcome = k < known ? this.#outcomes.get(k) : undefined;
      return { ...point, score: outcome && !outcome.failed ? outcome.score : NaN };
    });
    const point = proposePoint(this.#space, history, trial, this.#options);
    this.#points.push(point);
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
