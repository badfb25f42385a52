import { exactSummary } from "../quantile-summary.js";

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
 * @returns at most `maxBins` − 1 thresholds
 */
export function binThresholds(values: Float64Array, weights: Float64Array | undefined, maxBins: number): Float64Array {
  const kept: number[] = [];
  let clean = true;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]) || weights?.[i] === 0) clean = false;
    else kept.push(i);
  }
  const own = clean ? values : Float64Array.from(kept, (i) => values[i] as number);
  const ownWeights = clean || !weights ? weights : Float64Array.from(kept, (i) => weights[i] as number);
  const { value, high, total } = exactSummary(own, ownWeights);
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

// At least the left value and below the right one, also where the middle is not a number of its own.
function between(value: Float64Array, k: number): number {
  const left = value[k] as number;
  const right = value[k + 1] as number;
  const middle = left / 2 + right / 2;
  return middle >= left && middle < right ? middle : left;
}
