import { Ridge } from "../../models/index.js";

/** An estimator that does nothing: a search over it takes the time of the search. */
export class Nothing extends Ridge {
  override fit(): Promise<this> {
    return Promise.resolve(this);
  }

  override score(): Promise<number> {
    return Promise.resolve(this.getParams().alpha);
  }
}

/** Trials of a search whose overhead is measured. */
export const TRIALS = 500;

export const X: readonly number[][] = Array.from({ length: 100 }, (_, i) => [i, 1]);
export const y: readonly number[] = X.map(([value = 0]) => value);
