import { describe, expect, it } from "vitest";
import {
  IterativeImputer,
  KNNImputer,
  LabelBinarizer,
  MultiLabelBinarizer,
  SplineTransformer,
  type KNNImputerParams,
} from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { polars } from "#src/collections/frame/polars.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import type { Label } from "#src/estimator/labels.js";
import { iterative } from "../checks/tolerances.js";
import { casesOf, expectClose, expectColumns, named, rowsOf } from "./golden-data.js";

const { load } = casesOf("imputers");
const asColumns = (rows: readonly number[][]): LocalMatrix =>
  new LocalMatrix(
    (rows[0] ?? []).map((_, j) => Float64Array.from(rows, (row) => row[j] as number)),
    rows.length,
  );

describe("SplineTransformer", () => {
  it.each(
    (["constant", "linear", "continue", "periodic"] as const).flatMap((extrapolation) =>
      [0, 1, 2, 3].slice(extrapolation === "constant" ? 1 : 0).map((degree) => [extrapolation, degree] as const),
    ),
  )("agrees with scikit-learn: %s, degree %d", async (extrapolation, degree) => {
    const { X, Z, expected } = load(`spline-${extrapolation}-${degree}`);
    const spline = await new SplineTransformer({ extrapolation, degree }).fit(X);
    expectColumns(await spline.transform(Z), expected["transformed"]);
    expect(spline.getFeatureNamesOut()).toEqual(expected["names"]);
    const sparse = spline.setParams({ sparseOutput: true }).transform(DistributedArray.fromRows(Z, { partitions: 3 }));
    expectColumns(asColumns(await rowsOf(sparse)), expected["transformed"]);
  });

  it.each([
    ["spline-quantile", { nKnots: 6, knots: "quantile", includeBias: false }],
    ["spline-missing", { handleMissing: "zeros" }],
  ] as const)("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const spline = await new SplineTransformer(params).fit(X);
    expectColumns(await spline.transform(Z), expected["transformed"]);
    if (expected["names"]) expect(spline.getFeatureNamesOut()).toEqual(expected["names"]);
  });

  it("agrees with scikit-learn for given knots", async () => {
    const { X, Z, expected } = load("spline-given");
    const knots = expected["knots"] as number[][];
    const spline = await new SplineTransformer({ knots, degree: 2, extrapolation: "linear" }).fit(X);
    expectColumns(await spline.transform(Z), expected["transformed"]);
  });

  it("makes functions that are not negative and add up to 1 between the outer knots", async () => {
    const x = Array.from({ length: 200 }, (_, i) => Math.sin(i) * 3);
    for (const degree of [0, 1, 2, 3, 5]) {
      for (const extrapolation of ["error", "periodic"] as const) {
        const spline = await new SplineTransformer({ degree, nKnots: 7, extrapolation }).fit(named([x]));
        for (const row of await rowsOf(spline.transform(named([x])))) {
          expect(Math.min(...row)).toBeGreaterThanOrEqual(-1e-14);
          expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
        }
      }
    }
  });

  it("are hats at given knots for degree 1", async () => {
    const spline = await new SplineTransformer({ degree: 1, knots: [[0], [1], [4]] }).fit([[2]]);
    expect((await spline.transform([[0], [0.25], [1], [2.5], [4]])).toRows()).toEqual([
      [1, 0, 0],
      [0.75, 0.25, 0],
      [0, 1, 0],
      [0, 0.5, 0.5],
      [0, 0, 1],
    ]);
  });

  it("goes on with the outer steps for degree 0, where scikit-learn fails", async () => {
    const spline = await new SplineTransformer({ degree: 0, nKnots: 3 }).fit([[0], [2]]);
    expect((await spline.transform([[-9], [0.5], [1], [9]])).toRows()).toEqual([
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
  });

  it("names what it cannot take", async () => {
    const spline = await new SplineTransformer({ extrapolation: "error" }).fit(named([[0, 1, 2, 3]]));
    await expect(spline.transform(named([[0, 1, 2, 7]], 2)).compute()).rejects.toThrow(
      'X has 7 in column "a", partition 1, row 1, beyond the knots from 0 to 3',
    );
    await expect(new SplineTransformer({ extrapolation: "periodic", nKnots: 3 }).fit([[1]])).rejects.toThrow(
      "nKnots must be above degree for periodic splines; got 3 knots and degree 3",
    );
    await expect(new SplineTransformer({ knots: [[0], [0]] }).fit([[1]])).rejects.toThrow("must ascend; got 0, then 0");
    await expect(
      new SplineTransformer({
        knots: [
          [0, 1],
          [1, 2],
        ],
      }).fit([[1]]),
    ).rejects.toThrow("knots has 2 numbers in row 0, but X has 1 columns");
  });
});

describe("KNNImputer", () => {
  it.each([
    ["knn-default", {}],
    ["knn-distance", { weights: "distance", nNeighbors: 3 }],
    ["knn-indicator", { addIndicator: true, nNeighbors: 2 }],
    ["knn-keep", { keepEmptyFeatures: true, nNeighbors: 100 }],
  ] as [string, Partial<KNNImputerParams>][])("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const imputer = await new KNNImputer(params).fit(X);
    expectColumns(await imputer.transform(Z), expected["transformed"]);
    expectColumns(await imputer.transform(X).compute(), expected["own"]);
  });

  it("gives what brute force gives, with weights as repeated rows", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(7 * i)]);
    const weights = rows.map((_, i) => i % 4);
    const imputer = await new KNNImputer({ nNeighbors: 4 }).fit(rows, undefined, { sampleWeight: weights });
    const many = rows.flatMap((row, i) => Array.from({ length: weights[i] as number }, () => row));
    const [a, b] = [0.2, -0.4];
    const near = many
      .map((row) => ({ row, d: Math.hypot((row[0] as number) - a, (row[1] as number) - b) }))
      .sort((p, q) => p.d - q.d)
      .slice(0, 4);
    const mean = near.reduce((sum, { row }) => sum + (row[2] as number), 0) / 4;
    expectClose((await imputer.transform([[a, b, NaN]])).columns[2] as Float64Array, [mean]);
  });

  it("keeps a sample that does not depend on the partitions, and refuses to merge more than it may keep", async () => {
    const values = Array.from({ length: 3000 }, (_, i) => Math.sin(i));
    const make = (): KNNImputer => new KNNImputer({ subsample: 500 });
    const [one, many] = await Promise.all([1, 7].map((parts) => make().fit(named([values, values], parts))));
    expect(one?.toJSON()).toEqual(many?.toJSON());
    expect(Math.abs((one?.nSamplesKept ?? 0) - 500)).toBeLessThan(100);
    expect(() => KNNImputer.merge(one as KNNImputer, many as KNNImputer)).toThrow(
      "together they have seen 6000 rows, and at most subsample (500) can be kept",
    );
  });
});

