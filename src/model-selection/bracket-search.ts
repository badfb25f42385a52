import { ParameterError, show } from "../base/errors.js";
import type { ParamTable } from "../base/params.js";
import { BaseSearch, type BaseSearchParams, type SearchFitOptions, type SearchOutcome } from "./base-search.js";
import type { Bracket } from "./budget-table.js";
import { mapLimited, type FoldResult, type FoldSettings } from "./fold-runner.js";
import type { ParamSet } from "./parameter-sets.js";
import { callsTrainer, paramTrainer, rowsTrainer, type Trainer } from "./resources.js";
import { resultTable, type SearchResults, type Trial } from "./search-results.js";
import { ShuffleSplit, StratifiedShuffleSplit } from "./shuffle-split.js";
import type { Cv } from "./trial-data.js";
import { canDo, isClassifier } from "./trial-estimator.js";

/**
 * What a search spends: "partialFit" calls, train rows ("nSamples"), or an integer parameter of the estimator by
 * name.
 */
export type Resource = string;

/** Parameters of searches that give better trials more of a resource. */
export interface BracketSearchParams extends BaseSearchParams {
  resource: Resource;
  randomState?: number | undefined;
}

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
}

interface State {
  readonly id: number;
  readonly bracket: number;
  readonly params: ParamSet;
  folds: (FoldResult | undefined)[];
  resource: number;
  /** It was still there in its bracket's last rung. */
  last: boolean;
  score: number;
  skipped: string | undefined;
}

/** Runs brackets of successive halving on one trial runner. */
export abstract class BracketSearch<P extends BracketSearchParams> extends BaseSearch<P> {
  #history: readonly HistoryEntry[] = [];

  protected constructor(table: ParamTable<P>, params: object) {
    super(table, params);
    const { resource, estimator } = this.params;
    if (resource === "partialFit" && !canDo(estimator, "partialFit")) {
      throw new ParameterError(
        `${this.kind}: ${estimator.kind} has no partialFit. Pass resource: "nSamples", or the name of an integer parameter such as "maxIter".`,
      );
    }
  }

  /** The trials' parameters, bracket by bracket. */
  protected abstract sets(): ParamSet[][];

  /** The brackets. @param rows train rows of the first split */
  protected abstract brackets(rows: number): Bracket[];

  /** The amount of the resource that stands for all train rows. */
  protected abstract largest(rows: number): number;

  protected override candidates(): ParamSet[] {
    const { resource } = this.params;
    const own = resource === "partialFit" || resource === "nSamples" ? {} : { [resource]: 1 };
    const sets = this.sets().flat();
    const twice = sets.find((set) => resource in set);
    if (twice)
      throw new ParameterError(
        `${this.kind}: ${show(resource)} is the resource, so it cannot be searched too. Leave one of them out.`,
      );
    return sets.map((set) => ({ ...set, ...own }));
  }

  /** One split: a fifth of the rows is tested, drawn by the seed (and by label for classifiers). */
  protected override defaultCv(hasTarget: boolean): Cv {
    const { estimator, randomState } = this.params;
    const Splitter = hasTarget && isClassifier(estimator) ? StratifiedShuffleSplit : ShuffleSplit;
    return new Splitter({ nSplits: 1, testSize: 0.2, ...(randomState === undefined ? {} : { randomState }) });
  }

  /** Every training and scoring, in order of bracket, rung and trial. */
  get history(): readonly HistoryEntry[] {
    return this.#history;
  }

