import { DataError } from "../base/errors.js";
import { describeValue } from "../model-selection/search-space.js";
import type { SearchResults } from "../model-selection/search-results.js";
import type { HistoryEntry } from "../model-selection/trial-book.js";
import { colourOf, escape, FONT, INK, type ChartOptions } from "./draw-chart.js";
import { barChart } from "./bar-chart.js";
import { parameterImportances, scoresOf } from "./parameter-importances.js";
import { Page, Scale, shade, short, TrialAxis } from "./svg-page.js";

/** Options of {@link searchCurvesChart}. */
export interface SearchCurvesOptions extends ChartOptions {
  readonly history: readonly HistoryEntry[];
  /** A logarithmic axis of the resource; true unless given, because resources grow by factors. */
  readonly xLog?: boolean;
  readonly xLabel?: string;
  readonly yLabel?: string;
}

/** Options of charts of trials. */
export interface TrialChartOptions extends ChartOptions {
  readonly results: SearchResults;
  /** The scorer; the first unless given. */
  readonly metric?: string;
}

/**
 * The curve of every trial: its score by what it had had of the resource, in the colour of its bracket, the best trial bold.
 * As SVG.
 *
 * @throws DataError when nothing has a score
 */
export function searchCurvesChart(options: SearchCurvesOptions): string {
  const owner = "searchCurvesChart";
  const { history, xLog = true, xLabel = "Resource", yLabel = "Score" } = options;
  const known = history.filter(({ score, resource }) => Number.isFinite(score) && resource > 0);
  const [first] = known;
  if (!first) throw new DataError(`${owner}: no trial has a score, so there is no curve. Look at cvResults.error.`);
  const best = known.reduce((a, b) => (b.score > a.score ? b : a), first).modelId;
  const page = new Page(owner, options, { left: 66, right: 24, top: 70, bottom: 56 });
  const x = new Scale(
    known.map(({ resource }) => resource),
    [page.left, page.right],
    xLog,
  );
  const y = new Scale(
    known.map(({ score }) => score),
    [page.bottom, page.top],
    false,
  );
  page.axes(x, y, xLabel, yLabel);
  const brackets = [...new Set(history.map(({ bracket }) => bracket))].sort((a, b) => b - a);
  const trials = new Map<number, HistoryEntry[]>();
  for (const entry of known) trials.set(entry.modelId, [...(trials.get(entry.modelId) ?? []), entry]);
  const draw = (id: number, entries: readonly HistoryEntry[]): void => {
    const colour = colourOf(brackets.indexOf(entries[0]?.bracket ?? 0));
    const points = entries.map((entry) => [x.at(entry.resource), y.at(entry.score)] as const);
    const bold = id === best;
    page.line(points, bold ? INK : colour, bold ? 2.5 : 1, bold ? 1 : 0.55);
    for (const [cx, cy] of points) page.dot(cx, cy, bold ? INK : colour, bold ? 4 : 2);
  };
  for (const [id, entries] of trials) if (id !== best) draw(id, entries);
  draw(best, trials.get(best) ?? []);
  page.legend([
    { name: `best: trial ${best}`, colour: INK },
    ...(brackets.length > 1 ? brackets.map((bracket, k) => ({ name: `bracket ${bracket}`, colour: colourOf(k) })) : []),
  ]);
  return page.svg();
}

/**
 * Every trial as a line through its parameters and its score, in shades of its score, the best bold. Numbers that span
 * more than two powers of ten are on a logarithmic axis. As SVG.
 *
 * @throws DataError when nothing has a score
 */
