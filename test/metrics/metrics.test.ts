import { afterAll, describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { reducePartitions } from "#src/collections/reduce.js";
import { inlineEngine, localEngine } from "#src/engine/default-engine.js";
import { accuracyKernel } from "#src/metrics/accuracy.js";
import { calibrationKernel } from "#src/metrics/calibration-curve.js";
import { confusionKernel } from "#src/metrics/confusion-matrix.js";
import * as metrics from "#src/metrics/index.js";
import { logLossKernel } from "#src/metrics/log-loss.js";
import { evaluateMetrics, metricPass } from "#src/metrics/metric-pass.js";
import { meanSquaredErrorKernel, r2Kernel } from "#src/metrics/regression.js";
import { rocAucKernel, rocCurveKernel } from "#src/metrics/roc.js";
import { mergeSketchLists, quantilesOf, SKETCH_STEP } from "#src/numeric/quantile-steps.js";
import { layouts, relative, uncounted, vector } from "./metric-data.js";

const N = 400;
const rng = new CounterRng(11, "metrics");
const yTrue = Array.from({ length: N }, (_, i) => rng.integer(i, 2));
// A coarse grid, so that ties abound.
const yScore = Array.from(
  { length: N },
  (_, i) => Math.round(20 * (0.3 * (yTrue[i] as number) + 0.7 * rng.uniform(i, 1))) / 20,
);
const yPred = yScore.map((s) => (s > 0.5 ? 1 : 0));
const weights = Array.from({ length: N }, (_, i) => rng.integer(i, 4, 2));
// Row i as often as its weight says.
const repeated = (values: readonly number[]): number[] =>
  values.flatMap((value, i) => Array.from({ length: weights[i] as number }, () => value));

const local = localEngine({ threads: 2 });
afterAll(() => local.close());

const all = {
  accuracy: accuracyKernel(),
  confusion: confusionKernel(),
  loss: logLossKernel(),
  area: rocAucKernel(),
  curve: rocCurveKernel(),
  bins: calibrationKernel({ nBins: 7 }),
  quantileBins: calibrationKernel({ nBins: 4, strategy: "quantile" }),
  mse: meanSquaredErrorKernel(),
  r2: r2Kernel(),
} as const;

describe("metrics by their definitions", () => {
  it("rocAucScore counts pairs as Mann and Whitney do", async () => {
    for (const w of [undefined, weights]) {
      let wins = 0;
      let pairs = 0;
      for (let i = 0; i < N; i++) {
        for (let j = 0; j < N; j++) {
          if (yTrue[i] !== 1 || yTrue[j] !== 0) continue;
          const weight = w ? (w[i] as number) * (w[j] as number) : 1;
          const [a, b] = [yScore[i] as number, yScore[j] as number];
          wins += weight * (a > b ? 1 : a === b ? 0.5 : 0);
          pairs += weight;
        }
      }
      expect(relative(await metrics.rocAucScore(yTrue, yScore, { sampleWeight: w }), wins / pairs)).toBeLessThan(1e-13);
    }
  });

  it("confusionMatrix and accuracyScore count rows", async () => {
    const count = (t: number, p: number): number => yTrue.filter((label, i) => label === t && yPred[i] === p).length;
    const { matrix } = await metrics.confusionMatrix(yTrue, yPred);
    expect(matrix).toEqual([
      [count(0, 0), count(0, 1)],
      [count(1, 0), count(1, 1)],
    ]);
    expect(await metrics.accuracyScore(yTrue, yPred)).toBe((count(0, 0) + count(1, 1)) / N);
  });

  it("the regression metrics are their formulas, one a column or their mean", async () => {
    const t = [
      [1, 10],
      [2, 20],
      [4, 40],
    ];
    const p = [
      [1, 11],
      [3, 18],
      [4, 44],
    ];
    expect(await metrics.meanSquaredError(t, p, { multioutput: "raw_values" })).toEqual([1 / 3, 7]);
    expect(await metrics.meanSquaredError(t, p)).toBe((1 / 3 + 7) / 2);
    expect(await metrics.rootMeanSquaredError(t, p, { multioutput: "raw_values" })).toEqual([
      Math.sqrt(1 / 3),
      Math.sqrt(7),
    ]);
    expect(await metrics.rootMeanSquaredError(t, p)).toBe((Math.sqrt(1 / 3) + Math.sqrt(7)) / 2);
    expect(await metrics.meanAbsoluteError(t, p, { multioutput: "raw_values" })).toEqual([1 / 3, 7 / 3]);
    const [first, second] = await metrics.r2Score(t, p, { multioutput: "raw_values" });
    expect(first).toBeCloseTo(1 - 1 / (14 / 3), 14);
    expect(second).toBeCloseTo(1 - 21 / (1400 / 3), 14);
  });

  it("r2Score of fewer than two rows is NaN", async () => {
    expect(await metrics.r2Score([1], [2])).toBeNaN();
    expect(await metrics.r2Score([1, 5], [2, 5], { sampleWeight: [1, 0] })).toBeNaN();
  });

  it("labels are what they are: booleans, negative, fractional, typed arrays, matrices of one column", async () => {
    expect(await metrics.accuracyScore([true, false, true], [1, 0, 0])).toBeCloseTo(2 / 3, 15);
    expect((await metrics.confusionMatrix([-1, 2.5, 2.5], Float32Array.of(-1, -1, 2.5))).labels).toEqual([-1, 2.5]);
    expect(await metrics.accuracyScore(BigInt64Array.of(1n, 2n), Int32Array.of(1, 3))).toBe(0.5);
    expect(await metrics.rocAucScore([-1, 1, -1, 1], [0.1, 0.4, 0.35, 0.8])).toBe(1);
    expect(await metrics.rocAucScore(["no", "yes"], [[0.9], [0.1]])).toBe(0);
    expect(await metrics.rocAucScore(["no", "yes"], [0.9, 0.1], { posLabel: "no" })).toBe(1);
    expect(await metrics.rocAucScore([0, 1, 2, 1], [0.1, 0.9, 0.2, 0.15], { posLabel: 1 })).toBe(0.75);
  });

  it("anything with toArray is an input, as a frame's column is", async () => {
    const column = { toArray: () => vector(yTrue, layouts["two partitions"]) };
    expect(await metrics.accuracyScore(column, { toArray: () => Float64Array.from(yPred) })).toBe(
      await metrics.accuracyScore(yTrue, yPred),
    );
  });

  it("logLoss clips by the storage: 2^-52 for f64, 2^-23 for f32", async () => {
    expect(await metrics.logLoss([1, 0], [0, 0], { labels: [0, 1] })).toBeCloseTo((52 * Math.LN2) / 2, 10);
    expect(await metrics.logLoss([1, 0], Float32Array.of(0, 0), { labels: [0, 1] })).toBeCloseTo(
      (23 * Math.LN2) / 2,
      6,
    );
  });
});

describe("metrics over partitions", () => {
  const inputs = { yTrue, yPred, yScore, yProba: yScore };

  it("weight 2 is the row twice, weight 0 the row absent, for every metric", async () => {
    const weighted = await evaluateMetrics(all, { ...inputs, sampleWeight: weights });
    const twice = await evaluateMetrics(all, {
      yTrue: repeated(yTrue),
      yPred: repeated(yPred),
      yScore: repeated(yScore),
      yProba: repeated(yScore),
    });
    for (const name of ["accuracy", "loss", "area", "mse", "r2"] as const)
      expect(relative(weighted[name], twice[name])).toBeLessThan(1e-12);
    expect(weighted.confusion).toEqual(twice.confusion);
    expect(weighted.curve).toEqual(twice.curve);
    expect(weighted.bins.weight).toEqual(twice.bins.weight);
    expect(weighted.quantileBins.weight).toEqual(twice.quantileBins.weight);
    expect(weighted.bins.probTrue).toEqual(twice.bins.probTrue);
  });

  it("rows of weight 0 leave nothing behind, not even their labels and scores", async () => {
    const [t, p, w] = [
      [0, 1, 5],
      [0, 1, 6],
      [1, 1, 0],
    ];
    expect((await metrics.confusionMatrix(t, p, { sampleWeight: w })).labels).toEqual([0, 1]);
    expect(await metrics.rocAucScore(t, [0.1, 0.2, 0.3], { sampleWeight: w })).toBe(1);
    expect(Array.from((await metrics.rocCurve(t, [0.1, 0.2, 0.3], { sampleWeight: w })).thresholds)).toEqual([
      Infinity,
      0.2,
      0.1,
    ]);
    expect(await metrics.logLoss(t, [0.5, 0.5, 0.9], { sampleWeight: w })).toBeCloseTo(Math.LN2, 15);
  });

  it("every layout gives the same, and all engines the same bits", async () => {
    const reference = await evaluateMetrics(all, { ...inputs, sampleWeight: weights });
    for (const layout of Object.values(layouts)) {
      const cut = (values: readonly number[]): DistributedArray => vector(values, layout);
      const arrays = {
        yTrue: cut(yTrue),
        yPred: cut(yPred),
        yScore: cut(yScore),
        yProba: cut(yScore),
        sampleWeight: cut(weights),
      };
      const inline = await evaluateMetrics(all, arrays, { engine: inlineEngine() });
      const threads = await evaluateMetrics(all, arrays, { engine: local });
      expect(threads).toEqual(inline);
      for (const name of ["accuracy", "loss", "area", "mse", "r2"] as const)
        expect(relative(inline[name], reference[name])).toBeLessThan(1e-12);
      expect(inline.confusion).toEqual(reference.confusion);
      expect(inline.curve).toEqual(reference.curve);
    }
  });

  it("partitions with one class each know which side of the curve they are on", async () => {
    const order = Array.from(yTrue.keys()).sort((i, j) => (yTrue[j] as number) - (yTrue[i] as number));
    const sorted = (values: readonly number[]): DistributedArray =>
      vector(
        order.map((i) => values[i] as number),
        layouts["seven uneven partitions"],
      );
    expect(await metrics.rocAucScore(sorted(yTrue), sorted(yScore))).toBe(await metrics.rocAucScore(yTrue, yScore));
    const ours = await metrics.calibrationCurve(sorted(yTrue), sorted(yScore));
    const theirs = await metrics.calibrationCurve(yTrue, yScore);
    expect(ours.probTrue).toEqual(theirs.probTrue);
    expect(
      relative(await metrics.logLoss(sorted(yTrue), sorted(yScore)), await metrics.logLoss(yTrue, yScore)),
    ).toBeLessThan(1e-13);
  });

  it("sides cut differently meet, plain arrays are cut like distributed ones", async () => {
    const a = vector(yTrue, layouts["seven uneven partitions"]);
    const b = vector(yPred, layouts["empty partitions"]);
    const expected = await metrics.accuracyScore(yTrue, yPred);
    expect(await metrics.accuracyScore(a, b)).toBe(expected);
    expect(await metrics.accuracyScore(yTrue, b)).toBe(expected);
    expect(await metrics.accuracyScore(a, yPred, { sampleWeight: weights })).toBe(
      await metrics.accuracyScore(yTrue, yPred, { sampleWeight: weights }),
    );
  });

  it("row counts need not be known", async () => {
    const cut = (values: readonly number[]): DistributedArray =>
      uncounted(vector(values, layouts["seven uneven partitions"]));
    expect(await metrics.rocAucScore(cut(yTrue), cut(yScore), { engine: local })).toBe(
      await metrics.rocAucScore(yTrue, yScore),
    );
  });

  it("several metrics share one pass, which tells its progress", async () => {
    const stages: string[] = [];
    const cut = (values: readonly number[]): DistributedArray => vector(values, layouts["two partitions"]);
    const [accuracy, area] = await metricPass(
      [accuracyKernel(), rocAucKernel()],
      { yTrue: cut(yTrue), yPred: cut(yPred), yScore: cut(yScore) },
      { onProgress: ({ stage, done, total }) => stages.push(`${stage} ${done}/${total}`) },
    );
    expect(accuracy).toBe(await metrics.accuracyScore(yTrue, yPred));
    expect(area).toBe(await metrics.rocAucScore(yTrue, yScore));
    expect(stages).toEqual(["accuracyScore, rocAucScore 1/2", "accuracyScore, rocAucScore 2/2"]);
  });

  it("quantile sketches of columns are tasks that reduce over partitions", async () => {
    const X = DistributedArray.fromColumns([yScore, Array.from({ length: N }, (_, i) => i)], { partitions: 5 });
    const lists = await reducePartitions(
      [X.plan],
      { label: "quantile", step: SKETCH_STEP, args: { error: 0.01 }, combine: mergeSketchLists },
      { engine: local },
    );
    const sorted = yScore.toSorted((a, b) => a - b);
    expect(quantilesOf(lists ?? [], [0, 0.5, 1])).toEqual([
      [sorted[0], 0],
      [sorted[N / 2 - 1], N / 2 - 1],
      [sorted[N - 1], N - 1],
    ]);
    const floats = await reducePartitions([X.cast("f32").plan], {
      label: "quantile",
      step: SKETCH_STEP,
      args: { error: 0.01 },
      combine: mergeSketchLists,
    });
    expect(quantilesOf(floats ?? [], [0.5])).toEqual([[Math.fround(sorted[N / 2 - 1] as number), N / 2 - 1]]);
  });

  it("a curve of very many points is no problem", async () => {
    const n = 200_000;
    const score = Float64Array.from({ length: n }, (_, i) => rng.uniform(i, 5));
    const truth = Float64Array.from(score, (s, i) => (rng.uniform(i, 6) < s ? 1 : 0));
    const curve = await metrics.rocCurve(truth, score, { dropIntermediate: false });
    expect(curve.fpr.length).toBe(n + 1);
    expect(Math.abs((await metrics.rocAucScore(truth, score)) - 5 / 6)).toBeLessThan(0.01);
  });
});
