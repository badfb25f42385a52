import { boostLoss, type Kernels } from "#src/kernels/kernels.js";
import { expectUlps, expectWithin, numbers, uniform, weights } from "./kernel-harness.js";
import type { TwinCase } from "./matrix-cases.js";

const boostGradients: TwinCase = (h, n) => {
  for (const loss of Object.values(boostLoss)) {
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

/** Cases of the kernels of the losses of boosted trees. */
export const boostLossCases = { boostGradients } satisfies Partial<Record<keyof Kernels, TwinCase>>;
