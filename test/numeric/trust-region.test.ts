import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CounterRng } from "#src/base/rng.js";
import { newton } from "#src/numeric/solvers/newton.js";
import type { Evaluation } from "#src/numeric/solvers/objective.js";
import { foreseenDecrease, lengthIn, metricOf, trustRegionStep } from "#src/numeric/solvers/trust-region.js";

describe("trustRegionStep", () => {
  it("is no worse than any other step within the radius, for matrices of any signs", () => {
    const rng = new CounterRng(3, "trust region");
    for (let k = 0; k < 300; k++) {
      const [a, b, c, g0, g1] = Array.from({ length: 5 }, (_, j) => rng.normal(k, j)) as [
        number,
        number,
        number,
        number,
        number,
      ];
      const radius = 0.05 + 4 * rng.uniform(k, 5);
      const hessian = Float64Array.of(a, b, b, c);
      const gradient = Float64Array.of(g0, g1);
      const metric = metricOf(hessian, 2);
      const step = trustRegionStep(hessian, gradient, metric, radius) as Float64Array;
      const length = lengthIn(metric, step);
      expect(length).toBeLessThanOrEqual(radius * 1.1 + 1e-12);
      const own = foreseenDecrease(hessian, gradient, step);
      // All directions at the step's own length: of its length it is the best.
      for (let degree = 0; degree < 360; degree++) {
        const angle = (degree * Math.PI) / 180;
        const other = Float64Array.of(
          (length * Math.cos(angle)) / Math.sqrt(metric[0] as number),
          (length * Math.sin(angle)) / Math.sqrt(metric[1] as number),
        );
        expect(foreseenDecrease(hessian, gradient, other)).toBeLessThanOrEqual(own + 1e-9 * (1 + Math.abs(own)));
      }
    }
  });

  it("is Newton's own step where that is short enough", () => {
    const step = trustRegionStep(Float64Array.of(2, 0, 0, 4), Float64Array.of(-2, 8), Float64Array.of(1, 1), 10);
    expect(step?.[0]).toBeCloseTo(1, 14);
    expect(step?.[1]).toBeCloseTo(-2, 14);
  });

  it("is the same in other units", () => {
    const step = (s: number): Float64Array => {
      const hessian = Float64Array.of(2, 0.5 * s, 0.5 * s, 1 * s * s);
      return trustRegionStep(hessian, Float64Array.of(3, -4 * s), metricOf(hessian, 2), 0.5) as Float64Array;
    };
    const [plain, scaled] = [step(1), step(1024)];
    expect(scaled[0]).toBeCloseTo(plain[0] as number, 12);
    expect((scaled[1] as number) * 1024).toBeCloseTo(plain[1] as number, 12);
  });
});

describe("newton in a trust region", () => {
  /** Mean of a Poisson count by its logarithm: far below the minimum the full step is e^10 too long. */
  const poisson = {
    evaluate: async ([x = 0]: Float64Array): Promise<Evaluation & { hessian: Float64Array }> => {
      const mean = Math.exp(x);
      return { value: mean - 7 * x, gradient: Float64Array.of(mean - 7), hessian: Float64Array.of(mean) };
    },
  };

  it("comes back from a full step that leaves the numbers", async () => {
    const found = await newton(poisson, Float64Array.of(-10), { tol: 1e-10, maxIter: 100 });
    expect(found.converged).toBe(true);
    expect(found.x[0]).toBeCloseTo(Math.log(7), 10);
  });

  it("never goes up, from anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: -20, max: 20, noNaN: true }), async (from) => {
        const seen: number[] = [];
        const found = await newton(poisson, Float64Array.of(from), {
          tol: 1e-10,
          maxIter: 100,
          onIteration: (_, value) => void seen.push(value),
        });
        expect(found.converged).toBe(true);
        expect(found.x[0]).toBeCloseTo(Math.log(7), 9);
        expect(seen.every((value, i) => i === 0 || value <= (seen[i - 1] as number) + 1e-12)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
