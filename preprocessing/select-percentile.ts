import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { highestShare } from "./score-rules.js";
import { scoreRule, UnivariateSelector, type ScoreFunction } from "./univariate-selection.js";

/** Parameters of {@link SelectPercentile}. */
export interface SelectPercentileParams {
  scoreFunc: ScoreFunction;
  percentile: number;
}

const TABLE = new ParamTable<SelectPercentileParams>("SelectPercentile", (z) =>
  z.object({
    scoreFunc: scoreRule(z),
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
    return a.scoredWith(b);
  }

  getSupport(): boolean[] {
    return highestShare(this.rankable, this.params.percentile);
  }
}

registerEstimator("SelectPercentile", SelectPercentile);
