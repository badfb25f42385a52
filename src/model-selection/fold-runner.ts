import { AbortedError, FitError, ParameterError, show, throwIfAborted } from "../base/errors.js";
import type { FitOptions } from "../estimator/design.js";
import type { Rows } from "../estimator/table.js";
import { scoreModel, type Scorers } from "./scoring.js";
import type { RowSelection } from "./row-selection.js";
import { sideOf, type FoldSide } from "./fold-side.js";
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

/** Fits a model on the train rows of a fold. */
export type FoldFit = (
  model: TrialEstimator,
  X: Rows,
  y: TargetInput | undefined,
  options: FitOptions,
) => Promise<unknown>;

const plainFit: FoldFit = (model, X, y, options) => model.fit(X, y, options);

/** Fits `model` on the train rows and scores it on the test rows; a failure counts as `errorScore`. */
export function runFold(
  settings: FoldSettings,
  model: TrialEstimator,
  train: RowSelection,
  test: RowSelection,
  fit: FoldFit = plainFit,
): Promise<FoldResult> {
  const { data } = settings;
  const open = (): OpenFold => ({ model, train: sideOf(data, train), test: () => sideOf(data, test) });
  return runOpened(settings, () => Promise.resolve(open()), fit);
}

/** What is fitted to a fold, and its rows. */
export interface OpenFold {
  readonly model: TrialEstimator;
  readonly train: FoldSide;
  readonly test: () => FoldSide;
}

/** As {@link runFold}, on rows that `open` finds; its failure is the trial's. */
export async function runOpened(
  settings: FoldSettings,
  open: () => Promise<OpenFold>,
  fit: FoldFit = plainFit,
): Promise<FoldResult> {
  const { owner, data, scorers, errorScore } = settings;
  throwIfAborted(data.run.signal, owner);
  let started = performance.now();
  let fitTime = 0;
  let model: TrialEstimator | undefined;
  try {
    const fold = await open();
    const { train } = fold;
    await fit(fold.model, train.X, train.y, { ...data.run, ...train.options });
    model = fold.model;
    fitTime = seconds(started);
    started = performance.now();
    const scoreSide = ({ X, y, options }: FoldSide): Promise<Record<string, number>> => {
      const { sampleWeight, ...others } = options;
      const weight = settings.weightScores && sampleWeight !== undefined ? { sampleWeight } : {};
      return scoreModel(owner, fold.model, X, y, scorers, { ...data.run, ...others, ...weight });
    };
    const testScores = await scoreSide(fold.test());
    const scoreTime = seconds(started);
    const trainScores = settings.returnTrainScore ? await scoreSide(train) : undefined;
    return { testScores, trainScores, fitTime, scoreTime, model, error: undefined };
  } catch (error) {
    // A stop is not a failure of the trial, and a wrong parameter is wrong for all.
    if (error instanceof AbortedError || errorScore === "raise") throw error;
    const scores = Object.fromEntries([...scorers.keys()].map((name) => [name, errorScore]));
    return {
      testScores: scores,
      trainScores: settings.returnTrainScore ? scores : undefined,
      fitTime: model ? fitTime : seconds(started),
      scoreTime: model ? seconds(started) : 0,
      model,
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
