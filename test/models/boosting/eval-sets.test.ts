import { describe, expect, it } from "vitest";
import {
  HistGradientBoostingClassifier,
  HistGradientBoostingRanker,
  HistGradientBoostingRegressor,
} from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { f1Score, logLoss, makeScorer, meanAbsoluteError, rocAucScore } from "#src/metrics/index.js";

function someRows(n: number, seed = 1): { columns: Float64Array[]; y: Float64Array } {
  let state = seed;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: n }, () => Math.round(next() * 40) / 8));
  const y = columns[0]!.map((a, i) => (a - 2.5) * (columns[1]![i]! - 2) + 3 * next());
  return { columns, y };
}
const cut = (columns: readonly Float64Array[], partitions: number): DistributedArray =>
  DistributedArray.fromColumns(columns, { partitions });
const train = someRows(300, 1);
const test = someRows(200, 2);
const X = cut(train.columns, 3);
const other = cut(test.columns, 2);

describe("sets that boosted trees are measured on", () => {
  it("have the scores that predictions of the trees so far have", async () => {
    const engine = new LocalEngine({ threads: 2 });
    const model = await new HistGradientBoostingRegressor({ maxIter: 12, subsample: 0.8 }).fit(X, train.y, {
      engine,
      evalSets: [
        { X: other, y: test.y, name: "test" },
        { X, y: train.y, name: "train" },
      ],
      evalMetric: [
        "loss",
        "neg_mean_absolute_error",
        {
          name: "bias",
          greaterIsBetter: false,
          metric: ([m], y) => Math.abs(m!.reduce((sum, value, i) => sum + value - y[i]!, 0)),
        },
      ],
    });
    const { test: scores, train: own } = model.evalsResult;
    expect(Object.keys(scores!)).toEqual(["loss", "neg_mean_absolute_error", "bias"]);
    expect(scores!["loss"]!.length).toBe(13);
    const predicted = (await model.predict(other).compute()).toFlat();
    const loss = test.y.reduce((sum, y, i) => sum + 0.5 * (Number(predicted[i]) - y) ** 2, 0) / 200;
    expect(-scores!["loss"]!.at(-1)!).toBeCloseTo(loss, 8);
    expect(-scores!["neg_mean_absolute_error"]!.at(-1)!).toBeCloseTo(
      (await meanAbsoluteError(test.y, Float64Array.from(predicted, Number))) as number,
      9,
    );
    own!["loss"]!.forEach((score, i) => expect(score).toBeCloseTo(model.trainScore[i]!, 8));
    expect(model.validationScore).toEqual(scores!["loss"]);
    expect(model.nIter, "no early stopping was asked for").toBe(12);
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("stop a fit by any metric, and keep the best iteration", async () => {
    const labels = train.y.map((value) => Number(value > 2));
    const theirs = test.y.map((value) => Number(value > 2));
    const params = { maxIter: 200, learningRate: 0.5, earlyStopping: true, nIterNoChange: 5, tol: 0 };
    const model = await new HistGradientBoostingClassifier(params).fit(X, labels, {
      evalSets: [{ X: other, y: theirs }],
      evalMetric: ["roc_auc", "neg_log_loss", "accuracy"],
    });
    const auc = Array.from(model.evalsResult["eval0"]!["roc_auc"]!);
    expect(auc.length).toBeLessThan(200);
    const best = auc.indexOf(Math.max(...auc));
    expect(model.nIter).toBe(Math.max(1, best));
    const proba = (await model.predictProba(other).compute()).toRows().map((row) => row[1]!);
    expect(await rocAucScore(theirs, proba)).toBeCloseTo(auc[model.nIter]!, 9);
    expect(await logLoss(theirs, proba)).toBeCloseTo(-model.evalsResult["eval0"]!["neg_log_loss"]![model.nIter]!, 9);
    expect(await model.score(other, theirs)).toBeCloseTo(model.evalsResult["eval0"]!["accuracy"]![model.nIter]!, 9);
    // A part of the fit's own rows, by a metric.
    const part = await new HistGradientBoostingClassifier({ ...params, validationFraction: 0.3 }).fit(X, labels, {
      evalMetric: "roc_auc",
    });
    expect(part.validationScore[0]).toBe(0.5);
    expect(part.nIter).toBe(Math.max(1, Array.from(part.validationScore).indexOf(Math.max(...part.validationScore))));
  });

  it("take many classes as text, weights, and groups", async () => {
    const name = (value: number): string => (value > 3 ? "high" : value > 0 ? "middle" : "low");
    const labels = Array.from(train.y, name);
    const theirs = Array.from(test.y, name);
    const w = test.y.map((_, i) => i % 3);
    const model = await new HistGradientBoostingClassifier({ maxIter: 5 }).fit(X, labels, {
      evalSets: [{ X: other, y: theirs, sampleWeight: w }],
      evalMetric: [
        "loss",
        "neg_log_loss",
        makeScorer((t, p, o) => f1Score(t, p, { ...o, average: "macro" }), { name: "f1" }),
      ],
    });
    const { loss, neg_log_loss: scorer, f1 } = model.evalsResult["eval0"]!;
    loss!.forEach((value, i) => expect(value).toBeCloseTo(scorer![i]!, 9));
    expect(f1!.at(-1)).toBeGreaterThan(f1![0]!);
    const groups = Float64Array.from(train.y, (_, i) => Math.floor(i / 20));
    const relevance = train.y.map((value) => Math.max(0, Math.min(4, Math.round(value))));
    const ranker = await new HistGradientBoostingRanker({ maxIter: 4 }).fit(X, relevance, {
      groups,
      evalSets: [{ X, y: relevance, groups }],
    });
    ranker.evalsResult["eval0"]!["loss"]!.forEach((value, i) => expect(value).toBeCloseTo(ranker.trainScore[i]!, 9));
  });

  it("agree with staged predictions", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 5 }).fit(X, train.y, {
      evalSets: [{ X: other, y: test.y }],
    });
    const rows = (await other.compute()).toRows();
    const scores: number[] = [];
    for await (const stage of model.stagedPredict(rows))
      scores.push(-stage.reduce((sum, value, i) => sum + 0.5 * (value - test.y[i]!) ** 2, 0) / 200);
    expect(scores.length).toBe(5);
    scores.forEach((score, i) => expect(score).toBeCloseTo(model.validationScore[i + 1]!, 9));
    const lengths: number[] = [];
    for await (const stage of model.stagedPredict(other, { every: 2 }))
      lengths.push((await stage.compute()).toFlat().length);
    expect(lengths).toEqual([200, 200, 200]);
    const labels = train.y.map((value) => Math.round(Math.abs(value)) % 3);
    const classifier = await new HistGradientBoostingClassifier({ maxIter: 4 }).fit(X, labels);
    const last = await classifier.predictProba(rows);
    let stages = 0;
    for await (const proba of classifier.stagedPredictProba(rows, { every: 3 })) {
      stages += 1;
      if (stages === 2) expect(proba.toRows()).toEqual(last.toRows());
    }
    expect(stages).toBe(2);
    expect(classifier.firstRounds(2).nIter).toBe(2);
    expect(() => classifier.firstRounds(9)).toThrow("rounds must be 0 to 4; got 9");
  });

  it("say what is wrong", async () => {
    const fit = (options: object): Promise<unknown> =>
      new HistGradientBoostingRegressor({ maxIter: 2 }).fit(X, train.y, options);
    await expect(fit({ evalMetric: "roc_auc" })).rejects.toThrow("probabilities or scores of classes");
    await expect(fit({ evalMetric: "rmse" })).rejects.toThrow("there is no scorer");
    await expect(fit({ evalMetric: { name: "nan", metric: () => NaN } })).rejects.toThrow(
      'the metric "nan" returned NaN',
    );
    await expect(fit({ evalSets: [{ X: [[1]], y: [1] }] })).rejects.toThrow(
      "evalSets[0]: X has 1 columns, but the fit's has 3",
    );
    await expect(fit({ evalSets: [{ X: other, y: test.y, sampleWeight: test.y.map(() => 0) }] })).rejects.toThrow(
      "no rows with a positive weight",
    );
    const labels = train.y.map((value) => Number(value > 2));
    await expect(
      new HistGradientBoostingClassifier().fit(X, labels, { evalSets: [{ X: other, y: test.y.map(() => 7) }] }),
    ).rejects.toThrow("y has the label 7");
  });
});
