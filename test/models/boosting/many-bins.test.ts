import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { goldenCase, loadGolden, numbersOf } from "../../golden/load-golden.js";
import { referenceTrees, type ReferenceNode } from "./reference-learner.js";

const golden = loadGolden("many-bins");
const EXACT = { maxBins: 65_535, earlyStopping: false };
const rowsOf = (list: readonly ArrayLike<number>[]): number[][] =>
  Array.from(list[0]!, (_, i) => list.map((column) => column[i]!));

const holes = goldenCase(golden, "lightgbm").data;
const columns = holes.columns!.map((column) => Float64Array.from(column));
const y = holes.y as number[];

const cutAt = (counts: readonly number[]): DistributedArray => {
  let at = 0;
  return DistributedArray.concat(
    counts.map((count) => {
      const part = columns.map((column) => column.subarray(at, at + count));
      at += count;
      return DistributedArray.fromColumns(part, { partitions: 1 });
    }),
  );
};

describe("boosted trees of more bins than a byte tells apart", () => {
  it("grow scikit-learn's exact tree", async () => {
    const { data, expected } = goldenCase(golden, "tree");
    const rows = rowsOf(data.columns!);
    const params = { ...EXACT, maxIter: 1, learningRate: 1, maxLeafNodes: 40, minSamplesLeaf: 3 };
    const model = await new HistGradientBoostingRegressor(params).fit(rows, data.y as number[]);
    const predicted = await model.predict(rows);
    numbersOf(expected, "prediction").forEach((value, i) => expect(predicted[i]).toBeCloseTo(value, 6));
    // Thresholds differ: ours lie between values of the column, its between those of the node.
    const { feature } = model.trees;
    expect(feature.filter((column) => column < 0)).toHaveLength(40);
    expect(Array.from(feature).every((column) => column < 3)).toBe(true);
  });

  it("predict what LightGBM of as many bins does, and XGBoost without bins", async () => {
    const rows = rowsOf(columns);
    const close = (own: Float64Array, expected: readonly number[], tolerance: number): void => {
      const off = expected.map((value, i) => Math.abs(value - own[i]!)).toSorted((a, b) => a - b);
      // Their gradients are float32: a tie may go the other way for a few rows.
      expect(off[Math.floor(0.97 * off.length)]).toBeLessThan(tolerance);
    };
    const like = await new HistGradientBoostingRegressor({ ...EXACT, maxIter: 30 }).fit(rows, y);
    close(await like.predict(rows), numbersOf(goldenCase(golden, "lightgbm").expected, "prediction"), 2e-4);
    const levels = { growth: "depth", maxDepth: 4, maxLeafNodes: null, learningRate: 0.3, maxIter: 20 } as const;
    const exact = await new HistGradientBoostingRegressor({
      ...EXACT,
      ...levels,
      l2Regularization: 1,
      minChildWeight: 5,
      minSamplesLeaf: 1,
    }).fit(rows, y, { baseMargin: new Float64Array(y.length) });
    close(await exact.predict(rows), numbersOf(goldenCase(golden, "xgboost").expected, "prediction"), 2e-4);
  });

  it("are those of a learner by the book", async () => {
    const params = { learningRate: 0.3, maxIter: 2, maxLeafNodes: 8, minSamplesLeaf: 10, l2Regularization: 0.5 };
    const some = columns.map((column) => column.subarray(0, 400));
    const target = y.slice(0, 400);
    const { trees, baseline } = referenceTrees(some, target, { ...params, loss: "squared" });
    const model = await new HistGradientBoostingRegressor({ ...EXACT, ...params }).fit(rowsOf(some), target);
    expect(model.baseline).toBeCloseTo(baseline, 9);
    const { offsets, feature, threshold, left, value } = model.trees;
    const same = (node: ReferenceNode, k: number, root: number): void => {
      expect(feature[k]).toBe(node.feature ?? -1);
      if (!node.left || !node.right) {
        expect(value[k]).toBeCloseTo(node.value, 6);
        return;
      }
      expect(threshold[k]).toBe(node.threshold);
      same(node.left, root + left[k]!, root);
      same(node.right, root + left[k]! + 1, root);
    };
    trees.forEach((tree, t) => same(tree, offsets[t]!, offsets[t]!));
  });

  it("have the same bits for any partitioning, engine and sampling, and predict as they were trained", async () => {
    const engines = [new InlineEngine(), new LocalEngine({ threads: 2 })];
    for (const own of [
      { quantizedGradients: true, colsampleByTree: 0.7, colsampleByLevel: 0.7 },
      {
        earlyStopping: true,
        validationFraction: 0.2,
        interactionConstraints: [[0, 2], [1]],
        monotonicConstraints: [1, 0, 0],
      },
    ] as const) {
      const params = { ...EXACT, maxIter: 5, ...own } as object;
      const [one, other] = await Promise.all(
        [[900], [1, 0, 500, 399]].map((counts, k) =>
          new HistGradientBoostingRegressor(params).fit(cutAt(counts), y, { engine: engines[k]! }),
        ),
      );
      expect(other!.toJSON()).toEqual(one!.toJSON());
      expect(one!.trees.feature.every((column) => column < 3)).toBe(true);
    }
    const rows = rowsOf(columns);
    const model = await new HistGradientBoostingRegressor({ ...EXACT, maxIter: 5 }).fit(rows, y, {
      evalSets: [{ X: rows, y, name: "same" }],
    });
    expect(model.evalsResult["same"]!["loss"]!.at(-1)).toBeCloseTo(model.trainScore.at(-1)!, 9);
    const predicted = await model.predict(rows);
    const loss = y.reduce((sum, value, i) => sum + 0.5 * (predicted[i]! - value) ** 2, 0) / y.length;
    expect(-model.trainScore.at(-1)!).toBeCloseTo(loss, 9);
    const again = await model.refit(rows, y, { decay: 0 });
    again.trees.value.forEach((value, k) => expect(value).toBeCloseTo(model.trees.value[k]!, 5));
    for (const engine of engines) {
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });

  it("are the same as with 255 bins where no column has more values, categories beside them", async () => {
    const coarse = rowsOf(columns).map(([a, b, c], i) => [
      Math.round(a! * 20),
      Math.round(b! / 2),
      Math.round(c! * 9),
      i % 9,
    ]);
    const labels = y.map((value) => value > 1);
    const fit = (maxBins: number): Promise<HistGradientBoostingClassifier> =>
      new HistGradientBoostingClassifier({ maxBins, maxIter: 5, categoricalFeatures: [3] }).fit(coarse, labels);
    expect((await fit(400)).trees).toEqual((await fit(255)).trees);
    // With a column of many values in front, positions of categories are those of X all the same.
    const wide = coarse.map((row, i) => [columns[1]![i]!, ...row]);
    const model = await new HistGradientBoostingClassifier({ maxBins: 900, maxIter: 4, categoricalFeatures: [4] }).fit(
      wide,
      labels,
    );
    const margins = (await model.decisionFunction(wide)) as Float64Array;
    const loss = labels.reduce((sum, label, i) => sum + Math.log1p(Math.exp(label ? -margins[i]! : margins[i]!)), 0);
    expect(-model.trainScore.at(-1)!).toBeCloseTo(loss / labels.length, 9);
    expect(() => new HistGradientBoostingClassifier({ maxBins: 65_536 })).toThrow("maxBins");
    const many = Array.from({ length: 300 }, (_, i) => [i]);
    await expect(
      new HistGradientBoostingRegressor({ maxBins: 1000, categoricalFeatures: [0] }).fit(
        many,
        many.map(([i]) => i!),
      ),
    ).rejects.toThrow("has 300 categories or more, but its bins take 255, and no more");
  });
});
