import { DataError, ParameterError, show } from "../base/errors.js";
import { CLASS_SUMS_STEP, mergeClassSums, type ClassSums } from "./class-sums-steps.js";
import { requireVector, type LabelValues } from "./inputs.js";
import type { Label, MetricKernel, MetricTotals } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkLabels, checkOptions, oneOf } from "./options.js";

/**
 * How the scores of classes become one: that of the positive class ("binary"), that of all decisions together
 * ("micro"),
 * their mean ("macro"), their mean by weight in yTrue ("weighted"); null gives all of them.
 */
export type Average = "binary" | "micro" | "macro" | "weighted" | null;

/** A number, or one number a class for `average: null`. */
export type AveragedScore<A extends Average> = A extends null ? number[] : number;

/** What {@link precisionScore} and its relatives take beside the options of every metric. */
export interface PrecisionKernelOptions<A extends Average = Average> {
  /** "binary" unless given. */
  readonly average?: A | undefined;
  /** The positive class of `average: "binary"`; 1 unless given, and required where labels are texts. */
  readonly posLabel?: Label | undefined;
  /**
   * The classes to score (not for "binary"), in the order of `average: null`; all that occur, ascending, unless
   * given.
   */
  readonly labels?: readonly Label[] | undefined;
  /** The score where its divisor is 0: 0 unless given; NaN leaves the class out of averages. */
  readonly zeroDivision?: number | undefined;
}

/** Options of {@link precisionScore} and its relatives. */
export interface PrecisionOptions<A extends Average = Average> extends MetricOptions, PrecisionKernelOptions<A> {}

/** Options of {@link fbetaScore}: `beta` weighs recall against precision, and has to be given. */
export interface FbetaOptions<A extends Average = Average> extends PrecisionOptions<A> {
  readonly beta: number;
}

type Of = (hits: number, predicted: number, actual: number) => readonly [above: number, below: number];

const PRECISION: Of = (hits, predicted) => [hits, predicted];
const RECALL: Of = (hits, _, actual) => [hits, actual];
const JACCARD: Of = (hits, predicted, actual) => [hits, predicted + actual - hits];
const fbeta =
  (beta: number): Of =>
  (hits, predicted, actual) =>
    beta === Infinity ? [hits, actual] : [(1 + beta * beta) * hits, beta * beta * actual + predicted];

/** {@link precisionScore} as part of a pass. */
export function precisionKernel<A extends Average = "binary">(
  options: PrecisionKernelOptions<A> = {},
): MetricKernel<ClassSums, AveragedScore<A>> {
  return ratioKernel("precisionScore", PRECISION, options);
}

/** {@link recallScore} as part of a pass. */
export function recallKernel<A extends Average = "binary">(
  options: PrecisionKernelOptions<A> = {},
): MetricKernel<ClassSums, AveragedScore<A>> {
  return ratioKernel("recallScore", RECALL, options);
}

/** {@link f1Score} as part of a pass. */
export function f1Kernel<A extends Average = "binary">(
  options: PrecisionKernelOptions<A> = {},
): MetricKernel<ClassSums, AveragedScore<A>> {
  return ratioKernel("f1Score", fbeta(1), options);
}

/** {@link fbetaScore} as part of a pass. @throws ParameterError unless beta >= 0 */
export function fbetaKernel<A extends Average = "binary">(
  options: PrecisionKernelOptions<A> & { readonly beta: number },
): MetricKernel<ClassSums, AveragedScore<A>> {
  const { beta } = options;
  if (!(typeof beta === "number" && beta >= 0)) {
    throw new ParameterError(`fbetaScore: beta must be >= 0; got ${show(beta)}. 1 weighs precision and recall alike.`);
  }
  return ratioKernel("fbetaScore", fbeta(beta), options);
}

/** {@link jaccardScore} as part of a pass. */
export function jaccardKernel<A extends Average = "binary">(
  options: PrecisionKernelOptions<A> = {},
): MetricKernel<ClassSums, AveragedScore<A>> {
  return ratioKernel("jaccardScore", JACCARD, options);
}

/**
 * Precision: of the weight predicted as a class, the share that is of it: tp / (tp + fp).
 *
 * Labels are numbers, booleans (as 0 and 1) or, in plain arrays, texts. One pass with O(classes) of memory, which
 * precision, recall, F and their relatives share in `metricPass`. Differs from scikit-learn: a division by 0 gives
 * `zeroDivision` without a warning; a label that occurs only in rows of weight 0 does not count as occurring; weights
 * must be >= 0.
 *
 * @throws DataError for "binary" with more than two labels, or when posLabel is not among two; otherwise as
 *   {@link accuracyScore}
 *
 * @example
 * ```ts
 * await precisionScore([0, 1, 1, 0], [1, 1, 1, 0]); // 0.6667
 * await precisionScore([0, 1, 2], [0, 2, 1], { average: null }); // [1, 0, 0]
 * ```
 */
