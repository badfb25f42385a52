import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromLightGBM, fromXGBoost, HistGradientBoostingRegressor, ImportedTreesRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { EstimatorJson } from "#src/estimator/estimator.js";
import { gaussPoints } from "#src/numeric/trees/shap-paths.js";
import { concatTrees, goesLeft, type TreeEnsemble } from "#src/numeric/trees/tree-ensemble.js";
import { numbers } from "../../kernels/kernel-harness.js";
import { someTree } from "../../numeric/trees/some-trees.js";

const FOLDER = new URL("../../golden/foreign/", import.meta.url);
const { X, cases } = JSON.parse(readFileSync(new URL("expected.json", FOLDER), "utf8").replaceAll('"NaN"', "null")) as {
  X: (number | null)[][];
  cases: { name: string; file: string; library: string; contributions?: (number | number[])[][] }[];
};
const foreignRows = X.map((row) => row.map((x) => x ?? NaN));

/** A regressor of any trees: a model file is plain data. */
async function modelOf(trees: TreeEnsemble, nFeatures: number): Promise<ImportedTreesRegressor> {
  const model = await fromXGBoost(readFileSync(new URL("xgboost-regression.json", FOLDER)));
  const plain = model.toPlain();
  const outputs = trees.outputs ?? 1;
  const state = {
    ...(plain.state as object),
    trees,
    nFeatures,
    baselines: Float64Array.from({ length: outputs }, (_, k) => 0.5 + k),
  };
  return ImportedTreesRegressor.fromJSON({ ...plain, state } as EstimatorJson);
}

