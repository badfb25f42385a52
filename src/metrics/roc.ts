import { DataError, ParameterError, show } from "../base/errors.js";
import type { BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import type { LabelValues, MetricValues } from "./inputs.js";
import type { Label, MetricKernel, MetricTotals } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions, oneOf } from "./options.js";
import { rocAucMulticlassKernel, type MultiClass } from "./roc-auc-multiclass.js";
import { scoreTableBase } from "./score-table.js";

/** Options of {@link rocAucScore}. */
export interface RocAucOptions extends MetricOptions {
  /** The positive class, against all others; the larger of two labels unless given. */
  readonly posLabel?: Label | undefined;
  /** For more than two classes, with one column of yScore each: every class against the others, or every pair. */
  readonly multiClass?: MultiClass | undefined;
  /** With multiClass: the mean over classes or pairs ("macro", unless given), or by their weight in yTrue. */
  readonly average?: "macro" | "weighted" | undefined;
  /** With multiClass: all classes, one a column in ascending order; those in yTrue unless given. */
  readonly labels?: readonly Label[] | undefined;
}

/** Options of {@link rocCurve}. */
export interface RocCurveOptions extends MetricOptions {
  /** The positive class, against all others; the larger of two labels unless given. */
  readonly posLabel?: Label | undefined;
  /** Leave out points that lie on a straight line between others: true unless given. */
  readonly dropIntermediate?: boolean | undefined;
}

/** A ROC curve, from (0, 0) to (1, 1). */
export interface RocCurve {
  /** Share of the negatives (by weight) with a score >= the threshold. */
  readonly fpr: Float64Array;
  /** Share of the positives with a score >= the threshold. */
  readonly tpr: Float64Array;
  /** Descending scores; the first is Infinity, for the point where nothing is positive. */
  readonly thresholds: Float64Array;
}

/** {@link rocAucScore} as part of a pass. */
export function rocAucKernel(
  options: { readonly posLabel?: Label | undefined } = {},
): MetricKernel<BinaryTable, number> {
  const name = "rocAucScore";
  return {
    ...scoreTableBase(name, options.posLabel),
    finish(table, totals) {
      const { positives, negatives } = classWeights(name, table, options.posLabel, totals);
      // A positive beats the negatives below it, and half of those beside it: the statistic of Mann and Whitney.
      const wins = new CompensatedSum();
      const below = new CompensatedSum();
      for (let k = 0; k < table.score.length; k++) {
        const negative = table.first[k] as number;
        wins.add((table.second[k] as number) * (below.value + negative / 2));
        below.add(negative);
      }
      return wins.value / positives / negatives;
    },
  };
}

/** {@link rocCurve} as part of a pass. */
export function rocCurveKernel(
  options: { readonly posLabel?: Label | undefined; readonly dropIntermediate?: boolean | undefined } = {},
): MetricKernel<BinaryTable, RocCurve> {
  const name = "rocCurve";
  const drop = oneOf(name, "dropIntermediate", options.dropIntermediate, true, [true, false]);
  return {
    ...scoreTableBase(name, options.posLabel),
    finish(table, totals) {
      classWeights(name, table, options.posLabel, totals);
      return curveOf(table, drop);
    },
  };
}

/**
 * Area under the ROC curve: the chance (by weight) that a positive row has a higher score than a negative one, ties
 * counted
 * half. Exact, for any cut of the rows; ties and weights as in scikit-learn.
 *
 * Two labels of any kind, the larger one positive, or any labels with `posLabel`. One pass: each partition is sorted
 * where it is and sends
 * its distinct scores (24 bytes each), which the driver merges; memory there is up to 24 bytes a distinct score of all
 * rows, twice
 * while merging. Round scores to make that less.
 *
 * More classes take `multiClass` and one column of scores each: the mean over the classes, each against all others
 * ("ovr"), or over the pairs ("ovo", Hand and Till 2001); memory is then 24 bytes a distinct score of every column.
 *
 * Differs from scikit-learn: one class only is an error (there NaN and a warning); "ovo" takes weights; scores of
 * several
 * classes need not sum to 1.
 *
 * @throws DataError for one class, more than two without `posLabel`, NaN or infinite scores (naming partition and row)
 *
 * @example
 * ```ts
 * await rocAucScore([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 * ```
 */