export async function precisionScore<A extends Average = "binary">(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: PrecisionOptions<A> = {},
): Promise<AveragedScore<A>> {
  return scored(precisionKernel(options), yTrue, yPred, options);
}

/** Recall: of the weight of a class, the share that is predicted as it: tp / (tp + fn). As {@link precisionScore}. */
export async function recallScore<A extends Average = "binary">(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: PrecisionOptions<A> = {},
): Promise<AveragedScore<A>> {
  return scored(recallKernel(options), yTrue, yPred, options);
}

/** Harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn). As {@link precisionScore}. */
export async function f1Score<A extends Average = "binary">(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: PrecisionOptions<A> = {},
): Promise<AveragedScore<A>> {
  return scored(f1Kernel(options), yTrue, yPred, options);
}

/**
 * Weighted harmonic mean of precision and recall: (1 + β²) tp / ((1 + β²) tp + β² fn + fp). As {@link precisionScore}.
 * @throws ParameterError unless beta >= 0; Infinity is recall
 */
export async function fbetaScore<A extends Average = "binary">(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: FbetaOptions<A>,
): Promise<AveragedScore<A>> {
  return scored(fbetaKernel(options), yTrue, yPred, options, ["beta"]);
}

/** Jaccard index: tp / (tp + fp + fn). As {@link precisionScore}. */
export async function jaccardScore<A extends Average = "binary">(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: PrecisionOptions<A> = {},
): Promise<AveragedScore<A>> {
  return scored(jaccardKernel(options), yTrue, yPred, options);
}

/** Options of {@link precisionRecallFscoreSupport}: `beta` weighs recall against precision, 1 unless given. */
export interface PrecisionRecallFscoreOptions<A extends Average = null> extends PrecisionOptions<A> {
  readonly beta?: number | undefined;
}

/** What {@link precisionRecallFscoreSupport} gives: numbers, or a number a class for `average: null`. */
export interface PrecisionRecallFscore<A extends Average = null> {
  readonly precision: AveragedScore<A>;
  readonly recall: AveragedScore<A>;
  readonly fscore: AveragedScore<A>;
  /** Weight of each class in yTrue; undefined for an average. */
  readonly support: number[] | undefined;
}

/** {@link precisionRecallFscoreSupport} as part of a pass. */
export function precisionRecallFscoreKernel<A extends Average = null>(
  options: PrecisionKernelOptions<A> & { readonly beta?: number | undefined } = {},
): MetricKernel<ClassSums, PrecisionRecallFscore<A>> {
  const name = "precisionRecallFscoreSupport";
  const { beta = 1, ...given } = options;
  if (!(typeof beta === "number" && beta >= 0))
    throw new ParameterError(`${name}: beta must be >= 0; got ${show(beta)}. 1 weighs precision and recall alike.`);
  const own = { ...given, average: (given.average === undefined ? null : given.average) as A };
  const [precision, recall, fscore] = [PRECISION, RECALL, fbeta(beta)].map((of) => ratioKernel(name, of, own)) as [
    MetricKernel<ClassSums, AveragedScore<A>>,
    MetricKernel<ClassSums, AveragedScore<A>>,
    MetricKernel<ClassSums, AveragedScore<A>>,
  ];
  const support = own.average === null ? ratioKernel(name, (_, __, actual) => [actual, 1], own) : undefined;
  return {
    ...precision,
    finish: (total, totals) => ({
      precision: precision.finish(total, totals),
      recall: recall.finish(total, totals),
      fscore: fscore.finish(total, totals),
      support: support?.finish(total, totals) as number[] | undefined,
    }),
  };
}

/**
 * Precision, recall, F-beta and support from one pass: of each class (`average: null`, unless given), or averaged. As
 * {@link precisionScore}, with its differences from scikit-learn.
 *
 * @throws ParameterError unless beta >= 0; otherwise as {@link precisionScore}
 *
 * @example
 * ```ts
 * await precisionRecallFscoreSupport([0, 1, 1], [0, 1, 0]);
 * // { precision: [0.5, 1], recall: [1, 0.5], fscore: [0.667, 0.667], support: [1, 2] }
 * ```
 */
export async function precisionRecallFscoreSupport<A extends Average = null>(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: PrecisionRecallFscoreOptions<A> = {},
): Promise<PrecisionRecallFscore<A>> {
  return scored(precisionRecallFscoreKernel<A>(options), yTrue, yPred, options, ["beta"]);
}

