import { ParamTable } from "../src/base/params.js";
import type { EstimatorJson } from "../src/estimator/estimator.js";
import { registerEstimator } from "../src/estimator/registry.js";
import { belowRate } from "./score-rules.js";
import { testFunctionField, UnivariateSelector, type TestFunction } from "./univariate-selection.js";

/** Parameters of {@link SelectFpr}. */
export interface SelectFprParams {
  scoreFunc: TestFunction;
  alpha: number;
}

const TABLE = new ParamTable<SelectFprParams>("SelectFpr", (z) =>
  z.object({
    scoreFunc: testFunctionField(z),
    alpha: z.number().gt(0).max(1).default(0.05).describe("the probability below which a column is kept"),
  }),
);

/**
 * Keeps the columns whose score has a probability below `alpha`: of columns that tell nothing about the target, the share
 * `alpha` is kept (the false positive rate).
 *
 * Sums, weights, sparse X, `partialFit` and `merge` are those of {@link SelectKBest}; columns without a probability
 * (constant ones) are not kept.
 *
 * @example
 * ```ts
 * const selector = await new SelectFpr({ alpha: 0.05 }).fit({ a: [1, 2, 1, 2], b: [1, 1.1, 5, 6] }, [0, 0, 1, 1]);
 * selector.getFeatureNamesOut(); // ["b"]
 * ```
 */
export class SelectFpr extends UnivariateSelector<SelectFprParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SelectFprParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SelectFpr {
    return new SelectFpr().restore(json);
  }

  /** The selector of the union of what two selectors have seen, with the parameters of the first. @throws DataError for other columns or scores */
  static merge(a: SelectFpr, b: SelectFpr): SelectFpr {
    return a.scoredWith(b);
  }

  getSupport(): boolean[] {
    return belowRate(this.pValues, this.params.alpha);
  }
}

registerEstimator("SelectFpr", SelectFpr);
