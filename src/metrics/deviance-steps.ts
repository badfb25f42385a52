import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** A loss of one row that adds up over rows. */
export type PointLoss =
  | { readonly loss: "percentage" | "squaredLog" }
  | { readonly loss: "pinball"; readonly alpha: number }
  | { readonly loss: "tweedie"; readonly power: number };

/** Σ w · loss(t, p) of each column; what the loss is not defined for is an error, unless the row weighs 0. */
export function pointLossStep(_context: TaskContext, args: PointLoss, rows: MetricRows): Float64Array {
  const loss = lossOf(args);
  const w = rows.weight;
  return Float64Array.from(rows.columns.yTrue ?? [], (t, j) => {
    const p = rows.columns.yPred?.[j] as Float64Array;
    const sum = new CompensatedSum();
    for (let i = 0; i < rows.rows; i++) {
      const weight = w ? (w[i] as number) : 1;
      if (weight === 0) continue;
      checkDomain(args, t[i] as number, p[i] as number, rows, i);
      sum.add(weight * loss(t[i] as number, p[i] as number));
    }
    return sum.value;
  });
}

/** Names {@link pointLossStep} for the engine. */
export const POINT_LOSS_STEP = fnRef(import.meta.url, "pointLossStep");

/** What D² of a Tweedie deviance needs: its own sum, and what the deviance of the best constant follows from. */
export interface TweedieSums {
  readonly rows: number;
  readonly weight: number;
  /** Σ w · deviance(t, p). */
  readonly deviance: number;
  /** Σ w t. */
  readonly target: number;
  /** Σ w s(t): t log t for power 1, log t for power 2, t^(2 - power) for others. */
  readonly spread: number;
}

/** {@link TweedieSums} of a partition for a power other than 0. */
export function tweedieStep(
  context: TaskContext,
  args: { readonly loss: "tweedie"; readonly power: number },
  rows: MetricRows,
): TweedieSums {
  const { power } = args;
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const target = new CompensatedSum();
  const spread = new CompensatedSum();
  const weight = new CompensatedSum();
  let count = 0;
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    const y = t[i] as number;
    count++;
    weight.add(w);
    target.add(w * y);
    spread.add(w * (power === 1 ? xlogy(y, y) : power === 2 ? Math.log(y) : Math.max(y, 0) ** (2 - power)));
  }
  const [deviance = 0] = pointLossStep(context, args, rows);
  return { rows: count, weight: weight.value, deviance, target: target.value, spread: spread.value };
}

/** Names {@link tweedieStep} for the engine. */
export const TWEEDIE_STEP = fnRef(import.meta.url, "tweedieStep");

const xlogy = (x: number, y: number): number => (x === 0 ? 0 : x * Math.log(y));
const EPS = 2 ** -52;

function lossOf(args: PointLoss): (t: number, p: number) => number {
  switch (args.loss) {
    case "percentage":
      return (t, p) => Math.abs(t - p) / Math.max(Math.abs(t), EPS);
    case "squaredLog":
      return (t, p) => (Math.log1p(t) - Math.log1p(p)) ** 2;
    case "pinball":
      return (t, p) => (t >= p ? args.alpha * (t - p) : (args.alpha - 1) * (t - p));
    case "tweedie":
      return tweedieLoss(args.power);
  }
}

function tweedieLoss(power: number): (t: number, p: number) => number {
  if (power === 0) return (t, p) => (t - p) ** 2;
  if (power === 1) return (t, p) => 2 * (xlogy(t, t / p) - t + p);
  if (power === 2) return (t, p) => 2 * (Math.log(p / t) + t / p - 1);
  return (t, p) =>
    2 *
    (Math.max(t, 0) ** (2 - power) / ((1 - power) * (2 - power)) -
      (t * p ** (1 - power)) / (1 - power) +
      p ** (2 - power) / (2 - power));
}

function checkDomain(args: PointLoss, t: number, p: number, rows: MetricRows, row: number): void {
  if (args.loss === "squaredLog") {
    if (t > -1 && p > -1) return;
    throw outside(rows, row, t, p, "above -1");
  }
  if (args.loss !== "tweedie") return;
  const { power } = args;
  if (power === 0) return;
  if (power < 0) {
    if (p > 0) return;
    throw outside(rows, row, t, p, "any number for yTrue and above 0 for yPred");
  }
  if (power < 2) {
    if (t >= 0 && p > 0) return;
    throw outside(rows, row, t, p, "at least 0 for yTrue and above 0 for yPred");
  }
  if (t > 0 && p > 0) return;
  throw outside(rows, row, t, p, "above 0");
}

function outside(rows: MetricRows, row: number, t: number, p: number, rule: string): DataError {
  return new DataError(
    `${rows.owner}: partition ${rows.partition}, row ${row} has yTrue ${t} and yPred ${p}; they must be ${rule}. Leave such rows out, or use another metric.`,
    { details: { partition: rows.partition, row } },
  );
}
