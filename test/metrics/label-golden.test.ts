import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DistributedArray } from "#src/collections/array/distributed-array.js";
import { adjustedMutualInfoKernel } from "#src/metrics/clustering-information.js";
import { adjustedRandKernel } from "#src/metrics/clustering-pairs.js";
import * as metrics from "#src/metrics/index.js";
import { evaluateMetrics } from "#src/metrics/metric-pass.js";
import { goldenCase, loadGolden, numbersOf } from "../golden/load-golden.js";
import { labels, layouts, matrix, relative, vector } from "./metric-data.js";

const golden = loadGolden("label-metrics");
const TOLERANCE = 1e-11;

interface Columns {
  readonly truth?: number[][];
  readonly scores?: number[][];
  readonly guess?: number[][];
}

/** The numbers of any nesting, in order. */
function flat(value: unknown): number[] {
  if (typeof value === "number") return [value];
  if (ArrayBuffer.isView(value)) return [...(value as Float64Array)];
  if (Array.isArray(value)) return value.flatMap(flat);
  return Object.values(value as object).flatMap(flat);
}

function expectClose(found: unknown, want: unknown, what: string): void {
  const [a, b] = [flat(found), flat(want)];
  expect(a.length, what).toBe(b.length);
  a.forEach((value, k) => {
    if (Math.abs(value - (b[k] as number)) < 1e-12) return;
    expect(relative(value, b[k] as number), `${what}: ${value} for ${b[k]}`).toBeLessThanOrEqual(TOLERANCE);
  });
}

describe("metrics that compare clusterings", () => {
  const averages = ["min", "geometric", "arithmetic", "max"] as const;
  for (const name of ["clusters", "same", "one", "single", "own", "random", "words"]) {
    it(`give scikit-learn's values for "${name}" and every cut of the rows`, async () => {
      const { data, expected } = goldenCase(golden, `clusterings ${name}`);
      const check = async (t: metrics.LabelValues, p: metrics.LabelValues, layout: string): Promise<void> => {
        const found: Record<string, unknown> = {
          rand: await metrics.randScore(t, p),
          adjustedRand: await metrics.adjustedRandScore(t, p),
          mutualInfo: await metrics.mutualInfoScore(t, p),
          fowlkesMallows: await metrics.fowlkesMallowsScore(t, p),
          homogeneity: await metrics.homogeneityScore(t, p),
          completeness: await metrics.completenessScore(t, p),
          vMeasure: await metrics.vMeasureScore(t, p),
          "vMeasure0.3": await metrics.vMeasureScore(t, p, { beta: 0.3 }),
          pairs: await metrics.pairConfusionMatrix(t, p),
          contingency: (await metrics.contingencyMatrix(t, p)).matrix,
        };
        for (const averageMethod of averages) {
          found[`normalized ${averageMethod}`] = await metrics.normalizedMutualInfoScore(t, p, { averageMethod });
          found[`adjusted ${averageMethod}`] = await metrics.adjustedMutualInfoScore(t, p, { averageMethod });
        }
        // Every row its own cluster, against the smaller entropy: 0 / 0, which scikit-learn fills with rounding errors.
        if (name === "own") delete found["adjusted min"];
        for (const [key, value] of Object.entries(found)) expectClose(value, expected[key], `${key}, ${layout}`);
      };
      await check(data.yTrue as number[], data.yPred as number[], "plain arrays");
      if (name === "words") return;
      for (const [layout, cut] of Object.entries(layouts))
        await check(vector(labels(data, "yTrue"), cut), vector(labels(data, "yPred"), cut), layout);
    });
  }

  it("count pairs of rows as one by one, with weights as repeated rows, for any cut", async () => {
    const rows = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
      {
        minLength: 3,
        maxLength: 25,
      },
    );
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 0, max: 3 }), async (list, at) => {
        fc.pre(list.some(([, , w]) => w > 0));
        const repeated = list.flatMap(([a, b, w]) => Array.from({ length: w }, () => [a, b] as const));
        const want = [
          [0, 0],
          [0, 0],
        ] as [number[], number[]];
        repeated.forEach(([a, b], i) =>
          repeated.forEach(([c, d], j) => {
            if (i === j) return;
            const row = want[a === c ? 1 : 0] as number[];
            row[b === d ? 1 : 0] = (row[b === d ? 1 : 0] as number) + 1;
          }),
        );
        const cut = (n: number): number[] => [Math.min(at, n), 0, n - Math.min(at, n)];
        const column = (k: 0 | 1 | 2): DistributedArray =>
          vector(
            list.map((row) => row[k]),
            cut,
          );
        const found = await metrics.pairConfusionMatrix(column(0), column(1), { sampleWeight: column(2) });
        expect(flat(found)).toEqual(flat(want));
      }),
      { numRuns: 40 },
    );
  });

  it("come several from one pass over texts, and are the same as alone", async () => {
    const [yTrue, yPred] = [
      ["a", "a", "b", "b"],
      ["x", "x", "y", "z"],
    ];
    let passes = 0;
    const found = await evaluateMetrics(
      { rand: adjustedRandKernel(), info: adjustedMutualInfoKernel() },
      { yTrue, yPred },
      { onProgress: (event) => (passes += event.done === event.total ? 1 : 0) },
    );
    expect(passes).toBe(1);
    expect(found.rand).toBe(await metrics.adjustedRandScore(yTrue, yPred));
    expect(found.info).toBe(await metrics.adjustedMutualInfoScore(yTrue, yPred));
    expect(found.rand).toBeCloseTo(4 / 7, 12);
  });

  it("refuse weights that are no counts where the expectation needs counts, and unknown means", async () => {
    const weighted = metrics.adjustedMutualInfoScore([0, 1, 1], [0, 1, 0], { sampleWeight: [1, 0.5, 1] });
    await expect(weighted).rejects.toThrow("adjustedMutualInfoScore: the weight of a label is");
    const mean = metrics.normalizedMutualInfoScore([0, 1], [0, 1], { averageMethod: "median" as "max" });
    await expect(mean).rejects.toThrow("averageMethod must be one of");
    await expect(metrics.vMeasureScore([0, 1], [0, 1], { beta: -1 })).rejects.toThrow("beta must be >= 0; got -1");
  });
});

