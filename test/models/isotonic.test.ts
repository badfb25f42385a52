import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IsotonicRegression, type IsotonicRegressionParams } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden, type GoldenData } from "../golden/load-golden.js";

const golden = loadGolden("isotonic");
const CLOSE = { rtol: 1e-10, atol: 1e-12 };
const one = (x: readonly number[], partitions: number): DistributedArray =>
  DistributedArray.fromColumns([x], { partitions });
const cases: Record<string, Partial<IsotonicRegressionParams>> = {
  increasing: {},
  clip: { outOfBounds: "clip" },
  weights: { outOfBounds: "clip" },
  decreasing: { increasing: false, outOfBounds: "clip" },
  bounds: { yMin: -0.5, yMax: 1, outOfBounds: "clip" },
  auto: { increasing: "auto" },
  "auto falling": { increasing: "auto", outOfBounds: "clip" },
};

/** max over a <= k of min over b >= k of the weighted mean of y[a..b]. */
function minMax(y: readonly number[], w: readonly number[]): number[] {
  const mean = (from: number, to: number): number => {
    let [sum, weight] = [0, 0];
    for (let i = from; i <= to; i++) {
      sum += (w[i] as number) * (y[i] as number);
      weight += w[i] as number;
    }
    return sum / weight;
  };
  return y.map((_, k) => {
    let most = -Infinity;
    for (let a = 0; a <= k; a++) {
      let least = Infinity;
      for (let b = k; b < y.length; b++) least = Math.min(least, mean(a, b));
      most = Math.max(most, least);
    }
    return most;
  });
}

describe("IsotonicRegression", () => {
  for (const [name, params] of Object.entries(cases)) {
    it(`gives scikit-learn's knots and predictions, for any partitioning: ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const { sampleWeight } = data;
      const [x] = data.columns as [number[]];
      const [places] = (data as GoldenData & { columnsNew: [number[]] }).columnsNew;
      for (const partitions of [1, 4]) {
        const model = await new IsotonicRegression(params).fit(
          one(x, partitions),
          data.y as number[],
          sampleWeight ? { sampleWeight } : {},
        );
        expect(model.increasing).toBe(expected["increasing"]);
        expectClose(model.xThresholds, expected["x"] as number[], CLOSE, "x");
        expectClose(model.yThresholds, expected["y"] as number[], CLOSE, "y");
        const predicted = await model.predict(one(places, 2)).compute();
        expectClose(predicted.toVector() as Float64Array, expected["predicted"] as number[], CLOSE, "predicted");
      }
    });
  }

  it("is what the min-max formula says", async () => {
    const rows = fc.array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), async (list, increasing) => {
        const y = list.map(([value]) => value);
        const sampleWeight = list.map(([, weight]) => weight);
        const X = list.map((_, k) => [k]);
        const model = await new IsotonicRegression({ increasing }).fit(X, y, { sampleWeight });
        const sign = increasing ? 1 : -1;
        const want = minMax(
          y.map((value) => sign * value),
          sampleWeight,
        ).map((value) => sign * value);
        expectClose(await model.predict(X), want, { rtol: 1e-12, atol: 1e-12 }, "levels");
      }),
      { numRuns: 25 },
    );
  });

  it("takes by itself the direction with the smaller error, ascending where both are equal", async () => {
    const of = async (y: number[], sampleWeight?: number[]): Promise<boolean> =>
      (
        await new IsotonicRegression({ increasing: "auto" }).fit(
          y.map((_, k) => [k]),
          y,
          sampleWeight ? { sampleWeight } : {},
        )
      ).increasing;
    expect(await of([1, 2, 3])).toBe(true);
    expect(await of([3, 2, 1])).toBe(false);
    expect(await of([1, 1])).toBe(true);
    // Rows with the weight count: the last falls far below.
    expect(await of([1, 2, 3, 0], [1, 1, 1, 50])).toBe(false);
    expect(await of([1, 2, 3, 0], [1, 1, 1, 0])).toBe(true);
  });

  it("counts rows by weight: 2 is the row twice, 0 is none", async () => {
    const [X, y] = [
      [[1], [2], [3], [4]],
      [2, 1, 5, -50],
    ];
    const weighted = await new IsotonicRegression().fit(X, y, { sampleWeight: [2, 1, 1, 0] });
    const repeated = await new IsotonicRegression().fit([[1], [1], [2], [3]], [2, 2, 1, 5]);
    expect(weighted.xThresholds).toEqual(repeated.xThresholds);
    expectClose(weighted.yThresholds, repeated.yThresholds, CLOSE, "y");
    await expect(new IsotonicRegression().fit(X, y, { sampleWeight: [0, 0, 0, 0] })).rejects.toThrow(
      "no row has a positive weight",
    );
  });

  it("says what it does outside, and comes back from JSON", async () => {
    const model = await new IsotonicRegression().fit([[1], [2]], [1, 3]);
    expect([...(await model.predict([[0], [1.5], [3]]))]).toEqual([NaN, 2, NaN]);
    const again = IsotonicRegression.fromJSON(JSON.parse(JSON.stringify(model)));
    expect([...(await again.setParams({ outOfBounds: "clip" }).predict([[0], [1.5], [3]]))]).toEqual([1, 2, 3]);
    const strict = again.setParams({ outOfBounds: "raise" });
    await expect(strict.predict(one([1, 2, 1, 2.5], 2)).compute()).rejects.toThrow(
      "X has 2.5 in partition 1, row 1, outside of 1 to 2",
    );
  });

  it("refuses several columns, numbers that are none, and bounds that cross", async () => {
    await expect(new IsotonicRegression().fit([[1, 2]], [1])).rejects.toThrow("X has 2 columns; it takes one");
    await expect(new IsotonicRegression().fit([[1], [2]], [1, NaN])).rejects.toThrow("y has NaN in partition 0, row 1");
    await expect(new IsotonicRegression().fit([[1], [NaN]], [1, 2])).rejects.toThrow("X has NaN");
    expect(() => new IsotonicRegression({ yMin: 2, yMax: 1 })).toThrow("yMin must be <= yMax (1); got 2");
  });
});
