import { describe, expect, it } from "vitest";
import { loadBreastCancer, loadDiabetes, loadDigits, loadIris, loadWine } from "#datasets/index.js";

describe("small real sets", () => {
  it.each([
    ["iris", loadIris, 150, 4, [50, 50, 50]],
    ["breast cancer", loadBreastCancer, 569, 30, [212, 357]],
    ["digits", loadDigits, 1797, 64, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]],
    ["wine", loadWine, 178, 13, [59, 71, 48]],
  ] as const)("%s has its rows, columns and classes", async (_name, load, rows, width, counts) => {
    const set = load();
    expect(set.X.shape).toEqual([rows, width]);
    expect(set.X.names).toEqual(set.featureNames);
    expect(set.data).toHaveLength(width);
    expect(set.source).not.toBe("");
    expect(set.licence).not.toBe("");
    counts.forEach((count, k) => {
      expect(set.target.filter((label) => label === k)).toHaveLength(count);
      expect(set.yLabels.filter((label) => label === set.targetNames[k])).toHaveLength(count);
    });
    expect((await set.y.compute()).toVector()).toEqual(set.target);
    expect((await set.X.compute()).columns).toEqual(set.data);
  });

  it("has diabetes centred with unit sums of squares, cut as asked", async () => {
    const { X, y, data, target } = loadDiabetes({ partitions: 3 });
    expect([X.shape, X.partitions, y.partitionRows]).toEqual([[442, 10], 3, X.partitionRows]);
    for (const column of data) {
      expect(column.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 10);
      expect(column.reduce((a, b) => a + b * b, 0)).toBeCloseTo(1, 10);
    }
    expect(target.reduce((a, b) => a + b, 0) / 442).toBeCloseTo(152.133484, 6);
  });
});
