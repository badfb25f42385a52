import { describe, expect, it } from "vitest";
import { makeBlobs, makeCircles, makeClassification, makeCounts, makeRegression } from "#datasets/index.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import type { DistributedArray } from "#src/collections/array/distributed-array.js";

const generators: Record<
  string,
  (partitions: number, dtype?: "f64" | "f32") => { X: DistributedArray; y: DistributedArray }
> = {
  makeClassification: (partitions, dtype = "f64") =>
    makeClassification({
      nSamples: 2503,
      nFeatures: 11,
      nInformative: 3,
      nRedundant: 2,
      nRepeated: 1,
      nClasses: 3,
      flipY: 0.1,
      randomState: 5,
      partitions,
      dtype,
    }),
  "makeClassification unshuffled": (partitions, dtype = "f64") =>
    makeClassification({
      nSamples: 1500,
      nFeatures: 8,
      shift: null,
      scale: null,
      hypercube: false,
      shuffle: false,
      randomState: 6,
      partitions,
      dtype,
    }),
  makeRegression: (partitions, dtype = "f64") =>
    makeRegression({
      nSamples: 2503,
      nFeatures: 7,
      nInformative: 4,
      noise: 2,
      bias: 3,
      randomState: 5,
      partitions,
      dtype,
    }),
  makeBlobs: (partitions, dtype = "f64") =>
    makeBlobs({
      nSamples: 2503,
      nFeatures: 3,
      centers: 4,
      clusterStd: [1, 2, 3, 4],
      randomState: 5,
      partitions,
      dtype,
    }),
  makeCircles: (partitions, dtype = "f64") =>
    makeCircles({ nSamples: 2503, noise: 0.1, randomState: 5, partitions, dtype }),
  makeCounts: (partitions, dtype = "f64") =>
    makeCounts({ nSamples: 2503, nFeatures: 6, nInformative: 3, bias: 2, randomState: 5, partitions, dtype }),
};

const means = (columns: readonly ArrayLike<number>[]): number[] =>
  columns.map((c) => Array.from(c).reduce((a, b) => a + b, 0) / c.length);

describe.each(Object.entries(generators))("%s", (_name, make) => {
  it("makes the same rows, bit for bit, in 1, 2, 5 and more partitions than rows of a tile", async () => {
    const one = make(1);
    const [X, y] = [await one.X.compute(), await one.y.compute()];
    for (const partitions of [2, 5, 40]) {
      const cut = make(partitions);
      expect(cut.X.partitions).toBe(partitions);
      expect(cut.X.partitionRows).toEqual(cut.y.partitionRows);
      expect((await cut.X.compute()).columns).toEqual(X.columns);
      expect((await cut.y.compute()).columns).toEqual(y.columns);
    }
  });

  it("rounds the float64 rows in float32", async () => {
    const wide = (await make(3).X.compute()).columns;
    const narrow = (await make(2, "f32").X.compute()).columns;
    expect(narrow[0]).toBeInstanceOf(Float32Array);
    expect(narrow).toEqual(wide.map((column) => Float32Array.from(column as Float64Array)));
  });
});

it("makes the same rows in worker threads", async () => {
  const engine = new LocalEngine({ threads: 2 });
  try {
    for (const make of [generators["makeClassification"], generators["makeRegression"]]) {
      const data = make?.(4) as { X: DistributedArray; y: DistributedArray };
      expect((await data.X.compute({ engine })).columns).toEqual((await make?.(1).X.compute())?.columns);
      expect((await data.y.compute({ engine })).columns).toEqual((await make?.(1).y.compute())?.columns);
    }
  } finally {
    await engine.close();
  }
});

