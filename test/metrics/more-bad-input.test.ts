import { afterAll, describe, expect, it } from "vitest";
import { localEngine } from "#src/engine/default-engine.js";
import { balancedAccuracyKernel, cohenKappaKernel, matthewsKernel } from "#src/metrics/class-agreement.js";
import { confusionKernel } from "#src/metrics/confusion-matrix.js";
import * as metrics from "#src/metrics/index.js";
import { evaluateMetrics } from "#src/metrics/metric-pass.js";
import { f1Kernel, precisionKernel, recallKernel } from "#src/metrics/precision-recall.js";
import { rejection } from "../engine/engine-under-test.js";
import { layouts, vector } from "./metric-data.js";

const local = localEngine({ threads: 2 });
afterAll(() => local.close());

const says = async (promise: Promise<unknown>): Promise<string> => (await rejection(promise)).message;

describe("metrics of one pass", () => {
  it("share their sums, and have the same bits as one by one, on every engine", async () => {
    const t = Array.from({ length: 300 }, (_, i) => (i * 7) % 4);
    const p = Array.from({ length: 300 }, (_, i) => (i * i) % 4);
    const w = Array.from({ length: 300 }, (_, i) => 0.1 + ((i * 13) % 10) / 7);
    const cut = layouts["seven uneven partitions"] as (rows: number) => number[];
    const kernels = {
      precision: precisionKernel({ average: "macro" }),
      recall: recallKernel({ average: "weighted" }),
      f1: f1Kernel({ average: null }),
      balanced: balancedAccuracyKernel(),
      matthews: matthewsKernel(),
      kappa: cohenKappaKernel(),
      confusion: confusionKernel(),
    };
    const inputs = { yTrue: vector(t, cut), yPred: vector(p, cut), sampleWeight: vector(w, cut) };
    const together = await evaluateMetrics(kernels, inputs);
    expect(await evaluateMetrics(kernels, inputs, { engine: local })).toEqual(together);
    const own = { sampleWeight: inputs.sampleWeight };
    expect(together.precision).toBe(
      await metrics.precisionScore(inputs.yTrue, inputs.yPred, { ...own, average: "macro" }),
    );
    expect(together.f1).toEqual(await metrics.f1Score(inputs.yTrue, inputs.yPred, { ...own, average: null }));
    expect(together.kappa).toBe(await metrics.cohenKappaScore(inputs.yTrue, inputs.yPred, own));
  });

  it("count a row of weight 2 twice and one of weight 0 not at all", async () => {
    const [t, p] = [
      [0, 1, 1, 0, 1],
      [0, 1, 0, 1, 1],
    ];
    const sampleWeight = [2, 1, 1, 0, 3];
    const repeat = (values: number[]): number[] =>
      values.flatMap((value, i) => Array<number>(sampleWeight[i] as number).fill(value));
    for (const score of [
      metrics.f1Score,
      metrics.matthewsCorrcoef,
      metrics.cohenKappaScore,
      metrics.brierScoreLoss,
      metrics.averagePrecisionScore,
    ]) {
      expect(await score(t, p, { sampleWeight })).toBeCloseTo(await score(repeat(t), repeat(p)), 14);
    }
    const far = [3, 5, 2, 9, 4].map((value) => value * 1.5);
    for (const score of [
      metrics.medianAbsoluteError,
      metrics.explainedVarianceScore,
      metrics.d2TweedieScore,
      metrics.meanPoissonDeviance,
    ]) {
      expect(await score(far, [3, 5, 2, 9, 4], { sampleWeight })).toBeCloseTo(
        await score(repeat(far), repeat([3, 5, 2, 9, 4])),
        13,
      );
    }
  });
});

