import { argsort } from "../src/numeric/argsort.js";

/**
 * Quantiles of values by linear interpolation at position `q · (W − 1)`, W being the weight of the values that are not NaN:
 * numpy's `nanquantile`, with integer weights that of the values repeated. NaN without values. Cost: one sort.
 *
 * @param levels ascending
 */
export function sortedQuantiles(
  values: Float64Array,
  weights: Float64Array | undefined,
  levels: readonly number[],
): Float64Array {
  const { value, upTo } = sorted(values, weights);
  const n = value.length;
  if (n === 0) return new Float64Array(levels.length).fill(NaN);
  const total = upTo ? (upTo[n - 1] as number) : n;
  let k = 0;
  // The smallest value with more than `rank` of the weight up to and with it; ranks ascend.
  const at = (from: number, rank: number): number => {
    if (!upTo) return Math.min(n - 1, rank);
    let i = from;
    while (i < n - 1 && !((upTo[i] as number) > rank)) i += 1;
    return i;
  };
  return Float64Array.from(levels, (q) => {
    const position = Math.max(0, q * (total - 1));
    const rank = Math.floor(position);
    k = at(k, rank);
    const a = value[k] as number;
    const b = value[at(k, Math.min(rank + 1, Math.max(0, total - 1)))] as number;
    const t = position - rank;
    if (a === b) return a;
    return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
  });
}

function sorted(values: Float64Array, weights: Float64Array | undefined): { value: Float64Array; upTo?: Float64Array } {
  if (!weights) return { value: values.filter((value) => !Number.isNaN(value)).sort() };
  const rows = Uint32Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]) && (weights[i] as number) > 0);
  const kept = Float64Array.from(rows, (i) => values[i] as number);
  const order = argsort(kept);
  const upTo = new Float64Array(order.length);
  let sum = 0;
  order.forEach((k, i) => (upTo[i] = sum += weights[rows[k] as number] as number));
  return { value: Float64Array.from(order, (k) => kept[k] as number), upTo };
}