  protected async search(
    settings: FoldSettings,
    limit: number,
    deadline: number,
    options: SearchFitOptions,
  ): Promise<SearchOutcome> {
    const rows = settings.data.splits[0]?.train.size ?? 0;
    const trainer = await this.#trainer(settings, this.largest(rows));
    const metric =
      typeof this.params.refit === "string" ? this.params.refit : ([...settings.scorers.keys()][0] as string);
    const sets = this.sets();
    const states: State[] = [];
    const history: HistoryEntry[] = [];
    const brackets = this.brackets(rows);
    const total = brackets.reduce((sum, { rungs }) => sum + rungs.reduce((all, rung) => all + rung.models, 0), 0);
    for (const [b, { bracket, rungs }] of brackets.entries()) {
      let alive = (sets[b] ?? []).map((params): State => {
        const state = {
          id: states.length,
          bracket,
          params,
          folds: [],
          resource: 0,
          last: false,
          score: NaN,
          skipped: undefined,
        };
        states.push(state);
        return state;
      });
      for (const [k, { models, resource }] of rungs.entries()) {
        // Stable: among equal scores the earlier trial goes on.
        alive = alive.toSorted((x, y) => order(y.score) - order(x.score)).slice(0, models);
        await mapLimited(alive, limit, async (state) => {
          const over = performance.now() >= deadline;
          if (over)
            state.skipped ??= `stopped after ${state.resource} of the resource: maxTime of ${this.params.maxTime} s was over`;
          if (over || state.folds.some((fold) => fold?.error)) return;
          const { splits } = settings.data;
          const before = state.folds;
          const folds: FoldResult[] = [];
          for (let fold = 0; fold < splits.length; fold++)
            folds.push(await trainer.train(state.params, resource, fold, before[fold]));
          // Only models that are trained further are worth keeping.
          state.folds = trainer.continues ? folds : folds.map((fold) => ({ ...fold, model: undefined }));
          state.resource = resource;
          state.score = folds.reduce((sum, fold) => sum + (fold.testScores[metric] ?? NaN), 0) / folds.length;
        });
        for (const state of alive) {
          if (k === rungs.length - 1) state.last = true;
          if (state.resource !== resource) continue;
          const time = (of: "fitTime" | "scoreTime"): number =>
            state.folds.reduce((sum, fold) => sum + (fold?.[of] ?? 0), 0);
          history.push({
            modelId: state.id,
            bracket,
            params: state.params,
            resource,
            score: state.score,
            fitTime: time("fitTime"),
            scoreTime: time("scoreTime"),
          });
        }
        options.onProgress?.({ stage: this.kind, done: history.length, total });
      }
    }
    this.#history = history;
    return this.#outcome(settings, states, trainer);
  }

  async #trainer(settings: FoldSettings, most: number): Promise<Trainer> {
    const { estimator, resource, randomState } = this.params;
    if (resource === "partialFit") return callsTrainer(settings, estimator, randomState);
    if (resource === "nSamples") return rowsTrainer(settings, estimator, most, randomState);
    return paramTrainer(settings, estimator, resource);
  }

  #outcome(settings: FoldSettings, states: readonly State[], trainer: Trainer): SearchOutcome {
    const { resource } = this.params;
    const splits = settings.data.splits.length;
    const trials = states.map((state): Trial => ({ params: state.params, folds: state.folds, skipped: state.skipped }));
    const table = resultTable(trials, [...settings.scorers.keys()], splits, settings.returnTrainScore);
    const results = {
      ...table,
      model_id: Int32Array.from(states, (state) => state.id),
      bracket: Int32Array.from(states, (state) => state.bracket),
      n_resources: Float64Array.from(states, (state) => state.resource),
    } as unknown as SearchResults;
    const own = resource !== "partialFit" && resource !== "nSamples";
    return {
      results,
      nSplits: splits,
      // A trial that was dropped had less of the resource: it does not compete with those that went on.
      competes: states.some((state) => state.last && !Number.isNaN(state.score))
        ? (index) => states[index]?.last === true
        : () => true,
      ...(own ? { refitParams: (index: number): ParamSet => ({ [resource]: states[index]?.resource }) } : {}),
      ...(trainer.continues ? { models: states.map((state) => state.folds[0]?.model) } : {}),
    };
  }
}

function order(score: number): number {
  return Number.isNaN(score) ? -Infinity : score;
}
