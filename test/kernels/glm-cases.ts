import {
  csrHessScratchBytes,
  glmHessScratchBytes,
  glmModelsScratchBytes,
  glmScratchBytes,
  type GlmFamilyCode,
  type Kernels,
} from "#src/kernels/kernels.js";
import {
  expectUlps,
  expectWithin,
  finiteDistance,
  numbers,
  uniform,
  weights,
  type Flavour,
  type KernelHarness,
  type Outcome,
  type Storage,
} from "./kernel-harness.js";
import { matrix, widths, type TwinCase } from "./matrix-cases.js";

const EPSILON = 2 ** -52;
/** Families with the powers of the Tweedie one: convex, and on both sides of that. */
const families: readonly (readonly [GlmFamilyCode, number])[] = [
  [0, 0],
  [1, 0],
  [2, 0],
  [3, 0],
  [4, 1.5],
  [4, 0],
  [4, 3],
];

function filled(length: number, value: number): number[] {
  return Array.from({ length }, () => value);
}

/** Targets that suit the family: any number, 0, 1 or between, counts. */
function targets(family: GlmFamilyCode, n: number): number[] {
  return uniform(n, 40 + family).map((u, i) => {
    if (family === 0) return 3 * u;
    if (family === 1) return i % 5 === 4 ? (u + 1) / 2 : u > 0 ? 1 : 0;
    if (family === 2) return Math.floor(3 * (u + 1));
    return u + 1.25;
  });
}

interface Problem {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
  readonly w: readonly number[] | undefined;
  readonly offset: readonly number[] | undefined;
  readonly coef: readonly number[];
}

/** Size of the exponentials in a loss. */
function growthOf(family: GlmFamilyCode, power: number, eta: number): number {
  if (family < 2) return 1;
  if (family === 2) return Math.exp(eta) + 1;
  if (family === 3) return Math.exp(-eta) + 1;
  return 3 * (Math.exp((2 - power) * eta) + Math.exp((1 - power) * eta) + 1);
}

/** Bounds of the error from the sizes of all terms: also of those inside η, whose errors the loss passes on. */
function bounds(family: GlmFamilyCode, power: number, p: Problem): { loss: number; grad: number[]; hess: number[] } {
  const d = p.x.length;
  const n = p.y.length;
  const unit = 8 * (n + d + 8) * EPSILON;
  const grad = filled(d + 1, unit);
  const hess = filled((d + 1) ** 2, unit);
  let loss = unit;
  for (let i = 0; i < n; i++) {
    const row = [...p.x.map((column) => Math.abs(column[i]!)), 1];
    const eta = p.x.reduce((s, column, j) => s + p.coef[j]! * column[i]!, p.coef[d]! + (p.offset?.[i] ?? 0));
    const size =
      row.reduce((s, v, j) => s + Math.abs(p.coef[j]!) * v, Math.abs(p.offset?.[i] ?? 0)) + Math.abs(p.y[i]!) + 1;
    const growth = growthOf(family, power, eta);
    const wi = unit * (p.w?.[i] ?? 1);
    loss += wi * size * size * growth;
    row.forEach((a, j) => {
      grad[j]! += wi * size * growth * a;
      row.forEach((b, m) => (hess[j * (d + 1) + m]! += wi * size * growth * a * b));
    });
  }
  return { loss, grad, hess };
}

function within(outcome: Outcome<ArrayLike<number>>, allowed: readonly number[], what: string): void {
  expectWithin(outcome, (i) => (Number.isNaN(allowed[i]!) ? Infinity : allowed[i]!), what, finiteDistance);
}

function eachProblem(
  n: number,
  flavour: Flavour,
  storage: Storage,
  check: (family: GlmFamilyCode, power: number, problem: Problem, what: string) => void,
): void {
  for (const [family, power] of families) {
    for (const nCols of n > 67 ? [5] : widths(n)) {
      for (const full of [false, true]) {
        const special = matrix(nCols, n, flavour, storage);
        // Small enough for exponentials, apart from the special values.
        const x = special.map((column) => column.map((v) => (Math.abs(v) < 1e3 ? Math.fround(v / 1e3) : v)));
        const problem = {
          x,
          y: targets(family, n),
          w: full ? weights(n, 3) : undefined,
          offset: full ? numbers(n, 4, "plain").map((v) => v / 1e3) : undefined,
          coef: uniform(nCols + 1, 90),
        };
        check(
          family,
          power,
          problem,
          `family ${family}, power ${power}, ${nCols} columns, n ${n}, weights and offset ${full}`,
        );
      }
    }
  }
}

