import { DataError, FitError, NotFittedError, ParameterError, show } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import type { FitOptions } from "../estimator/design.js";
import type { Label } from "../estimator/labels.js";
import type { TableInput } from "../estimator/table.js";
import { checkErrorScore, checkParallel, type ErrorScore, type FoldSettings } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";
import { scoreModel, scorersOf, type Scorers, type Scoring } from "./scoring.js";
import type { SearchResults } from "./search-results.js";
import type { Splittable } from "./splittable.js";
import { openTrialData, splitterOf, type Cv } from "./trial-data.js";
import {
  assertEstimator,
  methodOf,
  type TargetInput,
  type TrialEstimator,
  type TrialMethods,
} from "./trial-estimator.js";

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
}

/** Options of a search's `fit`. `sampleWeight` goes to the fits. */
export interface SearchFitOptions extends FitOptions {
  /** The groups of rows, for splitters by group. */
  readonly groups?: Splittable | undefined;
}

/** What the trials of a search gave. */
export interface SearchOutcome {
  readonly results: SearchResults;
  readonly nSplits: number;
  /** Parameters of the refit beside those of the best trial. */
  readonly refitParams?: (index: number) => ParamSet;
  /** Whether a trial may be the best; all may unless given. */
  readonly competes?: (index: number) => boolean;
  /** Models that need no refit: those that were trained step by step. */
  readonly models?: readonly (TrialEstimator | undefined)[];
}

interface Found extends SearchOutcome {
  readonly bestIndex: number;
  readonly bestEstimator: TrialEstimator | undefined;
  readonly refitTime: number | undefined;
  readonly scorers: Scorers;
  readonly metric: string;
}

/**
 * What all searches share: the data, the best trial, its refit, and predicting with it. A search is an estimator
 * itself.
 */
export abstract class BaseSearch<P extends BaseSearchParams> implements TrialEstimator {
  readonly table: ParamTable<P>;
  #params: Readonly<P>;
  #found: Found | undefined;

  /** @throws ParameterError on an unknown parameter, a value out of range, or no estimator */
  protected constructor(table: ParamTable<P>, params: object) {
    this.table = table;
    this.#params = this.#checked(params);
  }

  get kind(): string {
    return this.table.owner;
  }

  getParams(): P {
    return { ...this.#params };
  }

  /** Sets parameters, or those of the estimator by `estimator__param`: it is replaced by a clone that has them. */
  setParams(params: Partial<P> & Readonly<Record<string, unknown>>): this {
    const prefix = "estimator__";
    const entries = Object.entries(params);
    const nested = entries
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]);
    const own = { ...this.#params, ...Object.fromEntries(entries.filter(([name]) => !name.startsWith(prefix))) };
    const estimator =
      nested.length > 0 ? withParams(own.estimator, Object.fromEntries(nested) as ParamSet) : own.estimator;
    this.#params = this.#checked({ ...own, estimator });
    return this;
  }

