import { AbortedError, FitError, ParameterError, show, throwIfAborted } from "../base/errors.js";
import type { FitOptions } from "../estimator/design.js";
import type { Rows } from "../estimator/table.js";
import { scoreModel, type Scorers } from "./scoring.js";
import type { RowSelection } from "./row-selection.js";
import type { Splittable } from "./splittable.js";
import type { TrialData } from "./trial-data.js";
import type { TargetInput, TrialEstimator } from "./trial-estimator.js";

/** What a failing fit or score counts as: the error itself, or a number. */
export type ErrorScore = "raise" | number;

/** How the trials of one call are run. */
export interface FoldSettings {
  readonly owner: string;
  readonly data: TrialData;
  readonly scorers: Scorers;
  readonly returnTrainScore: boolean;
  readonly weightScores: boolean;
  readonly errorScore: ErrorScore;
}

/** One fit and its scores. */
export interface FoldResult {
  readonly testScores: Readonly<Record<string, number>>;
  readonly trainScores: Readonly<Record<string, number>> | undefined;
  /** Seconds. */
  readonly fitTime: number;
  readonly scoreTime: number;
  /** The fitted model; undefined when the fit failed, or it was not kept. */
  readonly model: TrialEstimator | undefined;
  /** Calls of `partialFit` behind it, where time is what is spent. */
  readonly spent?: number | undefined;
  readonly error: Error | undefined;
}

/** Options of a fit that hold one value a row, for some rows. */
export interface RowOptions extends Pick<FitOptions, "sampleWeight"> {
  readonly [name: string]: unknown;
}

/** The caller's options that hold a value a row (weights, offset, exposure, groups), for the rows of a selection. */
export function rowOptionsOf(data: TrialData, rows: RowSelection | undefined): RowOptions {
  const all = { sampleWeight: data.sampleWeight, ...data.rowOptions };
  const given = Object.entries(all).filter((entry): entry is [string, Splittable] => entry[1] !== undefined);
  return Object.fromEntries(given.map(([name, values]) => [name, rows ? rows.take(values) : values]));
}

/** Fits `model` on the train rows and scores it on the test rows; a failure counts as `errorScore`. */
export async function runFold(
  settings: FoldSettings,
  model: TrialEstimator,
  train: RowSelection,
  test: RowSelection,
  fit: (model: TrialEstimator, X: Rows, y: TargetInput | undefined, options: object) => Promise<unknown> = (
    one,
    X,
    y,
    options,
  ) => one.fit(X, y, options),
): Promise<FoldResult> {
  const { owner, data, scorers, errorScore } = settings;
  throwIfAborted(data.run.signal, owner);
  let started = performance.now();
  let fitTime = 0;
  let fitted = false;
  const side = (rows: RowSelection): { X: Rows; y: TargetInput | undefined; options: RowOptions } => ({
    X: rows.take(data.X) as Rows,
    y: data.y === undefined ? undefined : (rows.take(data.y) as TargetInput),
    options: rowOptionsOf(data, rows),
  });
  try {
    const trained = side(train);
    await fit(model, trained.X, trained.y, { ...data.run, ...trained.options });
    fitted = true;
    fitTime = seconds(started);
    started = performance.now();
    const scoreSide = ({ X, y, options }: ReturnType<typeof side>): Promise<Record<string, number>> => {
      const { sampleWeight, ...others } = options;
      const weight = settings.weightScores && sampleWeight !== undefined ? { sampleWeight } : {};
      return scoreModel(owner, model, X, y, scorers, { ...data.run, ...others, ...weight });
    };
    const testScores = await scoreSide(side(test));
    const scoreTime = seconds(started);
    const trainScores = settings.returnTrainScore ? await scoreSide(trained) : undefined;
    return { testScores, trainScores, fitTime, scoreTime, model, error: undefined };
  } catch (error) {
    // A stop is not a failure of the trial, and a wrong parameter is wrong for all.
    if (error instanceof AbortedError || errorScore === "raise") throw error;
    const scores = Object.fromEntries([...scorers.keys()].map((name) => [name, errorScore]));
    return {
      testScores: scores,
      trainScores: settings.returnTrainScore ? scores : undefined,
      fitTime: fitted ? fitTime : seconds(started),
      scoreTime: fitted ? seconds(started) : 0,
      model: fitted ? model : undefined,
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
}

/** @throws ParameterError for an error score that is neither */
export function checkErrorScore(owner: string, errorScore: unknown): ErrorScore {
  if (errorScore === "raise" || typeof errorScore === "number") return errorScore;
  throw new ParameterError(
    `${owner}: errorScore must be "raise" or a number; got ${show(errorScore)}. NaN ranks failures last.`,
  );
}

/** @throws FitError with the first error as its cause, when every fit failed */
export function requireOneFit(owner: string, results: readonly FoldResult[]): void {
  const first = results[0]?.error;
  if (!first || results.some((result) => result.error === undefined)) return;
  throw new FitError(`${owner}: all ${results.length} fits failed; the first: ${first.message}`, { cause: first });
}

/**
 * Runs `work` over items, at most `limit` at a time, results in the items' order; the first failure stops what is not
 * started.
 */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const failures: { readonly index: number; readonly error: unknown }[] = [];
  const runner = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T, index);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (first) throw first.error;
  return results;
}

/** @throws ParameterError unless it is a positive integer */
export function checkParallel(owner: string, parallelTrials: unknown): number {
  const limit = parallelTrials ?? 2;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1) return limit;
  throw new ParameterError(`${owner}: parallelTrials must be an integer >= 1; got ${show(limit)}.`);
}

function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}
