import { exactSummary } from "../quantile-summary.js";
import { sortedDoubles } from "../sorted-doubles.js";

/**
 * Thresholds between the bins of one column, ascending: bin b holds the values above threshold b − 1 and up to threshold b.
 *
 * Up to `maxBins` distinct values have a bin each, with thresholds in the middle between neighbours. More are cut where the
 * share of the weight passes 1 / maxBins, 2 / maxBins, ...: in the middle between the value there and the next one. A value
 * that takes several shares gets one bin. The order of the values does not matter.
 *
 * Cost: one sort.
 *
 * @param values NaN are left out
 * @param weights one a value, none negative; values of weight 0 are left out
 * @param zeros zeros there are besides; without weights only
 * @returns at most `maxBins` − 1 thresholds
 */
export function binThresholds(
  values: Float64Array,
  weights: Float64Array | undefined,
  maxBins: number,
  zeros = 0,
): Float64Array {
  const { value, high, total } = weights ? weightedRuns(values, weights) : withZeros(runs(values), zeros);
  const n = value.length;
  if (n <= maxBins) return Float64Array.from({ length: Math.max(0, n - 1) }, (_, k) => between(value, k));
  const thresholds: number[] = [];
  let k = 0;
  for (let bin = 1; bin < maxBins; bin++) {
    const target = (bin * total) / maxBins;
    const before = k;
    while (k < n - 1 && (high[k] as number) < target) k++;
    if (k === n - 1) break;
    if (k > before || thresholds.length === 0) thresholds.push(between(value, k));
  }
  return Float64Array.from(thresholds);
}

interface Runs {
  /** Distinct values, ascending. */
  readonly value: Float64Array;
  /** Weight up to and with each. */
  readonly high: Float64Array;
  readonly total: number;
}

function weightedRuns(values: Float64Array, weights: Float64Array): Runs {
  const kept = values.map((_, i) => i).filter((i) => !Number.isNaN(values[i] as number) && weights[i] !== 0);
  return exactSummary(
    kept.map((i) => values[i] as number),
    kept.map((i) => weights[i] as number),
  );
}

// Without weights a sort of the values does, which need not carry their positions along.
function runs(values: Float64Array): Runs {
  const sorted = sortedDoubles(values);
  // NaN come last.
  let total = sorted.length;
  while (total > 0 && Number.isNaN(sorted[total - 1] as number)) total--;
  const high = new Float64Array(total);
  let n = 0;
  for (let i = 0; i < total; i++) {
    const own = sorted[i] as number;
    if (n === 0 || own !== sorted[n - 1]) sorted[n++] = own + 0;
    high[n - 1] = i + 1;
  }
  return { value: sorted.subarray(0, n), high: high.subarray(0, n), total };
}

function withZeros(own: Runs, zeros: number): Runs {
  if (zeros === 0) return own;
  const { length } = own.value;
  let at = 0;
  while (at < length && (own.value[at] as number) < 0) at++;
  const there = own.value[at] === 0;
  const value = new Float64Array(there ? length : length + 1);
  const high = new Float64Array(value.length);
  value.set(own.value.subarray(0, at));
  high.set(own.high.subarray(0, at));
  const rest = there ? at + 1 : at;
  high[at] = (there ? (own.high[at] as number) : at > 0 ? (own.high[at - 1] as number) : 0) + zeros;
  value.set(own.value.subarray(rest), at + 1);
  for (let k = rest; k < length; k++) high[at + 1 + k - rest] = (own.high[k] as number) + zeros;
  return { value, high, total: own.total + zeros };
}

// At least the left value and below the right one, also where the middle is not a number of its own.
function between(value: Float64Array, k: number): number {
  const left = value[k] as number;
  const right = value[k + 1] as number;
  const middle = left / 2 + right / 2;
  return middle >= left && middle < right ? middle : left;
}
