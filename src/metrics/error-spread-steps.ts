import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { QuantileSketch, type QuantileSketchData } from "../numeric/quantile-sketch.js";
import type { MetricRows } from "./metric-kernel.js";
import { r2Step, type R2Sums } from "./regression-steps.js";

/** Largest |t - p| of a partition, rows of weight 0 left out. */
export function maxErrorStep(_context: TaskContext, _args: undefined, rows: MetricRows): number {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const p = rows.columns.yPred?.[0] as Float64Array;
  let largest = 0;
  for (let i = 0; i < rows.rows; i++) {
    if (rows.weight && rows.weight[i] === 0) continue;
    largest = Math.max(largest, Math.abs((t[i] as number) - (p[i] as number)));
  }
  return largest;
}

/** Names {@link maxErrorStep} for the engine. */
export const MAX_ERROR_STEP = fnRef(import.meta.url, "maxErrorStep");

/** Spread of the targets and of the errors around their own means. */
export interface ExplainedVarianceSums {
  readonly target: R2Sums;
  readonly error: R2Sums;
}

/** {@link ExplainedVarianceSums} of a partition. */
export function explainedVarianceStep(context: TaskContext, _args: undefined, rows: MetricRows): ExplainedVarianceSums {
  const t = rows.columns.yTrue ?? [];
  const errors = t.map((column, j) => column.map((value, i) => value - (rows.columns.yPred?.[j]?.[i] as number)));
  const spread = (columns: readonly Float64Array[]): R2Sums =>
    r2Step(context, undefined, { ...rows, columns: { yTrue: columns, yPred: columns } });
  return { target: spread(t), error: spread(errors) };
}

/** Names {@link explainedVarianceStep} for the engine. */
export const EXPLAINED_VARIANCE_STEP = fnRef(import.meta.url, "explainedVarianceStep");

/** A sketch of the absolute errors of each column. */
export function absoluteErrorSketchStep(
  _context: TaskContext,
  args: { readonly error: number },
  rows: MetricRows,
): QuantileSketchData[] {
  return (rows.columns.yTrue ?? []).map((t, j) => {
    const p = rows.columns.yPred?.[j] as Float64Array;
    const errors = t.map((value, i) => Math.abs(value - (p[i] as number)));
    const sketch = new QuantileSketch(args.error);
    return (rows.weight ? sketch.update(errors, rows.weight) : sketch.update(errors)).toPlain();
  });
}

/** Names {@link absoluteErrorSketchStep} for the engine. */
export const ABSOLUTE_ERROR_SKETCH_STEP = fnRef(import.meta.url, "absoluteErrorSketchStep");
