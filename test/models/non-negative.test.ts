import { describe, expect, it } from "vitest";
import { ElasticNet, Lasso, LassoCV, LinearRegression, Ridge } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { closedForm, expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf } from "../golden/load-golden.js";

const golden = loadGolden("non-negative");

describe("least squares with coefficients at or above 0, against scikit-learn and scipy", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const alpha = numberOf(expected, "alpha");
      const params = recordOf(expected, "params") as { fitIntercept: boolean; positive: boolean };
      const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
      const y = data.y as number[];
      for (const partitions of [1, 5]) {
        const X = DistributedArray.fromColumns(data.columns!, { partitions });
        const models = [new Ridge({ alpha, ...params }), ...(alpha === 0 ? [new LinearRegression(params)] : [])];
        for (const model of models) {
          await model.fit(X, y, options);
          expectClose(model.coef, numbersOf(expected, "coef"), iterative, "coef");
          expectClose(model.coef, numbersOf(expected, "scikitLearn"), { rtol: 1e-4, atol: 1e-4 }, "scikit-learn's");
          expectClose([model.intercept], [numberOf(expected, "intercept")], iterative, "intercept");
          expect(model.coef.every((b) => b >= 0)).toBe(true);
          expect(model.method).toBe("coordinate");
        }
      }
    });
  }

  it("merge like the fit on all rows, and refuse solvers that cannot", async () => {
    const { data } = goldenCase(golden, "alpha=0");
    const y = data.y as number[];
    const part = (from: number, to: number): [number[][], number[]] => [
      Array.from({ length: to - from }, (_, i) => data.columns!.map((column) => column[from + i]!)),
      y.slice(from, to),
    ];
    const whole = await new LinearRegression({ positive: true }).fit(...part(0, 90));
    const a = await new LinearRegression({ positive: true, keepMoments: true }).fit(...part(0, 40));
    const b = await new LinearRegression({ positive: true, keepMoments: true }).fit(...part(40, 90));
    expectClose(LinearRegression.merge(a, b).coef, whole.coef, iterative);
    expect(whole.explain()).toMatchObject({ solver: "coordinate", passes: 1 });
    await expect(new LinearRegression({ positive: true, solver: "tsqr" }).fit(...part(0, 90))).rejects.toThrow(
      /"tsqr" cannot hold coefficients at or above 0/,
    );
  });
});

describe("least squares of thin sparse rows", () => {
  const rows = 900;
  const cols = 40;
  const rng = new CounterRng(12, "thin rows");
  const dense = Array.from({ length: cols }, (_, j) =>
    Float64Array.from({ length: rows }, (__, i) => (rng.uniform(i, j) < 0.08 ? 1 + rng.normal(i, j + cols) : 0)),
  );
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < rows; i++) {
    // Columns in descending order: any order is allowed.
    for (let j = cols - 1; j >= 0; j--) {
      if (dense[j]![i] === 0) continue;
      indices.push(j);
      values.push(dense[j]![i]!);
    }
    indptr.push(indices.length);
  }
  const y = Float64Array.from({ length: rows }, (_, i) => 1e4 + dense[3]![i]! - 2 * dense[7]![i]! + rng.normal(i, 999));
  const weights = Float64Array.from({ length: rows }, (_, i) => Math.floor(3 * rng.uniform(i, 1000)));
  const X = (partitions: number): DistributedArray =>
    DistributedArray.fromCsr({ indptr, indices, values, cols }, { partitions });
  const whole = DistributedArray.fromColumns(dense, { partitions: 2 });

  for (const options of [{}, { sampleWeight: weights }]) {
    it(`are solved from the pairs of their entries, as dense rows are${"sampleWeight" in options ? ", with weights" : ""}`, async () => {
      for (const partitions of [1, 6, rows + 5]) {
        for (const fitIntercept of [true, false]) {
          const sparse = await new LinearRegression({ fitIntercept }).fit(X(partitions), y, options);
          const same = await new LinearRegression({ fitIntercept }).fit(whole, y, options);
          expectClose(sparse.coef, same.coef, closedForm(1e4), "coef");
        }
        const pairs = [
          [new ElasticNet({ alpha: 0.05 }), new ElasticNet({ alpha: 0.05 })],
          [new Lasso({ alpha: 0.02, positive: true }), new Lasso({ alpha: 0.02, positive: true })],
          [new LassoCV({ cv: 3, alphas: 5 }), new LassoCV({ cv: 3, alphas: 5 })],
        ] as const;
        if (partitions > rows) continue;
        for (const [sparse, same] of pairs) {
          await sparse.fit(X(partitions), y, options);
          await same.fit(whole, y, options);
          expectClose(sparse.coef, same.coef, iterative, sparse.kind);
        }
      }
    });
  }
});
