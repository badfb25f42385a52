import { describe, expect, it } from "vitest";
import { Binarizer } from "#preprocessing/binarizer.js";
import { MaxAbsScaler } from "#preprocessing/max-abs-scaler.js";
import { MinMaxScaler } from "#preprocessing/min-max-scaler.js";
import { Normalizer } from "#preprocessing/normalizer.js";
import { RobustScaler } from "#preprocessing/robust-scaler.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DataError } from "#src/base/errors.js";
import { elementwise } from "../checks/tolerances.js";
import { casesOf, expectClose, expectColumns, named, rowsOf } from "./golden-data.js";

const { load } = casesOf("column-scalers");

describe("MinMaxScaler", () => {
  it.each([
    ["min-max", {}],
    ["min-max-clip", { featureRange: [-1, 3] as const, clip: true }],
    ["min-max-nan", {}],
  ])("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const scaler = await new MinMaxScaler(params).fit(X);
    for (const key of ["dataMin", "dataMax", "dataRange", "scale", "min"] as const)
      expectClose(scaler[key], expected[key]);
    const out = await scaler.transform(Z);
    expectColumns(out, expected["transformed"]);
    if (expected["inverse"]) expectColumns(await scaler.inverseTransform(out), expected["inverse"]);
    expect(scaler.getFeatureNamesOut()).toEqual(expected["names"]);
  });

  it("sends the smallest value of each column to 0 and the largest to 1", async () => {
    const { X } = load("min-max");
    const out = await (await new MinMaxScaler().fit(X)).transform(X).compute();
    for (const column of out.columns.slice(0, 4)) {
      expect(Math.min(...(column as Float64Array))).toBeCloseTo(0, 12);
      expect(Math.max(...(column as Float64Array))).toBeCloseTo(1, 12);
    }
  });

  it("merges to the fit on the union, exactly and in any order", async () => {
    const [a, b, c] = await Promise.all(
      [
        [[1, 5]],
        [
          [-2, 9],
          [4, 5],
        ],
        [[0, NaN]],
      ].map((rows) => new MinMaxScaler().fit(rows)),
    );
    const whole = await new MinMaxScaler().fit([
      [1, 5],
      [-2, 9],
      [4, 5],
      [0, NaN],
    ]);
    if (!a || !b || !c) throw new Error("three scalers");
    const left = MinMaxScaler.merge(MinMaxScaler.merge(a, b), c);
    const right = MinMaxScaler.merge(a, MinMaxScaler.merge(b, c));
    for (const merged of [left, right]) expect(merged.toJSON()).toEqual(whole.toJSON());
    const other = await new MinMaxScaler().fit([[1]]);
    expect(() => MinMaxScaler.merge(a, other)).toThrow("one saw 2 columns, the other 1");
  });

  it("refuses an empty range and sparse rows", async () => {
    expect(() => new MinMaxScaler({ featureRange: [1, 1] })).toThrow(
      "MinMaxScaler: featureRange must be [low, high] with low < high; got [1, 1]",
    );
    const sparse = DistributedArray.fromCsr({ indptr: [0, 1], indices: [0], values: [1], cols: 1 });
    await expect(new MinMaxScaler().fit(sparse)).rejects.toThrow("X is sparse");
  });
});

describe("MaxAbsScaler", () => {
  it.each([
    ["max-abs", {}],
    ["max-abs-clip", { clip: true }],
  ])("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const scaler = await new MaxAbsScaler(params).fit(X);
    expectClose(scaler.maxAbs, expected["maxAbs"]);
    expectClose(scaler.scale, expected["scale"]);
    const out = await scaler.transform(Z);
    expectColumns(out, expected["transformed"]);
    if (expected["inverse"]) expectColumns(await scaler.inverseTransform(out), expected["inverse"]);
  });

  it("keeps sparse rows sparse, clipped or not", async () => {
    const sparse = DistributedArray.fromCsr(
      { indptr: [0, 2, 2, 3], indices: [0, 2, 0], values: [4, -3, -8], cols: 3 },
      { partitions: 2 },
    );
    const scaler = await new MaxAbsScaler().fit(sparse);
    expect([...scaler.maxAbs]).toEqual([8, 0, 3]);
    expect(await rowsOf(scaler.transform(sparse))).toEqual([
      [0.5, 0, -1],
      [0, 0, 0],
      [-1, 0, 0],
    ]);
    const doubled = DistributedArray.fromCsr({ indptr: [0, 1], indices: [0], values: [80], cols: 3 });
    expect(await rowsOf(scaler.setParams({ clip: true }).transform(doubled))).toEqual([[1, 0, 0]]);
  });

  it("merges to the fit on the union", async () => {
    const a = await new MaxAbsScaler().fit([[1, -5]]);
    const b = await new MaxAbsScaler().fit([[-3, 2]]);
    expect([...MaxAbsScaler.merge(a, b).maxAbs]).toEqual([3, 5]);
  });
});