/** Every layout, with and without weights, against scikit-learn. */
function scored(
  name: string,
  score: (
    side: (which: "truth" | "scores" | "guess" | "yTrue" | "yPred" | "yScore") => DistributedArray,
    options: { sampleWeight?: DistributedArray },
  ) => Promise<unknown>,
): void {
  for (const variant of ["", " weights"]) {
    it(`gives scikit-learn's ${name}${variant} for every cut of the rows`, async () => {
      const { data, expected } = goldenCase(golden, `${name}${variant}`);
      for (const [layout, cut] of Object.entries(layouts)) {
        const side = (which: "truth" | "scores" | "guess" | "yTrue" | "yPred" | "yScore"): DistributedArray =>
          which === "truth" || which === "scores" || which === "guess"
            ? matrix((data as Columns)[which] as number[][], cut)
            : vector(data[which] as number[], cut);
        const w = data.sampleWeight;
        expectClose(await score(side, w ? { sampleWeight: vector(w, cut) } : {}), expected["value"], layout);
      }
    });
  }
}

describe("metrics of rankings", () => {
  scored("coverage", (s, o) => metrics.coverageError(s("truth"), s("scores"), o));
  scored("ranking-loss", (s, o) => metrics.labelRankingLoss(s("truth"), s("scores"), o));
  scored("ranking-precision", (s, o) => metrics.labelRankingAveragePrecisionScore(s("truth"), s("scores"), o));
  scored("dcg None", (s, o) => metrics.dcgScore(s("truth"), s("scores"), o));
  scored("dcg 2", (s, o) => metrics.dcgScore(s("truth"), s("scores"), { ...o, k: 2 }));
  scored("dcg e", (s, o) => metrics.dcgScore(s("truth"), s("scores"), { ...o, logBase: Math.E }));
  scored("ndcg None", (s, o) => metrics.ndcgScore(s("truth"), s("scores"), o));
  scored("ndcg 2", (s, o) => metrics.ndcgScore(s("truth"), s("scores"), { ...o, k: 2 }));

  it("give the mean over all orders of tied scores", async () => {
    const gains = [3, 1, 0];
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const dcg = (order: number[]): number =>
      order.reduce((sum, item, rank) => sum + (gains[item] as number) / Math.log2(rank + 2), 0);
    const mean = orders.reduce((sum, order) => sum + dcg(order) / orders.length, 0);
    expect(await metrics.dcgScore([gains], [[1, 1, 1]])).toBeCloseTo(mean, 12);
  });

  it("refuse marks that are not 0 or 1, negative gains, and single columns", async () => {
    await expect(metrics.coverageError([[0, 2]], [[0, 1]])).rejects.toThrow(
      "coverageError: yTrue must have 0 or 1 for every label; got 2 in partition 0, row 0, column 1",
    );
    await expect(metrics.ndcgScore([[0, -1]], [[0, 1]])).rejects.toThrow("ndcgScore: yTrue must be >= 0; got -1");
    await expect(metrics.ndcgScore([[1]], [[0]])).rejects.toThrow("a ranking needs one column for each of 2");
    await expect(metrics.ndcgScore([[1, 0]], [[0, 1]], { k: 0 })).rejects.toThrow("k must be an integer >= 1; got 0");
    await expect(metrics.ndcgScore([[1, 0]], [[0, 1, 2]])).rejects.toThrow("yTrue has 2 column(s) but yScore has 3");
  });
});