describe("makeClassification", () => {
  it("gives every class its exact share, also above the size of the order table", async () => {
    const { y } = makeClassification({
      nSamples: 100_000,
      nFeatures: 2,
      nRedundant: 0,
      flipY: 0,
      weights: [0.2],
      partitions: 3,
    });
    const labels = Array.from((await y.compute()).toVector(), Number);
    expect(labels.filter((label) => label === 0)).toHaveLength(20_000);
    // Mixed: each tenth of the rows has about its share.
    for (let k = 0; k < 10; k++) {
      const share = labels.slice(k * 10_000, (k + 1) * 10_000).filter((label) => label === 0).length / 10_000;
      expect(Math.abs(share - 0.2)).toBeLessThan(0.02);
    }
  });

  it("flips the share of labels that is asked for", async () => {
    const clean = makeClassification({ nSamples: 20_000, flipY: 0 });
    const noisy = makeClassification({ nSamples: 20_000, flipY: 0.3 });
    const [a, b] = [(await clean.y.compute()).toVector(), (await noisy.y.compute()).toVector()];
    const changed = Array.from(a, Number).filter((label, i) => label !== Number(b[i])).length / 20_000;
    // Half of the redrawn ones of two classes keep theirs.
    expect(Math.abs(changed - 0.15)).toBeLessThan(0.01);
  });

  it("puts informative, redundant, repeated and useless columns in order without shuffling", async () => {
    const { X, y } = makeClassification({
      nSamples: 6000,
      nFeatures: 7,
      nInformative: 2,
      nRedundant: 2,
      nRepeated: 1,
      classSep: 3,
      nClustersPerClass: 1,
      flipY: 0,
      shuffle: false,
    });
    const columns = (await X.compute()).columns as Float64Array[];
    const labels = Array.from((await y.compute()).toVector(), Number);
    expect(labels).toEqual([...Array(3000).fill(0), ...Array(3000).fill(1)]);
    const [a, b, r] = columns as [Float64Array, Float64Array, Float64Array];
    // A redundant column is one combination of the informative ones: two rows give it, all others follow it.
    const det = (a[0] ?? 0) * (b[1] ?? 0) - (a[1] ?? 0) * (b[0] ?? 0);
    const w = [
      ((r[0] ?? 0) * (b[1] ?? 0) - (r[1] ?? 0) * (b[0] ?? 0)) / det,
      ((a[0] ?? 0) * (r[1] ?? 0) - (a[1] ?? 0) * (r[0] ?? 0)) / det,
    ];
    for (const i of [2, 500, 5999]) expect(r[i]).toBeCloseTo((w[0] ?? 0) * (a[i] ?? 0) + (w[1] ?? 0) * (b[i] ?? 0), 9);
    expect(columns.slice(0, 4).some((column) => column.every((value, i) => value === columns[4]?.[i]))).toBe(true);
    // The classes' centres are corners of the hypercube; the useless columns know nothing of the class.
    const centre = (from: number, j: number): number => means([columns[j]?.subarray(from, from + 3000) ?? []])[0] ?? 0;
    for (const j of [0, 1])
      for (const from of [0, 3000]) expect(Math.abs(Math.abs(centre(from, j)) - 3)).toBeLessThan(0.1);
    for (const j of [5, 6]) expect(Math.abs(centre(0, j) - centre(3000, j))).toBeLessThan(0.1);
  });

  it("says which numbers do not fit together", () => {
    expect(() => makeClassification({ nFeatures: 3 })).toThrow(
      "makeClassification: nFeatures is 3, but nInformative + nRedundant + nRepeated is 4.",
    );
    expect(() => makeClassification({ nClasses: 5 })).toThrow(
      "10 clusters need 10 corners, but 2 informative columns have 4",
    );
    expect(() => makeClassification({ weights: [0.5, 0.6] })).toThrow(
      "makeClassification: weights must be 2 shares that sum to 1",
    );
    expect(() => makeClassification({ flipY: 1.5 })).toThrow("makeClassification: flipY must be <= 1; got 1.5.");
    expect(() => makeClassification({ shift: [1] })).toThrow("shift has 1 numbers for 20 columns");
    expect(() => makeClassification({ nSample: 5 } as never)).toThrow('Did you mean "nSamples"?');
  });
});

describe("makeRegression", () => {
  it("is X coef + bias without noise", async () => {
    const { X, y, coef } = makeRegression({ nSamples: 500, nFeatures: 9, nInformative: 4, bias: -2, partitions: 3 });
    expect(coef.filter((value) => value !== 0)).toHaveLength(4);
    const [local, target] = [await X.compute(), (await y.compute()).toVector()];
    for (const [i, row] of local.toRows().entries()) {
      expect(target[i]).toBeCloseTo(
        row.reduce((sum, value, j) => sum + value * (coef[j] ?? 0), -2),
        8,
      );
    }
  });

  it("has standard normal, uncorrelated columns and noise of the asked deviation", async () => {
    const { X, y, coef } = makeRegression({ nSamples: 40_000, nFeatures: 4, nInformative: 2, noise: 7 });
    const columns = (await X.compute()).columns as Float64Array[];
    const target = (await y.compute()).toVector() as Float64Array;
    for (const [j, a] of columns.entries()) {
      expect(Math.abs(means([a])[0] ?? 1)).toBeLessThan(0.025);
      expect(Math.abs((means([a.map((v) => v * v)])[0] ?? 0) - 1)).toBeLessThan(0.035);
      for (const b of columns.slice(j + 1))
        expect(Math.abs(means([a.map((v, i) => v * (b[i] ?? 0))])[0] ?? 1)).toBeLessThan(0.025);
    }
    const noise = target.map((v, i) => v - columns.reduce((sum, c, j) => sum + (c[i] ?? 0) * (coef[j] ?? 0), 0));
    expect(Math.abs(Math.sqrt(means([noise.map((v) => v * v)])[0] ?? 0) - 7)).toBeLessThan(0.1);
  });
});

