import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { sortedQuantiles } from "./sorted-quantiles.js";
import { SCORE_FUNCTIONS, UnivariateSelector, type ScoreFunction } from "./univariate-selection.js";

/** Parameters of {@link SelectPercentile}. */
export interface SelectPercentileParams {
  scoreFunc: ScoreFunction;
  percentile: number;
}

const TABLE = new ParamTable<SelectPercentileParams>("SelectPercentile", (z) =>
  z.object({
    scoreFunc: z
      .enum(SCORE_FUNCTIONS)
      .default("fClassif")
      .describe(
        "analysis of variance for classes, the F test of a line for numbers, or chi-square for counts and classes",
      ),
    percentile: z.number().gt(0).max(100).default(10).describe("share of the columns to keep, in percent"),
  }),
);

/**
 * Keeps the columns whose score is above the (100 − percentile)th percentile of all scores; see SelectKBest for the scores.
 * Columns whose score is exactly there are kept, first ones first, as long as their number stays within the share.
 *
 * X: `(nRows, nFeatures)`, dense or CSR; NaN and infinities are an error. Weight 2 counts a row twice. `partialFit` and
 * {@link merge} equal one fit on all rows up to rounding. `transform` is lazy for distributed X and copies nothing of dense
 * columns.
 *
 * @example
 * ```ts
 * const selector = await new SelectPercentile({ percentile: 50 }).fit({ a: [1, 2, 1, 2], b: [1, 1, 5, 6] }, [0, 0, 1, 1]);
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class SelectPercentile extends UnivariateSelector<SelectPercentileParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SelectPercentileParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SelectPercentile {
    return new SelectPercentile().restore(json);
  }

  /** The selector of the union of what two selectors have seen, with the parameters of the first. @throws DataError for other columns or scores */
  static merge(a: SelectPercentile, b: SelectPercentile): SelectPercentile {
    return a.mergedWith(b);
  }

  getSupport(): boolean[] {
    const scores = this.rankable;
    const { percentile } = this.params;
    if (percentile === 100) return Array.from(scores, () => true);
    const [threshold] = sortedQuantiles(scores, undefined, [(100 - percentile) / 100]) as Iterable<number> as [number];
    const kept = Array.from(scores, (score) => score > threshold);
    let room = Math.trunc((scores.length * percentile) / 100) - kept.filter(Boolean).length;
    scores.forEach((score, j) => {
      if (score !== threshold || room <= 0) return;
      kept[j] = true;
      room -= 1;
    });
    return kept;
  }
}

registerEstimator("SelectPercentile", SelectPercentile);
