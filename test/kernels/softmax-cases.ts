import { softmaxScratchBytes, type Kernels } from "#src/kernels/kernels.js";
import {
  expectUlps,
  expectWithin,
  finiteDistance,
  numbers,
  uniform,
  weights,
  type KernelHarness,
  type Outcome,
  type Storage,
} from "./kernel-harness.js";
import { sparseMatrix, toCsr } from "./glm-cases.js";
import { matrix, widths, type TwinCase } from "./matrix-cases.js";

const EPSILON = 2 ** -52;
/** Numbers of classes. */
const CLASSES: readonly number[] = [2, 3, 7];

interface Problem {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly w: readonly number[] | undefined;
  readonly k: number;
  readonly coef: readonly number[];
}

/** Bounds of the error from the sizes of all terms. */
function bounds({ x, y, w, k, coef }: Problem): { loss: number; grad: number[] } {
  const d = x.length;
  const unit = 16 * (y.length + d + k + 8) * EPSILON;
  const grad = Array.from({ length: k * (d + 1) }, () => unit);
  let loss = unit;
  for (let i = 0; i < y.length; i++) {
    const row = [...x.map((column) => Math.abs(column[i]!)), 1];
    let size = 1;
    for (let c = 0; c < k; c++)
      size = Math.max(
        size,
        row.reduce((sum, v, j) => sum + Math.abs(coef[c * (d + 1) + j]!) * v, 1),
      );
    const wi = unit * (w?.[i] ?? 1);
    loss += wi * size;
    for (let c = 0; c < k; c++) row.forEach((a, j) => (grad[c * (d + 1) + j]! += wi * size * a));
  }
  return { loss, grad };
}

function within(outcome: Outcome<ArrayLike<number>>, allowed: readonly number[], what: string): void {
  expectWithin(outcome, (i) => (Number.isNaN(allowed[i]!) ? Infinity : allowed[i]!), what, finiteDistance);
}

function check(
  h: KernelHarness,
  p: Problem,
  what: string,
  call: (k: Kernels, pointers: { y: number; w: number; coef: number; grad: number; scratch: number }) => number,
): void {
  const d = p.x.length;
  const y = h.f64(p.y);
  const w = p.w === undefined ? 0 : h.f64(p.w);
  const coef = h.f64(p.coef);
  const grad = h.accumulator(Array.from({ length: p.k * (d + 1) }, () => 0.5));
  const scratch = h.room(softmaxScratchBytes(p.k));
  const o = h.run((kernels) => call(kernels, { y, w, coef, grad, scratch }));
  const allowed = bounds(p);
  within({ wasm: [o.wasm], twin: [o.twin], magnitude: [0] }, [allowed.loss], `loss, ${what}`);
  within(h.f64At(grad, p.k * (d + 1)), allowed.grad, `gradient, ${what}`);
}

function problem(x: readonly (readonly number[])[], n: number, k: number, weighted: boolean): Problem {
  return {
    x: x.map((column) => column.map((v) => (Math.abs(v) < 1e3 ? Math.fround(v / 1e3) : v))),
    y: Array.from({ length: n }, (_, i) => (i * 5 + 1) % k),
    w: weighted ? weights(n, 3) : undefined,
    k,
    coef: uniform(k * (x.length + 1), 91),
  };
}

function lossGrad(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    for (const nCols of n > 67 ? [5] : widths(n)) {
      for (const k of CLASSES) {
        for (const weighted of [false, true]) {
          h.reset();
          const p = problem(matrix(nCols, n, flavour, storage), n, k, weighted);
          const cols = h.columns(storage, p.x);
          check(
            h,
            p,
            `${k} classes, ${nCols} columns, n ${n}, weighted ${weighted}`,
            (kernels, { y, w, coef, grad, scratch }) =>
              kernels[`softmaxLossGrad${storage}`](cols, nCols, n, y, w, k, coef, grad, scratch),
          );
        }
      }
    }
  };
}

const csrLossGrad: TwinCase = (h, n, flavour) => {
  for (const nCols of n > 67 ? [5] : widths(n)) {
    for (const k of CLASSES) {
      for (const weighted of [false, true]) {
        h.reset();
        const p = problem(sparseMatrix(nCols, n, flavour), n, k, weighted);
        const { indptr, indices, values } = toCsr(h, p.x, n);
        check(
          h,
          p,
          `${k} classes, ${nCols} columns, n ${n}, weighted ${weighted}`,
          (kernels, { y, w, coef, grad, scratch }) =>
            kernels.csrSoftmaxLossGrad(indptr, indices, values, n, nCols, y, w, k, coef, grad, scratch),
        );
      }
    }
  }
};

const softmax: TwinCase = (h, n, flavour) => {
  for (const k of [1, ...CLASSES]) {
    h.reset();
    const data = Array.from({ length: k }, (_, c) =>
      numbers(n, 50 + c, c === 1 ? flavour : "plain").map((v) => (Math.abs(v) < 1e3 ? v / 1e2 : v)),
    );
    const pointers = data.map((column) => h.f64(column));
    const cols = h.u32(pointers);
    for (const pointer of pointers) h.allowWrites(pointer, n * 8);
    h.run((kernels) => kernels.softmax(cols, k, n));
    for (const pointer of pointers) expectUlps(h.f64At(pointer, n), 4 * (k + 8), `${k} columns, n ${n}`);
  }
};

/** Cases of the kernels of multinomial models. */
export const softmaxCases = {
  softmaxLossGradF64: lossGrad("F64"),
  softmaxLossGradF32: lossGrad("F32"),
  csrSoftmaxLossGrad: csrLossGrad,
  softmax,
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
