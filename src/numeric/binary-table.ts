import { DataError, show } from "../base/errors.js";
import { argsort } from "./argsort.js";
import { CompensatedSum } from "./compensated-sum.js";
import { mergeSortedPairs } from "./sorted-pairs.js";

/**
 * Everything that ranking metrics of two classes need to know: the distinct scores, ascending, and the weight of each
 * class
 * at each. Exact and mergeable. Memory: 24 bytes a distinct score.
 */
export interface BinaryTable {
  /** The labels seen so far, ascending: none, one or two. */
  readonly labels: readonly number[];
  readonly score: Float64Array;
  /** Weight at each score of the rows with the first label. */
  readonly first: Float64Array;
  /** Weight at each score of the rows with the second label. */
  readonly second: Float64Array;
}

/**
 * The table of one partition; rows of weight 0 are left out. Cost: a sort of the scores.
 * @param y labels of at most two kinds
 * @param options `owner` and `partition` for messages; `positive`: the label of the second side, all others on the
 * first
 * @throws DataError naming the row of a third label
 */
export function binaryTable(
  y: Float64Array,
  score: Float64Array,
  weight: Float64Array | undefined,
  options: { readonly owner: string; readonly partition: number; readonly positive?: number | undefined },
): BinaryTable {
  const n = y.length;
  const labels = binaryLabels(y, weight, options);
  const order = argsort(score);
  const scores = new Float64Array(n);
  const first = new Float64Array(n);
  const second = new Float64Array(n);
  const positive = options.positive ?? labels[1];
  let k = 0;
  for (let i = 0; i < n;) {
    const row = order[i] as number;
    const value = score[row] as number;
    if (i + 1 === n || score[order[i + 1] as number] !== value) {
      // Most scores are of a single row: no sums, and nothing to allocate.
      i++;
      const w = weight ? (weight[row] as number) : 1;
      if (w === 0) continue;
      scores[k] = value + 0;
      if (y[row] === positive) second[k] = w;
      else first[k] = w;
      k++;
      continue;
    }
    const sums = [new CompensatedSum(), new CompensatedSum()] as const;
    for (; i < n && score[order[i] as number] === value; i++) {
      const own = order[i] as number;
      sums[y[own] === positive ? 1 : 0].add(weight ? (weight[own] as number) : 1);
    }
    first[k] = sums[0].value;
    second[k] = sums[1].value;
    if (first[k] === 0 && second[k] === 0) continue;
    scores[k++] = value + 0;
  }
  return { labels, score: scores.slice(0, k), first: first.slice(0, k), second: second.slice(0, k) };
}

/** Which side of the table a label is on: with a positive label given, 1 for it and 0 for every other. */
export function classOf(label: number, labels: readonly number[], positive: number | undefined): 0 | 1 {
  if (positive !== undefined) return label === positive ? 1 : 0;
  return label === labels[1] ? 1 : 0;
}

/**
 * The labels of rows with weight, ascending; [0, 1] for "others" and "positive" when a positive label is given.
 * @throws DataError naming the row of a third label
 */
export function binaryLabels(
  y: Float64Array,
  weight: Float64Array | undefined,
  options: { readonly owner: string; readonly partition: number; readonly positive?: number | undefined },
): number[] {
  if (options.positive !== undefined) return [0, 1];
  const seen: number[] = [];
  for (let i = 0; i < y.length; i++) {
    if (weight && weight[i] === 0) continue;
    const label = y[i] as number;
    if (label === seen[0] || label === seen[1]) continue;
    if (seen.length === 2) throw thirdLabel(options.owner, [...seen, label], { partition: options.partition, row: i });
    seen.push(label);
  }
  return seen.sort((a, b) => a - b);
}

/** The labels of two parts together, ascending. @throws DataError when there are more than two */
export function unionLabels(owner: string, a: readonly number[], b: readonly number[]): number[] {
  const union = [...new Set([...a, ...b])].sort((p, q) => p - q);
  if (union.length > 2) throw thirdLabel(owner, union);
  return union;
}

function thirdLabel(owner: string, labels: readonly number[], place?: { partition: number; row: number }): DataError {
  const where = place ? ` (partition ${place.partition}, row ${place.row})` : "";
  return new DataError(
    `${owner}: yTrue has more than two labels: ${labels.slice(0, 3).map(show).join(", ")}${where}. Name one as posLabel to score it against the others.`,
    place ? { details: place } : {},
  );
}

/**
 * True when a part whose labels are `own` has its rows of `labels[1]` on the first side, because it has seen no other:
 * they
 * have to change sides before it is added to parts with `labels`.
 */
export function changesSides(own: readonly number[], labels: readonly number[]): boolean {
  return own.length === 1 && labels.length === 2 && own[0] === labels[1];
}

/** The table of both together. Cost: O(scores). @throws DataError when they have more than two labels between them */
export function mergeBinaryTables(owner: string, a: BinaryTable, b: BinaryTable): BinaryTable {
  const labels = unionLabels(owner, a.labels, b.labels);
  const [left, right] = [sided(a, labels), sided(b, labels)];
  const merged = mergeSortedPairs({ keys: a.score, ...left }, { keys: b.score, ...right });
  return { labels, score: merged.keys, first: merged.first, second: merged.second };
}

function sided(table: BinaryTable, labels: readonly number[]): { first: Float64Array; second: Float64Array } {
  const { first, second } = table;
  return changesSides(table.labels, labels) ? { first: second, second: first } : { first, second };
}
