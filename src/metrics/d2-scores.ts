import { mergeBinaryTables, type BinaryTable } from "../numeric/binary-table.js";
import { CompensatedSum } from "../numeric/compensated-sum.js";
import { ABSOLUTE_D2_STEP, LOG_LOSS_D2_STEP, type AbsoluteD2, type LogLossD2 } from "./d2-steps.js";
import { requireVector, type LabelValues, type MetricValues } from "./inputs.js";
import { logLossKernel, type LogLossKernelOptions } from "./log-loss.js";
import type { MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { checkOptions } from "./options.js";
import { common, scored } from "./regression.js";

/** Options of {@link d2LogLossScore}. */
export interface D2LogLossOptions extends MetricOptions, Pick<LogLossKernelOptions, "labels"> {}

/** {@link d2AbsoluteErrorScore} as part of a pass. */
export function d2AbsoluteErrorKernel(): MetricKernel<AbsoluteD2, number> {
  const name = "d2AbsoluteErrorScore";
  return {
    ...common(name),
    step: ABSOLUTE_D2_STEP,
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yPred", inputs.yPred);
    },
    combine: (a, b) => ({
      rows: a.rows + b.rows,
      error: a.error + b.error,
      targets: mergeBinaryTables(name, a.targets, b.targets),
    }),
    finish({ rows, error, targets }, { weight }) {
      if (rows < 2) return NaN;
      const worst = distanceFromMedian(targets, weight);
      return worst === 0 ? (error === 0 ? 1 : 0) : 1 - error / worst;
    },
  };
}

/** {@link d2LogLossScore} as part of a pass. */
export function d2LogLossKernel(options: Pick<LogLossKernelOptions, "labels"> = {}): MetricKernel<LogLossD2, number> {
  const name = "d2LogLossScore";
  const base = logLossKernel({ ...options, normalize: false });
  return {
    ...base,
    name,
    step: LOG_LOSS_D2_STEP,
    combine(a, b) {
      const labels = [...new Set([...a.labels, ...b.labels])].sort((p, q) => p - q);
      const weight = (part: LogLossD2, label: number): number => part.weights[part.labels.indexOf(label)] ?? 0;
      return {
        rows: a.rows + b.rows,
        losses: base.combine(a.losses, b.losses),
        labels,
        weights: labels.map((label) => weight(a, label) + weight(b, label)),
      };
    },
    finish(total, totals) {
      const loss = base.finish(total.losses, totals);
      if (total.rows < 2) return NaN;
      // The best constant probabilities are the classes' shares; their loss is the entropy.
      const worst = total.weights.reduce((sum, w) => sum - w * Math.log(w / totals.weight), 0);
      return 1 - loss / worst;
    },
  };
}

/**
 * Share of the absolute error that is explained: 1 - Σ w·|t - p| / Σ w·|t - median t|, one target. 1 is perfect, 0 as
 * good
 * as the median; a constant target scores 1 when the prediction is perfect, else 0; NaN for fewer than two rows.
 *
 * One pass, exact: each partition sends its distinct targets (24 bytes each), which the driver merges.
 */
export async function d2AbsoluteErrorScore(
  yTrue: MetricValues,
  yPred: MetricValues,
  options: MetricOptions = {},
): Promise<number> {
  return scored(d2AbsoluteErrorKernel(), yTrue, yPred, options, []);
}

/**
 * Share of the log loss that is explained: 1 - logLoss / (log loss of the classes' own shares). 1 is perfect, 0 as
 * good as
 * always giving the shares; -Infinity where yTrue has one class only and the probabilities are not certain of it; NaN
 * for
 * fewer than two rows. One pass; labels, limits and errors as {@link logLoss}.
 */
export async function d2LogLossScore(
  yTrue: LabelValues,
  yProba: MetricValues,
  options: D2LogLossOptions = {},
): Promise<number> {
  checkOptions("d2LogLossScore", options, ["labels"]);
  const [score] = await metricPass(
    [d2LogLossKernel(options)],
    { yTrue, yProba, sampleWeight: options.sampleWeight },
    options,
  );
  return score;
}

/** Σ w·|t - m| for a weighted median m, which is the least of all constants. */
function distanceFromMedian({ score, second }: BinaryTable, weight: number): number {
  let below = 0;
  let k = 0;
  while (k < score.length - 1 && below + (second[k] as number) < weight / 2) below += second[k++] as number;
  const median = score[k] ?? 0;
  const sum = new CompensatedSum();
  score.forEach((value, i) => sum.add((second[i] as number) * Math.abs(value - median)));
  return sum.value;
}
