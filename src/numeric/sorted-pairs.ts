/** Two sums at each of some distinct keys, ascending. */
export interface SortedPairs {
  readonly keys: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** The sums of both, key by key. Cost: O(keys). */
export function mergeSortedPairs(a: SortedPairs, b: SortedPairs): SortedPairs {
  const na = a.keys.length;
  const nb = b.keys.length;
  const keys = new Float64Array(na + nb);
  const first = new Float64Array(na + nb);
  const second = new Float64Array(na + nb);
  let i = 0;
  let j = 0;
  let k = 0;
  // Locals, because this loop runs on the driver over every distinct key of all rows.
  const { keys: ak, first: a1, second: a2 } = a;
  const { keys: bk, first: b1, second: b2 } = b;
  while (i < na && j < nb) {
    const va = ak[i] as number;
    const vb = bk[j] as number;
    if (va < vb) {
      keys[k] = va;
      first[k] = a1[i] as number;
      second[k] = a2[i++] as number;
    } else if (vb < va) {
      keys[k] = vb;
      first[k] = b1[j] as number;
      second[k] = b2[j++] as number;
    } else {
      keys[k] = va;
      first[k] = (a1[i] as number) + (b1[j] as number);
      second[k] = (a2[i++] as number) + (b2[j++] as number);
    }
    k++;
  }
  const [rest, at] = i < na ? [a, i] : [b, j];
  keys.set(rest.keys.subarray(at), k);
  first.set(rest.first.subarray(at), k);
  second.set(rest.second.subarray(at), k);
  k += rest.keys.length - at;
  if (k === keys.length) return { keys, first, second };
  return { keys: keys.slice(0, k), first: first.slice(0, k), second: second.slice(0, k) };
}