  /** An unfitted search with the same parameters. */
  clone(): this {
    const Class = this.constructor as new (params: P) => this;
    return new Class({ ...this.#params, estimator: this.#params.estimator.clone() });
  }

  protected get params(): Readonly<P> {
    return this.#params;
  }

  /** What is tuned: it says what the search can do. */
  get trialEstimator(): TrialEstimator {
    return this.#found?.bestEstimator ?? this.#params.estimator;
  }

  #checked(params: object): Readonly<P> {
    const parsed = this.table.parse(params);
    assertEstimator(this.kind, parsed.estimator);
    checkErrorScore(this.kind, parsed.errorScore);
    checkParallel(this.kind, parsed.parallelTrials);
    return parsed;
  }

  /** Runs the trials; everything that can be checked has been. */
  protected abstract search(
    settings: FoldSettings,
    limit: number,
    deadline: number,
    options: SearchFitOptions,
  ): Promise<SearchOutcome>;

  /** Every parameter set that may be tried, so that wrong names fail before anything is fitted. */
  protected abstract candidates(): Iterable<ParamSet>;

  /** The split of the rows unless `cv` is given; see `splitterOf`. */
  protected defaultCv(_hasTarget: boolean): Cv | undefined {
    return undefined;
  }

  /**
   * Tries parameters and, with `refit`, fits the best to all rows. The data are read once and kept for the call. A
   * trial that
   * fails is recorded in `cvResults` with its error and scores `errorScore`; the others go on.
   *
   * @throws ParameterError for parameters and scorers that do not fit, before anything is fitted; FitError when no
   *   trial
   *   succeeded; AbortedError when stopped by the signal
   */
  async fit(X: TableInput, y?: TargetInput, options: SearchFitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    const { estimator, scoring, refit, errorScore, returnTrainScore, weightScores, parallelTrials, maxTime } =
      this.#params;
    const deadline = maxTime === undefined ? Infinity : performance.now() + maxTime * 1000;
    const scorers = scorersOf(owner, estimator, scoring);
    const metric = decidingMetric(this.kind, refit, scorers);
    for (const params of this.candidates()) withParams(estimator, params);
    const splitter = splitterOf(owner, this.#params.cv ?? this.defaultCv(y !== undefined), estimator, y !== undefined);
    const data = await openTrialData(owner, splitter, X, y, options.groups, options);
    try {
      const settings = { owner, data, scorers, returnTrainScore, weightScores, errorScore };
      const outcome = await this.search(settings, parallelTrials, deadline, options);
      const bestIndex = bestOf(owner, outcome.results, metric, refit, outcome.competes ?? (() => true));
      let bestEstimator: TrialEstimator | undefined;
      let refitTime: number | undefined;
      if (refit !== false) {
        bestEstimator = outcome.models?.[bestIndex];
        if (!bestEstimator) {
          const started = performance.now();
          const params = { ...outcome.results.params[bestIndex], ...outcome.refitParams?.(bestIndex) };
          bestEstimator = withParams(estimator, params);
          const weight = data.sampleWeight as FitOptions["sampleWeight"];
          await bestEstimator.fit(data.X, data.y as TargetInput | undefined, {
            ...data.run,
            ...(weight === undefined ? {} : { sampleWeight: weight }),
          });
          refitTime = (performance.now() - started) / 1000;
        }
      }
      this.#found = { ...outcome, bestIndex, bestEstimator, refitTime, scorers, metric };
      return this;
    } finally {
      data.release();
    }
  }

  /** True once a search has succeeded. */
  get isFitted(): boolean {
    return this.#found !== undefined;
  }

  /** The trials as columns; see `resultTable`. */
  get cvResults(): SearchResults {
    return this.#done.results;
  }

  /** The trial with the best score of the deciding metric, the first of several. */
  get bestIndex(): number {
    return this.#done.bestIndex;
  }

  get bestParams(): ParamSet {
    return this.#done.results.params[this.#done.bestIndex] as ParamSet;
  }

  /** Mean test score of the best trial, by the deciding metric. */
  get bestScore(): number {
    const { results, metric, bestIndex } = this.#done;
    return results[`mean_test_${metric}`]?.[bestIndex] as number;
  }

  /** The best parameters fitted to all rows. @throws NotFittedError with `refit: false` */
  get bestEstimator(): TrialEstimator {
    const { bestEstimator } = this.#done;
    if (bestEstimator) return bestEstimator;
    throw new NotFittedError(
      `${this.kind}: the best parameters were not fitted, because refit is false. Fit bestParams yourself, or search with refit: true.`,
    );
  }

  get nSplits(): number {
    return this.#done.nSplits;
  }

  /** Seconds of the refit; undefined where there was none. */
  get refitTime(): number | undefined {
    return this.#done.refitTime;
  }

  /** The best estimator's labels. */
  get classes(): readonly Label[] {
    return (this.bestEstimator as TrialMethods).classes ?? [];
  }

  /** The best estimator's predictions. */
  predict(X: TableInput): unknown {
    return methodOf(this.kind, this.bestEstimator, "predict")(X);
  }

  /** The best estimator's class probabilities. */
  predictProba(X: TableInput): unknown {
    return methodOf(this.kind, this.bestEstimator, "predictProba")(X);
  }

  /** The best estimator's decision values. */
  decisionFunction(X: TableInput): unknown {
    return methodOf(this.kind, this.bestEstimator, "decisionFunction")(X);
  }

  /** The best estimator's score of the deciding metric: greater is better. */
  async score(X: TableInput, y: TargetInput, options: FitOptions = {}): Promise<number> {
    const { scorers, metric } = this.#done;
    const owner = `${this.kind}.score`;
    const data = await openTrialData(owner, [], X, y, undefined, options);
    try {
      const only = new Map([[metric, scorers.get(metric)]]);
      const weight = data.sampleWeight as FitOptions["sampleWeight"];
      const run = { ...data.run, ...(weight === undefined ? {} : { sampleWeight: weight }) };
      const scores = await scoreModel(owner, this.bestEstimator, data.X, data.y as TargetInput | undefined, only, run);
      return scores[metric] as number;
    } finally {
      data.release();
    }
  }

  get #done(): Found {
    if (!this.#found)
      throw new NotFittedError(`${this.kind}: it is not fitted yet. Call \`await search.fit(X, y)\` first.`);
    return this.#found;
  }
}

/**
 * A clone with these parameters; estimators among their values are cloned too.
 * @throws ParameterError as the estimator's own
 */
export function withParams(estimator: TrialEstimator, params: ParamSet): TrialEstimator {
  const model = estimator.clone();
  const own = Object.entries(params).map(
    ([name, value]) => [name, isEstimator(value) ? value.clone() : value] as const,
  );
  if (own.length > 0) model.setParams(Object.fromEntries(own));
  return model;
}

function isEstimator(value: unknown): value is TrialEstimator {
  return (
    typeof value === "object" &&
    value !== null &&
    "fit" in value &&
    "clone" in value &&
    typeof value.clone === "function"
  );
}

function decidingMetric(owner: string, refit: Refit, scorers: Scorers): string {
  const names = [...scorers.keys()];
  if (typeof refit === "string") {
    if (scorers.has(refit)) return refit;
    throw new ParameterError(
      `${owner}: refit names ${show(refit)}, which is none of the scorers ${names.map(show).join(", ")}.`,
    );
  }
  if (refit === true && names.length > 1) {
    throw new ParameterError(
      `${owner}: there are ${names.length} scorers, so refit has to name the one that decides: ${names.map(show).join(", ")}.`,
    );
  }
  return names[0] as string;
}

function bestOf(
  owner: string,
  results: SearchResults,
  metric: string,
  refit: Refit,
  competes: (index: number) => boolean,
): number {
  const scores = results[`mean_test_${metric}`] as Float64Array;
  let best = -1;
  scores.forEach((score, i) => {
    if (!Number.isNaN(score) && competes(i) && (best < 0 || score > (scores[best] as number))) best = i;
  });
  if (best < 0) {
    const error = results.error.find((message) => message !== undefined);
    throw new FitError(
      `${owner}: none of ${scores.length} trials has a score${error ? `; the first error: ${error}` : ""}.`,
    );
  }
  if (typeof refit !== "function") return best;
  const chosen = refit(results);
  if (Number.isInteger(chosen) && chosen >= 0 && chosen < scores.length) return chosen;
  throw new DataError(
    `${owner}: the refit rule returned ${show(chosen)}; it has to return the index of a trial below ${scores.length}.`,
  );
}
