import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import {
  binaryLabels,
  binaryTable,
  changesSides,
  classOf,
  unionLabels,
  type BinaryTable,
} from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";

/** Arguments of the steps for two classes. */
export interface RankingArgs {
  readonly owner: string;
  /** The code of the positive label; the larger of two unless given. */
  readonly positive?: number;
}

/** The distinct scores of a partition with the weight of each class. */
export function rankingStep(_context: TaskContext, args: Omit<RankingArgs, "owner">, rows: MetricRows): BinaryTable {
  return binaryTable(rows.columns.yTrue?.[0] as Float64Array, rows.columns.yScore?.[0] as Float64Array, rows.weight, {
    owner: rows.owner,
    partition: rows.partition,
    positive: args.positive,
  });
}

/** Names {@link rankingStep} for the engine. */
export const RANKING_STEP = fnRef(import.meta.url, "rankingStep");

/** The same table over probabilities. */
export function probabilityTableStep(context: TaskContext, args: RankingArgs, rows: MetricRows): BinaryTable {
  const p = rows.columns.yProba?.[0] as Float64Array;
  checkProbabilities(args.owner, p, rows);
  return rankingStep(context, args, { ...rows, columns: { ...rows.columns, yScore: [p] } });
}

/** Names {@link probabilityTableStep} for the engine. */
export const PROBABILITY_TABLE_STEP = fnRef(import.meta.url, "probabilityTableStep");

/** Sums by bin of probability. */
export interface BinSums {
  readonly labels: readonly number[];
  /** Weight of the rows with the first and the second label. */
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Σ w · p. */
  readonly proba: Float64Array;
}

/** Sums by bin; a probability is in the bin whose upper edge is the first that is not below it. */
export function binStep(_context: TaskContext, args: RankingArgs & { edges: Float64Array }, rows: MetricRows): BinSums {
  const y = rows.columns.yTrue?.[0] as Float64Array;
  const p = rows.columns.yProba?.[0] as Float64Array;
  checkProbabilities(args.owner, p, rows);
  const labels = binaryLabels(y, rows.weight, {
    owner: args.owner,
    partition: rows.partition,
    positive: args.positive,
  });
  const sums = Array.from(
    { length: args.edges.length + 1 },
    () => [new CompensatedSum(), new CompensatedSum(), new CompensatedSum()] as const,
  );
  for (let i = 0; i < rows.rows; i++) {
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    const value = p[i] as number;
    const bin = sums[binOf(args.edges, value)] as (typeof sums)[number];
    bin[classOf(y[i] as number, labels, args.positive)].add(w);
    bin[2].add(w * value);
  }
  const side = (k: 0 | 1 | 2): Float64Array => Float64Array.from(sums, (bin) => bin[k].value);
  return { labels, first: side(0), second: side(1), proba: side(2) };
}

/** Names {@link binStep} for the engine. */
export const BIN_STEP = fnRef(import.meta.url, "binStep");

/** Number of inner edges below a value: its bin. */
export function binOf(edges: ArrayLike<number>, value: number): number {
  let from = 0;
  let to = edges.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((edges[middle] as number) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The sums of both. @throws DataError when they have more than two labels between them */
export function mergeBinSums(owner: string, a: BinSums, b: BinSums): BinSums {
  const labels = unionLabels(owner, a.labels, b.labels);
  const add = (p: Float64Array, q: Float64Array): Float64Array => p.map((value, k) => value + (q[k] as number));
  const [left, right] = [a, b].map((s) => (changesSides(s.labels, labels) ? { first: s.second, second: s.first } : s));
  return {
    labels,
    first: add(left?.first as Float64Array, right?.first as Float64Array),
    second: add(left?.second as Float64Array, right?.second as Float64Array),
    proba: add(a.proba, b.proba),
  };
}

function checkProbabilities(owner: string, p: Float64Array, rows: MetricRows): void {
  const row = p.findIndex((value) => value < 0 || value > 1);
  if (row < 0) return;
  throw new DataError(
    `${owner}: yProba must be in [0, 1]; got ${p[row]} in partition ${rows.partition}, row ${row}. Pass probabilities (predictProba), not scores.`,
    { details: { partition: rows.partition, row } },
  );
}
