/** Probability that |Z| exceeds z >= 0 for a standard normal Z, erfc(z / √2): a series where it is large, a continued fraction in the tail. */
export function normalTail(z: number): number {
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
