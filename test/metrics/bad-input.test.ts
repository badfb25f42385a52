import { afterAll, describe, expect, it } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { localEngine } from "#src/engine/default-engine.js";
import * as metrics from "#src/metrics/index.js";
import { rejection } from "../engine/engine-under-test.js";
import { layouts, uncounted, vector } from "./metric-data.js";

const local = localEngine({ threads: 2 });
afterAll(() => local.close());

const says = async (promise: Promise<unknown>): Promise<string> => (await rejection(promise)).message;

describe("metrics with bad input", () => {
  it("name both arguments and lengths when lengths differ", async () => {
    expect(await says(metrics.accuracyScore([0, 1, 1], [0, 1]))).toBe(
      "accuracyScore: yTrue has 3 rows but yPred has 2. Both need the same rows in the same order.",
    );
    expect(await says(metrics.meanSquaredError([1, 2], [1, 2], { sampleWeight: [1] }))).toContain(
      "meanSquaredError: yTrue has 2 rows but sampleWeight has 1",
    );
  });

  it("name partition and both lengths when only partition 7 differs and nobody knew", async () => {
    const ten = (last: number): DistributedArray =>
      uncounted(
        vector(
          Array.from({ length: 70 + last }, (_, i) => i % 2),
          (rows) => [10, 10, 10, 10, 10, 10, 10, rows - 70],
        ),
      );
    for (const engine of [undefined, local]) {
      const error = await rejection(metrics.rocAucScore(ten(10), ten(9), engine ? { engine } : {}));
      expect(error.name).toBe("DataError");
      expect(error.message).toContain("rocAucScore: partition 7 has 10 rows of yTrue but 9 of yScore.");
      expect(error.details).toMatchObject({ partition: 7 });
    }
    expect(await says(metrics.accuracyScore(ten(10), uncounted(vector([0, 1]))))).toContain("8 and 1 partitions");
  });

  it("name argument, partition and row of NaN and infinities", async () => {
    const cut = (values: number[]): DistributedArray => vector(values, layouts["two partitions"] as never);
    const good = [0, 1, 0, 1];
    expect(await says(metrics.rocAucScore(cut(good), cut([0.1, 0.2, 0.3, NaN])))).toContain(
      "rocAucScore: yScore has NaN in partition 1, row 1.",
    );
    expect(await says(metrics.meanSquaredError(cut([1, 2, Infinity, 3]), cut(good)))).toContain(
      "meanSquaredError: yTrue has Infinity in partition 1, row 0.",
    );
    expect(await says(metrics.accuracyScore(cut(good), cut(good), { sampleWeight: [1, NaN, 1, 1] }))).toContain(
      "sampleWeight has NaN in partition 0, row 1",
    );
    expect(await says(metrics.accuracyScore(good, good, { sampleWeight: [1, 1, -2, 1] }))).toContain(
      "sampleWeight must be >= 0; got -2 in partition 0, row 2.",
    );
    expect(await says(metrics.meanAbsoluteError([[1, 2]], [[1, NaN]]))).toContain(
      "yPred has NaN in partition 0, row 0, column 1.",
    );
    expect(await says(metrics.meanAbsoluteError([1, null as never], [1, 2]))).toContain(
      "yTrue has NaN in partition 0, row 1.",
    );
  });

  it("ask for both classes, and for no more than two", async () => {
    expect(await says(metrics.rocAucScore([1, 1], [0.1, 0.2]))).toContain(
      "rocAucScore: yTrue has only the class 1; both classes are needed.",
    );
    expect(await says(metrics.rocCurve([0, 1], [0.1, 0.2], { posLabel: 3 }))).toContain(
      "rocCurve: yTrue has no row of the class 3;",
    );
    expect(await says(metrics.rocAucScore([0, 1, 2], [0.1, 0.2, 0.3]))).toContain(
      "yTrue has more than two labels: 0, 1, 2 (partition 0, row 2). Name one as posLabel",
    );
    const apart = vector([0, 0, 1, 2], (rows) => [2, 1, rows - 3]);
    expect(await says(metrics.rocAucScore(apart, [0.1, 0.2, 0.3, 0.4]))).toContain(
      "rocAucScore: yTrue has more than two labels: 0, 1, 2.",
    );
    expect(await says(metrics.calibrationCurve(["no", "no"], [0.1, 0.2]))).toContain('only the class "no"');
  });

  it("reject what is no probability", async () => {
    expect(await says(metrics.logLoss([0, 1], [0.5, 1.5]))).toContain(
      "logLoss: yProba must be in [0, 1]; got 1.5 in partition 0, row 1.",
    );
    expect(
      await says(
        metrics.logLoss(
          [0, 1],
          [
            [0.5, 0.5],
            [0.5, 0.4],
          ],
        ),
      ),
    ).toContain("those of partition 0, row 1 sum to 0.9");
    expect(await says(metrics.calibrationCurve([0, 1], [0.5, -0.1]))).toContain(
      "calibrationCurve: yProba must be in [0, 1]; got -0.1 in partition 0, row 1.",
    );
  });

  it("match classes with columns", async () => {
    expect(await says(metrics.logLoss([1, 1], [0.5, 0.6]))).toContain(
      "logLoss: yTrue has 1 of the 2 classes of yProba: [1]. Pass all classes as labels",
    );
    expect(await says(metrics.logLoss([0, 1, 2], [0.5, 0.6, 0.7]))).toContain(
      "logLoss: yTrue has at least 3 classes (partition 0, row 2), but yProba has probabilities of 2",
    );
    expect(await says(metrics.logLoss([0, 1], [0.5, 0.6], { labels: [0, 1, 2] }))).toContain(
      "labels names 3 classes, but yProba has probabilities of 2",
    );
    expect(await says(metrics.logLoss([0, 7], [0.5, 0.6], { labels: [0, 1] }))).toContain(
      "partition 0, row 1 of yTrue has a label that is not in labels",
    );
  });

  it("reject labels of two kinds and texts where numbers are needed", async () => {
    expect(await says(metrics.accuracyScore(["a", "b"], [0, 1]))).toContain(
      "accuracyScore: yTrue has texts but yPred has not.",
    );
    expect(await says(metrics.accuracyScore(["a", 1 as never], ["a", "b"]))).toContain(
      "yTrue starts with texts, but row 1 is 1.",
    );
    expect(await says(metrics.accuracyScore([1, "b" as never], [0, 1]))).toContain(
      'accuracyScore: column "yTrue", row 1: "b" is not a number.',
    );
    expect(await says(metrics.meanSquaredError(["a"] as never, [1]))).toContain(
      "meanSquaredError: yTrue has texts; it needs numbers.",
    );
    expect(await says(metrics.rocAucScore([0, 1], [0.1, 0.2], { posLabel: "yes" }))).toContain(
      'the label "yes" is not a finite number',
    );
    expect(await says(metrics.confusionMatrix(["a"], ["a"], { labels: [1] }))).toContain("the label 1 is not a text");
  });

  it("reject shapes that do not fit", async () => {
    expect(await says(metrics.accuracyScore([[0, 1]], [0]))).toContain(
      "accuracyScore: yTrue must have one value a row; it has 2 columns.",
    );
    expect(await says(metrics.r2Score([[0, 1]], [0]))).toContain("r2Score: yTrue has 2 column(s) but yPred has 1.");
    expect(await says(metrics.accuracyScore(5 as never, [0]))).toContain(
      "accuracyScore: yTrue must be an array, a typed array, a DistributedArray or a DistributedSeries; got 5.",
    );
    const sparse = DistributedArray.fromCsr({ indptr: [0, 1], indices: [0], values: [1], cols: 1 });
    expect(await says(metrics.accuracyScore(sparse, [1]))).toContain("yTrue is sparse");
  });

  it("have nothing to say about no rows or no weight", async () => {
    expect(await says(metrics.accuracyScore([], []))).toContain("accuracyScore: there are no rows to score.");
    expect(await says(metrics.rocAucScore([0, 1], [0, 1], { sampleWeight: [0, 0] }))).toContain(
      "rocAucScore: the sample weights sum to 0.",
    );
    expect(await says(metrics.confusionMatrix([0, 1], [0, 1], { labels: [8, 9] }))).toContain(
      "none of the labels [8, 9] is in yTrue",
    );
  });

  it("know their options", async () => {
    expect(await says(metrics.accuracyScore([0], [0], { sampleWeights: [1] } as never))).toContain(
      'accuracyScore: unknown option "sampleWeights". Did you mean "sampleWeight"?',
    );
    expect(await says(metrics.confusionMatrix([0], [0], { normalize: "rows" as never }))).toContain(
      'normalize must be one of "true", "pred", "all"; got "rows".',
    );
    expect(await says(metrics.confusionMatrix([0], [0], { labels: [0, 0] }))).toContain("labels names 0 twice");
    expect(await says(metrics.calibrationCurve([0, 1], [0, 1], { nBins: 0 }))).toContain(
      "nBins must be an integer >= 1; got 0.",
    );
    expect(await says(metrics.r2Score([0, 1], [0, 1], { multioutput: "mean" as never }))).toContain(
      'multioutput must be one of "uniform_average", "raw_values"; got "mean".',
    );
  });

  it("stop at their signal", async () => {
    const error = await rejection(metrics.accuracyScore([0, 1], [0, 1], { signal: AbortSignal.abort() }));
    expect(error.name).toBe("AbortedError");
  });

  it("do not count thousands of labels by mistake", async () => {
    const targets = Array.from({ length: 1500 }, (_, i) => i / 7);
    expect(await says(metrics.confusionMatrix(targets, targets))).toContain(
      "confusionMatrix: yTrue and yPred have more than 1000 distinct labels",
    );
  });
});
