import { DataError, ParameterError, show } from "../base/errors.js";
import { logGamma } from "../numeric/gamma.js";
import { comparedClusterings, contingencyKernel, type ContingencySums } from "./contingency.js";
import type { Contingency } from "./contingency-steps.js";
import type { LabelValues } from "./inputs.js";
import type { MetricKernel } from "./metric-kernel.js";
import type { MetricOptions } from "./metric-pass.js";
import { oneOf } from "./options.js";

/** How the entropies of the two labellings are averaged. */
export type EntropyAverage = "min" | "geometric" | "arithmetic" | "max";

/** Options of {@link normalizedMutualInfoScore} and {@link adjustedMutualInfoScore}. */
export interface MutualInfoOptions extends MetricOptions {
  /** What mutual information is compared with: a mean of both entropies; "arithmetic" unless given. */
  readonly averageMethod?: EntropyAverage | undefined;
}

/** Options of {@link vMeasureScore}. */
export interface VMeasureOptions extends MetricOptions {
  /** Above 1 weighs completeness more, below 1 homogeneity. 1 unless given. */
  readonly beta?: number | undefined;
}

/** What {@link homogeneityCompletenessVMeasure} computes. */
export interface VMeasures {
  readonly homogeneity: number;
  readonly completeness: number;
  readonly vMeasure: number;
}

function entropy(counts: Float64Array, all: number): number {
  if (counts.length <= 1) return 0;
  return -counts.reduce((sum, n) => sum + (n / all) * (Math.log(n) - Math.log(all)), 0);
}

function mutualInformation({ all, rows, columns, row, column, weight }: ContingencySums): number {
  let sum = 0;
  weight.forEach((w, k) => {
    const [a, b] = [rows[row[k] as number] as number, columns[column[k] as number] as number];
    // One label on a side leaves log 1: exactly 0, not the rounding of its parts.
    if (w === a && b === all) return;
    if (w === b && a === all) return;
    sum += (w / all) * (Math.log(w) - Math.log(all) - Math.log(a / all) - Math.log(b / all));
  });
  return Math.max(0, sum);
}

function mean(method: EntropyAverage, a: number, b: number): number {
  if (method === "min") return Math.min(a, b);
  if (method === "max") return Math.max(a, b);
  return method === "geometric" ? Math.sqrt(a * b) : (a + b) / 2;
}

function alike({ rows, columns }: ContingencySums): boolean {
  return (rows.length === columns.length && rows.length <= 1) || rows.length === 0;
}

function averageMethod(name: string, value: EntropyAverage | undefined): EntropyAverage {
  return oneOf<EntropyAverage>(name, "averageMethod", value, "arithmetic", ["min", "geometric", "arithmetic", "max"]);
}

/** {@link mutualInfoScore} as part of a pass. */
export function mutualInfoKernel(): MetricKernel<Contingency, number> {
  return contingencyKernel("mutualInfoScore", mutualInformation);
}

/** {@link normalizedMutualInfoScore} as part of a pass. */
export function normalizedMutualInfoKernel(method?: EntropyAverage): MetricKernel<Contingency, number> {
  const name = "normalizedMutualInfoScore";
  const by = averageMethod(name, method);
  return contingencyKernel(name, (sums) => {
    if (alike(sums)) return 1;
    const information = mutualInformation(sums);
    if (information <= Number.EPSILON) return 0;
    return information / mean(by, entropy(sums.rows, sums.all), entropy(sums.columns, sums.all));
  });
}

/** {@link adjustedMutualInfoScore} as part of a pass. */
export function adjustedMutualInfoKernel(method?: EntropyAverage): MetricKernel<Contingency, number> {
  const name = "adjustedMutualInfoScore";
  const by = averageMethod(name, method);
  return contingencyKernel(name, (sums) => {
    if (alike(sums)) return 1;
    if (sums.rows.length === 1 || sums.columns.length === 1) return 0;
    const odd = [...sums.rows, ...sums.columns].find((count) => !Number.isInteger(count));
    if (odd !== undefined) {
      throw new DataError(
        `${name}: the weight of a label is ${odd}; the expectation over random labellings needs counts. Use integer weights, or normalizedMutualInfoScore.`,
      );
    }
    const expected = expectedInformation(sums);
    const top = mutualInformation(sums) - expected;
    const bottom = mean(by, entropy(sums.rows, sums.all), entropy(sums.columns, sums.all)) - expected;
    // The average may fall below the expectation by rounding alone; the score keeps its sign then.
    return top / (bottom < 0 ? Math.min(bottom, -Number.EPSILON) : Math.max(bottom, Number.EPSILON));
  });
}

