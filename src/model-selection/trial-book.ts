import type { FoldResult } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";
import { resultTable, type SearchResults, type Trial } from "./search-results.js";
import type { PlannedTrial, TrialUnit } from "./trial-policy.js";

/** One training and scoring of one trial. */
export interface HistoryEntry {
  readonly modelId: number;
  readonly bracket: number;
  readonly params: ParamSet;
  /** What the trial has had of the resource. */
  readonly resource: number;
  /** Mean over the splits, of the deciding scorer. */
  readonly score: number;
  /** Seconds. */
  readonly fitTime: number;
  readonly scoreTime: number;
  /** Seconds since the search began. */
  readonly elapsed: number;
}

/** What is known of one trial. */
export interface TrialPage {
  readonly trial: number;
  readonly params: ParamSet;
  readonly bracket: number;
  readonly folds: (FoldResult | undefined)[];
  amount: number;
  amounts: number[];
}

/** What a search's trials have given so far. */
export class TrialBook {
  readonly #splits: number;
  readonly #metric: string;
  readonly #pages: TrialPage[] = [];
  readonly #history: HistoryEntry[] = [];
  readonly #brackets: number[] = [];
  readonly #withModels = new Set<TrialPage>();
  readonly #failed = new Set<number>();
  #best = NaN;

  constructor(splits: number, metric: string) {
    this.#splits = splits;
    this.#metric = metric;
  }

  /** Takes the results of a unit: those of one fold, or of all. */
  add(unit: TrialUnit, results: readonly FoldResult[], elapsed: number): void {
    const page = this.page(unit);
    if (!this.#brackets.includes(unit.bracket)) this.#brackets.push(unit.bracket);
    results.forEach((result, k) => (page.folds[unit.fold ?? k] = result));
    page.amount = unit.amount;
    if (page.amounts.at(-1) !== unit.amount) page.amounts.push(unit.amount);
    if (results.some(({ model }) => model)) this.#withModels.add(page);
    if (results.some(({ error }) => error)) this.#failed.add(unit.trial);
    const folds = Array.from({ length: this.#splits }, (_, k) => page.folds[k]);
    if (!folds.every((fold) => fold !== undefined)) return;
    const time = (of: "fitTime" | "scoreTime"): number => folds.reduce((sum, fold) => sum + fold[of], 0);
    const score = this.scoreOf(unit.trial);
    if (!(score <= this.#best) && !Number.isNaN(score)) this.#best = score;
    this.#history.push({
      modelId: unit.trial,
      bracket: unit.bracket,
      params: unit.params,
      resource: unit.amount,
      score,
      fitTime: time("fitTime"),
      scoreTime: time("scoreTime"),
      elapsed,
    });
  }

  /** The page of a trial, an empty one at first. */
  page(unit: PlannedTrial): TrialPage {
    let page = this.#pages[unit.trial];
    if (!page) {
      const { trial, params, bracket } = unit;
      page = { trial, params, bracket, folds: [], amount: 0, amounts: [] };
      this.#pages[trial] = page;
    }
    return page;
  }

  at(trial: number): Readonly<TrialPage> | undefined {
    return this.#pages[trial];
  }

  /** Mean over the folds so far, of the deciding scorer; NaN where one has none. */
  scoreOf(trial: number): number {
    const folds = (this.#pages[trial]?.folds ?? []).filter((fold) => fold !== undefined);
    return folds.reduce((sum, fold) => sum + (fold.testScores[this.#metric] ?? NaN), 0) / folds.length;
  }

  /** Every training and scoring, by bracket, resource and trial; those of single folds once their trial has all. */
  get history(): HistoryEntry[] {
    const place = (entry: HistoryEntry): number => this.#brackets.indexOf(entry.bracket);
    return this.#history.toSorted((a, b) => place(a) - place(b) || a.resource - b.resource || a.modelId - b.modelId);
  }

  /** Trials of which a fold failed. */
  get failed(): number {
    return this.#failed.size;
  }

  /** The best score so far; NaN where there is none. */
  get best(): number {
    return this.#best;
  }

  /** Lets go of the models of trials that will not be trained further, but for the best that may be the best of all. */
  dropModels(isOpen: (trial: number) => boolean, competes: (trial: number) => boolean): void {
    let best: TrialPage | undefined;
    const closed = [...this.#withModels].filter((page) => !isOpen(page.trial));
    for (const page of closed) {
      if (!competes(page.trial)) continue;
      const [own, other] = [this.scoreOf(page.trial), best ? this.scoreOf(best.trial) : NaN];
      if (!best || own > other || Number.isNaN(other) || (own === other && page.trial < best.trial)) best = page;
    }
    for (const page of closed) {
      if (page === best) continue;
      page.folds.forEach((fold, k) => (page.folds[k] = fold && { ...fold, model: undefined }));
      this.#withModels.delete(page);
    }
  }

  /** The trials so far as columns. @param missing why a trial has not all that it should have */
  table(
    scorers: readonly string[],
    train: boolean,
    missing: (page: Readonly<TrialPage>) => string | undefined,
    byResource: boolean,
  ): SearchResults {
    const pages = this.#pages.filter((page) => page !== undefined);
    const trials = pages.map((page): Trial => ({ params: page.params, folds: page.folds, skipped: missing(page) }));
    const table = resultTable(trials, scorers, this.#splits, train);
    if (!byResource) return table;
    return {
      ...table,
      model_id: Int32Array.from(pages, (page) => page.trial),
      bracket: Int32Array.from(pages, (page) => page.bracket),
      n_resources: Float64Array.from(pages, (page) => page.amount),
    } as unknown as SearchResults;
  }
}
