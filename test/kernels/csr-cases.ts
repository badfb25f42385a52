import { expect } from "vitest";
import type { Kernels } from "#src/kernels/kernels.js";
import { sparseMatrix, toCsr } from "./glm-cases.js";
import {
  expectSame,
  expectSums,
  expectWithin,
  finiteDistance,
  numbers,
  weights,
  type Flavour,
  type KernelHarness,
} from "./kernel-harness.js";
import { widths, type TwinCase } from "./matrix-cases.js";

const EPSILON = 2 ** -52;

const csrMoments: TwinCase = (h, n, flavour) => {
  for (const nCols of widths(n)) {
    for (const weighted of [false, true]) {
      h.reset();
      const data = sparseMatrix(nCols, n, flavour);
      const { indptr, indices, values } = toCsr(h, data, n);
      const wv = weights(n, 3);
      const w = weighted ? h.f64(wv) : 0;
      const out = h.room(nCols * 40);
      h.run((k) => k.csrMoments(indptr, indices, values, n, nCols, w, out));
      const { wasm, twin } = h.f64At(out, nCols * 5);
      data.forEach((x, j) => {
        const [W, , m2] = twin.slice(5 * j, 5 * j + 3);
        const magnitude = x.reduce((s, v, i) => s + (Number.isNaN(v) ? 0 : (weighted ? wv[i]! : 1) * Math.abs(v)), 0);
        const total = weighted ? wv.reduce((s, v) => s + v, 0) : n;
        const meanError = W === 0 ? 0 : (8 * n * EPSILON * magnitude) / W!;
        const allowed = [4 * n * EPSILON * total, meanError, 16 * n * EPSILON * m2! + W! * meanError ** 2, 0, 0];
        const slice = { wasm: wasm.slice(5 * j, 5 * j + 5), twin: twin.slice(5 * j, 5 * j + 5) };
        expectWithin(
          { ...slice, magnitude: slice.twin },
          (i) => allowed[i]!,
          `column ${j} of ${nCols}, n ${n}, weighted ${weighted}`,
          finiteDistance,
        );
      });
    }
  }
};

const csrMatVec: TwinCase = (h, n, flavour) => {
  for (const nCols of widths(n)) {
    h.reset();
    const { indptr, indices, values } = toCsr(h, sparseMatrix(nCols, n, flavour), n);
    const coef = h.f64(numbers(Math.max(nCols, 1), 4, "plain"));
    const out = h.room(n * 8);
    h.run((k) => k.csrMatVec(indptr, indices, values, n, coef, -0.75, out));
    expectSame(h.f64At(out, n), `${nCols} columns, n ${n}`);
  }
};

const csrMatTVec: TwinCase = (h, n, flavour) => {
  for (const nCols of widths(n)) {
    h.reset();
    const { indptr, indices, values } = toCsr(h, sparseMatrix(nCols, n, flavour), n);
    const r = h.f64(numbers(n, 4, "plain"));
    const out = h.accumulator(numbers(Math.max(nCols, 1), 5, "plain"));
    h.run((k) => k.csrMatTVec(indptr, indices, values, n, r, out));
    expectSums(h.f64At(out, nCols), n + 1, `${nCols} columns, n ${n}`);
  }
};

const csrScale: TwinCase = (h, n, flavour) => {
  for (const inPlace of [false, true]) {
    h.reset();
    const { indices, values, entries } = toCsr(h, sparseMatrix(5, n, flavour), n);
    const scale = h.f64(numbers(5, 4, "plain"));
    if (inPlace) h.allowWrites(values, entries * 8);
    const out = inPlace ? values : h.room(entries * 8);
    h.run((k) => k.csrScale(values, indices, entries, scale, out));
    expectSame(h.f64At(out, entries), `n ${n}, in place ${inPlace}`);
  }
};

/** Two CSR blocks and two dense columns with zeros among their values. */
function stackedParts(h: KernelHarness, n: number, flavour: Flavour): number {
  const [left, right] = [4, 1].map((nCols) => toCsr(h, sparseMatrix(nCols, n, flavour), n)) as [Csr, Csr];
  const dense = [5, 6].map((seed) => h.f64(numbers(n, seed, flavour).map((v, i) => (i % 3 === 0 ? 0 : v))));
  return h.u32(
    [
      [left.indptr, left.indices, left.values, 0],
      [0, 0, dense[0]!, 4],
      [right.indptr, right.indices, right.values, 5],
      [0, 0, dense[1]!, 6],
    ].flat(),
  );
}

type Csr = ReturnType<typeof toCsr>;

const csrStackRows: TwinCase = (h, n, flavour) => {
  for (const nParts of [0, 4]) {
    h.reset();
    const parts = stackedParts(h, n, flavour);
    const indptr = h.room((n + 1) * 4, 4);
    const { wasm, twin } = h.run((k) => k.csrStackRows(parts, nParts, n, indptr));
    expect(wasm, `n ${n}, ${nParts} parts`).toBe(twin);
    expectSame(h.bytesAt(indptr, (n + 1) * 4), `n ${n}, ${nParts} parts`);
  }
};

const csrStack: TwinCase = (h, n, flavour) => {
  h.reset();
  const parts = stackedParts(h, n, flavour);
  const indptr = h.room((n + 1) * 4, 4);
  const { twin: entries } = h.run((k) => k.csrStackRows(parts, 4, n, indptr));
  const indices = h.room(entries * 4, 4);
  const values = h.room(entries * 8);
  h.run((k) => k.csrStack(parts, 4, n, indices, values));
  expectSame(h.bytesAt(indices, entries * 4), `indices, n ${n}`);
  expectSame(h.f64At(values, entries), `values, n ${n}`);
};

/** Cases of the kernels that read CSR matrices. */
export const csrCases = { csrMoments, csrMatVec, csrMatTVec, csrScale, csrStackRows, csrStack } satisfies Partial<
  Record<keyof Kernels, TwinCase>
>;
