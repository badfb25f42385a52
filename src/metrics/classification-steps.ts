import { DataError, show } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** Weight of the rows on which yTrue and yPred agree. */
export function accuracyStep(_context: TaskContext, _args: undefined, rows: MetricRows): number {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const p = rows.columns.yPred?.[0] as Float64Array;
  const w = rows.weight;
  if (!w) {
    let agree = 0;
    for (let i = 0; i < rows.rows; i++) if (t[i] === p[i]) agree++;
    return agree;
  }
  const sum = new CompensatedSum();
  for (let i = 0; i < rows.rows; i++) if (t[i] === p[i]) sum.add(w[i] as number);
  return sum.value;
}

/** Names {@link accuracyStep} for the engine. */
export const ACCURACY_STEP = fnRef(import.meta.url, "accuracyStep");

/** Distinct labels that a confusion matrix discovers by itself: its size is their square. */
export const MOST_LABELS = 1000;

/** Weights of pairs of labels; entry i · L + j is true label i, predicted label j. */
export interface ConfusionCounts {
  /** The given labels in their order, else those seen, ascending. */
  readonly labels: readonly number[];
  readonly counts: Float64Array;
  /** A label of the list is in yTrue. */
  readonly anyTrue: boolean;
}

/** Counts pairs of labels; rows with a label outside `labels` (where given) and rows of weight 0 are left out. */
export function confusionStep(
  _context: TaskContext,
  args: { labels?: readonly number[] },
  rows: MetricRows,
): ConfusionCounts {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const p = rows.columns.yPred?.[0] as Float64Array;
  const w = rows.weight;
  const labels = args.labels ?? distinctLabels(t, p, rows);
  const size = labels.length;
  const at = new Map(labels.map((label, i) => [label + 0, i]));
  const sums = Array.from({ length: size * size }, (): CompensatedSum | undefined => undefined);
  let anyTrue = false;
  for (let i = 0; i < rows.rows; i++) {
    const weight = w ? (w[i] as number) : 1;
    if (weight === 0) continue;
    const row = at.get(t[i] as number);
    if (row === undefined) continue;
    anyTrue = true;
    const column = at.get(p[i] as number);
    if (column === undefined) continue;
    (sums[row * size + column] ??= new CompensatedSum()).add(weight);
  }
  return { labels, counts: Float64Array.from(sums, (sum) => sum?.value ?? 0), anyTrue };
}

/** Names {@link confusionStep} for the engine. */
export const CONFUSION_STEP = fnRef(import.meta.url, "confusionStep");

function distinctLabels(t: Float64Array, p: Float64Array, rows: MetricRows): number[] {
  const seen = new Set<number>();
  for (let i = 0; i < rows.rows; i++) {
    if (rows.weight && rows.weight[i] === 0) continue;
    seen.add(t[i] as number).add(p[i] as number);
    if (seen.size > MOST_LABELS) throw tooManyLabels(rows.owner, { partition: rows.partition, row: i });
  }
  return [...seen].sort((a, b) => a - b);
}

/** The error for labels that look like targets of a regression. */
export function tooManyLabels(owner: string, place?: { partition: number; row: number }): DataError {
  const where = place ? ` (in partition ${place.partition} by row ${place.row})` : "";
  return new DataError(
    `${owner}: yTrue and yPred have more than ${MOST_LABELS} distinct labels${where}. Pass the labels to count as labels, or use a regression metric.`,
    place ? { details: place } : {},
  );
}

/** Arguments of {@link logLossStep}. */
export interface LogLossArgs {
  /** Ascending, one a column of yProba; found in yTrue unless given. */
  readonly labels?: readonly number[];
}

/** Losses of some partitions. */
export interface LogLossPartial {
  /** Labels in yTrue, ascending; empty where they were given. */
  readonly labels: readonly number[];
  /**
   * Σ w · -log p by label and column: which column belongs to a label is known only when all labels are. One entry in
   * one
   * row where the labels were given.
   */
  readonly losses: readonly Float64Array[];
}

const EPS = { f64: 2 ** -52, f32: 2 ** -23 };

