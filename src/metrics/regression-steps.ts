import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** Σ w · (t - p)² of each column. */
export function squaredErrorStep(_context: TaskContext, _args: undefined, rows: MetricRows): Float64Array {
  return errorSums(rows, (difference) => difference * difference);
}

/** Names {@link squaredErrorStep} for the engine. */
export const SQUARED_ERROR_STEP = fnRef(import.meta.url, "squaredErrorStep");

/** Σ w · |t - p| of each column. */
export function absoluteErrorStep(_context: TaskContext, _args: undefined, rows: MetricRows): Float64Array {
  return errorSums(rows, Math.abs);
}

/** Names {@link absoluteErrorStep} for the engine. */
export const ABSOLUTE_ERROR_STEP = fnRef(import.meta.url, "absoluteErrorStep");

/** What R² needs of some partitions, column by column. */
export interface R2Sums {
  readonly rows: number;
  readonly weight: number;
  /** Σ w · (t - p)². */
  readonly residual: Float64Array;
  /** The first t. The mean is kept as a distance from it, so that a target far from 0 loses no digits. */
  readonly origin: Float64Array;
  /** Weighted mean of t, minus origin. */
  readonly shift: Float64Array;
  /** Σ w · (t - mean)². */
  readonly m2: Float64Array;
}

/** Residuals and spread of a partition; rows of weight 0 are left out. */
export function r2Step(context: TaskContext, _args: undefined, rows: MetricRows): R2Sums {
  const w = rows.weight;
  const count = w ? w.reduce((n, weight) => n + (weight > 0 ? 1 : 0), 0) : rows.rows;
  const total = new CompensatedSum();
  for (let i = 0; i < rows.rows; i++) total.add(w ? (w[i] as number) : 1);
  const weight = total.value;
  const spread = (rows.columns.yTrue ?? []).map((t) => {
    const first = w ? (t[w.findIndex((one) => one > 0)] ?? 0) : (t[0] ?? 0);
    // From the first value on, so that a constant column has no spread at all, whatever its rounding.
    const offset = new CompensatedSum();
    for (let i = 0; i < rows.rows; i++) offset.add((w ? (w[i] as number) : 1) * ((t[i] as number) - first));
    const shift = weight > 0 ? offset.value / weight : 0;
    const squares = new CompensatedSum();
    for (let i = 0; i < rows.rows; i++) {
      const d = (t[i] as number) - first - shift;
      squares.add((w ? (w[i] as number) : 1) * d * d);
    }
    return { origin: first, shift, m2: squares.value };
  });
  return {
    rows: count,
    weight,
    residual: squaredErrorStep(context, undefined, rows),
    origin: Float64Array.from(spread, (s) => s.origin),
    shift: Float64Array.from(spread, (s) => s.shift),
    m2: Float64Array.from(spread, (s) => s.m2),
  };
}

/** Names {@link r2Step} for the engine. */
export const R2_STEP = fnRef(import.meta.url, "r2Step");

function errorSums(rows: MetricRows, of: (difference: number) => number): Float64Array {
  const w = rows.weight;
  const predicted = rows.columns.yPred ?? [];
  return Float64Array.from(rows.columns.yTrue ?? [], (t, j) => {
    const p = predicted[j] as Float64Array;
    const sum = new CompensatedSum();
    for (let i = 0; i < rows.rows; i++) {
      const error = of((t[i] as number) - (p[i] as number));
      sum.add(w ? (w[i] as number) * error : error);
    }
    return sum.value;
  });
}
