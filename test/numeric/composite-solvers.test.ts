import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { cholesky, choleskySolve } from "#src/numeric/linalg/cholesky.js";
import { conjugateGradients } from "#src/numeric/solvers/conjugate-gradients.js";
import { consensusAdmm } from "#src/numeric/solvers/consensus-admm.js";
import { fista } from "#src/numeric/solvers/fista.js";
import { dot, type Evaluation } from "#src/numeric/solvers/objective.js";
import { minimiseQuadratic } from "#src/numeric/solvers/penalised-quadratic.js";
import { Penalty } from "#src/numeric/solvers/penalty.js";
import { proximalNewton } from "#src/numeric/solvers/proximal-newton.js";
import { expectClose, iterative } from "../checks/tolerances.js";

const rng = new CounterRng(6, "composite solvers");

/** A Gram matrix of correlated columns of different scale, and a gradient. */
function problem(n: number, seed: number): { a: Float64Array; g: Float64Array } {
  const rows = Array.from({ length: 2 * n }, (_, i) =>
    Array.from(
      { length: n },
      (__, j) => (1 + (j % 3)) * (rng.normal(i, 4000 * seed + j) + rng.normal(i, 4000 * seed + 1000)),
    ),
  );
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j] = rows.reduce((s, r) => s + r[i]! * r[j]!, 0);
  return { a, g: Float64Array.from({ length: n }, (_, j) => 8 * n * rng.normal(j, 4000 * seed + 2000)) };
}

const times = (a: Float64Array, x: Float64Array): Float64Array =>
  x.map((_, i) => dot(a.subarray(i * x.length, (i + 1) * x.length), x));

/** ½ xᵀ·a·x + g·x. */
const quadratic = (a: Float64Array, g: Float64Array) => ({
  evaluate: (x: Float64Array): Promise<Evaluation> => {
    const ax = times(a, x);
    return Promise.resolve({ value: 0.5 * dot(x, ax) + dot(g, x) + 1e3, gradient: ax.map((v, i) => v + g[i]!) });
  },
});

const penalties: Record<string, Penalty> = {
  L1: new Penalty({ l1: 30, l2: 0 }),
  "elastic net": new Penalty({ l1: 20, l2: 5 }),
  L2: new Penalty({ l1: 0, l2: 3 }),
  "free positions": new Penalty({ l1: 25, l2: 1, free: [0, 3] }),
  "coefficients at or above 0": new Penalty({ l1: 0, l2: 0, positive: true }),
  "L1 at or above 0": new Penalty({ l1: 15, l2: 1, positive: true, free: [2] }),
};

describe("a separable penalty", () => {
  it("has the minimum of each coordinate where a search finds it", () => {
    for (const [name, penalty] of Object.entries(penalties)) {
      for (const linear of [-90, -31, -3, 0, 7, 26, 200]) {
        const at = (u: number): number => {
          if (penalty.positive && u < 0 && !penalty.isFree(2)) return Infinity;
          return 2 * u * u - linear * u + penalty.value(Float64Array.of(0, 0, u));
        };
        const u = penalty.minimum(2, linear, 4);
        const best = Math.min(...Array.from({ length: 4001 }, (_, k) => at(k / 10 - 200)));
        expect(at(u), name).toBeLessThanOrEqual(best + 1e-9);
        expect(penalty.residual(2, u, 4 * u - linear), name).toBeLessThan(1e-9);
      }
    }
  });
});

