const RADIX_BITS = 11;
const RADIX = 1 << RADIX_BITS;
// Below this a comparison sort beats clearing the tables of a radix sort.
const SMALL = 4096;

/**
 * The values in ascending order, NaN last: `values.slice().sort()` in about half the time. A radix sort on the upper half of
 * the doubles' bits, which is nearly all for most data; runs that agree there are sorted by comparison.
 */
export function sortedDoubles(values: Float64Array): Float64Array<ArrayBuffer> {
  const copy = Float64Array.from(values);
  const n = copy.length;
  if (n < SMALL) return copy.sort();
  const words = new Uint32Array(copy.buffer);
  // Order of the bits as of whole numbers: negative numbers upside down, positive ones above them, NaN at the end.
  for (let i = 0; i < n; i++) {
    const high = words[2 * i + 1] as number;
    if (copy[i] !== copy[i]) words[2 * i + 1] = 0xffffffff;
    else if (high >>> 31 === 1) {
      words[2 * i] = ~(words[2 * i] as number);
      words[2 * i + 1] = ~high;
    } else words[2 * i + 1] = high | 0x80000000;
  }
  let from = words;
  let to = new Uint32Array(2 * n);
  const counts = new Uint32Array(RADIX);
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    pass(from, to, shift, counts);
    [from, to] = [to, from];
  }
  for (let i = 0; i < n; i++) {
    const high = from[2 * i + 1] as number;
    if (high === 0xffffffff) {
      from[2 * i] = 0;
      from[2 * i + 1] = 0x7ff80000;
    } else if (high >>> 31 === 0) {
      from[2 * i] = ~(from[2 * i] as number);
      from[2 * i + 1] = ~high;
    } else from[2 * i + 1] = high & 0x7fffffff;
  }
  const sorted = new Float64Array(from.buffer);
  // Runs that agree in the upper half.
  for (let start = 0; start < n;) {
    let end = start + 1;
    const high = from[2 * start + 1];
    while (end < n && from[2 * end + 1] === high) end++;
    if (end - start > 1) sortRun(sorted, start, end);
    start = end;
  }
  return sorted;
}

function pass(from: Uint32Array, to: Uint32Array, shift: number, counts: Uint32Array): void {
  counts.fill(0);
  const n = from.length;
  for (let i = 1; i < n; i += 2) counts[((from[i] as number) >>> shift) & (RADIX - 1)]!++;
  let at = 0;
  for (let digit = 0; digit < RADIX; digit++) {
    const own = counts[digit] as number;
    counts[digit] = at;
    at += own;
  }
  for (let i = 0; i < n; i += 2) {
    const high = from[i + 1] as number;
    const place = 2 * counts[(high >>> shift) & (RADIX - 1)]!++;
    to[place] = from[i] as number;
    to[place + 1] = high;
  }
}

function sortRun(sorted: Float64Array, start: number, end: number): void {
  if (end - start > 32) {
    const run = sorted.subarray(start, end);
    // Mostly the same value over and over.
    if (run.some((value) => value !== run[0])) run.sort();
    return;
  }
  for (let i = start + 1; i < end; i++) {
    const value = sorted[i] as number;
    let k = i - 1;
    while (k >= start && (sorted[k] as number) > value) {
      sorted[k + 1] = sorted[k] as number;
      k--;
    }
    sorted[k + 1] = value;
  }
}
