import { describe, expect, it } from "vitest";
import { incompleteBeta, logGamma, twoSided, twoSidedQuantile } from "#src/numeric/distributions.js";
import { expectClose } from "../checks/tolerances.js";

const close = { rtol: 1e-12, atol: 0 };

describe("distributions", () => {
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
});
