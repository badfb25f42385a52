import { ParameterError, show } from "../base/errors.js";

/** What parameters are drawn from: `sample(u)` is the value at a uniform number u in [0, 1). */
export interface Distribution {
  sample(u: number): unknown;
}

/** True for distributions, and not for lists. */
export function isDistribution(value: unknown): value is Distribution {
  return typeof value === "object" && value !== null && "sample" in value && typeof value.sample === "function";
}

/** Numbers from `low` to `high`, all equally likely. @throws ParameterError unless low < high */
export function uniform(low: number, high: number): Distribution {
  checkRange("uniform", low, high, -Infinity);
  return { sample: (u) => low + u * (high - low) };
}

/**
 * Numbers from `low` to `high` whose logarithm is uniform: for C, alpha, learning rates.
 * @throws ParameterError unless 0 < low < high
 */
export function logUniform(low: number, high: number): Distribution {
  checkRange("logUniform", low, high, 0);
  return { sample: (u) => Math.min(high, Math.max(low, Math.exp(Math.log(low) + u * Math.log(high / low)))) };
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
  return { sample: (u) => low + Math.floor(u * (high - low)) };
}

/** One of the values, all equally likely. @throws ParameterError for an empty list */
export function choice<T>(values: readonly T[]): Distribution {
  if (!Array.isArray(values) || values.length === 0)
    throw new ParameterError(`choice: values must be a list of at least one value; got ${show(values)}.`);
  return { sample: (u) => values[Math.floor(u * values.length)] };
}

function checkRange(owner: string, low: unknown, high: unknown, above: number): void {
  const finite = typeof low === "number" && typeof high === "number" && Number.isFinite(low) && Number.isFinite(high);
  if (finite && low < high && low > above) return;
  const rule = above === 0 ? "0 < low < high" : "low < high";
  throw new ParameterError(`${owner}: low and high must be finite with ${rule}; got ${show(low)} and ${show(high)}.`);
}
