import { closest, ParameterError, show } from "../base/errors.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import { balancedAccuracyKernel, matthewsKernel } from "./class-agreement.js";
import { accuracyKernel } from "./accuracy.js";
import { averagePrecisionKernel } from "./average-precision.js";
import {
  adjustedMutualInfoKernel,
  mutualInfoKernel,
  normalizedMutualInfoKernel,
  vMeasureOf,
} from "./clustering-information.js";
import { adjustedRandKernel, fowlkesMallowsKernel, randKernel } from "./clustering-pairs.js";
import { brierKernel, topKKernel } from "./column-losses.js";
import { d2AbsoluteErrorKernel, d2LogLossKernel } from "./d2-scores.js";
import {
  d2TweedieKernel,
  meanAbsolutePercentageErrorKernel,
  meanSquaredLogErrorKernel,
  meanTweedieDevianceKernel,
  rootMeanSquaredLogErrorKernel,
} from "./deviance.js";
import { explainedVarianceKernel, maxErrorKernel, medianAbsoluteErrorKernel } from "./error-spread.js";
import { likelihoodRatiosKernel } from "./likelihood-ratios.js";
import { logLossKernel } from "./log-loss.js";
import type { MetricKernel } from "./metric-kernel.js";
import type { MetricOptions } from "./metric-pass.js";
import {
  f1Kernel,
  jaccardKernel,
  precisionKernel,
  recallKernel,
  type Average,
  type AveragedScore,
  type PrecisionKernelOptions,
} from "./precision-recall.js";
import { meanAbsoluteErrorKernel, meanSquaredErrorKernel, r2Kernel, rootMeanSquaredErrorKernel } from "./regression.js";
import { rocAucMulticlassKernel } from "./roc-auc-multiclass.js";
import { rocAucKernel } from "./roc.js";

/** What of an estimator a scorer looks at: labels or targets, probabilities, or scores of the positive class. */
export type ScorerResponse = "predict" | "predictProba" | "decisionFunction";

/** A metric as users write it: truth and response are distributed arrays cut alike. */
export type ScoreFunction = (
  yTrue: DistributedArray,
  response: DistributedArray,
  options: MetricOptions,
) => number | Promise<number>;

/** What a kernel knows of the estimator: its classes as numbers, in order; none for a regressor. */
export type ScorerKernel = (classes: readonly number[]) => MetricKernel<unknown, number>;

/**
 * Scores fitted estimators: greater is better, whatever the metric. Made by {@link makeScorer} and {@link getScorer}.
 */
export interface Scorer {
  readonly name: string;
  /** -1 for losses, whose scores are negative. */
  readonly sign: 1 | -1;
  readonly response: ScorerResponse;
  /** The metric as part of a pass that scorers share; or the function that computes it by itself. */
  readonly kernel?: ScorerKernel;
  readonly function?: ScoreFunction;
}

/** Options of {@link makeScorer}. */
export interface MakeScorerOptions {
  /** For messages and columns: the function's own name unless given. */
  readonly name?: string;
  /** false for losses: their scores are negated. true unless given. */
  readonly greaterIsBetter?: boolean;
  /** "predict" unless given; "decisionFunction" takes the second class's probability where there is no such method. */
  readonly response?: ScorerResponse;
}

/**
 * A scorer from a metric of one's own, or one of the metrics with options bound.
 *
 * @throws ParameterError for what is no function, and options that are not there
 *
 * @example
 * ```ts
 * const f2 = makeScorer((t, p, options) => fbetaScore(t, p, { ...options, beta: 2 }), { name: "f2" });
 * ```
 */
export function makeScorer(score: ScoreFunction, options: MakeScorerOptions = {}): Scorer {
  if (typeof score !== "function") {
    throw new ParameterError(
      `makeScorer: the metric must be a function of (yTrue, response, options); got ${show(score)}.`,
    );
  }
  const unknown = Object.keys(options).find((name) => !["name", "greaterIsBetter", "response"].includes(name));
  if (unknown !== undefined) {
    throw new ParameterError(`makeScorer: unknown option ${show(unknown)}. It takes: name, greaterIsBetter, response.`);
  }
  const response = options.response ?? "predict";
  if (!["predict", "predictProba", "decisionFunction"].includes(response)) {
    throw new ParameterError(
      `makeScorer: response must be one of "predict", "predictProba", "decisionFunction"; got ${show(response)}.`,
    );
  }
  return {
    name: options.name ?? (score.name || "score"),
    sign: options.greaterIsBetter === false ? -1 : 1,
    response,
    function: score,
  };
}

const kernel = (of: ScorerKernel, response: ScorerResponse = "predict", sign: 1 | -1 = 1): Omit<Scorer, "name"> => ({
  sign,
  response,
  kernel: of,
});
const loss = (of: ScorerKernel, response: ScorerResponse = "predict"): Omit<Scorer, "name"> => kernel(of, response, -1);

/** A metric of classes for the positive class (the second of two), and its averages, under scikit-learn's names. */
function averages(
  name: string,
  of: <A extends Average>(options: PrecisionKernelOptions<A>) => MetricKernel<unknown, AveragedScore<A>>,
): Record<string, Omit<Scorer, "name">> {
  const scorer = (
    options: (classes: readonly number[]) => PrecisionKernelOptions<Exclude<Average, null>>,
  ): Omit<Scorer, "name"> => kernel((classes) => of(options(classes)));
  return {
    [name]: scorer((classes) => (classes.length === 2 ? { posLabel: classes[1] } : {})),
    [`${name}_micro`]: scorer(() => ({ average: "micro" })),
    [`${name}_macro`]: scorer(() => ({ average: "macro" })),
    [`${name}_weighted`]: scorer(() => ({ average: "weighted" })),
  };
}