describe("makeBlobs", () => {
  it("has the given centres, deviations and rows of each blob", async () => {
    const centers = [
      [0, 10],
      [5, -5],
      [-8, 0],
    ];
    const { X, y } = makeBlobs({ nSamples: [4000, 6000, 2000], centers, clusterStd: [1, 0.5, 2], partitions: 3 });
    const columns = (await X.compute()).columns as Float64Array[];
    const labels = Array.from((await y.compute()).toVector(), Number);
    for (const [k, rows] of [4000, 6000, 2000].entries()) {
      const of = columns.map((column) => column.filter((_, i) => labels[i] === k));
      expect(of[0]).toHaveLength(rows);
      const std = [1, 0.5, 2][k] ?? 0;
      means(of).forEach((mean, j) => {
        expect(Math.abs(mean - (centers[k]?.[j] ?? NaN))).toBeLessThan(0.15);
        const spread = Math.sqrt(means([of[j]?.map((v) => (v - mean) ** 2) ?? []])[0] ?? 0);
        expect(Math.abs(spread / std - 1)).toBeLessThan(0.07);
      });
    }
  });

  it("draws centres within the box and returns them", () => {
    const { centers, X } = makeBlobs({ centers: 50, nFeatures: 4, centerBox: [2, 3] });
    expect(X.shape).toEqual([100, 4]);
    expect(centers.flat().every((value) => value >= 2 && value < 3)).toBe(true);
  });

  it("says which lists disagree", () => {
    expect(() => makeBlobs({ nSamples: [1, 2], centers: 3 })).toThrow(
      "makeBlobs: nSamples has 2 entries for 3 centers.",
    );
    expect(() => makeBlobs({ centers: [[1, 2], [1]] })).toThrow("center 0 has 2 values but center 1 has 1");
    expect(() => makeBlobs({ clusterStd: [1] })).toThrow("clusterStd has 1 entries for 3 centers");
  });
});

describe("makeCircles", () => {
  it("spaces points evenly on both circles", async () => {
    const { X, y } = makeCircles({ nSamples: 101, factor: 0.5, partitions: 4 });
    const [a, b] = (await X.compute()).columns as [Float64Array, Float64Array];
    const labels = Array.from((await y.compute()).toVector(), Number);
    expect(labels.filter((label) => label === 0)).toHaveLength(50);
    labels.forEach((label, i) => expect(Math.hypot(a[i] ?? 0, b[i] ?? 0)).toBeCloseTo(label === 0 ? 1 : 0.5, 12));
    const angles = labels.flatMap((label, i) =>
      label === 0 ? [Math.round((Math.atan2(b[i] ?? 0, a[i] ?? 0) / (2 * Math.PI)) * 50 + 50) % 50] : [],
    );
    expect(angles.sort((p, q) => p - q)).toEqual(Array.from({ length: 50 }, (_, k) => k));
  });
});

describe("makeCounts", () => {
  it.each([-1, 2, 5, 20])(
    "has Poisson mean and variance exp(bias) without informative columns, bias %d",
    async (bias) => {
      const { y } = makeCounts({ nSamples: 40_000, nFeatures: 1, nInformative: 0, bias, partitions: 2 });
      const counts = (await y.compute()).toVector() as Float64Array;
      const expected = Math.exp(bias);
      const mean = means([counts])[0] ?? 0;
      expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
      expect(Math.abs(mean - expected)).toBeLessThan(5 * Math.sqrt(expected / 40_000));
      const variance = means([counts.map((count) => (count - mean) ** 2)])[0] ?? 0;
      expect(Math.abs(variance / expected - 1)).toBeLessThan(0.06);
    },
  );

  it("refuses means that no count can have", async () => {
    await expect(makeCounts({ nSamples: 10, bias: 60 }).y.compute()).rejects.toThrow("too large for a count");
  });
});
