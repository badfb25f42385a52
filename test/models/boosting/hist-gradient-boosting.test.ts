import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { hasStalled } from "#models/boosting/boosting-rounds.js";
import { fitBoosting, type BoostFit } from "#models/boosting/fit-boosting.js";
import { pointwise } from "#models/boosting/objectives.js";
import { loadBreastCancer, loadDiabetes, makeClassification } from "#datasets/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { Design } from "#src/estimator/design.js";
import { boostLoss } from "#src/kernels/kernels.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../../golden/load-golden.js";
import { referenceTrees, type ReferenceNode, type ReferenceParams } from "./reference-learner.js";

const golden = loadGolden("boosting");

function someRows(n: number, seed = 1): { columns: Float64Array[]; y: Float64Array } {
  let state = seed;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const columns = [0, 1, 2].map((j) =>
    Float64Array.from({ length: n }, () => (j === 2 && next() < 0.2 ? NaN : Math.round(next() * 40) / 8)),
  );
  const y = Float64Array.from(
    { length: n },
    (_, i) =>
      (columns[0]![i]! - 2.5) * (columns[1]![i]! - 2) +
      (Number.isNaN(columns[2]![i]!) ? 3 : columns[2]![i]! / 4) +
      next(),
  );
  return { columns, y };
}

const cutAt = (columns: readonly Float64Array[], counts: readonly number[]): DistributedArray => {
  let at = 0;
  return DistributedArray.concat(
    counts.map((count) => {
      const part = DistributedArray.fromColumns(
        columns.map((column) => column.subarray(at, at + count)),
        { partitions: 1 },
      );
      at += count;
      return part;
    }),
  );
};

