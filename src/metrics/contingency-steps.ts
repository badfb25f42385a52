import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** Pairs of labels that a table of contingencies holds: 24 bytes each. */
export const MOST_PAIRS = 4_000_000;

/** Weights of the pairs of labels that occur, ascending by first and then second label. Exact and mergeable. */
export interface Contingency {
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly weight: Float64Array;
}

/** The pairs of (yTrue, yPred) of one partition; rows of weight 0 are left out. */
export function contingencyStep(_context: TaskContext, _args: undefined, rows: MetricRows): Contingency {
  const t = rows.columns.yTrue?.[0] as Float64Array;
  const p = rows.columns.yPred?.[0] as Float64Array;
  const found = new Map<number, Map<number, CompensatedSum>>();
  let pairs = 0;
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    const [a, b] = [(t[i] as number) + 0, (p[i] as number) + 0];
    let row = found.get(a);
    if (!row) found.set(a, (row = new Map<number, CompensatedSum>()));
    let sum = row.get(b);
    if (!sum) {
      if (++pairs > MOST_PAIRS) throw tooManyPairs(rows.owner, { partition: rows.partition, row: i });
      row.set(b, (sum = new CompensatedSum()));
    }
    sum.add(w);
  }
  const out = { first: new Float64Array(pairs), second: new Float64Array(pairs), weight: new Float64Array(pairs) };
  let k = 0;
  for (const [a, row] of [...found].sort((x, y) => x[0] - y[0])) {
    for (const [b, sum] of [...row].sort((x, y) => x[0] - y[0])) {
      out.first[k] = a;
      out.second[k] = b;
      out.weight[k++] = sum.value;
    }
  }
  return out;
}

/** Names {@link contingencyStep} for the engine. */
export const CONTINGENCY_STEP = fnRef(import.meta.url, "contingencyStep");

/** The weights of both. Cost: O(pairs). @throws DataError for more than {@link MOST_PAIRS} pairs */
export function mergeContingency(owner: string, a: Contingency, b: Contingency): Contingency {
  const [na, nb] = [a.weight.length, b.weight.length];
  const [first, second, weight] = [0, 1, 2].map(() => new Float64Array(na + nb)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let [i, j, k] = [0, 0, 0];
  while (i < na || j < nb) {
    const order =
      i >= na
        ? 1
        : j >= nb
          ? -1
          : (a.first[i] as number) - (b.first[j] as number) || (a.second[i] as number) - (b.second[j] as number);
    const from = order <= 0 ? a : b;
    const at = order <= 0 ? i : j;
    first[k] = from.first[at] as number;
    second[k] = from.second[at] as number;
    weight[k] = order === 0 ? (a.weight[i] as number) + (b.weight[j] as number) : (from.weight[at] as number);
    k++;
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  if (k > MOST_PAIRS) throw tooManyPairs(owner);
  return { first: first.slice(0, k), second: second.slice(0, k), weight: weight.slice(0, k) };
}

function tooManyPairs(owner: string, place?: { partition: number; row: number }): DataError {
  const where = place ? ` (in partition ${place.partition} by row ${place.row})` : "";
  return new DataError(
    `${owner}: the two labellings have more than ${MOST_PAIRS} distinct pairs${where}. Pass cluster labels, not quantities.`,
    place ? { details: place } : {},
  );
}