async function scored<R>(
  kernel: MetricKernel<ClassSums, R>,
  yTrue: LabelValues,
  yPred: LabelValues,
  options: MetricOptions,
  own: readonly string[] = [],
): Promise<R> {
  checkOptions(kernel.name, options, ["average", "posLabel", "labels", "zeroDivision", ...own]);
  const [score] = await metricPass([kernel], { yTrue, yPred, sampleWeight: options.sampleWeight }, options);
  return score as R;
}

/** What all kernels over {@link ClassSums} share. */
export function classSumsBase(
  name: string,
): Pick<MetricKernel<ClassSums>, "name" | "needs" | "textLabels" | "step" | "args" | "check" | "combine"> {
  return {
    name,
    needs: ["yTrue", "yPred"],
    textLabels: true,
    step: CLASS_SUMS_STEP,
    args: () => undefined,
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yPred", inputs.yPred);
    },
    combine: (a, b) => mergeClassSums(name, a, b),
  };
}

function ratioKernel<A extends Average>(
  name: string,
  of: Of,
  options: PrecisionKernelOptions<A>,
): MetricKernel<ClassSums, AveragedScore<A>> {
  const average: Average =
    options.average === null
      ? null
      : (oneOf<string>(name, "average", options.average, "binary", [
          "binary",
          "micro",
          "macro",
          "weighted",
        ]) as Average);
  const labels = checkLabels(name, options.labels);
  if (labels && average === "binary") {
    throw new ParameterError(
      `${name}: labels has no meaning with average "binary". Name the positive class as posLabel, or pass another average.`,
    );
  }
  if (options.posLabel !== undefined && average !== "binary") {
    throw new ParameterError(
      `${name}: posLabel has no meaning with average ${show(average)}. Pass labels: [posLabel].`,
    );
  }
  const zero = options.zeroDivision ?? 0;
  if (typeof zero !== "number" || !(Number.isNaN(zero) || (zero >= 0 && zero <= 1))) {
    throw new ParameterError(`${name}: zeroDivision must be a number in [0, 1] or NaN; got ${show(zero)}.`);
  }
  const ratio = (hits: number, predicted: number, actual: number): number => {
    const [above, below] = of(hits, predicted, actual);
    return below === 0 ? zero : above / below;
  };
  return {
    ...classSumsBase(name),
    labels: labels ?? (options.posLabel === undefined ? undefined : [options.posLabel]),
    finish(total, totals) {
      const wanted = labels?.map((label) => totals.codes.encode(name, label));
      const codes =
        average === "binary" ? [positiveCode(name, total, options.posLabel, totals)] : (wanted ?? total.labels);
      const places = new Map(total.labels.map((label, k) => [label, k]));
      const at = (values: Float64Array): number[] =>
        codes.map((code) => {
          const place = places.get(code);
          return place === undefined ? 0 : (values[place] as number);
        });
      const [hits, predicted, actual] = [at(total.hits), at(total.predicted), at(total.actual)];
      const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
      if (average === "micro") return ratio(sum(hits), sum(predicted), sum(actual)) as AveragedScore<A>;
      const scores = hits.map((hit, k) => ratio(hit, predicted[k] as number, actual[k] as number));
      if (average === null) return scores as AveragedScore<A>;
      return meanOf(scores, average === "weighted" ? actual : undefined) as AveragedScore<A>;
    },
  };
}

/** Mean of the scores that are not NaN; unweighted where the weights sum to 0. */
export function meanOf(scores: readonly number[], weights?: readonly number[]): number {
  const kept = scores.map((score, k) => [score, weights?.[k] ?? 1] as const).filter(([score]) => !Number.isNaN(score));
  const weight = kept.reduce((sum, [, w]) => sum + w, 0);
  if (kept.length === 0) return NaN;
  if (weight === 0) return kept.reduce((sum, [score]) => sum + score, 0) / kept.length;
  return kept.reduce((sum, [score, w]) => sum + score * w, 0) / weight;
}

function positiveCode(name: string, total: ClassSums, posLabel: Label | undefined, { codes }: MetricTotals): number {
  const found = total.labels.map((code) => codes.decode(code));
  if (found.length > 2) {
    throw new DataError(
      `${name}: yTrue and yPred have ${found.length} classes (${found.slice(0, 5).map(show).join(", ")}), and average is "binary". Pass average: "macro", "micro", "weighted" or null.`,
    );
  }
  if (posLabel === undefined && typeof found[0] === "string") {
    throw new ParameterError(
      `${name}: the labels are texts, so the positive class has to be named. Pass posLabel: ${show(found.at(-1))}.`,
    );
  }
  const positive = codes.encode(name, posLabel ?? 1);
  if (!total.labels.includes(positive) && found.length === 2) {
    throw new DataError(
      `${name}: posLabel ${show(posLabel ?? 1)} is none of the labels ${found.map(show).join(", ")}. Name one of them as posLabel.`,
    );
  }
  return positive;
}
