import { ParameterError, show } from "../base/errors.js";
import { POINT_LOSS_STEP, TWEEDIE_STEP, type TweedieSums } from "./deviance-steps.js";
import { requireVector, type MetricValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import type { MetricOptions } from "./metric-pass.js";
import {
  common,
  errorKernel,
  r2Kernel,
  scored,
  type KernelOptions,
  type Multioutput,
  type RegressionOptions,
  type RegressionScore,
} from "./regression.js";
import type { R2Sums } from "./regression-steps.js";

/** Options of {@link meanPinballLoss}. */
export interface PinballOptions<M extends Multioutput = Multioutput> extends RegressionOptions<M> {
  /** The quantile, in [0, 1]: 0.5 unless given, which is half the mean absolute error. */
  readonly alpha?: number | undefined;
}

/** Options of {@link meanTweedieDeviance} and {@link d2TweedieScore}. */
export interface TweedieOptions extends MetricOptions {
  /** 0 (normal, unless given), 1 (Poisson), 2 (gamma), 3 (inverse normal), anything <= 0 or >= 1. */
  readonly power?: number | undefined;
}

/** {@link meanAbsolutePercentageError} as part of a pass. */
export function meanAbsolutePercentageErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  return errorKernel("meanAbsolutePercentageError", POINT_LOSS_STEP, options, (mean) => mean, { loss: "percentage" });
}

/** {@link meanSquaredLogError} as part of a pass. */
export function meanSquaredLogErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  return errorKernel("meanSquaredLogError", POINT_LOSS_STEP, options, (mean) => mean, { loss: "squaredLog" });
}

/** {@link rootMeanSquaredLogError} as part of a pass. */
export function rootMeanSquaredLogErrorKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  return errorKernel("rootMeanSquaredLogError", POINT_LOSS_STEP, options, Math.sqrt, { loss: "squaredLog" });
}

/** {@link meanPinballLoss} as part of a pass. @throws ParameterError for alpha outside [0, 1] */
export function meanPinballLossKernel<M extends Multioutput = "uniform_average">(
  options: KernelOptions<M> & { readonly alpha?: number | undefined } = {},
): MetricKernel<Float64Array, RegressionScore<M>> {
  const alpha = options.alpha ?? 0.5;
  if (!(typeof alpha === "number" && alpha >= 0 && alpha <= 1)) {
    throw new ParameterError(
      `meanPinballLoss: alpha must be in [0, 1]; got ${show(alpha)}. It is the quantile that was predicted.`,
    );
  }
  return errorKernel("meanPinballLoss", POINT_LOSS_STEP, options, (mean) => mean, { loss: "pinball", alpha });
}

/** {@link meanTweedieDeviance} as part of a pass. @throws ParameterError for a power in (0, 1) */
export function meanTweedieDevianceKernel(
  options: { readonly power?: number | undefined } = {},
  name = "meanTweedieDeviance",
): MetricKernel<Float64Array, number> {
  const power = powerOf(name, options.power);
  const kernel = errorKernel<"uniform_average">(name, POINT_LOSS_STEP, {}, (mean) => mean, { loss: "tweedie", power });
  return { ...kernel, check: vectors(name) };
}

/** {@link d2TweedieScore} as part of a pass. @throws ParameterError for a power in (0, 1) */
export function d2TweedieKernel(
  options: { readonly power?: number | undefined } = {},
): MetricKernel<TweedieSums, number> | MetricKernel<R2Sums, number> {
  const name = "d2TweedieScore";
  const power = powerOf(name, options.power);
  // The deviance of power 0 is the squared error, and that of the best constant the variance.
  if (power === 0) return { ...r2Kernel(), name, check: vectors(name) };
  return {
    ...common(name),
    step: TWEEDIE_STEP,
    args: () => ({ loss: "tweedie", power }),
    check: vectors(name),
    combine: (a: TweedieSums, b: TweedieSums): TweedieSums => ({
      rows: a.rows + b.rows,
      weight: a.weight + b.weight,
      deviance: a.deviance + b.deviance,
      target: a.target + b.target,
      spread: a.spread + b.spread,
    }),
    finish(total: TweedieSums) {
      if (total.rows < 2) return NaN;
      const mean = total.target / total.weight;
      const spread = total.spread / total.weight;
      const worst =
        power === 1
          ? 2 * (spread - (mean === 0 ? 0 : mean * Math.log(mean)))
          : power === 2
            ? 2 * (Math.log(mean) - spread)
            : (2 * (spread - mean ** (2 - power))) / ((1 - power) * (2 - power));
      const own = total.deviance / total.weight;
      return worst === 0 ? (own === 0 ? 1 : 0) : 1 - own / worst;
    },
  };
}

