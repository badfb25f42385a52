import { describe, expect, it } from "vitest";
import { glmHessScratchBytes, gramScratchBytes, histogramScratchBytes } from "#src/kernels/kernels.js";
import { binRows, somePositions } from "./histogram-cases.js";
import { expectSame, expectSums, expectWithin, KernelHarness, uniform, weights } from "./kernel-harness.js";

const harness = new KernelHarness();

describe("wide matrices", () => {
  // Enough columns for tiles to become shorter than 2,048 rows, and several of them.
  it.each([
    [65, 2500],
    [200, 700],
  ])("of %i columns and %i rows keep gram matrix and scratch in their bounds", (nCols, n) => {
    harness.reset();
    const cols = harness.columns(
      "F32",
      Array.from({ length: nCols }, (_, j) => [...uniform(n, j)]),
    );
    const w = harness.f64(weights(n, 1));
    const out = harness.accumulator(Array.from({ length: nCols * nCols }, () => 0));
    const sums = harness.accumulator(Array.from({ length: nCols }, () => 0));
    const scratch = harness.room(gramScratchBytes(nCols));
    harness.run((k) => k.gramF32(cols, nCols, n, w, 0, out, sums, scratch));
    expectSums(harness.f64At(out, nCols * nCols), n, "gram matrix");
    expectSums(harness.f64At(sums, nCols), n, "sums");
  });

  it("of 150 columns keep the GLM Hessian and its scratch in their bounds", () => {
    harness.reset();
    const [nCols, n] = [150, 900];
    const cols = harness.columns(
      "F32",
      Array.from({ length: nCols }, (_, j) => [...uniform(n, j)]),
    );
    const y = harness.f64(uniform(n, 900).map((u) => (u > 0 ? 1 : 0)));
    const coef = harness.f64(uniform(nCols + 1, 901).map((u) => u / 10));
    const grad = harness.accumulator(Array.from({ length: nCols + 1 }, () => 0));
    const hess = harness.accumulator(Array.from({ length: (nCols + 1) ** 2 }, () => 0));
    const scratch = harness.room(glmHessScratchBytes(nCols));
    const loss = harness.run((k) => k.glmLossGradHessF32(1, 0, cols, nCols, n, y, 0, 0, coef, grad, hess, scratch));
    expect(Math.abs(loss.wasm / loss.twin - 1)).toBeLessThan(1e-13);
    expectWithin(harness.f64At(grad, nCols + 1), () => 1e-10, "gradient");
    expectWithin(harness.f64At(hess, (nCols + 1) ** 2), () => 1e-10, "Hessian");
  });

  // 100 columns shorten a tile, 2,100 leave it 16 rows.
  it.each([100, 2100])("of %i columns keep packed histograms and their scratch in their bounds", (nCols) => {
    harness.reset();
    const n = 500;
    const { bins, stride } = binRows(harness, n, nCols);
    const list = somePositions(n);
    const pairs = harness.i64(uniform(n, 4).map((u) => BigInt(Math.trunc(u * 2 ** 50))));
    const hist = harness.i64(Array.from({ length: nCols * 256 }, () => 0n));
    harness.allowWrites(hist, nCols * 2048);
    const rows = harness.u32(list);
    const scratch = harness.room(histogramScratchBytes(stride));
    harness.run((k) => k.packedHistogram(bins, stride, nCols, rows, list.length, pairs, hist, scratch));
    expectSame(harness.bytesAt(hist, nCols * 2048), `${nCols} columns`);
  });
});
