import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { lbfgs } from "#src/numeric/solvers/lbfgs.js";
import { newton } from "#src/numeric/solvers/newton.js";
import type { CurvedObjective } from "#src/numeric/solvers/objective.js";
import { expectClose, iterative, objective as objectiveTolerance } from "../checks/tolerances.js";

type Curved = CurvedObjective & { readonly calls: number };

function counted(f: (x: Float64Array) => { value: number; gradient: Float64Array; hessian: Float64Array }): Curved {
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    evaluate: async (x) => {
      calls += 1;
      return f(x);
    },
  };
}

/** ½ (x − m)ᵀ D (x − m) + 3. */
function quadratic(diagonal: readonly number[], minimum: readonly number[]): Curved {
  const n = diagonal.length;
  return counted((x) => {
    const d = Float64Array.from(x, (value, i) => value - (minimum[i] as number));
    const hessian = new Float64Array(n * n);
    diagonal.forEach((entry, i) => (hessian[i * n + i] = entry));
    return {
      value: 3 + 0.5 * d.reduce((sum, value, i) => sum + (diagonal[i] as number) * value * value, 0),
      gradient: d.map((value, i) => value * (diagonal[i] as number)),
      hessian,
    };
  });
}

/** Rosenbrock's valley in two variables, plus 1 so that a relative tolerance means something. */
const rosenbrock = (): Curved =>
  counted((x) => {
    const [a = 0, b = 0] = x;
    return {
      value: 1 + (1 - a) ** 2 + 100 * (b - a * a) ** 2,
      gradient: Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
      hessian: Float64Array.of(2 - 400 * (b - 3 * a * a), -400 * a, -400 * a, 200),
    };
  });

/** Penalised logistic loss of 60 rows with columns of very different scale. */
function logistic(): Curved {
  const rng = new CounterRng(2, "solvers");
  const scales = [1, 30, 0.02];
  const rows = Array.from({ length: 60 }, (_, i) => scales.map((s, j) => s * rng.normal(i, j)));
  const t = rows.map((row, i) => Number((row[0] as number) + (row[1] as number) / 30 + rng.normal(i, 9) > 0));
  return counted((x) => {
    let value = 0.5 * x.reduce((sum, v) => sum + v * v, 0);
    const gradient = x.slice();
    const hessian = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
    rows.forEach((row, i) => {
      const z = row.reduce((sum, v, j) => sum + v * (x[j] as number), 0);
      const p = 1 / (1 + Math.exp(-z));
      value += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (t[i] as number) * z;
      row.forEach((v, j) => {
        gradient[j] = (gradient[j] as number) + (p - (t[i] as number)) * v;
        row.forEach((u, k) => (hessian[j * 3 + k] = (hessian[j * 3 + k] as number) + p * (1 - p) * v * u));
      });
    });
    return { value, gradient, hessian };
  });
}

const start = (n: number): Float64Array => new Float64Array(n);

describe("newton", () => {
  it("finds the minimum of a quadratic in one step, however ill-conditioned", async () => {
    const problem = quadratic([1e-6, 1, 1e6], [3, -2, 1]);
    const found = await newton(problem, start(3), { tol: 1e-9, maxIter: 20 });
    expect(found.converged).toBe(true);
    expectClose(found.x, [3, -2, 1], { rtol: 1e-12, atol: 0 }, "x");
    expect(found.iterations).toBe(1);
    expect(found.evaluations).toBe(problem.calls);
  });

  it("finds its way down Rosenbrock's valley", async () => {
    const found = await newton(rosenbrock(), Float64Array.of(-1.2, 1), { tol: 1e-10, maxIter: 100 });
    expect(found.converged).toBe(true);
    expectClose(found.x, [1, 1], iterative, "x");
    expectClose([found.value], [1], objectiveTolerance, "value");
  });

  it("copes with a Hessian that is singular", async () => {
    const flat = counted((x) => ({
      value: 1 + ((x[0] as number) - 2) ** 2,
      gradient: Float64Array.of(2 * ((x[0] as number) - 2), 0),
      hessian: Float64Array.of(2, 0, 0, 0),
    }));
    const found = await newton(flat, start(2), { tol: 1e-9, maxIter: 50 });
    expectClose([found.x[0] as number], [2], iterative, "x0");
    expect(found.x[1]).toBe(0);
  });

  it("says that it has not converged when the iterations run out, or the objective is NaN", async () => {
    expect((await newton(rosenbrock(), Float64Array.of(-1.2, 1), { tol: 1e-10, maxIter: 2 })).converged).toBe(false);
    const bad = counted(() => ({ value: NaN, gradient: Float64Array.of(NaN), hessian: Float64Array.of(NaN) }));
    const found = await newton(bad, start(1), { tol: 1e-10, maxIter: 5 });
    expect([found.converged, found.x[0], found.evaluations]).toEqual([false, 0, 1]);
  });

  it("leaves the start as it was and reports every iteration", async () => {
    const from = Float64Array.of(-1.2, 1);
    const seen: number[] = [];
    await newton(rosenbrock(), from, { tol: 1e-10, maxIter: 100, onIteration: (_, value) => void seen.push(value) });
    expect(Array.from(from)).toEqual([-1.2, 1]);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.every((value, i) => i === 0 || value <= (seen[i - 1] as number) * (1 + 1e-14))).toBe(true);
  });
});

