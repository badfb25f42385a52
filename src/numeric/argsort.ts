const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;
// Below this a comparison sort beats clearing the tables of a radix sort.
const SMALL = 512;

/**
 * Positions of `values` in ascending order of value; equal values keep their order, -0 counts as 0 and NaN must not occur.
 * A radix sort on the bits of the doubles: six passes at most, passes in which all keys agree are left out.
 */
export function argsort(values: Float64Array): Uint32Array {
  const n = values.length;
  if (n < SMALL) {
    const at = (i: number): number => values[i] as number;
    return Uint32Array.from({ length: n }, (_, i) => i).sort((i, j) => at(i) - at(j) || i - j);
  }
  const { low, high } = sortableBits(values);
  let order = Uint32Array.from({ length: n }, (_, i) => i);
  let next = new Uint32Array(n);
  const counts = new Uint32Array(RADIX);
  for (const [word, shift] of [
    [low, 0],
    [low, RADIX_BITS],
    [low, 2 * RADIX_BITS],
    [high, 0],
    [high, RADIX_BITS],
    [high, 2 * RADIX_BITS],
  ] as const) {
    counts.fill(0);
    for (let i = 0; i < n; i++) (counts[((word[i] as number) >>> shift) & (RADIX - 1)] as number)++;
    if (counts[((word[0] as number) >>> shift) & (RADIX - 1)] === n) continue;
    let at = 0;
    for (let digit = 0; digit < RADIX; digit++) {
      const count = counts[digit] as number;
      counts[digit] = at;
      at += count;
    }
    for (let i = 0; i < n; i++) {
      const row = order[i] as number;
      const digit = ((word[row] as number) >>> shift) & (RADIX - 1);
      next[(counts[digit] as number)++] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}

// Two unsigned words a value that order as the doubles do: all bits flipped for negative numbers, the sign for the others.
function sortableBits(values: Float64Array): { low: Uint32Array; high: Uint32Array } {
  const n = values.length;
  const low = new Uint32Array(n);
  const high = new Uint32Array(n);
  const one = new Float64Array(1);
  const bits = new Uint32Array(one.buffer);
  // Where the low word lies is the machine's choice.
  one[0] = 1;
  const lowAt = bits[0] === 0 ? 0 : 1;
  for (let i = 0; i < n; i++) {
    // Adding 0 turns -0 into 0.
    one[0] = (values[i] as number) + 0;
    const upper = bits[1 - lowAt] as number;
    const negative = upper >>> 31 !== 0;
    low[i] = negative ? ~(bits[lowAt] as number) : (bits[lowAt] as number);
    high[i] = negative ? ~upper : upper ^ 0x80000000;
  }
  return { low, high };
}
