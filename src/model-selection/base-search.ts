import { NotFittedError } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import type { PlainRecord } from "../base/plain.js";
import type { FitOptions } from "../estimator/design.js";
import { checkJson, MODEL_VERSION, type EstimatorJson } from "../estimator/estimator.js";
import type { Label } from "../estimator/labels.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { decodeState, encodeState } from "../estimator/state-codec.js";
import { toRows, type TableInput } from "../estimator/table.js";
import { bestModel } from "./best-model.js";
import { bestOf, decidingMetric } from "./best-trial.js";
import { exportTable, type ExportOptions } from "./export-trials.js";
import { checkErrorScore, checkParallel, type FoldSettings } from "./fold-runner.js";
import { neededColumns } from "./needed-columns.js";
import type { ParamSet } from "./parameter-sets.js";
import { runSearch } from "./run-search.js";
import { scoreModel, scorersOf } from "./scoring.js";
import { searchIdentity } from "./search-identity.js";
import { SearchJournal } from "./search-journal.js";
import { fromPlainValue, toPlainValue } from "./search-json.js";
import { foundFromPlain, foundToPlain, type Found } from "./search-found.js";
import type { BaseSearchParams, SearchFitOptions, SearchPlan } from "./search-plan.js";
import type { SearchResults } from "./search-results.js";
import { withoutSharedSteps, withSharedSteps } from "./shared-steps.js";
import { TrialBook, type HistoryEntry, type TrialPage } from "./trial-book.js";
import { openTrialData, splitterOf, type Cv } from "./trial-data.js";
import {
  assertEstimator,
  methodOf,
  type TargetInput,
  type TrialEstimator,
  type TrialMethods,
} from "./trial-estimator.js";
import { withParams } from "./with-params.js";

/**
 * What all searches share: the data, the best trial, its refit, and predicting with it. A search is an estimator
 * itself.
 */
export abstract class BaseSearch<P extends BaseSearchParams> implements TrialEstimator {
  readonly table: ParamTable<P>;
  #params: Readonly<P>;
  #found: Found | undefined;
  #partial: SearchResults | undefined;
  #seconds: number | undefined;

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

  /** What runs the trials; everything that can be checked has been. */
  protected abstract plan(settings: FoldSettings, estimator: TrialEstimator): SearchPlan | Promise<SearchPlan>;

  /** Every parameter set that may be tried, so that wrong names fail before anything is fitted. */
  protected abstract candidates(): Iterable<ParamSet>;

  /** The split of the rows unless `cv` is given; see `splitterOf`. */
  protected defaultCv(_hasTarget: boolean): Cv | undefined {
    return undefined;
  }

  /** True where results depend on `parallelTrials`, so that a journal goes on only with the same. */
  protected get dependsOnParallel(): boolean {
    return false;
  }

