import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** Distinct labels that metrics of classes take: more look like the targets of a regression. */
export const MOST_CLASSES = 10_000;

/** Weights by class, from which precision, recall and their relatives follow; O(classes) of memory. */
export interface ClassSums {
  /** Labels seen in yTrue or yPred, ascending. */
  readonly labels: readonly number[];
  /** Weight of the rows of a class that were predicted as it. */
  readonly hits: Float64Array;
  /** Weight of the rows that were predicted as the class. */
  readonly predicted: Float64Array;
  /** Weight of the rows of the class. */
  readonly actual: Float64Array;
}

/** The sums of one partition; rows of weight 0 are left out. */
export function classSumsStep(_context: TaskContext, _args: undefined, rows: MetricRows): ClassSums {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const p = rows.columns.yPred?.[0] as Float64Array;
  const w = rows.weight;
  const places = new Map<number, number>();
  const hits: CompensatedSum[] = [];
  const predicted: CompensatedSum[] = [];
  const actual: CompensatedSum[] = [];
  const placeOf = (label: number, row: number): number => {
    const known = places.get(label);
    if (known !== undefined) return known;
    if (places.size === MOST_CLASSES) throw tooManyClasses(rows.owner, { partition: rows.partition, row });
    const place = places.size;
    places.set(label, place);
    for (const list of [hits, predicted, actual]) list.push(new CompensatedSum());
    return place;
  };
  for (let i = 0; i < rows.rows; i++) {
    const weight = w ? (w[i] as number) : 1;
    if (weight === 0) continue;
    const a = placeOf(t[i] as number, i);
    const b = t[i] === p[i] ? a : placeOf(p[i] as number, i);
    (actual[a] as CompensatedSum).add(weight);
    (predicted[b] as CompensatedSum).add(weight);
    if (a === b) (hits[a] as CompensatedSum).add(weight);
  }
  const order = [...places].sort((x, y) => x[0] - y[0]);
  const sorted = (sums: readonly CompensatedSum[]): Float64Array =>
    Float64Array.from(order, ([, place]) => sums[place]?.value ?? 0);
  return {
    labels: order.map(([label]) => label + 0),
    hits: sorted(hits),
    predicted: sorted(predicted),
    actual: sorted(actual),
  };
}

/** Names {@link classSumsStep} for the engine. */
export const CLASS_SUMS_STEP = fnRef(import.meta.url, "classSumsStep");

/** The sums of both. @throws DataError for more labels than {@link MOST_CLASSES} */
export function mergeClassSums(owner: string, a: ClassSums, b: ClassSums): ClassSums {
  const labels = [...new Set([...a.labels, ...b.labels])].sort((p, q) => p - q);
  if (labels.length > MOST_CLASSES) throw tooManyClasses(owner);
  const places = new Map(labels.map((label, k) => [label, k]));
  const sum = (of: (part: ClassSums) => Float64Array): Float64Array => {
    const total = new Float64Array(labels.length);
    for (const part of [a, b]) {
      part.labels.forEach((label, k) => {
        const place = places.get(label) as number;
        total[place] = (total[place] as number) + (of(part)[k] as number);
      });
    }
    return total;
  };
  return { labels, hits: sum((s) => s.hits), predicted: sum((s) => s.predicted), actual: sum((s) => s.actual) };
}

function tooManyClasses(owner: string, place?: { partition: number; row: number }): DataError {
  const where = place ? ` (in partition ${place.partition} by row ${place.row})` : "";
  return new DataError(
    `${owner}: yTrue and yPred have more than ${MOST_CLASSES} distinct labels${where}. Use a regression metric for targets that are quantities.`,
    place ? { details: place } : {},
  );
}
