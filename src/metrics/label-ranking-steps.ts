import { DataError } from "../base/errors.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { argsort } from "../numeric/argsort.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { MetricRows } from "./metric-kernel.js";
import { requireIndicator } from "./multilabel-steps.js";

/** How a row's labels are ranked by their scores. */
export type RankingMeasure =
  | { readonly measure: "coverage" | "loss" | "precision" }
  | { readonly measure: "dcg" | "ndcg"; readonly k?: number; readonly logBase: number };

/** Σ w · measure(row) over the rows of a partition: yTrue and yScore have one column a label. */
export function labelRankingStep(_context: TaskContext, args: RankingMeasure, rows: MetricRows): number {
  const t = rows.columns.yTrue as readonly Float64Array[];
  const s = rows.columns.yScore as readonly Float64Array[];
  const width = t.length;
  const truth = new Float64Array(width);
  const score = new Float64Array(width);
  const gains = args.measure === "dcg" || args.measure === "ndcg";
  const discounts = gains ? cumulativeDiscounts(width, args) : new Float64Array(0);
  const sum = new CompensatedSum();
  for (let i = 0; i < rows.rows; i++) {
    for (let j = 0; j < width; j++) {
      truth[j] = (t[j] as Float64Array)[i] as number;
      score[j] = (s[j] as Float64Array)[i] as number;
      if (!gains) requireIndicator(rows, "yTrue", truth[j] as number, i, j);
      else if (args.measure === "ndcg" && (truth[j] as number) < 0) throw negative(rows, i, j, truth[j] as number);
    }
    const w = rows.weight ? (rows.weight[i] as number) : 1;
    if (w === 0) continue;
    sum.add(w * measured(args.measure, truth, score, discounts));
  }
  return sum.value;
}

/** Names {@link labelRankingStep} for the engine. */
export const LABEL_RANKING_STEP = fnRef(import.meta.url, "labelRankingStep");

function measured(
  measure: RankingMeasure["measure"],
  truth: Float64Array,
  score: Float64Array,
  discounts: Float64Array,
): number {
  switch (measure) {
    case "coverage":
      return coverage(truth, score);
    case "loss":
      return rankingLoss(truth, score);
    case "precision":
      return rankingPrecision(truth, score);
    case "dcg":
      return discountedGain(truth, score, discounts);
    case "ndcg": {
      const best = discountedGain(truth, truth, discounts);
      return best === 0 ? 0 : discountedGain(truth, score, discounts) / best;
    }
  }
}

/** Entry r: the sum of the discounts of the ranks 0 to r. */
export function cumulativeDiscounts(width: number, { k, logBase }: { k?: number; logBase: number }): Float64Array {
  const out = new Float64Array(width);
  let sum = 0;
  for (let r = 0; r < width; r++) {
    if (k === undefined || r < k) sum += Math.log(logBase) / Math.log(r + 2);
    out[r] = sum;
  }
  return out;
}

/** Discounted gain of a ranking; equal scores share their ranks (McSherry and Najork 2008). */
export function discountedGain(gain: Float64Array, score: Float64Array, discounts: Float64Array): number {
  const order = argsort(score);
  const n = order.length;
  let total = 0;
  for (let from = 0; from < n;) {
    // From the largest score down.
    const value = score[order[n - 1 - from] as number] as number;
    let to = from;
    let sum = 0;
    while (to < n && score[order[n - 1 - to] as number] === value) sum += gain[order[n - 1 - to++] as number] as number;
    const share = (discounts[to - 1] as number) - (from > 0 ? (discounts[from - 1] as number) : 0);
    total += (sum / (to - from)) * share;
    from = to;
  }
  return total;
}

function coverage(truth: Float64Array, score: Float64Array): number {
  let least = Infinity;
  for (let j = 0; j < truth.length; j++) if (truth[j] === 1) least = Math.min(least, score[j] as number);
  return score.reduce((count, value) => count + (value >= least ? 1 : 0), 0);
}

function rankingLoss(truth: Float64Array, score: Float64Array): number {
  const relevant = truth.reduce((sum, mark) => sum + mark, 0);
  if (relevant === 0 || relevant === truth.length) return 0;
  let wrong = 0;
  for (let a = 0; a < truth.length; a++) {
    if (truth[a] !== 1) continue;
    for (let b = 0; b < truth.length; b++) if (truth[b] === 0 && (score[b] as number) >= (score[a] as number)) wrong++;
  }
  return wrong / (relevant * (truth.length - relevant));
}

function rankingPrecision(truth: Float64Array, score: Float64Array): number {
  const relevant = truth.reduce((sum, mark) => sum + mark, 0);
  if (relevant === 0 || relevant === truth.length) return 1;
  let sum = 0;
  for (let a = 0; a < truth.length; a++) {
    if (truth[a] !== 1) continue;
    let [rank, own] = [0, 0];
    for (let b = 0; b < truth.length; b++) {
      if ((score[b] as number) < (score[a] as number)) continue;
      rank++;
      own += truth[b] as number;
    }
    sum += own / rank;
  }
  return sum / relevant;
}

function negative(rows: MetricRows, row: number, column: number, value: number): DataError {
  return new DataError(
    `${rows.owner}: yTrue must be >= 0; got ${value} in partition ${rows.partition}, row ${row}, column ${column}. Shift the relevances.`,
    { details: { partition: rows.partition, row, column } },
  );
}
