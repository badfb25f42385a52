import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import {
  accuracyScore,
  binnedCurves,
  brierScoreLoss,
  calinskiHarabaszScore,
  daviesBouldinScore,
  logLoss,
  rocAucScore,
  scoreMetrics,
  silhouetteSamples,
  silhouetteScore,
} from "#src/metrics/index.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numbersOf } from "../golden/load-golden.js";
import { layouts, vector } from "./metric-data.js";

const { data, expected } = goldenCase(loadGolden("label-metrics"), "shapes");
const rows = (data as unknown as { rows: number[][] }).rows;
const labels = data.yTrue as number[];
const CLOSE = { rtol: 1e-9, atol: 1e-11 };

describe("metrics of clusters and their rows", () => {
  it("are scikit-learn's for every cut of the rows, with a cluster of one row", async () => {
    for (const [layout, cut] of Object.entries(layouts)) {
      const X = DistributedArray.fromRows(rows).repartitionLike(cut(rows.length));
      const t = vector(labels, cut);
      expectClose(await silhouetteSamples(X, t), numbersOf(expected, "silhouettes"), CLOSE, layout);
      const scores = [await silhouetteScore(X, t), await calinskiHarabaszScore(X, t), await daviesBouldinScore(X, t)];
      const want = [expected["silhouette"], expected["calinski"], expected["davies"]] as number[];
      expectClose(scores, want, CLOSE, layout);
    }
    const words = labels.map((label) => ["a", "b", "c", "d"][label] as string);
    expect(await silhouetteScore(rows, words)).toBeCloseTo(expected["silhouette"] as number, 10);
    expect(await daviesBouldinScore(rows, words)).toBeCloseTo(expected["davies"] as number, 10);
  });

  it("count weight 2 as the row twice", async () => {
    const weight = labels.map((_, i) => (i % 3 === 0 ? 2 : 1));
    const twice = labels.flatMap((_, i) => (i % 3 === 0 ? [i, i] : [i]));
    const [X, t] = [twice.map((i) => rows[i] as number[]), twice.map((i) => labels[i] as number)];
    for (const score of [calinskiHarabaszScore, daviesBouldinScore])
      expect(await score(rows, labels, { sampleWeight: weight })).toBeCloseTo(await score(X, t), 9);
  });

  it("draw the same sample for any partitioning", async () => {
    const found = await Promise.all(
      Object.values(layouts).map((cut) =>
        silhouetteScore(DistributedArray.fromRows(rows).repartitionLike(cut(rows.length)), vector(labels, cut), {
          sampleSize: 30,
          randomState: 3,
        }),
      ),
    );
    expect(new Set(found).size).toBe(1);
    expect(found[0]).not.toBe(await silhouetteScore(rows, labels));
    expect(await silhouetteScore(rows, labels, { sampleSize: 60 })).toBeCloseTo(expected["silhouette"] as number, 10);
  });

  it("refuse one cluster, as many as rows, and rows that do not match", async () => {
    await expect(calinskiHarabaszScore([[0], [1]], [1, 1])).rejects.toThrow("there are 1 clusters among 2 rows");
    await expect(silhouetteScore([[0], [1]], [0, 1])).rejects.toThrow("there are 2 clusters among 2 rows");
    await expect(silhouetteScore([[0], [1]], [0, 1, 1])).rejects.toThrow("X has 2 rows but labels has 3");
    await expect(silhouetteScore(rows, labels, { sampleSize: 1 })).rejects.toThrow(
      "sampleSize must be an integer >= 2",
    );
  });
});

describe("curves of bins", () => {
  const cases = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 3 })),
    { minLength: 2, maxLength: 40 },
  );

  it("hold the exact area within the error that they state, and exact points, for any cut", async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.integer({ min: 2, max: 12 }), async (list, nBins) => {
        const y = list.map(([label]) => label);
        fc.pre(new Set(y).size === 2);
        const p = list.map(([, score]) => score / 40);
        const sampleWeight = list.map(([, , weight]) => weight);
        const exact = await rocAucScore(y, p, { sampleWeight });
        const cut = layouts["two partitions"] as (n: number) => number[];
        const found = await binnedCurves(vector(y, cut), vector(p, cut), {
          nBins,
          sampleWeight: vector(sampleWeight, cut),
        });
        expect(Math.abs(found.rocAuc - exact)).toBeLessThanOrEqual(found.rocAucError + 1e-12);
        found.thresholds.forEach((threshold, k) => {
          const share = (label: number): number => {
            const of = list.filter(([own]) => own === label);
            const all = of.reduce((sum, [, , weight]) => sum + weight, 0);
            return of.reduce((sum, [, score, weight]) => sum + (score / 40 > threshold ? weight : 0), 0) / all;
          };
          expect(found.tpr[k]).toBeCloseTo(share(1), 12);
          expect(found.fpr[k]).toBeCloseTo(share(0), 12);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("refuse scores that are no probabilities, one class, and bins that are none", async () => {
    await expect(binnedCurves([0, 1], [0, 2])).rejects.toThrow("yProba must be in [0, 1]; got 2");
    await expect(binnedCurves([1, 1], [0, 1])).rejects.toThrow("one class only");
    await expect(binnedCurves([0, 1], [0, 1], { nBins: 1 })).rejects.toThrow("nBins must be an integer >= 2; got 1");
  });
});

describe("scoreMetrics", () => {
  const y = [0, 1, 1, 0, 1];
  const p = [0.1, 0.8, 0.4, 0.6, 0.9];
  const labelled = p.map((value) => (value > 0.5 ? 1 : 0));

  it("computes many scorers in one pass, equal to each metric by itself", async () => {
    let passes = 0;
    const found = await scoreMetrics(
      ["accuracy", "neg_log_loss", "rocAuc", "neg_brier_score"],
      { yTrue: y, yPred: labelled, yProba: p },
      { onProgress: ({ done, total }) => (passes += done === total ? 1 : 0) },
    );
    expect(passes).toBe(1);
    expect(found).toEqual({
      accuracy: await accuracyScore(y, labelled),
      neg_log_loss: -(await logLoss(y, p)),
      rocAuc: await rocAucScore(y, p),
      neg_brier_score: -(await brierScoreLoss(y, p)),
    });
  });

  it("says which name or input is wrong", async () => {
    await expect(scoreMetrics(["acuracy"], { yTrue: y, yPred: y })).rejects.toThrow('Did you mean "accuracy"?');
    await expect(scoreMetrics([], { yTrue: y })).rejects.toThrow("at least one scorer");
    await expect(scoreMetrics(["f1", "f1"], { yTrue: y })).rejects.toThrow("one scorer twice");
    await expect(scoreMetrics(["roc_auc"], { yTrue: y, yPred: y })).rejects.toThrow("rocAucScore: yScore is not given");
  });
});