describe("lbfgs", () => {
  it("finds the minimum of an ill-conditioned quadratic", async () => {
    const problem = quadratic([1, 10, 100, 1e4], [1, 2, 3, 4]);
    const found = await lbfgs(problem, start(4), { tol: 1e-10, maxIter: 200 });
    expect(found.converged).toBe(true);
    expectClose(found.x, [1, 2, 3, 4], iterative, "x");
    expectClose([found.value], [3], objectiveTolerance, "value");
    expect(found.evaluations).toBe(problem.calls);
  });

  it("needs two passes for a quadratic whose Hessian is its preconditioner", async () => {
    const diagonal = [1e-4, 1, 1e6];
    const problem = quadratic(diagonal, [1, 2, 3]);
    const found = await lbfgs(problem, start(3), {
      tol: 1e-8,
      maxIter: 50,
      precondition: (v) => v.map((value, i) => value / (diagonal[i] as number)),
    });
    expectClose(found.x, [1, 2, 3], { rtol: 1e-12, atol: 0 }, "x");
    expect(problem.calls).toBe(2);
  });

  it("finds its way down Rosenbrock's valley", async () => {
    const found = await lbfgs(rosenbrock(), Float64Array.of(-1.2, 1), { tol: 1e-9, maxIter: 300 });
    expect(found.converged).toBe(true);
    expectClose(found.x, [1, 1], { rtol: 1e-5, atol: 0 }, "x");
    expectClose([found.value], [1], objectiveTolerance, "value");
  });

  it("says that it has not converged when the iterations run out, or the objective is NaN", async () => {
    const few = await lbfgs(rosenbrock(), Float64Array.of(-1.2, 1), { tol: 1e-9, maxIter: 3 });
    expect([few.converged, few.iterations]).toEqual([false, 3]);
    const bad = counted(() => ({ value: NaN, gradient: Float64Array.of(NaN), hessian: Float64Array.of(NaN) }));
    expect((await lbfgs(bad, start(1), { tol: 1e-9, maxIter: 5 })).converged).toBe(false);
  });

  it("stops at once at the minimum", async () => {
    const problem = quadratic([1, 2], [0, 0]);
    const found = await lbfgs(problem, start(2), { tol: 1e-6, maxIter: 5 });
    expect([found.converged, found.iterations, problem.calls, ...found.x]).toEqual([true, 0, 1, 0, 0]);
  });

  it("finds what Newton's method finds", async () => {
    const a = await newton(logistic(), start(3), { tol: 1e-9, maxIter: 50 });
    const b = await lbfgs(logistic(), start(3), { tol: 1e-9, maxIter: 500 });
    expect([a.converged, b.converged]).toEqual([true, true]);
    expectClose(b.x, a.x, iterative, "x");
    expectClose([b.value], [a.value], objectiveTolerance, "value");
    // Optimality, recomputed: the gradient is that of rounding.
    const { gradient } = await logistic().evaluate(a.x);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-9);
  });
});