describe("solvers of an objective with a penalty", () => {
  for (const [name, penalty] of Object.entries(penalties)) {
    it(`agree and satisfy the optimality conditions with ${name}`, async () => {
      for (const n of [5, 40]) {
        const { a, g } = problem(n, n);
        const start = Float64Array.from({ length: n }, (_, j) => (j % 4 === 0 ? 0.1 : 0));
        const objective = quadratic(a, g);
        const gradient = (await objective.evaluate(start)).gradient;
        const inner = minimiseQuadratic({ curvature: a, gradient, x: start, penalty }, 1e-14);
        const end = (await objective.evaluate(inner.x)).gradient;
        const scale = Math.max(...g.map(Math.abs));
        expect(penalty.violation(inner.x, end), "coordinate descent").toBeLessThan(1e-6 * scale);
        const before = (await objective.evaluate(start)).value + penalty.value(start);
        const after = (await objective.evaluate(inner.x)).value + penalty.value(inner.x);
        expectClose([inner.decrease], [before - after], iterative, "decrease");

        // A wrong curvature: BFGS updates mend it.
        const rough = a.map((v, i) => (i % (n + 1) === 0 ? 1.5 * v : 0.8 * v));
        const options = { tol: 1e-8, maxIter: 2000 };
        const newtons = await proximalNewton(objective, penalty, start, { ...options, curvature: rough });
        const exact = await proximalNewton(objective, penalty, start, {
          ...options,
          curvature: () => Promise.resolve(a),
        });
        const fast = await fista(objective, penalty, start, {
          ...options,
          maxIter: 50_000,
          scale: Float64Array.from({ length: n }, (_, j) => a[j * n + j]!),
        });
        const groups = [0.5, 0.2, 0.3];
        const consensus = await consensusAdmm(
          {
            ...objective,
            groups: groups.length,
            // Shares of the quadratic: x = (share a + metric)⁻¹ (metric·centre − share g).
            solveGroups: (centres) =>
              Promise.resolve(
                centres.map((centre, k) => {
                  const share = groups[k]!;
                  const factor = cholesky(
                    a.map((v) => v * (share + 1 / 3)),
                    n,
                  )!;
                  return choleskySolve(
                    factor,
                    times(a, centre).map((v, j) => v / 3 - share * g[j]!),
                  );
                }),
              ),
          },
          penalty,
          start,
          { ...options, metric: a.map((v) => v / 3) },
        );
        for (const [solver, found] of Object.entries({ newtons, exact, fast, consensus })) {
          expect(found.converged, `${solver} ${n}`).toBe(true);
          expect(found.gradientNorm, `${solver} ${n}`).toBeLessThan(1e-3 * scale);
          expectClose([found.value], [after], { rtol: 1e-9, atol: 0 }, `${solver} ${n}`);
          expectClose(found.x, inner.x, { rtol: 1e-4, atol: 1e-4 }, `${solver} ${n}`);
        }
        expect(exact.iterations).toBeLessThanOrEqual(2);
        expect(consensus.iterations).toBeLessThan(60);
      }
    });
  }

  it("stop with what they have where iterations run out, and say so", async () => {
    const { a, g } = problem(20, 3);
    const penalty = penalties["L1"]!;
    const start = new Float64Array(20);
    const curvature = new Float64Array(400).map((_, i) => (i % 21 === 0 ? 1e5 : 0));
    const few = await proximalNewton(quadratic(a, g), penalty, start, { tol: 1e-9, maxIter: 2, curvature });
    const scale = new Float64Array(20).fill(1e4);
    const fast = await fista(quadratic(a, g), penalty, start, { tol: 1e-9, maxIter: 2, scale });
    for (const found of [few, fast]) {
      expect(found.converged).toBe(false);
      expect(found.iterations).toBe(2);
    }
  });

  it("report every iteration, and stop where the listener throws", async () => {
    const { a, g } = problem(8, 4);
    const seen: number[] = [];
    const onIteration = (iteration: number): void => {
      seen.push(iteration);
      if (iteration === 3) throw new Error("enough");
    };
    const scale = Float64Array.from({ length: 8 }, (_, j) => a[j * 9]!);
    const options = { tol: 1e-12, maxIter: 100, scale, onIteration };
    await expect(fista(quadratic(a, g), penalties["L1"]!, new Float64Array(8), options)).rejects.toThrow("enough");
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe("conjugate gradients", () => {
  it("solve like a factorisation, and stop in a direction without curvature", () => {
    const { a, g } = problem(30, 9);
    expectClose(conjugateGradients(a, g, 1e-12), choleskySolve(cholesky(a, 30)!, g), iterative);
    // Rank one: b lies in its range.
    const u = [1, 2, 3];
    const one = Float64Array.from({ length: 9 }, (_, i) => u[Math.floor(i / 3)]! * u[i % 3]!);
    const b = Float64Array.of(14, 28, 42);
    const x = conjugateGradients(one, b, 1e-12);
    expectClose(times(one, x), b, iterative);
  });
});
