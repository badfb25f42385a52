import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { highest } from "./score-rules.js";
import { scoreRule, UnivariateSelector, type ScoreFunction } from "./univariate-selection.js";

/** Parameters of {@link SelectKBest}. */
export interface SelectKBestParams {
  scoreFunc: ScoreFunction;
  k: number | "all";
}

const TABLE = new ParamTable<SelectKBestParams>("SelectKBest", (z) =>
  z.object({
    scoreFunc: scoreRule(z),
    k: z
      .union([z.int().min(1), z.literal("all")])
      .default(10)
      .describe("columns to keep; all when there are not more"),
  }),
);

/**
 * Keeps the k columns with the highest scores against the target: the F statistic of an analysis of variance ("fClassif",
 * labels), of a line through the column ("fRegression", numbers), chi-square ("chi2", labels; X holds counts), or mutual
 * information ("mutualInfoClassif", "mutualInfoRegression"; see {@link mutualInfoClassif}). Of equal
 * scores the later columns are kept; columns without a score (constant ones) come last.
 *
 * Sums of a partition merge exactly as moments do, so scores do not depend on partitions beyond rounding. X: `(nRows,
 * nFeatures)`, dense or CSR; NaN and infinities are an error. Weight 2 counts a row twice: the degrees of freedom are those
 * of the sum of weights. `partialFit` and {@link merge} equal one fit on all rows up to rounding. `transform` is lazy for
 * distributed X and copies nothing of dense columns.
 *
 * @example
 * ```ts
 * const selector = await new SelectKBest({ k: 1 }).fit({ a: [1, 2, 1, 2], b: [1, 1, 5, 6] }, [0, 0, 1, 1]);
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class SelectKBest extends UnivariateSelector<SelectKBestParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SelectKBestParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SelectKBest {
    return new SelectKBest().restore(json);
  }

  /** The selector of the union of what two selectors have seen, with the parameters of the first. @throws DataError for other columns or scores */
  static merge(a: SelectKBest, b: SelectKBest): SelectKBest {
    return a.scoredWith(b);
  }

  getSupport(): boolean[] {
    return highest(this.rankable, this.params.k);
  }
}

registerEstimator("SelectKBest", SelectKBest);