/** {@link homogeneityCompletenessVMeasure} as part of a pass. @throws ParameterError unless beta >= 0 */
export function vMeasureKernel(beta = 1, name = "vMeasureScore"): MetricKernel<Contingency, VMeasures> {
  if (!(typeof beta === "number" && beta >= 0))
    throw new ParameterError(`${name}: beta must be >= 0; got ${show(beta)}. 1 weighs both sides alike.`);
  return contingencyKernel(name, (sums) => {
    const [classes, clusters] = [entropy(sums.rows, sums.all), entropy(sums.columns, sums.all)];
    const information = mutualInformation(sums);
    const homogeneity = classes === 0 ? 1 : information / classes;
    const completeness = clusters === 0 ? 1 : information / clusters;
    const below = beta * homogeneity + completeness;
    const vMeasure = homogeneity + completeness === 0 ? 0 : ((1 + beta) * homogeneity * completeness) / below;
    return { homogeneity, completeness, vMeasure };
  });
}

/** One of {@link VMeasures} as part of a pass. */
export function vMeasureOf(part: keyof VMeasures, name: string, beta?: number): MetricKernel<Contingency, number> {
  const kernel = vMeasureKernel(beta, name);
  return { ...kernel, finish: (total, totals) => kernel.finish(total, totals)[part] };
}

/**
 * Mutual information of two labellings in nats: Σ p(a, b) log(p(a, b) / (p(a) p(b))). One pass over one table of label
 * pairs, which all metrics that compare clusterings share in `evaluateMetrics`.
 */
export async function mutualInfoScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  return comparedClusterings(mutualInfoKernel(), labelsTrue, labelsPred, options);
}

/**
 * Mutual information as a share of a mean of both entropies; 1 for clusterings that are equal up to names. Not adjusted
 * for chance: see {@link adjustedMutualInfoScore}. One pass.
 */
export async function normalizedMutualInfoScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MutualInfoOptions = {},
): Promise<number> {
  const kernel = normalizedMutualInfoKernel(options.averageMethod);
  return comparedClusterings(kernel, labelsTrue, labelsPred, options, ["averageMethod"]);
}

/**
 * Mutual information less what random labellings with the same counts share on average, scaled so that equal
 * clusterings score 1 (Vinh, Epps and Bailey 2010). One pass; then O(labels x labels x smaller count) on the driver.
 *
 * @throws DataError for weights whose sums are no integers
 */
export async function adjustedMutualInfoScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MutualInfoOptions = {},
): Promise<number> {
  const kernel = adjustedMutualInfoKernel(options.averageMethod);
  return comparedClusterings(kernel, labelsTrue, labelsPred, options, ["averageMethod"]);
}

/** 1 - H(class | cluster) / H(class): 1 when every cluster has rows of one class only. One pass. */
export async function homogeneityScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  return comparedClusterings(vMeasureOf("homogeneity", "homogeneityScore"), labelsTrue, labelsPred, options);
}

/** 1 - H(cluster | class) / H(cluster): 1 when every class is in one cluster only. One pass. */
export async function completenessScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  return comparedClusterings(vMeasureOf("completeness", "completenessScore"), labelsTrue, labelsPred, options);
}

/** Harmonic mean of homogeneity and completeness, weighed by `beta` (Rosenberg and Hirschberg 2007). One pass. */
export async function vMeasureScore(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: VMeasureOptions = {},
): Promise<number> {
  const kernel = vMeasureOf("vMeasure", "vMeasureScore", options.beta);
  return comparedClusterings(kernel, labelsTrue, labelsPred, options, ["beta"]);
}

/** {@link homogeneityScore}, {@link completenessScore} and {@link vMeasureScore} from one pass. */
export async function homogeneityCompletenessVMeasure(
  labelsTrue: LabelValues,
  labelsPred: LabelValues,
  options: VMeasureOptions = {},
): Promise<VMeasures> {
  const kernel = vMeasureKernel(options.beta, "homogeneityCompletenessVMeasure");
  return comparedClusterings(kernel, labelsTrue, labelsPred, options, ["beta"]);
}

// Mean of the mutual information over all labellings with these counts: the hypergeometric law of each cell. Cells of
// equal counts are the same number, so that many small clusters cost no more than their distinct sizes.
function expectedInformation({ all, rows, columns }: ContingencySums): number {
  const sizes = (counts: Float64Array): [number, number][] => {
    const times = new Map<number, number>();
    for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
    return [...times].sort((a, b) => a[0] - b[0]);
  };
  const logFactorial = (n: number): number => logGamma(n + 1);
  let sum = 0;
  for (const [a, timesA] of sizes(rows)) {
    for (const [b, timesB] of sizes(columns)) {
      const fixed =
        logFactorial(a) + logFactorial(b) + logFactorial(all - a) + logFactorial(all - b) - logFactorial(all);
      let cell = 0;
      for (let n = Math.max(1, a + b - all); n <= Math.min(a, b); n++) {
        const chance =
          fixed - logFactorial(n) - logFactorial(a - n) - logFactorial(b - n) - logFactorial(all - a - b + n);
        cell += (n / all) * (Math.log(all) + Math.log(n) - Math.log(a) - Math.log(b)) * Math.exp(chance);
      }
      sum += timesA * timesB * cell;
    }
  }
  return sum;
}