describe("metrics of decisions", () => {
  scored("hamming labels", (s, o) => metrics.hammingLoss(s("truth"), s("guess"), o));
  scored("zero-one labels", (s, o) => metrics.zeroOneLoss(s("truth"), s("guess"), o));
  scored("confusion labels", (s, o) => metrics.multilabelConfusionMatrix(s("truth"), s("guess"), o));
  scored("hamming classes", (s, o) => metrics.hammingLoss(s("yTrue"), s("yPred"), o));
  scored("zero-one classes", (s, o) => metrics.zeroOneLoss(s("yTrue"), s("yPred"), o));
  scored("zero-one count", (s, o) => metrics.zeroOneLoss(s("yTrue"), s("yPred"), { ...o, normalize: false }));
  scored("confusion classes", (s, o) => metrics.multilabelConfusionMatrix(s("yTrue"), s("yPred"), o));
  scored("confusion subset", (s, o) =>
    metrics.multilabelConfusionMatrix(s("yTrue"), s("yPred"), { ...o, labels: [3, 1] }),
  );
  scored("hinge binary", (s, o) => metrics.hingeLoss(s("yTrue"), s("yScore"), o));
  scored("hinge classes", (s, o) => metrics.hingeLoss(s("yTrue"), s("scores"), o));
  scored("likelihood", (s, o) => metrics.classLikelihoodRatios(s("yTrue"), s("yPred"), o));
  for (const drop of [false, true]) {
    const name = `det drop=${drop ? "True" : "False"}`;
    scored(name, (s, o) => metrics.detCurve(s("yTrue"), s("yScore"), { ...o, dropIntermediate: drop }));
  }

  it("integrates a curve in either direction, and refuses one that turns", () => {
    const { expected } = goldenCase(golden, "auc");
    const [x, y] = [numbersOf(expected, "x"), numbersOf(expected, "y")];
    expect(metrics.auc(x, y)).toBeCloseTo(expected["value"] as number, 13);
    expect(metrics.auc([...x].reverse(), [...y].reverse())).toBeCloseTo(expected["reversed"] as number, 13);
    expect(() => metrics.auc([0, 1, 0.5], [0, 1, 1])).toThrow("auc: x must ascend or descend; at point 2");
    expect(() => metrics.auc([0], [1])).toThrow("an area needs at least two");
  });
});
