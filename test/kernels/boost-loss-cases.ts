import { boostLoss, type Kernels } from "#src/kernels/kernels.js";
import { expect } from "vitest";
import { expectSame, expectUlps, expectWithin, numbers, uniform, weights, type Outcome } from "./kernel-harness.js";
import type { TwinCase } from "./matrix-cases.js";

const boostGradients: TwinCase = (h, n) => {
  for (const loss of [boostLoss.squared, boostLoss.logistic, boostLoss.poisson] as const) {
    for (const [weighted, held] of [
      [false, false],
      [true, false],
      [true, true],
    ] as const) {
      h.reset();
      const margin = h.f64(numbers(n, 5, "plain").map((v) => v / 400));
      const y = h.f64(
        numbers(n, 6, "plain").map((v) =>
          loss === boostLoss.squared ? v : loss === boostLoss.logistic ? Number(v > 0) : Math.abs(Math.round(v)),
        ),
      );
      const w = weighted ? h.f64(weights(n, 7)) : 0;
      const heldOut = held ? h.u8(uniform(n, 8).map((u) => Number(u > 0.6))) : 0;
      const pairs = h.room(Math.max(n, 1) * 8);
      const out = h.room(24);
      h.run((k) => k.boostGradients(loss, margin, y, w, heldOut, n, 2 ** 16, 2 ** 15, 2 ** 20, pairs, out));
      const ints = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);
      const { wasm, twin } = h.bytesAt(pairs, n * 8);
      const what = `loss ${loss}, n ${n}, weighted ${weighted}, held out ${held}`;
      // An exponential that differs in its last place can round to the next integer.
      const one = (): number => (loss === boostLoss.squared ? 0 : 1);
      expectWithin({ wasm: ints(wasm), twin: ints(twin), magnitude: ints(twin) }, one, what);
      const sums = h.f64At(out, 3);
      expectUlps({ wasm: sums.wasm.slice(0, 1), twin: sums.twin.slice(0, 1), magnitude: sums.magnitude }, 4, what);
      expectWithin(
        { wasm: sums.wasm.slice(1), twin: sums.twin.slice(1), magnitude: sums.magnitude },
        () => n * one(),
        what,
      );
    }
  }
};

const parameters = { [boostLoss.quantile]: 0.8, [boostLoss.huber]: 0.7, [boostLoss.tweedie]: 1.3 } as Record<
  number,
  number
>;

/** Terms cancel in first derivatives and losses: what counts is the size of the terms, given row by row. */
function expectClose({ wasm, twin }: Outcome<Float64Array>, size: (i: number) => number, what: string): void {
  const worst = wasm.reduce((most, value, i) => Math.max(most, Math.abs(value - twin[i]!) / size(i)), 0);
  expect(worst, what).toBeLessThan(64 * Number.EPSILON);
}

const boostDerivatives: TwinCase = (h, n) => {
  for (const loss of Object.values(boostLoss)) {
    for (const weighted of [false, true]) {
      h.reset();
      const margins = numbers(n, 5, "plain").map((v) => v / 400);
      const targets = numbers(n, 6, "plain").map((v) => (loss === boostLoss.logistic ? Number(v > 0) : Math.abs(v)));
      const [margin, y] = [h.f64(margins), h.f64(targets)];
      const w = weighted ? h.f64(weights(n, 7)) : 0;
      const out = [h.room(n * 8), h.room(n * 8), h.room(n * 8)] as const;
      h.run((k) => k.boostDerivatives(loss, parameters[loss] ?? 0, margin, y, w, n, ...out));
      const size = (i: number): number => 10 * (1 + Math.exp(Math.abs(margins[i]!))) * (1 + Math.abs(targets[i]!));
      for (const pointer of out) expectClose(h.f64At(pointer, n), size, `loss ${loss} of ${n} rows`);
    }
  }
};

const boostSoftmax: TwinCase = (h, n) => {
  for (const classes of [2, 3, 5]) {
    for (const weighted of [false, true]) {
      h.reset();
      const list = (seed: number): number[] => numbers(n, seed, "plain").map((v) => v / 300);
      const margin = h.columns(
        "F64",
        Array.from({ length: classes }, (_, k) => list(k)),
      );
      const y = h.f64(Array.from({ length: n }, (_, i) => (i * 7) % classes));
      const w = weighted ? h.f64(weights(n, 7)) : 0;
      const out = Array.from({ length: 2 * classes }, () => h.room(n * 8));
      const losses = h.room(n * 8);
      const [g, second] = [h.u32(out.slice(0, classes)), h.u32(out.slice(classes))];
      h.run((k) => k.boostSoftmax(margin, classes, y, w, n, g, second, losses));
      const what = `${classes} classes of ${n} rows`;
      for (const pointer of out) expectClose(h.f64At(pointer, n), () => 10, what);
      expectClose(h.f64At(losses, n), () => 100, what);
    }
  }
};

const packDerivatives: TwinCase = (h, n) => {
  h.reset();
  const g = h.f64(numbers(n, 5, "plain"));
  const second = h.f64(numbers(n, 6, "plain").map(Math.abs));
  const pairs = h.room(Math.max(n, 1) * 8);
  h.run((k) => k.packDerivatives(g, second, n, 2 ** 16, 2 ** 12, pairs));
  expectSame(h.bytesAt(pairs, 8 * n), `n ${n}`);
};

/** Cases of the kernels of the losses of boosted trees. */
export const boostLossCases = {
  boostGradients,
  boostDerivatives,
  boostSoftmax,
  packDerivatives,
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
