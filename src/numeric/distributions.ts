/** log Γ(x) for x > 0 (Lanczos 1964, g = 7, n = 9), to about 1e-15 relative. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum = 0.99999999999980993;
  LANCZOS.forEach((value, i) => (sum += value / (z + i + 1)));
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/**
 * Regularised incomplete beta function I_x(a, b): the continued fraction of DLMF 8.17.22, evaluated from the front (Lentz
 * 1976), on the side where it converges fast.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(x > 0)) return Number.isNaN(x) ? NaN : 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d, tiny);
    c = nonZero(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d, tiny);
    c = nonZero(1 + odd / c, tiny);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return front * fraction;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** Probability that |T| exceeds |t| for Student's T with `df` degrees of freedom; of a normal variable for infinite `df`. */
export function twoSided(t: number, df: number): number {
  if (df === Infinity) return normalTail(Math.abs(t));
  return incompleteBeta(df / (df + t * t), df / 2, 0.5);
}

/** erfc(z / √2) for z >= 0: a series where it is large, a continued fraction in the tail. */
function normalTail(z: number): number {
  if (z < 3) {
    // Φ(z) − ½ = φ(z) (z + z³/3 + z⁵/15 + ...)
    let term = z;
    let sum = z;
    for (let k = 1; Math.abs(term) > 1e-18 * sum; k++) {
      term *= (z * z) / (2 * k + 1);
      sum += term;
    }
    return 1 - (2 * sum * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI);
  }
  let fraction = z;
  for (let k = 100; k > 0; k--) fraction = z + k / fraction;
  return (2 * Math.exp(-0.5 * z * z)) / (Math.sqrt(2 * Math.PI) * fraction);
}

/** Probability that a standard normal variable is at most z, with full relative accuracy in the lower tail. */
export function normalCdf(z: number): number {
  const half = normalTail(Math.abs(z)) / 2;
  return z <= 0 ? half : 1 - half;
}

/** Probability that an F variable with these degrees of freedom exceeds f. */
export function fTail(f: number, numerator: number, denominator: number): number {
  return incompleteBeta(denominator / (denominator + numerator * f), denominator / 2, numerator / 2);
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

/** The normal quantile, by bisection: exact to the last bits, a microsecond or two a call. */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1)) return probability === 0 ? -Infinity : probability === 1 ? Infinity : NaN;
  let low = -40;
  let high = 40;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
