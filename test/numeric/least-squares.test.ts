import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import type { Comoments } from "#src/numeric/comoments.js";
import { solveNormalEquations, solveTriangular } from "#src/numeric/least-squares.js";
import { triangularFactor } from "#src/numeric/linalg/tsqr.js";
import { closedForm, expectClose } from "../checks/tolerances.js";

const rng = new CounterRng(4, "least squares");

/** Rows of [x..., y] as the two summaries that the solvers start from. */
function summaries(
  rows: readonly (readonly number[])[],
  fitIntercept: boolean,
): { total: Comoments; triangle: { k: number; r: Float64Array } } {
  const k = rows[0]?.length ?? 0;
  const mean = Float64Array.from(
    { length: k },
    (_, j) => rows.reduce((sum, row) => sum + (row[j] as number), 0) / rows.length,
  );
  const scatter = Float64Array.from({ length: k * k }, (_, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    return rows.reduce(
      (sum, row) => sum + ((row[i] as number) - (mean[i] as number)) * ((row[j] as number) - (mean[j] as number)),
      0,
    );
  });
  const shifted = rows.flatMap((row) => row.map((v, j) => v - (fitIntercept ? (mean[j] as number) : 0)));
  return {
    total: { rows: rows.length, weight: rows.length, mean, scatter },
    triangle: { k, r: triangularFactor(Float64Array.from(shifted), k) },
  };
}

describe("the two ways to least squares", () => {
  it("agree on well-conditioned columns of any scale", () => {
    const scales = [1e-4, 1, 1e5];
    const rows = Array.from({ length: 80 }, (_, i) => {
      const x = scales.map((s, j) => s * (rng.normal(i, j) + j));
      return [...x, 2e4 * (x[0] as number) - (x[1] as number) + 3e-5 * (x[2] as number) + 5 + 0.1 * rng.normal(i, 9)];
    });
    for (const fitIntercept of [true, false]) {
      const { total, triangle } = summaries(rows, fitIntercept);
      const normal = solveNormalEquations(total, fitIntercept);
      const qr = solveTriangular(triangle, total, fitIntercept);
      expect([normal?.method, normal?.rank, qr.method, qr.rank]).toEqual(["cholesky", 3, "qr", 3]);
      const unit = (coef: Float64Array): number[] => scales.map((s, j) => s * (coef[j] as number));
      expectClose(unit(normal?.coef as Float64Array), unit(qr.coef), closedForm(), "coef");
      expectClose([normal?.intercept as number], [qr.intercept], closedForm(), "intercept", 10);
      if (!fitIntercept) expect([normal?.intercept, qr.intercept]).toEqual([0, 0]);
    }
  });

  it("leave nearly dependent and constant columns to the triangular factor", () => {
    const close = Array.from({ length: 40 }, (_, i) => [
      rng.normal(i, 20),
      rng.normal(i, 20) + 1e-5 * rng.normal(i, 21),
      1,
    ]);
    expect(solveNormalEquations(summaries(close, true).total, true)).toBeUndefined();
    const constant = Array.from({ length: 40 }, (_, i) => [rng.normal(i, 20), 0.1, rng.normal(i, 22)]);
    const { total, triangle } = summaries(constant, true);
    expect(solveNormalEquations(total, true)).toBeUndefined();
    const found = solveTriangular(triangle, total, true);
    expect([found.method, found.rank]).toEqual(["svd", 1]);
    expect(Math.abs(found.coef[1] as number)).toBeLessThan(1e-12);
  });

  it("share a repeated column evenly, the solution of least norm", () => {
    const rows = Array.from({ length: 30 }, (_, i) => [
      rng.normal(i, 30),
      rng.normal(i, 30),
      6 * rng.normal(i, 30) + 1,
    ]);
    const { total, triangle } = summaries(rows, true);
    const found = solveTriangular(triangle, total, true);
    expectClose(found.coef, [3, 3], closedForm(), "coef");
    expectClose([found.intercept], [1], closedForm(), "intercept");
    expect([found.method, found.rank]).toEqual(["svd", 1]);
  });
});
