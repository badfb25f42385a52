import type { ConfusionCounts } from "./classification-steps.js";
import type { ClassSums } from "./class-sums-steps.js";
import { confusionCounting } from "./confusion-matrix.js";
import type { LabelValues } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkLabels, checkOptions, oneOf } from "./options.js";
import { classSumsBase, meanOf } from "./precision-recall.js";

/** Options of {@link balancedAccuracyScore}. */
export interface BalancedAccuracyOptions extends MetricOptions {
  /** true: shifted and scaled so that guessing scores 0. */
  readonly adjusted?: boolean | undefined;
}

/** How far apart two labels are for {@link cohenKappaScore}: by the distance of their places, or its square. */
export type KappaWeights = "linear" | "quadratic";

/** What {@link cohenKappaScore} takes beside the options of every metric. */
export interface CohenKappaKernelOptions {
  /** The labels to count, in the order that `weights` goes by; all that occur, ascending, unless given. */
  readonly labels?: readonly Label[] | undefined;
  /** All disagreements weigh the same unless given. */
  readonly weights?: KappaWeights | undefined;
}

/** Options of {@link cohenKappaScore}. */
export interface CohenKappaOptions extends MetricOptions, CohenKappaKernelOptions {}

/** {@link balancedAccuracyScore} as part of a pass. */
export function balancedAccuracyKernel(
  options: { readonly adjusted?: boolean | undefined } = {},
): MetricKernel<ClassSums, number> {
  const name = "balancedAccuracyScore";
  const adjusted = oneOf(name, "adjusted", options.adjusted, false, [true, false]);
  return {
    ...classSumsBase(name),
    finish(total) {
      const recalls = Array.from(total.hits, (hits, k) => hits / (total.actual[k] as number)).filter(
        (_, k) => (total.actual[k] as number) > 0,
      );
      const score = meanOf(recalls);
      const chance = 1 / recalls.length;
      return adjusted ? (score - chance) / (1 - chance) : score;
    },
  };
}

/** {@link matthewsCorrcoef} as part of a pass. */
export function matthewsKernel(): MetricKernel<ClassSums, number> {
  return {
    ...classSumsBase("matthewsCorrcoef"),
    finish({ hits, predicted, actual }) {
      // In shares of the weight, so that nothing overflows.
      const all = actual.reduce((sum, value) => sum + value, 0);
      const dot = (a: Float64Array, b: Float64Array): number =>
        a.reduce((sum, value, k) => sum + (value / all) * ((b[k] as number) / all), 0);
      const agree = hits.reduce((sum, value) => sum + value, 0) / all;
      // One label only has no spread; the difference of rounded sums need not be 0 then.
      const spread = (side: Float64Array): number =>
        side.filter((value) => value > 0).length < 2 ? 0 : 1 - dot(side, side);
      const product = spread(predicted) * spread(actual);
      return product <= 0 ? 0 : (agree - dot(actual, predicted)) / Math.sqrt(product);
    },
  };
}

/** {@link cohenKappaScore} as part of a pass. */
export function cohenKappaKernel(options: CohenKappaKernelOptions = {}): MetricKernel<ConfusionCounts, number> {
  const name = "cohenKappaScore";
  const labels = checkLabels(name, options.labels);
  const weights = oneOf<KappaWeights | "equal">(name, "weights", options.weights, "equal", ["linear", "quadratic"]);
  return {
    ...confusionCounting(name, labels),
    finish({ labels: found, counts }) {
      const size = found.length;
      const rows = new Float64Array(size);
      const columns = new Float64Array(size);
      let all = 0;
      counts.forEach((count, cell) => {
        const [i, j] = [Math.floor(cell / size), cell % size];
        rows[i] = (rows[i] as number) + count;
        columns[j] = (columns[j] as number) + count;
        all += count;
      });
      let observed = 0;
      let expected = 0;
      counts.forEach((count, cell) => {
        const [i, j] = [Math.floor(cell / size), cell % size];
        const apart = Math.abs(i - j);
        const weight = weights === "equal" ? Math.min(1, apart) : weights === "linear" ? apart : apart * apart;
        observed += weight * count;
        expected += (weight * (rows[i] as number) * (columns[j] as number)) / all;
      });
      return expected === 0 ? NaN : 1 - observed / expected;
    },
  };
}

/**
 * Mean of the classes' recalls: the accuracy as if all classes that occur in yTrue had the same weight.
 *
 * One pass, shared with {@link precisionScore} and its relatives in `metricPass`.
 *
 * @example
 * ```ts
 * await balancedAccuracyScore([0, 0, 0, 1], [0, 0, 1, 1]); // 0.8333
 * ```
 */
export async function balancedAccuracyScore(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: BalancedAccuracyOptions = {},
): Promise<number> {
  checkOptions("balancedAccuracyScore", options, ["adjusted"]);
  return scored(balancedAccuracyKernel(options), yTrue, yPred, options);
}

/**
 * Correlation of prediction and truth, by Matthews, for any number of classes (R_K of Gorodkin 2004): 1 is perfect, 0
 * as
 * good as chance; 0 where one side has one class only. One pass, shared with {@link precisionScore}.
 */
export async function matthewsCorrcoef(
  yTrue: LabelValues,
  yPred: LabelValues,
  options: MetricOptions = {},
): Promise<number> {
  checkOptions("matthewsCorrcoef", options);
  return scored(matthewsKernel(), yTrue, yPred, options);
}

/**
 * Agreement of two labellings beyond chance: 1 - Σ d·observed / Σ d·expected, where d is how far apart two labels are.
 * NaN where chance alone agrees fully (one label on both sides). One pass; memory and limits as {@link
 * confusionMatrix}.
 */
export async function cohenKappaScore(
  y1: LabelValues,
  y2: LabelValues,
  options: CohenKappaOptions = {},
): Promise<number> {
  checkOptions("cohenKappaScore", options, ["labels", "weights"]);
  return scored(cohenKappaKernel(options), y1, y2, options);
}

async function scored<P>(
  kernel: MetricKernel<P, number>,
  yTrue: LabelValues,
  yPred: LabelValues,
  options: MetricOptions,
): Promise<number> {
  const [score] = await metricPass([kernel], { yTrue, yPred, sampleWeight: options.sampleWeight }, options);
  return score as number;
}
