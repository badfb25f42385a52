import { describe, expect, it } from "vitest";
import type { HistoryEntry, SearchResults } from "#src/model-selection/index.js";
import {
  importanceChart,
  parallelCoordinatesChart,
  parameterImportances,
  searchCurvesChart,
  searchReport,
  toPng,
} from "#src/observe/index.js";

const n = 240;
const sets = Array.from({ length: n }, (_, i) => ({
  a: Math.sin(i * 12.9898) ** 2,
  b: 10 ** (4 * Math.sin(i * 78.233) ** 2),
  kind: i % 3 === 0 ? "<one>" : "two",
}));
const score = sets.map(({ a, kind }, i) => 2 * a + (kind === "two" ? 0.3 : 0) + 0.05 * Math.sin(i * 3.7));
const results = {
  params: sets,
  error: sets.map((_, i) => (i === 7 ? "it died" : undefined)),
  mean_test_score: Float64Array.from(score, (value, i) => (i === 7 ? NaN : value)),
} as unknown as SearchResults;
const history = [0, 1, 2].flatMap((trial) =>
  [1, 3, 9].map((resource): HistoryEntry => ({
    modelId: trial,
    bracket: trial % 2,
    params: sets[trial] as object as HistoryEntry["params"],
    resource,
    score: trial + resource / 10,
    fitTime: 1,
    scoreTime: 1,
    elapsed: resource,
  })),
);

describe("parameterImportances", () => {
  it("are shares of the variance, as an analysis of variance by hand has them", () => {
    const found = parameterImportances(results);
    expect(found.map(({ parameter }) => parameter)).toEqual(["a", "kind", "b"]);
    const [a, kind, b] = found.map(({ importance }) => importance);
    expect(a).toBeGreaterThan(0.85);
    expect(b).toBeLessThan(0.05);
    // The share of `kind`: two groups of known means.
    const kept = sets.flatMap(({ kind: own }, i) => (i === 7 ? [] : [[own, score[i] as number] as const]));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const all = mean(kept.map(([, value]) => value));
    const total = kept.reduce((sum, [, value]) => sum + (value - all) ** 2, 0);
    const within = ["<one>", "two"].reduce((sum, name) => {
      const group = kept.filter(([own]) => own === name).map(([, value]) => value);
      return sum + group.reduce((rest, value) => rest + (value - mean(group)) ** 2, 0);
    }, 0);
    expect(kind).toBeCloseTo(1 - (within / total) * ((kept.length - 1) / (kept.length - 2)), 10);
    expect(() => parameterImportances(results, "auc")).toThrow('no scorer "auc"; the results have "score"');
  });
});

describe("charts of searches", () => {
  it("draw every trial's curve, the best bold, and name brackets", async () => {
    const svg = searchCurvesChart({ history, title: "Search" });
    expect(svg.match(/stroke-width="2.5" stroke-opacity="1" stroke-linejoin/g)?.length).toBe(4);
    expect(svg.match(/<circle/g)?.length).toBe(9);
    for (const text of ["best: trial 2", "bracket 0", "bracket 1", "Resource", "Score"]) expect(svg).toContain(text);
    expect((await toPng(svg)).length).toBeGreaterThan(2000);
    expect(() => searchCurvesChart({ history: [] })).toThrow("no trial has a score");
    expect(() => searchCurvesChart({ history, width: 3 })).toThrow("width must be a number >= 200; got 3");
  });

  it("draw a line a trial through its parameters, and leave out trials without a score", async () => {
    const svg = parallelCoordinatesChart({ results });
    expect(svg.match(/<polyline [^>]*stroke="(rgb|#1f2937)/g)?.length).toBe(n - 1);
    expect(svg).toContain("&quot;&lt;one&gt;&quot;");
    expect(svg).toContain(">score<");
    expect((await toPng(svg)).length).toBeGreaterThan(2000);
  });

  it("make a page without scripts, with everything escaped", () => {
    const best = score.indexOf(Math.max(...score));
    const search = {
      kind: "GridSearchCV",
      cvResults: results,
      history,
      bestIndex: best,
      bestScore: score[best] as number,
      bestParams: sets[best] as object as Record<string, unknown>,
    };
    const html = searchReport(search);
    expect(html).not.toContain("<script");
    expect(html).not.toContain("<one>");
    for (const text of ["240 trials, 239 with a score", "Every trial", "Importance of parameters"])
      expect(html).toContain(text);
    expect(importanceChart({ results }).match(/<rect/g)?.length).toBe(4);
  });
});