export async function rocAucScore(
  yTrue: LabelValues,
  yScore: MetricValues,
  options: RocAucOptions = {},
): Promise<number> {
  checkOptions("rocAucScore", options, ["posLabel", "multiClass", "average", "labels"]);
  const { multiClass, average, labels } = options;
  if (multiClass !== undefined) {
    if (options.posLabel !== undefined) {
      throw new ParameterError("rocAucScore: posLabel has no meaning with multiClass. Leave one of them out.");
    }
    const [area] = await metricPass(
      [rocAucMulticlassKernel({ multiClass, average, labels })],
      { yTrue, yScore, sampleWeight: options.sampleWeight },
      options,
    );
    return area;
  }
  if (average !== undefined || labels !== undefined) {
    throw new ParameterError('rocAucScore: average and labels need multiClass. Pass multiClass: "ovr" or "ovo".');
  }
  const [area] = await metricPass(
    [rocAucKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return area;
}

/**
 * The ROC curve: for each distinct score, in descending order, the shares of negatives and positives at or above it.
 * Exact; cost and memory
 * as {@link rocAucScore}.
 *
 * With `dropIntermediate` (the default) the same points as in scikit-learn are left out. Differs: one class only is an
 * error, and any two
 * labels will do without `posLabel` (the larger one is positive).
 *
 * @throws DataError as {@link rocAucScore}
 */
export async function rocCurve(
  yTrue: LabelValues,
  yScore: MetricValues,
  options: RocCurveOptions = {},
): Promise<RocCurve> {
  checkOptions("rocCurve", options, ["posLabel", "dropIntermediate"]);
  const [curve] = await metricPass(
    [rocCurveKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return curve;
}

/** Weight of both sides of a table. @throws DataError when one is empty */
export function classWeights(
  name: string,
  table: BinaryTable,
  posLabel: Label | undefined,
  { codes }: MetricTotals,
): { positives: number; negatives: number } {
  const sum = (values: Float64Array): number => {
    const total = new CompensatedSum();
    for (const value of values) total.add(value);
    return total.value;
  };
  const positives = sum(table.second);
  const negatives = sum(table.first);
  if (positives > 0 && negatives > 0) return { positives, negatives };
  const only =
    posLabel === undefined
      ? `only the class ${show(codes.decode(table.labels[0] as number))}`
      : positives > 0
        ? `only the class ${show(posLabel)}`
        : `no row of the class ${show(posLabel)}`;
  throw new DataError(
    `${name}: yTrue has ${only}; both classes are needed. Pass rows of both, or check posLabel and the weights.`,
  );
}

function curveOf(table: BinaryTable, drop: boolean): RocCurve {
  const n = table.score.length;
  const fps = new Float64Array(n);
  const tps = new Float64Array(n);
  const negatives = new CompensatedSum();
  const positives = new CompensatedSum();
  for (let k = 0; k < n; k++) {
    negatives.add(table.first[n - 1 - k] as number);
    positives.add(table.second[n - 1 - k] as number);
    fps[k] = negatives.value;
    tps[k] = positives.value;
  }
  const bends = (counts: Float64Array, k: number): boolean =>
    (counts[k + 1] as number) - (counts[k] as number) !== (counts[k] as number) - (counts[k - 1] as number);
  const kept: number[] = [];
  for (let k = 0; k < n; k++) {
    if (!drop || k === 0 || k === n - 1 || bends(fps, k) || bends(tps, k)) kept.push(k);
  }
  const curve = {
    fpr: new Float64Array(kept.length + 1),
    tpr: new Float64Array(kept.length + 1),
    thresholds: new Float64Array(kept.length + 1),
  };
  curve.thresholds[0] = Infinity;
  kept.forEach((k, i) => {
    curve.fpr[i + 1] = (fps[k] as number) / negatives.value;
    curve.tpr[i + 1] = (tps[k] as number) / positives.value;
    curve.thresholds[i + 1] = table.score[n - 1 - k] as number;
  });
  return curve;
}
