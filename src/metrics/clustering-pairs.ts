import { comparedClusterings, contingencyKernel, type ContingencySums } from "./contingency.js";
import type { Contingency } from "./contingency-steps.js";
import type { LabelValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import type { MetricOptions } from "./metric-pass.js";

/** Ordered pairs of different rows by whether each labelling puts them together: [first apart or not][second]. */
export type PairConfusion = readonly [readonly [number, number], readonly [number, number]];

function pairs({ all, rows, columns, weight }: ContingencySums): PairConfusion {
  const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
  const both = squares(weight);
  const [together, gathered] = [squares(rows), squares(columns)];
  return [
    [all * all - together - gathered + both, gathered - both],
    [together - both, both - all],
  ];
}

/** {@link pairConfusionMatrix} as part of a pass. */
export function pairConfusionKernel(): MetricKernel<Contingency, PairConfusion> {
  return contingencyKernel("pairConfusionMatrix", pairs);
}

/** {@link randScore} as part of a pass. */
export function randKernel(): MetricKernel<Contingency, number> {
  return contingencyKernel("randScore", (sums) => {
    const [[neither, second], [first, both]] = pairs(sums);
    const all = neither + second + first + both;
    return all === 0 || (second === 0 && first === 0) ? 1 : (neither + both) / all;
  });
}

/** {@link adjustedRandScore} as part of a pass. */
export function adjustedRandKernel(): MetricKernel<Contingency, number> {
  return contingencyKernel("adjustedRandScore", (sums) => {
    const [[tn, fp], [fn, tp]] = pairs(sums);
    if (fn === 0 && fp === 0) return 1;
    return (2 * (tp * tn - fn * fp)) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn));
  });
}

/** {@link fowlkesMallowsScore} as part of a pass. */
export function fowlkesMallowsKernel(): MetricKernel<Contingency, number> {
  return contingencyKernel("fowlkesMallowsScore", (sums) => {
    const [[, fp], [fn, tp]] = pairs(sums);
    return tp === 0 ? 0 : Math.sqrt(tp / (tp + fp)) * Math.sqrt(tp / (tp + fn));
  });
}

/**
 * Ordered pairs of different rows: `[0][0]` apart in both labellings, `[0][1]` together in the second alone, `[1][0]`
 * in the first alone, `[1][1]` in both (Hubert and Arabie 1985). From one table of label pairs that any cut of the
 * rows gives, in one pass; a weight counts the row so many times.
 */
export async function pairConfusionMatrix(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<PairConfusion> {
  return comparedClusterings(pairConfusionKernel(), labelsTrue, labelsPred, options);
}

/** Share of the pairs of rows that both labellings treat alike. One pass, as {@link pairConfusionMatrix}. */
export async function randScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  return comparedClusterings(randKernel(), labelsTrue, labelsPred, options);
}

/**
 * Rand index, shifted and scaled so that labels at random score 0 and equal clusterings 1 (Hubert and Arabie 1985).
 * One pass, as {@link pairConfusionMatrix}.
 *
 * @example
 * ```ts
 * await adjustedRandScore([0, 0, 1, 1], [0, 0, 1, 2]); // 0.5714
 * ```
 */
export async function adjustedRandScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  return comparedClusterings(adjustedRandKernel(), labelsTrue, labelsPred, options);
}

/**
 * Geometric mean of the precision and the recall of pairs: tp / √((tp + fp)(tp + fn)). One pass, as {@link
 * pairConfusionMatrix}.
 */
export async function fowlkesMallowsScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  return comparedClusterings(fowlkesMallowsKernel(), labelsTrue, labelsPred, options);
}
