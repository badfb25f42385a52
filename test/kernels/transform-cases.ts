import type { Kernels } from "#src/kernels/kernels.js";
import { NORMALIZE_SCRATCH_BYTES } from "#src/kernels/transform-kernels.js";
import { sparseMatrix, toCsr } from "./glm-cases.js";
import { expectSame, numbers, weights, type Storage } from "./kernel-harness.js";
import { widths, type TwinCase } from "./matrix-cases.js";

const NORMS = [0, 1, 2] as const;

function normalizeRows(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    const size = storage === "F64" ? 8 : 4;
    for (const norm of NORMS) {
      // Many columns make the tiles smaller.
      for (const nCols of n === 67 || n === 1025 ? [3, 40, ...(n === 67 ? [600] : [])] : [3]) {
        for (const inPlace of [false, true]) {
          h.reset();
          const data = Array.from({ length: nCols }, (_, j) => {
            const values = numbers(n, 31 + j, flavour);
            // Some rows without a norm.
            return values.map((value, i) => (i % 11 === 5 ? 0 : value));
          });
          const inputs = data.map((column) => (storage === "F64" ? h.f64(column) : h.f32(column)));
          const cols = h.u32(inputs);
          const out = inPlace ? { table: cols, columns: inputs } : h.roomForColumns(storage, nCols, n);
          if (inPlace) for (const at of inputs) h.allowWrites(at, n * size);
          const scratch = h.room(NORMALIZE_SCRATCH_BYTES);
          const label = `norm ${norm}, ${nCols} columns, n ${n}, in place ${inPlace}`;
          const found = h.run((k) => k[`normalizeRows${storage}`](norm, cols, nCols, n, 1e-15, out.table, scratch));
          expectSame({ wasm: [found.wasm], twin: [found.twin], magnitude: [found.magnitude] }, label);
          for (const at of out.columns) expectSame(storage === "F64" ? h.f64At(at, n) : h.f32At(at, n), label);
        }
      }
    }
  };
}

const csrNormalizeRows: TwinCase = (h, n, flavour) => {
  for (const norm of NORMS) {
    for (const nCols of widths(n)) {
      h.reset();
      const { indptr, values, nnz } = withCount(toCsr(h, sparseMatrix(nCols, n, flavour), n), h, n);
      const out = h.room(nnz * 8);
      const label = `norm ${norm}, ${nCols} columns, n ${n}`;
      const found = h.run((k) => k.csrNormalizeRows(norm, indptr, values, n, 1e-15, out));
      expectSame({ wasm: [found.wasm], twin: [found.twin], magnitude: [found.magnitude] }, label);
      expectSame(h.f64At(out, nnz), label);
    }
  }
};

function withCount(
  csr: ReturnType<typeof toCsr>,
  h: Parameters<TwinCase>[0],
  n: number,
): { indptr: number; values: number; nnz: number } {
  const bytes = h.bytesAt(csr.indptr + 4 * n, 4).twin;
  return {
    indptr: csr.indptr,
    values: csr.values,
    nnz: new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true),
  };
}

const binCounts: TwinCase = (h, n, flavour) => {
  for (const [from, to, half] of [
    [-1.5, 2.5, 1],
    [0.25, 0.25, 1],
    [-Number.MAX_VALUE, Number.MAX_VALUE, 0.5],
  ] as const) {
    for (const bins of [1, 7, 2048]) {
      for (const weighted of [false, true]) {
        h.reset();
        const values = numbers(n, 41, flavour).map((value, i) => (i % 9 === 0 ? from : i % 9 === 1 ? to : value));
        const x = h.f64(values);
        const w = weighted ? h.f64(weights(n, 42)) : 0;
        const counts = h.accumulator(numbers(bins + 2, 43, "plain"));
        const scale = to > from ? bins / (to * half - from * half) : 0;
        h.run((k) => k.binCounts(x, n, w, from, to, half, from * half, scale, bins, counts));
        expectSame(h.f64At(counts, bins + 2), `${bins} bins from ${from} to ${to}, n ${n}, weighted ${weighted}`);
      }
    }
  }
};

const countAbove: TwinCase = (h, n, flavour) => {
  for (const count of [0, 1, 4, 13]) {
    h.reset();
    const values = numbers(n, 61, flavour);
    const x = h.f64(values);
    // Values that are edges themselves are not above them.
    const edges = h.f64(numbers(count, 62, flavour).map((edge, k) => (n > 0 && k === 0 ? values[0]! : edge)));
    const counts = h.accumulator(numbers(count + 1, 63, "plain").map((value) => Math.round(Math.abs(value))));
    h.run((k) => k.countAbove(x, n, edges, count, counts));
    expectSame(h.f64At(counts, count + 1), `${count} edges, n ${n}`);
  }
};

function edgeBins(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const count of [0, 1, 4, 33]) {
      for (const inPlace of [false, true]) {
        h.reset();
        const values = numbers(n, 51, flavour);
        const sorted = [...numbers(count, 52, "plain")].sort((a, b) => a - b);
        const x = storage === "F64" ? h.f64(values) : h.f32(values);
        // Values that are edges themselves belong above them.
        const edges = h.f64(
          sorted.map((edge, k) => (n > 0 && k === 0 && Number.isFinite(values[0]) ? Math.fround(values[0]!) : edge)),
        );
        const bytes = n * (storage === "F64" ? 8 : 4);
        const out = inPlace ? x : h.room(bytes, storage === "F64" ? 8 : 4);
        if (inPlace) h.allowWrites(x, bytes);
        const label = `${count} edges, n ${n}, in place ${inPlace}`;
        const found = h.run((k) => k[`edgeBins${storage}`](x, n, edges, count, out));
        expectSame({ wasm: [found.wasm], twin: [found.twin], magnitude: [found.magnitude] }, label);
        expectSame(storage === "F64" ? h.f64At(out, n) : h.f32At(out, n), label);
      }
    }
  };
}

/** Cases of the kernels that transform or count values. */
export const transformCases = {
  normalizeRowsF64: normalizeRows("F64"),
  normalizeRowsF32: normalizeRows("F32"),
  csrNormalizeRows,
  binCounts,
  countAbove,
  edgeBinsF64: edgeBins("F64"),
  edgeBinsF32: edgeBins("F32"),
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
