import { bytesOf } from "./lanes";

// Runs of this length are sorted by insertion, then merged.
const RUN: u32 = 16;

/** Sorts u32[n], ascending; the result is at the returned address, one of the two. */
function sorted(keys: usize, n: u32, scratch: usize): usize {
  for (let from: u32 = 0; from < n; from += RUN) {
    const end = from + RUN < n ? from + RUN : n;
    for (let i = from + 1; i < end; i++) {
      const key = load<u32>(keys + bytesOf<u32>(i));
      let k = i;
      while (k > from) {
        const before = load<u32>(keys + bytesOf<u32>(k - 1));
        if (before <= key) break;
        store<u32>(keys + bytesOf<u32>(k), before);
        k--;
      }
      store<u32>(keys + bytesOf<u32>(k), key);
    }
  }
  let source = keys;
  let target = scratch;
  for (let width = RUN; width < n; width *= 2) {
    for (let from: u32 = 0; from < n; from += 2 * width) {
      const middle = from + width < n ? from + width : n;
      const end = middle + width < n ? middle + width : n;
      let a = from;
      let b = middle;
      let k = from;
      while (a < middle && b < end) {
        const x = load<u32>(source + bytesOf<u32>(a));
        const y = load<u32>(source + bytesOf<u32>(b));
        const left = u32(x <= y);
        store<u32>(target + bytesOf<u32>(k++), left != 0 ? x : y);
        a += left;
        b += 1 - left;
      }
      for (; a < middle; a++) store<u32>(target + bytesOf<u32>(k++), load<u32>(source + bytesOf<u32>(a)));
      for (; b < end; b++) store<u32>(target + bytesOf<u32>(k++), load<u32>(source + bytesOf<u32>(b)));
    }
    const other = source;
    source = target;
    target = other;
  }
  return source;
}

export function keyCounts(keys: usize, n: u32, scratch: usize, indices: usize, values: usize): u32 {
  const ordered = sorted(keys, n, scratch);
  let found: u32 = 0;
  for (let i: u32 = 0; i < n;) {
    const column = load<u32>(ordered + bytesOf<u32>(i)) >>> 1;
    let sum = 0;
    for (; i < n; i++) {
      const key = load<u32>(ordered + bytesOf<u32>(i));
      if (key >>> 1 != column) break;
      sum += 1 - <i32>((key & 1) << 1);
    }
    store<u32>(indices + bytesOf<u32>(found), column);
    store<f64>(values + bytesOf<f64>(found), <f64>sum);
    found++;
  }
  if (ordered != keys) memory.copy(keys, ordered, bytesOf<u32>(n));
  return found;
}