/**
 * Mean of |t - p| / max(|t|, 2^-52) by weight: 0.1 is 10 %; very large where a target is 0. As {@link
 * meanSquaredError}.
 */
export async function meanAbsolutePercentageError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(meanAbsolutePercentageErrorKernel(options), yTrue, yPred, options);
}

/**
 * Mean of (log(1 + t) - log(1 + p))² by weight. As {@link meanSquaredError}.
 * @throws DataError naming the first row with a value of -1 or less
 */
export async function meanSquaredLogError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(meanSquaredLogErrorKernel(options), yTrue, yPred, options);
}

/** Root of {@link meanSquaredLogError} of each column, their mean when y is n x k. */
export async function rootMeanSquaredLogError<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: RegressionOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(rootMeanSquaredLogErrorKernel(options), yTrue, yPred, options);
}

/**
 * Mean of max(α(t - p), (α - 1)(t - p)) by weight: the loss that the α-quantile minimises. As {@link
 * meanSquaredError}.
 */
export async function meanPinballLoss<M extends Multioutput = "uniform_average">(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: PinballOptions<M> = {},
): Promise<RegressionScore<M>> {
  return scored(meanPinballLossKernel(options), yTrue, yPred, options, ["multioutput", "alpha"]);
}

/**
 * Mean Tweedie deviance by weight, one target. With power 0 the squared error, 1 `2(t log(t/p) - t + p)`, 2
 * `2(log(p/t) + t/p - 1)`, otherwise `2(max(t, 0)^(2-q) / ((1-q)(2-q)) - t p^(1-q) / (1-q) + p^(2-q) / (2-q))`.
 *
 * @throws DataError naming the first row outside its domain (p > 0 for any power but 0; t >= 0 for [1, 2), t > 0 from
 *   2)
 *
 * @example
 * ```ts
 * await meanTweedieDeviance([2, 0, 1, 4], [0.5, 0.5, 2, 2], { power: 1 }); // 1.4260
 * ```
 */
export async function meanTweedieDeviance(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: TweedieOptions = {},
): Promise<number> {
  return scored(meanTweedieDevianceKernel(options), yTrue, yPred, options, ["power"]);
}

/** {@link meanTweedieDeviance} of power 1. */
export async function meanPoissonDeviance(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: MetricOptions = {},
): Promise<number> {
  return scored(meanTweedieDevianceKernel({ power: 1 }, "meanPoissonDeviance"), yTrue, yPred, options, []);
}

/** {@link meanTweedieDeviance} of power 2. */
export async function meanGammaDeviance(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: MetricOptions = {},
): Promise<number> {
  return scored(meanTweedieDevianceKernel({ power: 2 }, "meanGammaDeviance"), yTrue, yPred, options, []);
}

/**
 * Share of the Tweedie deviance that is explained: 1 - deviance(t, p) / deviance(t, mean t). 1 is perfect, 0 as good as
 * the mean; a constant target scores 1 when the prediction is perfect, else 0; NaN for fewer than two rows. One pass.
 *
 * @throws DataError as {@link meanTweedieDeviance}
 */
export async function d2TweedieScore(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: TweedieOptions = {},
): Promise<number> {
  const kernel: MetricKernel<never, number> = d2TweedieKernel(options) as MetricKernel<never, number>;
  return scored(kernel, yTrue, yPred, options, ["power"]);
}

function vectors(name: string): MetricKernel["check"] {
  return (inputs) => {
    requireVector(name, "yTrue", inputs.yTrue);
    requireVector(name, "yPred", inputs.yPred);
  };
}

function powerOf(name: string, power: number | undefined): number {
  const value = power ?? 0;
  if (typeof value === "number" && Number.isFinite(value) && (value <= 0 || value >= 1)) return value;
  throw new ParameterError(
    `${name}: power must be <= 0 or >= 1; got ${show(value)}. 0 is the squared error, 1 Poisson, 2 gamma, 1.5 between both.`,
  );
}
