import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import {
  coordinateDescentCVFields,
  ElasticNetCVModel,
  type CoordinateDescentCVParams,
} from "./elastic-net-cv-model.js";

/** Parameters of {@link ElasticNetCV}. */
export interface ElasticNetCVParams extends CoordinateDescentCVParams {
  l1Ratio: number | number[];
}

const TABLE = new ParamTable<ElasticNetCVParams>("ElasticNetCV", (z) => {
  const share = z.number().positive().max(1);
  return z.object({
    l1Ratio: z
      .union([share, z.array(share).min(1)])
      .default(0.5)
      .describe("share of the L1 penalty, or several to choose from"),
    ...coordinateDescentCVFields(z),
  });
});

/**
 * {@link ElasticNet} with its penalties chosen by the mean squared error over left-out folds of consecutive rows (weighted
 * by the folds' weights where there are sample weights), then fitted on all rows with the best.
 *
 * One pass over X, as in {@link LassoCV}; each `l1Ratio` has a grid of its own.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (made dense a partition at a time), f64 or f32; y: `(nRows)`. NaN and infinities
 * are an error that names column, partition and row. Not converging is a `ConvergenceWarning` naming fold and penalty.
 *
 * Differs from scikit-learn: `tol` as in {@link ElasticNet}; one target; `alphas` and `msePath` are of the chosen `l1Ratio`
 * alone. The folds are those of its unshuffled `KFold`.
 *
 * @example
 * ```ts
 * const model = await new ElasticNetCV({ l1Ratio: [0.1, 0.5, 0.9] }).fit(X, y);
 * console.log(model.alpha, model.l1Ratio, model.coef);
 * ```
 */
export class ElasticNetCV extends ElasticNetCVModel<ElasticNetCVParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<ElasticNetCVParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): ElasticNetCV {
    return new ElasticNetCV().restore(json);
  }

  protected get l1Shares(): readonly number[] {
    const { l1Ratio } = this.params;
    return typeof l1Ratio === "number" ? [l1Ratio] : l1Ratio;
  }

  /** The chosen share of the L1 penalty. */
  get l1Ratio(): number {
    return this.state.l1Ratio;
  }
}

registerEstimator("ElasticNetCV", ElasticNetCV);
