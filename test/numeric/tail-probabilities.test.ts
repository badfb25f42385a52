import { describe, expect, it } from "vitest";
import { logGamma, upperGamma } from "#src/numeric/gamma.js";
import { incompleteBeta } from "#src/numeric/incomplete-beta.js";
import { normalCdf } from "#src/numeric/normal-distribution.js";
import { normalQuantile } from "#src/numeric/normal-quantile.js";
import { chiSquareTail, fTail, twoSided, twoSidedQuantile } from "#src/numeric/tail-probabilities.js";
import { closedForm, elementwise, expectClose, type Tolerance } from "../checks/tolerances.js";
import { loadGolden } from "../golden/load-golden.js";

const close = { rtol: 1e-12, atol: 0 };

describe("tail probabilities", () => {
  it("have the closed forms that they have", () => {
    expectClose(
      [logGamma(0.5), logGamma(5), logGamma(0.1)],
      [Math.log(Math.PI) / 2, Math.log(24), 2.252712651734206],
      close,
    );
    // I_x(1, 1) = x, I_x(2, 2) = x²(3 − 2x).
    expectClose(
      [incompleteBeta(0.3, 1, 1), incompleteBeta(0.3, 2, 2), incompleteBeta(0.8, 2, 2)],
      [0.3, 0.216, 0.896],
      close,
    );
    expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
    // Γ(1, x) / Γ(1) = e⁻ˣ, on both sides of the change of method.
    for (const x of [0.1, 1.9, 2.1, 50]) expectClose([upperGamma(1, x)], [Math.exp(-x)], close);
    expect([upperGamma(2, 0), upperGamma(2, Infinity), upperGamma(2, NaN)]).toEqual([1, 0, NaN]);
    // Cauchy: 1 − (2/π) atan t.
    for (const t of [0.1, 1, 5, 100])
      expectClose([twoSided(t, 1)], [1 - (2 / Math.PI) * Math.atan(t)], { rtol: 1e-11, atol: 0 });
  });

  it("have the normal tail far out, on both sides of the change of method", () => {
    // 2 Φ(−z) of scipy.
    const values = [
      [0, 1],
      [0.5, 0.6170750774519738],
      [1.959963984540054, 0.05],
      [2.9999, 0.00270068256590985],
      [3.0001, 0.0026989098265214344],
      [6, 1.973175290075389e-9],
      [20, 5.507248237212311e-89],
    ] as const;
    for (const [z, p] of values)
      expectClose([twoSided(z, Infinity), twoSided(-z, Infinity)], [p, p], { rtol: 1e-12, atol: 0 }, `z ${z}`);
  });

  it("invert", () => {
    for (const df of [1, 3.5, 40, Infinity]) {
      for (const share of [0.5, 0.05, 1e-6])
        expectClose([twoSided(twoSidedQuantile(share, df), df)], [share], { rtol: 1e-9, atol: 0 });
    }
    expectClose(
      [twoSidedQuantile(0.05, 10), twoSidedQuantile(0.05, Infinity)],
      [2.228138851986274, 1.959963984540054],
      close,
    );
  });

  it("agree with scipy", () => {
    const { expected } = loadGolden("column-selectors").cases["special"] as { expected: Record<string, number[]> };
    const [q, ppf, z, cdf] = ["q", "ppf", "z", "cdf"].map((key) => expected[key] as number[]) as [
      number[],
      number[],
      number[],
      number[],
    ];
    expectEach(q.map(normalQuantile), ppf, elementwise);
    expectEach(z.map(normalCdf), cdf);
    for (const [f, a, b, want] of expected["fsf"] as unknown as [number, number, number, number][])
      expectEach([fTail(f, a, b)], [want]);
    for (const [x, d, want] of expected["chisf"] as unknown as [number, number, number][])
      expectEach([chiSquareTail(x, d)], [want]);
  });

  it("have ends", () => {
    expect([fTail(-1, 2, 3), fTail(0, 2, 3), fTail(Infinity, 2, 3), fTail(NaN, 2, 3)]).toEqual([1, 1, 0, NaN]);
    expect([fTail(1, 0, 3), fTail(1, 3, 0), chiSquareTail(1, 0)]).toEqual([NaN, NaN, NaN]);
  });
});

describe("normalQuantile", () => {
  it("is the inverse of the distribution function", () => {
    for (const z of [-6, -2, -0.3, 0, 1.7, 4]) expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 9);
    expect([normalQuantile(0), normalQuantile(1), normalQuantile(2), normalQuantile(NaN)]).toEqual([
      -Infinity,
      Infinity,
      NaN,
      NaN,
    ]);
  });

  it("is exact far out on both sides", () => {
    // scipy's norm.ppf of 1e-300, 1 − 8ε and 1 − ε/2.
    expectEach(
      [1e-300, 1 - 8 * Number.EPSILON, 1 - Number.EPSILON / 2].map(normalQuantile),
      [-37.0470962993612, 7.869777910570139, 8.209536151601387],
      elementwise,
    );
  });
});

// One by one, so that the smallest are as near as the largest.
function expectEach(actual: readonly number[], expected: readonly number[], tolerance: Tolerance = closedForm()): void {
  actual.forEach((value, i) => expectClose([value], [expected[i] as number], tolerance));
}