describe("IterativeImputer", () => {
  it.each([
    ["default", {}],
    ["ridge", { alpha: 2.5, maxIter: 4 }],
    ["descending", { imputationOrder: "descending", initialStrategy: "median", maxIter: 3 }],
    ["roman", { imputationOrder: "roman", initialStrategy: "mostFrequent", maxIter: 2 }],
    ["arabic", { imputationOrder: "arabic", initialStrategy: "constant", fillValue: 1.5, maxIter: 2 }],
    ["skip", { skipComplete: true, addIndicator: true }],
    ["limits", { minValue: 0, maxValue: [1, 6, 2, 40, 3, 9], maxIter: 3 }],
    ["keep", { keepEmptyFeatures: true, maxIter: 3, tol: 1e-8 }],
    ["none", { maxIter: 0 }],
  ] as const)("agrees with scikit-learn's with the same regressions: %s", async (name, params) => {
    const { X, Z, expected } = load(`iterative-${name}`);
    const imputer = await new IterativeImputer(params).fit(X);
    expect(imputer.nIter).toBe(expected["nIter"]);
    expectColumns(await imputer.transform(X).compute(), expected["own"], iterative);
    expectColumns(await imputer.transform(Z), expected["transformed"], iterative);
  });

  it("ends where each missing value is what least squares predicts from the others", async () => {
    const { X } = load("iterative-default");
    const narrow = X.columns([0, 1, 2, 3, 4]);
    const imputer = await new IterativeImputer({ maxIter: 200, tol: 1e-13 }).fit(narrow);
    const raw = await narrow.compute();
    const filled = (await imputer.transform(narrow).compute()).columns.map((column) => [...(column as Float64Array)]);
    const n = raw.rows;
    for (let j = 0; j < 4; j++) {
      const others = filled.filter((_, k) => k !== j);
      const there = Array.from({ length: n }, (_, i) => i).filter((i) => !Number.isNaN(raw.at(i, j)));
      const predict = leastSquares(
        there.map((i) => others.map((column) => column[i] as number)),
        there.map((i) => raw.at(i, j)),
      );
      for (let i = 0; i < n; i++) {
        if (!Number.isNaN(raw.at(i, j))) continue;
        const wanted = predict(others.map((column) => column[i] as number));
        expect(Math.abs((filled[j]?.[i] as number) - wanted)).toBeLessThan(1e-7 * Math.max(1, Math.abs(wanted)));
      }
    }
  });

  it("takes dependent columns, weights, and another order a round; warns when it has not converged", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => [i, 2 * i, i % 5 === 0 ? NaN : 3 * i, i % 7 === 3 ? NaN : i]);
    const imputer = await new IterativeImputer({ imputationOrder: "random" }).fit(rows);
    const [twice, weighted] = await Promise.all([
      new IterativeImputer().fit([...rows, ...rows.slice(5)]),
      new IterativeImputer().fit(rows, undefined, { sampleWeight: rows.map((_, i) => (i < 5 ? 1 : 2)) }),
    ]);
    for (const one of [imputer, twice, weighted])
      (await one.transform(rows)).toRows().forEach((row, i) => {
        expect(row[2]).toBeCloseTo(3 * i, 4);
        expect(row[3]).toBeCloseTo(i, 4);
      });
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", listen);
    const { X } = load("iterative-default");
    await new IterativeImputer({ maxIter: 1, tol: 0 }).fit(X);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(warnings.join()).toContain("IterativeImputer.fit: not converged after 1 rounds");
  });

  it("refuses limits that do not fit, and columns without any value", async () => {
    await expect(new IterativeImputer({ minValue: [0, 1] }).fit([[1], [NaN]])).rejects.toThrow(
      "minValue has 2 numbers, but X has 1 columns",
    );
    await expect(new IterativeImputer({ minValue: 3, maxValue: 2 }).fit([[1], [2]])).rejects.toThrow(
      "minValue must be below maxValue; got 3 and 2",
    );
    await expect(new IterativeImputer().fit([[NaN], [NaN]])).rejects.toThrow("no column has a value");
  });
});