const labels = (classes: readonly number[]): { labels?: readonly number[] } =>
  classes.length > 0 ? { labels: classes } : {};
const positive = (classes: readonly number[]): { posLabel?: number | undefined } =>
  classes.length === 2 ? { posLabel: classes[1] } : {};

const likelihood = (side: "positive" | "negative"): MetricKernel<unknown, number> => {
  const ratios = likelihoodRatiosKernel();
  return {
    ...(ratios as MetricKernel<unknown>),
    finish: (total, totals) => ratios.finish(total as Parameters<typeof ratios.finish>[0], totals)[side],
  };
};

const SCORERS: Readonly<Record<string, Omit<Scorer, "name">>> = {
  accuracy: kernel(() => accuracyKernel()),
  balanced_accuracy: kernel(() => balancedAccuracyKernel()),
  top_k_accuracy: kernel((classes) => topKKernel(labels(classes)), "predictProba"),
  ...averages("precision", precisionKernel),
  ...averages("recall", recallKernel),
  ...averages("f1", f1Kernel),
  ...averages("jaccard", jaccardKernel),
  matthews_corrcoef: kernel(() => matthewsKernel()),
  positive_likelihood_ratio: kernel(() => likelihood("positive")),
  neg_negative_likelihood_ratio: loss(() => likelihood("negative")),
  average_precision: kernel((classes) => averagePrecisionKernel(positive(classes)), "decisionFunction"),
  roc_auc: kernel((classes) => rocAucKernel(positive(classes)), "decisionFunction"),
  roc_auc_ovr: kernel(() => rocAucMulticlassKernel({ multiClass: "ovr" }), "predictProba"),
  roc_auc_ovr_weighted: kernel(
    () => rocAucMulticlassKernel({ multiClass: "ovr", average: "weighted" }),
    "predictProba",
  ),
  roc_auc_ovo: kernel(() => rocAucMulticlassKernel({ multiClass: "ovo" }), "predictProba"),
  roc_auc_ovo_weighted: kernel(
    () => rocAucMulticlassKernel({ multiClass: "ovo", average: "weighted" }),
    "predictProba",
  ),
  neg_log_loss: loss((classes) => logLossKernel(labels(classes)), "predictProba"),
  neg_brier_score: loss((classes) => brierKernel(labels(classes)), "predictProba"),
  adjusted_rand_score: kernel(() => adjustedRandKernel()),
  rand_score: kernel(() => randKernel()),
  fowlkes_mallows_score: kernel(() => fowlkesMallowsKernel()),
  mutual_info_score: kernel(() => mutualInfoKernel()),
  normalized_mutual_info_score: kernel(() => normalizedMutualInfoKernel()),
  adjusted_mutual_info_score: kernel(() => adjustedMutualInfoKernel()),
  homogeneity_score: kernel(() => vMeasureOf("homogeneity", "homogeneityScore")),
  completeness_score: kernel(() => vMeasureOf("completeness", "completenessScore")),
  v_measure_score: kernel(() => vMeasureOf("vMeasure", "vMeasureScore")),
  r2: kernel(() => r2Kernel()),
  explained_variance: kernel(() => explainedVarianceKernel()),
  d2_absolute_error_score: kernel(() => d2AbsoluteErrorKernel()),
  d2_log_loss_score: kernel((classes) => d2LogLossKernel(labels(classes)), "predictProba"),
  d2_tweedie_score: kernel(() => d2TweedieKernel()),
  neg_max_error: loss(() => maxErrorKernel()),
  neg_mean_absolute_error: loss(() => meanAbsoluteErrorKernel()),
  neg_mean_absolute_percentage_error: loss(() => meanAbsolutePercentageErrorKernel()),
  neg_mean_gamma_deviance: loss(() => meanTweedieDevianceKernel({ power: 2 }, "meanGammaDeviance")),
  neg_mean_poisson_deviance: loss(() => meanTweedieDevianceKernel({ power: 1 }, "meanPoissonDeviance")),
  neg_mean_squared_error: loss(() => meanSquaredErrorKernel()),
  neg_mean_squared_log_error: loss(() => meanSquaredLogErrorKernel()),
  neg_median_absolute_error: loss(() => medianAbsoluteErrorKernel()),
  neg_root_mean_squared_error: loss(() => rootMeanSquaredErrorKernel()),
  neg_root_mean_squared_log_error: loss(() => rootMeanSquaredLogErrorKernel()),
};

/** The names that {@link getScorer} knows, in scikit-learn's spelling. */
export function getScorerNames(): string[] {
  return Object.keys(SCORERS).sort();
}

/**
 * A scorer by scikit-learn's name, in its spelling or in camel case (`negLogLoss`). Scorers of the positive class
 * take the
 * second of the estimator's two classes for it. A {@link Scorer} is returned as it is.
 * @throws ParameterError for a name that is not known
 */
export function getScorer(scoring: string | Scorer): Scorer {
  if (typeof scoring !== "string") {
    if (typeof scoring === "object" && scoring !== null && ("kernel" in scoring || "function" in scoring))
      return scoring;
    throw new ParameterError(`getScorer: scoring must be a name or what makeScorer returns; got ${show(scoring)}.`);
  }
  const name = scoring in SCORERS ? scoring : scoring.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const found = Object.hasOwn(SCORERS, name) ? SCORERS[name] : undefined;
  if (found) return { name: scoring, ...found };
  const near = closest(name, getScorerNames());
  throw new ParameterError(
    `getScorer: there is no scorer ${show(scoring)}. ${near ? `Did you mean ${show(near)}? ` : ""}getScorerNames() lists them; makeScorer makes others.`,
  );
}
