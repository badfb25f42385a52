import { argsort } from "./argsort.js";

/**
 * Some of the values of a weighted multiset, ascending, with bounds of their ranks (Greenwald and Khanna,
 * "Power-conserving computation of order-statistics over sensor networks", 2004, with weights as in Chen and Guestrin,
 * "XGBoost", 2016, appendix). With R-(x) the weight below x and R+(x) the weight up to and with x:
 * `low <= R-`, `high >= R+`, and at least `weight` lies exactly at the value. The smallest and the largest value are
 * always there.
 */
export interface QuantileSummary {
  readonly value: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly weight: Float64Array;
  /** Weight of the whole multiset. */
  readonly total: number;
}

/** A summary of nothing. */
export const EMPTY_SUMMARY: QuantileSummary = {
  value: new Float64Array(0),
  low: new Float64Array(0),
  high: new Float64Array(0),
  weight: new Float64Array(0),
  total: 0,
};

/** All distinct values: every bound is exact. NaN and rows of weight 0 must have been left out. Cost: one sort. */
export function exactSummary(values: Float64Array, weights: Float64Array | undefined): QuantileSummary {
  const n = values.length;
  const order = argsort(values);
  const at = (i: number): number => values[order[i] as number] as number;
  let distinct = 0;
  for (let i = 0; i < n; i++) if (i === 0 || at(i) !== at(i - 1)) distinct++;
  const summary = allocate(distinct);
  let k = -1;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const value = at(i);
    if (i === 0 || value !== summary.value[k]) {
      k++;
      summary.value[k] = value + 0;
      summary.low[k] = total;
    }
    const w = weights ? (weights[order[i] as number] as number) : 1;
    summary.weight[k] = (summary.weight[k] as number) + w;
    total += w;
    summary.high[k] = total;
  }
  return { ...summary, total };
}

/**
 * The summary of both multisets together. Between neighbours it knows ranks to the sum of what `a` and `b` know there,
 * so
 * the relative error is at most the larger of the two. Cost: O(entries).
 */
export function mergeSummaries(a: QuantileSummary, b: QuantileSummary): QuantileSummary {
  if (a.value.length === 0) return b;
  if (b.value.length === 0) return a;
  const na = a.value.length;
  const nb = b.value.length;
  const out = allocate(na + nb);
  let i = 0;
  let j = 0;
  let k = 0;
  while (i < na || j < nb) {
    const va = i < na ? (a.value[i] as number) : Infinity;
    const vb = j < nb ? (b.value[j] as number) : Infinity;
    const fromA = i < na && (va <= vb || j >= nb);
    const fromB = j < nb && (vb <= va || i >= na);
    out.value[k] = fromA ? va : vb;
    out.weight[k] = (fromA ? (a.weight[i] as number) : 0) + (fromB ? (b.weight[j] as number) : 0);
    out.low[k] = (fromA ? (a.low[i] as number) : below(a, i)) + (fromB ? (b.low[j] as number) : below(b, j));
    out.high[k] = (fromA ? (a.high[i] as number) : above(a, i)) + (fromB ? (b.high[j] as number) : above(b, j));
    if (fromA) i++;
    if (fromB) j++;
    k++;
  }
  return {
    value: out.value.slice(0, k),
    low: out.low.slice(0, k),
    high: out.high.slice(0, k),
    weight: out.weight.slice(0, k),
    total: a.total + b.total,
  };
}

// Weight that certainly lies below an absent value whose next larger entry is i, and the most that can.
function below(s: QuantileSummary, i: number): number {
  return i === 0 ? 0 : (s.low[i - 1] as number) + (s.weight[i - 1] as number);
}

function above(s: QuantileSummary, i: number): number {
  return i === s.value.length ? s.total : (s.high[i] as number) - (s.weight[i] as number);
}

/**
 * Drops entries as long as no gap between neighbours exceeds `gap` (gaps that already do stay as they are). Keeps at
 * most
 * 2 + 2 · total / (gap - the largest gap before) entries.
 */
export function pruneSummary(s: QuantileSummary, gap: number): QuantileSummary {
  const n = s.value.length;
  const kept: number[] = [];
  let last = 0;
  for (let i = 0; i < n; i++) {
    // Entry i has to stay when jumping over it to i + 1 would lose too much.
    if (i === 0 || i === n - 1 || gapBetween(s, last, i + 1) > gap) {
      kept.push(i);
      last = i;
    }
  }
  const pick = (from: Float64Array): Float64Array => Float64Array.from(kept, (i) => from[i] as number);
  return { value: pick(s.value), low: pick(s.low), high: pick(s.high), weight: pick(s.weight), total: s.total };
}

/** The largest weight that may lie unseen between two neighbours: no rank is off by more. */
export function largestGap(s: QuantileSummary): number {
  let largest = 0;
  for (let i = 1; i < s.value.length; i++) largest = Math.max(largest, gapBetween(s, i - 1, i));
  return largest;
}

function gapBetween(s: QuantileSummary, i: number, j: number): number {
  return (s.high[j] as number) - (s.weight[j] as number) - (s.low[i] as number) - (s.weight[i] as number);
}

/**
 * A value whose rank is nearest to `target`: with exact bounds the smallest value with R+ >= target. NaN for a summary
 * of
 * nothing. Cost: O(log entries).
 */
export function valueAtRank(s: QuantileSummary, target: number): number {
  const n = s.value.length;
  if (n === 0) return NaN;
  const i = firstIndex(n, (k) => (s.low[k] as number) + (s.weight[k] as number) >= target);
  if (i === 0) return s.value[0] as number;
  const before = i - 1;
  if (i === n) return s.value[before] as number;
  const worst = Math.max(0, (s.high[i] as number) - (s.weight[i] as number) - target);
  const worstBefore = Math.max(
    target - (s.low[before] as number) - (s.weight[before] as number),
    (s.high[before] as number) - (s.weight[before] as number) - target,
  );
  return s.value[worst <= worstBefore ? i : before] as number;
}

/** Estimate of R+(x): the middle of what the bounds leave open. Cost: O(log entries). */
export function rankOf(s: QuantileSummary, x: number): number {
  const i = firstIndex(s.value.length, (k) => (s.value[k] as number) >= x);
  if (s.value[i] === x) return ((s.low[i] as number) + (s.weight[i] as number) + (s.high[i] as number)) / 2;
  return (below(s, i) + above(s, i)) / 2;
}

function firstIndex(n: number, holds: (i: number) => boolean): number {
  let from = 0;
  let to = n;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

function allocate(n: number): Omit<QuantileSummary, "total"> {
  return {
    value: new Float64Array(n),
    low: new Float64Array(n),
    high: new Float64Array(n),
    weight: new Float64Array(n),
  };
}
