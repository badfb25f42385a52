import type { BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { LabelValues, MetricValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions, oneOf } from "./options.js";
import { scoreTableBase } from "./score-table.js";
import { classWeights } from "./roc.js";

/** What {@link averagePrecisionScore} takes beside the options of every metric. */
export interface PrecisionRecallKernelOptions {
  /** The positive class, against all others; the larger of two labels unless given. */
  readonly posLabel?: Label | undefined;
}

/** Options of {@link averagePrecisionScore}. */
export interface AveragePrecisionOptions extends MetricOptions, PrecisionRecallKernelOptions {}

/** Options of {@link precisionRecallCurve}. */
export interface PrecisionRecallOptions extends AveragePrecisionOptions {
  /** Leave out points between two others of the same recall: false unless given. */
  readonly dropIntermediate?: boolean | undefined;
}

/** Precision and recall by threshold; the last point (1, 0) has no threshold. */
export interface PrecisionRecallCurve {
  /** Of the rows with a score >= the threshold, the share (by weight) that is positive; 1 at the end. */
  readonly precision: Float64Array;
  /** Share of the positives with a score >= the threshold, descending; 0 at the end. */
  readonly recall: Float64Array;
  /** Distinct scores, ascending; one fewer than points. */
  readonly thresholds: Float64Array;
}

/** {@link averagePrecisionScore} as part of a pass. */
export function averagePrecisionKernel(options: PrecisionRecallKernelOptions = {}): MetricKernel<BinaryTable, number> {
  const name = "averagePrecisionScore";
  return {
    ...scoreTableBase(name, options.posLabel),
    finish(table, totals) {
      const { positives } = classWeights(name, table, options.posLabel, totals);
      const area = new CompensatedSum();
      const hits = new CompensatedSum();
      const all = new CompensatedSum();
      for (let k = table.score.length - 1; k >= 0; k--) {
        const gained = table.second[k] as number;
        hits.add(gained);
        all.add(gained);
        all.add(table.first[k] as number);
        area.add(((gained / positives) * hits.value) / all.value);
      }
      return area.value;
    },
  };
}

/** {@link precisionRecallCurve} as part of a pass. */
export function precisionRecallCurveKernel(
  options: PrecisionRecallKernelOptions & { readonly dropIntermediate?: boolean | undefined } = {},
): MetricKernel<BinaryTable, PrecisionRecallCurve> {
  const name = "precisionRecallCurve";
  const drop = oneOf(name, "dropIntermediate", options.dropIntermediate, false, [true, false]);
  return {
    ...scoreTableBase(name, options.posLabel),
    finish(table, totals) {
      const { positives } = classWeights(name, table, options.posLabel, totals);
      return curveOf(table, positives, drop);
    },
  };
}

/**
 * Average precision: Σ (R_k - R_{k-1}) · P_k over the thresholds in descending order, the area under the
 * precision-recall
 * curve as a step function. Exact; ties and weights as in scikit-learn; cost and memory as {@link rocAucScore}.
 *
 * Differs from scikit-learn: rows without any positive (or negative) are an error; any two labels will do without
 * `posLabel` (the larger one is positive).
 *
 * @throws DataError as {@link rocAucScore}
 *
 * @example
 * ```ts
 * await averagePrecisionScore([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.8333
 * ```
 */
export async function averagePrecisionScore(
  yTrue: LabelValues,
  yScore: MetricValues,
  options: AveragePrecisionOptions = {},
): Promise<number> {
  checkOptions("averagePrecisionScore", options, ["posLabel"]);
  const [score] = await metricPass(
    [averagePrecisionKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return score;
}

/**
 * Precision and recall for each distinct score as the threshold, ascending, and a last point (1, 0). Exact; cost,
 * memory
 * and differences as {@link averagePrecisionScore}.
 *
 * @throws DataError as {@link rocAucScore}
 */
export async function precisionRecallCurve(
  yTrue: LabelValues,
  yScore: MetricValues,
  options: PrecisionRecallOptions = {},
): Promise<PrecisionRecallCurve> {
  checkOptions("precisionRecallCurve", options, ["posLabel", "dropIntermediate"]);
  const [curve] = await metricPass(
    [precisionRecallCurveKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return curve;
}

function curveOf(table: BinaryTable, positives: number, drop: boolean): PrecisionRecallCurve {
  const n = table.score.length;
  const hits = new Float64Array(n);
  const all = new Float64Array(n);
  const hit = new CompensatedSum();
  const any = new CompensatedSum();
  for (let k = n - 1; k >= 0; k--) {
    hit.add(table.second[k] as number);
    any.add(table.second[k] as number);
    any.add(table.first[k] as number);
    hits[k] = hit.value;
    all[k] = any.value;
  }
  const kept: number[] = [];
  for (let k = 0; k < n; k++) {
    // Points of equal recall differ in precision alone: the ends of such a run say all.
    if (drop && k > 0 && k < n - 1 && hits[k] === hits[k - 1] && hits[k] === hits[k + 1]) continue;
    kept.push(k);
  }
  return {
    precision: Float64Array.from([...kept.map((k) => (hits[k] as number) / (all[k] as number)), 1]),
    recall: Float64Array.from([...kept.map((k) => (hits[k] as number) / positives), 0]),
    thresholds: Float64Array.from(kept, (k) => table.score[k] as number),
  };
}
