import { DataError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { FnRef } from "../engine/engine.js";
import type { MetricValues } from "./inputs.js";
import type { MetricKernel, MetricTotals } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions, oneOf } from "./options.js";
import { ABSOLUTE_ERROR_STEP, R2_STEP, SQUARED_ERROR_STEP, type R2Sums } from "./regression-steps.js";

/** What to do with several target columns: the mean of their scores, or one score each. */
export type Multioutput = "uniform_average" | "raw_values";

/** Options of the regression metrics. */
export interface RegressionOptions<M extends Multioutput = Multioutput> extends MetricOptions {
  /** "uniform_average" unless given. */
  readonly multioutput?: M | undefined;
}

/** A number, or one number a target column for "raw_values". */
export type RegressionScore<M extends Multioutput> = M extends "raw_values" ? number[] : number;

/** Options of the kernels of regression metrics. */
export interface KernelOptions<M extends Multioutput> {
  readonly multioutput?: M | undefined;
}

/** {@link meanSquaredError} as part of a pass. */
export function meanSquaredErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  return errorKernel("meanSquaredError", SQUARED_ERROR_STEP, options, (mean) => mean);
}

/** {@link rootMeanSquaredError} as part of a pass. */
export function rootMeanSquaredErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  return errorKernel("rootMeanSquaredError", SQUARED_ERROR_STEP, options, Math.sqrt);
}

/** {@link meanAbsoluteError} as part of a pass. */
export function meanAbsoluteErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  return errorKernel("meanAbsoluteError", ABSOLUTE_ERROR_STEP, options, (mean) => mean);
}

/** {@link r2Score} as part of a pass. */
export function r2Kernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<R2Sums, RegressionScore<M>> {
  const name = "r2Score";
  const finish = outputs(name, options);
  return {
    ...common(name),
    step: R2_STEP,
    combine: mergeR2,
    finish(total) {
      const scores = Array.from(total.m2, (m2, j) => {
        if (total.rows < 2) return NaN;
        const residual = total.residual[j] as number;
        if (m2 === 0) return residual === 0 ? 1 : 0;
        return 1 - residual / m2;
      });
      return finish(scores);
    },
  };
}

/**
 * Mean squared error: Σ w·(t - p)² / Σw, the mean over the columns when y is n x k.
 *
 * One pass, compensated sums; NaN and infinities are errors that name argument, partition and row. Weights must be >= 0
 * (scikit-learn takes negative ones).
 *
 * @example
 * ```ts
 * await meanSquaredError([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.375
 * ```
 */
export async function meanSquaredError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(meanSquaredErrorKernel(options), yTrue, yPred, options);
}

/** Root of the mean squared error of each column, their mean when y is n x k. Otherwise as {@link meanSquaredError}. */
export async function rootMeanSquaredError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(rootMeanSquaredErrorKernel(options), yTrue, yPred, options);
}

/** Mean absolute error: Σ w·|t - p| / Σw. Otherwise as {@link meanSquaredError}. */
export async function meanAbsoluteError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(meanAbsoluteErrorKernel(options), yTrue, yPred, options);
}

/**
 * Coefficient of determination: 1 - Σ w·(t - p)² / Σ w·(t - mean t)², the mean over the columns when y is n x k. 1 is
 * perfect, 0 as good as the
 * mean, and it has no lower end.
 *
 * A constant target scores 1 when the prediction is perfect, else 0; fewer than two rows of weight above 0 score NaN
 * (both as
 * scikit-learn, without its warning). One pass: partitions' means and spreads merge as in Chan, Golub and LeVeque, so a
 * target far from
 * 0 loses no digits.
 *
 * @example
 * ```ts
 * await r2Score([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.9486
 * ```
 */
export async function r2Score<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(r2Kernel(options), yTrue, yPred, options);
}

/** One kernel over targets and predictions; `own` are the options it has beside those of every metric. */
export async function scored<P, R>(
  kernel: MetricKernel<P, R>,
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions,
  own: readonly string[] = ["multioutput"],
): Promise<R> {
  checkOptions(kernel.name, options, own);
  const [score] = await metricPass([kernel], { yTrue, yPred, sampleWeight: options.sampleWeight }, options);
  return score as R;
}

/** Σ w·error of each column by `step`, finished by `of(Σ / Σw)`. */
export function errorKernel<M extends Multioutput>(
  name: string,
  step: FnRef,
  options: KernelOptions<M>,
  of: (mean: number) => number,
  args: Plain = undefined,
): MetricKernel<Float64Array, RegressionScore<M>> {
  const finish = outputs(name, options);
  return {
    ...common(name),
    step,
    args: () => args,
    combine: (a, b) => a.map((sum, j) => sum + (b[j] as number)),
    finish: (sums, { weight }: MetricTotals) => finish(Array.from(sums, (sum) => of(sum / weight))),
  };
}

/** What all kernels over targets and predictions share. */
export function common(name: string): Pick<MetricKernel, "name" | "needs" | "textLabels" | "args" | "check"> {
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: false,
    args: () => undefined,
    check({ yTrue, yPred }) {
      if (yTrue?.width === yPred?.width) return;
      throw new DataError(
        `${name}: yTrue has ${yTrue?.width} column(s) but yPred has ${yPred?.width}. Both need the same targets.`,
      );
    },
  };
}

/** The multioutput option as a function of the columns' scores. @throws ParameterError for another value */
export function outputs<M extends Multioutput>(
  name: string,
  options: KernelOptions<M>,
): (scores: number[]) => RegressionScore<M> {
  const how = oneOf<Multioutput>(name, "multioutput", options.multioutput, "uniform_average", [
    "uniform_average",
    "raw_values",
  ]);
  return (scores) =>
    (how === "raw_values"
      ? scores
      : scores.reduce((sum, score) => sum + score, 0) / scores.length) as RegressionScore<M>;
}

/** The sums of both (Chan, Golub and LeVeque). */
export function mergeR2(a: R2Sums, b: R2Sums): R2Sums {
  const residual = a.residual.map((sum, j) => sum + (b.residual[j] as number));
  const rows = a.rows + b.rows;
  if (a.weight === 0 || b.weight === 0) return { ...(b.weight === 0 ? a : b), rows, residual };
  const weight = a.weight + b.weight;
  const delta = b.shift.map(
    (shift, j) => (b.origin[j] as number) - (a.origin[j] as number) + (shift - (a.shift[j] as number)),
  );
  return {
    rows,
    weight,
    residual,
    origin: a.origin,
    shift: a.shift.map((shift, j) => shift + ((delta[j] as number) * b.weight) / weight),
    m2: a.m2.map((m2, j) => m2 + (b.m2[j] as number) + (delta[j] as number) ** 2 * ((a.weight * b.weight) / weight)),
  };
}
