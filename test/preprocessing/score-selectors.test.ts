import { describe, expect, it } from "vitest";
import {
  GenericUnivariateSelect,
  mutualInfoClassif,
  mutualInfoRegression,
  SelectFdr,
  SelectFpr,
  SelectFwe,
  SelectKBest,
  SelectPercentile,
  type SelectionMode,
} from "#preprocessing/index.js";
import { CounterRng } from "#src/index.js";
import { csrOfColumns } from "../csr-array.js";
import { casesOf, expectClose, named } from "./golden-data.js";

const { load } = casesOf("feature-selection");

describe("SelectFpr, SelectFdr, SelectFwe and GenericUnivariateSelect", () => {
  it.each([
    ["fpr", SelectFpr, [0.05, 0.5]],
    ["fdr", SelectFdr, [0.01, 0.3]],
    ["fwe", SelectFwe, [0.05, 0.9]],
  ] as const)("keep what scikit-learn's keep: %s", async (name, Class, alphas) => {
    for (const alpha of alphas) {
      const { X, y, expected } = load(`${name} ${alpha}`);
      const selector = await new Class({ alpha }).fit(X, y);
      expectClose(selector.pValues, expected["pValues"]);
      expect(selector.getSupport()).toEqual(expected["support"]);
      const [a, b] = [await new Class({ alpha }).fit(X, y), await new Class({ alpha }).fit(X.repartition(5), y)];
      expect(a.getSupport()).toEqual(b.getSupport());
    }
  });

  it.each([
    ["k_best", "kBest", 2],
    ["percentile", "percentile", 40],
    ["fpr", "fpr", 0.2],
    ["fdr", "fdr", 0.2],
    ["fwe", "fwe", 0.2],
  ] as const)("go by one name: %s", async (name, mode, param) => {
    const { X, y, expected } = load(`generic ${name}`);
    const selector = await new GenericUnivariateSelect({ mode: mode as SelectionMode, param }).fit(X, y);
    expect(selector.getSupport()).toEqual(expected["support"]);
  });

  it("say which numbers a mode takes", async () => {
    const { X, y } = load("generic fpr");
    const selector = await new GenericUnivariateSelect({ mode: "kBest", param: 1.5 }).fit(X, y);
    expect(() => selector.getSupport()).toThrow('param must be an integer for mode "kBest"; got 1.5');
    expect(() => selector.setParams({ mode: "percentile", param: 101 }).getSupport()).toThrow("must be <= 100");
    expect(() => selector.setParams({ mode: "fdr", param: 2 }).getSupport()).toThrow("must be a rate <= 1");
    expect(selector.setParams({ mode: "kBest", param: "all" }).getSupport()).not.toContain(false);
  });
});

/** Mutual information of two lists by the book. */
function byTheBook(a: readonly number[], b: readonly number[]): number {
  const n = a.length;
  let sum = 0;
  for (const p of new Set(a))
    for (const q of new Set(b)) {
      const both = a.filter((one, i) => one === p && b[i] === q).length / n;
      const expected = (a.filter((one) => one === p).length / n) * (b.filter((one) => one === q).length / n);
      if (both > 0) sum += both * Math.log(both / expected);
    }
  return sum;
}

/** Pairs of standard normal numbers with a correlation. */
function normals(n: number, correlation: number): { x: Float64Array; y: Float64Array } {
  const rng = new CounterRng(5, "mutual information");
  const x = new Float64Array(n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - rng.uniform(2 * i))), 2 * Math.PI * rng.uniform(2 * i + 1)];
    x[i] = radius * Math.cos(angle);
    y[i] = correlation * (x[i] as number) + Math.sqrt(1 - correlation ** 2) * radius * Math.sin(angle);
  }
  return { x, y };
}

