import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { asDoubles } from "../estimator/design-tasks.js";
import { addRowStep, largestAt, type RowStep } from "../estimator/row-steps.js";
import type { Column, DenseChunk } from "../memory/column.js";
import type { MetricRows } from "../metrics/metric-kernel.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import { isotonicAt } from "../numeric/isotonic.js";

/** A fitted map from scores to probabilities. */
export type Calibrator =
  | { readonly kind: "sigmoid"; readonly slope: number; readonly offset: number }
  | { readonly kind: "isotonic"; readonly x: Float64Array; readonly y: Float64Array }
  | { readonly kind: "temperature"; readonly beta: number };

/** One calibrated model of an ensemble: its columns follow those of the models before it. */
export interface CalibratedMember {
  readonly proba: boolean;
  readonly calibrators: readonly Calibrator[];
}

/** Arguments of {@link calibrateStep}. */
export interface CalibrateArgs {
  readonly classes: number;
  readonly members: readonly CalibratedMember[];
}

/** Log loss of scaled logits with its derivatives by β. */
export interface TemperatureSums {
  readonly loss: number;
  readonly slope: number;
  readonly curve: number;
  readonly weight: number;
}

const EPS = Number.EPSILON;

/** {@link TemperatureSums} of a partition. */
export function temperatureStep(
  _context: TaskContext,
  { beta, proba }: { beta: number; proba: boolean },
  rows: MetricRows,
): TemperatureSums {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const columns = rows.columns.yScore as readonly Float64Array[];
  const logits = new Float64Array(columns.length);
  const p = new Float64Array(columns.length);
  const [loss, slope, curve, weight] = [0, 0, 0, 0].map(() => new CompensatedSum()) as [
    CompensatedSum,
    CompensatedSum,
    CompensatedSum,
    CompensatedSum,
  ];
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    columns.forEach((column, k) => (logits[k] = logitOf(column[i] as number, proba)));
    const top = softmax(logits, beta, p);
    const own = logits[t[i] as number] as number;
    let [mean, square, total] = [0, 0, 0];
    for (let k = 0; k < p.length; k++) {
      mean += (p[k] as number) * (logits[k] as number);
      square += (p[k] as number) * (logits[k] as number) ** 2;
      total += Math.exp(beta * (logits[k] as number) - top);
    }
    loss.add(w * (top + Math.log(total) - beta * own));
    slope.add(w * (mean - own));
    curve.add(w * Math.max(0, square - mean * mean));
    weight.add(w);
  }
  return { loss: loss.value, slope: slope.value, curve: curve.value, weight: weight.value };
}

/** Names {@link temperatureStep} for the engine. */
export const TEMPERATURE_STEP = fnRef(import.meta.url, "temperatureStep");

/** Probabilities of one partition: the mean over the members, one column a class. */
export function calibrateStep(context: TaskContext, args: CalibrateArgs, chunk: DenseChunk): DenseChunk {
  const width = args.classes === 2 ? 1 : args.classes;
  const inputs = chunk.columns.map((column) => context.memory.view(asDoubles(context, column as Column)));
  const out = context.memory.dense("f64", chunk.rows, args.classes);
  const targets = out.columns.map((column) => context.memory.view(column as Column<"f64">));
  const own = new Float64Array(args.classes);
  for (let i = 0; i < chunk.rows; i++) {
    targets.forEach((target) => (target[i] = 0));
    args.members.forEach((member, m) => {
      const scores = inputs.slice(m * width, (m + 1) * width).map((column) => column[i] as number);
      probabilities(member, scores, own);
      targets.forEach((target, k) => (target[i] = (target[i] as number) + (own[k] as number)));
    });
    if (args.members.length > 1) targets.forEach((target) => (target[i] = (target[i] as number) / args.members.length));
  }
  return out;
}

/** Position of the largest probability, the first of equal ones, as the label in its place. */
export function largestStep(context: TaskContext, args: { labels: readonly number[] }, chunk: DenseChunk): DenseChunk {
  const inputs = chunk.columns.map((column) => context.memory.view(column as Column<"f64">));
  const out = context.memory.dense("f64", chunk.rows, 1);
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  for (let i = 0; i < chunk.rows; i++) {
    let best = 0;
    for (let k = 1; k < inputs.length; k++) if ((inputs[k]?.[i] as number) > (inputs[best]?.[i] as number)) best = k;
    target[i] = args.labels[best] as number;
  }
  return out;
}

