import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { gramScratchBytes } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, DenseChunk, MatrixChunk } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";

/** What {@link marginStep} is told: a loss `h(m)` of the excess `m` over a margin, and where. */
export interface MarginArgs {
  /** `h(m) = max(0, m)²`, else `max(0, m)`. */
  readonly squared: boolean;
  /** Width of the rounded corner of `max(0, m)`: a parabola there. */
  readonly smoothing: number;
  /** The class that is 1, others −1, where `m = 1 − yη`; below 0 for `m = |η − y| − epsilon`. */
  readonly positive: number;
  readonly epsilon: number;
  /** Factors of the weights of the two sides. */
  readonly weightPositive: number;
  readonly weightNegative: number;
  /** Coefficients, intercept last. */
  readonly coef: Float64Array;
  readonly hess: boolean;
}

/** Sums over rows. */
export interface MarginSums {
  readonly rows: number;
  /** Σ w h(m), the corner rounded. */
  readonly loss: number;
  /** The same with the corner. */
  readonly sharp: number;
  /** Σ w a c, where `m = sη + c` and `a = h'(m)`: the linear part of the dual objective. */
  readonly linear: number;
  /** Σ w h*(a): its other part. */
  readonly conjugate: number;
  readonly grad: Float64Array;
  /** Σ w h''(m) x̃x̃ᵀ, row-major, where it was asked for. */
  readonly hess?: Float64Array;
}

/** Loss, gradient and dual objective (and Hessian) of one partition. */
export function marginStep(context: TaskContext, args: MarginArgs, design: DesignChunk): MarginSums {
  const { x } = design;
  const { coef } = args;
  const p = coef.length - 1;
  using space = new Workspace(context.memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
  const slope = space.numbers(x.rows);
  const bend = space.numbers(x.rows);
  const dense = x.kind === "dense" ? space.matrix(x) : undefined;
  const entries =
    x.kind === "csr"
      ? ([space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)] as const)
      : undefined;
  const intercept = coef[p] ?? 0;
  const slopes = space.vector(coef);
  if (entries) space.kernels.csrMatVec(...entries, x.rows, slopes, intercept, slope.pointer);
  else if (dense) {
    space.kernels[`matVec${dense.suffix}`](dense.table, p, x.rows, slopes, intercept, slope.pointer);
  }
  const sums = rowsOf(context, args, design, slope.values, bend.values);
  const grad = space.zeros(p + 1);
  if (entries) space.kernels.csrMatTVec(...entries, x.rows, slope.pointer, grad.pointer);
  else if (dense) space.kernels[`matTVec${dense.suffix}`](dense.table, p, x.rows, slope.pointer, grad.pointer);
  grad.values[p] = space.kernels.weightedSum(slope.pointer, 0, x.rows);
  return {
    rows: x.rows,
    ...sums,
    grad: grad.values.slice(),
    ...(args.hess ? { hess: curvatureOf(context, x, bend.values) } : {}),
  };
}

/** Names {@link marginStep} for the engine. */
export const MARGIN_STEP = fnRef(import.meta.url, "marginStep");

