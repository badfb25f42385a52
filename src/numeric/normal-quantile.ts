/** A quotient of polynomials, coefficients from the highest power down. */
export interface Quotient {
  readonly over: readonly number[];
  readonly under: readonly number[];
}

/** The quotients of {@link normalQuantile}: near the middle, in the tails, and far out. */
export const NORMAL_QUANTILE = {
  centre: {
    over: [
      2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
      1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
    ],
    under: [
      5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
      687.1870074920579083, 42.313330701600911252, 1,
    ],
  },
  middle: {
    over: [
      7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
      3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
    ],
    under: [
      1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
      0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
    ],
  },
  outer: {
    over: [
      2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
      0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
    ],
    under: [
      2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
      0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1,
    ],
  },
} as const satisfies Record<string, Quotient>;

/** `factor · over(r) / under(r)`. */
function quotient({ over, under }: Quotient, r: number, factor: number): number {
  let [above, below] = [over[0] as number, under[0] as number];
  for (let k = 1; k < over.length; k++) {
    above = above * r + (over[k] as number);
    below = below * r + (under[k] as number);
  }
  return (factor * above) / below;
}

/**
 * The standard normal quantile of p (Wichura, "Algorithm AS 241", 1988): relative error near 1e-16. -Infinity and Infinity
 * at 0 and 1, NaN outside.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  const { centre, middle, outer } = NORMAL_QUANTILE;
  if (Math.abs(q) <= 0.425) return quotient(centre, 0.180625 - q * q, q);
  const tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) return tail === 0 ? (q < 0 ? -Infinity : Infinity) : NaN;
  const far = Math.sqrt(-Math.log(tail));
  const value = far <= 5 ? quotient(middle, far - 1.6, 1) : quotient(outer, far - 5, 1);
  return q < 0 ? -value : value;
}
