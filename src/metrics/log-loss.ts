import { DataError, show } from "../base/errors.js";
import { LOG_LOSS_STEP, tooManyClasses, type LogLossPartial } from "./classification-steps.js";
import { requireVector, type LabelValues, type MetricValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkLabels, checkOptions, oneOf } from "./options.js";

/** Options of {@link logLoss} beside those of every metric. */
export interface LogLossKernelOptions {
  /**
   * All classes; column j of yProba belongs to the j-th in ascending order, whatever the order here. Those in yTrue
   * unless given.
   */
  readonly labels?: readonly Label[] | undefined;
  /** false: the sum of the losses instead of their mean. */
  readonly normalize?: boolean | undefined;
}

/** Options of {@link logLoss}. */
export interface LogLossOptions extends MetricOptions, LogLossKernelOptions {}

/** {@link logLoss} as part of a pass. */
export function logLossKernel(options: LogLossKernelOptions = {}): MetricKernel<LogLossPartial, number> {
  const name = "logLoss";
  const labels = checkLabels(name, options.labels);
  const mean = oneOf(name, "normalize", options.normalize, true, [true, false]);
  return {
    name,
    needs: ["yTrue", "yProba"],
    textLabels: true,
    labels,
    step: LOG_LOSS_STEP,
    args: (codes) => (labels ? { labels: labels.map((label) => codes.encode(name, label)).sort((a, b) => a - b) } : {}),
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      const classes = Math.max(2, inputs.yProba?.width ?? 2);
      if (labels && labels.length !== classes) {
        throw new DataError(
          `${name}: labels names ${labels.length} classes, but yProba has probabilities of ${classes}. Name one label a column.`,
        );
      }
    },
    combine: mergeLosses,
    finish(total, { weight, codes, inputs }) {
      let sum: number;
      if (labels) sum = total.losses[0]?.[0] as number;
      else {
        const classes = Math.max(2, inputs.yProba?.width ?? 2);
        const found = total.labels.map((code) => codes.decode(code));
        if (found.length > classes) throw tooManyClasses(classes, found);
        if (found.length < classes) {
          throw new DataError(
            `${name}: yTrue has ${found.length} of the ${classes} classes of yProba: ${show(found)}. Pass all classes as labels, so that each column has its own.`,
          );
        }
        sum = total.losses.reduce((all, row, column) => all + (row[column] as number), 0);
      }
      return mean ? sum / weight : sum;
    },
  };
}

/**
 * Log loss (cross-entropy): -Σ w · log p[true class] / Σw, in nats.
 *
 * `yProba` is n x k, columns in ascending order of label, or n probabilities of the larger of two labels. Probabilities
 * are
 * clipped to [eps, 1 - eps] with eps of their storage: 2^-52, or 2^-23 for f32. One pass; with `labels` one logarithm a
 * row, else
 * one for each class, because which column is whose is known only at the end.
 *
 * Differs from scikit-learn: probabilities outside [0, 1] are an error there too, but rows that do not sum to 1 (within
 * 3.5e-4) are an error here, not a warning; arithmetic is f64 whatever the storage; weights must be >= 0; a class that
 * occurs only in rows of weight 0 does not count as occurring.
 *
 * @throws DataError when classes and columns do not match, a label is not in `labels`, or a value is no probability
 * (naming
 * partition and row)
 *
 * @example
 * ```ts
 * await logLoss([0, 1, 1], [0.1, 0.8, 0.6]); // 0.2798
 * ```
 */
export async function logLoss(yTrue: LabelValues, yProba: MetricValues, options: LogLossOptions = {}): Promise<number> {
  checkOptions("logLoss", options, ["labels", "normalize"]);
  const [loss] = await metricPass(
    [logLossKernel(options)],
    { yTrue, yProba, sampleWeight: options.sampleWeight },
    options,
  );
  return loss;
}

/** Losses of both, label by label. */
export function mergeLosses(a: LogLossPartial, b: LogLossPartial): LogLossPartial {
  if (a.labels.length === 0 && b.labels.length === 0) {
    // Labels given, or no rows so far.
    return {
      labels: [],
      losses: a.losses.length === 0 ? b.losses : [Float64Array.of((a.losses[0]?.[0] ?? 0) + (b.losses[0]?.[0] ?? 0))],
    };
  }
  const labels = [...new Set([...a.labels, ...b.labels])].sort((p, q) => p - q);
  const losses = labels.map((label) => {
    const left = a.losses[a.labels.indexOf(label)];
    const right = b.losses[b.labels.indexOf(label)];
    return left && right ? left.map((value, j) => value + (right[j] as number)) : ((left ?? right) as Float64Array);
  });
  return { labels, losses };
}
