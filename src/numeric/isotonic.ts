import type { BinaryTable } from "./binary-table.js";

/** A step function of a score with straight lines between its steps: `y[k]` at `x[k]`, ascending in both. */
export interface IsotonicKnots {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * The ascending function of the score nearest to the share of the second class, by weighted squares: pool adjacent
 * violators (Barlow et al. 1972). Exact, and O(scores), as the table is sorted. The inside of a level is left out.
 */
export function isotonicOf({ score, first, second }: BinaryTable): IsotonicKnots {
  // Levels so far: where each ends, its weight and the weight of the second class in it.
  const ends: number[] = [];
  const weights: number[] = [];
  const hits: number[] = [];
  const valueOf = (level: number): number => (hits[level] as number) / (weights[level] as number);
  score.forEach((_, k) => {
    ends.push(k);
    weights.push((first[k] as number) + (second[k] as number));
    hits.push(second[k] as number);
    while (ends.length > 1 && valueOf(ends.length - 2) >= valueOf(ends.length - 1)) {
      const [weight, hit] = [weights.pop() as number, hits.pop() as number];
      const end = ends.pop() as number;
      const last = ends.length - 1;
      ends[last] = end;
      weights[last] = (weights[last] as number) + weight;
      hits[last] = (hits[last] as number) + hit;
    }
  });
  const x: number[] = [];
  const y: number[] = [];
  ends.forEach((end, level) => {
    const start = level === 0 ? 0 : (ends[level - 1] as number) + 1;
    for (const k of start === end ? [end] : [start, end]) {
      x.push(score[k] as number);
      y.push(valueOf(level));
    }
  });
  return { x: Float64Array.from(x), y: Float64Array.from(y) };
}

/** The function at a score: straight between knots, the outer values outside. */
export function isotonicAt({ x, y }: IsotonicKnots, score: number): number {
  let from = 0;
  let to = x.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((x[middle] as number) < score) from = middle + 1;
    else to = middle;
  }
  if (from === 0) return y[0] as number;
  if (from === x.length) return y[from - 1] as number;
  const [x0, x1] = [x[from - 1] as number, x[from] as number];
  const [y0, y1] = [y[from - 1] as number, y[from] as number];
  return y0 + ((y1 - y0) * (score - x0)) / (x1 - x0);
}
