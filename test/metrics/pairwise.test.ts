import { describe, expect, it } from "vitest";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import {
  pairwiseDistances,
  pairwiseDistancesArgmin,
  pairwiseDistancesArgminMin,
  pairwiseKernels,
  type DistanceMetric,
  type PairwiseKernel,
} from "#src/metrics/index.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numbersOf } from "../golden/load-golden.js";

const golden = loadGolden("label-metrics");
const CLOSE = { rtol: 1e-12, atol: 1e-14 };
const { data, expected } = goldenCase(golden, "distances");
const { left, right, places } = data as unknown as Record<"left" | "right" | "places", number[][]>;
const lazy = (rows: number[][], partitions: number): DistributedArray =>
  DistributedArray.fromRows(rows, { partitions });
const absolute = (rows: number[][]): number[][] => rows.map((row) => row.map(Math.abs));

describe("pairwise distances and kernels", () => {
  it("are scikit-learn's, for local and distributed rows and any partitioning", async () => {
    for (const metric of [
      "euclidean",
      "sqeuclidean",
      "manhattan",
      "chebyshev",
      "cosine",
      "haversine",
    ] as DistanceMetric[]) {
      const [a, b] = metric === "haversine" ? [places, places.slice(0, 4)] : [left, right];
      const want = (expected[metric] as number[][]).flat();
      // The peer's cosine of equal rows is off by its rounding.
      const close = metric === "cosine" ? { rtol: 1e-9, atol: 1e-12 } : CLOSE;
      expectClose((await pairwiseDistances(a, b, { metric })).toFlat(), want, close, metric);
      for (const partitions of [1, 4]) {
        const found = await pairwiseDistances(lazy(a, partitions), b, { metric }).compute();
        expectClose(found.toFlat(), want, close, `${metric}, ${partitions}`);
      }
    }
  });

  it("of kernels are scikit-learn's", async () => {
    const kernels = goldenCase(golden, "kernels").expected;
    for (const [name, want] of Object.entries(kernels)) {
      const own = name.endsWith("own");
      const options = {
        metric: name.split(" ")[0] as PairwiseKernel,
        ...(own ? { gamma: 0.3, coef0: 2, degree: 2 } : {}),
      };
      const found = await pairwiseKernels(lazy(absolute(left), 3), absolute(right), options).compute();
      expectClose(found.toFlat(), (want as number[][]).flat(), { rtol: 1e-11, atol: 1e-12 }, name);
    }
  });

  it("find the nearest row, the first of equally near ones", async () => {
    const nearest = goldenCase(golden, "nearest").expected;
    for (const X of [left, lazy(left, 4)]) {
      const found = await pairwiseDistancesArgminMin(X, right);
      expect([...found.indices]).toEqual(numbersOf(nearest, "indices"));
      expectClose(found.distances, numbersOf(nearest, "distances"), { rtol: 1e-7, atol: 1e-7 }, "distances");
      expect(await pairwiseDistancesArgmin(X, right)).toEqual(found.indices);
    }
    expect([...(await pairwiseDistancesArgmin([[0]], [[1], [-1]]))]).toEqual([0]);
  });

  it("keep the digits of rows that are nearly the same, are symmetric, and 0 on the diagonal", async () => {
    const near = [[1e8], [1e8 + 1e-3]];
    expect((await pairwiseDistances(near)).at(0, 1)).toBeCloseTo((near[1]?.[0] as number) - 1e8, 12);
    const all = await pairwiseDistances(left);
    left.forEach((_, i) => left.forEach((__, j) => expect(all.at(i, j)).toBe(all.at(j, i))));
    left.forEach((_, i) => expect(all.at(i, i)).toBe(0));
  });

  it("take every form of local rows", async () => {
    const want = (await pairwiseDistances(left, right)).toFlat();
    const columns = [0, 1, 2].map((j) => Float64Array.from(right, (row) => row[j] as number));
    const record = { a: columns[0] as Float64Array, b: columns[1] as Float64Array, c: columns[2] as Float64Array };
    const matrix = { rows: 4, columns: 3, get: (i: number, j: number) => right[i]?.[j] as number };
    for (const Y of [new LocalMatrix(columns, 4), record, matrix])
      expect((await pairwiseDistances(left, Y)).toFlat()).toEqual(want);
  });

  it("refuse what does not fit", () => {
    expect(() => pairwiseDistances([[1, 2]], [[1]])).toThrow("X has 2 columns but Y has 1");
    expect(() => pairwiseDistances([[1]], [[NaN]])).toThrow("Y has NaN in row 0, column 0");
    expect(() => pairwiseDistances([[1]], [[1]], { metric: "hamming" as "cosine" })).toThrow("metric must be one of");
    expect(() => pairwiseDistances([[1]], [[1]], { metric: "haversine" })).toThrow("haversine is for two columns");
    expect(() => pairwiseKernels([[1]], [[1]], { gama: 1 } as object)).toThrow('Did you mean "gamma"?');
    expect(() => pairwiseKernels([[1]], [[1]], { gamma: NaN })).toThrow("gamma must be a finite number; got NaN");
    expect(() => (pairwiseDistances as unknown as (X: DistributedArray) => unknown)(lazy(left, 2))).toThrow(
      "Y is missing",
    );
  });
});
