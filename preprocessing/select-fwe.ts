import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { belowFamilyRate } from "./score-rules.js";
import { testFunctionField, UnivariateSelector, type TestFunction } from "./univariate-selection.js";

/** Parameters of {@link SelectFwe}. */
export interface SelectFweParams {
  scoreFunc: TestFunction;
  alpha: number;
}

const TABLE = new ParamTable<SelectFweParams>("SelectFwe", (z) =>
  z.object({
    scoreFunc: testFunctionField(z),
    alpha: z.number().gt(0).max(1).default(0.05).describe("the probability that any column is kept that tells nothing"),
  }),
);

/**
 * Keeps the columns whose score has a probability below `alpha / nFeatures` (Bonferroni): that any column is kept which tells
 * nothing about the target has at most the probability `alpha` (the family-wise error).
 *
 * Sums, weights, sparse X, `partialFit` and `merge` are those of {@link SelectKBest}; columns without a probability
 * (constant ones) are not kept.
 *
 * @example
 * ```ts
 * const selector = await new SelectFwe({ alpha: 0.05 }).fit({ a: [1, 2, 1, 2], b: [1, 1.1, 5, 6] }, [0, 0, 1, 1]);
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class SelectFwe extends UnivariateSelector<SelectFweParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SelectFweParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SelectFwe {
    return new SelectFwe().restore(json);
  }

  /** The selector of the union of what two selectors have seen, with the parameters of the first. @throws DataError for other columns or scores */
  static merge(a: SelectFwe, b: SelectFwe): SelectFwe {
    return a.scoredWith(b);
  }

  getSupport(): boolean[] {
    return belowFamilyRate(this.pValues, this.params.alpha);
  }
}

registerEstimator("SelectFwe", SelectFwe);
