import type { FitOptions } from "../estimator/design.js";
import type { ErrorScore } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";
import type { Trainer } from "./resources.js";
import type { Scoring } from "./scoring.js";
import type { SearchResults } from "./search-results.js";
import type { Splittable } from "./splittable.js";
import type { Cv } from "./trial-data.js";
import type { TrialEstimator } from "./trial-estimator.js";
import type { TrialPolicy } from "./trial-policy.js";

/**
 * Which metric decides, and whether the best parameters are fitted to all rows; or a rule that names the best trial.
 */
export type Refit = boolean | string | ((results: SearchResults) => number);

/** Parameters of every search. */
export interface BaseSearchParams {
  /** What is tuned; never fitted itself. */
  estimator: TrialEstimator;
  scoring?: Scoring | undefined;
  cv?: Cv | undefined;
  refit: Refit;
  errorScore: ErrorScore;
  returnTrainScore: boolean;
  weightScores: boolean;
  parallelTrials: number;
  maxTime?: number | undefined;
  journal?: string | undefined;
}

/** Options of a search's `fit`. `sampleWeight` goes to the fits. */
export interface SearchFitOptions extends FitOptions {
  /** The groups of rows, for splitters by group. */
  readonly groups?: Splittable | undefined;
}

/** How a search goes about it: what decides, and what trains. */
export interface SearchPlan {
  readonly policy: TrialPolicy;
  readonly trainer: Trainer;
  /** True where trials get more and more of a resource. */
  readonly byResource: boolean;
  /** Parameters of the refit beside those of the best trial, by the amount that it had. */
  readonly refitParams?: (amount: number) => ParamSet;
}
