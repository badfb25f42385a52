import { describe, expect, it } from "vitest";
import { inSet } from "#src/numeric/trees/category-split.js";
import { NodeColumns, ROOT_PLACE } from "#src/numeric/trees/node-columns.js";
import { childLimits, nodeStep, stepDecrease, type NodeSums, type SplitRules } from "#src/numeric/trees/split-rules.js";
import { bestSplit, sumsOf } from "#src/numeric/trees/split-search.js";

const rulesOf = (change: Partial<SplitRules> = {}, bins = 6): SplitRules => ({
  minSamplesLeaf: 1,
  l2Regularization: 1,
  gScale: 4,
  hScale: 2,
  bins: Int32Array.of(bins),
  ...change,
});

/** A histogram of one column: g, h and rows of each bin; bin 255 for missing values. */
function histogramOf(bins: Record<number, readonly [number, number, number]>): Float64Array {
  const out = new Float64Array(3 * 256);
  for (const [bin, sums] of Object.entries(bins)) sums.forEach((sum, k) => (out[256 * k + Number(bin)] = sum));
  return out;
}

const some = histogramOf({
  0: [-40, 30, 12],
  1: [24, 26, 11],
  2: [-16, 20, 10],
  3: [60, 40, 15],
  4: [2, 30, 20],
  5: [30, 4, 2],
  255: [-20, 22, 11],
});

const total = (histogram: Float64Array, bins: readonly number[]): NodeSums => {
  const sum = (plane: number): number => bins.reduce((all, bin) => all + histogram[256 * plane + bin]!, 0);
  return { g: sum(0), h: sum(1), count: sum(2) };
};

describe("what a split may be", () => {
  it("takes the step that loses most, by the loss itself", () => {
    for (const change of [{}, { l1Regularization: 3 }, { maxDeltaStep: 0.1 }, { l1Regularization: 30 }]) {
      const rules = rulesOf(change);
      for (const limits of [{}, { lower: -0.05 }, { upper: 0.02, lower: -1 }]) {
        const node = { g: 40, h: 60, count: 20 };
        const step = nodeStep(node, rules, limits);
        const most = change.maxDeltaStep ?? Infinity;
        for (let other = -2; other <= 2; other += 0.01) {
          if (other < (limits.lower ?? -Infinity) || other > (limits.upper ?? Infinity) || Math.abs(other) > most)
            continue;
          expect(stepDecrease(node, other, rules)).toBeLessThanOrEqual(stepDecrease(node, step, rules) + 1e-9);
        }
      }
    }
  });

  it.each([
    {},
    { l1Regularization: 4 },
    { maxDeltaStep: 0.2 },
    { minChildWeight: 45 },
    { minSplitGain: 20 },
    { minSplitGain: 2000 },
    { monotonic: Int8Array.of(1) },
    { monotonic: Int8Array.of(-1) },
  ])("finds what trying every threshold finds (%o)", (change) => {
    const rules = rulesOf(change);
    const node = sumsOf(some);
    const direction = change.monotonic?.[0] ?? 0;
    let best = change.minSplitGain ?? 0;
    let expected: { bin: number; missingLeft: boolean } | undefined;
    for (const missingLeft of [false, true]) {
      for (let bin = 0; bin < 6; bin++) {
        const inside = [0, 1, 2, 3, 4, 5].filter((k) => k <= bin);
        const left = total(some, missingLeft ? [...inside, 255] : inside);
        const right = { g: node.g - left.g, h: node.h - left.h, count: node.count - left.count };
        if (right.count === 0 || Math.min(left.h, right.h) < 2 * (change.minChildWeight ?? 0)) continue;
        const [a, b, whole] = [left, right, node].map((sums) => nodeStep(sums, rules));
        if (direction * (b! - a!) < 0) continue;
        const gain = stepDecrease(left, a!, rules) + stepDecrease(right, b!, rules) - stepDecrease(node, whole!, rules);
        if (gain > best + 1e-12) {
          best = gain;
          expected = { bin, missingLeft };
        }
      }
    }
    const split = bestSplit(some, node, rules);
    expect(split && { bin: split.bin, missingLeft: split.missingLeft }).toEqual(expected);
    if (split) expect(split.gain).toBeCloseTo(best, 9);
  });

  it("parts the steps below a monotone split at the middle", () => {
    const rules = rulesOf({ monotonic: Int8Array.of(1) });
    const split = bestSplit(some, sumsOf(some), rules)!;
    const [a, b] = [nodeStep(split.left, rules), nodeStep(split.right, rules)];
    const [left, right] = childLimits(split, rules, { lower: -5 });
    expect(left).toEqual({ lower: -5, upper: (a + b) / 2 });
    expect(right).toEqual({ lower: (a + b) / 2 });
    expect(childLimits({ ...split, feature: 1 }, rules, { upper: 2 })).toEqual([{ upper: 2 }, { upper: 2 }]);
  });

  it("finds the best of all sets of categories when all have rows enough", () => {
    const node = sumsOf(some);
    const rules = rulesOf({ categorical: Uint8Array.of(1), catSmooth: 0 });
    const split = bestSplit(some, node, rules)!;
    const bins = [0, 1, 2, 3, 4, 5, 255];
    let best = 0;
    for (let mask = 1; mask < 2 ** bins.length - 1; mask++) {
      const left = total(
        some,
        bins.filter((_, k) => (mask >> k) & 1),
      );
      const right = { g: node.g - left.g, h: node.h - left.h, count: 0 };
      const gain = [left, right].reduce((sum, side) => sum + stepDecrease(side, nodeStep(side, rules), rules), 0);
      best = Math.max(best, gain - stepDecrease(node, nodeStep(node, rules), rules));
    }
    expect(split.bin).toBe(-1);
    expect(split.gain / best).toBeGreaterThan(0.95);
    const left = bins.filter((bin) => inSet(split.set!, bin));
    expect(total(some, left)).toEqual(split.left);
    expect(split.missingLeft).toBe(left.includes(255));
  });

  it("sends categories of few rows right, and tries few categories one by one", () => {
    const node = sumsOf(some);
    const smooth = bestSplit(some, node, rulesOf({ categorical: Uint8Array.of(1), catSmooth: 10 }))!;
    expect(inSet(smooth.set!, 5)).toBe(false);
    const single = bestSplit(some, node, rulesOf({ categorical: Uint8Array.of(1), catSmooth: 0, maxCatToOnehot: 7 }))!;
    expect([0, 1, 2, 3, 4, 5, 255].filter((bin) => inSet(single.set!, bin)).length).toBe(1);
    const one = histogramOf({ 3: [9, 9, 40] });
    expect(bestSplit(one, sumsOf(one), rulesOf({ categorical: Uint8Array.of(1) }))).toBeUndefined();
    const rare = histogramOf({ 0: [9, 9, 4], 1: [-9, 9, 4] });
    expect(bestSplit(rare, sumsOf(rare), rulesOf({ categorical: Uint8Array.of(1) }))).toBeUndefined();
  });

  it("sends missing values that it never saw to the child with more rows", () => {
    const complete = histogramOf({ 0: [-40, 30, 30], 1: [40, 30, 12], 2: [-20, 20, 25] });
    const split = bestSplit(complete, sumsOf(complete), rulesOf({ categorical: Uint8Array.of(1) }, 3))!;
    expect(split.missingLeft).toBe(2 * split.left.count > 67);
    expect(inSet(split.set!, 255)).toBe(split.missingLeft);
  });
});

