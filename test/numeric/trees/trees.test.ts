import { describe, expect, it } from "vitest";
import { binThresholds } from "#src/numeric/trees/bin-thresholds.js";
import { addExact, exactScale, exactSumOf, exactValue, floorPowerOfTwo } from "#src/numeric/trees/exact-scale.js";
import { bestSplit, sumsOf } from "#src/numeric/trees/split-search.js";
import { TreeGrower, type Expansion, type GrowthRules } from "#src/numeric/trees/tree-grower.js";

describe("binThresholds", () => {
  it("puts thresholds between distinct values while there are bins for all", () => {
    expect(Array.from(binThresholds(Float64Array.of(3, 1, NaN, 2, 3, 1), undefined, 3))).toEqual([1.5, 2.5]);
    expect(binThresholds(Float64Array.of(NaN, NaN), undefined, 5).length).toBe(0);
    expect(binThresholds(Float64Array.of(7, 7), undefined, 5).length).toBe(0);
  });

  it("cuts more values into shares of the weight, and leaves weight 0 out", () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => i);
    expect(Array.from(binThresholds(values, undefined, 4))).toEqual([24.5, 49.5, 74.5]);
    const weights = values.map((value) => (value < 50 ? 3 : 1));
    expect(Array.from(binThresholds(values, weights, 4))).toEqual([16.5, 33.5, 49.5]);
    expect(
      Array.from(
        binThresholds(
          values,
          values.map((v) => Number(v < 20)),
          4,
        ),
      ),
    ).toEqual([4.5, 9.5, 14.5]);
    // Half of the rows are one value.
    const heavy = Float64Array.from({ length: 100 }, (_, i) => Math.max(0, i - 50));
    expect(Array.from(binThresholds(heavy, undefined, 10))).toEqual([0.5, 9.5, 19.5, 29.5, 39.5]);
  });

  it("keeps thresholds at or above the left of two neighbours", () => {
    const a = 1;
    const b = 1 + Number.EPSILON;
    const [threshold] = binThresholds(Float64Array.of(a, b), undefined, 255);
    expect(threshold).toBe(a);
    expect(Array.from(binThresholds(Float64Array.of(-1.7e308, 1.7e308), undefined, 255))).toEqual([0]);
  });
});

describe("exact sums", () => {
  it("have the same bits in any order and grouping", () => {
    const terms = Array.from({ length: 999 }, (_, i) => Math.sin(i) * 10 ** (i % 7));
    const scale = exactScale(1e6, terms.length, 50);
    const whole = exactSumOf(terms.length, (i) => terms[i]!, scale);
    const back = exactSumOf(terms.length, (i) => terms[998 - i]!, scale);
    const parts = addExact(
      exactSumOf(400, (i) => terms[i]!, scale),
      exactSumOf(599, (i) => terms[400 + i]!, scale),
    );
    expect(back).toEqual(whole);
    expect(parts).toEqual(whole);
    expect(exactValue(whole, scale)).toBeCloseTo(
      terms.reduce((a, b) => a + b),
      6,
    );
  });

  it("scale by powers of two that leave room for all rows", () => {
    expect([1, 3, 0.75, 4096.5, 2 ** -1000].map(floorPowerOfTwo)).toEqual([1, 2, 0.5, 4096, 2 ** -1000]);
    for (const [bound, rows] of [
      [1, 10],
      [3.7, 5_000_000],
      [1e-9, 2 ** 30],
    ] as const) {
      const scale = exactScale(bound, rows, 30);
      expect(bound * scale).toBeLessThanOrEqual(2 ** 30);
      expect(bound * scale * rows).toBeLessThan(2 ** 53);
      expect(Math.log2(scale) % 1).toBe(0);
    }
    expect(exactScale(0, 5, 30)).toBe(1);
  });
});

