import type { ParamSet } from "./parameter-sets.js";
import type { PlannedTrial, PolicyProgress, TrialPolicy, TrialUnit } from "./trial-policy.js";

/** In which order {@link ListPolicy} gives its units. */
export interface ListOrder {
  /** Trials whose folds are all run before those of the next trials; all of them unless given. */
  readonly block?: number;
  /** Trials of the same text follow each other on a fold, because they share work there. */
  readonly sharing?: (params: ParamSet) => string;
}

/**
 * Every fold of every parameter set: fold after fold, so that what the trials share on a fold is at hand for all of them.
 */
export class ListPolicy implements TrialPolicy {
  readonly isFixed = true;
  readonly #sets: readonly ParamSet[];
  readonly #units: readonly TrialUnit[];
  #next = 0;
  #done = 0;

  constructor(sets: readonly ParamSet[], folds: number, { block = Infinity, sharing = () => "" }: ListOrder = {}) {
    this.#sets = sets;
    const trials = sets.map((params, trial) => ({ trial, params, bracket: 0, amount: 1 }));
    const units: TrialUnit[] = [];
    for (let from = 0; from < trials.length; from += block) {
      const groups = new Map<string, typeof trials>();
      for (const one of trials.slice(from, from + block)) {
        const name = sharing(one.params);
        const group = groups.get(name);
        if (group) group.push(one);
        else groups.set(name, [one]);
      }
      const own = [...groups.values()].flat();
      for (let fold = 0; fold < folds; fold++) units.push(...own.map((one) => ({ ...one, fold })));
    }
    this.#units = units;
  }

  next(): TrialUnit | undefined {
    return this.#units[this.#next++];
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
    return { done: this.#done, total: this.#units.length };
  }
}
