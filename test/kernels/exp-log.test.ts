import { describe, expect, it } from "vitest";
import { unaryOp } from "#src/kernels/kernels.js";
import { expectUlps, KernelHarness, uniform } from "./kernel-harness.js";

const harness = new KernelHarness();

/** Compares exp or log with Math's on the given arguments. */
function check(op: 4 | 5, values: readonly number[]): void {
  harness.reset();
  const a = harness.f64(values);
  const out = harness.room(values.length * 8);
  harness.run((k) => k.unary(op, a, values.length, out));
  expectUlps(harness.f64At(out, values.length), 4, `of ${values[0]} and ${values.length - 1} more`);
}

function result(op: 4 | 5, value: number): number {
  harness.reset();
  const a = harness.f64([value]);
  const out = harness.room(8);
  harness.run((k) => k.unary(op, a, 1, out));
  return harness.f64At(out, 1).wasm[0]!;
}

describe("exp", () => {
  it("is within 4 units in the last place of Math.exp over its whole range, subnormal results included", () => {
    check(
      unaryOp.exp,
      Array.from({ length: 100_001 }, (_, i) => -750 + (1470 * i) / 100_000),
    );
    check(
      unaryOp.exp,
      uniform(100_000, 1).map((u) => -726.5 + 20 * u),
    );
  });

  it("is within 4 units in the last place around 0 and around the ends of each reduction interval", () => {
    check(unaryOp.exp, uniform(50_000, 2));
    check(
      unaryOp.exp,
      uniform(2_000, 3).map((u) => u * 1e-8),
    );
    check(
      unaryOp.exp,
      Array.from({ length: 4_001 }, (_, i) => (i - 2000 + 0.5) * 0.34657359027997264),
    );
  });

  it("overflows, underflows and hands on NaN as Math.exp does", () => {
    const inputs = [709.782712893384, 709.7827128933841, 710, 1e308, Infinity, -745.1332191019411, -745.1332191019412];
    for (const x of [...inputs, -746, -1e308, -Infinity, NaN, 0, -0, 5e-324]) {
      expect(result(unaryOp.exp, x), `exp(${x})`).toBe(Math.exp(x));
    }
  });
});

describe("log", () => {
  it("is within 4 units in the last place of Math.log for every exponent", () => {
    const mantissas = uniform(50, 4).map((u) => 1.5 + u / 2);
    for (let exponent = -1022; exponent <= 1023; exponent += 3)
      check(
        unaryOp.log,
        mantissas.map((m) => m * 2 ** exponent),
      );
  });

  it("is within 4 units in the last place near 1 and for subnormal arguments", () => {
    check(
      unaryOp.log,
      uniform(20_000, 5).map((u) => 1 + u * 0.5),
    );
    check(
      unaryOp.log,
      uniform(2_000, 6).map((u) => 1 + u * 1e-9),
    );
    check(
      unaryOp.log,
      uniform(2_000, 7).map((u) => Math.abs(u) * 2.2e-308),
    );
  });

  it("gives -Infinity at 0, NaN below, and hands on infinity and NaN", () => {
    for (const x of [0, -0, -1, -5e-324, -Infinity, Infinity, NaN, 1, 5e-324, Number.MAX_VALUE]) {
      expect(result(unaryOp.log, x), `log(${x})`).toBe(Math.log(x));
    }
  });
});
