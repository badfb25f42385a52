import { ParameterError, show } from "../base/errors.js";
import { QuantileSketch, type QuantileSketchData } from "../numeric/quantile-sketch.js";
import { mergeSketchLists } from "../numeric/quantile-steps.js";
import {
  ABSOLUTE_ERROR_SKETCH_STEP,
  EXPLAINED_VARIANCE_STEP,
  MAX_ERROR_STEP,
  type ExplainedVarianceSums,
} from "./error-spread-steps.js";
import { requireVector, type MetricValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import type { MetricOptions } from "./metric-pass.js";
import {
  common,
  mergeR2,
  outputs,
  scored,
  type KernelOptions,
  type Multioutput,
  type RegressionOptions,
  type RegressionScore,
} from "./regression.js";

/** Options of {@link medianAbsoluteError}. */
export interface MedianErrorOptions<M extends Multioutput = Multioutput> extends RegressionOptions<M> {
  /**
   * Bound of the median's rank as a share of the weight: 0.0001 unless given; exact up to about 1 / error distinct
   * errors.
   */
  readonly rankError?: number | undefined;
}

/** {@link maxError} as part of a pass. */
export function maxErrorKernel(): MetricKernel<number, number> {
  const name = "maxError";
  return {
    ...common(name),
    step: MAX_ERROR_STEP,
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yPred", inputs.yPred);
    },
    combine: Math.max,
    finish: (largest) => largest,
  };
}

/** {@link explainedVarianceScore} as part of a pass. */
export function explainedVarianceKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<ExplainedVarianceSums, RegressionScore<M>> {
  const name = "explainedVarianceScore";
  const finish = outputs(name, options);
  return {
    ...common(name),
    step: EXPLAINED_VARIANCE_STEP,
    combine: (a, b) => ({ target: mergeR2(a.target, b.target), error: mergeR2(a.error, b.error) }),
    finish: ({ target, error }) =>
      finish(
        Array.from(target.m2, (m2, j) => {
          const left = error.m2[j] as number;
          if (m2 === 0) return left === 0 ? 1 : 0;
          return 1 - left / m2;
        }),
      ),
  };
}

/** {@link medianAbsoluteError} as part of a pass. @throws ParameterError for a rank error outside (0, 0.5] */
export function medianAbsoluteErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> & { readonly rankError?: number | undefined } = {},
): MetricKernel<QuantileSketchData[], RegressionScore<M>> {
  const name = "medianAbsoluteError";
  const error = options.rankError ?? 1e-4;
  if (!(typeof error === "number" && error > 0 && error <= 0.5)) {
    throw new ParameterError(
      `${name}: rankError must be in (0, 0.5]; got ${show(error)}. 0.001 places the median between 49.9 % and 50.1 %.`,
    );
  }
  const finish = outputs(name, options);
  return {
    ...common(name),
    step: ABSOLUTE_ERROR_SKETCH_STEP,
    args: () => ({ error }),
    combine: mergeSketchLists,
    finish: (total) => finish(total.map(medianOf)),
  };
}

/** Largest |t - p|; rows of weight 0 are left out, other weights do not matter. One pass. */
export async function maxError(yTrue: MetricValues, yPred: MetricValues, options: MetricOptions = {}): Promise<number> {
  return scored(maxErrorKernel(), yTrue, yPred, options, []);
}

/**
 * 1 - Var(t - p) / Var(t) by weight, the mean over the columns when y is n x k: {@link r2Score}, but an error that is
 * the
 * same for all rows does not count. A constant target scores 1 when the error is constant too, else 0. One pass.
 */
export async function explainedVarianceScore<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(explainedVarianceKernel(options), yTrue, yPred, options);
}

/**
 * Median of |t - p| by weight, the mean over the columns when y is n x k; between two values their mean.
 *
 * One pass with a {@link QuantileSketch}: exact while it is small, and otherwise a value whose rank is off by at most
 * `rankError` of the weight, for certain. Differs from scikit-learn there, which sorts all errors.
 */
export async function medianAbsoluteError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: MedianErrorOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(medianAbsoluteErrorKernel(options), yTrue, yPred, options, ["multioutput", "rankError"]);
}

// Half the weight may lie exactly between two values: they are looked up from both sides.
const BESIDE = 1e-12;

function medianOf(data: QuantileSketchData): number {
  const sketch = QuantileSketch.fromPlain(data);
  return (sketch.quantile(0.5 - BESIDE) + sketch.quantile(0.5 + BESIDE)) / 2;
}