describe("metrics refuse", () => {
  it("labels that do not fit the average", async () => {
    expect(await says(metrics.precisionScore([0, 1, 2], [0, 1, 2]))).toBe(
      'precisionScore: yTrue and yPred have 3 classes (0, 1, 2), and average is "binary". Pass average: "macro", "micro", "weighted" or null.',
    );
    expect(await says(metrics.f1Score([2, 3], [2, 3]))).toContain("f1Score: posLabel 1 is none of the labels 2, 3");
    expect(await says(metrics.recallScore(["a", "b"], ["a", "b"]))).toContain('Pass posLabel: "b"');
    expect(await metrics.recallScore(["a", "b"], ["a", "b"], { posLabel: "b" })).toBe(1);
    expect(await says(metrics.f1Score([0, 1], [0, 1], { labels: [1] }))).toContain(
      'labels has no meaning with average "binary"',
    );
    expect(await says(metrics.f1Score([0, 1], [0, 1], { average: "mean" as never }))).toContain(
      'average must be one of "binary"',
    );
    expect(await says(metrics.f1Score([0, 1], [0, 1], { zeroDivision: 2 }))).toContain(
      "zeroDivision must be a number in [0, 1] or NaN; got 2",
    );
    expect(await says(metrics.fbetaScore([0, 1], [0, 1], { beta: -1 }))).toContain(
      "fbetaScore: beta must be >= 0; got -1",
    );
    expect(await says(metrics.f1Score([0, 1], [0, 1], { beta: 2 } as never))).toContain(
      'f1Score: unknown option "beta"',
    );
    const many = Array.from({ length: 10_001 }, (_, i) => i / 3);
    expect(await says(metrics.f1Score(many, many, { average: "macro" }))).toContain(
      "f1Score: yTrue and yPred have more than 10000 distinct labels",
    );
  });

  it("probabilities and scores that do not fit the classes", async () => {
    expect(await says(metrics.brierScoreLoss([0, 1], [0.5, 1.2]))).toContain(
      "brierScoreLoss: yProba must be in [0, 1]; got 1.2 in partition 0, row 1",
    );
    expect(await says(metrics.brierScoreLoss([0, 0], [0.5, 0.2]))).toContain(
      "yTrue has 1 classes ([0]), but yProba has columns for 2",
    );
    expect(await metrics.brierScoreLoss([0, 0], [0.5, 0.1], { labels: [0, 1] })).toBeCloseTo(0.13, 14);
    expect(await says(metrics.topKAccuracyScore([0, 1], [0.5, 0.2]))).toContain(
      "topKAccuracyScore: yScore has 1 column; it needs one a class",
    );
    expect(
      await says(
        metrics.topKAccuracyScore(
          [0, 1],
          [
            [1, 2],
            [2, 1],
          ],
          { k: 0 },
        ),
      ),
    ).toContain("k must be an integer >= 1; got 0");
    expect(
      await says(
        metrics.rocAucScore(
          [0, 1, 2],
          [
            [1, 0],
            [0, 1],
            [1, 0],
          ],
          { multiClass: "ovr" },
        ),
      ),
    ).toContain("has class number 3 of yTrue");
    expect(
      await says(
        metrics.rocAucScore(
          [0, 1, 1],
          [
            [1, 0, 0],
            [0, 1, 0],
            [1, 0, 0],
          ],
          { multiClass: "ovo" },
        ),
      ),
    ).toContain("Every class needs rows and a column");
    expect(await says(metrics.rocAucScore([0, 1], [0, 1], { average: "macro" }))).toContain(
      "average and labels need multiClass",
    );
    expect(await says(metrics.averagePrecisionScore([0, 0], [0.1, 0.2]))).toContain(
      "averagePrecisionScore: yTrue has only the class 0",
    );
  });

  it("targets outside the domain of a deviance, naming partition and row", async () => {
    const cut = layouts["two partitions"] as (rows: number) => number[];
    expect(await says(metrics.meanPoissonDeviance(vector([1, 2, -1, 0], cut), vector([1, 1, 1, 1], cut)))).toContain(
      "meanPoissonDeviance: partition 1, row 0 has yTrue -1 and yPred 1; they must be at least 0 for yTrue and above 0 for yPred",
    );
    expect(await says(metrics.meanGammaDeviance([0, 1], [1, 1]))).toContain("they must be above 0");
    expect(await says(metrics.meanSquaredLogError([-1, 1], [1, 1]))).toContain("they must be above -1");
    expect(await says(metrics.meanTweedieDeviance([1], [1], { power: 0.5 }))).toContain(
      "power must be <= 0 or >= 1; got 0.5",
    );
    expect(await says(metrics.meanPinballLoss([1], [1], { alpha: 2 }))).toContain("alpha must be in [0, 1]; got 2");
    expect(await says(metrics.medianAbsoluteError([1], [1], { rankError: 0 }))).toContain(
      "rankError must be in (0, 0.5]; got 0",
    );
    expect(await says(metrics.maxError([[1, 2]], [[1, 2]]))).toContain("maxError: yTrue must have one value a row");
  });
});