/** The position of each label in a list. @throws DataError naming the row of a label that is not in it */
export function positionStep(
  context: TaskContext,
  args: { owner: string; labels: readonly number[] },
  chunk: DenseChunk,
): DenseChunk {
  const y = context.memory.view(asDoubles(context, chunk.columns[0] as Column));
  const out = context.memory.dense("f64", chunk.rows, 1);
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  const places = new Map(args.labels.map((label, k) => [label, k]));
  for (let i = 0; i < chunk.rows; i++) {
    const place = places.get((y[i] as number) + 0);
    if (place === undefined) {
      const partition = context.partition?.index ?? 0;
      throw new DataError(
        `${args.owner}: y has the label ${y[i]} in partition ${partition}, row ${i}, which the estimator was not fitted to. Its classes are ${args.labels.join(", ")}.`,
        { details: { partition, row: i } },
      );
    }
    target[i] = place;
  }
  return out;
}

/** The second label where the score is at or above the threshold, else the first. */
export function thresholdStep(
  context: TaskContext,
  args: { threshold: number; labels: readonly number[] },
  chunk: DenseChunk,
): DenseChunk {
  const scores = context.memory.view(asDoubles(context, chunk.columns[0] as Column));
  const out = context.memory.dense("f64", chunk.rows, 1);
  const target = context.memory.view(out.columns[0] as Column<"f64">);
  for (let i = 0; i < chunk.rows; i++)
    target[i] = args.labels[(scores[i] as number) >= args.threshold ? 1 : 0] as number;
  return out;
}

function probabilities({ proba, calibrators }: CalibratedMember, scores: readonly number[], out: Float64Array): void {
  const [first] = calibrators;
  if (first?.kind === "temperature") {
    if (out.length > 2) {
      const logits = Float64Array.from(scores, (score) => logitOf(score, proba));
      softmax(logits, first.beta, out);
      return;
    }
    const score = scores[0] as number;
    const logit = proba ? logitOf(score, true) - logitOf(1 - score, true) : 2 * score;
    out[1] = 1 / (1 + Math.exp(-first.beta * logit));
    out[0] = 1 - out[1];
    return;
  }
  if (out.length === 2) {
    out[1] = mapped(first as Calibrator, scores[0] as number);
    out[0] = 1 - out[1];
    return;
  }
  let total = 0;
  calibrators.forEach((calibrator, k) => {
    out[k] = mapped(calibrator, scores[k] as number);
    total += out[k] as number;
  });
  for (let k = 0; k < out.length; k++) out[k] = total === 0 ? 1 / out.length : (out[k] as number) / total;
}

function mapped(calibrator: Calibrator, score: number): number {
  if (calibrator.kind === "isotonic") return isotonicAt(calibrator, score);
  if (calibrator.kind === "sigmoid") return 1 / (1 + Math.exp(calibrator.slope * score + calibrator.offset));
  return NaN;
}

function logitOf(score: number, proba: boolean): number {
  return proba ? Math.log(score + EPS) : score;
}

// Fills p with exp(β · logit) / Σ; returns the largest exponent.
function softmax(logits: Float64Array, beta: number, p: Float64Array): number {
  const top = logits.reduce((most, logit) => Math.max(most, beta * logit), -Infinity);
  let total = 0;
  for (let k = 0; k < logits.length; k++) total += p[k] = Math.exp(beta * (logits[k] as number) - top);
  for (let k = 0; k < p.length; k++) p[k] = (p[k] as number) / total;
  return top;
}

addRowStep<CalibrateArgs>(fnRef(import.meta.url, "calibrateStep"), ({ classes, members }) => {
  const width = classes === 2 ? 1 : classes;
  const step = (row: Float64Array): Float64Array => {
    const sums = new Float64Array(classes);
    const own = new Float64Array(classes);
    members.forEach((member, m) => {
      probabilities(member, Array.from(row.subarray(m * width, (m + 1) * width)), own);
      for (let k = 0; k < classes; k++) sums[k] = (sums[k] as number) + (own[k] as number);
    });
    return members.length > 1 ? sums.map((sum) => sum / members.length) : sums;
  };
  return step as RowStep;
});

addRowStep<{ labels: readonly number[] }>(
  fnRef(import.meta.url, "largestStep"),
  ({ labels }) => ((row: Float64Array) => Float64Array.of(labels[largestAt(row)] as number)) as RowStep,
);

addRowStep<{ threshold: number; labels: readonly number[] }>(
  fnRef(import.meta.url, "thresholdStep"),
  ({ threshold, labels }) =>
    ((row: Float64Array) => Float64Array.of(labels[(row[0] as number) >= threshold ? 1 : 0] as number)) as RowStep,
);
