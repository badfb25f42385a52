import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { binaryTable, type BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import { logLossStep, type LogLossArgs, type LogLossPartial } from "./classification-steps.js";
import type { MetricRows } from "./metric-kernel.js";
import { absoluteErrorStep } from "./regression-steps.js";

/** What D² of the absolute error needs: its sum, and all distinct targets with their weights (on the second side). */
export interface AbsoluteD2 {
  readonly rows: number;
  readonly error: number;
  readonly targets: BinaryTable;
}

/** {@link AbsoluteD2} of a partition. Cost: a sort of the targets. */
export function absoluteD2Step(context: TaskContext, _args: undefined, rows: MetricRows): AbsoluteD2 {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const ones = new Float64Array(rows.rows).fill(1);
  const place = { owner: rows.owner, partition: rows.partition, positive: 1 };
  const [error = 0] = absoluteErrorStep(context, undefined, rows);
  const count = rows.weight ? rows.weight.reduce((n, w) => n + (w > 0 ? 1 : 0), 0) : rows.rows;
  return { rows: count, error, targets: binaryTable(ones, t, rows.weight, place) };
}

/** Names {@link absoluteD2Step} for the engine. */
export const ABSOLUTE_D2_STEP = fnRef(import.meta.url, "absoluteD2Step");

/** What D² of the log loss needs: its sums, and the weight of each class. */
export interface LogLossD2 {
  readonly rows: number;
  readonly losses: LogLossPartial;
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

/** {@link LogLossD2} of a partition. */
export function logLossD2Step(context: TaskContext, args: LogLossArgs, rows: MetricRows): LogLossD2 {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const sums = new Map<number, CompensatedSum>();
  let count = 0;
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    count++;
    const label = t[i] as number;
    let sum = sums.get(label);
    if (!sum) {
      sum = new CompensatedSum();
      sums.set(label, sum);
    }
    sum.add(w);
  }
  const found = [...sums].sort((a, b) => a[0] - b[0]);
  return {
    rows: count,
    losses: logLossStep(context, args, rows),
    labels: found.map(([label]) => label),
    weights: found.map(([, sum]) => sum.value),
  };
}

/** Names {@link logLossD2Step} for the engine. */
export const LOG_LOSS_D2_STEP = fnRef(import.meta.url, "logLossD2Step");
