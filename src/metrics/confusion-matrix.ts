import { DataError, show } from "../base/errors.js";
import { CONFUSION_STEP, MOST_LABELS, tooManyLabels, type ConfusionCounts } from "./classification-steps.js";
import { requireVector, type LabelValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkLabels, checkOptions, oneOf } from "./options.js";

/** By what a confusion matrix is divided: each row's sum, each column's sum, or the sum of all. */
export type ConfusionNormalize = "true" | "pred" | "all";

/** Options of {@link confusionMatrix} beside those of every metric. */
export interface ConfusionKernelOptions {
  /** The labels to count, in the order of rows and columns; all that occur, ascending, unless given. */
  readonly labels?: readonly Label[] | undefined;
  readonly normalize?: ConfusionNormalize | undefined;
}

/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions extends MetricOptions, ConfusionKernelOptions {}

/** Weights of pairs of labels. */
export interface ConfusionMatrix {
  /** Entry [i][j]: rows of true label `labels[i]` that were predicted as `labels[j]`. */
  readonly matrix: number[][];
  readonly labels: Label[];
}

/** What every metric of {@link ConfusionCounts} is but for its end. */
export function confusionCounting<T>(
  name: string,
  labels: readonly Label[] | undefined,
): Omit<MetricKernel<ConfusionCounts, T>, "finish"> {
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: true,
    labels,
    step: CONFUSION_STEP,
    args: (codes) => (labels ? { labels: labels.map((label) => codes.encode(name, label)) } : {}),
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yPred", inputs.yPred);
    },
    combine: (a, b) => mergeCounts(name, a, b, labels !== undefined),
  };
}

/** {@link confusionMatrix} as part of a pass. */
export function confusionKernel(options: ConfusionKernelOptions = {}): MetricKernel<ConfusionCounts, ConfusionMatrix> {
  const name = "confusionMatrix";
  const labels = checkLabels(name, options.labels);
  const normalize = oneOf<ConfusionNormalize | "no">(name, "normalize", options.normalize, "no", [
    "true",
    "pred",
    "all",
  ]);
  return {
    ...confusionCounting(name, labels),
    finish(total, { codes }) {
      if (labels && !total.anyTrue) {
        throw new DataError(`${name}: none of the labels ${show(labels)} is in yTrue. Name at least one that is.`);
      }
      return { matrix: normalized(total, normalize), labels: total.labels.map((code) => codes.decode(code)) };
    },
  };
}

/**
 * How often (by weight) each true label was predicted as each label.
 *
 * Labels are numbers, booleans (as 0 and 1) or, in plain arrays, texts. Rows with a label outside `labels` are left
 * out; a row
 * or column of zeros stays zeros when normalised. One pass; memory L² doubles a partition, and at most 1,000 labels
 * unless they are given. Differs from scikit-learn: the labels come with the matrix, a label that occurs
 * only in rows of weight 0 does not count as occurring, weights must be >= 0.
 *
 * @throws DataError when none of `labels` is in yTrue, and as {@link accuracyScore} does
 *
 * @example
 * ```ts
 * const { matrix, labels } = await confusionMatrix(["cat", "dog"], ["cat", "cat"]);
 * // [[1, 0], [1, 0]], ["cat", "dog"]
 * ```
 */
export async function confusionMatrix(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: ConfusionOptions = {},
): Promise<ConfusionMatrix> {
  checkOptions("confusionMatrix", options, ["labels", "normalize"]);
  const [matrix] = await metricPass(
    [confusionKernel(options)],
    { yTrue, yPred, sampleWeight: options.sampleWeight },
    options,
  );
  return matrix;
}

/** The counts of both; `fixed` when the labels were given. @throws DataError for too many labels */
function mergeCounts(owner: string, a: ConfusionCounts, b: ConfusionCounts, fixed: boolean): ConfusionCounts {
  const labels = fixed ? a.labels : [...new Set([...a.labels, ...b.labels])].sort((p, q) => p - q);
  if (!fixed && labels.length > MOST_LABELS) throw tooManyLabels(owner);
  const counts = new Float64Array(labels.length ** 2);
  const at = new Map(labels.map((label, i) => [label, i]));
  for (const part of [a, b]) {
    const to = part.labels.map((label) => at.get(label) as number);
    const size = to.length;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const cell = (to[i] as number) * labels.length + (to[j] as number);
        counts[cell] = (counts[cell] as number) + (part.counts[i * size + j] as number);
      }
    }
  }
  return { labels, counts, anyTrue: a.anyTrue || b.anyTrue };
}

function normalized({ labels, counts }: ConfusionCounts, by: ConfusionNormalize | "no"): number[][] {
  const size = labels.length;
  const matrix = labels.map((_, i) => Array.from(counts.subarray(i * size, (i + 1) * size)));
  if (by === "no") return matrix;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const rowSums = matrix.map(sum);
  const columnSums = labels.map((_, j) => sum(matrix.map((row) => row[j] as number)));
  const all = sum(rowSums);
  return matrix.map((row, i) =>
    row.map((value, j) => {
      const divisor = by === "true" ? (rowSums[i] as number) : by === "pred" ? (columnSums[j] as number) : all;
      return divisor === 0 ? 0 : value / divisor;
    }),
  );
}
