import { ParameterError, show } from "../base/errors.js";
import type { MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricInputs, type PassOptions } from "./metric-pass.js";
import { getScorer, type Scorer } from "./scorer.js";

/** What {@link scoreMetrics} computes from: what the named metrics need of predictions, scores and probabilities. */
export interface ScoreMetricsInputs extends MetricInputs {
  /** The classes as numbers, ascending: scorers of the positive class take the second of two. Those in yTrue unless given. */
  readonly classes?: readonly number[] | undefined;
}

/**
 * Several metrics of the same rows in one pass, by the names of scorers: each partition is read, converted and checked
 * once, and metrics of one family share their sums. Values are those of scorers: greater is better, losses are negative.
 *
 * `yScore` stands for decisions; where it is not given, `yProba` does. Memory as each metric says.
 *
 * @returns the values by name
 * @throws ParameterError for an unknown name, one given twice, a scorer that is a function, and an input that a metric
 *   needs; DataError for rows that do not match, and what the metrics throw
 *
 * @example
 * ```ts
 * const { accuracy, roc_auc } = await scoreMetrics(["accuracy", "roc_auc"], { yTrue, yPred, yProba });
 * ```
 */
export async function scoreMetrics<const N extends readonly string[]>(
  names: N,
  inputs: ScoreMetricsInputs,
  options: PassOptions = {},
): Promise<Record<N[number], number>> {
  const owner = "scoreMetrics";
  if (!Array.isArray(names) || names.length === 0)
    throw new ParameterError(`${owner}: names must be a list of at least one scorer; got ${show(names)}.`);
  if (new Set(names).size < names.length)
    throw new ParameterError(`${owner}: names has one scorer twice: ${show(names)}. Name each once.`);
  const scorers: readonly Scorer[] = names.map((name: string) => getScorer(name));
  const classes = inputs.classes ?? [];
  const kernels: MetricKernel<unknown, number>[] = scorers.map((scorer) => {
    if (scorer.kernel) return scorer.kernel(classes);
    throw new ParameterError(`${owner}: ${show(scorer.name)} is a function of its own. Call it by itself.`);
  });
  const values = await metricPass(kernels, { ...inputs, yScore: inputs.yScore ?? inputs.yProba }, options);
  const scores = scorers.map((scorer, k) => [scorer.name, scorer.sign * (values[k] as number)] as const);
  return Object.fromEntries(scores) as Record<N[number], number>;
}
