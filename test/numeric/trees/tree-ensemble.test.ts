import { describe, expect, it } from "vitest";
import { HistGradientBoostingRegressor } from "#models/index.js";
import type { EstimatorJson } from "#src/estimator/estimator.js";
import {
  assertSoundTrees,
  categorySets,
  goesLeft,
  joinTrees,
  type TreeEnsemble,
} from "#src/numeric/trees/tree-ensemble.js";
import type { GrownTree } from "#src/numeric/trees/tree-grower.js";

const stump = (feature: number, bin: number, missingLeft: number, sets?: GrownTree["sets"]): GrownTree => ({
  feature: Int32Array.of(feature, -1, -1),
  bin: Int32Array.of(bin, 0, 0),
  missingLeft: Uint8Array.of(missingLeft, 0, 0),
  left: Int32Array.of(1, 0, 0),
  value: Float64Array.of(0, -1, 1),
  gain: Float64Array.of(4, 0, 0),
  count: Float64Array.of(10, 6, 4),
  cover: Float64Array.of(5, 3, 2),
  ...(sets ? { sets } : {}),
  leaves: [],
});

describe("tree ensembles", () => {
  it("send category codes by their set, and codes that no bin has, negative ones and missing ones by missingLeft", () => {
    // Bins 0 and 2 hold the codes 7, and 40 and 41.
    const trees = joinTrees([stump(0, 0, 1, [Uint32Array.of(0b101), undefined, undefined]), stump(1, 1, 0)], {
      thresholds: [new Float64Array(0), Float64Array.of(0.5, 2.5)],
      categories: [[[7], [9], [40, 41]], undefined],
    });
    assertSoundTrees("Test", trees, 2);
    const left = [7, 9, 40, 41, 7.9, 63, 64, -1, NaN].map((code) => goesLeft(trees, 0, code));
    // 63 is in no bin: a code that the fit did not see is a missing value.
    expect(left).toEqual([true, false, true, true, true, true, true, true, true]);
    expect([2.5, 2.6, NaN].map((x) => goesLeft(trees, 3, x))).toEqual([true, false, false]);
    const other = { ...trees, otherLeft: new Uint8Array(6) };
    expect([64, -1, NaN].map((code) => goesLeft(other, 0, code))).toEqual([false, false, true]);
  });

  it("refuse damaged sets of categories", () => {
    const trees = joinTrees([stump(0, 0, 1, [Uint32Array.of(5), undefined, undefined])], {
      thresholds: [new Float64Array(0)],
    });
    const damaged: Partial<TreeEnsemble>[] = [
      { categoryOffsets: Int32Array.of(0, 1, 1) },
      { categoryOffsets: Int32Array.of(0, 2, 1, 1) },
      { categoryOffsets: Int32Array.of(0, 1, 1, 9) },
      { outputs: 0 },
      { cover: new Float64Array(2) },
    ];
    for (const part of damaged)
      expect(() => assertSoundTrees("Test", { ...trees, ...part }, 1)).toThrow("trees are damaged");
    expect(() => assertSoundTrees("Test", trees, 1)).not.toThrow();
    expect(categorySets([undefined, undefined])).toEqual({});
  });

  it("of files of the first version, with one baseline and no cover, are read", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 3, minSamplesLeaf: 1 }).fit(
      [[0], [1], [2], [3]],
      [0, 1, 4, 9],
    );
    const json = JSON.parse(JSON.stringify(model)) as EstimatorJson & { state: Record<string, unknown> };
    const { baselines, trees, ...rest } = json.state;
    expect(baselines).toBeDefined();
    const { cover, ...older } = trees as Record<string, unknown>;
    expect(cover).toBeDefined();
    const loaded = HistGradientBoostingRegressor.fromJSON({
      ...json,
      state: { ...rest, baseline: model.baseline, trees: older },
    } as EstimatorJson);
    expect(loaded.baselines).toEqual(Float64Array.of(3.5));
    expect(await loaded.predict([[0], [3]])).toEqual(await model.predict([[0], [3]]));
  });
});