/** Least squares with an intercept by Gauss-Jordan elimination. */
function leastSquares(rows: readonly number[][], y: readonly number[]): (row: readonly number[]) => number {
  const design = rows.map((row) => [1, ...row]);
  const p = design[0]?.length ?? 0;
  const system = Array.from({ length: p }, (_, a) => [
    ...Array.from({ length: p }, (__, b) =>
      design.reduce((sum, row) => sum + (row[a] as number) * (row[b] as number), 0),
    ),
    design.reduce((sum, row, i) => sum + (row[a] as number) * (y[i] as number), 0),
  ]);
  for (let k = 0; k < p; k++) {
    const pivot = system
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k] as number) > Math.abs(system[best]?.[k] as number) ? k + i : best), k);
    [system[k], system[pivot]] = [system[pivot] as number[], system[k] as number[]];
    const head = system[k] as number[];
    system.forEach((row, i) => {
      if (i === k) return;
      const factor = (row[k] as number) / (head[k] as number);
      for (let c = k; c <= p; c++) row[c] = (row[c] as number) - factor * (head[c] as number);
    });
  }
  const coef = system.map((row, k) => (row[p] as number) / (row[k] as number));
  return (row) => row.reduce((sum, value, k) => sum + value * (coef[k + 1] as number), coef[0] as number);
}

