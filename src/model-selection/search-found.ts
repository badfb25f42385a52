import type { PlainRecord } from "../base/plain.js";
import { resultsFromPlain, resultsToPlain } from "./results-json.js";
import { fromPlainValue, toPlainValue } from "./search-json.js";
import type { SearchResults } from "./search-results.js";
import type { HistoryEntry } from "./trial-book.js";
import type { TrialEstimator } from "./trial-estimator.js";

/** What a search has found. */
export interface Found {
  readonly results: SearchResults;
  readonly history: readonly HistoryEntry[];
  readonly nSplits: number;
  readonly bestIndex: number;
  readonly bestEstimator: TrialEstimator | undefined;
  readonly refitTime: number | undefined;
  readonly metric: string;
}

/** As plain data. @throws DataError for what no file can hold */
export function foundToPlain(owner: string, found: Found): PlainRecord {
  return {
    ...found,
    results: resultsToPlain(owner, found.results),
    history: toPlainValue(owner, "history", found.history),
    bestEstimator: toPlainValue(owner, "bestEstimator", found.bestEstimator),
  } as PlainRecord;
}

/** From plain data. */
export function foundFromPlain(state: PlainRecord): Found {
  const { results, history, bestEstimator, ...rest } = state;
  return {
    ...(rest as unknown as Pick<Found, "nSplits" | "bestIndex" | "metric">),
    refitTime: (rest["refitTime"] ?? undefined) as number | undefined,
    results: resultsFromPlain(results as PlainRecord),
    history: fromPlainValue(history) as HistoryEntry[],
    bestEstimator: (fromPlainValue(bestEstimator) ?? undefined) as TrialEstimator | undefined,
  };
}
