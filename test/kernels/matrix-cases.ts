import { gramScratchBytes, type Kernels } from "#src/kernels/kernels.js";
import {
  expectSame,
  expectSums,
  expectWithin,
  finiteDistance,
  numbers,
  weights,
  type Flavour,
  type KernelHarness,
  type Storage,
} from "./kernel-harness.js";

/** Runs one kernel against its twin on vectors of n elements. */
export type TwinCase = (h: KernelHarness, n: number, flavour: Flavour) => void;

const EPSILON = 2 ** -52;

/** Some of the columns are special, so that the plain ones beside them show whether anything spills over. */
export function matrix(nCols: number, n: number, flavour: Flavour, storage: Storage): number[][] {
  return Array.from({ length: nCols }, (_, j) =>
    numbers(n, 31 * j + n, j % 3 === 1 ? flavour : "plain").map((v) => (storage === "F32" ? Math.fround(v) : v)),
  );
}

/** Numbers of columns that meet every rest of the blocks of two and four; few for long columns. */
export function widths(n: number): readonly number[] {
  return n > 67 ? [7] : n % 16 === 3 ? [0, 1, 2, 3, 4, 5, 6, 9] : [1 + (n % 9)];
}

function moments(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nCols of widths(n)) {
      for (const weighted of [false, true]) {
        h.reset();
        const data = matrix(nCols, n, flavour, storage);
        const cols = h.columns(storage, data);
        const wv = weights(n, 5);
        const w = weighted ? h.f64(wv) : 0;
        const out = h.room(nCols * 40);
        h.run((k) => k[`moments${storage}`](cols, nCols, n, w, out));
        const { wasm, twin } = h.f64At(out, nCols * 5);
        data.forEach((x, j) => {
          const [W, mean, m2] = twin.slice(5 * j, 5 * j + 3);
          const magnitude = x.reduce((s, v, i) => s + (Number.isNaN(v) ? 0 : (weighted ? wv[i]! : 1) * Math.abs(v)), 0);
          const meanError = W === 0 ? 0 : (4 * n * EPSILON * magnitude) / W!;
          const allowed = [4 * n * EPSILON * W!, meanError, 8 * n * EPSILON * m2! + W! * meanError ** 2, 0, 0];
          const slice = { wasm: wasm.slice(5 * j, 5 * j + 5), twin: twin.slice(5 * j, 5 * j + 5) };
          // Squares of 1e300 overflow, sooner or later depending on the order.
          expectWithin(
            { ...slice, magnitude: slice.twin },
            (i) => allowed[i]!,
            `column ${j} of ${nCols}, n ${n}, weighted ${weighted}, mean ${mean}`,
            finiteDistance,
          );
        });
      }
    }
  };
}

function minMax(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    h.reset();
    const cols = h.columns(storage, matrix(4, n, flavour, storage));
    const out = h.room(64);
    h.run((k) => k[`minMax${storage}`](cols, 4, n, out));
    const { wasm, twin, magnitude } = h.f64At(out, 8);
    // -0 and 0 are equally small.
    expectSame({ wasm: wasm.map((v) => v + 0), twin: twin.map((v) => v + 0), magnitude }, `n ${n}`);
  };
}

function nonFinite(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    h.reset();
    const cols = h.columns(storage, matrix(4, n, flavour, storage));
    const out = h.room(96);
    h.run((k) => k[`nonFinite${storage}`](cols, 4, n, out));
    expectSame(h.f64At(out, 12), `n ${n}`);
  };
}

function gram(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nCols of widths(n)) {
      for (const [weighted, shifted] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ]) {
        h.reset();
        const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
        const w = weighted ? h.f64(weights(n, 3)) : 0;
        const shift = shifted ? h.f64(numbers(nCols, 77, "plain"), true) : 0;
        const start = Array.from({ length: nCols * nCols }, (_, i) => {
          const [a, b] = [Math.floor(i / nCols), i % nCols];
          return 1 + a * b;
        });
        const out = h.accumulator(start);
        const sums = h.accumulator(numbers(nCols, 9, "plain"));
        const scratch = h.room(gramScratchBytes(nCols));
        const outcome = h.run((k) => k[`gram${storage}`](cols, nCols, n, w, shift, out, sums, scratch));
        const what = `${nCols} columns, n ${n}, weighted ${weighted}, shifted ${shifted}`;
        expectSums(h.f64At(out, nCols * nCols), n + 1, `matrix of ${what}`);
        expectSums(h.f64At(sums, nCols), n + 1, `sums of ${what}`);
        expectSums(
          { wasm: [outcome.wasm], twin: [outcome.twin], magnitude: [outcome.magnitude] },
          n,
          `weight of ${what}`,
        );
      }
    }
  };
}

