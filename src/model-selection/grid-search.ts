import { ParamTable, type ZodNamespace } from "../base/params.js";
import {
  BaseSearch,
  withParams,
  type BaseSearchParams,
  type SearchFitOptions,
  type SearchOutcome,
} from "./base-search.js";
import { mapLimited, runFold, type FoldResult, type FoldSettings } from "./fold-runner.js";
import {
  ParameterGrid,
  sampleParameters,
  type ParamDistributions,
  type ParamGrid,
  type ParamSet,
} from "./parameter-sets.js";
import { resultTable, type Trial } from "./search-results.js";

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
  };
}

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null;

const GRID_TABLE = new ParamTable<GridSearchParams>("GridSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    paramGrid: z
      .custom(isRecord, "must be a record of lists, or a list of such records")
      .describe("values to try by parameter"),
  }),
);

const RANDOM_TABLE = new ParamTable<RandomizedSearchParams>("RandomizedSearchCV", (z) =>
  z.object({
    ...baseSearchShape(z),
    paramDistributions: z
      .custom(isRecord, "must be a record of lists and distributions")
      .describe("what to draw from by parameter"),
    nIter: z.int().min(1).default(10).describe("number of draws"),
    randomState: z.int().optional().describe("the seed"),
  }),
);

/** Tries a fixed list of parameter sets on every split. */
abstract class ListSearch<P extends BaseSearchParams> extends BaseSearch<P> {
  protected abstract override candidates(): ParamSet[];

  protected async search(
    settings: FoldSettings,
    limit: number,
    deadline: number,
    options: SearchFitOptions,
  ): Promise<SearchOutcome> {
    const candidates = this.candidates();
    const { splits } = settings.data;
    const jobs = candidates.flatMap((params) => splits.map((split) => ({ params, split })));
    let done = 0;
    const results = await mapLimited(jobs, limit, async ({ params, split }): Promise<FoldResult | undefined> => {
      if (performance.now() >= deadline) return undefined;
      const found = await runFold(settings, withParams(this.params.estimator, params), split.train, split.test);
      options.onProgress?.({ stage: this.kind, done: ++done, total: jobs.length });
      // A model for every fold of every trial would be kept for nothing.
      return { ...found, model: undefined };
    });
    const trials = candidates.map((params, i): Trial => {
      const folds = results.slice(i * splits.length, (i + 1) * splits.length);
      const skipped = folds.some((fold) => fold === undefined)
        ? `not finished: maxTime of ${this.params.maxTime} s was over`
        : undefined;
      return { params, folds, skipped };
    });
    return {
      results: resultTable(trials, [...settings.scorers.keys()], splits.length, settings.returnTrainScore),
      nSplits: splits.length,
    };
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
