import { requireVector, type LabelValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { ACCURACY_STEP } from "./classification-steps.js";
import { checkOptions, oneOf } from "./options.js";

/** Options of {@link accuracyScore}. */
export interface AccuracyOptions extends MetricOptions {
  /** false: the weight of the rows that agree instead of their share. */
  readonly normalize?: boolean | undefined;
}

/** {@link accuracyScore} as part of a pass. */
export function accuracyKernel(
  options: { readonly normalize?: boolean | undefined } = {},
): MetricKernel<number, number> {
  const name = "accuracyScore";
  const share = oneOf(name, "normalize", options.normalize, true, [true, false]);
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: true,
    step: ACCURACY_STEP,
    args: () => undefined,
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yPred", inputs.yPred);
    },
    combine: (a, b) => a + b,
    finish: (agree, totals) => (share ? agree / totals.weight : agree),
  };
}

/**
 * Share of rows on which prediction and truth agree: Σw·[t = p] / Σw.
 *
 * Labels are numbers, booleans (as 0 and 1) or, in plain arrays, texts. One pass, independent of how the rows are cut.
 * Weights must be >= 0 (scikit-learn takes negative ones); weights that sum to 0 and no rows are errors.
 *
 * @throws DataError for rows that do not match, NaN, labels of two kinds (naming argument, partition and row)
 *
 * @example
 * ```ts
 * await accuracyScore([0, 1, 1, 0], [0, 1, 0, 0]); // 0.75
 * ```
 */
export async function accuracyScore(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: AccuracyOptions = {},
): Promise<number> {
  checkOptions("accuracyScore", options, ["normalize"]);
  const [score] = await metricPass(
    [accuracyKernel(options)],
    { yTrue, yPred, sampleWeight: options.sampleWeight },
    options,
  );
  return score;
}