export function parallelCoordinatesChart(options: TrialChartOptions): string {
  const owner = "parallelCoordinatesChart";
  const { results, metric } = options;
  const scores = scoresOf(owner, results, metric);
  const kept = scores
    .flatMap((score, k) => (Number.isFinite(score) ? [k] : []))
    .sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  if (kept.length === 0) throw new DataError(`${owner}: no trial has a score. Look at cvResults.error.`);
  const names = [...new Set(results.params.flatMap((params) => Object.keys(params)))].sort();
  const page = new Page(
    owner,
    { width: Math.max(640, 150 * (names.length + 1)), ...options },
    { left: 60, right: 60, top: 84, bottom: 30 },
  );
  const columns = [...names, "score"];
  const xOf = (k: number): number =>
    page.left + (columns.length === 1 ? 0 : (k * (page.right - page.left)) / (columns.length - 1));
  const axes = columns.map((name, k) => {
    const values = kept.map((i) => (k === names.length ? scores[i] : results.params[i]?.[name]));
    return new TrialAxis(values, [page.bottom, page.top]);
  });
  axes.forEach((axis, k) => page.upright(xOf(k), columns[k] as string, axis.ticks()));
  const low = scores[kept[0] as number] as number;
  const high = scores[kept.at(-1) as number] as number;
  kept.forEach((i, rank) => {
    const share = high === low ? 1 : ((scores[i] as number) - low) / (high - low);
    const best = rank === kept.length - 1;
    const points = columns.flatMap((name, k) => {
      const place = axes[k]?.at(k === names.length ? scores[i] : results.params[i]?.[name]);
      // A parameter that a trial does not have: its line passes by.
      return place === undefined ? [] : [[xOf(k), place] as const];
    });
    page.line(points, best ? INK : shade(share), best ? 2.5 : 1.25, best ? 1 : 0.7);
  });
  return page.svg();
}

/**
 * `parameterImportances` as bars. As SVG.
 * @throws DataError as that
 */
export function importanceChart(options: TrialChartOptions): string {
  const importances = parameterImportances(options.results, options.metric);
  return barChart({
    ...options,
    owner: "importanceChart",
    bars: importances.map(({ parameter, importance }) => ({ name: parameter, value: importance })),
    xLabel: "Share of the scores' variance, alone",
    format: (value) => value.toFixed(2),
  });
}

/**
 * A search as one HTML page without scripts: its best parameters, the curves, the parallel coordinates and the importances
 * (where there are enough trials), and the table of the best 20 trials.
 */
export function searchReport(search: {
  readonly kind: string;
  readonly cvResults: SearchResults;
  readonly history: readonly HistoryEntry[];
  readonly bestIndex: number;
  readonly bestScore: number;
  readonly bestParams: Readonly<Record<string, unknown>>;
}): string {
  const { kind, cvResults, history, bestScore, bestParams } = search;
  const scores = scoresOf("searchReport", cvResults, undefined);
  const scored = scores.filter((score) => Number.isFinite(score)).length;
  const names = [...new Set(cvResults.params.flatMap((params) => Object.keys(params)))].sort();
  const order = scores.map((_, k) => k).sort((a, b) => (scores[b] || -Infinity) - (scores[a] || -Infinity));
  const cell = (value: unknown): string =>
    `<td>${value === undefined ? "" : escape(short(typeof value === "number" ? String(Number(value.toPrecision(5))) : describeValue(value), 60))}</td>`;
  const rows = order
    .slice(0, 20)
    .map(
      (k) =>
        `<tr>${[k, scores[k], ...names.map((name) => cvResults.params[k]?.[name]), cvResults.error[k]].map(cell).join("")}</tr>`,
    );
  const resources = new Set(history.map(({ resource }) => resource));
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(kind)}</title>`,
    `<style>body{font:15px ${FONT};color:${INK};max-width:1100px;margin:2em auto;padding:0 1em}td,th{padding:3px 10px;text-align:right;border-bottom:1px solid #e5e7eb}svg{max-width:100%;height:auto}</style></head><body>`,
    `<h1>${escape(kind)}</h1><p>${scores.length} trials, ${scored} with a score. Best: <b>${Number(bestScore.toPrecision(6))}</b> with ${escape(describeValue(bestParams))}.</p>`,
    resources.size > 1 ? searchCurvesChart({ history, title: "Every trial" }) : "",
    names.length > 0 ? parallelCoordinatesChart({ results: cvResults, title: "Parameters and score" }) : "",
    names.length > 0 && scored > 2 ? importanceChart({ results: cvResults, title: "Importance of parameters" }) : "",
    `<h2>Best trials</h2><table><tr>${["trial", "score", ...names, "error"].map((name) => `<th>${escape(name)}</th>`).join("")}</tr>`,
    ...rows,
    "</table></body></html>\n",
  ].join("\n");
}
