import { DataError, show } from "../src/base/errors.js";
import { fittedColumns, namesOrNumbers } from "../src/estimator/fitted-columns.js";
import type { Label } from "../src/estimator/labels.js";
import type { FittedTable } from "../src/estimator/table.js";
import { compareCategories } from "./categories.js";
import type { Category } from "./column-codes.js";
import { mergeTargets, TargetStats, type TargetPartial } from "./target-stats.js";

/** How targets and the size of a group become an encoding. */
export interface EncodingSettings {
  readonly targetType: "auto" | "binary" | "continuous";
  readonly smooth: "auto" | number;
  readonly categoryLimit: number;
}

/** Sums over the targets: all that encodings are made of. */
export interface TargetSums {
  readonly rows: number;
  /** Distinct targets, ascending, three at most: enough to tell two classes from more. Of labels 0, or 0 and 1. */
  readonly distinct: readonly number[];
  /** The labels that these stand for; null for numbers. */
  readonly labels: readonly Label[] | null;
  /** Weight, mean and Σw(y − mean)² of all targets. */
  readonly target: Float64Array;
  /** The same of each category of each column. */
  readonly stats: readonly Float64Array[];
  readonly categories: readonly (readonly Category[])[];
}

/** What a target encoder keeps: sums that can be added to, and what follows from them. */
export interface TargetState extends FittedTable, TargetSums {
  readonly encodings: readonly Float64Array[];
  readonly targetMean: number;
  readonly classes: readonly Label[] | null;
}

/** Two classes as 0 and 1; one class alone leaves nothing to scale by. */
interface Bits {
  readonly low: number;
  readonly scale: number;
}

/** How these targets become 0 and 1. */
export function binaryScale(distinct: readonly number[]): Bits {
  const low = distinct[0] ?? 0;
  return { low, scale: distinct.length === 2 ? (distinct[1] as number) - low : 1 };
}

/** Statistics of (y − low) / scale. */
export function scaled(values: Float64Array, { low, scale }: Bits): Float64Array {
  if (low === 0 && scale === 1) return values;
  return values.map((value, k) => (k % 3 === 0 ? value : k % 3 === 1 ? (value - low) / scale : value / scale ** 2));
}

/** The statistics of some folds of a group together. */
export function sumOf(stats: TargetStats, folds: readonly number[], first: number): TargetStats {
  const sum = TargetStats.of(1);
  for (const fold of folds)
    sum.add(0, stats.weight(first + fold), stats.mean(first + fold), stats.squares(first + fold));
  return sum;
}

/** @throws DataError for more than two classes */
export function requireTwoClasses(owner: string, classes: number): void {
  if (classes <= 2) return;
  throw new DataError(
    `${owner}: y has more than two classes. Use targetType: "continuous" for numbers, or one encoder a class.`,
  );
}

/** The error for a column with more categories than are allowed. */
export function tooManyCategories(owner: string, column: string, limit: number): DataError {
  return new DataError(
    `${owner}: column ${show(column)} has more than ${limit} categories. Drop it, bin it, or raise categoryLimit.`,
    { details: { column } },
  );
}

/** Three stand for all of many: which were seen first depends on the partitions. */
const MANY: readonly number[] = [0, 1, 2];

/** The state that belongs to sums. @throws DataError for more than two classes where they count as 0 and 1 */
export function stateOf(
  owner: string,
  fitted: FittedTable,
  sums: TargetSums,
  { targetType, smooth }: EncodingSettings,
): TargetState {
  const { labels } = sums;
  const distinct = sums.distinct.length > 2 ? MANY : sums.distinct;
  const binary = targetType === "binary" || (targetType === "auto" && (labels !== null || distinct.length === 2));
  if (binary) requireTwoClasses(owner, distinct.length);
  const { encodings, mean } = encode(sums, binary ? binaryScale(distinct) : { low: 0, scale: 1 }, smooth);
  return { ...fitted, ...sums, distinct, encodings, targetMean: mean, classes: binary ? (labels ?? distinct) : null };
}

/** What each category becomes, and the mean target. */
export function encode(
  { target, stats }: Pick<TargetSums, "target" | "stats">,
  bits: Bits,
  smooth: "auto" | number,
): { encodings: Float64Array[]; mean: number } {
  const all = new TargetStats(scaled(target, bits));
  const encodings = stats.map((own) => {
    const groups = new TargetStats(scaled(own, bits));
    return Float64Array.from({ length: own.length / 3 }, (_, k) => encoding(groups, k, all, smooth));
  });
  return { encodings, mean: all.mean(0) };
}

function encoding(own: TargetStats, k: number, all: TargetStats, smooth: "auto" | number): number {
  const n = own.weight(k);
  const overall = all.mean(0);
  if (smooth !== "auto") return n + smooth === 0 ? overall : (n * own.mean(k) + smooth * overall) / (n + smooth);
  const variance = all.squares(0) / all.weight(0);
  const lambda = (variance * n) / (variance * n + own.squares(k) / n);
  // A category without rows, or targets that do not vary.
  return Number.isNaN(lambda) ? overall : lambda * own.mean(k) + (1 - lambda) * overall;
}

/** The state of the union of what two have seen. @throws DataError for targets of another kind, or beyond the limits */
export function united(owner: string, a: TargetState, b: TargetState, params: EncodingSettings): TargetState {
  if ((a.labels === null) !== (b.labels === null)) {
    throw new DataError(`${owner}: one was fitted on labels, the other on numbers. Use one kind of target.`);
  }
  const { nFeatures, featureNames, kinds } = a;
  const names = namesOrNumbers(featureNames, nFeatures);
  const labels = a.labels && b.labels ? sortedLabels([...a.labels, ...b.labels]) : null;
  if (labels) requireTwoClasses(owner, labels.length);
  const [left, right] = [a, b].map((side) => toPartial(side, labels)) as [TargetPartial, TargetPartial];
  const total = mergeTargets(left, right, 1, params.categoryLimit, (j) => {
    throw tooManyCategories(owner, names[j] ?? String(j), params.categoryLimit);
  });
  const columns = total.columns.map(({ values, stats }) => {
    const order = values.map((_, k) => k);
    order.sort((p, q) => compareCategories(values[p] ?? null, values[q] ?? null));
    const sorted = new Float64Array(stats.length);
    order.forEach((k, at) => sorted.set(stats.subarray(k * 3, k * 3 + 3), at * 3));
    return { categories: order.map((k) => values[k] as Category), stats: sorted };
  });
  const sums: TargetSums = {
    rows: total.rows,
    distinct: [...total.distinct].sort((p, q) => p - q),
    labels,
    target: total.target,
    stats: columns.map((column) => column.stats),
    categories: columns.map((column) => column.categories),
  };
  return stateOf(owner, { ...fittedColumns(nFeatures, featureNames), kinds }, sums, params);
}

function sortedLabels(labels: readonly Label[]): Label[] {
  return [...new Set(labels)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The sums of one side; one that has seen the second label only counts it as 1. */
function toPartial(side: TargetState, labels: readonly Label[] | null): TargetPartial {
  const shift = labels && side.labels?.length === 1 ? labels.indexOf(side.labels[0] as Label) : 0;
  const bits = { low: -shift, scale: 1 };
  return {
    rows: side.rows,
    distinct: side.distinct.map((value) => value + shift),
    target: scaled(side.target, bits),
    columns: side.categories.map((values, j) => ({ values, stats: scaled(side.stats[j] as Float64Array, bits) })),
  };
}
