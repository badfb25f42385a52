import { DataError, show } from "../base/errors.js";
import { describeValue } from "../model-selection/search-space.js";
import type { SearchResults } from "../model-selection/search-results.js";

/** How much of the spread of a search's scores one parameter explains alone. */
export interface ParameterImportance {
  readonly parameter: string;
  /** Share of the variance, 0 to 1. */
  readonly importance: number;
}

const MOST_BINS = 8;
/** Trials that a bin of numbers has at least. */
const LEAST_IN_BIN = 4;

/**
 * What parameters explain of the scores of a search's trials: the main effects of a functional analysis of variance (Hutter,
 * Hoos and Leyton-Brown, ICML 2014), estimated by the means within the values of a parameter, or within up to 8 bins of
 * equal counts of its numbers. The share that as many bins explain by chance is taken off (Kelley's epsilon squared).
 * Interactions are nobody's. Trials without a score are left out.
 *
 * @param metric the scorer; the first unless given
 * @throws DataError with fewer than three trials that have a score, or for an unknown scorer
 */
export function parameterImportances(results: SearchResults, metric?: string): ParameterImportance[] {
  const scores = scoresOf("parameterImportances", results, metric);
  const kept = scores.flatMap((score, k) => (Number.isNaN(score) ? [] : [k]));
  if (kept.length < 3)
    throw new DataError(`parameterImportances: ${kept.length} trials have a score; at least 3 are needed.`);
  const y = kept.map((k) => scores[k] as number);
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const total = y.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const names = [...new Set(results.params.flatMap((params) => Object.keys(params)))].sort();
  return names
    .map((parameter): ParameterImportance => {
      const groups = new Map<string | number, number[]>();
      const codes = codesOf(kept.map((k) => results.params[k]?.[parameter]));
      codes.forEach((code, i) => groups.set(code, [...(groups.get(code) ?? []), y[i] as number]));
      const between = [...groups.values()].reduce((sum, group) => {
        const own = group.reduce((all, value) => all + value, 0) / group.length;
        return sum + group.length * (own - mean) ** 2;
      }, 0);
      const left = y.length - groups.size;
      if (total === 0 || groups.size < 2 || left < 1) return { parameter, importance: 0 };
      const chance = ((groups.size - 1) * (total - between)) / left;
      return { parameter, importance: Math.max(0, (between - chance) / total) };
    })
    .sort((a, b) => b.importance - a.importance);
}

/** The mean test scores. @throws DataError naming the scorers there are */
export function scoresOf(owner: string, results: SearchResults, metric: string | undefined): number[] {
  const names = Object.keys(results).flatMap((column) =>
    column.startsWith("mean_test_") ? [column.slice("mean_test_".length)] : [],
  );
  const scores = results[`mean_test_${metric ?? names[0]}`];
  if (scores) return Array.from(scores as ArrayLike<number>);
  throw new DataError(`${owner}: there is no scorer ${show(metric)}; the results have ${names.map(show).join(", ")}.`);
}

/** The group of each value: itself, or its bin where there are many numbers. */
function codesOf(values: readonly unknown[]): (string | number)[] {
  const numbers = values.filter((value): value is number => typeof value === "number");
  const texts = values.map((value) => (value === undefined ? "not there" : describeValue(value)));
  if (numbers.length === 0 || new Set(numbers).size <= MOST_BINS) return texts;
  const sorted = numbers.toSorted((a, b) => a - b);
  const bins = Math.max(2, Math.min(MOST_BINS, Math.floor(sorted.length / LEAST_IN_BIN)));
  const edges = Array.from(
    { length: bins - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / bins)] as number,
  );
  return values.map((value, i) =>
    typeof value === "number" ? edges.filter((edge) => value >= edge).length : (texts[i] as string),
  );
}
