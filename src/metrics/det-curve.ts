import type { BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { LabelValues, MetricValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions, oneOf } from "./options.js";
import { classWeights } from "./roc.js";
import { scoreTableBase } from "./score-table.js";

/** What {@link detCurve} takes beside the options of every metric. */
export interface DetKernelOptions {
  /** The positive class, against all others; the larger of two labels unless given. */
  readonly posLabel?: Label | undefined;
  /** Leave out points between others with the same false negative rate: false unless given. */
  readonly dropIntermediate?: boolean | undefined;
}

/** Options of {@link detCurve}. */
export interface DetOptions extends MetricOptions, DetKernelOptions {}

/** A curve of detection error tradeoff, thresholds ascending. */
export interface DetCurve {
  /** Share of the negatives (by weight) with a score >= the threshold. */
  readonly fpr: Float64Array;
  /** Share of the positives with a score below the threshold. */
  readonly fnr: Float64Array;
  readonly thresholds: Float64Array;
}

/** {@link detCurve} as part of a pass. */
export function detKernel(options: DetKernelOptions = {}): MetricKernel<BinaryTable, DetCurve> {
  const name = "detCurve";
  const { posLabel } = options;
  const drop = oneOf(name, "dropIntermediate", options.dropIntermediate, false, [true, false]);
  return {
    ...scoreTableBase(name, posLabel),
    finish(table, totals) {
      classWeights(name, table, posLabel, totals);
      return curveOf(table, drop);
    },
  };
}

/**
 * Error rates by threshold: of the false positives and the false negatives at each distinct score (Martin et al. 1997).
 * From the last threshold with the fewest false positives to the first without false negatives. Exact; cost and memory
 * as {@link rocAucScore}.
 *
 * @throws DataError as {@link rocAucScore}
 *
 * @example
 * ```ts
 * const { fpr, fnr } = await detCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // [0.5, 0.5, 0], [0, 0.5, 0.5]
 * ```
 */
export async function detCurve(yTrue: LabelValues, yScore: MetricValues, options: DetOptions = {}): Promise<DetCurve> {
  checkOptions("detCurve", options, ["posLabel", "dropIntermediate"]);
  const [curve] = await metricPass(
    [detKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return curve;
}

function curveOf(table: BinaryTable, drop: boolean): DetCurve {
  const n = table.score.length;
  // Counts at or above each score, in descending order, after the point where nothing is positive.
  const fps = new Float64Array(n + 1);
  const tps = new Float64Array(n + 1);
  const thresholds = new Float64Array(n + 1).fill(Infinity);
  const [negatives, positives] = [new CompensatedSum(), new CompensatedSum()];
  for (let k = 1; k <= n; k++) {
    negatives.add(table.first[n - k] as number);
    positives.add(table.second[n - k] as number);
    fps[k] = negatives.value;
    tps[k] = positives.value;
    thresholds[k] = table.score[n - k] as number;
  }
  const all = Array.from({ length: n + 1 }, (_, k) => k);
  const kept =
    drop && n > 1 ? all.filter((k) => k === 0 || k === n || tps[k] !== tps[k - 1] || tps[k] !== tps[k + 1]) : all;
  // scikit-learn starts at the last point without false positives and stops at the first with all positives.
  const first = kept.findLastIndex((k) => fps[k] === 0);
  const last = kept.findIndex((k) => tps[k] === tps[n]);
  const points = kept.slice(first, last + 1).reverse();
  return {
    fpr: Float64Array.from(points, (k) => (fps[k] as number) / negatives.value),
    fnr: Float64Array.from(points, (k) => (positives.value - (tps[k] as number)) / positives.value),
    thresholds: Float64Array.from(points, (k) => thresholds[k] as number),
  };
}