describe("RobustScaler", () => {
  it.each([
    ["robust", {}],
    ["robust-range", { quantileRange: [10, 80] as const, unitVariance: true }],
  ])("agrees with scikit-learn: %s", async (name, params) => {
    const { X, Z, expected } = load(name);
    const scaler = await new RobustScaler(params).fit(X);
    expectClose(scaler.center, expected["center"], elementwise);
    expectClose(scaler.scale, expected["scale"], elementwise);
    const out = await scaler.transform(Z);
    expectColumns(out, expected["transformed"]);
    if (expected["inverse"]) expectColumns(await scaler.inverseTransform(out), expected["inverse"]);
  });

  it("is exact for many rows, heavy tails, ties and extreme numbers, whatever the partitions", async () => {
    const n = 30_011;
    const columns = [
      Array.from({ length: n }, (_, i) => Math.tan(i * 1.7)),
      Array.from({ length: n }, (_, i) => (i % 3 === 0 ? (i % 7) * 1e-300 : 0)),
      Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1 : 1) * Math.exp((i % 601) - 300)),
      Array.from({ length: n }, (_, i) => (i === 5 ? 1.7e308 : i === 6 ? -1.7e308 : Math.sin(i))),
    ];
    for (const partitions of [1, 7]) {
      const scaler = await new RobustScaler({ quantileRange: [5, 95] }).fit(named(columns, partitions));
      columns.forEach((column, j) => {
        const sorted = Float64Array.from(column).sort();
        const at = (q: number): number => {
          const h = q * (n - 1);
          const [a, b] = [sorted[Math.floor(h)] as number, sorted[Math.min(n - 1, Math.floor(h) + 1)] as number];
          return a + (b - a) * (h - Math.floor(h));
        };
        expect(scaler.center[j]).toBe(at(0.5));
        const spread = at(0.95) - at(0.05);
        expect(Math.abs((scaler.scale[j] ?? NaN) - (spread < 2.2e-15 ? 1 : spread))).toBeLessThanOrEqual(
          1e-13 * Math.max(1, spread),
        );
      });
    }
  });

  it("leaves out what is switched off, and takes back what it did", async () => {
    const X = [[1], [2], [3], [4], [1000]];
    const scaler = await new RobustScaler().fit(X);
    expect((await scaler.transform(X)).toRows()).toEqual([[-1], [-0.5], [0], [0.5], [498.5]]);
    scaler.setParams({ withCentering: false });
    expect((await scaler.transform([[4]])).toRows()).toEqual([[2]]);
    scaler.setParams({ withScaling: false });
    expect((await scaler.transform([[4]])).toRows()).toEqual([[4]]);
  });
});

describe("Normalizer", () => {
  it.each(["l1", "l2", "max"] as const)("agrees with scikit-learn: %s", async (norm) => {
    const { X, Z, expected } = load(`normalize-${norm}`);
    const normalizer = await new Normalizer({ norm }).fit(X);
    const out = await normalizer.transform(Z);
    expectColumns(out, expected["transformed"]);
    for (const row of out.toRows()) {
      const sizes = row.map(Math.abs);
      const size =
        norm === "l1" ? sizes.reduce((a, b) => a + b, 0) : norm === "l2" ? Math.hypot(...row) : Math.max(...sizes);
      expect(size).toBeCloseTo(1, 14);
    }
  });

  it("takes sparse rows, and leaves empty ones as they are", async () => {
    const sparse = DistributedArray.fromCsr(
      { indptr: [0, 2, 2, 3], indices: [0, 2, 1], values: [3, -4, 7], cols: 3 },
      { partitions: 2 },
    );
    const out = (await new Normalizer().fit(sparse)).transform(sparse);
    expect(await rowsOf(out)).toEqual([
      [0.6, 0, -0.8],
      [0, 0, 0],
      [0, 1, 0],
    ]);
  });

  it("names a value that is not finite when the rows are computed", async () => {
    const X = named(
      [
        [1, 2, 3, 4],
        [1, 2, 3, NaN],
      ],
      2,
    );
    const normalizer = await new Normalizer().fit(X);
    const error = await normalizer
      .transform(X)
      .compute()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toContain('Normalizer.transform: X has NaN in column "b", partition 1, row 1');
  });
});

describe("Binarizer", () => {
  it("agrees with scikit-learn", async () => {
    const { X, Z, expected } = load("binarize");
    expectColumns(
      await (await new Binarizer({ threshold: 0.5 }).fit(X)).transform(Z),
      expected["transformed"],
      elementwise,
    );
  });

  it("takes sparse rows unless their zeros would become ones", async () => {
    const sparse = DistributedArray.fromCsr({ indptr: [0, 2], indices: [0, 2], values: [3, 1], cols: 3 });
    expect(await rowsOf((await new Binarizer({ threshold: 1 }).fit(sparse)).transform(sparse))).toEqual([[1, 0, 0]]);
    await expect(new Binarizer({ threshold: -1 }).fit(sparse)).rejects.toThrow("its zeros would become ones");
  });

  it("names a value that is not finite when the rows are computed", async () => {
    const binarizer = await new Binarizer().fit([[1, 2]]);
    await expect(
      binarizer.transform([
        [1, 2],
        [Infinity, 1],
      ]),
    ).rejects.toThrow("Binarizer.transform: X has Infinity in column 0, partition 0, row 1");
  });
});
