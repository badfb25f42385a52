import { describe, expect, it } from "vitest";
import { HistGradientBoostingRanker } from "#models/index.js";
import { rankingGroup } from "#models/boosting/ranking-loss.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { goldenCase, loadGolden, numberOf } from "../../golden/load-golden.js";

const { data, expected } = goldenCase(loadGolden("boosting"), "lightgbm-ranker");
const columns = data.columns!.map((column) => Float64Array.from(column));
const y = Float64Array.from(data.y as number[]);
const groups = Float64Array.from((data as unknown as { groups: number[] }).groups);
const params = { maxIter: 25, maxLeafNodes: 7, minSamplesLeaf: 10, ndcgAt: 10 };
const cut = (partitions: number): DistributedArray => DistributedArray.fromColumns(columns, { partitions });

describe("HistGradientBoostingRanker", () => {
  it("comes to LightGBM's NDCG", async () => {
    const model = await new HistGradientBoostingRanker(params).fit(cut(3), y, { groups });
    const own = await model.score(cut(2), y, { groups });
    expect(own).toBeGreaterThan(numberOf(expected, "ndcg") - 0.02);
    expect(model.trainScore.at(-1)! + 1).toBeCloseTo(own, 9);
    expect(model.trainScore[0]! + 1).toBeLessThan(own - 0.1);
  });

  it("has the same bits for any partitioning, groups over several of them", async () => {
    const w = y.map((_, i) => 0.5 + (i % 3));
    const own = { ...params, maxIter: 6, earlyStopping: true, validationFraction: 0.3, subsample: 0.8 };
    const fits: HistGradientBoostingRanker[] = [];
    for (const partitions of [1, 3, 7])
      fits.push(await new HistGradientBoostingRanker(own).fit(cut(partitions), y, { groups, sampleWeight: w }));
    expect(fits[1]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[2]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[0]!.validationScore.length).toBe(7);
  });

  it("has lambdas that a sum over all pairs has", () => {
    const score = Float64Array.of(0.3, -0.2, 1.1, 0.3, 0.7);
    const relevance = Float64Array.of(2, 0, 1, 3, 0);
    const order = [2, 4, 0, 3, 1];
    const rank = (i: number): number => order.indexOf(i);
    const gain = (i: number): number => 2 ** relevance[i]! - 1;
    const discount = (k: number): number => 1 / Math.log2(k + 2);
    const best = 7 * discount(0) + 3 * discount(1) + 1 * discount(2);
    const [g, h] = [new Float64Array(5), new Float64Array(5)];
    for (let a = 0; a < 5; a++) {
      for (let b = 0; b < 5; b++) {
        if (relevance[a]! <= relevance[b]! || Math.min(rank(a), rank(b)) >= 3) continue;
        const change =
          (Math.abs(gain(a) - gain(b)) * Math.abs(discount(rank(a)) - discount(rank(b)))) /
          (7 * discount(0) + 3 * discount(1) + discount(2));
        const p = 1 / (1 + Math.exp(2 * (score[a]! - score[b]!)));
        g[a]! -= 2 * change * p;
        g[b]! += 2 * change * p;
        h[a]! += 4 * change * p * (1 - p);
        h[b]! += 4 * change * p * (1 - p);
      }
    }
    const [own, curve] = [new Float64Array(5), new Float64Array(5)];
    const rules = { truncation: 3, sigmoid: 2, normalize: false, at: 5 };
    const ndcg = rankingGroup(score, relevance, rules, own, curve);
    own.forEach((value, i) => expect(value).toBeCloseTo(g[i]!, 12));
    curve.forEach((value, i) => expect(value).toBeCloseTo(h[i]!, 12));
    expect(ndcg).toBeCloseTo(order.reduce((sum, i, k) => sum + gain(i) * discount(k), 0) / best, 12);
    expect(rankingGroup(score, new Float64Array(5), rules, own.fill(0), curve.fill(0))).toBe(1);
    expect(own.every((value) => value === 0)).toBe(true);
  });

  it("says what is wrong with groups and relevance", async () => {
    const X = [[1], [2], [3], [4]];
    const ranker = new HistGradientBoostingRanker({ minSamplesLeaf: 1, maxIter: 2 });
    await expect(ranker.fit(X, [0, 1, 0, 1])).rejects.toThrow("Pass { groups }");
    await expect(ranker.fit(X, [0, 1, 0, 1], { groups: [1, 2, 1, 2] })).rejects.toThrow(
      "group 1 appears again at row 2",
    );
    await expect(ranker.fit(X, [0, -1, 0, 1], { groups: [1, 1, 2, 2] })).rejects.toThrow("y must be >= 0 and <= 31");
    await expect(ranker.fit(X, [0, 40, 0, 1], { groups: [1, 1, 2, 2] })).rejects.toThrow(
      "got 40 in partition 0, row 1",
    );
    await expect(ranker.fit(X, [0, 1, 0, 1], { groups: [1, 1, 2] })).rejects.toThrow("groups");
    await ranker.fit(X, [1, 1, 1, 1], { groups: [1, 1, 2, 2] });
    expect(Array.from(await ranker.predict(X))).toEqual([0, 0, 0, 0]);
    const alone = await new HistGradientBoostingRanker({ maxIter: 2 }).fit(X, [0, 1, 2, 3], { groups: [1, 2, 3, 4] });
    expect(await alone.score(X, [0, 1, 2, 3], { groups: [1, 2, 3, 4] })).toBe(1);
  });
});
