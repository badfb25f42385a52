/** log Γ(x) for x > 0 (Lanczos 1964, g = 7, n = 9), to about 1e-15, relative where it is above 1. */
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

const TINY = 1e-300;
const ENOUGH = 2e-16;
const MAX_TERMS = 10_000;

/**
 * Γ(a, x) / Γ(a), the upper regularised incomplete gamma function, for a > 0: the series of DLMF 8.11.4 below a + 1, the
 * continued fraction of 8.9.2 above. NaN for x that is NaN.
 */
export function upperGamma(a: number, x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  const factor = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MAX_TERMS && Math.abs(term) > ENOUGH * Math.abs(sum); n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - factor * sum;
  }
  // The continued fraction, by Lentz's method.
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = away(an * d + b);
    c = away(b + an / c);
    d = 1 / d;
    h *= d * c;
    if (Math.abs(d * c - 1) < ENOUGH) break;
  }
  return factor * h;
}

function away(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