describe("histogram gradient boosting", () => {
  it("has the same bits for any partitioning, any cut of its own, and any engine", async () => {
    const { columns, y } = someRows(500);
    const w = y.map((value) => 0.25 + Math.abs(value % 1));
    const params = {
      ...new HistGradientBoostingRegressor().getParams(),
      maxIter: 6,
      earlyStopping: true,
      validationFraction: 0.2,
    };
    const engines = [new InlineEngine(), new LocalEngine({ threads: 1 }), new LocalEngine({ threads: 2 })];
    for (const loss of [boostLoss.squared, boostLoss.logistic]) {
      const target = loss === boostLoss.squared ? y : y.map((value) => Number(value > 1));
      const expected: (BoostFit | undefined)[] = [undefined, undefined];
      for (const [k, counts] of [[500], [250, 250], [70, 70, 70, 70, 70, 70, 80], [1, 0, 480, 19]].entries()) {
        for (const [chunks, packed] of [
          [1, false],
          [2, false],
          [7, false],
          [1, true],
          [3, true],
        ] as const) {
          const engine = engines[(k + chunks) % engines.length]!;
          const X = cutAt(columns, counts);
          using design = Design.open("Test.fit", X, target, { engine, sampleWeight: w });
          const fit = await fitBoosting(design, {
            objective: pointwise(loss),
            params: { ...params, quantizedGradients: packed },
            chunks,
          });
          const first = (expected[Number(packed)] ??= fit);
          expect(fit.trees.feature.length).toBeGreaterThan(50);
          expect(fit, `${counts.join()} in ${chunks} chunks on ${engine.name}, packed ${packed}`).toEqual(first);
        }
      }
    }
    for (const engine of engines) {
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });

  it("loses nothing that matters by rounding derivatives to few bits", async () => {
    const { X, y } = makeClassification({ nSamples: 6000, nFeatures: 6, flipY: 0.1, randomState: 8 });
    const engine = new InlineEngine();
    const fits: BoostFit[] = [];
    for (const packed of [false, true]) {
      using design = Design.open("Test.fit", X, y, { engine });
      const params = {
        ...new HistGradientBoostingClassifier().getParams(),
        maxIter: 40,
        earlyStopping: false,
        quantizedGradients: packed,
      };
      fits.push(await fitBoosting(design, { objective: pointwise(boostLoss.logistic), params }));
    }
    const [exact, rounded] = fits as [BoostFit, BoostFit];
    // Rounded at random, so some splits differ; the training score is nearly the same all the way.
    expect(rounded.trees.value).not.toEqual(exact.trees.value);
    rounded.trainScore.forEach((score, i) => expect(Math.abs(score / exact.trainScore[i]! - 1)).toBeLessThan(0.02));
  });

  it("samples the same rows for its bins whatever the partitions", async () => {
    // Above 400,000 rows bins come from a sample.
    const n = 410_000;
    const x = Float64Array.from({ length: n }, (_, i) => ((i * 7919) % n) / 7);
    const y = x.map((value) => Math.sin(value / 9000));
    const fitted: unknown[] = [];
    for (const partitions of [1, 3]) {
      const X = DistributedArray.fromColumns([x], { partitions });
      const model = await new HistGradientBoostingRegressor({ maxIter: 2, earlyStopping: false }).fit(X, y, {
        engine: new InlineEngine(),
      });
      fitted.push(model.toJSON());
    }
    expect(fitted[1]).toEqual(fitted[0]);
  });

  it.each([
    ["squared", {}],
    ["squared", { l2Regularization: 2, minSamplesLeaf: 9 }],
    ["logistic", {}],
    ["logistic", { l2Regularization: 0.5, maxLeafNodes: 9 }],
  ] as const)("grows the trees of a learner by the book (%s, %o)", async (loss, changed) => {
    const { columns, y: raw } = someRows(140, 5);
    const y = loss === "squared" ? raw : raw.map((value) => Number(value > 1));
    const own: ReferenceParams = {
      loss,
      learningRate: 0.3,
      maxIter: 3,
      maxLeafNodes: 6,
      minSamplesLeaf: 4,
      l2Regularization: 0,
      ...changed,
    };
    const expected = referenceTrees(columns, y, own);
    const { learningRate, maxIter, maxLeafNodes, minSamplesLeaf, l2Regularization } = own;
    const params = { learningRate, maxIter, maxLeafNodes, minSamplesLeaf, l2Regularization };
    const rows = Array.from(y, (_, i) => columns.map((column) => column[i]!));
    const model =
      loss === "squared"
        ? await new HistGradientBoostingRegressor(params).fit(rows, y)
        : await new HistGradientBoostingClassifier(params).fit(rows, y);
    expect(model.baseline).toBeCloseTo(expected.baseline, 12);
    const { offsets, feature, threshold, missingLeft, left, value } = model.trees;
    expected.trees.forEach((tree, t) => {
      const visit = (node: ReferenceNode, k: number): void => {
        const at = offsets[t]! + k;
        expect(feature[at], `tree ${t}, node ${k}`).toBe(node.feature ?? -1);
        if (!node.left || !node.right) return void expect(value[at]).toBeCloseTo(node.value, 6);
        expect(threshold[at]).toBe(node.threshold);
        expect(missingLeft[at]).toBe(Number(node.missingLeft));
        visit(node.left, left[at]!);
        visit(node.right, left[at]! + 1);
      };
      visit(tree, 0);
    });
    const margin =
      model instanceof HistGradientBoostingRegressor
        ? await model.predict(rows)
        : ((await model.decisionFunction(rows)) as Float64Array);
    margin.forEach((sum, i) => expect(sum).toBeCloseTo(expected.margin[i]!, 6));
  });

  it.each([
    ["squared", {}],
    ["l2-and-depth", { l2Regularization: 3, maxDepth: 3, minSamplesLeaf: 5, maxIter: 50 }],
    ["poisson", { loss: "poisson", maxIter: 30 }],
  ] as const)("predicts what scikit-learn does on diabetes (%s)", async (name, params) => {
    const { data: own, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(own.columns!, { partitions: 3 });
    const model = await new HistGradientBoostingRegressor(params).fit(X, own.y as number[]);
    const predicted = (await model.predict(X).compute()).toFlat();
    const sk = numbersOf(expected, "prediction");
    const worst = sk.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(predicted[i])) / value), 0);
    // Gradients are rounded to float32 there: a near tie may go the other way.
    expect(worst).toBeLessThan(2e-3);
    expect(await model.score(X, own.y as number[])).toBeCloseTo(numberOf(expected, "r2"), 4);
  });

  it("comes close to scikit-learn's loss on breast cancer", async () => {
    const { expected } = goldenCase(golden, "log-loss");
    const { X, target } = loadBreastCancer();
    const model = await new HistGradientBoostingClassifier({ maxIter: 50 }).fit(X, target);
    expect(-model.trainScore.at(-1)!).toBeCloseTo(numberOf(expected, "loss"), 2);
    expect(await model.score(X, target)).toBe(numberOf(expected, "accuracy"));
    const [one, other] = [model.featureImportances(), model.featureImportances("split")];
    expect(one.length).toBe(30);
    expect(other.reduce((a, b) => a + b)).toBe(model.trees.feature.filter((f) => f >= 0).length);
  });

  it("is bit-equal to the undisturbed fit when threads are killed between and in its rounds", async () => {
    const { X, y } = makeClassification({ nSamples: 40_000, nFeatures: 6, partitions: 5, randomState: 3 });
    const calm = new LocalEngine({ threads: 2 });
    const expected = await new HistGradientBoostingClassifier({ maxIter: 8 }).fit(X, y, { engine: calm });
    await calm.close();
    const engine = new LocalEngine({ threads: 2 });
    const model = new HistGradientBoostingClassifier({ maxIter: 8 });
    let [began, again] = [0, 0];
    engine.on("task", ({ state }) => {
      if (state === "retried") again += 1;
      if (state !== "started") return;
      began += 1;
      // In the first teams, and in the rounds that follow a team that came to nothing.
      if ([27, 33, 40, 60].includes(began)) void Promise.all([engine.killWorker(0), engine.killWorker(1)]);
    });
    // A tree a team.
    await model.fit(X, y, { engine, onIteration: () => true });
    expect(began).toBeGreaterThan(60);
    expect(again).toBeGreaterThan(0);
    expect(model.toJSON()).toEqual(expected.toJSON());
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("reports scores that its own predictions have", async () => {
    const { X, target } = loadDiabetes();
    const model = await new HistGradientBoostingRegressor({ maxIter: 10 }).fit(X, target);
    const predicted = (await model.predict(X).compute()).toFlat();
    const loss = target.reduce((sum, y, i) => sum + 0.5 * (Number(predicted[i]) - y) ** 2, 0) / target.length;
    expect(model.trainScore.length).toBe(11);
    expect(-model.trainScore.at(-1)!).toBeCloseTo(loss, 6);
    expect(model.validationScore.length).toBe(0);
  });

  it("stops when the held-out score stalls and keeps the best trees", async () => {
    const { X, y } = makeClassification({ nSamples: 1500, nFeatures: 6, flipY: 0.3, randomState: 4, partitions: 3 });
    const params = { learningRate: 0.5, maxIter: 200, nIterNoChange: 5, validationFraction: 0.3, earlyStopping: true };
    const seen: number[] = [];
    const model = await new HistGradientBoostingClassifier(params).fit(X, y, {
      onProgress: ({ detail }) => void (detail && seen.push(detail["validationScore"]!)),
    });
    const scores = Array.from(model.validationScore);
    expect(seen).toEqual(scores.slice(1));
    expect(scores.length).toBeLessThan(200);
    const best = scores.indexOf(Math.max(...scores));
    expect(model.nIter).toBe(Math.max(1, best));
    expect(hasStalled(scores, 5, 1e-7)).toBe(true);
    expect(hasStalled(scores.slice(0, -1), 5, 1e-7)).toBe(false);
    const byTraining = await new HistGradientBoostingClassifier({
      ...params,
      validationFraction: null,
      maxIter: 7,
    }).fit(X, y);
    expect(byTraining.validationScore.length).toBe(0);
    const other = await new HistGradientBoostingClassifier({ ...params, randomState: 9 }).fit(X, y);
    expect(Array.from(other.validationScore)).not.toEqual(scores);
  });

  it("learns the side of missing values, and sends unseen ones to the larger child", async () => {
    const X = Array.from({ length: 60 }, (_, i) => [i % 3 === 0 ? NaN : i % 3, i % 2]);
    const y = X.map(([a]) => (Number.isNaN(a) || a === 2 ? 10 : 0));
    const model = await new HistGradientBoostingRegressor({ learningRate: 1, maxIter: 1, minSamplesLeaf: 1 }).fit(X, y);
    const sides = await model.predict([
      [NaN, 0],
      [1, 0],
      [2, 0],
    ]);
    [10, 0, 10].forEach((value, i) => expect(sides[i]).toBeCloseTo(value, 6));
    const complete = Array.from({ length: 60 }, (_, i) => [i < 20 ? 0 : 1]);
    const two = await new HistGradientBoostingRegressor({ learningRate: 1, maxIter: 1 }).fit(
      complete,
      complete.map(([a]) => a!),
    );
    expect((await two.predict([[NaN]]))[0]).toBeCloseTo(1, 6);
    const all = Array.from({ length: 50 }, () => [NaN]);
    expect(
      Array.from(
        await (
          await new HistGradientBoostingRegressor().fit(
            all,
            Array.from(all, () => 2),
          )
        ).predict([[1], [NaN]]),
      ),
    ).toEqual([2, 2]);
  });

  it("predicts a constant target exactly", async () => {
    const X = Array.from({ length: 70 }, (_, i) => [i]);
    const model = await new HistGradientBoostingRegressor().fit(
      X,
      X.map(() => 0.1),
    );
    expect(new Set(await model.predict(X))).toEqual(new Set([0.1]));
    expect(model.trainScore.every((score) => score === 0)).toBe(true);
  });

  it("takes labels of any type", async () => {
    const X = Array.from({ length: 80 }, (_, i) => [i]);
    const model = await new HistGradientBoostingClassifier({ maxIter: 10 }).fit(
      X,
      X.map(([i]) => (i! < 40 ? "low" : "high")),
    );
    expect(model.classes).toEqual(["high", "low"]);
    expect(await model.predict([[3], [77]])).toEqual(["low", "high"]);
    expect((await model.predictProba([[3]])).toRows()[0]![1]).toBeGreaterThan(0.5);
  });

  it("says what is wrong with data and files", async () => {
    const X = [[1], [2], [3]];
    await expect(new HistGradientBoostingRegressor({ loss: "poisson" }).fit(X, [1, -2, 3])).rejects.toThrow(
      "y must be >= 0 for this loss; got -2 in partition 0, row 1",
    );
    await expect(new HistGradientBoostingRegressor({ loss: "poisson" }).fit(X, [0, 0, 0])).rejects.toThrow(
      "the mean of y is 0",
    );
    await expect(new HistGradientBoostingClassifier().fit(X, [1, 1, 1])).rejects.toThrow("y has one class only: 1");
    await expect(
      new HistGradientBoostingRegressor({ earlyStopping: true, validationFraction: 1e-9 }).fit(X, [1, 2, 3]),
    ).rejects.toThrow("leaves 3 to train on and 0 to stop by");
    const csr = DistributedArray.fromCsr({ cols: 1, indptr: [0, 1, 2, 3], indices: [0, 0, 0], values: [1, 2, 3] });
    await expect(new HistGradientBoostingRegressor({ categoricalFeatures: [0] }).fit(csr, [1, 2, 3])).rejects.toThrow(
      "X is sparse",
    );
    const model = await new HistGradientBoostingRegressor({ minSamplesLeaf: 1, maxIter: 2 }).fit(X, [1, 2, 3]);
    expect(() => model.applyLeaves(csr)).toThrow("X is sparse");
    const json = structuredClone(model.toJSON()) as {
      kind: string;
      version: number;
      params: unknown;
      state: { trees: Record<string, unknown> };
    };
    const array = (data: Int32Array): unknown => ({
      $type: "Int32Array",
      data: Buffer.from(data.buffer).toString("base64"),
    });
    const { left } = model.trees;
    json.state.trees["left"] = array(left.map(() => 0));
    expect(() => HistGradientBoostingRegressor.fromJSON(json)).toThrow("tree 0 has the children 0 and 1");
    json.state.trees["left"] = array(left.slice(1));
    expect(() => HistGradientBoostingRegressor.fromJSON(json)).toThrow("its lists differ in length");
    delete json.state.trees["left"];
    expect(() => HistGradientBoostingRegressor.fromJSON(json)).toThrow("the wrong type");
  });
});
