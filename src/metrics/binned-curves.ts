import { DataError, ParameterError, show } from "../base/errors.js";
import { requireVector, type LabelValues, type MetricValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions } from "./options.js";
import { BIN_STEP, mergeBinSums, type BinSums } from "./ranking-steps.js";

/** What {@link binnedCurves} takes beside the options of every metric. */
export interface BinnedKernelOptions {
  /** Bins of equal width of the probabilities: 1,000 unless given. */
  readonly nBins?: number | undefined;
  /** The positive class, against all others; the larger of two labels unless given. */
  readonly posLabel?: Label | undefined;
}

/** Options of {@link binnedCurves}. */
export interface BinnedOptions extends MetricOptions, BinnedKernelOptions {}

/** Curves at the edges of bins, thresholds descending from 1 to 0; the last point counts every row as positive. */
export interface BinnedCurves {
  /** A row is positive above the threshold; `-Infinity` for the last point. */
  readonly thresholds: Float64Array;
  readonly fpr: Float64Array;
  readonly tpr: Float64Array;
  /** 1 where nothing is positive. */
  readonly precision: Float64Array;
  /** Area under the ROC curve, and how far the exact one is from it at most. */
  readonly rocAuc: number;
  readonly rocAucError: number;
}

/** {@link binnedCurves} as part of a pass. */
export function binnedKernel(options: BinnedKernelOptions = {}): MetricKernel<BinSums, BinnedCurves> {
  const name = "binnedCurves";
  const { nBins = 1000, posLabel } = options;
  if (!Number.isInteger(nBins) || nBins < 2)
    throw new ParameterError(`${name}: nBins must be an integer >= 2; got ${show(nBins)}.`);
  const edges = Float64Array.from({ length: nBins - 1 }, (_, k) => (k + 1) / nBins);
  return {
    name,
    needs: ["yTrue", "yProba"],
    textLabels: true,
    labels: posLabel === undefined ? undefined : [posLabel],
    step: BIN_STEP,
    args: (codes) => ({
      owner: name,
      edges,
      ...(posLabel === undefined ? {} : { positive: codes.encode(name, posLabel) }),
    }),
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yProba", inputs.yProba);
    },
    combine: (a, b) => mergeBinSums(name, a, b),
    finish: (sums) => curvesOf(name, sums, edges),
  };
}

/**
 * ROC and precision-recall curves in bounded memory: the weights of both classes in bins of equal width, 24 bytes a bin
 * however many rows. The points at the edges of bins are exact; between them the curve is unknown, and the area under the
 * ROC curve is known to within half of Σ (negatives x positives of a bin) / (negatives x positives of all), which is
 * returned with it. One pass.
 *
 * @param yProba in [0, 1]
 * @throws DataError for probabilities outside [0, 1], one class only, more than two without `posLabel`
 *
 * @example
 * ```ts
 * const { fpr, tpr, rocAuc, rocAucError } = await binnedCurves(y, (await model.predictProba(X)).column(1));
 * ```
 */
export async function binnedCurves(
  yTrue: LabelValues,
  yProba: MetricValues,
  options: BinnedOptions = {},
): Promise<BinnedCurves> {
  checkOptions("binnedCurves", options, ["nBins", "posLabel"]);
  const [curves] = await metricPass(
    [binnedKernel(options)],
    { yTrue, yProba, sampleWeight: options.sampleWeight },
    options,
  );
  return curves;
}

function curvesOf(name: string, { first, second, labels }: BinSums, edges: Float64Array): BinnedCurves {
  const n = first.length;
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  const [negatives, positives] = [total(first), total(second)];
  if (labels.length < 2 || negatives === 0 || positives === 0)
    throw new DataError(`${name}: yTrue has one class only; both classes are needed. Check posLabel and the weights.`);
  const [thresholds, fpr, tpr, precision] = [0, 1, 2, 3].map(() => new Float64Array(n + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let [fp, tp, wins, tied] = [0, 0, 0, 0];
  for (let k = 0; k <= n; k++) {
    thresholds[k] = k === 0 ? 1 : k === n ? -Infinity : (edges[n - 1 - k] as number);
    fpr[k] = fp / negatives;
    tpr[k] = tp / positives;
    precision[k] = fp + tp === 0 ? 1 : tp / (fp + tp);
    if (k === n) break;
    const [negative, positive] = [first[n - 1 - k] as number, second[n - 1 - k] as number];
    wins += negative * (tp + positive / 2);
    tied += (negative * positive) / 2;
    fp += negative;
    tp += positive;
  }
  const pairs = negatives * positives;
  return { thresholds, fpr, tpr, precision, rocAuc: wins / pairs, rocAucError: tied / pairs };
}
