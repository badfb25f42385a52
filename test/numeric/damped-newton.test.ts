import { describe, expect, it } from "vitest";
import { elementwise, expectClose } from "../checks/tolerances.js";
import { dampedNewton } from "#src/numeric/solvers/damped-newton.js";

const floor = Float64Array.of(1, 1);

describe("dampedNewton", () => {
  it("ends a quadratic in one step", async () => {
    const solution = await dampedNewton(
      {
        evaluate: async ([a = 0, b = 0]) => ({
          value: 2 * (a - 1) ** 2 + (b + 3) ** 2 + 5,
          gradient: Float64Array.of(4 * (a - 1), 2 * (b + 3)),
          hessian: Float64Array.of(4, 0, 0, 2),
        }),
      },
      new Float64Array(2),
      { tol: 1e-8, maxIter: 10, floor },
    );
    expectClose(solution.x, [1, -3], elementwise, "x");
    expect(solution).toMatchObject({ converged: true, iterations: 1, value: 5 });
  });

  it("gets out of a region without curvature, where a full step has no end", async () => {
    // A rounded |x - 4|: no curvature in x until it is near.
    const solution = await dampedNewton(
      {
        evaluate: async ([x = 0, y = 0]) => {
          const inside = Math.abs(x - 4) < 0.5;
          return {
            value: (inside ? (x - 4) ** 2 : Math.abs(x - 4) - 0.25) + y * y + 1,
            gradient: Float64Array.of(inside ? 2 * (x - 4) : Math.sign(x - 4), 2 * y),
            hessian: Float64Array.of(inside ? 2 : 0, 0, 0, 2),
          };
        },
      },
      Float64Array.of(-100, 7),
      { tol: 1e-8, maxIter: 500, floor },
    );
    expect(solution.converged).toBe(true);
    expect(solution.x[0]).toBeCloseTo(4, 6);
    expect(solution.x[1]).toBeCloseTo(0, 6);
  });

  it("says when it runs out of steps or the value is not finite", async () => {
    const evaluate = async ([x = 0]: Float64Array): Promise<{
      value: number;
      gradient: Float64Array;
      hessian: Float64Array;
    }> => ({
      value: Math.cosh(x),
      gradient: Float64Array.of(Math.sinh(x)),
      hessian: Float64Array.of(Math.cosh(x)),
    });
    const options = { tol: 1e-12, maxIter: 2, floor: Float64Array.of(1) };
    expect((await dampedNewton({ evaluate }, Float64Array.of(20), options)).converged).toBe(false);
    expect((await dampedNewton({ evaluate }, Float64Array.of(1e9), options)).converged).toBe(false);
  });
});