describe("LabelBinarizer", () => {
  it.each([
    ["three", {}],
    ["signs", { negLabel: -2, posLabel: 5 }],
    ["two", {}],
    ["two-signs", { negLabel: -1 }],
    ["one", {}],
    ["sparse", { sparseOutput: true, posLabel: 3 }],
  ] as const)("agrees with scikit-learn: %s", async (name, params) => {
    const { expected } = load(`labels-${name}`);
    const labels = expected["labels"] as Label[];
    const binarizer = await new LabelBinarizer(params).fit(labels);
    expect(binarizer.classes).toEqual(expected["classes"]);
    expectColumns(binarizer.transform(labels), expected["transformed"]);
    const frame = DistributedDataFrame.fromColumns({ label: labels }, { partitions: 2 });
    const lazy = (await new LabelBinarizer(params).fit(frame.column("label"))).transform(frame.column("label"));
    expect(lazy.layout).toBe(name === "sparse" ? "csr" : "dense");
    expectColumns(asColumns(await rowsOf(lazy)), expected["transformed"]);
    expect(await binarizer.inverseTransform(lazy)).toEqual(labels);
    const again = LabelBinarizer.fromJSON(JSON.parse(JSON.stringify(binarizer.toJSON())));
    expect(await again.inverseTransform(expected["scores"] as number[][])).toEqual(expected["ofScores"]);
  });

  it("adds up, and names an unknown label by its row", async () => {
    const a = await new LabelBinarizer().fit(["a", "c"]);
    const b = await new LabelBinarizer().fit(["b"]);
    expect(LabelBinarizer.merge(a, b).classes).toEqual(["a", "b", "c"]);
    expect((await a.partialFit(["d"])).classes).toEqual(["a", "c", "d"]);
    expect(() => a.transform(["a", "z"])).toThrow('LabelBinarizer.transform: row 1: "z" is not among the 3 classes');
    expect(() => new LabelBinarizer({ negLabel: 1 })).toThrow("negLabel must be below posLabel; got 1 and 1");
    expect(() => new LabelBinarizer({ negLabel: -1, sparseOutput: true })).toThrow(
      "negLabel must be 0 with sparseOutput",
    );
    await expect(a.inverseTransform([[1, 0]])).rejects.toThrow("Y has 2 columns, but 3 classes have 3");
  });
});

const frameOf = (tags: readonly (readonly string[] | null)[], partitions: number): DistributedDataFrame =>
  DistributedDataFrame.fromPolars(polars().DataFrame({ tags }), { partitions });

describe("MultiLabelBinarizer", () => {
  it.each([
    ["found", {}],
    ["given", { classes: ["sun", "snow", "wind", "sea"] }],
    ["sparse", { sparseOutput: true }],
  ] as const)("agrees with scikit-learn: %s", async (name, params) => {
    const { expected } = load(`sets-${name}`);
    const sets = expected["sets"] as string[][];
    const binarizer = await new MultiLabelBinarizer(params).fit(sets);
    expect(binarizer.classes).toEqual(expected["classes"]);
    expectColumns(binarizer.transform(sets), expected["transformed"]);
    const frame = frameOf(sets, 2);
    const lazy = (await new MultiLabelBinarizer(params).fit(frame.column("tags"))).transform(frame.column("tags"));
    expect(lazy.layout).toBe(name === "sparse" ? "csr" : "dense");
    expectColumns(asColumns(await rowsOf(lazy)), expected["transformed"]);
    const order = binarizer.classes as string[];
    const back = sets.map((set) => order.filter((label) => set.includes(label)));
    expect(await binarizer.inverseTransform(lazy)).toEqual(back);
  });

  it("adds up, leaves out or names unknown labels, and names rows without a list", async () => {
    const a = await new MultiLabelBinarizer().fit([["x"], ["y", "x"]]);
    const b = await new MultiLabelBinarizer().fit([["w"], []]);
    expect(MultiLabelBinarizer.merge(a, b).classes).toEqual(["w", "x", "y"]);
    expect((await a.partialFit([["z"]])).classes).toEqual(["x", "y", "z"]);
    expect(() => a.transform([["x"], ["q"]])).toThrow(
      'MultiLabelBinarizer.transform: row 1: "q" is not among the 3 classes',
    );
    const lenient = await new MultiLabelBinarizer({ handleUnknown: "ignore" }).fit([["x"]]);
    expect(lenient.transform([["q", "x"], ["q"]]).toRows()).toEqual([[1], [0]]);
    const frame = frameOf([["x"], null, ["y"]], 1);
    await expect(new MultiLabelBinarizer().fit(frame.column("tags"))).rejects.toThrow(
      'column "tags" has no list in partition 0, row 1',
    );
    const words = DistributedDataFrame.fromColumns({ tags: ["x", "y"] });
    await expect(new MultiLabelBinarizer().fit(words.column("tags"))).rejects.toThrow(
      'column "tags" is String; it needs lists of labels',
    );
    await expect(a.inverseTransform([[0.5, 0, 0]])).rejects.toThrow("row 0, column 0 is 0.5; only 0 and 1");
  });
});
