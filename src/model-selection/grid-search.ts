import { ParamTable, type ZodNamespace } from "../base/params.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { registerEstimator } from "../estimator/registry.js";
import { BaseSearch, paramsFromJSON } from "./base-search.js";
import type { BaseSearchParams, SearchPlan } from "./search-plan.js";
import { fitTrainer } from "./fit-trainer.js";
import type { FoldSettings } from "./fold-runner.js";
import { ListPolicy } from "./list-policy.js";
import { ParameterGrid, sampleParameters, type ParamGrid, type ParamSet } from "./parameter-sets.js";

import { distributionsShape, gridShape } from "./resource-shape.js";
import type { ParamDistributions } from "./search-space.js";
import type { TrialEstimator } from "./trial-estimator.js";

/** Parameters of {@link GridSearchCV}. */
export interface GridSearchParams extends BaseSearchParams {
  paramGrid: ParamGrid | readonly ParamGrid[];
}

/** Parameters of {@link RandomizedSearchCV}. */
export interface RandomizedSearchParams extends BaseSearchParams {
  paramDistributions: ParamDistributions | readonly ParamDistributions[];
  nIter: number;
  randomState?: number | undefined;
}

/** The rules of {@link BaseSearchParams}. */
export function baseSearchShape(z: ZodNamespace) {
  const any = (text: string) => z.custom((value) => value !== undefined, "must be given").describe(text);
  return {
    estimator: any("what is tuned"),
    scoring: any("a scorer's name, a scorer, or several; the estimator's own score unless given").optional(),
    cv: any("folds, a splitter, or splits; 5 folds unless given").optional(),
    refit: z
      .union([z.boolean(), z.string(), z.custom((value) => typeof value === "function", "must be a function")])
      .default(true)
      .describe("fit the best to all rows; the deciding scorer's name, or a rule from results to the best index"),
    errorScore: z
      .union([z.literal("raise"), z.nan(), z.number()])
      .default(NaN)
      .describe('score of a trial that fails; "raise" to stop'),
    returnTrainScore: z.boolean().default(false).describe("score the train rows too"),
    weightScores: z.boolean().default(false).describe("weigh the scores by sampleWeight, not the fits alone"),
    parallelTrials: z.int().min(1).default(2).describe("fits at a time; results do not depend on it"),
    maxTime: z.number().positive().optional().describe("seconds after which no fit is started"),
    journal: z
      .string()
      .min(1)
      .optional()
      .describe("a file that keeps what is finished, from which the same search goes on"),
  };
}

const GRID_TABLE = new ParamTable<GridSearchParams>("GridSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    ...gridShape(z),
  }),
);

const RANDOM_TABLE = new ParamTable<RandomizedSearchParams>("RandomizedSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    ...distributionsShape(z),
    nIter: z.int().min(1).default(10).describe("number of draws"),
    randomState: z.int().optional().describe("the seed"),
  }),
);

/** Candidates whose folds are run before those of others, where time is limited. */
const TIMED_BLOCK = 8;

/** Tries a fixed list of parameter sets on every split. */
abstract class ListSearch<P extends BaseSearchParams> extends BaseSearch<P> {
  protected abstract override candidates(): ParamSet[];

  protected plan(settings: FoldSettings, estimator: TrialEstimator): SearchPlan {
    const trainer = fitTrainer(settings, estimator);
    // A search that may run out of time finishes some candidates before it begins others.
    const block = this.params.maxTime === undefined ? Infinity : TIMED_BLOCK;
    const sharing = (params: ParamSet): string => trainer.sharing?.(params) ?? "";
    const policy = new ListPolicy(this.candidates(), settings.data.splits.length, { block, sharing });
    return { policy, trainer, byResource: false };
  }
}

/**
 * Tries every combination of a grid on every split, and fits the best to all rows.
 *
 * Results are scikit-learn's `cv_results_` as columns (`mean_test_score`, `rank_test_score`, `param_C`, ...), the
 * same for
 * any number of `parallelTrials`. Differs from scikit-learn: unknown parameter names fail before anything is fitted; a
 * failing trial is in the `error` column; `maxTime` bounds the search; equal best scores go to the first.
 *
 * @example
 * ```ts
 * const search = new GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [0.1, 1, 10] } });
 * await search.fit(X, y);
 * console.log(search.bestParams, search.bestScore);
 * ```
 */
export class GridSearchCV extends ListSearch<GridSearchParams> {
  static readonly table = GRID_TABLE;

  static fromJSON(json: EstimatorJson): GridSearchCV {
    return new GridSearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an empty grid */
  constructor(params: Partial<GridSearchParams> & Pick<GridSearchParams, "estimator" | "paramGrid">) {
    super(GRID_TABLE, params);
    this.candidates();
  }

  protected candidates(): ParamSet[] {
    return [...new ParameterGrid(this.params.paramGrid)];
  }
}

/**
 * Tries `nIter` parameter sets drawn from lists and distributions; otherwise as {@link GridSearchCV}. The draws
 * depend on
 * the seed alone. Lists without any distribution are drawn without replacement.
 *
 * @example
 * ```ts
 * const search = new RandomizedSearchCV({
 *   estimator: new LogisticRegression(),
 *   paramDistributions: { C: logUniform(1e-3, 1e3) },
 *   nIter: 20,
 * });
 * ```
 */
export class RandomizedSearchCV extends ListSearch<RandomizedSearchParams> {
  static readonly table = RANDOM_TABLE;

  static fromJSON(json: EstimatorJson): RandomizedSearchCV {
    return new RandomizedSearchCV(paramsFromJSON(json)).restore(json);
  }

  /** @throws ParameterError on an unknown parameter, a value out of range, or an empty list */
  constructor(
    params: Partial<RandomizedSearchParams> & Pick<RandomizedSearchParams, "estimator" | "paramDistributions">,
  ) {
    super(RANDOM_TABLE, params);
    this.candidates();
  }

  protected candidates(): ParamSet[] {
    const { paramDistributions, nIter, randomState } = this.params;
    return sampleParameters(paramDistributions, nIter, randomState);
  }
}

registerEstimator("GridSearchCV", GridSearchCV);

registerEstimator("RandomizedSearchCV", RandomizedSearchCV);