/** The mean of a tree where the columns of `known` are as in the row, by the weights of its children. */
function meanGiven(trees: TreeEnsemble, t: number, row: readonly number[], known: number): number {
  const root = trees.offsets[t]!;
  const below = (k: number): number => {
    const column = trees.feature[k]!;
    if (column < 0) return trees.value[k]!;
    const child = root + trees.left[k]!;
    if ((known >> column) & 1) return below(goesLeft(trees, k, row[column]!) ? child : child + 1);
    const [a, b] = [trees.cover![child]!, trees.cover![child + 1]!];
    return (a * below(child) + b * below(child + 1)) / (a + b);
  };
  return below(root);
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** Shapley values and interactions of one output by all subsets. */
function byBruteForce(trees: TreeEnsemble, row: readonly number[], d: number): { values: number[]; pairs: number[][] } {
  const v = Array.from({ length: 1 << d }, (_, known) => {
    let sum = 0;
    for (let t = 0; t + 1 < trees.offsets.length; t++) sum += meanGiven(trees, t, row, known);
    return sum;
  });
  const size = (set: number): number => set.toString(2).replaceAll("0", "").length;
  const values = Array.from({ length: d }, () => 0);
  const pairs = values.map(() => values.map(() => 0));
  for (let set = 0; set < 1 << d; set++) {
    for (let i = 0; i < d; i++) {
      if ((set >> i) & 1) continue;
      const s = size(set);
      values[i]! += ((factorial(s) * factorial(d - s - 1)) / factorial(d)) * (v[set | (1 << i)]! - v[set]!);
      for (let j = 0; j < d; j++) {
        if (j === i || (set >> j) & 1) continue;
        const both = v[set | (1 << i) | (1 << j)]! - v[set | (1 << i)]! - v[set | (1 << j)]! + v[set]!;
        pairs[i]![j]! += ((factorial(s) * factorial(d - s - 2)) / (2 * factorial(d - 1))) * both;
      }
    }
  }
  return { values, pairs };
}

const D = 4;
const someRows = Array.from({ length: 9 }, (_, i) =>
  numbers(D, i + 3, "plain").map((x, j) =>
    i === 2 && j < 2 ? NaN : i % 3 === 1 ? Math.abs(Math.round(x)) % 40 : x / 9,
  ),
);

describe("explanations of trees", () => {
  it("integrate polynomials exactly", () => {
    for (const n of [1, 2, 3, 7, 16, 40]) {
      const points = gaussPoints(n);
      for (let degree = 0; degree < 2 * n; degree += 1) {
        const sum = points.reduce((total, { t, w }) => total + w * t ** degree, 0);
        expect(sum).toBeCloseTo(1 / (degree + 1), 13);
      }
    }
  });

  it("are the Shapley values and interactions of all subsets", async () => {
    const trees = concatTrees([3, 9, 20].map((leaves, t) => someTree(leaves, D, t + 1)));
    const model = await modelOf(trees, D);
    const shap = (await model.shapValues(someRows)).toRows();
    const squares = (await model.shapInteractions(someRows)).toRows();
    const margins = (await model.decisionFunction(someRows)).toRows();
    someRows.forEach((row, i) => {
      const { values, pairs } = byBruteForce(trees, row, D);
      values.forEach((value, j) => expect(shap[i]![j]).toBeCloseTo(value, 12));
      expect(shap[i]!.reduce((a, b) => a + b)).toBeCloseTo(margins[i]![0]!, 12);
      for (let j = 0; j < D; j++) {
        const line = squares[i]!.slice(j * (D + 1), (j + 1) * (D + 1));
        expect(line.reduce((a, b) => a + b)).toBeCloseTo(values[j]!, 12);
        for (let k = 0; k < D; k++) if (k !== j) expect(line[k]).toBeCloseTo(pairs[j]![k]!, 12);
      }
      expect(squares[i]!.at(-1)).toBeCloseTo(shap[i]![D]!, 12);
    });
  });

  it.each(cases.filter(({ contributions }) => contributions))("are the library's: $name", async (own) => {
    const bytes = readFileSync(new URL(own.file, FOLDER));
    const model = await (own.library === "XGBoost" ? fromXGBoost(bytes) : fromLightGBM(bytes));
    const shap = (await model.shapValues(foreignRows)).toRows();
    // XGBoost sums in float32.
    const most = own.library === "XGBoost" ? 2e-5 : 1e-8;
    shap.forEach((row, i) => {
      const right = own.contributions![i]!.flat();
      expect(right.length).toBe(row.length);
      row.forEach((value, j) =>
        expect(Math.abs(value - right[j]!), `row ${i}, ${j}: ${value}`).toBeLessThan(
          most * Math.max(1, Math.abs(right[j]!)),
        ),
      );
    });
  });

  it("sum to the margins of several outputs, and are the same for any partitions", async () => {
    const bytes = readFileSync(new URL("lightgbm-zero-missing.txt", FOLDER));
    const zero = await fromLightGBM(bytes);
    const three = await fromLightGBM(readFileSync(new URL("lightgbm-multiclass.txt", FOLDER)));
    const own = await new HistGradientBoostingRegressor({ maxIter: 5, minSamplesLeaf: 2 }).fit(
      foreignRows,
      foreignRows.map((row) => row[4]!).map((x) => (Number.isNaN(x) ? 0 : x)),
    );
    for (const model of [zero, three, own]) {
      const outputs = model.baselines.length;
      const width = model.nFeatures + 1;
      const shap = await model.shapValues(foreignRows);
      expect(shap.shape).toEqual([foreignRows.length, ...(outputs > 1 ? [outputs] : []), width]);
      shap.toRows().forEach((row, i) => {
        const margins = foreignRows.map((values) => model.marginsOfRow(values));
        for (let k = 0; k < outputs; k++) {
          const sum = row.slice(k * width, (k + 1) * width).reduce((a, b) => a + b);
          expect(sum).toBeCloseTo(margins[i]![k]!, 10);
        }
      });
      const split = DistributedArray.fromRows(foreignRows, { partitions: 4 });
      expect((await model.shapValues(split).compute()).toRows()).toEqual(shap.toRows());
    }
  });

  it("name the leaf of each row, whose values sum to the margin", async () => {
    const model = await fromLightGBM(readFileSync(new URL("lightgbm-zero-missing.txt", FOLDER)));
    const leaves = await model.applyLeaves(foreignRows);
    const { offsets, value, feature } = model.trees;
    foreignRows.forEach((row, i) => {
      let sum = 0;
      for (let t = 0; t + 1 < offsets.length; t++) {
        const k = offsets[t]! + leaves.at(i, t);
        expect(feature[k]).toBe(-1);
        sum += value[k]!;
      }
      expect(sum).toBeCloseTo(model.marginsOfRow(row)[0]!, 12);
    });
  });

  it("print a tree a node a line", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 2, minSamplesLeaf: 1, learningRate: 1 }).fit(
      [[0], [1], [2], [NaN]],
      [1, 1, 5, 9],
    );
    expect(model.dumpText([0])).toBe(
      [
        "tree 0",
        "  0: x0 <= 1.5 ? 1 : 2, missing 2, gain 36, cover 4, rows 4",
        "    1: leaf -3, cover 2, rows 2",
        "    2: x0 is there ? 3 : 4, missing 4, gain 8, cover 2, rows 2",
        "      3: leaf 1, cover 1, rows 1",
        "      4: leaf 5, cover 1, rows 1",
        "",
      ].join("\n"),
    );
  });
});
