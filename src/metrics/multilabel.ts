import { DataError } from "../base/errors.js";
import type { ClassSums } from "./class-sums-steps.js";
import type { LabelValues } from "./inputs.js";
import type { Label, MetricInputName, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { DIFFERENCES_STEP, INDICATOR_STEP, type Differences, type IndicatorSums } from "./multilabel-steps.js";
import { checkLabels, checkOptions, oneOf } from "./options.js";
import { classSumsBase } from "./precision-recall.js";

/** Options of {@link zeroOneLoss}. */
export interface ZeroOneOptions extends MetricOptions {
  /** false: the weight of the rows that differ instead of their share. */
  readonly normalize?: boolean | undefined;
}

/** Options of {@link multilabelConfusionMatrix}. */
export interface MultilabelConfusionOptions extends MetricOptions {
  /** The classes, in the order of the result; all that occur, ascending, unless given. For one label a row. */
  readonly labels?: readonly Label[] | undefined;
}

/** Of one label against the others: [[true negatives, false positives], [false negatives, true positives]]. */
export type BinaryConfusion = readonly [readonly [number, number], readonly [number, number]];

function differences<R>(name: string, finish: MetricKernel<Differences, R>["finish"]): MetricKernel<Differences, R> {
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: true,
    step: DIFFERENCES_STEP,
    args: () => undefined,
    check: (inputs) => requireSameWidth(name, "yPred", inputs),
    combine: (a, b) => ({ rows: a.rows + b.rows, cells: a.cells + b.cells }),
    finish,
  };
}

/** {@link hammingLoss} as part of a pass. */
export function hammingKernel(): MetricKernel<Differences, number> {
  return differences("hammingLoss", ({ cells }, { weight, inputs }) => cells / weight / (inputs.yTrue?.width ?? 1));
}

/** {@link zeroOneLoss} as part of a pass. */
export function zeroOneKernel(options: Pick<ZeroOneOptions, "normalize"> = {}): MetricKernel<Differences, number> {
  const name = "zeroOneLoss";
  const share = oneOf(name, "normalize", options.normalize, true, [true, false]);
  return differences(name, ({ rows }, { weight }) => (share ? rows / weight : rows));
}

/**
 * Share of the labels (by weight of their rows) that are wrong: of one label a row, or of n x k columns of 0 and 1. One
 * pass, which {@link zeroOneLoss} shares.
 *
 * @example
 * ```ts
 * await hammingLoss([[1, 0], [1, 1]], [[1, 1], [1, 1]]); // 0.25
 * ```
 */
export async function hammingLoss(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  checkOptions("hammingLoss", options);
  const [loss] = await metricPass([hammingKernel()], { yTrue, yPred, sampleWeight: options.sampleWeight }, options);
  return loss;
}

/** Share of the rows (by weight) with any wrong label: 1 - {@link accuracyScore} for one label a row. One pass. */
export async function zeroOneLoss(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: ZeroOneOptions = {},
): Promise<number> {
  checkOptions("zeroOneLoss", options, ["normalize"]);
  const [loss] = await metricPass(
    [zeroOneKernel(options)],
    { yTrue, yPred, sampleWeight: options.sampleWeight },
    options,
  );
  return loss;
}

/** {@link multilabelConfusionMatrix} of n x k columns of 0 and 1, as part of a pass. */
export function indicatorConfusionKernel(): MetricKernel<IndicatorSums, BinaryConfusion[]> {
  const name = "multilabelConfusionMatrix";
  const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, k) => value + (b[k] as number));
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: false,
    step: INDICATOR_STEP,
    args: () => undefined,
    check: (inputs) => requireSameWidth(name, "yPred", inputs),
    combine: (a, b) => ({
      hits: add(a.hits, b.hits),
      predicted: add(a.predicted, b.predicted),
      actual: add(a.actual, b.actual),
    }),
    finish: (total, { weight }) => Array.from(total.hits, (_, k) => confusionOf(total, k, weight)),
  };
}

/** {@link multilabelConfusionMatrix} of one label a row, as part of a pass. */
export function classConfusionKernel(
  options: Pick<MultilabelConfusionOptions, "labels"> = {},
): MetricKernel<ClassSums, BinaryConfusion[]> {
  const name = "multilabelConfusionMatrix";
  const labels = checkLabels(name, options.labels);
  return {
    ...classSumsBase(name),
    labels,
    finish(total, { weight, codes }) {
      const wanted = labels?.map((label) => codes.encode(name, label)) ?? total.labels;
      return wanted.map((code) => confusionOf(total, total.labels.indexOf(code), weight));
    },
  };
}

/**
 * The confusion matrix of every label against the others: [[tn, fp], [fn, tp]], in the order of `labels`, or of the
 * columns where yTrue and yPred are n x k columns of 0 and 1. One pass. Differs from scikit-learn: no `samplewise`,
 * whose result has as many matrices as there are rows.
 *
 * @throws DataError for columns that hold anything but 0 and 1; otherwise as {@link precisionScore}
 */
export async function multilabelConfusionMatrix(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: MultilabelConfusionOptions = {},
): Promise<BinaryConfusion[]> {
  checkOptions("multilabelConfusionMatrix", options, ["labels"]);
  const inputs = { yTrue, yPred, sampleWeight: options.sampleWeight };
  if (!isMatrix(yTrue)) return (await metricPass([classConfusionKernel(options)], inputs, options))[0];
  if (options.labels !== undefined)
    throw new DataError("multilabelConfusionMatrix: labels is for one label a row; yTrue has columns. Select columns.");
  return (await metricPass([indicatorConfusionKernel()], inputs, options))[0];
}

/** @throws DataError unless both sides have as many columns */
export function requireSameWidth(
  name: string,
  other: MetricInputName,
  inputs: Parameters<MetricKernel["check"]>[0],
): void {
  if (inputs.yTrue?.width === inputs[other]?.width) return;
  throw new DataError(
    `${name}: yTrue has ${inputs.yTrue?.width} column(s) but ${other} has ${inputs[other]?.width}. Both need one a label.`,
  );
}

function isMatrix(values: LabelValues): boolean {
  if (Array.isArray(values)) return typeof values[0] === "object" && values[0] !== null;
  const shape: unknown = (values as { innerShape?: unknown }).innerShape;
  return Array.isArray(shape) && shape.length > 0;
}

function confusionOf(
  { hits, predicted, actual }: Pick<IndicatorSums, "hits" | "predicted" | "actual">,
  k: number,
  weight: number,
): BinaryConfusion {
  const [tp, p, t] = [hits[k] ?? 0, predicted[k] ?? 0, actual[k] ?? 0];
  return [
    [weight - p - t + tp, p - tp],
    [t - tp, tp],
  ];
}
