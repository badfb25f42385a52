import { DataError, ParameterError, show } from "../base/errors.js";
import { mergeBinaryTables, type BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import { requireVector, type LabelValues, type MetricValues } from "./inputs.js";
import type { Label, LabelCodes, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions, oneOf } from "./options.js";
import { BIN_STEP, binOf, mergeBinSums, PROBABILITY_TABLE_STEP, type BinSums } from "./ranking-steps.js";

/** How a calibration curve bins: bins of equal width, or of equal weight. */
export type CalibrationStrategy = "uniform" | "quantile";

/** Options of {@link calibrationCurve} beside those of every metric. */
export interface CalibrationKernelOptions {
  /** Number of bins, 5 unless given. */
  readonly nBins?: number | undefined;
  /** "uniform" unless given. */
  readonly strategy?: CalibrationStrategy | undefined;
  /** The class whose probabilities are given, against all others; the larger of two labels unless given. */
  readonly posLabel?: Label | undefined;
}

/** Options of {@link calibrationCurve}. */
export interface CalibrationOptions extends MetricOptions, CalibrationKernelOptions {}

/** One entry a bin that is not empty, in ascending order of probability. */
export interface CalibrationCurve {
  /** Share of positives (by weight) in the bin. */
  readonly probTrue: Float64Array;
  /** Mean of the predicted probabilities in the bin. */
  readonly probPred: Float64Array;
  /** Weight of the bin. */
  readonly weight: Float64Array;
}

/** {@link calibrationCurve} as part of a pass. */
export function calibrationKernel(options: CalibrationKernelOptions = {}): MetricKernel<unknown, CalibrationCurve> {
  const name = "calibrationCurve";
  const { nBins = 5, posLabel } = options;
  if (!Number.isInteger(nBins) || nBins < 1)
    throw new ParameterError(`${name}: nBins must be an integer >= 1; got ${show(nBins)}.`);
  const strategy = oneOf<CalibrationStrategy>(name, "strategy", options.strategy, "uniform", ["uniform", "quantile"]);
  const edges = Float64Array.from({ length: nBins - 1 }, (_, i) => (i + 1) * (1 / nBins));
  const common = {
    name,
    needs: ["yTrue", "yProba"] as const,
    textLabels: true,
    labels: posLabel === undefined ? undefined : [posLabel],
    check(inputs: Parameters<MetricKernel["check"]>[0]): void {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yProba", inputs.yProba);
    },
  };
  const args = (codes: LabelCodes): { owner: string; positive?: number } => ({
    owner: name,
    ...(posLabel === undefined ? {} : { positive: codes.encode(name, posLabel) }),
  });
  if (strategy === "uniform") {
    const kernel: MetricKernel<BinSums, CalibrationCurve> = {
      ...common,
      step: BIN_STEP,
      args: (codes) => ({ ...args(codes), edges }),
      combine: (a, b) => mergeBinSums(name, a, b),
      finish: (sums, { codes }) => curveOf(name, sums, codes),
    };
    return kernel;
  }
  const kernel: MetricKernel<BinaryTable, CalibrationCurve> = {
    ...common,
    step: PROBABILITY_TABLE_STEP,
    args,
    combine: (a, b) => mergeBinaryTables(name, a, b),
    finish: (table, { codes }) => curveOf(name, binned(table, quantileEdges(table, nBins)), codes),
  };
  return kernel;
}

/**
 * How often rows of a predicted probability are positive: for each bin of probability the mean prediction and the share
 * of
 * positives.
 *
 * Bins as in scikit-learn: "uniform" cuts [0, 1] into `nBins` of equal width; "quantile" cuts at the linearly
 * interpolated
 * quantiles of the probabilities (a weight counts as so many rows; exact, with the memory of {@link rocAucScore}).
 * Empty bins are left out.
 * One pass. Beyond scikit-learn: weights, and the weight of each bin.
 *
 * @throws DataError for values outside [0, 1], more than two labels without `posLabel`; ParameterError for nBins < 1
 *
 * @example
 * ```ts
 * const { probTrue, probPred } = await calibrationCurve(y, await model.predictProba(X), { nBins: 10 });
 * ```
 */
export async function calibrationCurve(
  yTrue: LabelValues,
  yProba: MetricValues,
  options: CalibrationOptions = {},
): Promise<CalibrationCurve> {
  checkOptions("calibrationCurve", options, ["nBins", "strategy", "posLabel"]);
  const [curve] = await metricPass(
    [calibrationKernel(options)],
    { yTrue, yProba, sampleWeight: options.sampleWeight },
    options,
  );
  return curve;
}

function curveOf(name: string, sums: BinSums, codes: LabelCodes): CalibrationCurve {
  const { first, second } = positiveSide(name, sums, codes) ? sums : { first: sums.second, second: sums.first };
  const weights = first.map((w, k) => w + (second[k] as number));
  const used = Array.from(weights.keys()).filter((k) => (weights[k] as number) > 0);
  const share = (part: Float64Array): Float64Array =>
    Float64Array.from(used, (k) => (part[k] as number) / (weights[k] as number));
  return {
    probTrue: share(second),
    probPred: share(sums.proba),
    weight: Float64Array.from(used, (k) => weights[k] as number),
  };
}

// False when the only label there is counts as positive, although the sums have it on the first side.
function positiveSide(name: string, sums: BinSums, codes: LabelCodes): boolean {
  if (sums.labels.length === 2) return true;
  const only = codes.decode(sums.labels[0] as number);
  if (only === 1) return false;
  if (only === 0 || only === -1) return true;
  throw new DataError(
    `${name}: yTrue has only the class ${show(only)}, which does not say whether it is the positive one. Pass posLabel.`,
  );
}

function binned(table: BinaryTable, edges: readonly number[]): BinSums {
  const sums = Array.from(
    { length: edges.length + 1 },
    () => [new CompensatedSum(), new CompensatedSum(), new CompensatedSum()] as const,
  );
  for (let k = 0; k < table.score.length; k++) {
    const score = table.score[k] as number;
    const bin = sums[binOf(edges, score)] as (typeof sums)[number];
    bin[0].add(table.first[k] as number);
    bin[1].add(table.second[k] as number);
    bin[2].add(((table.first[k] as number) + (table.second[k] as number)) * score);
  }
  const side = (i: 0 | 1 | 2): Float64Array => Float64Array.from(sums, (bin) => bin[i].value);
  return { labels: table.labels, first: side(0), second: side(1), proba: side(2) };
}

// Inner edges at the quantiles i / nBins, as numpy's linear method finds them in rows repeated by weight, its roundings
// included.
function quantileEdges(table: BinaryTable, nBins: number): number[] {
  const n = table.score.length;
  const upTo = new Float64Array(n);
  const sum = new CompensatedSum();
  for (let k = 0; k < n; k++) {
    sum.add((table.first[k] as number) + (table.second[k] as number));
    upTo[k] = sum.value;
  }
  // Row t of the repeated rows, from 0: the first score with more than t rows up to it.
  const row = (t: number): number => {
    let from = 0;
    let to = n - 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((upTo[middle] as number) > t) to = middle;
      else from = middle + 1;
    }
    return table.score[from] as number;
  };
  const last = Math.max(0, sum.value - 1);
  return Array.from({ length: nBins - 1 }, (_, i) => {
    const at = (((i + 1) * (1 / nBins) * 100) / 100) * last;
    const below = Math.floor(at);
    const [a, b, t] = [row(below), row(below + 1), at - below];
    return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
  });
}