/** What every loss is told, and the gradient that it adds to. */
interface Pointers {
  readonly y: number;
  readonly w: number;
  readonly offset: number;
  readonly coef: number;
  readonly grad: number;
}

/** Loss and gradient (and Hessian) of one problem: `call` with the rows where it put them. */
function checkSums(
  h: KernelHarness,
  { family, power, p, what }: { family: GlmFamilyCode; power: number; p: Problem; what: string },
  call: (kernels: Kernels, at: Pointers, hess: number) => number,
  hessian = false,
): void {
  const d = p.x.length;
  const at = {
    y: h.f64(p.y),
    w: p.w === undefined ? 0 : h.f64(p.w),
    offset: p.offset === undefined ? 0 : h.f64(p.offset),
    coef: h.f64(p.coef),
    grad: h.accumulator(filled(d + 1, 0.5)),
  };
  const hess = hessian ? h.accumulator(filled((d + 1) ** 2, 0.25)) : 0;
  const o = h.run((k) => call(k, at, hess));
  const allowed = bounds(family, power, p);
  within({ wasm: [o.wasm], twin: [o.twin], magnitude: [0] }, [allowed.loss], `loss, ${what}`);
  within(h.f64At(at.grad, d + 1), allowed.grad, `gradient, ${what}`);
  if (hessian) within(h.f64At(hess, (d + 1) ** 2), allowed.hess, `Hessian, ${what}`);
}

function lossGrad(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    eachProblem(n, flavour, storage, (family, power, p, what) => {
      h.reset();
      const d = p.x.length;
      const cols = h.columns(storage, p.x);
      const scratch = h.room(glmScratchBytes());
      checkSums(h, { family, power, p, what }, (k, { y, w, offset, coef, grad }) =>
        k[`glmLossGrad${storage}`](family, power, cols, d, n, y, w, offset, coef, grad, scratch),
      );
    });
  };
}

function lossGradHess(storage: Storage): TwinCase {
  return (h, n, flavour) => {
    eachProblem(n, flavour, storage, (family, power, p, what) => {
      h.reset();
      const d = p.x.length;
      const cols = h.columns(storage, p.x);
      const scratch = h.room(glmHessScratchBytes(d));
      const call = (k: Kernels, { y, w, offset, coef, grad }: Pointers, hess: number): number =>
        k[`glmLossGradHess${storage}`](family, power, cols, d, n, y, w, offset, coef, grad, hess, scratch);
      checkSums(h, { family, power, p, what }, call, true);
    });
  };
}

const glmLoss: TwinCase = (h, n, flavour) => {
  for (const [family, power] of families) {
    for (const weighted of [false, true]) {
      h.reset();
      const etas = numbers(n, 21, flavour).map((v) => (Math.abs(v) < 1e3 ? v / 1e2 : v));
      const ys = targets(family, n);
      const ws = weights(n, 3);
      const eta = h.f64(etas);
      const y = h.f64(ys);
      const w = weighted ? h.f64(ws) : 0;
      const o = h.run((k) => k.glmLoss(family, power, n, eta, y, w));
      const size = etas.reduce((s, e, i) => {
        const growth = growthOf(family, power, e);
        return s + (weighted ? ws[i]! : 1) * growth * (Math.abs(e) + Math.abs(ys[i]!) + 1) ** 2;
      }, 1);
      within(
        { wasm: [o.wasm], twin: [o.twin], magnitude: [0] },
        [4 * (n + 4) * EPSILON * size],
        `family ${family}, n ${n}, weighted ${weighted}`,
      );
    }
  }
};

const inverseLink: TwinCase = (h, n, flavour) => {
  for (const [family] of families) {
    for (const inPlace of [false, true]) {
      h.reset();
      const eta = h.f64(numbers(n, 22, flavour));
      if (inPlace) h.allowWrites(eta, n * 8);
      const out = inPlace ? eta : h.room(n * 8);
      h.run((k) => k.inverseLink(family, eta, n, out));
      expectUlps(h.f64At(out, n), family === 0 ? 0 : 6, `family ${family}, n ${n}, in place ${inPlace}`);
    }
  }
};

/** The n × columns matrix in CSR form, its zeros left out, starting at entry `first` of longer arrays. */
export function toCsr(
  h: KernelHarness,
  columns: readonly (readonly number[])[],
  n: number,
  nameOf: (column: number) => number = (column) => column,
): { indptr: number; indices: number; values: number; nnz: number; entries: number } {
  const first = 3;
  const starts = [first];
  const indices = [0, 0, 0];
  const values = [9, 9, 9];
  for (let i = 0; i < n; i++) {
    columns.forEach((x, j) => {
      if (x[i] !== 0) {
        indices.push(nameOf(j));
        values.push(x[i]!);
      }
    });
    starts.push(indices.length);
  }
  return {
    indptr: h.u32(starts),
    indices: h.u32(indices),
    values: h.f64(values),
    nnz: indices.length - first,
    entries: indices.length,
  };
}

