import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { coordinateDescent, type Quadratic } from "#src/numeric/solvers/coordinate-descent.js";

function problem(n: number, p: number, seed: number, shared: number): Quadratic {
  const rng = new CounterRng(seed, "coordinate descent test");
  const common = Array.from({ length: n }, (_, i) => rng.normal(i, p + 1));
  const columns = Array.from({ length: p }, (_, j) => common.map((value, i) => shared * value + rng.normal(i, j)));
  const y = common.map(
    (_, i) => columns[0]![i]! - 2 * columns[1]![i]! + 0.5 * columns[p - 1]![i]! + rng.normal(i, p + 2),
  );
  const gram = new Float64Array(p * p);
  const cross = new Float64Array(p);
  for (let i = 0; i < p; i++) {
    cross[i] = columns[i]!.reduce((sum, value, k) => sum + value * y[k]!, 0);
    for (let j = 0; j < p; j++)
      gram[i * p + j] = columns[i]!.reduce((sum, value, k) => sum + value * columns[j]![k]!, 0);
  }
  return { p, gram, cross, total: y.reduce((sum, value) => sum + value * value, 0) };
}

/** Largest violation of the optimality conditions. */
function violation({ p, gram, cross }: Quadratic, b: Float64Array, l1: number, l2: number, positive: boolean): number {
  let worst = 0;
  for (let j = 0; j < p; j++) {
    let q = cross[j]! - l2 * b[j]!;
    for (let k = 0; k < p; k++) q -= gram[j * p + k]! * b[k]!;
    if (b[j] !== 0) worst = Math.max(worst, Math.abs(q - l1 * Math.sign(b[j]!)));
    else worst = Math.max(worst, (positive ? q : Math.abs(q)) - l1);
  }
  return worst;
}

describe("coordinateDescent", () => {
  it("meets the optimality conditions for independent and for strongly correlated columns", () => {
    for (const shared of [0, 30]) {
      for (const [n, p] of [
        [80, 12],
        [30, 60],
      ] as const) {
        const quadratic = problem(n, p, 3, shared);
        const largest = Math.max(...quadratic.cross.map(Math.abs));
        for (const share of [0.5, 0.05, 0.002]) {
          for (const l2 of [0, 5]) {
            for (const positive of [false, true]) {
              const l1 = share * largest;
              const found = coordinateDescent(quadratic, { l1, l2, positive, tol: 1e-12, maxIter: 100_000 });
              expect(found.converged).toBe(true);
              expect(violation(quadratic, found.coef, l1, l2, positive)).toBeLessThan(1e-5 * l1);
              if (positive) expect(found.coef.every((value) => value >= 0)).toBe(true);
            }
          }
        }
      }
    }
  });

  it("finds from a neighbouring solution with screening what it finds from nothing", () => {
    const quadratic = problem(60, 40, 5, 2);
    const largest = Math.max(...quadratic.cross.map(Math.abs));
    const options = { l2: 1, positive: false, tol: 1e-13, maxIter: 100_000 };
    let start: Float64Array | undefined;
    let previousL1: number | undefined;
    for (let k = 0; k < 30; k++) {
      const l1 = largest * 0.8 ** k;
      const warm = coordinateDescent(quadratic, { ...options, l1, start, previousL1 });
      const cold = coordinateDescent(quadratic, { ...options, l1 });
      warm.coef.forEach((value, j) => expect(Math.abs(value - cold.coef[j]!)).toBeLessThan(1e-7));
      expect(warm.iterations).toBeLessThanOrEqual(cold.iterations + 5);
      start = warm.coef;
      previousL1 = l1;
    }
  });

  it("is zero from the largest correlation on, and for a target of zeros", () => {
    const quadratic = problem(40, 6, 9, 0);
    const l1 = Math.max(...quadratic.cross.map(Math.abs));
    expect(
      Array.from(coordinateDescent(quadratic, { l1, l2: 0, positive: false, tol: 1e-8, maxIter: 10 }).coef),
    ).toEqual([0, 0, 0, 0, 0, 0]);
    const nothing = { ...quadratic, cross: new Float64Array(6), total: 0 };
    expect(coordinateDescent(nothing, { l1: 1, l2: 0, positive: false, tol: 1e-8, maxIter: 10 })).toMatchObject({
      gap: 0,
      converged: true,
    });
  });
});
