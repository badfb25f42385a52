import type { LogLossPartial } from "./classification-steps.js";
import { columnKernel } from "./column-losses.js";
import type { LabelValues, MetricValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions } from "./options.js";

/** Options of {@link hingeLoss}. */
export interface HingeOptions extends MetricOptions {
  /** All classes, one a column in ascending order, whatever the order here; those in yTrue unless given. */
  readonly labels?: readonly Label[] | undefined;
}

/** {@link hingeLoss} as part of a pass. */
export function hingeKernel(options: Pick<HingeOptions, "labels"> = {}): MetricKernel<LogLossPartial, number> {
  return columnKernel("hingeLoss", "yScore", { loss: "hinge" }, options.labels, 1, (sum, weight) => sum / weight);
}

/**
 * Mean by weight of max(0, 1 - margin). With one column of scores the margin is the score for the larger of two labels
 * and its negative for the other; with one column a class it is the score of the row's class less the largest of the
 * others (Crammer and Singer 2001). One pass.
 *
 * @param yScore what `decisionFunction` returns
 * @throws DataError when classes and columns do not match, or a label is not in `labels`
 *
 * @example
 * ```ts
 * await hingeLoss([-1, 1, 1], [-2.2, 1.3, 0.4]); // 0.2
 * ```
 */
export async function hingeLoss(yTrue: LabelValues, yScore: MetricValues, options: HingeOptions = {}): Promise<number> {
  checkOptions("hingeLoss", options, ["labels"]);
  const [loss] = await metricPass(
    [hingeKernel(options)],
    { yTrue, yScore, sampleWeight: options.sampleWeight },
    options,
  );
  return loss;
}
