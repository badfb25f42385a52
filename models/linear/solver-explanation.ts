/** Which solver a fit used or would use, and why: what `explain()` returns. */
export interface SolverExplanation<S extends string = string> {
  readonly solver: S;
  /** In words: the shape, penalty or request that decided, and how the fit went. */
  readonly reason: string;
  /** Passes over the rows; undefined before a fit. */
  readonly passes: number | undefined;
}
