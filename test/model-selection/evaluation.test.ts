import { describe, expect, it } from "vitest";
import { LogisticRegression, Ridge } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { polars } from "#src/collections/frame/polars.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { fbetaScore, getScorer, getScorerNames, makeScorer } from "#src/metrics/index.js";
import {
  crossValidate,
  crossValPredict,
  crossValScore,
  KFold,
  learningCurve,
  ShuffleSplit,
  validationCurve,
} from "#src/model-selection/index.js";
import { expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("model-selection");
const CLOSED = { rtol: 1e-9, atol: 1e-12 };
const classes = goldenCase(golden, "cross-validate").data;
const targets = goldenCase(golden, "cross-validate weights").data;
const columns = classes.columns as number[][];
const labels = classes.yTrue as number[];
const y = targets.y as number[];
const X = (partitions: number): DistributedArray =>
  DistributedArray.fromColumns(targets.columns as number[][], { partitions });
const C = (partitions: number): DistributedArray => DistributedArray.fromColumns(columns, { partitions });
const vector = (values: readonly number[], partitions: number): DistributedArray =>
  DistributedArray.fromVector(values, { partitions });
const SCORERS = ["accuracy", "neg_log_loss", "roc_auc", "f1", "average_precision", "neg_brier_score"];

describe("crossValidate", () => {
  it("gives scikit-learn's scores of stratified folds, several scorers in one pass, for any partitioning", async () => {
    const { expected } = goldenCase(golden, "cross-validate");
    const model = new LogisticRegression({ tol: 1e-9 });
    for (const partitions of [1, 4]) {
      const found = await crossValidate(model, C(partitions), vector(labels, 3), {
        scoring: SCORERS,
        returnTrainScore: true,
        returnEstimator: true,
      });
      for (const name of SCORERS) {
        expectClose(
          found.testScores[name] as Float64Array,
          expected[`test_${name}`] as number[],
          iterative,
          `test ${name}`,
        );
        expectClose(
          found.trainScores?.[name] as Float64Array,
          expected[`train_${name}`] as number[],
          iterative,
          `train ${name}`,
        );
      }
      expect(found.estimators?.length).toBe(5);
      expect(found.errors).toEqual(Array(5).fill(undefined));
    }
    expect(model.isFitted).toBe(false);
  });

  it("weighs the fits, and the scores when asked", async () => {
    const { expected } = goldenCase(golden, "cross-validate weights");
    const scoring = ["r2", "neg_mean_squared_error"];
    const sampleWeight = targets.sampleWeight as number[];
    const found = await crossValidate(new Ridge(), X(3), y, { cv: 4, scoring, sampleWeight });
    for (const name of scoring)
      expectClose(found.testScores[name] as Float64Array, expected[`test_${name}`] as number[], CLOSED, name);
    const weighed = await crossValidate(new Ridge(), X(3), y, { cv: 4, scoring, sampleWeight, weightScores: true });
    expect(weighed.testScores["r2"]).not.toEqual(found.testScores["r2"]);
  });

  it("takes local rows, frames, labels that are texts, pipelines and the estimator's own score", async () => {
    const words = labels.map((label) => (label === 1 ? "yes" : "no"));
    const model = makePipeline(new StandardScaler(), new LogisticRegression());
    const local = await crossValidate(
      model,
      columns[0]?.map((_, i) => columns.map((c) => c[i] as number)) ?? [],
      words,
      { scoring: ["accuracy", "f1", "neg_log_loss"] },
    );
    const frame = DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>({
      ...Object.fromEntries(columns.map((c, j) => [`c${j}`, c])),
      words,
    });
    const remote = await crossValidate(model, frame.select("c0", "c1", "c2", "c3"), frame.column("words"), {
      scoring: ["accuracy", "f1", "neg_log_loss"],
    });
    for (const name of ["accuracy", "f1", "neg_log_loss"]) {
      expectClose(remote.testScores[name] as Float64Array, local.testScores[name] as Float64Array, iterative, name);
    }
    expectClose(await crossValScore(model, C(2), labels), local.testScores["accuracy"] as Float64Array, iterative);
  });

  it("takes filtered frames whose rows nobody has counted, and sparse rows", async () => {
    const pl = polars();
    const words = labels.map((label) => (label === 1 ? "yes" : "no"));
    const w = targets.sampleWeight as number[];
    const half = (values: readonly unknown[]): unknown[] => [...values, ...values];
    const keep = half(labels).map((_, i) => (i < labels.length ? 1 : 0));
    const frame = DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>(
      { ...Object.fromEntries(columns.map((c, j) => [`c${j}`, half(c)])), words: half(words), w: half(w), keep },
      { partitions: 3 },
    ).filter(pl.col("keep").eq(pl.lit(1)));
    expect(frame.partitionRows).toBeUndefined();
    const options = { scoring: "neg_log_loss", parallelTrials: 1 };
    const found = await crossValScore(
      new LogisticRegression(),
      frame.select("c0", "c1", "c2", "c3"),
      frame.column("words"),
      {
        ...options,
        sampleWeight: frame.column("w"),
      },
    );
    const known = await crossValScore(new LogisticRegression(), C(1), labels, { ...options, sampleWeight: w });
    expectClose(found, known, iterative);
    const flat = columns[0]?.map((_, i) => columns.map((c) => c[i] as number)) ?? [];
    const sparse = DistributedArray.fromCsr(
      {
        indptr: Int32Array.from({ length: flat.length + 1 }, (_, i) => 4 * i),
        indices: Int32Array.from(flat.flatMap(() => [0, 1, 2, 3])),
        values: Float64Array.from(flat.flat()),
        cols: 4,
      },
      { partitions: 3 },
    );
    expectClose(
      await crossValScore(new LogisticRegression(), sparse, labels, options),
      await crossValScore(new LogisticRegression(), C(1), labels, options),
      iterative,
    );
  });

  it("gives the same whatever number of fits run at a time", async () => {
    const one = await crossValScore(new LogisticRegression(), C(3), labels, {
      parallelTrials: 1,
      scoring: "neg_log_loss",
    });
    const four = await crossValScore(new LogisticRegression(), C(3), labels, {
      parallelTrials: 4,
      scoring: "neg_log_loss",
    });
    expect(four).toEqual(one);
  });

  it("records a failing fold when errorScore is a number, and throws otherwise", async () => {
    const bad = labels.map((_, i) => (i < 24 ? 0 : (labels[i] as number)));
    // Fold 1 of KFold(2) trains on the second half; the other fit sees one class only in its head.
    const splits = await new KFold({ nSplits: 5 }).split(C(1));
    const swapped = splits.map(({ train, test }, k) => (k === 0 ? { train: test, test: train } : { train, test }));
    await expect(crossValScore(new LogisticRegression(), C(1), bad, { cv: swapped })).rejects.toThrow("one class only");
    const found = await crossValidate(new LogisticRegression(), C(1), bad, { cv: swapped, errorScore: NaN });
    expect(found.testScores["score"]?.[0]).toBeNaN();
    expect(found.errors[0]?.message).toContain("one class only");
    expect(found.testScores["score"]?.[1]).toBeGreaterThan(0);
  });

  it("refuses options, scorers and estimators that do not fit, before anything is fitted", async () => {
    await expect(crossValidate(new Ridge(), X(1), y, { folds: 3 } as never)).rejects.toThrow(
      'crossValidate: unknown option "folds"',
    );
    await expect(crossValidate(new Ridge(), X(1), y, { scoring: "acuracy" })).rejects.toThrow(
      'Did you mean "accuracy"',
    );
    await expect(crossValidate(new Ridge(), X(1), y, { scoring: "roc_auc" })).rejects.toThrow("Ridge does not have");
    await expect(crossValidate(new Ridge(), X(1), y, { cv: 1 })).rejects.toThrow(
      "crossValidate: cv must be a number of folds >= 2",
    );
    await expect(crossValidate({} as never, X(1), y)).rejects.toThrow("crossValidate: estimator must be an estimator");
    await expect(crossValidate(new StandardScaler(), X(1), y)).rejects.toThrow("has no score of its own");
  });

  it("stops at its signal", async () => {
    await expect(crossValidate(new Ridge(), X(1), y, { signal: AbortSignal.abort(), errorScore: 0 })).rejects.toThrow(
      "stopped by its signal",
    );
  });
});

describe("scorers", () => {
  it("go by scikit-learn's names and camel case, and negate losses", () => {
    expect(getScorer("neg_log_loss").sign).toBe(-1);
    expect(getScorer("negLogLoss").sign).toBe(-1);
    expect(getScorer("rocAuc").response).toBe("decisionFunction");
    expect(getScorerNames()).toContain("neg_root_mean_squared_error");
    expect(() => getScorer("toString")).toThrow('there is no scorer "toString"');
  });

  it("are made from functions", async () => {
    const f2 = makeScorer((t, p, options) => fbetaScore(t, p, { ...options, beta: 2 }), { name: "f2" });
    const [own, recall] = [f2, "recall"].map((scoring) =>
      crossValScore(new LogisticRegression(), C(2), labels, { scoring }),
    );
    expect((await own)?.length).toBe((await recall)?.length);
    const loss = makeScorer(() => 3, { name: "three", greaterIsBetter: false });
    expect(await crossValScore(new Ridge(), X(1), y, { scoring: loss })).toEqual(new Float64Array(5).fill(-3));
    const nan = makeScorer(() => NaN, { name: "nothing" });
    await expect(crossValScore(new Ridge(), X(1), y, { scoring: nan })).rejects.toThrow('the score "score" is NaN');
    expect(() => makeScorer(3 as never)).toThrow("makeScorer: the metric must be a function");
  });
});

describe("crossValPredict", () => {
  it("gives scikit-learn's predictions of the rows' own folds", async () => {
    for (const partitions of [1, 5]) {
      const values = await crossValPredict(new Ridge(), X(partitions), vector(y, 2));
      expectClose(
        values as Float64Array,
        goldenCase(golden, "cross-val-predict").expected["value"] as number[],
        CLOSED,
      );
      const proba = await crossValPredict(new LogisticRegression({ tol: 1e-9 }), C(partitions), labels, {
        method: "predictProba",
      });
      expect(proba).toBeInstanceOf(LocalMatrix);
      expectClose(
        (proba as LocalMatrix).columns[1] as Float64Array,
        goldenCase(golden, "cross-val-predict proba").expected["value"] as number[],
        iterative,
      );
    }
  });

  it("gives labels as they were, and refuses rows that are not tested once", async () => {
    const words = labels.map((label) => (label === 1 ? "yes" : "no"));
    const said = (await crossValPredict(new LogisticRegression(), C(2), words)) as string[];
    expect(new Set(said)).toEqual(new Set(["yes", "no"]));
    await expect(crossValPredict(new Ridge(), X(1), y, { cv: new ShuffleSplit() })).rejects.toThrow(
      "every row has to be tested once",
    );
  });
});

describe("curves", () => {
  it("learningCurve is scikit-learn's in the rows' order, and nested when shuffled", async () => {
    const { expected } = goldenCase(golden, "learning-curve");
    const curve = await learningCurve(new Ridge(), X(3), y, { cv: 4, trainSizes: [0.2, 0.5, 1] });
    expect(curve.trainSizes).toEqual(expected["sizes"]);
    curve.testScores.forEach((row, i) => expectClose(row, (expected["test"] as number[][])[i] as number[], CLOSED));
    curve.trainScores.forEach((row, i) => expectClose(row, (expected["train"] as number[][])[i] as number[], CLOSED));
    const shuffled = { cv: 4, trainSizes: [0.5], shuffle: true };
    const a = await learningCurve(new Ridge(), X(1), y, shuffled);
    const b = await learningCurve(new Ridge(), X(7), vector(y, 2), shuffled);
    expectClose(a.testScores[0] as Float64Array, b.testScores[0] as Float64Array, CLOSED);
    await expect(learningCurve(new Ridge(), X(1), y, { trainSizes: [500] })).rejects.toThrow(
      "numbers of rows up to 96; got 500",
    );
  });

  it("validationCurve is scikit-learn's, and refuses a parameter that is not there", async () => {
    const { expected } = goldenCase(golden, "validation-curve");
    const curve = await validationCurve(new Ridge(), X(2), y, {
      cv: 4,
      paramName: "alpha",
      paramRange: [0.1, 10, 1000],
    });
    curve.testScores.forEach((row, i) => expectClose(row, (expected["test"] as number[][])[i] as number[], CLOSED));
    curve.trainScores.forEach((row, i) => expectClose(row, (expected["train"] as number[][])[i] as number[], CLOSED));
    await expect(validationCurve(new Ridge(), X(1), y, { paramName: "alhpa", paramRange: [1] })).rejects.toThrow(
      'Did you mean "alpha"',
    );
  });
});
