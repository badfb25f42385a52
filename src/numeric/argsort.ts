const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;
// Below this a comparison sort beats clearing the tables of a radix sort.
const SMALL = 512;
// Longer runs of values that agree in their upper half are worth a radix sort of the lower half too.
const SHORT_RUN = 24;

/**
 * Positions of `values` in ascending order of value; equal values keep their order, -0 counts as 0 and NaN must not
 * occur.
 * A radix sort on the upper half of the doubles' bits, which is nearly all for most data; what it leaves in disorder is
 * sorted in place, or, where that is much, by the lower half as well.
 */
export function argsort(values: Float64Array): Uint32Array {
  const n = values.length;
  if (n < SMALL) {
    const at = (i: number): number => values[i] as number;
    return positions(n).sort((i, j) => at(i) - at(j) || i - j);
  }
  const { low, high } = sortableBits(values);
  const byHigh = radixSort(positions(n), high);
  if (sortShortRuns(byHigh, low, high)) return byHigh;
  return radixSort(radixSort(positions(n), low), high);
}

// Loops, because `from` with a callback takes longer than the sort.
function positions(n: number): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

// Stable; `order` may be used up.
function radixSort(order: Uint32Array<ArrayBuffer>, word: Uint32Array): Uint32Array<ArrayBuffer> {
  const n = order.length;
  let keys = new Uint32Array(n);
  for (let i = 0; i < n; i++) keys[i] = word[order[i] as number] as number;
  let nextKeys = new Uint32Array(n);
  let rows = order;
  let nextRows = new Uint32Array(n);
  const counts = new Uint32Array(RADIX);
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    counts.fill(0);
    for (let i = 0; i < n; i++) (counts[((keys[i] as number) >>> shift) & (RADIX - 1)] as number)++;
    // All keys agree here.
    if (counts[((keys[0] as number) >>> shift) & (RADIX - 1)] === n) continue;
    let at = 0;
    for (let digit = 0; digit < RADIX; digit++) {
      const count = counts[digit] as number;
      counts[digit] = at;
      at += count;
    }
    for (let i = 0; i < n; i++) {
      const key = keys[i] as number;
      const to = (counts[(key >>> shift) & (RADIX - 1)] as number)++;
      nextKeys[to] = key;
      nextRows[to] = rows[i] as number;
    }
    [keys, nextKeys] = [nextKeys, keys];
    [rows, nextRows] = [nextRows, rows];
  }
  return rows;
}

// Sorts runs of equal upper halves by their lower halves; false as soon as a long one is not sorted already.
function sortShortRuns(order: Uint32Array, low: Uint32Array, high: Uint32Array): boolean {
  const n = order.length;
  const lowAt = (k: number): number => low[order[k] as number] as number;
  for (let from = 0; from < n;) {
    const upper = high[order[from] as number] as number;
    let to = from + 1;
    let sorted = true;
    for (; to < n && high[order[to] as number] === upper; to++) if (lowAt(to) < lowAt(to - 1)) sorted = false;
    if (!sorted) {
      if (to - from > SHORT_RUN) return false;
      for (let i = from + 1; i < to; i++) {
        const row = order[i] as number;
        const key = low[row] as number;
        let j = i;
        for (; j > from && lowAt(j - 1) > key; j--) order[j] = order[j - 1] as number;
        order[j] = row;
      }
    }
    from = to;
  }
  return true;
}

// Two unsigned words a value that order as the doubles do: all bits flipped for negative numbers, the sign for the
// others.
function sortableBits(values: Float64Array): { low: Uint32Array; high: Uint32Array } {
  const n = values.length;
  const low = new Uint32Array(n);
  const high = new Uint32Array(n);
  // Adding 0 turns -0 into 0.
  const plain = new Float64Array(n);
  for (let i = 0; i < n; i++) plain[i] = (values[i] as number) + 0;
  const bits = new Uint32Array(plain.buffer);
  // Where the low word lies is the machine's choice.
  const lowFirst = new Uint32Array(Float64Array.of(1).buffer)[0] === 0;
  const [lowAt, highAt] = lowFirst ? [0, 1] : [1, 0];
  for (let i = 0; i < n; i++) {
    const upper = bits[2 * i + highAt] as number;
    const negative = upper >>> 31 !== 0;
    low[i] = negative ? ~(bits[2 * i + lowAt] as number) : (bits[2 * i + lowAt] as number);
    high[i] = negative ? ~upper : upper ^ 0x80000000;
  }
  return { low, high };
}
