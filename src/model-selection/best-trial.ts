import { DataError, FitError, ParameterError, show } from "../base/errors.js";
import type { Refit } from "./search-plan.js";
import type { Scorers } from "./scoring.js";
import type { SearchResults } from "./search-results.js";

/** The scorer that decides. @throws ParameterError where that is not clear */
export function decidingMetric(owner: string, refit: Refit, scorers: Scorers): string {
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

/**
 * The index of the best trial by the deciding scorer, or by the user's rule.
 * @throws FitError when no trial has a score; DataError for a rule that names none
 */
export function bestOf(
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
