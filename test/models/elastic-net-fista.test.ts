import { describe, expect, it } from "vitest";
import { ElasticNet, Lasso } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { csrArray } from "../csr-array.js";
import { expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf } from "../golden/load-golden.js";

const golden = loadGolden("penalised-least-squares");
const cases = Object.keys(golden.cases).filter((name) => /^(lasso|enet)-(?!cv|path)/.test(name));

/** Rows of a few entries among many columns, and targets of which three columns are the cause. */
function sparseRows(rows: number, cols: number): { lists: number[][]; y: number[] } {
  const rng = new CounterRng(5, "elastic net");
  const lists = Array.from({ length: rows }, () => new Array<number>(cols).fill(0));
  lists.forEach((row, i) => {
    for (let k = 0; k < 4; k++) row[Math.floor(rng.uniform(i, k) * cols)] = 1 + rng.normal(i, 10 + k);
  });
  const y = lists.map((row, i) => 5 + 3 * row[0]! - 2 * row[1]! + row[2]! + 0.1 * rng.normal(i, 30));
  return { lists, y };
}

describe("Lasso and ElasticNet by proximal gradients", () => {
  for (const name of cases) {
    it(`${name}: the same as scikit-learn, and a gap that says how far off`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const X = DistributedArray.fromColumns(data.columns as number[][], { partitions: 4 });
      const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
      const params = recordOf(expected, "params") as { alpha: number; l1Ratio?: number };
      const Model = name.startsWith("lasso") ? Lasso : ElasticNet;
      const y = Float64Array.from(data.y as number[]);
      const model = await new Model({ ...params, solver: "fista", tol: 1e-12, maxIter: 2000 }).fit(X, y, options);
      const best = await new Model({ ...params, tol: 1e-13 }).fit(X, y, options);
      const objective = (coef: ArrayLike<number>, intercept: number): number => {
        const w = data.sampleWeight ?? y.map(() => 1);
        let [sum, weight, penalty] = [0, 0, 0];
        y.forEach((value, i) => {
          const eta = data.columns!.reduce((s, column, j) => s + column[i]! * coef[j]!, intercept);
          sum += (w[i]! * (value - eta) ** 2) / 2;
          weight += w[i]!;
        });
        const share = params.l1Ratio ?? 1;
        for (let j = 0; j < coef.length; j++) penalty += share * Math.abs(coef[j]!) + 0.5 * (1 - share) * coef[j]! ** 2;
        return sum / weight + params.alpha * penalty;
      };
      const off = objective(model.coef, model.intercept) - objective(best.coef, best.intercept);
      expect(off).toBeLessThanOrEqual(model.dualGap * (1 + 1e-9) + 1e-12 * objective(best.coef, best.intercept));
      expect(model.converged).toBe(true);
      expectClose(model.coef, numbersOf(expected, "coef"), { rtol: 1e-3, atol: 1e-4 }, "coef");
      expectClose([model.intercept], [numberOf(expected, "intercept")], { rtol: 1e-3, atol: 1e-4 }, "intercept");
    });
  }

  it("converges on well scaled columns to what coordinate descent finds, dense and sparse, in any partitioning", async () => {
    const { lists, y } = sparseRows(400, 60);
    const best = await new ElasticNet({ alpha: 0.05, l1Ratio: 0.7, tol: 1e-13 }).fit(csrArray(lists, 3), y);
    for (const X of [csrArray(lists, 1), csrArray(lists, 7), DistributedArray.fromRows(lists, { partitions: 4 })]) {
      const model = await new ElasticNet({ alpha: 0.05, l1Ratio: 0.7, solver: "fista", tol: 1e-13 }).fit(X, y);
      expect(model.converged).toBe(true);
      expectClose(model.coef, best.coef, iterative, "coef");
      expectClose([model.intercept], [best.intercept], iterative, "intercept");
      expect(model.coef.filter((value) => value === 0).length).toBe(best.coef.filter((value) => value === 0).length);
    }
  });

  it("holds coefficients at or above 0, starts warm, and explains itself", async () => {
    const { lists, y } = sparseRows(300, 40);
    const X = csrArray(lists, 3);
    const model = await new Lasso({ alpha: 0.02, solver: "fista", positive: true, warmStart: true }).fit(X, y);
    const best = await new Lasso({ alpha: 0.02, positive: true }).fit(X, y);
    expect(model.coef.every((value) => value >= 0)).toBe(true);
    expectClose(model.coef, best.coef, { rtol: 1e-3, atol: 1e-4 });
    const { solver, reason, passes } = model.explain();
    expect([solver, reason]).toEqual(["fista", 'It was asked for by the parameter "solver".']);
    expect(passes).toBeGreaterThan(model.nIter);
    const first = model.nIter;
    await model.fit(X, y);
    expect(model.nIter).toBeLessThan(first);
    expect(best.explain()).toMatchObject({ solver: "coordinate", passes: 1 });
  });

  it("is taken by itself where the matrix of pairs would be large, and keeps sparse rows sparse", async () => {
    const rng = new CounterRng(6, "wide");
    const [rows, cols, each] = [200, 50_000, 5];
    const indptr = Int32Array.from({ length: rows + 1 }, (_, i) => i * each);
    const stride = cols / each;
    const indices = Int32Array.from({ length: rows * each }, (_, k) =>
      k % each === 0 ? (k / each) % 3 : (k % each) * stride + Math.floor(rng.uniform(k, 0) * stride),
    );
    const values = Float64Array.from({ length: rows * each }, () => 1);
    const y = Float64Array.from({ length: rows }, (_, i) => [4, -4, 0][i % 3]!);
    const X = DistributedArray.fromCsr({ indptr, indices, values, cols }, { partitions: 3 });
    const model = await new Lasso({ alpha: 0.1 }).fit(X, y);
    expect(model.explain().solver).toBe("fista");
    expect(model.explain().reason).toContain("50000 columns");
    expect(model.converged).toBe(true);
    expect(model.coef[0]).toBeGreaterThan(1);
    expect(model.coef[1]).toBeLessThan(-1);
  });

  it("names what is not a number, and says when steps run out", async () => {
    const X = DistributedArray.fromColumns({ a: [1, 2, NaN, 4], b: [1, 1, 2, 3] }, { partitions: 2 });
    await expect(new Lasso({ solver: "fista" }).fit(X, [1, 2, 3, 4])).rejects.toThrow(
      'Lasso.fit: X has NaN in column "a", partition 1, row 0.',
    );
    const { lists, y } = sparseRows(100, 20);
    const model = await new Lasso({ solver: "fista", alpha: 1e-3, maxIter: 2 }).fit(csrArray(lists, 2), y);
    expect([model.converged, model.nIter]).toEqual([false, 2]);
  });
});
