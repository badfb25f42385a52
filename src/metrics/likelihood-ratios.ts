import { DataError } from "../base/errors.js";
import type { ClassSums } from "./class-sums-steps.js";
import type { LabelValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions } from "./options.js";
import { classSumsBase } from "./precision-recall.js";

/** How much a prediction changes the odds of the positive class. */
export interface LikelihoodRatios {
  /** Of a positive prediction: recall / share of the negatives that are predicted positive. NaN without those. */
  readonly positive: number;
  /** Of a negative prediction: share of the positives that are missed / specificity. NaN where that is 0. */
  readonly negative: number;
}

/** {@link classLikelihoodRatios} as part of a pass. */
export function likelihoodRatiosKernel(): MetricKernel<ClassSums, LikelihoodRatios> {
  const name = "classLikelihoodRatios";
  return {
    ...classSumsBase(name),
    finish({ labels, hits, predicted, actual }, { weight }) {
      if (labels.length !== 2)
        throw new DataError(
          `${name}: the rows have ${labels.length} classes; it needs two. Choose rows of two classes.`,
        );
      const [tp, positives] = [hits[1] as number, actual[1] as number];
      const fp = (predicted[1] as number) - tp;
      const negatives = weight - positives;
      const ratio = (above: number, below: number): number => (below === 0 ? NaN : above / below);
      return {
        positive: ratio(tp * negatives, fp * positives),
        negative: ratio((positives - tp) * negatives, (negatives - fp) * positives),
      };
    },
  };
}

/**
 * Positive and negative likelihood ratio of two classes, the larger label positive: how a prediction changes the odds,
 * whatever the share of the classes. One pass, shared with {@link precisionScore}. NaN for a division by 0.
 *
 * @throws DataError unless there are two classes
 */
export async function classLikelihoodRatios(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: MetricOptions = {},
): Promise<LikelihoodRatios> {
  checkOptions("classLikelihoodRatios", options);
  const [ratios] = await metricPass(
    [likelihoodRatiosKernel()],
    { yTrue, yPred, sampleWeight: options.sampleWeight },
    options,
  );
  return ratios;
}
