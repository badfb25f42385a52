import { describe, expect, it } from "vitest";
import { loadDiabetes, makeRegression } from "#datasets/index.js";
import { HistGradientBoostingRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { TreeEnsemble } from "#src/numeric/trees/tree-ensemble.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../../golden/load-golden.js";

const golden = loadGolden("boosting");
const FEW = { maxIter: 40, minSamplesLeaf: 5 };
const DIRECTIONS = [0, 0, 1, 1, -1, 0, -1, 0, 1, 0];

/** Columns of every path from a root to a leaf. */
function pathsOf(trees: TreeEnsemble): number[][] {
  const paths: number[][] = [];
  for (let t = 0; t + 1 < trees.offsets.length; t++) {
    const root = trees.offsets[t]!;
    const visit = (k: number, path: number[]): void => {
      const feature = trees.feature[root + k]!;
      if (feature < 0) return void paths.push([...new Set(path)]);
      for (const side of [0, 1]) visit(trees.left[root + k]! + side, [...path, feature]);
    };
    visit(0, []);
  }
  return paths;
}

describe("constraints of boosted trees", () => {
  it.each([
    [
      "sets",
      {
        interactionConstraints: [
          [0, 2, 3],
          [2, 8],
          [4, 5, 6],
        ],
      },
    ],
    ["pairwise", { interactionConstraints: "pairwise" }],
    ["no-interactions", { interactionConstraints: "noInteractions" }],
  ] as const)("predict what scikit-learn does on diabetes (%s)", async (name, params) => {
    const { data: own, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(own.columns!, { partitions: 3 });
    const interactionConstraints = params.interactionConstraints as never;
    const model = await new HistGradientBoostingRegressor({ ...FEW, interactionConstraints }).fit(X, own.y as number[]);
    const predicted = (await model.predict(X).compute()).toFlat();
    const sk = numbersOf(expected, "prediction");
    const worst = sk.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(predicted[i])) / value), 0);
    expect(worst).toBeLessThan(2e-3);
    expect(await model.score(X, own.y as number[])).toBeCloseTo(numberOf(expected, "r2"), 4);
  });

  it("fit monotone columns as closely as scikit-learn, whose gain of a cut step is another", async () => {
    const { data: own, expected } = goldenCase(golden, "monotonic");
    const X = DistributedArray.fromColumns(own.columns!, { partitions: 3 });
    const model = await new HistGradientBoostingRegressor({ ...FEW, monotonicConstraints: DIRECTIONS }).fit(
      X,
      own.y as number[],
    );
    const r2 = await model.score(X, own.y as number[]);
    expect(r2).toBeGreaterThan(numberOf(expected, "r2"));
    const predicted = (await model.predict(X).compute()).toFlat();
    const sk = numbersOf(expected, "prediction");
    const off = sk.map((value, i) => Math.abs(value - Number(predicted[i]))).toSorted((a, b) => a - b);
    // In the units of a target from 25 to 346.
    expect(off[off.length >> 1]).toBeLessThan(6);
  });

  it.each(["leaf", "depth"] as const)(
    "never fall against a monotone column, whatever the others are (%s)",
    async (growth) => {
      const { X, target } = loadDiabetes();
      const rows = (await X.compute()).toRows();
      const params = { ...FEW, growth, maxFeatures: 0.6, l1Regularization: 5 };
      const count = async (monotonicConstraints: number[] | null): Promise<number> => {
        const model = await new HistGradientBoostingRegressor({ ...params, monotonicConstraints }).fit(rows, target);
        let broken = 0;
        for (const [column, direction] of DIRECTIONS.entries()) {
          if (direction === 0) continue;
          const values = rows
            .map((row) => row[column]!)
            .toSorted((a, b) => a - b)
            .filter((_, k) => k % 40 === 0);
          for (const row of rows.slice(0, 20)) {
            const swept = await model.predict(values.map((value) => row.with(column, value)));
            for (let k = 1; k < swept.length; k++) if (direction * (swept[k]! - swept[k - 1]!) < -1e-9) broken += 1;
          }
        }
        return broken;
      };
      expect(await count(DIRECTIONS)).toBe(0);
      expect(await count(null)).toBeGreaterThan(0);
    },
  );

  it("take columns by name, and keep every path to one set", async () => {
    const { X, target, featureNames } = loadDiabetes();
    const sets = [
      [featureNames[0]!, featureNames[2]!, 3],
      [4, 5],
    ];
    const model = await new HistGradientBoostingRegressor({ ...FEW, interactionConstraints: sets }).fit(X, target);
    const allowed = [
      [0, 2, 3],
      [4, 5],
      [1, 6, 7, 8, 9],
    ];
    const paths = pathsOf(model.trees);
    expect(paths.some((path) => path.length > 1)).toBe(true);
    for (const path of paths) expect(allowed.some((set) => path.every((column) => set.includes(column)))).toBe(true);
    const byName = await new HistGradientBoostingRegressor({
      ...FEW,
      monotonicConstraints: { [featureNames[2]!]: 1 },
    }).fit(X, target);
    const byPlace = await new HistGradientBoostingRegressor({
      ...FEW,
      monotonicConstraints: [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    }).fit(X, target);
    expect(byName.trees).toEqual(byPlace.trees);
  });

  it("name what does not fit the data", async () => {
    const { X, target } = loadDiabetes();
    const fit = (params: object): Promise<unknown> => new HistGradientBoostingRegressor(params).fit(X, target);
    await expect(fit({ monotonicConstraints: { bim: 1 } })).rejects.toThrow(
      'monotonicConstraints has the column "bim", which X lacks. Did you mean "bmi"?',
    );
    await expect(fit({ monotonicConstraints: [1, 0] })).rejects.toThrow("has 2 entries, but X has 10 columns");
    await expect(fit({ interactionConstraints: [[0, 10]] })).rejects.toThrow("has column 10, but X has 10");
    await expect(
      new HistGradientBoostingRegressor({ monotonicConstraints: { a: 1 } }).fit([[1], [2]], [1, 2]),
    ).rejects.toThrow("X has no names");
    expect(() => new HistGradientBoostingRegressor({ monotonicConstraints: { bmi: 2 } })).toThrow(
      "monotonicConstraints",
    );
    expect(() => new HistGradientBoostingRegressor({ interactionConstraints: [[]] })).toThrow("interactionConstraints");
  });
});

