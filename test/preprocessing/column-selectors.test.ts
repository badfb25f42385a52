import { describe, expect, it } from "vitest";
import { boundedMinimum } from "#preprocessing/bounded-minimum.js";
import { SelectKBest } from "#preprocessing/select-k-best.js";
import { SelectPercentile } from "#preprocessing/select-percentile.js";
import { VarianceThreshold } from "#preprocessing/variance-threshold.js";
import { csrArray } from "../csr-array.js";
import { casesOf, expectClose, named, rowsOf } from "./golden-data.js";

const { load } = casesOf("column-selectors");

describe("SelectKBest and SelectPercentile", () => {
  it.each([
    ["f-classif", "fClassif"],
    ["f-regression", "fRegression"],
    ["chi2", "chi2"],
  ] as const)("agree with scikit-learn, dense and sparse: %s", async (name, scoreFunc) => {
    const { X, y, expected } = load(name);
    for (const data of [X, csrArray((await X.compute()).toRows(), 3)]) {
      const selector = await new SelectKBest({ scoreFunc, k: 2 }).fit(data, y);
      expectClose(selector.scores, expected["scores"]);
      expectClose(selector.pValues, expected["pValues"]);
      for (const k of [1, 2, 3]) expect(selector.setParams({ k }).getSupport()).toEqual(expected[`best${k}`]);
      const share = await new SelectPercentile({ scoreFunc }).fit(data, y);
      for (const percentile of [20, 50, 75])
        expect(share.setParams({ percentile }).getSupport()).toEqual(expected[`percentile${percentile}`]);
    }
  });

  it("agree with scipy's analysis of variance", async () => {
    const { X, y } = load("f-classif");
    const { expected } = load("f-oneway");
    const selector = await new SelectKBest().fit(X, y);
    // Column f is constant: scipy has its own value there.
    expectClose(selector.scores.slice(0, 5), (expected["scores"] as number[]).slice(0, 5));
    expectClose(selector.pValues.slice(0, 5), (expected["pValues"] as number[]).slice(0, 5));
  });

  it("keep columns and names, dense and sparse", async () => {
    const rows = [
      [1, 1, 0],
      [2, 1, 0],
      [1, 5, 3],
      [2, 6, 4],
    ];
    const y = ["no", "no", "yes", "yes"];
    const X = named([0, 1, 2].map((j) => rows.map((row) => row[j] as number)));
    const selector = await new SelectKBest({ k: 2 }).fit(X, y);
    expect(selector.getFeatureNamesOut()).toEqual(["b", "c"]);
    expect(selector.supportIndices).toEqual([1, 2]);
    expect((await selector.transform(X).compute()).toRows()).toEqual([
      [1, 0],
      [1, 0],
      [5, 3],
      [6, 4],
    ]);
    const other = await new SelectKBest({ k: 2 }).fit(csrArray(rows, 3), y);
    expect(await rowsOf(other.transform(csrArray(rows, 3)))).toEqual([
      [1, 0],
      [1, 0],
      [5, 3],
      [6, 4],
    ]);
  });

  it("count weights as repeated rows", async () => {
    const { X, y } = load("f-classif");
    const rows = (await X.compute()).toRows();
    const w = y.map((_, i) => i % 3);
    const pick = <T>(values: readonly T[]): T[] =>
      values.flatMap((value, i) => Array.from({ length: w[i] as number }, () => value));
    for (const scoreFunc of ["fClassif", "fRegression"] as const) {
      const weighted = await new SelectKBest({ scoreFunc }).fit(rows, y, { sampleWeight: w });
      const repeated = await new SelectKBest({ scoreFunc }).fit(pick(rows), pick(y));
      expectClose(weighted.scores, [...repeated.scores]);
      expectClose(weighted.pValues, [...repeated.pValues]);
    }
  });

  it("refuse one class, negative counts, and a missing target", async () => {
    await expect(new SelectKBest().fit([[1], [2]], [1, 1])).rejects.toThrow("y has one class only (1)");
    await expect(new SelectKBest({ scoreFunc: "chi2" }).fit({ a: [1, -2] }, [0, 1])).rejects.toThrow(
      'X has -2 in column "a", and chi2 needs counts',
    );
    await expect(new SelectKBest().fit([[1], [2]])).rejects.toThrow("y is missing");
    await expect(new SelectKBest().fit([[1], [NaN]], [0, 1])).rejects.toThrow(
      "X has NaN in column 0, partition 0, row 1",
    );
  });
});

describe("VarianceThreshold", () => {
  it.each([0, 2])("agrees with scikit-learn for threshold %s", async (threshold) => {
    const { X, expected } = load(`variance-${threshold}`);
    const selector = await new VarianceThreshold({ threshold }).fit(X);
    expect(selector.getSupport()).toEqual(expected["support"]);
    expectClose(selector.variances, expected["variances"]);
  });

  it("counts absent entries of sparse rows as zeros", async () => {
    const rows = [
      [1, 0, 0],
      [0, 0, 5],
      [1, 0, 0],
    ];
    const selector = await new VarianceThreshold({ threshold: 0.3 }).fit(csrArray(rows, 3));
    expectClose(selector.variances, [2 / 9, 0, 50 / 9]);
    expect(await rowsOf(selector.transform(csrArray(rows, 3)))).toEqual([[0], [5], [0]]);
  });

  it("merges to the fit on the union", async () => {
    const a = await new VarianceThreshold().fit([
      [1, 2],
      [1, 3],
    ]);
    const b = await new VarianceThreshold().fit([
      [1, 4],
      [1, 9],
    ]);
    const whole = await new VarianceThreshold().fit([
      [1, 2],
      [1, 3],
      [1, 4],
      [1, 9],
    ]);
    expectClose(VarianceThreshold.merge(a, b).variances, [...whole.variances]);
    expect(VarianceThreshold.merge(a, b).getSupport()).toEqual([false, true]);
  });

  it("says so when no column is above the threshold", async () => {
    await expect(new VarianceThreshold().fit([[1], [1]])).rejects.toThrow("no column has a variance above 0");
    await expect(new VarianceThreshold().fit([[1]])).rejects.toThrow("X has one row");
  });
});

describe("boundedMinimum", () => {
  it("finds minima of smooth functions", () => {
    const find = (f: (x: number) => number, low: number, high: number): number => {
      const search = boundedMinimum(low, high, 1e-8);
      let next = search.next();
      while (!next.done) next = search.next(f(next.value));
      return next.value;
    };
    expect(find((x) => (x - 0.3) ** 2, -5, 9)).toBeCloseTo(0.3, 7);
    expect(find((x) => Math.cosh(x) - 0.5 * x, -50, 50)).toBeCloseTo(Math.asinh(0.5), 7);
    expect(find((x) => x, 2, 3)).toBeCloseTo(2, 7);
  });
});