/** As a matrix, with most of the values 0. */
export function sparseMatrix(nCols: number, n: number, flavour: Flavour): number[][] {
  return matrix(nCols, n, flavour, "F64").map((column, j) => column.map((v, i) => ((i * 5 + j * 3) % 4 === 0 ? v : 0)));
}

/** Two thirds of the values 0. */
function mostlyZero(columns: readonly (readonly number[])[]): number[][] {
  return columns.map((column, j) => column.map((v, i) => ((i + j) % 3 === 0 ? v : 0)));
}

const csrLossGrad: TwinCase = (h, n, flavour) => {
  eachProblem(n, flavour, "F64", (family, power, dense, what) => {
    h.reset();
    const p = { ...dense, x: mostlyZero(dense.x) };
    const { indptr, indices, values } = toCsr(h, p.x, n);
    const scratch = h.room(glmScratchBytes());
    checkSums(h, { family, power, p, what }, (k, { y, w, offset, coef, grad }) =>
      k.csrGlmLossGrad(family, power, indptr, indices, values, n, p.x.length, y, w, offset, coef, grad, scratch),
    );
  });
};

const csrLossGrads: TwinCase = (h, n, flavour) => {
  eachProblem(n, flavour, "F64", (family, power, p, what) => {
    // The losses are those of a single model, whose cases try all families.
    if (family !== 1) return;
    // One pair, and eight in registers with a pair beside them.
    for (const models of n > 67 ? [10] : [2, 10]) {
      h.reset();
      const d = p.x.length;
      const x = mostlyZero(p.x);
      const { indptr, indices, values } = toCsr(h, x, n);
      const y = h.f64(p.y);
      const w = p.w === undefined ? 0 : h.f64(p.w);
      const offset = p.offset === undefined ? 0 : h.f64(p.offset);
      const all = Array.from({ length: models }, (_, m) => uniform(d + 1, 90 + m));
      const coefs = h.f64(p.coef.flatMap((_, j) => all.map((coef) => coef[j]!)));
      const grads = h.accumulator(filled((d + 1) * models, 0.5));
      const losses = h.room(2 * models * 8);
      const scratch = h.room(glmModelsScratchBytes(models));
      h.run((k) =>
        k.csrGlmLossGrads(
          family,
          power,
          indptr,
          indices,
          values,
          n,
          d,
          y,
          w,
          offset,
          models,
          coefs,
          grads,
          losses,
          scratch,
        ),
      );
      const allowed = all.map((coef) => bounds(family, power, { ...p, x, coef }));
      within(
        h.f64At(losses, models),
        allowed.map(({ loss }) => loss),
        `losses, ${what}, ${models} models`,
      );
      const gradients = p.coef.flatMap((_, j) => allowed.map(({ grad }) => grad[j]!));
      within(h.f64At(grads, (d + 1) * models), gradients, `gradients, ${what}, ${models} models`);
    }
  });
};

const csrLossGradHess: TwinCase = (h, n, flavour) => {
  eachProblem(n, flavour, "F64", (family, power, dense, what) => {
    h.reset();
    const d = dense.x.length;
    const p = { ...dense, x: mostlyZero(dense.x) };
    // Columns in any order within a row: the last first.
    const { indptr, indices, values } = toCsr(h, p.x.toReversed(), n, (j) => d - 1 - j);
    const scratch = h.room(csrHessScratchBytes());
    const call = (k: Kernels, { y, w, offset, coef, grad }: Pointers, hess: number): number =>
      k.csrGlmLossGradHess(family, power, indptr, indices, values, n, d, y, w, offset, coef, grad, hess, scratch);
    checkSums(h, { family, power, p, what }, call, true);
  });
};

/** Cases of the kernels of generalised linear models. */
export const glmCases = {
  glmLossGradF64: lossGrad("F64"),
  glmLossGradF32: lossGrad("F32"),
  glmLossGradHessF64: lossGradHess("F64"),
  glmLossGradHessF32: lossGradHess("F32"),
  glmLoss,
  inverseLink,
  csrGlmLossGrad: csrLossGrad,
  csrGlmLossGradHess: csrLossGradHess,
  csrGlmLossGrads: csrLossGrads,
} satisfies Partial<Record<keyof Kernels, TwinCase>>;