describe("TreeGrower", () => {
  /** Rows of one column of 200 bins with these gradients, measured like an engine would. */
  function grow(
    g: readonly number[],
    change: Partial<GrowthRules>,
  ): { grower: TreeGrower; rounds: number; splits: Expansion[] } {
    const rules: GrowthRules = {
      minSamplesLeaf: 1,
      l2Regularization: 0,
      gScale: 1,
      hScale: 1,
      bins: Int32Array.of(200),
      maxLeafNodes: 31,
      maxDepth: Infinity,
      learningRate: 1,
      ...change,
    };
    const rows = new Map([[0, g.map((_, i) => i)]]);
    const histogram = (own: readonly number[]): Float64Array => {
      const out = new Float64Array(3 * 256);
      for (const i of own) {
        out[i % 200]! += g[i]!;
        out[256 + (i % 200)]! += 1;
        out[512 + (i % 200)]! += 1;
      }
      return out;
    };
    const splits: Expansion[] = [];
    const follow = (asked: readonly Expansion[]): void => {
      for (const split of asked) {
        rows.set(
          split.left,
          rows.get(split.node)!.filter((i) => i % 200 <= split.bin),
        );
        rows.set(
          split.right,
          rows.get(split.node)!.filter((i) => i % 200 > split.bin),
        );
        splits.push(split);
      }
    };
    const grower = new TreeGrower(rules);
    let rounds = 0;
    for (let asked = grower.next(); asked; asked = grower.next()) {
      rounds += 1;
      follow(asked.expansions);
      grower.accept(
        asked.searches.map(({ node, sums: known, limits }) => {
          const own = histogram(rows.get(node)!);
          const sums = known ?? sumsOf(own);
          expect(sums).toEqual(sumsOf(own));
          return { sums, split: bestSplit(own, sums, rules, limits) ?? null };
        }),
      );
    }
    follow(grower.takePending());
    return { grower, rounds, splits };
  }
  const g = Array.from({ length: 400 }, (_, i) => Math.round(100 * Math.sin(i * i)) + (i % 200 > 90 ? 60 : 0));

  it("takes few rounds, and gives the tree that grows leaf by leaf", () => {
    const { grower, rounds } = grow(g, {});
    const tree = grower.finish();
    expect(tree.leaves.length).toBe(31);
    expect(rounds).toBeLessThan(14);
    // The splits of a tree with fewer leaves are the first ones of a tree with more.
    let before = 0;
    for (const maxLeafNodes of [2, 3, 5, 9, 17, 31]) {
      const gains = Array.from(grow(g, { maxLeafNodes }).grower.finish().gain).filter((gain) => gain > 0);
      expect(gains.length).toBe(maxLeafNodes - 1);
      const sum = gains.reduce((a, b) => a + b);
      expect(sum).toBeGreaterThan(before);
      before = sum;
    }
  });

  it("keeps to depth and rows of a leaf", () => {
    const shallow = grow(g, { maxDepth: 2 }).grower.finish();
    expect(shallow.leaves.length).toBe(4);
    const wide = grow(g, { minSamplesLeaf: 70 }).grower.finish();
    expect(Math.min(...wide.count)).toBeGreaterThanOrEqual(70);
    const single = grow(
      g.map(() => 0),
      {},
    ).grower.finish();
    expect(Array.from(single.feature)).toEqual([-1]);
    expect(Array.from(single.value)).toEqual([0]);
    expect(grow(g, { maxLeafNodes: Infinity, minSamplesLeaf: 40 }).grower.finish().leaves.length).toBeGreaterThan(4);
  });

  it("leaves values of −G / (H + l2) and splits that the rows can follow", () => {
    const { grower, splits } = grow(g, { l2Regularization: 2, maxLeafNodes: 5 });
    const tree = grower.finish();
    expect(splits.length).toBeGreaterThanOrEqual(4);
    const sums = (from: number, to: number): number =>
      g.reduce((sum, value, i) => (i % 200 >= from && i % 200 <= to ? sum + value : sum), 0);
    const root = tree.bin[0]!;
    expect(tree.count[1]).toBe(2 * (root + 1));
    const two = grow(g, { l2Regularization: 2, maxLeafNodes: 2 }).grower.finish();
    expect(two.value[1]).toBeCloseTo(-sums(0, root) / (2 * (root + 1) + 2), 10);
  });
});
