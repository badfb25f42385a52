import type { BinaryTable } from "./binary-table.js";

/** A monotone function with straight lines between its knots: `y[k]` at `x[k]`, x ascending. */
export interface IsotonicKnots {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Targets at distinct places, ascending: their weight and weighted sum at each. Mergeable by `mergeSortedPairs`. */
export interface IsotonicPoints {
  readonly x: Float64Array;
  readonly weight: Float64Array;
  readonly sum: Float64Array;
}

/** A table of two classes as points: the share of the second class at each score. */
export function sharePoints({ score, first, second }: BinaryTable): IsotonicPoints {
  return { x: score, weight: first.map((w, k) => w + (second[k] as number)), sum: second };
}

/**
 * The ascending function of x nearest to the targets, by weighted squares: pool adjacent violators (Barlow et al. 1972).
 * Exact, and O(points), as they are sorted. The inside of a level is left out.
 */
export function isotonicOf({ x: places, weight, sum }: IsotonicPoints): IsotonicKnots {
  // Levels so far: where each ends, its weight and its sum of targets.
  const ends: number[] = [];
  const weights: number[] = [];
  const sums: number[] = [];
  const valueOf = (level: number): number => (sums[level] as number) / (weights[level] as number);
  places.forEach((_, k) => {
    ends.push(k);
    weights.push(weight[k] as number);
    sums.push(sum[k] as number);
    while (ends.length > 1 && valueOf(ends.length - 2) >= valueOf(ends.length - 1)) {
      const [ownWeight, ownSum] = [weights.pop() as number, sums.pop() as number];
      const end = ends.pop() as number;
      const last = ends.length - 1;
      ends[last] = end;
      weights[last] = (weights[last] as number) + ownWeight;
      sums[last] = (sums[last] as number) + ownSum;
    }
  });
  const x: number[] = [];
  const y: number[] = [];
  ends.forEach((end, level) => {
    const start = level === 0 ? 0 : (ends[level - 1] as number) + 1;
    for (const k of start === end ? [end] : [start, end]) {
      x.push(places[k] as number);
      y.push(valueOf(level));
    }
  });
  return { x: Float64Array.from(x), y: Float64Array.from(y) };
}

/** The function at a place: straight between knots, the outer values outside. */
export function isotonicAt({ x, y }: IsotonicKnots, place: number): number {
  let from = 0;
  let to = x.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((x[middle] as number) < place) from = middle + 1;
    else to = middle;
  }
  if (from === 0) return y[0] as number;
  if (from === x.length) return y[from - 1] as number;
  const [x0, x1] = [x[from - 1] as number, x[from] as number];
  const [y0, y1] = [y[from - 1] as number, y[from] as number];
  return y0 + ((y1 - y0) * (place - x0)) / (x1 - x0);
}