describe("columns of a node", () => {
  const listOf = (mask: Uint8Array | undefined): number[] =>
    Array.from(mask ?? []).flatMap((bit, column) => (bit ? [column] : []));

  it("are drawn one share within the other", () => {
    const columns = new NodeColumns(40, { byTree: 0.5, byLevel: 0.5, byNode: 0.3, seed: 3, tree: 2 });
    const root = listOf(columns.of(ROOT_PLACE));
    expect(root.length).toBe(3);
    const [left, right] = columns.children(ROOT_PLACE, root[0]!);
    const level = new NodeColumns(40, { byTree: 0.5, byLevel: 0.5, seed: 3, tree: 2 });
    const wide = listOf(level.of(left));
    expect(wide.length).toBe(10);
    expect(listOf(level.of(right))).toEqual(wide);
    for (const place of [left, right]) for (const column of listOf(columns.of(place))) expect(wide).toContain(column);
    expect(listOf(columns.of(left))).not.toEqual(listOf(columns.of(right)));
    const tree = listOf(new NodeColumns(40, { byTree: 0.5, seed: 3, tree: 2 }).of(left));
    for (const column of wide) expect(tree).toContain(column);
    expect(listOf(new NodeColumns(40, { byTree: 0.5, seed: 3, tree: 3 }).of(left))).not.toEqual(tree);
    expect(new NodeColumns(40, {}).of(left)).toBeUndefined();
  });

  it("keep to the sets that may meet on a path", () => {
    const columns = new NodeColumns(5, {
      together: [
        [0, 1],
        [1, 2],
        [3, 4],
      ],
    });
    expect(listOf(columns.of(ROOT_PLACE))).toEqual([0, 1, 2, 3, 4]);
    const [below] = columns.children(ROOT_PLACE, 1);
    expect(listOf(columns.of(below))).toEqual([0, 1, 2]);
    const [further] = columns.children(below, 2);
    expect(listOf(columns.of(further))).toEqual([1, 2]);
    expect(listOf(columns.of(columns.children(ROOT_PLACE, 4)[1]))).toEqual([3, 4]);
  });
});
