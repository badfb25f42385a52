import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";

let state = 5;
const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;

/** Rows of two one-hot groups, of counts with zeros, of numbers below and above zero, and of missing values. */
const n = 900;
const rows = Array.from({ length: n }, () => {
  const hot = (count: number): number[] => {
    const one = Math.floor(next() * count);
    return Array.from({ length: count }, (_, k) => Number(k === one));
  };
  return [
    ...hot(30),
    next() < 0.7 ? 0 : Math.floor(next() * 6),
    next() < 0.5 ? 0 : Math.round((next() - 0.5) * 40) / 4,
    ...hot(12),
    next() < 0.8 ? 0 : next() < 0.3 ? NaN : next(),
    next() * 9,
  ];
});
const width = rows[0]!.length;
const y = rows.map((row) => row[3]! * 4 + row[7]! * 2 + row[30]! + Math.sin(row[31]!) + row[35]! * 3 + next() / 5);

const sparse = (list: readonly (readonly number[])[], counts: readonly number[] = [list.length]): DistributedArray => {
  let at = 0;
  return DistributedArray.concat(
    counts.map((count) => {
      const own = list.slice(at, at + count);
      at += count;
      const [indptr, indices, values] = [[0], [] as number[], [] as number[]];
      for (const row of own) {
        row.forEach((value, j) => {
          if (value === 0) return;
          indices.push(j);
          values.push(value);
        });
        indptr.push(indices.length);
      }
      return DistributedArray.fromCsr(
        {
          indptr: Int32Array.from(indptr),
          indices: Int32Array.from(indices),
          values: Float64Array.from(values),
          cols: width,
        },
        { partitions: 1 },
      );
    }),
  );
};

describe("boosted trees of sparse rows", () => {
  it("have the bits of those of the same rows written out, for any partitioning and engine", async () => {
    const engines = [new InlineEngine(), new LocalEngine({ threads: 2 })];
    const sampleWeight = y.map((_, i) => (i % 5) / 2);
    for (const own of [
      {},
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