function cross(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nA of widths(n)) {
      for (const weighted of [false, true]) {
        const nB = 1 + ((nA * 3 + n) % 9);
        h.reset();
        const colsA = h.columns(storage, matrix(nA, n, flavour, storage));
        const colsB = h.columns("F64", matrix(nB, n, "plain", "F64"));
        const w = weighted ? h.f64(weights(n, 3)) : 0;
        const out = h.accumulator(numbers(nA * nB, 4, "plain"));
        h.run((k) => k[`cross${storage}`](colsA, nA, colsB, nB, n, w, out));
        expectSums(h.f64At(out, nA * nB), n + 1, `${nA} × ${nB} columns, n ${n}, weighted ${weighted}`);
      }
    }
  };
}

function matVec(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nCols of widths(n)) {
      h.reset();
      const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
      const coef = h.f64(numbers(nCols, 8, "plain"));
      const out = h.room(n * 8);
      h.run((k) => k[`matVec${storage}`](cols, nCols, n, coef, 1.25, out));
      expectSums(h.f64At(out, n), nCols + 1, `${nCols} columns, n ${n}`);
    }
  };
}

function matTVec(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nCols of widths(n)) {
      h.reset();
      const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
      const r = h.f64(numbers(n, 8, "plain"));
      const out = h.accumulator(numbers(nCols, 6, "plain"));
      h.run((k) => k[`matTVec${storage}`](cols, nCols, n, r, out));
      expectSums(h.f64At(out, nCols), n + 1, `${nCols} columns, n ${n}`);
    }
  };
}

function matMul(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nCols of widths(n)) {
      for (const biased of [false, true]) {
        const width = 1 + (n % 5);
        h.reset();
        const cols = h.columns(storage, matrix(nCols, n, flavour, storage));
        const b = h.f64(numbers(nCols * width, 8, "plain"));
        const bias = biased ? h.f64(numbers(width, 2, "plain")) : 0;
        const out = h.roomForColumns("F64", width, n);
        h.run((k) => k[`matMul${storage}`](cols, nCols, n, b, width, bias, out.table));
        out.columns.forEach((column, c) => {
          expectSums(h.f64At(column, n), nCols + 1, `column ${c}, ${nCols} columns, n ${n}, biased ${biased}`);
        });
      }
    }
  };
}

function affine(kernel: "centerScale" | "scaleShift", storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const inPlace of [false, true]) {
      h.reset();
      const nCols = 3;
      const size = storage === "F64" ? 8 : 4;
      const data = matrix(nCols, n, flavour, storage);
      const inputs = data.map((column) => (storage === "F64" ? h.f64(column) : h.f32(column)));
      const cols = h.u32(inputs);
      const shift = h.f64(numbers(nCols, 12, "plain"));
      const scale = h.f64(numbers(nCols, 13, "plain"));
      const out = inPlace ? { table: cols, columns: inputs } : h.roomForColumns(storage, nCols, n);
      if (inPlace) for (const at of inputs) h.allowWrites(at, n * size);
      h.run((k) => k[`${kernel}${storage}`](cols, nCols, n, shift, scale, out.table));
      for (const at of out.columns) {
        expectSame(storage === "F64" ? h.f64At(at, n) : h.f32At(at, n), `n ${n}, in place ${inPlace}`);
      }
    }
  };
}

/** Cases of the kernels that read matrices. */
export const matrixCases = {
  momentsF64: moments("F64"),
  momentsF32: moments("F32"),
  minMaxF64: minMax("F64"),
  minMaxF32: minMax("F32"),
  nonFiniteF64: nonFinite("F64"),
  nonFiniteF32: nonFinite("F32"),
  gramF64: gram("F64"),
  gramF32: gram("F32"),
  crossF64: cross("F64"),
  crossF32: cross("F32"),
  matVecF64: matVec("F64"),
  matVecF32: matVec("F32"),
  matTVecF64: matTVec("F64"),
  matTVecF32: matTVec("F32"),
  matMulF64: matMul("F64"),
  matMulF32: matMul("F32"),
  centerScaleF64: affine("centerScale", "F64"),
  centerScaleF32: affine("centerScale", "F32"),
  scaleShiftF64: affine("scaleShift", "F64"),
  scaleShiftF32: affine("scaleShift", "F32"),
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
