import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { cholesky, choleskySolve } from "#src/numeric/linalg/cholesky.js";
import { mergeTriangles, triangularFactor } from "#src/numeric/linalg/tsqr.js";
import { expectClose } from "../checks/tolerances.js";

const rng = new CounterRng(11, "factorisations");

/** Row-major rows x k of normal numbers; `draw` picks the matrix. */
function matrix(rows: number, k: number, draw: number): Float64Array {
  return Float64Array.from({ length: rows * k }, (_, i) => rng.normal(i, draw));
}

/** aᵀa. */
function gram(a: Float64Array, k: number): Float64Array {
  return Float64Array.from({ length: k * k }, (_, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    let sum = 0;
    for (let row = 0; row < a.length / k; row++) sum += (a[row * k + i] as number) * (a[row * k + j] as number);
    return sum;
  });
}

describe("cholesky", () => {
  it("gives a lower factor whose square is the matrix", () => {
    for (const n of [1, 2, 5, 12]) {
      const a = gram(matrix(3 * n, n, n), n);
      const factor = cholesky(a, n);
      const lower = factor?.lower as Float64Array;
      const upper = Float64Array.from({ length: n * n }, (_, at) => lower[(at % n) * n + Math.floor(at / n)] as number);
      expectClose(gram(upper, n), a, { rtol: 1e-13, atol: 1e-14 }, `order ${n}`);
      for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(lower[i * n + j]).toBe(0);
    }
  });

  it("solves systems", () => {
    const n = 6;
    const a = gram(matrix(20, n, 3), n);
    const x = Float64Array.from({ length: n }, (_, i) => i - 2.5);
    const b = Float64Array.from({ length: n }, (_, i) =>
      x.reduce((sum, value, j) => sum + (a[i * n + j] as number) * value, 0),
    );
    expectClose(
      choleskySolve(cholesky(a, n) as NonNullable<ReturnType<typeof cholesky>>, b),
      x,
      { rtol: 1e-11, atol: 1e-12 },
      "x",
    );
  });

  it("says what a column has that the ones before it lack", () => {
    expect(cholesky(Float64Array.of(1, 0.6, 0.6, 1), 2)?.minPivot).toBeCloseTo(0.64, 15);
  });

  it("gives up on matrices that are not positive definite, and on NaN", () => {
    expect(cholesky(Float64Array.of(1, 2, 2, 1), 2)).toBeUndefined();
    expect(cholesky(Float64Array.of(1, 1, 1, 1), 2)).toBeUndefined();
    expect(cholesky(Float64Array.of(1, NaN, NaN, 1), 2)).toBeUndefined();
    expect(cholesky(Float64Array.of(1, 0.9999, 0.9999, 1), 2, 1e-3)).toBeUndefined();
  });
});

describe("the triangular factor", () => {
  it("has the Gram matrix of the data, for any number of rows", () => {
    for (const rows of [0, 1, 3, 4, 5, 40]) {
      const a = matrix(rows, 4, 50 + rows);
      const r = triangularFactor(a.slice(), 4);
      expectClose(gram(r, 4), gram(a, 4), { rtol: 1e-12, atol: 1e-14 }, `${rows} rows`, rows + 1);
      for (let i = 0; i < 4; i++) {
        expect(r[i * 4 + i]).toBeGreaterThanOrEqual(0);
        for (let j = 0; j < i; j++) expect(r[i * 4 + j]).toBe(0);
      }
    }
  });

  it("is the Cholesky factor of the Gram matrix where that is well-conditioned", () => {
    const a = matrix(50, 5, 9);
    const lower = cholesky(gram(a, 5), 5)?.lower as Float64Array;
    const r = triangularFactor(a.slice(), 5);
    expectClose(
      r,
      Float64Array.from({ length: 25 }, (_, at) => lower[(at % 5) * 5 + Math.floor(at / 5)] as number),
      { rtol: 1e-11, atol: 1e-12 },
      "R",
    );
  });

  it("keeps what the Gram matrix loses: columns that differ by 1e-9", () => {
    const rows = 30;
    const a = new Float64Array(rows * 2);
    for (let i = 0; i < rows; i++) {
      a[i * 2] = Math.sin(i);
      a[i * 2 + 1] = Math.sin(i) + 1e-9 * Math.cos(7 * i);
    }
    // The part of column 1 that is orthogonal to column 0, computed from the difference.
    const dot = (f: (i: number) => number, g: (i: number) => number): number =>
      Array.from({ length: rows }, (_, i) => f(i) * g(i)).reduce((s, v) => s + v, 0);
    const c = (i: number): number => Math.cos(7 * i);
    const along = dot(Math.sin, c) / dot(Math.sin, Math.sin);
    const left = (i: number): number => c(i) - along * Math.sin(i);
    expectClose(
      [triangularFactor(a.slice(), 2)[3] as number],
      [1e-9 * Math.sqrt(dot(left, left))],
      { rtol: 1e-6, atol: 0 },
      "diagonal",
    );
    expect(cholesky(gram(a, 2), 2, 1e-12)).toBeUndefined();
  });

  it("of parts merges to the factor of the whole, in any grouping", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(1000),
        (p, q, r, draw) => {
          const k = 3;
          const a = matrix(p + q + r, k, 100 + draw);
          const part = (from: number, to: number): { k: number; r: Float64Array } => ({
            k,
            r: triangularFactor(a.slice(from * k, to * k), k),
          });
          const [x, y, z] = [part(0, p), part(p, p + q), part(p + q, p + q + r)];
          const whole = gram(a, k);
          for (const merged of [mergeTriangles(mergeTriangles(x, y), z), mergeTriangles(x, mergeTriangles(y, z))]) {
            expectClose(gram(merged.r, k), whole, { rtol: 1e-12, atol: 1e-13 }, "RᵀR");
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has a zero on the diagonal for a column that repeats another", () => {
    const a = Float64Array.from(
      { length: 30 },
      (_, i) => Math.sin(Math.floor(i / 3)) * (i % 3 === 1 ? 1 : i % 3 === 2 ? Math.floor(i / 3) : 1),
    );
    expect(Math.abs(triangularFactor(a, 3)[4] as number)).toBeLessThan(1e-15);
  });
});