describe("mutual information", () => {
  it("of discrete columns is scikit-learn's, and the book's, dense and in compressed rows", async () => {
    const { X, y, expected } = load("mutual information discrete");
    const columns = (await X.compute()).columns.map((column) => Array.from(column as Float64Array));
    const dense = await mutualInfoClassif(X, y, { discreteFeatures: true });
    // scikit-learn leaves rounding of 1e-16 where there is nothing.
    dense.forEach((value, j) => {
      expect(value).toBeCloseTo((expected["scores"] as number[])[j] as number, 12);
      expect(value).toBeCloseTo(byTheBook(columns[j] as number[], y), 12);
    });
    const csr = csrOfColumns(columns, 4);
    expectClose(await mutualInfoClassif(csr, y), [...dense]);
    await expect(mutualInfoClassif(csr, y, { discreteFeatures: [0] })).rejects.toThrow(
      "mutualInfoClassif: X is sparse, so its columns have to be discrete",
    );
  });

  it("of normal numbers comes near what is known of them", async () => {
    const n = 20_000;
    for (const correlation of [0, 0.5, 0.8]) {
      const { x, y } = normals(n, correlation);
      const known = -0.5 * Math.log(1 - correlation ** 2);
      const [found = NaN] = await mutualInfoRegression(named([Array.from(x)]), y);
      // 16 bins see a tenth less of a strong relation: its tails are in the outer bins.
      expect(Math.abs(found - known)).toBeLessThan(Math.max(0.02, 0.1 * known));
      // More bins see more of it.
      const [finer = NaN] = await mutualInfoRegression(named([Array.from(x)]), y, { nBins: 40 });
      if (correlation === 0.8) expect(Math.abs(finer - known)).toBeLessThan(Math.abs(found - known));
      // What is monotone changes nothing: bins hold equally many rows.
      const stretched = await mutualInfoRegression(named([Array.from(x, (value) => Math.exp(3 * value))]), y);
      expect(stretched[0]).toBeCloseTo(found, 12);
    }
  });

  it("orders continuous columns as scikit-learn's nearest neighbours do, at most a quarter lower", async () => {
    const order = (scores: ArrayLike<number>): number[] =>
      Array.from(scores, (_, j) => j).sort((i, j) => (scores[j] as number) - (scores[i] as number));
    const regression = load("mutual information regression");
    const found = await mutualInfoRegression(regression.X, regression.y);
    const wanted = regression.expected["scores"] as number[];
    expect(order(found).slice(0, 2)).toEqual(order(wanted).slice(0, 2));
    found.forEach((value, j) =>
      expect(Math.abs(value - (wanted[j] as number))).toBeLessThan(Math.max(0.05, 0.25 * (wanted[j] as number))),
    );
    const classes = load("mutual information classes");
    const scores = await mutualInfoClassif(classes.X, classes.y);
    const near = classes.expected["scores"] as number[];
    expect(order(scores).slice(0, 2)).toEqual(order(near).slice(0, 2));
    scores.forEach((value, j) => expect(Math.abs(value - (near[j] as number))).toBeLessThan(0.05));
  });

  it("does not depend on partitions, and counts weights as rows", async () => {
    const { X, y } = load("mutual information regression");
    const rows = (await X.compute()).toRows().slice(0, 300);
    const t = y.slice(0, 300);
    const w = t.map((_, i) => i % 3);
    const columns = rows[0]?.map((_, j) => rows.map((row) => row[j] as number)) ?? [];
    const kept = w.flatMap((count, i) => Array.from({ length: count }, () => i));
    const weighted = await mutualInfoRegression(named(columns, 1), t, { sampleWeight: w, nBins: 6 });
    for (const partitions of [2, 7])
      expectClose(await mutualInfoRegression(named(columns, partitions), t, { sampleWeight: w, nBins: 6 }), [
        ...weighted,
      ]);
    const repeated = await mutualInfoRegression(
      named(columns.map((column) => kept.map((i) => column[i] as number))),
      kept.map((i) => t[i] as number),
      { nBins: 6 },
    );
    expectClose(repeated, [...weighted]);
  });

  it("is a score of the selectors, with what it is told", async () => {
    const { X, y } = load("mutual information discrete");
    const scoreFunc = { score: "mutualInfoClassif", discreteFeatures: true } as const;
    const selector = await new SelectKBest({ scoreFunc, k: 1 }).fit(X, y);
    expect(selector.getSupport()).toEqual([true, false, false, false, false]);
    expect(selector.scores).toEqual(await mutualInfoClassif(X, y, { discreteFeatures: true }));
    expect(() => selector.pValues).toThrow("SelectKBest: mutualInfoClassif has no probabilities. Use a test");
    await expect(selector.partialFit(X, y)).rejects.toThrow("mutual information is of all rows at once");
    expect(() => SelectKBest.merge(selector, selector)).toThrow("mutual information is of all rows at once");
    const again = SelectKBest.fromJSON(JSON.parse(JSON.stringify(selector.toJSON())));
    expect(again.scores).toEqual(selector.scores);
    const text = await new SelectPercentile({ scoreFunc: "mutualInfoClassif", percentile: 20 }).fit(
      X,
      y.map((label) => `c${label}`),
    );
    expect(text.supportIndices).toEqual([0]);
    expect(() => new SelectKBest({ scoreFunc: { score: "mutualInfoClassif", nBins: 1 } })).toThrow("scoreFunc");
    expect(() => new SelectFpr({ scoreFunc: "mutualInfoClassif" as "chi2" })).toThrow(
      'scoreFunc must be one of "fClassif", "fRegression", "chi2"',
    );
  });

  it("says what is wrong", async () => {
    await expect(mutualInfoClassif([[1], [2]], [1, 1])).rejects.toThrow("y has one class only (1)");
    await expect(mutualInfoRegression([[1], [NaN]], [1, 2])).rejects.toThrow("NaN in column 0, partition 0, row 1");
    await expect(mutualInfoRegression([[1], [2]], [1, 2], { nBins: 1 })).rejects.toThrow(
      "nBins must be an integer >= 2; got 1",
    );
    await expect(mutualInfoClassif([[1], [2]], [0, 1], { discreteFeatures: [3] })).rejects.toThrow(
      "discreteFeatures names column 3; there are 1, numbered from 0",
    );
    await expect(mutualInfoClassif([[1], [2]], [0, 1], { discreteFeatures: [true, false] })).rejects.toThrow(
      "discreteFeatures has 2 flags, but X has 1 columns",
    );
    // A constant column tells nothing, and is no error.
    expect(await mutualInfoRegression([[5], [5], [5]], [1, 2, 3])).toEqual(Float64Array.of(0));
  });
});
