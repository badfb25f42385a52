import type { CounterRng } from "../src/base/rng.js";

// Inversion adds up probabilities from 0 and gets slow (and exp(-mean) small) above; rejection needs a mean of 10 at least.
const INVERSION_BELOW = 30;

/**
 * A Poisson count that is a function of (stream of `rng`, index, mean): inversion for small means, Hörmann's transformed
 * rejection (PTRS, 1993) for large ones.
 */
export function poisson(rng: CounterRng, index: number, mean: number): number {
  if (mean < INVERSION_BELOW) {
    const u = rng.uniform(index);
    let count = 0;
    let probability = Math.exp(-mean);
    let below = probability;
    // The sum can stop short of u by rounding: probabilities that no longer change it end the search.
    while (u >= below && probability > 0) {
      count += 1;
      probability *= mean / count;
      const next = below + probability;
      if (next === below && count > mean) break;
      below = next;
    }
    return count;
  }
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const squeeze = 0.9277 - 3.6224 / (b - 2);
  for (let draw = 0; ; draw += 2) {
    const u = rng.uniform(index, draw) - 0.5;
    const v = rng.uniform(index, draw + 1);
    const us = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return count;
    if (count < 0 || (us < 0.013 && v > us)) continue;
    const accept = Math.log((v * inverseAlpha) / (a / (us * us) + b));
    if (accept <= count * Math.log(mean) - mean - logFactorial(count)) return count;
  }
}

/** log(n!): a sum below 10, Stirling's series above (relative error below 1e-13). */
function logFactorial(n: number): number {
  if (n < 10) {
    let product = 1;
    for (let k = 2; k <= n; k++) product *= k;
    return Math.log(product);
  }
  const x = n + 1;
  const x2 = x * x;
  return (
    (x - 0.5) * Math.log(x) -
    x +
    0.5 * Math.log(2 * Math.PI) +
    (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * x2)) / x2) / x2) / x
  );
}
