import { upperGamma } from "./gamma.js";
import { incompleteBeta } from "./incomplete-beta.js";
import { normalTail } from "./normal-distribution.js";

/** Probability that |T| exceeds |t| for Student's T with `df` degrees of freedom; of a normal variable for infinite `df`. */
export function twoSided(t: number, df: number): number {
  if (df === Infinity) return normalTail(Math.abs(t));
  return incompleteBeta(df / (df + t * t), df / 2, 0.5);
}

/** The t that |T| exceeds with probability `share`, by bisection of {@link twoSided}. */
export function twoSidedQuantile(share: number, df: number): number {
  let low = 0;
  let high = 1;
  while (twoSided(high, df) > share && high < 1e300) high *= 2;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (twoSided(middle, df) > share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability that an F variable with these degrees of freedom exceeds f. NaN where one is not above 0. */
export function fTail(f: number, numerator: number, denominator: number): number {
  if (!(numerator > 0 && denominator > 0) || Number.isNaN(f)) return NaN;
  if (f <= 0) return 1;
  return incompleteBeta(denominator / (denominator + numerator * f), denominator / 2, numerator / 2);
}

/** Probability that a chi-square variable with these degrees of freedom exceeds x. NaN where they are not above 0. */
export function chiSquareTail(x: number, degrees: number): number {
  return degrees > 0 ? upperGamma(degrees / 2, x / 2) : NaN;
}
