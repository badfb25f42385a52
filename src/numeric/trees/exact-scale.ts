/** The largest power of two that is at most x, for x > 0 and finite. */
export function floorPowerOfTwo(x: number): number {
  const bits = new Float64Array([x]);
  const words = new Uint32Array(bits.buffer);
  if (((words[1] ?? 0) & 0x7ff00000) === 0) return Number.MIN_VALUE;
  words[0] = 0;
  words[1] = (words[1] ?? 0) & 0x7ff00000;
  return bits[0] as number;
}

/**
 * The power of two by which numbers of size up to `bound` are multiplied before they are rounded to integers, so that each
 * has at most `bits` bits and the sum of `rows` of them stays below 2^52: sums of integers are exact in doubles then, and
 * the same in any order.
 */
export function exactScale(bound: number, rows: number, bits: number): number {
  if (!(bound > 0)) return 1;
  const room = Math.min(2 ** bits, 2 ** 52 / floorPowerOfTwo(Math.max(1, rows)) / 2);
  return floorPowerOfTwo(Math.min(room / bound, 2 ** 1000));
}

/**
 * A sum that does not depend on the order of its terms: each is cut into a multiple of 1 / scale and what is left of it to
 * another 31 bits, and both parts are summed as integers.
 */
export interface ExactSum {
  readonly high: number;
  readonly low: number;
}

const LOW = 2 ** 30;

/** The exact sum of `n` terms. `scale` is an {@link exactScale} of all terms of the sum. */
export function exactSumOf(n: number, term: (i: number) => number, scale: number): ExactSum {
  let high = 0;
  let low = 0;
  for (let i = 0; i < n; i++) {
    const scaled = term(i) * scale;
    const whole = Math.round(scaled);
    high += whole;
    low += Math.round((scaled - whole) * LOW);
  }
  return { high, low };
}

/** The sum of both. */
export function addExact(a: ExactSum, b: ExactSum): ExactSum {
  return { high: a.high + b.high, low: a.low + b.low };
}

/** The sum as a number. */
export function exactValue(sum: ExactSum, scale: number): number {
  return (sum.high + sum.low / LOW) / scale;
}
