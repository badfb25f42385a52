import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { belowDiscoveryRate } from "./score-rules.js";
import { testFunctionField, UnivariateSelector, type TestFunction } from "./univariate-selection.js";

/** Parameters of {@link SelectFdr}. */
export interface SelectFdrParams {
  scoreFunc: TestFunction;
  alpha: number;
}

const TABLE = new ParamTable<SelectFdrParams>("SelectFdr", (z) =>
  z.object({
    scoreFunc: testFunctionField(z),
    alpha: z.number().gt(0).max(1).default(0.05).describe("the share of kept columns that may tell nothing"),
  }),
);

/**
 * Keeps columns by the procedure of Benjamini and Hochberg (1995): of those that are kept, at most the share `alpha` tells
 * nothing about the target, in the mean (the false discovery rate).
 *
 * Sums, weights, sparse X, `partialFit` and `merge` are those of {@link SelectKBest}; columns without a probability
 * (constant ones) are not kept.
 *
 * @example
 * ```ts
 * const selector = await new SelectFdr({ alpha: 0.05 }).fit({ a: [1, 2, 1, 2], b: [1, 1.1, 5, 6] }, [0, 0, 1, 1]);
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class SelectFdr extends UnivariateSelector<SelectFdrParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SelectFdrParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SelectFdr {
    return new SelectFdr().restore(json);
  }

  /** The selector of the union of what two selectors have seen, with the parameters of the first. @throws DataError for other columns or scores */
  static merge(a: SelectFdr, b: SelectFdr): SelectFdr {
    return a.scoredWith(b);
  }

  getSupport(): boolean[] {
    return belowDiscoveryRate(this.pValues, this.params.alpha);
  }
}

registerEstimator("SelectFdr", SelectFdr);
