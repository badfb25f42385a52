import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { gramScratchBytes } from "../kernels/kernels.js";
import type { Column } from "../memory/column.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";
import { weightedGram } from "./glm/composed-steps.js";
import { linearPredictor, transposedProduct, workspaceOf } from "./glm/linear-predictor.js";

/** What {@link huberStep} is told. */
export interface HuberArgs {
  /** Coefficients, intercept last. */
  readonly coef: Float64Array;
  readonly sigma: number;
  readonly epsilon: number;
  readonly hess: boolean;
}

/** Huber's loss with its scale over rows, and derivatives by coefficients, intercept and scale, in this order. */
export interface HuberSums {
  readonly loss: number;
  readonly weight: number;
  readonly grad: Float64Array;
  readonly hess?: Float64Array;
}

/**
 * `Σ w (σ + σ H(r / σ))` of one partition, with `H(z) = z²` up to epsilon and `2 ε |z| − ε²` beyond, r = y − x·coef − intercept.
 * Sparse rows are made dense a partition at a time.
 */
export function huberStep(context: TaskContext, args: HuberArgs, own: DesignChunk): HuberSums {
  const { sigma, epsilon } = args;
  const x = densify(context, own.x);
  const design: DesignChunk = { ...own, x };
  const p = x.columns.length;
  using space = workspaceOf(context, design);
  const eta = linearPredictor(context, space, design, args.coef).values;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const error = context.memory.column("f64", x.rows, space.arena);
  const errors = context.memory.view(error);
  const slope = space.numbers(x.rows);
  const inner = space.numbers(x.rows);
  let [loss, weight, bySigma] = [0, 0, 0];
  for (let i = 0; i < x.rows; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    const r = (y[i] ?? 0) - (eta[i] ?? 0);
    const z = r / sigma;
    const outlier = Math.abs(r) > epsilon * sigma;
    errors[i] = z;
    weight += wi;
    // Beyond epsilon there is no curvature; a little of the majorising parabola's keeps few inner rows from being too few.
    inner.values[i] = outlier ? (LITTLE * wi * epsilon) / Math.abs(z) : wi;
    slope.values[i] = -2 * wi * (outlier ? epsilon * Math.sign(r) : z);
    loss += wi * sigma * (1 + (outlier ? 2 * epsilon * Math.abs(z) - epsilon * epsilon : z * z));
    bySigma += wi * (1 - (outlier ? epsilon * epsilon : z * z));
  }
  const slopes = transposedProduct(space, design, slope, p);
  const grad = Float64Array.of(...slopes, bySigma);
  if (!args.hess) return { loss, weight, grad };
  // (2 / σ) Σ w zzᵀ with z = [x, 1, r / σ], of the rows inside.
  const columns = [...x.columns, error];
  const q = p + 1;
  const { table, suffix } = space.matrix({ kind: "dense", rows: x.rows, columns });
  const gram = space.zeros(q * q);
  const sums = space.zeros(q);
  const scratch = space.bytes(gramScratchBytes(q));
  const total = space.kernels[`gram${suffix}`](table, q, x.rows, inner.pointer, 0, gram.pointer, sums.pointer, scratch);
  const n = p + 2;
  const hess = new Float64Array(n * n);
  const to = (j: number): number => (j < p ? j : j + 1);
  for (let i = 0; i < q; i++) {
    for (let j = 0; j < q; j++) hess[to(i) * n + to(j)] = (2 / sigma) * (gram.values[i * q + j] ?? 0);
    hess[to(i) * n + p] = hess[p * n + to(i)] = (2 / sigma) * (sums.values[i] ?? 0);
  }
  hess[p * n + p] = (2 / sigma) * total;
  return { loss, weight, grad, hess };
}

/** Share of the majorising parabola's curvature that outliers get. */
const LITTLE = 1e-8;

/** Names {@link huberStep} for the engine. */
export const HUBER_STEP = fnRef(import.meta.url, "huberStep");

/** What {@link pinballStep} is told. */
export interface PinballArgs {
  /** Coefficients, intercept last. */
  readonly coef: Float64Array;
  readonly quantile: number;
  /** Width of the rounded kink. */
  readonly width: number;
}

/** The pinball loss over rows, and a smooth one above it. */
export interface PinballSums {
  /** Σ w ρ(r), with ρ(r) = max(q r, (q − 1) r). */
  readonly exact: number;
  /** Σ w (√(r² + width²) + (2q − 1) r) / 2. */
  readonly loss: number;
  readonly weight: number;
  /** Σ w ρ(r) − a r with the derivatives a of the smooth losses by r: how far those are from a bound of the exact loss. */
  readonly slack: number;
  /** Of the smooth loss. */
  readonly grad: Float64Array;
  readonly hess: Float64Array;
}

