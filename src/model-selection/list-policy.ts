import type { ParamSet } from "./parameter-sets.js";
import type { PlannedTrial, PolicyProgress, TrialPolicy, TrialUnit } from "./trial-policy.js";

/** Every fold of every parameter set, in order. */
export class ListPolicy implements TrialPolicy {
  readonly #sets: readonly ParamSet[];
  readonly #folds: number;
  #next = 0;
  #done = 0;

  constructor(sets: readonly ParamSet[], folds: number) {
    this.#sets = sets;
    this.#folds = folds;
  }

  next(): TrialUnit | undefined {
    const trial = Math.floor(this.#next / this.#folds);
    const params = this.#sets[trial];
    if (!params) return undefined;
    return { trial, params, bracket: 0, amount: 1, fold: this.#next++ % this.#folds };
  }

  report(): void {
    this.#done += 1;
  }

  isOpen(): boolean {
    return false;
  }

  competes(): boolean {
    return true;
  }

  get planned(): PlannedTrial[] {
    return this.#sets.map((params, trial) => ({ trial, params, bracket: 0 }));
  }

  get progress(): PolicyProgress {
    return { done: this.#done, total: this.#sets.length * this.#folds };
  }
}
