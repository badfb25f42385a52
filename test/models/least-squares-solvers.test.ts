import { describe, expect, it } from "vitest";
import { LinearRegression } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { orthonormalRows } from "#src/numeric/row-space.js";
import { closedForm, expectClose } from "../checks/tolerances.js";

const rng = new CounterRng(21, "least squares solvers");
const normal = (rows: number, draw: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => rng.normal(i, draw));

/** Rows of `rank` dimensions in `p` columns. */
function lowRank(rows: number, p: number, rank: number): Float64Array[] {
  const factors = Array.from({ length: rank }, (_, k) => normal(rows, k));
  return Array.from({ length: p }, (_, j) =>
    Float64Array.from({ length: rows }, (__, i) =>
      factors.reduce((sum, factor, k) => sum + (factor[i] as number) * rng.normal(j, 100 + k), 3),
    ),
  );
}

describe("solvers of least squares", () => {
  const columns = [normal(500, 200), normal(500, 201), normal(500, 202)];
  const y = Float64Array.from(normal(500, 203), (e, i) => 1 + 2 * (columns[0]?.[i] ?? 0) - (columns[2]?.[i] ?? 0) + e);

  it("agree where all work, and say what they did", async () => {
    const X = DistributedArray.fromColumns(columns, { partitions: 3 });
    const auto = await new LinearRegression().fit(X, y);
    expect(auto.explain()).toMatchObject({ solver: "gram", passes: 1 });
    for (const solver of ["gram", "tsqr", "randomized"] as const) {
      const model = await new LinearRegression({ solver }).fit(X, y);
      expectClose(model.coef, auto.coef, closedForm(), solver);
      expectClose([model.intercept], [auto.intercept], closedForm(), solver);
      expect(model.explain().solver).toBe(solver);
      expect(model.explain().reason).toContain("asked for");
    }
  });

  it("with a condition number of 1e10 the Gram matrix fails and the triangular factor does not", async () => {
    // The second column is the first and 1e-10 of something else: exact in binary, so that the truth is known.
    const a = Float64Array.from({ length: 400 }, (_, i) => Math.round(rng.normal(i, 300) * 64) / 64);
    const other = Float64Array.from({ length: 400 }, (_, i) => Math.round(rng.normal(i, 301) * 64) / 64);
    const tiny = 2 ** -33;
    const b = a.map((value, i) => value + tiny * (other[i] as number));
    const target = a.map((value, i) => 3 * value - (b[i] as number));
    const X = DistributedArray.fromColumns([a, b], { partitions: 4 });
    await expect(new LinearRegression({ solver: "gram" }).fit(X, target)).rejects.toThrow(/six digits.*tsqr/);
    for (const solver of ["auto", "tsqr"] as const) {
      const model = await new LinearRegression({ solver }).fit(X, target);
      expect(model.explain()).toMatchObject({ solver: "tsqr", passes: 2 });
      expectClose(model.coef, [3, -1], { rtol: 1e-4, atol: 0 }, solver);
      expect(model.rank).toBe(2);
    }
  });

  it("dependent columns get the solution of minimum norm", async () => {
    const X = DistributedArray.fromColumns([...columns, columns[0] as Float64Array], { partitions: 2 });
    const single = await new LinearRegression().fit(DistributedArray.fromColumns(columns), y);
    for (const solver of ["auto", "tsqr", "randomized"] as const) {
      const model = await new LinearRegression({ solver }).fit(X, y);
      expect(model.rank).toBe(3);
      const half = (single.coef[0] as number) / 2;
      expectClose(
        model.coef,
        [half, single.coef[1] as number, single.coef[2] as number, half],
        closedForm(100),
        solver,
      );
    }
  });

  it("random directions find wide rows of low rank in few passes, dense and sparse, weighted and not", async () => {
    const [rows, p, rank] = [120, 300, 7];
    const wide = lowRank(rows, p, rank);
    const target = Float64Array.from({ length: rows }, (_, i) => (wide[0]?.[i] ?? 0) + 0.1 * rng.normal(i, 400));
    const weights = Float64Array.from({ length: rows }, (_, i) => 0.5 + rng.uniform(i, 401));
    const dense = DistributedArray.fromColumns(wide, { partitions: 3 });
    const indptr = Array.from({ length: rows + 1 }, (_, i) => i * p);
    const indices = Array.from({ length: rows * p }, (_, at) => at % p);
    const values = Array.from({ length: rows * p }, (_, at) => wide[at % p]?.[Math.floor(at / p)] ?? 0);
    const sparse = DistributedArray.fromCsr({ indptr, indices, values, cols: p }, { partitions: 3 });
    for (const fitIntercept of [true, false]) {
      const options = { sampleWeight: weights };
      const exact = await new LinearRegression({ solver: "tsqr", fitIntercept }).fit(dense, target, options);
      for (const X of [dense, sparse]) {
        const model = await new LinearRegression({ solver: "randomized", fitIntercept }).fit(X, target, options);
        expect(model.rank).toBe(exact.rank);
        expect(model.explain().passes).toBeLessThanOrEqual(5);
        expectClose(model.coef, exact.coef, closedForm(1e4), `coef, fitIntercept ${fitIntercept}`);
        expectClose([model.intercept], [exact.intercept], closedForm(1e4), "intercept");
      }
    }
  });

  it("random directions become more until they span the rows", async () => {
    const wide = lowRank(150, 200, 90);
    const target = normal(150, 500);
    const X = DistributedArray.fromColumns(wide);
    const model = await new LinearRegression({ solver: "randomized" }).fit(X, target);
    const exact = await new LinearRegression({ solver: "tsqr" }).fit(X, target);
    expect(model.rank).toBe(90);
    expectClose(model.coef, exact.coef, closedForm(1e5), "coef");
  });

  it("keep co-moments only where there are some", async () => {
    const model = new LinearRegression({ solver: "randomized", keepMoments: true });
    await expect(model.fit([[1], [2]], [1, 2])).rejects.toThrow(/keepMoments/);
  });
});

describe("orthonormalRows", () => {
  it("gives an orthonormal basis and leaves dependent rows out", () => {
    const rows = Float64Array.of(3, 0, 0, 1, 1, 0, 4, 1, 0, 0, 0, 2);
    const { basis, k } = orthonormalRows(rows, 4);
    expect(k).toBe(3);
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 3; b++) {
        const dot = [0, 1, 2].reduce((sum, j) => sum + (basis[a * 3 + j] as number) * (basis[b * 3 + j] as number), 0);
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 14);
      }
    }
  });
});