/** Sums of one partition. Sparse rows are made dense a partition at a time. */
export function pinballStep(context: TaskContext, args: PinballArgs, own: DesignChunk): PinballSums {
  const { quantile, width } = args;
  const x = densify(context, own.x);
  const design: DesignChunk = { ...own, x };
  using space = workspaceOf(context, design);
  const eta = linearPredictor(context, space, design, args.coef).values;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const slope = space.numbers(x.rows);
  const curve = space.numbers(x.rows);
  let [exact, loss, weight, slack] = [0, 0, 0, 0];
  for (let i = 0; i < x.rows; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    const r = (y[i] ?? 0) - (eta[i] ?? 0);
    const size = Math.sqrt(r * r + width * width);
    const a = 0.5 * wi * (r / size + 2 * quantile - 1);
    exact += wi * (r >= 0 ? quantile * r : (quantile - 1) * r);
    loss += 0.5 * wi * (size + (2 * quantile - 1) * r);
    weight += wi;
    slack += 0.5 * wi * Math.abs(r) * (1 - Math.abs(r) / size);
    slope.values[i] = -a;
    curve.values[i] = (0.5 * wi * (width / size) * (width / size)) / size;
  }
  return {
    exact,
    loss,
    weight,
    slack,
    grad: transposedProduct(space, design, slope, x.columns.length),
    hess: weightedGram(context, space, design, curve.pointer),
  };
}

/** Names {@link pinballStep} for the engine. */
export const PINBALL_STEP = fnRef(import.meta.url, "pinballStep");

const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, j) => value + (b[j] ?? 0));

/** Sums over the union. */
export function mergeHuberSums(a: HuberSums, b: HuberSums): HuberSums {
  return {
    loss: a.loss + b.loss,
    weight: a.weight + b.weight,
    grad: add(a.grad, b.grad),
    ...(a.hess && b.hess ? { hess: add(a.hess, b.hess) } : {}),
  };
}

/** Sums over the union. */
export function mergePinballSums(a: PinballSums, b: PinballSums): PinballSums {
  return {
    exact: a.exact + b.exact,
    loss: a.loss + b.loss,
    weight: a.weight + b.weight,
    slack: a.slack + b.slack,
    grad: add(a.grad, b.grad),
    hess: add(a.hess, b.hess),
  };
}

/** Rows whose residual is among the smallest. */
export interface CloseRows {
  /** Absolute residuals, ascending. */
  readonly size: Float64Array;
  readonly y: Float64Array;
  /** Row by row. */
  readonly x: Float64Array;
}

/** The `count` rows of a weight above 0 that the coefficients come closest to, in one partition. */
export function closeRowsStep(
  context: TaskContext,
  args: { coef: Float64Array; count: number },
  own: DesignChunk,
): CloseRows {
  const x = densify(context, own.x);
  const design: DesignChunk = { ...own, x };
  using space = workspaceOf(context, design);
  const eta = linearPredictor(context, space, design, args.coef).values;
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const size = Float64Array.from(y, (value, i) => ((w?.[i] ?? 1) > 0 ? Math.abs(value - (eta[i] ?? 0)) : Infinity));
  const bound = size.slice().sort()[Math.min(args.count, size.length) - 1] ?? Infinity;
  const order: number[] = [];
  size.forEach((value, i) => {
    if (value <= bound && value < Infinity) order.push(i);
  });
  order.sort((a, b) => (size[a] ?? 0) - (size[b] ?? 0) || a - b);
  const rows = order.slice(0, args.count);
  const columns = x.columns.map((column) => context.memory.view(column));
  return {
    size: Float64Array.from(rows, (i) => size[i] ?? 0),
    y: Float64Array.from(rows, (i) => y[i] ?? 0),
    x: Float64Array.from(rows.flatMap((i) => columns.map((column) => Number(column[i])))),
  };
}

/** Names {@link closeRowsStep} for the engine. */
export const CLOSE_ROWS_STEP = fnRef(import.meta.url, "closeRowsStep");

/** The closest `count` rows of both. */
export function mergeCloseRows(a: CloseRows, b: CloseRows, count: number): CloseRows {
  if (a.size.length === 0) return b;
  if (b.size.length === 0) return a;
  const p = a.x.length / a.size.length;
  const all = [a, b].flatMap((part) => Array.from(part.size, (size, i) => ({ size, part, i })));
  all.sort((one, other) => one.size - other.size);
  const kept = all.slice(0, count);
  return {
    size: Float64Array.from(kept, ({ size }) => size),
    y: Float64Array.from(kept, ({ part, i }) => part.y[i] ?? 0),
    x: Float64Array.from(kept.flatMap(({ part, i }) => Array.from(part.x.subarray(i * p, (i + 1) * p)))),
  };
}
