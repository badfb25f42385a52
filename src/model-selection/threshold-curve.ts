import { DistributedArray } from "../collections/array/distributed-array.js";
import type { FitOptions } from "../estimator/design.js";
import type { Label } from "../estimator/labels.js";
import { metricPass } from "../metrics/metric-pass.js";
import type { Scorer } from "../metrics/scorer.js";
import type { BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";

/** Scores by threshold, thresholds ascending. */
export interface ThresholdCurve {
  readonly thresholds: Float64Array;
  readonly scores: Float64Array;
}

/** What a scorer says of the labels that each threshold gives, from the weights of both classes by score. */
export async function scoreCurve(
  scorer: Scorer,
  table: BinaryTable,
  thresholds: Float64Array,
  classes: readonly Label[],
  run: Pick<FitOptions, "signal">,
): Promise<ThresholdCurve> {
  const codes = classes.map((label, k) => (typeof label === "number" ? label : k));
  // Weight of each class below every distinct score, and of all at the end.
  const n = table.score.length;
  const below = [table.first, table.second].map((weights) => {
    const out = new Float64Array(n + 1);
    const sum = new CompensatedSum();
    for (let k = 0; k < n; k++) {
      sum.add(weights[k] as number);
      out[k + 1] = sum.value;
    }
    return out;
  }) as [Float64Array, Float64Array];
  const scores = new Float64Array(thresholds.length);
  for (let k = 0; k < thresholds.length; k++) {
    const at = countBelow(table.score, thresholds[k] as number);
    const [tn, fn] = [below[0][at] as number, below[1][at] as number];
    const cells = [tn, (below[0][n] as number) - tn, fn, (below[1][n] as number) - fn];
    scores[k] = await scoreOfCells(scorer, codes, cells, run);
  }
  return { thresholds, scores };
}

/** `count` thresholds, evenly from `low` to `high`. */
export function spaced(low: number, high: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, k) =>
    k === count - 1 && count > 1 ? high : low + (k * (high - low)) / Math.max(1, count - 1),
  );
}

/** The mean of curves at `count` thresholds over all of their range, or at their own common ones. */
export function meanCurve(curves: readonly ThresholdCurve[], count: number | undefined): ThresholdCurve {
  const [first] = curves as [ThresholdCurve];
  const ends = curves.flatMap(({ thresholds }) => [thresholds[0] as number, thresholds.at(-1) as number]);
  const thresholds = count === undefined ? first.thresholds : spaced(Math.min(...ends), Math.max(...ends), count);
  const scores = thresholds.map(
    (threshold) => curves.reduce((sum, curve) => sum + between(curve, threshold), 0) / curves.length,
  );
  return { thresholds, scores };
}

// Straight between the points of a curve, its ends outside.
function between({ thresholds, scores }: ThresholdCurve, at: number): number {
  const k = countBelow(thresholds, at);
  if (k === 0) return scores[0] as number;
  if (k === thresholds.length) return scores[k - 1] as number;
  const [x0, x1] = [thresholds[k - 1] as number, thresholds[k] as number];
  const [y0, y1] = [scores[k - 1] as number, scores[k] as number];
  return x1 === at ? y1 : y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}

function countBelow(ascending: Float64Array, value: number): number {
  let from = 0;
  let to = ascending.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ascending[middle] as number) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

// Any metric of labels sees the same in four weighted rows as in all rows.
async function scoreOfCells(
  scorer: Scorer,
  codes: readonly number[],
  cells: readonly number[],
  run: Pick<FitOptions, "signal">,
): Promise<number> {
  const [no, yes] = codes as [number, number];
  const used = [0, 1, 2, 3].filter((cell) => (cells[cell] as number) > 0);
  const yTrue = used.map((cell) => (cell < 2 ? no : yes));
  const yPred = used.map((cell) => (cell % 2 === 0 ? no : yes));
  const sampleWeight = used.map((cell) => cells[cell] as number);
  if (scorer.kernel) {
    const [value] = await metricPass([scorer.kernel(codes)], { yTrue, yPred, sampleWeight }, run);
    return scorer.sign * (value as number);
  }
  const vector = (values: readonly number[]): DistributedArray => DistributedArray.fromVector(values);
  const value = await scorer.function?.(vector(yTrue), vector(yPred), { sampleWeight, ...run });
  return scorer.sign * (value as number);
}