  /**
   * Tries parameters and, with `refit`, fits the best to all rows. The data are read once and kept for the call: of a
   * frame, only the columns that the estimator needs. Pipelines share the steps that candidates have in common, fold by
   * fold, and the rows that these give, which the engine holds meanwhile (within a quarter of its memory). A trial that fails is recorded in `cvResults` with its error and scores `errorScore`; the others go on.
   *
   * With `journal` every finished unit of work is kept in that file, and a later call (of the same search over the same
   * data, in any process) goes on from there: the same trials and the same best. Offset and exposure go to the fits and the
   * estimator's own score, by row as the weights.
   *
   * @throws ParameterError for parameters and scorers that do not fit, before anything is fitted; DataError for the
   *   journal of another search; FitError when no trial succeeded; AbortedError when stopped by the signal
   *   (`partialResults` has what was done until then)
   */
  async fit(X: TableInput, y?: TargetInput, options: SearchFitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    const { scoring, refit, errorScore, returnTrainScore, weightScores, parallelTrials, journal } = this.#params;
    const started = performance.now();
    const scorers = scorersOf(owner, this.#params.estimator, scoring);
    const metric = decidingMetric(this.kind, refit, scorers);
    const estimator = withSharedSteps(this.#params.estimator);
    const candidates = [...this.candidates()];
    for (const params of candidates) withParams(estimator, params);
    const splitter = splitterOf(owner, this.#params.cv ?? this.defaultCv(y !== undefined), estimator, y !== undefined);
    const rows = toRows(owner, X);
    const data = await openTrialData(
      owner,
      splitter,
      neededColumns(estimator, rows, candidates),
      y,
      options.groups,
      options,
    );
    try {
      const settings = { owner, data, scorers, returnTrainScore, weightScores, errorScore };
      const plan = await this.plan(settings, estimator);
      const book = new TrialBook(data.splits.length, metric);
      for (const trial of plan.policy.planned ?? []) book.page(trial);
      const identity =
        journal === undefined
          ? undefined
          : await searchIdentity(this.#params.estimator, this.#params, data, scorers, metric, this.dependsOnParallel);
      using finished =
        journal === undefined || !identity ? undefined : new SearchJournal(owner, journal, this.kind, identity);
      let outOfTime = false;
      const table = (): SearchResults =>
        book.table(
          [...scorers.keys()],
          returnTrainScore,
          (page) => this.#missing(page, plan, outOfTime, data.splits.length),
          plan.byResource,
        );
      try {
        const end = await runSearch({
          plan,
          book,
          settings,
          finished,
          started,
          limit: parallelTrials,
          deadline: this.#params.maxTime === undefined ? Infinity : started + this.#params.maxTime * 1000,
          onProgress: (progress, seconds) => {
            this.#seconds = seconds;
            options.onProgress?.({ stage: this.kind, ...progress });
          },
        });
        outOfTime = end.outOfTime;
      } finally {
        plan.trainer.release?.();
        this.#partial = table();
      }
      const results = this.#partial;
      const bestIndex = bestOf(owner, results, metric, refit, (trial) => plan.policy.competes(trial));
      const refitted = performance.now();
      const bestEstimator = refit === false ? undefined : await bestModel(plan, book, bestIndex, estimator, rows, data);
      const isRefit = bestEstimator !== undefined && !plan.trainer.isFinal;
      this.#found = {
        results,
        history: book.history,
        nSplits: data.splits.length,
        bestIndex,
        bestEstimator: bestEstimator && withoutSharedSteps(bestEstimator, this.#params.estimator),
        refitTime: isRefit ? (performance.now() - refitted) / 1000 : undefined,
        metric,
      };
      return this;
    } finally {
      data.release();
    }
  }

  #missing(page: TrialPage, plan: SearchPlan, outOfTime: boolean, splits: number): string | undefined {
    const whole = page.folds.filter((fold) => fold !== undefined).length === splits;
    if (whole && !(outOfTime && plan.policy.isOpen(page.trial))) return undefined;
    const why = outOfTime ? `maxTime of ${this.#params.maxTime} s was over` : "the search was stopped";
    return plan.byResource ? `stopped after ${page.amount} of the resource: ${why}` : `not finished: ${why}`;
  }

  /** Columns that the best estimator saw. */
  get nFeatures(): number {
    return (this.bestEstimator as unknown as AnyEstimator).nFeatures;
  }

  /** Names of the columns that the best estimator saw, where they had names. */
  get featureNames(): readonly string[] | undefined {
    return (this.bestEstimator as unknown as AnyEstimator).featureNames;
  }

  /**
   * Parameters and, once fitted, results, history and the best estimator, as plain data: what model files are made of.
   * @throws DataError for parameters that no file can hold: functions, and scorers or distributions of one's own
   */
  toPlain(): EstimatorJson {
    const found = this.#found;
    // Where the journal lay says nothing about the search.
    const { journal: _, ...params } = this.#params as P & { journal?: string };
    return {
      kind: this.kind,
      version: MODEL_VERSION,
      params: Object.fromEntries(
        Object.entries(params).map(([name, value]) => [name, toPlainValue(this.kind, name, value)]),
      ),
      state: found ? foundToPlain(this.kind, found) : null,
    };
  }

  /** The same as JSON, without loss. */
  toJSON(): EstimatorJson {
    const plain = this.toPlain();
    return { ...plain, params: encodeState(plain.params), state: encodeState(plain.state) };
  }

  /** Fills a new search from JSON or plain data. @throws DataError for another kind or version */
  protected restore(json: EstimatorJson): this {
    checkJson(this.kind, json);
    if (json.state !== null) this.#found = foundFromPlain(decodeState(json.state) as PlainRecord);
    return this;
  }

  /**
   * Writes the trials (or, with `history`, every training and scoring) as a table, one row each: Parquet or CSV by the
   * file's ending. Parameters that are no numbers, texts or booleans are written as text.
   * @returns the path
   */
  exportTrials(path: string, options: ExportOptions = {}): string {
    return exportTable(`${this.kind}.exportTrials`, options.history ? this.history : this.cvResults, path);
  }

  /** True once a search has succeeded. */
  get isFitted(): boolean {
    return this.#found !== undefined;
  }

  /** The trials as columns; see `resultTable`. */
  get cvResults(): SearchResults {
    return this.#done.results;
  }

  /**
   * The trials of the last call of `fit`, also of one that was stopped or failed after its trials had begun; undefined
   * before.
   */
  get partialResults(): SearchResults | undefined {
    return this.#partial;
  }

  /** Every training and scoring, in order of bracket, resource and trial. */
  get history(): readonly HistoryEntry[] {
    return this.#found?.history ?? [];
  }

  /** Seconds that the whole will take, estimated from what has been done; undefined before the first fits. */
  get estimatedSeconds(): number | undefined {
    return this.#seconds;
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
    const { metric } = this.#done;
    const scorers = scorersOf(this.kind, this.#params.estimator, this.#params.scoring);
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

/** The parameters of a search's JSON. */
export function paramsFromJSON(json: EstimatorJson): never {
  return fromPlainValue(decodeState(json.params)) as never;
}