// Probabilities come from float32 models too: their sums are off by so much.
const SUM_TOLERANCE = 3.5e-4;

/** Log losses of a partition; rows of weight 0 are checked, and left out. */
export function logLossStep(_context: TaskContext, args: LogLossArgs, rows: MetricRows): LogLossPartial {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const proba = rows.columns.yProba as readonly Float64Array[];
  const classes = Math.max(2, proba.length);
  const eps = rows.dtypes.yProba === "f32" ? EPS.f32 : EPS.f64;
  const loss = (column: number, i: number): number => {
    const p =
      proba.length === 1
        ? positive(proba[0] as Float64Array, i, column)
        : ((proba[column] as Float64Array)[i] as number);
    return -Math.log(Math.min(1 - eps, Math.max(eps, p)));
  };
  checkProbabilities(proba, rows);
  const given = args.labels ? new Map(args.labels.map((label, column) => [label, column])) : undefined;
  const known = new CompensatedSum();
  const found = new Map<number, CompensatedSum[]>();
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    const label = t[i] as number;
    if (given) {
      const column = given.get(label);
      if (column === undefined) throw unlisted(rows, i);
      known.add(w * loss(column, i));
      continue;
    }
    let sums = found.get(label);
    if (!sums) {
      if (found.size === classes)
        throw tooManyClasses(classes, [...found.keys(), label], { partition: rows.partition, row: i });
      sums = Array.from({ length: classes }, () => new CompensatedSum());
      found.set(label, sums);
    }
    for (let column = 0; column < classes; column++) (sums[column] as CompensatedSum).add(w * loss(column, i));
  }
  if (given) return { labels: [], losses: [Float64Array.of(known.value)] };
  const labels = [...found.keys()].sort((a, b) => a - b);
  return { labels, losses: labels.map((label) => Float64Array.from(found.get(label) ?? [], (sum) => sum.value)) };
}

/** Names {@link logLossStep} for the engine. */
export const LOG_LOSS_STEP = fnRef(import.meta.url, "logLossStep");

function positive(p: Float64Array, i: number, column: number): number {
  return column === 1 ? (p[i] as number) : 1 - (p[i] as number);
}

/** @throws DataError naming the row of what is no probability, or of a row that does not sum to 1 */
export function checkProbabilities(proba: readonly Float64Array[], rows: MetricRows): void {
  for (const [column, p] of proba.entries()) {
    for (let row = 0; row < rows.rows; row++) {
      const value = p[row] as number;
      if (value >= 0 && value <= 1) continue;
      throw new DataError(
        `${rows.owner}: yProba must be in [0, 1]; got ${value} in partition ${rows.partition}, row ${row}${proba.length > 1 ? `, column ${column}` : ""}. ` +
          "Pass probabilities (predictProba), not scores.",
        { details: { partition: rows.partition, row } },
      );
    }
  }
  if (proba.length === 1) return;
  for (let row = 0; row < rows.rows; row++) {
    let sum = 0;
    for (const p of proba) sum += p[row] as number;
    if (Math.abs(sum - 1) <= SUM_TOLERANCE) continue;
    throw new DataError(
      `${rows.owner}: the probabilities of a row must sum to 1; those of partition ${rows.partition}, row ${row} sum to ${sum}. Divide each row by its sum.`,
      { details: { partition: rows.partition, row } },
    );
  }
}

function unlisted(rows: MetricRows, row: number): DataError {
  return new DataError(
    `logLoss: partition ${rows.partition}, row ${row} of yTrue has a label that is not in labels. List every class.`,
    {
      details: { partition: rows.partition, row },
    },
  );
}

/** The error for more labels than columns. */
export function tooManyClasses(
  classes: number,
  labels: readonly unknown[],
  place?: { partition: number; row: number },
): DataError {
  const where = place ? ` (partition ${place.partition}, row ${place.row})` : "";
  return new DataError(
    `logLoss: yTrue has at least ${labels.length} classes${where}, but yProba has probabilities of ${classes}; got ${show(labels)}. Pass one column a class.`,
    place ? { details: place } : {},
  );
}