describe("parameters of splits", () => {
  it("hold for every leaf", async () => {
    const { X, y } = makeRegression({ nSamples: 600, nFeatures: 5, noise: 4, randomState: 2 });
    const fit = (params: object): Promise<HistGradientBoostingRegressor> =>
      new HistGradientBoostingRegressor({ maxIter: 10, minSamplesLeaf: 2, ...params }).fit(X, y);
    const sizes = (trees: TreeEnsemble): number[] => Array.from(trees.count).filter((_, k) => trees.feature[k]! < 0);
    expect(Math.min(...sizes((await fit({ minChildWeight: 30 })).trees))).toBeGreaterThanOrEqual(30);
    const free = await fit({});
    const gains = Array.from(free.trees.gain)
      .filter((gain) => gain > 0)
      .toSorted((a, b) => a - b);
    const limit = gains[gains.length >> 1]!;
    const held = await fit({ minSplitGain: limit });
    expect(Math.min(...Array.from(held.trees.gain).filter((gain) => gain > 0))).toBeGreaterThan(limit);
    const small = await fit({ maxDeltaStep: 0.5, learningRate: 1 });
    expect(Math.max(...small.trees.value.map(Math.abs))).toBeCloseTo(0.5, 12);
    const sparse = await fit({ l1Regularization: 1e9 });
    expect(sparse.trees.feature.every((feature) => feature < 0)).toBe(true);
    const level = await fit({ growth: "depth", maxLeafNodes: 8, maxIter: 1 });
    const { left, feature } = level.trees;
    const depthOf = (k: number, depth: number): number[] =>
      feature[k]! < 0 ? [depth] : [depthOf(left[k]!, depth + 1), depthOf(left[k]! + 1, depth + 1)].flat();
    expect(depthOf(0, 0)).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  });

  it("draw the same columns for any partitioning, other ones for another seed", async () => {
    const { X, y } = makeRegression({ nSamples: 500, nFeatures: 12, noise: 4, randomState: 2, partitions: 1 });
    const params = { maxIter: 5, colsampleByTree: 0.6, colsampleByLevel: 0.7, maxFeatures: 0.5, randomState: 4 };
    const models = await Promise.all(
      [X, X.repartition(3), X.repartition(7)].map((own) => new HistGradientBoostingRegressor(params).fit(own, y)),
    );
    expect(models[1]!.trees).toEqual(models[0]!.trees);
    expect(models[2]!.trees).toEqual(models[0]!.trees);
    const { trees } = models[0]!;
    for (let t = 0; t < 5; t++) {
      const used = trees.feature.slice(trees.offsets[t]!, trees.offsets[t + 1]!).filter((feature) => feature >= 0);
      expect(new Set(used).size).toBeLessThanOrEqual(8);
    }
    const other = await new HistGradientBoostingRegressor({ ...params, randomState: 5 }).fit(X, y);
    expect(other.trees.feature).not.toEqual(trees.feature);
  });
});
