import { describe, expect, it } from "vitest";
import { glmFamily } from "#src/kernels/kernels.js";
import { KernelHarness, uniform, ulps } from "./kernel-harness.js";

const harness = new KernelHarness();

describe("moments", () => {
  it("keep full accuracy far from zero, whatever the drift", () => {
    harness.reset();
    const n = 30_000;
    // Integers: the exact moments are known. The second column drifts, so that tiles differ from what came before.
    const near = Array.from({ length: n }, (_, i) => 1e9 + (i % 3));
    const drift = Array.from({ length: n }, (_, i) => 1e6 + i);
    const cols = harness.columns("F64", [near, drift]);
    const out = harness.room(80);
    harness.run((k) => k.momentsF64(cols, 2, n, 0, out));
    const [w0, mean0, m20, , , w1, mean1, m21] = harness.f64At(out, 10).wasm;
    expect([w0, w1]).toEqual([n, n]);
    expect(mean0).toBe(1e9 + 1);
    expect(Math.abs(m20! / ((n * 2) / 3) - 1)).toBeLessThan(1e-10);
    expect(Math.abs(mean1! / (1e6 + (n - 1) / 2) - 1)).toBeLessThan(1e-15);
    expect(Math.abs(m21! / ((n * (n * n - 1)) / 12) - 1)).toBeLessThan(1e-13);
  });

  it("of a constant column are the constant and zero, weighted or not", () => {
    for (const weighted of [false, true]) {
      harness.reset();
      const n = 5_000;
      const cols = harness.columns("F64", [Array.from({ length: n }, () => 0.1)]);
      const w = weighted ? harness.f64(uniform(n, 3).map((u) => u + 1.1)) : 0;
      const out = harness.room(40);
      harness.run((k) => k.momentsF64(cols, 1, n, w, out));
      const [, mean, m2] = harness.f64At(out, 5).wasm;
      expect(mean).toBe(0.1);
      expect(m2).toBeLessThan(1e-29);
    }
  });

  it("skip NaN rows, count them, and are zero without any row", () => {
    harness.reset();
    const cols = harness.columns("F64", [
      [NaN, 1, 3, NaN],
      [NaN, NaN, NaN, NaN],
      [1, Infinity, 2, NaN],
    ]);
    const out = harness.room(120);
    harness.run((k) => k.momentsF64(cols, 3, 4, 0, out));
    const { wasm } = harness.f64At(out, 15);
    expect(Array.from(wasm.slice(0, 5))).toEqual([2, 2, 2, 2, 0]);
    expect(Array.from(wasm.slice(5, 10))).toEqual([0, 0, 0, 4, 0]);
    expect(Array.from(wasm.slice(13, 15))).toEqual([1, 1]);
  });

  it("of a sparse column equal those of the dense one with its zeros", () => {
    harness.reset();
    // Rows [5, -], [-, 2], [5, NaN], [5, -]: column 0 is 5 5 5 and a zero, column 1 is 0 2 0 and a NaN.
    const indptr = harness.u32([0, 1, 2, 4, 5]);
    const indices = harness.u32([0, 1, 0, 1, 0]);
    const values = harness.f64([5, 2, 5, NaN, 5]);
    const out = harness.room(80);
    harness.run((k) => k.csrMoments(indptr, indices, values, 4, 2, 0, out));
    const { wasm } = harness.f64At(out, 10);
    expect(Array.from(wasm.slice(0, 5))).toEqual([4, 3.75, 18.75, 0, 0]);
    expect([wasm[5], wasm[8]]).toEqual([3, 1]);
    expect(wasm[6]).toBeCloseTo(2 / 3, 15);
    expect(wasm[7]).toBeCloseTo(8 / 3, 14);
  });
});

describe("logistic loss", () => {
  it("keeps its relative accuracy where the model is certain, right or wrong", () => {
    for (const eta of [-800, -700, -300, -40, -1e-9, 0, 1e-9, 0.3, 0.9, 40, 300, 700, 800, 1e300]) {
      for (const y of [0, 1]) {
        harness.reset();
        const cols = harness.columns("F64", []);
        const target = harness.f64([y]);
        const coef = harness.f64([eta]);
        const grad = harness.accumulator([0]);
        const scratch = harness.room(16_384);
        const { wasm } = harness.run((k) =>
          k.glmLossGradF64(glmFamily.logistic, 0, cols, 0, 1, target, 0, 0, coef, grad, scratch),
        );
        const margin = y === 1 ? eta : -eta;
        const expected = margin > 0 ? Math.log1p(Math.exp(-margin)) : -margin + Math.log1p(Math.exp(margin));
        const u = Math.exp(-Math.abs(margin));
        const slope = (margin > 0 ? u : 1) / (1 + u);
        expect(ulps(wasm, expected), `loss at ${eta}, y ${y}`).toBeLessThan(8);
        expect(ulps(Math.abs(harness.f64At(grad, 1).wasm[0]!), slope), `slope at ${eta}, y ${y}`).toBeLessThan(8);
      }
    }
  });
});

describe("GLM gradients", () => {
  it("equal the difference quotient of the loss, and the Hessian that of the gradient", () => {
    const n = 300;
    const x = [uniform(n, 1), uniform(n, 2), uniform(n, 3)];
    const at = [0.3, -0.7, 0.2, 0.1];
    const step = 1e-5;
    for (const family of [0, 1, 2] as const) {
      const evaluate = (coefficients: readonly number[]): { loss: number; grad: Float64Array; hess: Float64Array } => {
        harness.reset();
        const cols = harness.columns("F64", x);
        const y = harness.f64(uniform(n, 4).map((u) => (u > 0 ? 1 : 0)));
        const w = harness.f64(uniform(n, 5).map((u) => u + 1.5));
        const coef = harness.f64(coefficients);
        const grad = harness.accumulator([0, 0, 0, 0]);
        const hess = harness.accumulator(Array.from({ length: 16 }, () => 0));
        const scratch = harness.room(200_000);
        const { wasm } = harness.run((k) =>
          k.glmLossGradHessF64(family, 0, cols, 3, n, y, w, 0, coef, grad, hess, scratch),
        );
        return { loss: wasm, grad: harness.f64At(grad, 4).wasm, hess: harness.f64At(hess, 16).wasm };
      };
      const centre = evaluate(at);
      for (let j = 0; j < 4; j++) {
        const up = evaluate(at.map((c, i) => (i === j ? c + step : c)));
        const down = evaluate(at.map((c, i) => (i === j ? c - step : c)));
        expect((up.loss - down.loss) / (2 * step)).toBeCloseTo(centre.grad[j]!, 4);
        for (let i = 0; i < 4; i++) {
          expect((up.grad[i]! - down.grad[i]!) / (2 * step)).toBeCloseTo(centre.hess[i * 4 + j]!, 4);
          expect(centre.hess[i * 4 + j]).toBe(centre.hess[j * 4 + i]);
        }
      }
    }
  });
});