/** Replaces η in `slope` by w h'(m) s, writes w h''(m) to `bend`, and adds up the rest. */
function rowsOf(
  context: TaskContext,
  args: MarginArgs,
  design: DesignChunk,
  slope: Float64Array,
  bend: Float64Array,
): Pick<MarginSums, "loss" | "sharp" | "linear" | "conjugate"> {
  const { squared, smoothing, positive, epsilon } = args;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  let [loss, sharp, linear, conjugate] = [0, 0, 0, 0];
  for (let i = 0; i < slope.length; i++) {
    const eta = slope[i] as number;
    const target = y[i] as number;
    let [s, c, weight] = [0, 1, w ? (w[i] as number) : 1];
    if (positive >= 0) {
      const own = target === positive;
      s = own ? -1 : 1;
      weight *= own ? args.weightPositive : args.weightNegative;
    } else {
      s = eta < target ? -1 : 1;
      c = -s * target - epsilon;
    }
    const m = s * eta + c;
    if (m < 0) {
      slope[i] = 0;
      bend[i] = 0;
      continue;
    }
    let a: number;
    if (squared) {
      a = 2 * m;
      bend[i] = 2 * weight;
      loss += weight * m * m;
      sharp += weight * m * m;
      conjugate += (weight * a * a) / 4;
    } else {
      const within = m < smoothing;
      a = within ? m / smoothing : 1;
      bend[i] = within ? weight / smoothing : 0;
      loss += weight * (within ? (m * a) / 2 : m - smoothing / 2);
      // A NaN must not pass for a row on its right side.
      sharp += weight * m;
    }
    linear += weight * a * c;
    slope[i] = weight * a * s;
  }
  return { loss, sharp, linear, conjugate };
}

/** Σ bend x̃x̃ᵀ over the rows whose bend is not 0, made dense. */
function curvatureOf(context: TaskContext, x: MatrixChunk, bend: Float64Array): Float64Array {
  const rows: number[] = [];
  bend.forEach((value, i) => {
    if (value !== 0) rows.push(i);
  });
  const few = gather(context, x, rows);
  using space = Workspace.over(context.memory, few);
  const p = few.columns.length;
  const gram = space.zeros(p * p);
  const sums = space.zeros(p);
  const { table, suffix } = space.matrix(few);
  const weights = space.vector(Float64Array.from(rows, (i) => bend[i] as number));
  const scratch = space.bytes(gramScratchBytes(p));
  const total = space.kernels[`gram${suffix}`](table, p, few.rows, weights, 0, gram.pointer, sums.pointer, scratch);
  const hess = new Float64Array((p + 1) * (p + 1));
  for (let i = 0; i < p; i++) {
    hess.set(gram.values.subarray(i * p, (i + 1) * p), i * (p + 1));
    hess[i * (p + 1) + p] = hess[p * (p + 1) + i] = sums.values[i] as number;
  }
  hess[p * (p + 1) + p] = total;
  return hess;
}

/** Rows of X as dense columns of doubles; a dense X of which all rows are taken is returned as it is. */
function gather({ memory }: TaskContext, x: MatrixChunk, rows: readonly number[]): DenseChunk {
  if (x.kind === "dense" && rows.length === x.rows) return x;
  if (x.kind === "dense") {
    const out = memory.dense("f64", rows.length, x.columns.length);
    x.columns.forEach((column, j) => {
      const source = memory.view(column);
      const target = memory.view(out.columns[j] as Column<"f64">);
      for (let i = 0; i < rows.length; i++) target[i] = Number(source[rows[i] as number]);
    });
    return out;
  }
  const out = memory.dense("f64", rows.length, x.cols);
  const targets = out.columns.map((column) => memory.view(column));
  for (const target of targets) target.fill(0);
  const starts = memory.view(x.indptr);
  const columnOf = memory.view(x.indices);
  const values = memory.view(x.values);
  rows.forEach((row, i) => {
    for (let k = starts[row] as number; k < (starts[row + 1] as number); k++) {
      (targets[columnOf[k] as number] as Float64Array)[i] = values[k] as number;
    }
  });
  return out;
}

/** Sums over the union. */
export function mergeMarginSums(a: MarginSums, b: MarginSums): MarginSums {
  const add = (p: Float64Array, q: Float64Array): Float64Array => p.map((value, j) => value + (q[j] as number));
  return {
    rows: a.rows + b.rows,
    loss: a.loss + b.loss,
    sharp: a.sharp + b.sharp,
    linear: a.linear + b.linear,
    conjugate: a.conjugate + b.conjugate,
    grad: add(a.grad, b.grad),
    ...(a.hess && b.hess ? { hess: add(a.hess, b.hess) } : {}),
  };
}
