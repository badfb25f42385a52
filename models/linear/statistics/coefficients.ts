import { twoSided, twoSidedQuantile } from "../../../src/numeric/tail-probabilities.js";
import type { Square } from "./covariance.js";

/** What the data say about each coefficient, the intercept (where there is one) last, as in `names`. */
export interface Coefficients {
  readonly names: readonly string[];
  readonly estimate: Float64Array;
  readonly standardError: Float64Array;
  /** Estimate over standard error. */
  readonly statistic: Float64Array;
  /** Whether the statistic is compared with Student's t or the normal distribution. */
  readonly distribution: "t" | "normal";
  /** Probability of a statistic at least as large if the coefficient were 0. */
  readonly pValue: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Of Student's t; infinite for the normal distribution. */
  readonly degreesOfFreedom: number;
}

/** Tests and intervals of coefficients from their covariance. */
export function coefficientsTable(
  names: readonly string[],
  estimate: Float64Array,
  covariance: Square,
  degreesOfFreedom: number,
  level: number,
): Coefficients {
  const standardError = estimate.map((_, j) => Math.sqrt(covariance.values[j * covariance.n + j] ?? NaN));
  const statistic = estimate.map((value, j) => value / (standardError[j] ?? NaN));
  const width = twoSidedQuantile(1 - level, degreesOfFreedom);
  return {
    names,
    estimate,
    standardError,
    statistic,
    distribution: degreesOfFreedom === Infinity ? "normal" : "t",
    pValue: statistic.map((value) => twoSided(value, degreesOfFreedom)),
    lower: estimate.map((value, j) => value - width * (standardError[j] ?? NaN)),
    upper: estimate.map((value, j) => value + width * (standardError[j] ?? NaN)),
    degreesOfFreedom,
  };
}
