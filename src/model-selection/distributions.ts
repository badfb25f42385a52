import { ParameterError, show } from "../base/errors.js";
import { normalQuantile } from "../numeric/normal-quantile.js";

/** What parameters are drawn from: `sample(u)` is the value at a uniform number u in [0, 1), its quantile. */
export interface Distribution {
  sample(u: number): unknown;
  /** The number of values, where they have no order: a model-based search then learns each by itself. */
  readonly choices?: number;
  /** How it was made, where it can be made again: its function's name and arguments. */
  readonly made?: readonly [name: DistributionName, ...args: readonly unknown[]];
}

/** Functions of this module that make distributions. */
export type DistributionName = keyof typeof MAKERS;

/** True for distributions, and not for lists. */
export function isDistribution(value: unknown): value is Distribution {
  return typeof value === "object" && value !== null && "sample" in value && typeof value.sample === "function";
}

/** Numbers from `low` to `high`, all equally likely. @throws ParameterError unless low < high */
export function uniform(low: number, high: number): Distribution {
  checkRange("uniform", low, high, -Infinity);
  return { sample: (u) => low + u * (high - low), made: ["uniform", low, high] };
}

/**
 * Numbers from `low` to `high` whose logarithm is uniform: for C, alpha, learning rates.
 * @throws ParameterError unless 0 < low < high
 */
export function logUniform(low: number, high: number): Distribution {
  checkRange("logUniform", low, high, 0);
  return {
    sample: (u) => Math.min(high, Math.max(low, Math.exp(Math.log(low) + u * Math.log(high / low)))),
    made: ["logUniform", low, high],
  };
}

/**
 * Integers from `low` to `high - 1`, all equally likely, as scipy's randint.
 * @throws ParameterError unless integers with low < high
 */
export function randint(low: number, high: number): Distribution {
  checkRange("randint", low, high, -Infinity);
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
    throw new ParameterError(`randint: low and high must be integers; got ${show(low)} and ${show(high)}.`);
  }
  return { sample: (u) => low + Math.floor(u * (high - low)), made: ["randint", low, high] };
}

/** One of the values, all equally likely. @throws ParameterError for an empty list */
export function choice<T>(values: readonly T[]): Distribution {
  if (!Array.isArray(values) || values.length === 0)
    throw new ParameterError(`choice: values must be a list of at least one value; got ${show(values)}.`);
  return {
    sample: (u) => values[Math.floor(u * values.length)],
    choices: values.length,
    made: ["choice", values],
  };
}

/** The normal distribution. @throws ParameterError unless both are finite and std > 0 */
export function normal(mean = 0, std = 1): Distribution {
  checkMoments("normal", mean, std);
  return { sample: (u) => mean + std * normalQuantile(inside(u)), made: ["normal", mean, std] };
}

/**
 * Positive numbers whose logarithm is normal: scipy's lognorm with s = `sigma` and scale = exp(`mu`).
 * @throws ParameterError unless both are finite and sigma > 0
 */
export function logNormal(mu = 0, sigma = 1): Distribution {
  checkMoments("logNormal", mu, sigma);
  return { sample: (u) => Math.exp(mu + sigma * normalQuantile(inside(u))), made: ["logNormal", mu, sigma] };
}

/**
 * A distribution of numbers rounded to multiples of `step`: `quantized(logUniform(16, 512), 16)`. The first and last
 * multiple of a bounded range get half the weight of the others, as hyperopt's quniform.
 *
 * @throws ParameterError for anything but a distribution, or a step that is not above 0
 */
export function quantized(distribution: Distribution, step: number): Distribution {
  if (!isDistribution(distribution) || distribution.choices !== undefined)
    throw new ParameterError(
      `quantized: it takes a distribution of numbers, such as uniform(0, 1); got ${show(distribution)}.`,
    );
  if (!(typeof step === "number" && step > 0 && Number.isFinite(step)))
    throw new ParameterError(`quantized: step must be > 0; got ${show(step)}.`);
  // Multiples by division where the step is a fraction such as 0.1: 3 * 0.1 is not 0.3.
  const inverse = 1 / step;
  const whole = Math.abs(inverse - Math.round(inverse)) < 1e-9 * inverse ? Math.round(inverse) : undefined;
  const { made } = distribution;
  return {
    sample: (u) => {
      const k = Math.round((distribution.sample(u) as number) / step);
      return whole === undefined ? k * step : k / whole;
    },
    ...(made ? { made: ["quantized", made, step] } : {}),
  };
}

const MAKERS = {
  uniform,
  logUniform,
  randint,
  choice,
  normal,
  logNormal,
  quantized: (made: readonly unknown[], step: number) => quantized(distributionOf(made), step),
} as const;

/** A distribution from what its `made` says. @throws ParameterError for another function, and as that function */
export function distributionOf(made: readonly unknown[]): Distribution {
  const [name, ...args] = made;
  if (typeof name !== "string" || !Object.hasOwn(MAKERS, name))
    throw new ParameterError(
      `Distribution: there is none called ${show(name)}; there are ${Object.keys(MAKERS).join(", ")}.`,
    );
  return (MAKERS[name as DistributionName] as (...values: unknown[]) => Distribution)(...args);
}

// The quantile of 0 is minus infinity; the smallest number that is drawn stands for it.
function inside(u: number): number {
  return Math.max(u, 2 ** -54);
}

function checkMoments(owner: string, mean: unknown, std: unknown): void {
  if (typeof mean === "number" && Number.isFinite(mean) && typeof std === "number" && std > 0 && std < Infinity) return;
  throw new ParameterError(
    `${owner}: the mean must be finite and the standard deviation > 0; got ${show(mean)} and ${show(std)}.`,
  );
}

function checkRange(owner: string, low: unknown, high: unknown, above: number): void {
  const finite = typeof low === "number" && typeof high === "number" && Number.isFinite(low) && Number.isFinite(high);
  if (finite && low < high && low > above) return;
  const rule = above === 0 ? "0 < low < high" : "low < high";
  throw new ParameterError(`${owner}: low and high must be finite with ${rule}; got ${show(low)} and ${show(high)}.`);
}
