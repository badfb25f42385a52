import { describe, expect, it } from "vitest";
import { loadBreastCancer, loadDiabetes, loadDigits, loadWine } from "#datasets/index.js";
import {
  DecisionTreeClassifier,
  DecisionTreeRegressor,
  ExtraTreesClassifier,
  ExtraTreesRegressor,
  RandomForestClassifier,
  RandomForestRegressor,
} from "#models/index.js";
import { drawsOf } from "#models/forest/forest-tasks.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../../golden/load-golden.js";

const golden = loadGolden("forest");

const cutAt = (columns: readonly ArrayLike<number>[], counts: readonly number[]): DistributedArray => {
  let at = 0;
  return DistributedArray.concat(
    counts.map((count) => {
      const part = DistributedArray.fromColumns(
        columns.map((column) => Float64Array.from(column).subarray(at, at + count)),
        { partitions: 1 },
      );
      at += count;
      return part;
    }),
  );
};

const expectClose = (own: ArrayLike<number>, expected: readonly number[], digits: number): void => {
  expect(own.length).toBe(expected.length);
  expected.forEach((value, i) => expect(own[i]).toBeCloseTo(value, digits));
};

describe("decision trees", () => {
  it.each([
    ["gini", { minSamplesLeaf: 20 }],
    ["gini-weights", { minSamplesLeaf: 20 }],
    ["entropy", { minSamplesLeaf: 30, criterion: "entropy", maxDepth: 3 }],
    ["balanced", { minSamplesLeaf: 20, classWeight: "balanced", maxLeafNodes: 9 }],
  ] as const)("are scikit-learn's where each value has a bin (%s)", async (name, params) => {
    const { data, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
    const sampleWeight = data.sampleWeight;
    const model = await new DecisionTreeClassifier(params).fit(
      X,
      data.y as number[],
      sampleWeight ? { sampleWeight } : {},
    );
    expect(model.depths[0]).toBe(numberOf(expected, "depth"));
    expect(model.leafCounts[0]).toBe(numberOf(expected, "leaves"));
    expectClose(model.featureImportances, numbersOf(expected, "importances"), 8);
    const own = await model.predictProba(X).compute();
    expectClose(
      own.columns.flatMap((column) => Array.from(column as Float64Array)),
      numbersOf(expected, "proba"),
      9,
    );
  });

  it.each([
    ["squared", { minSamplesLeaf: 20 }],
    ["squared-weights", { minSamplesLeaf: 20 }],
    ["limits", { maxLeafNodes: 12, minSamplesSplit: 40, minImpurityDecrease: 0.4, minSamplesLeaf: 3 }],
    ["poisson", { minSamplesLeaf: 20, criterion: "poisson" }],
  ] as const)("of numbers are scikit-learn's where each value has a bin (%s)", async (name, params) => {
    const { data, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
    const sampleWeight = data.sampleWeight;
    const model = await new DecisionTreeRegressor(params).fit(
      X,
      data.y as number[],
      sampleWeight ? { sampleWeight } : {},
    );
    expect(model.depths[0]).toBe(numberOf(expected, "depth"));
    expect(model.leafCounts[0]).toBe(numberOf(expected, "leaves"));
    expectClose(model.featureImportances, numbersOf(expected, "importances"), 8);
    expectClose((await model.predict(X).compute()).toFlat() as Float64Array, numbersOf(expected, "prediction"), 7);
  });

  it("split where trying every cut by its definition does", async () => {
    const { data } = goldenCase(golden, "gini");
    const columns = data.columns!.map((column) => column.map((value) => (Number.isNaN(value) ? 1 : value)));
    const y = data.y as number[];
    const rows = y.map((_, i) => columns.map((column) => column[i]!));
    const impurity: Record<string, (part: readonly number[]) => number> = {
      gini: (part) =>
        1 - [0, 1, 2].reduce((sum, k) => sum + (part.filter((v) => v === k).length / part.length) ** 2, 0),
      entropy: (part) =>
        [0, 1, 2].reduce((sum, k) => {
          const p = part.filter((v) => v === k).length / part.length;
          return p > 0 ? sum - p * Math.log2(p) : sum;
        }, 0),
    };
    for (const criterion of ["gini", "entropy"] as const) {
      let best = { feature: -1, left: "", gain: 0 };
      for (const [feature, column] of columns.entries()) {
        for (const cut of new Set(column)) {
          const left = y.filter((_, i) => column[i]! <= cut);
          const right = y.filter((_, i) => column[i]! > cut);
          if (Math.min(left.length, right.length) < 1) continue;
          const gain =
            y.length * impurity[criterion]!(y) -
            left.length * impurity[criterion]!(left) -
            right.length * impurity[criterion]!(right);
          if (gain > best.gain + 1e-9) best = { feature, left: left.join(), gain };
        }
      }
      const { trees } = await new DecisionTreeClassifier({ criterion, maxDepth: 1 }).fit(rows, y);
      expect(trees.feature[0]).toBe(best.feature);
      expect(y.filter((_, i) => columns[best.feature]![i]! <= trees.threshold[0]!).join()).toBe(best.left);
      expect(trees.gain[0]).toBeCloseTo(best.gain, 9);
    }
  });

  it("grown to the end know every row, also where no single split gains anything", async () => {
    const X = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [NaN, 0],
    ];
    const model = await new DecisionTreeClassifier().fit(X, ["a", "b", "b", "a", "c"]);
    expect(await model.predict(X)).toEqual(["a", "b", "b", "a", "c"]);
    expect((await model.predictProba(X)).toRows()[4]).toEqual([0, 0, 1]);
    const { X: all, target } = loadDiabetes();
    const exact = await new DecisionTreeRegressor().fit(all, target);
    expect(await exact.score(all, target)).toBeCloseTo(1, 12);
    const random = await new DecisionTreeRegressor({ splitter: "random", randomState: 3 }).fit(all, target);
    expect(await random.score(all, target)).toBeCloseTo(1, 12);
    expect(random.trees.feature).not.toEqual(exact.trees.feature);
  });
});

describe("forests", () => {
  const { data } = goldenCase(golden, "gini");
  const columns = data.columns!;
  const classes = data.y as number[];
  const value = goldenCase(golden, "squared").data.y as number[];
  const sampleWeight = goldenCase(golden, "gini-weights").data.sampleWeight!;

  it("have the same bits for any partitioning, any weights and any engine", async () => {
    const engines = [new InlineEngine(), new LocalEngine({ threads: 1 }), new LocalEngine({ threads: 2 })];
    for (const make of [
      () => new RandomForestClassifier({ nEstimators: 11, oobScore: true, randomState: 5 }),
      () => new ExtraTreesClassifier({ nEstimators: 4, maxLeafNodes: 12 }),
    ]) {
      let expected: unknown;
      for (const [k, counts] of [[240], [80, 80, 80], [1, 0, 200, 10, 9, 0, 20]].entries()) {
        const model = await make().fit(cutAt(columns, counts), classes, { engine: engines[k]!, sampleWeight });
        expected ??= model.toJSON();
        expect(model.toJSON()).toEqual(expected);
      }
    }
    let expected: unknown;
    for (const [k, counts] of [[240], [80, 80, 80], [1, 0, 200, 10, 9, 0, 20]].entries()) {
      const model = await new RandomForestRegressor({ nEstimators: 9, maxFeatures: 2, oobScore: true }).fit(
        cutAt(columns, counts),
        value,
        { engine: engines[k]!, sampleWeight },
      );
      expected ??= model.toJSON();
      expect(model.toJSON()).toEqual(expected);
    }
    for (const engine of engines) {
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });

  it("leave rows of weight 0 out, bit for bit, and draw others by another seed", async () => {
    const rows = classes.map((_, i) => columns.map((column) => column[i]!));
    const none = classes.map((_, i) => Number(i % 3 !== 1));
    const params = { nEstimators: 6 };
    const without = await new RandomForestClassifier(params).fit(
      rows.filter((_, i) => none[i] === 1),
      classes.filter((_, i) => none[i] === 1),
    );
    const weighted = await new RandomForestClassifier(params).fit(rows, classes, { sampleWeight: none });
    expect(weighted.trees.feature).toEqual(without.trees.feature);
    expect(weighted.trees.count).toEqual(without.trees.count);
    const other = await new RandomForestClassifier({ ...params, randomState: 1 }).fit(rows, classes);
    const again = await new RandomForestClassifier({ ...params, randomState: 0 }).fit(rows, classes);
    const usual = await new RandomForestClassifier(params).fit(rows, classes);
    expect(again.trees).toEqual(usual.trees);
    expect(other.trees.feature).not.toEqual(usual.trees.feature);
  });

  it("draw rows as Poisson numbers do", () => {
    const rng = new CounterRng(1, "test of draws");
    for (const mean of [0.3, 1]) {
      const draws = Array.from({ length: 20_000 }, (_, row) => drawsOf(rng, row, mean));
      const average = draws.reduce((a, b) => a + b) / draws.length;
      const variance = draws.reduce((sum, k) => sum + (k - average) ** 2, 0) / draws.length;
      // Four standard errors.
      expect(Math.abs(average - mean)).toBeLessThan(4 * Math.sqrt(mean / 20_000));
      expect(Math.abs(variance - mean)).toBeLessThan(0.06);
      expect(draws.filter((k) => k === 0).length / 20_000).toBeCloseTo(Math.exp(-mean), 1.7);
    }
  });

  const split = (set: { X: DistributedArray; target: ArrayLike<number> }) => async () => {
    const rows = (await set.X.compute()).toRows();
    const pick = <T>(list: readonly T[], test: boolean): T[] => list.filter((_, i) => (i % 3 === 0) === test);
    const y = Array.from(set.target);
    return { train: pick(rows, false), yTrain: pick(y, false), test: pick(rows, true), yTest: pick(y, true) };
  };
  const sets = {
    "breast-cancer": split(loadBreastCancer()),
    wine: split(loadWine()),
    digits: split(loadDigits()),
    diabetes: split(loadDiabetes()),
  };

  it.each([
    ["random-forest-classifier", "breast-cancer", new RandomForestClassifier()],
    ["random-forest-classifier", "wine", new RandomForestClassifier()],
    ["random-forest-classifier", "digits", new RandomForestClassifier()],
    ["random-forest-regressor", "diabetes", new RandomForestRegressor({ maxFeatures: 0.4, minSamplesLeaf: 3 })],
    ["extra-trees-classifier", "breast-cancer", new ExtraTreesClassifier()],
    ["extra-trees-classifier", "wine", new ExtraTreesClassifier()],
    ["extra-trees-classifier", "digits", new ExtraTreesClassifier()],
    ["extra-trees-regressor", "diabetes", new ExtraTreesRegressor({ minSamplesLeaf: 3 })],
  ] as const)("score as scikit-learn's do on rows they did not see (%s, %s)", async (name, set, model) => {
    const expected = goldenCase(golden, name).expected[set] as Record<string, number>;
    const { train, yTrain, test, yTest } = await sets[set]();
    await model.fit(train, yTrain);
    const score = await model.score(test, yTest);
    // Beyond the range of five seeds by a row or two.
    expect(score).toBeGreaterThan(expected["least"]! - 0.015);
    expect(score).toBeLessThan(expected["most"]! + 0.03);
  });

  it("score the rows that trees did not draw about as others", async () => {
    const { train, yTrain, test, yTest } = await sets.digits();
    const model = await new RandomForestClassifier({ oobScore: true }).fit(train, yTrain);
    expect(Math.abs(model.oobScore! - (await model.score(test, yTest)))).toBeLessThan(0.03);
    const frequencies = model.oobDecisionFunction!;
    expect(frequencies.rows).toBe(train.length);
    for (const row of frequencies.toRows()) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    const few = await new RandomForestClassifier({ oobScore: true, nEstimators: 1 }).fit(train, yTrain);
    const drawn = few.oobDecisionFunction!.toRows().filter((row) => Number.isNaN(row[0])).length;
    expect(drawn / train.length).toBeCloseTo(1 - Math.exp(-1), 1);
    expect(few.oobScore).toBeGreaterThan(0.5);
    expect(model.featureImportances.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  });

  it("average their trees", async () => {
    const { X, target } = loadDiabetes();
    const model = await new RandomForestRegressor({ nEstimators: 7, maxSamples: 0.5, maxDepth: 4 }).fit(X, target);
    const rows = (await X.compute()).toRows();
    const { offsets, feature, threshold, left, value: own } = model.trees;
    const mean = rows.map((row) => {
      let sum = 0;
      for (let t = 0; t < 7; t++) {
        let k = 0;
        while (feature[offsets[t]! + k]! >= 0) {
          const at = offsets[t]! + k;
          k = left[at]! + (row[feature[at]!]! <= threshold[at]! ? 0 : 1);
        }
        sum += own[offsets[t]! + k]!;
      }
      return sum / 7;
    });
    expectClose((await model.predict(X).compute()).toFlat() as Float64Array, mean, 9);
    expect(model.depths.every((depth) => depth <= 4)).toBe(true);
    const roots = Array.from({ length: 7 }, (_, t) => model.trees.count[offsets[t]!]!);
    // Four standard errors.
    for (const count of roots) expect(Math.abs(count / rows.length - (1 - Math.exp(-0.5)))).toBeLessThan(0.094);
  });

  it("say what is wrong", async () => {
    const X = [[1], [2], [3]];
    const reject = (model: { fit(x: number[][], y: number[]): Promise<unknown> }, y = [1, 2, 3]) =>
      expect(model.fit(X, y)).rejects;
    await reject(new RandomForestRegressor({ maxFeatures: 2 })).toThrow("maxFeatures is 2, but X has 1 columns");
    await reject(new RandomForestRegressor({ maxSamples: 9 })).toThrow("maxSamples is 9, but X has 3 rows");
    await reject(new ExtraTreesRegressor({ oobScore: true })).toThrow("Pass bootstrap: true");
    await reject(new DecisionTreeRegressor({ criterion: "poisson" }), [1, -1, 2]).toThrow(
      `y must be >= 0 for criterion "poisson"; got -1 in partition 0, row 1. Check the target, or use criterion "squared_error".`,
    );
    await reject(new DecisionTreeRegressor({ criterion: "poisson" }), [0, 0, 0]).toThrow("y is 0 in every row");
    await reject(new DecisionTreeClassifier(), [1, 1, 1]).toThrow("one class only");
    await reject(new DecisionTreeClassifier({ classWeight: { "7": 2 } })).toThrow('classWeight has the label "7"');
    expect(() => new RandomForestClassifier({ maxFeatures: 1.5 })).toThrow("maxFeatures");
    const csr = DistributedArray.fromCsr({ cols: 1, indptr: [0, 1, 2, 3], indices: [0, 0, 0], values: [1, 2, 3] });
    await expect(new RandomForestRegressor().fit(csr, [1, 2, 3])).rejects.toThrow("X is sparse");
    const model = await new DecisionTreeClassifier().fit(X, [1, 2, 3]);
    const json = structuredClone(model.toJSON()) as { state: Record<string, unknown> } & ReturnType<
      typeof model.toJSON
    >;
    json.state["frequencies"] = { $type: "Float64Array", data: "" };
    expect(() => DecisionTreeClassifier.fromJSON(json)).toThrow("differ in length");
  });
});
