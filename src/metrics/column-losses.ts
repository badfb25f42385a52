import { DataError, ParameterError, show } from "../base/errors.js";
import type { LogLossPartial } from "./classification-steps.js";
import { COLUMN_LOSS_STEP, type ColumnLoss } from "./column-loss-steps.js";
import { requireVector, type LabelValues, type MetricValues } from "./inputs.js";
import { mergeLosses } from "./log-loss.js";
import type { Label, MetricInputName, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkLabels, checkOptions, oneOf } from "./options.js";

/** What {@link brierScoreLoss} takes beside the options of every metric. */
export interface BrierKernelOptions {
  /** All classes, one a column in ascending order, whatever the order here; those in yTrue unless given. */
  readonly labels?: readonly Label[] | undefined;
  /** Half the squared distance, which is in [0, 1]: true unless given for two classes, false for more. */
  readonly scaleByHalf?: boolean | undefined;
}

/** Options of {@link brierScoreLoss}. */
export interface BrierOptions extends MetricOptions, BrierKernelOptions {}

/** What {@link topKAccuracyScore} takes beside the options of every metric. */
export interface TopKKernelOptions {
  /** How many of the largest scores count: 2 unless given. */
  readonly k?: number | undefined;
  /** All classes, one a column in ascending order, whatever the order here; those in yTrue unless given. */
  readonly labels?: readonly Label[] | undefined;
  /** false: the weight of the hits instead of their share. */
  readonly normalize?: boolean | undefined;
}

/** Options of {@link topKAccuracyScore}. */
export interface TopKOptions extends MetricOptions, TopKKernelOptions {}

/** {@link brierScoreLoss} as part of a pass. */
export function brierKernel(options: BrierKernelOptions = {}): MetricKernel<LogLossPartial, number> {
  const name = "brierScoreLoss";
  const half = options.scaleByHalf;
  if (half !== undefined && typeof half !== "boolean") {
    throw new ParameterError(`${name}: scaleByHalf must be true or false; got ${show(half)}.`);
  }
  return columnKernel(name, "yProba", { loss: "squared" }, options.labels, 1, (sum, weight, columns) => {
    // One column holds half the squared distance already.
    const distance = columns === 1 ? 2 * sum : sum;
    return (half ?? Math.max(2, columns) === 2) ? distance / 2 / weight : distance / weight;
  });
}

/** {@link topKAccuracyScore} as part of a pass. @throws ParameterError unless k is a positive integer */
export function topKKernel(options: TopKKernelOptions = {}): MetricKernel<LogLossPartial, number> {
  const name = "topKAccuracyScore";
  const k = options.k ?? 2;
  if (!Number.isInteger(k) || k < 1) throw new ParameterError(`${name}: k must be an integer >= 1; got ${show(k)}.`);
  const share = oneOf(name, "normalize", options.normalize, true, [true, false]);
  return columnKernel(name, "yScore", { loss: "top", k }, options.labels, 2, (sum, weight) =>
    share ? sum / weight : sum,
  );
}

/**
 * Brier score: mean by weight of Σ_k (p_k - [label is k])², halved for two classes unless `scaleByHalf` says otherwise:
 * then it is the mean of (p - [label is positive])².
 *
 * `yProba` is n x k, columns in ascending order of label, or n probabilities of the larger of two labels. One pass.
 * Differs from scikit-learn: `labels` says what `pos_label` does there; weights must be >= 0.
 *
 * @throws DataError as {@link logLoss}
 *
 * @example
 * ```ts
 * await brierScoreLoss([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]); // 0.0375
 * ```
 */
export async function brierScoreLoss(
  yTrue: LabelValues,
  yProba: MetricValues,
  options: BrierOptions = {},
): Promise<number> {
  checkOptions("brierScoreLoss", options, ["labels", "scaleByHalf"]);
  const [score] = await metricPass(
    [brierKernel(options)],
    { yTrue, yProba, sampleWeight: options.sampleWeight },
    options,
  );
  return score;
}

/**
 * Share of the rows (by weight) whose label is among the k largest scores of the row; among equal scores later columns
 * count first, as in scikit-learn. `yScore` is n x classes, columns in ascending order of label. One pass,
 * O(classes²) a
 * row unless `labels` are given and few.
 *
 * Differs from scikit-learn: two classes need two columns too.
 *
 * @throws DataError when classes and columns do not match, or a label is not in `labels`
 */
export async function topKAccuracyScore(
  yTrue: LabelValues,
  yScore: MetricValues,
  options: TopKOptions = {},
): Promise<number> {
  checkOptions("topKAccuracyScore", options, ["k", "labels", "normalize"]);
  const [score] = await metricPass(
    [topKKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return score;
}

/** A metric that is a mean over rows of a loss of the label's column. */
export function columnKernel(
  name: string,
  input: MetricInputName,
  loss: ColumnLoss,
  given: readonly Label[] | undefined,
  fewest: number,
  finish: (sum: number, weight: number, columns: number) => number,
): MetricKernel<LogLossPartial, number> {
  const labels = checkLabels(name, given);
  const columnsOf: (inputs: Parameters<MetricKernel["check"]>[0]) => number = (inputs) => inputs[input]?.width ?? 0;
  return {
    name,
    needs: ["yTrue", input],
    textLabels: true,
    labels,
    step: COLUMN_LOSS_STEP,
    args: (codes) => ({
      ...loss,
      ...(labels ? { labels: labels.map((label) => codes.encode(name, label)).sort((a, b) => a - b) } : {}),
    }),
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      const columns = columnsOf(inputs);
      if (columns < fewest) throw new DataError(`${name}: ${input} has ${columns} column; it needs one a class.`);
      if (labels && labels.length !== Math.max(2, columns)) {
        throw new DataError(
          `${name}: labels names ${labels.length} classes, but ${input} has columns for ${Math.max(2, columns)}. Name one label a column.`,
        );
      }
    },
    combine: mergeLosses,
    finish(total, { weight, codes, inputs }) {
      const columns = columnsOf(inputs);
      if (labels) return finish(total.losses[0]?.[0] as number, weight, columns);
      const classes = Math.max(2, columns);
      if (total.labels.length !== classes) {
        const found = total.labels.map((code) => codes.decode(code));
        throw new DataError(
          `${name}: yTrue has ${found.length} classes (${show(found)}), but ${input} has columns for ${classes}. Pass all classes as labels, so that each column has its own.`,
        );
      }
      const sum = total.losses.reduce((all, row, column) => all + (row[column] as number), 0);
      return finish(sum, weight, columns);
    },
  };
}
