import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { bundledLayout } from "#models/boosting/bundle-columns.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { Design } from "#src/estimator/design.js";
import { binThresholds } from "#src/numeric/trees/bin-thresholds.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { csrArray } from "../../csr-array.js";

let state = 5;
const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;

/** Rows of two one-hot groups, of counts with zeros, of numbers below and above zero, and of missing values. */
const n = 900;
const rows = Array.from({ length: n }, () => {
  const hot = (count: number): number[] => {
    const one = Math.floor(next() * count);
    return Array.from({ length: count }, (_, k) => Number(k === one));
  };
  // Three columns that exclude one another: missing values or ones, numbers below zero, numbers above.
  const which = Math.floor(next() * 4);
  const only = (k: number, value: number): number => (which === k ? value : 0);
  return [
    ...hot(30),
    next() < 0.7 ? 0 : Math.floor(next() * 6),
    next() < 0.5 ? 0 : Math.round((next() - 0.5) * 40) / 4,
    ...hot(12),
    next() < 0.8 ? 0 : next() < 0.3 ? NaN : next(),
    next() * 9,
    only(0, next() < 0.5 ? NaN : 1),
    only(1, -1 - Math.floor(next() * 3)),
    only(2, 1 + Math.floor(next() * 4)),
  ];
});
const width = rows[0]!.length;
const y = rows.map(
  (row) =>
    row[3]! * 4 +
    row[7]! * 2 +
    row[30]! +
    Math.sin(row[31]!) +
    row[35]! * 3 +
    (Number.isNaN(row[46]!) ? 4 : row[47]!) +
    row[48]! ** 2 / 3 +
    next() / 5,
);

const sparse = (list: readonly (readonly number[])[], counts: readonly number[] = [list.length]): DistributedArray => {
  let at = 0;
  return DistributedArray.concat(
    counts.map((count) => {
      const own = list.slice(at, at + count);
      at += count;
      return csrArray(own, 1, width);
    }),
  );
};

describe("boosted trees of sparse rows", () => {
  it("have the bits of those of the same rows written out, for any partitioning and engine", async () => {
    const engines = [new InlineEngine(), new LocalEngine({ threads: 2 })];
    const sampleWeight = y.map((_, i) => (i % 5) / 2);
    for (const own of [
      {},
      { minSamplesLeaf: 1, maxLeafNodes: 60, l1Regularization: 0.5, maxDeltaStep: 2, maxBins: 100 },
      { dropRate: 0.4, skipDrop: 0, quantizedGradients: true, maxBins: 60 },
      { monotonicConstraints: Array.from({ length: width }, (_, j) => (j === 47 ? 1 : j === 3 ? -1 : 0)), maxBins: 40 },
      { loss: "absolute_error", subsample: 0.7 },
      { quantizedGradients: true, colsampleByTree: 0.6, maxFeatures: 0.7 },
      { earlyStopping: true, validationFraction: 0.2, growth: "depth", maxDepth: 4, maxBins: 16 },
      {
        monotonicConstraints: Array.from({ length: width }, (_, j) => (j === 31 ? 1 : j === 3 ? -1 : 0)),
        maxBins: 600,
      },
      { interactionConstraints: "noInteractions", dropRate: 0.3, earlyStopping: false },
    ] as const) {
      const params = { maxIter: 8, minSamplesLeaf: 5, ...own } as object;
      const dense = await new HistGradientBoostingRegressor(params).fit(rows, y, { sampleWeight });
      for (const [k, counts] of [[900], [1, 0, 500, 399]].entries()) {
        const model = await new HistGradientBoostingRegressor(params).fit(sparse(rows, counts), y, {
          sampleWeight,
          engine: engines[k]!,
        });
        expect(model.toJSON()).toEqual(dense.toJSON());
      }
    }
    for (const engine of engines) {
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });

  it("share columns of bins where they exclude one another, in their order", async () => {
    using design = Design.open("Test.fit", sparse(rows, [400, 500]), y, { engine: new InlineEngine() });
    const thresholds = rows[0]!.map((_, j) => {
      const values = Float64Array.from(rows, (row) => row[j]!);
      return binThresholds(values, undefined, 255);
    });
    const { sources, bundles } = await bundledLayout(thresholds, (column) => column === 35, [design]);
    const members = bundles!.map((bundle, k) => (bundle ? [bundle.first, bundle.bins.length] : [sources![k]!, 1]));
    // One-hot groups whole, but for the column that is to be alone; then what only one column of each row has.
    expect(members).toContainEqual([0, 30]);
    expect(members).toContainEqual([35, 1]);
    expect(members).toContainEqual([36, 8]);
    expect(members).toContainEqual([46, 3]);
    expect(members.map(([first]) => first)).toEqual(members.map(([first]) => first).toSorted((a, b) => a! - b!));
    expect(members.reduce((sum, [, count]) => sum + count!, 0)).toBe(width);
  });

  it("predict and are explained, staged and measured from sparse rows as from dense ones", async () => {
    const labels = y.map((value) => (value > 4 ? "c" : value > 1 ? "b" : "a"));
    const X = sparse(rows, [300, 0, 600]);
    const model = await new HistGradientBoostingClassifier({ maxIter: 6, minSamplesLeaf: 5 }).fit(X, labels, {
      evalSets: [
        { X: sparse(rows), y: labels },
        { X: rows, y: labels },
      ],
    });
    const proba = (await model.predictProba(X).compute()).toFlat();
    expect(proba).toEqual((await model.predictProba(rows)).toFlat());
    expect((await model.shapValues(X).compute()).toFlat()).toEqual((await model.shapValues(rows)).toFlat());
    const { evalsResult } = model;
    expect(evalsResult["eval0"]).toEqual(evalsResult["eval1"]);
    evalsResult["eval0"]!["loss"]!.forEach((score, k) => expect(score).toBeCloseTo(model.trainScore[k]!, 9));
    const { predictions } = await model.predictProbaWithin(X, { deadlineMs: 3_600_000 });
    expect((await predictions.compute()).toFlat()).toEqual(proba);
    const warm = new HistGradientBoostingRegressor({ maxIter: 3, warmStart: true });
    await (await warm.fit(X, y)).setParams({ maxIter: 6 }).fit(X, y);
    const other = new HistGradientBoostingRegressor({ maxIter: 3, warmStart: true });
    await (await other.fit(rows, y)).setParams({ maxIter: 6 }).fit(rows, y);
    expect(warm.trees).toEqual(other.trees);
    const again = await warm.refit(X, y, { decay: 0.5 });
    expect(again.trees).toEqual((await other.refit(rows, y, { decay: 0.5 })).trees);
  });

  it("say what is wrong", async () => {
    const infinite = sparse([...rows.slice(0, 4), rows[4]!.map((value, j) => (j === 31 ? -Infinity : value))], [2, 3]);
    await expect(new HistGradientBoostingRegressor().fit(infinite, y.slice(0, 5))).rejects.toThrow(
      "X has -Infinity in column 31, partition 1, row 2",
    );
    await expect(new HistGradientBoostingRegressor({ categoricalFeatures: [2] }).fit(sparse(rows), y)).rejects.toThrow(
      "X is sparse, so column 2 cannot hold codes of categories",
    );
    const model = await new HistGradientBoostingRegressor({ maxIter: 2 }).fit(sparse(rows), y);
    expect(() => model.applyLeaves(sparse(rows))).toThrow("X is sparse");
    expect(() => model.predict(DistributedArray.fromRows([[1, 2]]))).toThrow("columns");
  });
});
