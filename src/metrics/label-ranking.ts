import { DataError, ParameterError, show } from "../base/errors.js";
import type { MetricValues } from "./inputs.js";
import { LABEL_RANKING_STEP, type RankingMeasure } from "./label-ranking-steps.js";
import type { MetricKernel } from "./metric-kernel.js";
import { metricPass, type MetricOptions } from "./metric-pass.js";
import { requireSameWidth } from "./multilabel.js";
import { checkOptions } from "./options.js";

/** Options of {@link dcgScore} and {@link ndcgScore}. */
export interface NdcgOptions extends MetricOptions {
  /** Only the k largest scores of a row count; all unless given. */
  readonly k?: number | undefined;
}

/** Options of {@link dcgScore}. */
export interface DcgOptions extends NdcgOptions {
  /** Base of the logarithm of the discount: 2 unless given. */
  readonly logBase?: number | undefined;
}

function rankingKernel(name: string, measure: RankingMeasure, fewest: number): MetricKernel<number, number> {
  return {
    name,
    needs: ["yTrue", "yScore"],
    textLabels: false,
    step: LABEL_RANKING_STEP,
    args: () => ({ ...measure }),
    check(inputs) {
      requireSameWidth(name, "yScore", inputs);
      const width = inputs.yTrue?.width ?? 0;
      if (width < fewest)
        throw new DataError(
          `${name}: yTrue has ${width} column; a ranking needs one column for each of ${fewest} or more labels.`,
        );
    },
    combine: (a, b) => a + b,
    finish: (sum, { weight }) => sum / weight,
  };
}

/** @throws ParameterError unless k is a positive integer or absent */
export function checkCut(name: string, k: number | undefined): { k?: number } {
  if (k === undefined) return {};
  if (!Number.isInteger(k) || k < 1) throw new ParameterError(`${name}: k must be an integer >= 1; got ${show(k)}.`);
  return { k };
}

/** {@link dcgScore} as part of a pass. */
export function dcgKernel(options: Pick<DcgOptions, "k" | "logBase"> = {}): MetricKernel<number, number> {
  const name = "dcgScore";
  const { logBase = 2 } = options;
  if (!(typeof logBase === "number" && logBase > 1 && Number.isFinite(logBase)))
    throw new ParameterError(`${name}: logBase must be a number > 1; got ${show(logBase)}.`);
  return rankingKernel(name, { measure: "dcg", ...checkCut(name, options.k), logBase }, 1);
}

/** {@link ndcgScore} as part of a pass. */
export function ndcgKernel(options: Pick<NdcgOptions, "k"> = {}): MetricKernel<number, number> {
  const name = "ndcgScore";
  return rankingKernel(name, { measure: "ndcg", ...checkCut(name, options.k), logBase: 2 }, 2);
}

/** {@link coverageError} as part of a pass. */
export function coverageKernel(): MetricKernel<number, number> {
  return rankingKernel("coverageError", { measure: "coverage" }, 1);
}

/** {@link labelRankingLoss} as part of a pass. */
export function labelRankingLossKernel(): MetricKernel<number, number> {
  return rankingKernel("labelRankingLoss", { measure: "loss" }, 1);
}

/** {@link labelRankingAveragePrecisionScore} as part of a pass. */
export function labelRankingPrecisionKernel(): MetricKernel<number, number> {
  return rankingKernel("labelRankingAveragePrecisionScore", { measure: "precision" }, 1);
}

/**
 * Discounted cumulative gain (Järvelin and Kekäläinen 2002): mean by weight over the rows of Σ gain / log(rank + 1), ranks
 * by descending score. Equal scores share the mean gain of their ranks (McSherry and Najork 2008).
 *
 * `yTrue` (gains) and `yScore` are n x labels. One pass.
 */
export async function dcgScore(yTrue: MetricValues, yScore: MetricValues, options: DcgOptions = {}): Promise<number> {
  return ranked(dcgKernel(options), yTrue, yScore, options, ["k", "logBase"]);
}

/**
 * {@link dcgScore} of each row as a share of the best that its gains allow, 0 for rows without any gain; gains >= 0.
 *
 * @example
 * ```ts
 * await ndcgScore([[10, 0, 0, 1, 5]], [[0.1, 0.2, 0.3, 4, 70]]); // 0.6957
 * ```
 */
export async function ndcgScore(yTrue: MetricValues, yScore: MetricValues, options: NdcgOptions = {}): Promise<number> {
  return ranked(ndcgKernel(options), yTrue, yScore, options, ["k"]);
}

/**
 * How far down the ranking one has to go to cover all labels of a row, on average; 0 for rows without labels. `yTrue` is
 * n x labels of 0 and 1. One pass.
 */
export async function coverageError(
  yTrue: MetricValues,
  yScore: MetricValues,
  options: MetricOptions = {},
): Promise<number> {
  return ranked(coverageKernel(), yTrue, yScore, options, []);
}

/**
 * Mean share of the pairs (label of the row, other label) that are ranked the wrong way or tied; 0 for rows with all or
 * no labels (Tsoumakas, Katakis and Vlahavas 2010). One pass, O(labels²) a row.
 */
export async function labelRankingLoss(
  yTrue: MetricValues,
  yScore: MetricValues,
  options: MetricOptions = {},
): Promise<number> {
  return ranked(labelRankingLossKernel(), yTrue, yScore, options, []);
}

/**
 * Mean over the labels of a row, then over the rows by weight, of the share of labels of the row among those ranked at
 * least as high; 1 for rows with all or no labels. One pass, O(labels²) a row.
 */
export async function labelRankingAveragePrecisionScore(
  yTrue: MetricValues,
  yScore: MetricValues,
  options: MetricOptions = {},
): Promise<number> {
  return ranked(labelRankingPrecisionKernel(), yTrue, yScore, options, []);
}

async function ranked(
  kernel: MetricKernel<number, number>,
  yTrue: MetricValues,
  yScore: MetricValues,
  options: MetricOptions,
  own: readonly string[],
): Promise<number> {
  checkOptions(kernel.name, options, own);
  const [score] = await metricPass([kernel], { yTrue, yScore, sampleWeight: options.sampleWeight }, options);
  return score as number;
}
