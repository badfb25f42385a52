import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { SgdProblem } from "./sgd-fit.js";
import {
  epochFields,
  epochsOf,
  penaltyFields,
  penaltyParts,
  REGRESSION_LOSSES,
  stepFields,
  stepsOf,
  type SgdEpochParams,
  type SgdPenaltyParams,
  type SgdStepParams,
} from "./sgd-params.js";
import { SgdRegressorModel } from "./sgd-regressor-model.js";

/** Parameters of {@link SGDRegressor}. */
export interface SGDRegressorParams extends SgdEpochParams, SgdPenaltyParams, SgdStepParams {
  loss: keyof typeof REGRESSION_LOSSES;
  epsilon: number;
}

const TABLE = new ParamTable<SGDRegressorParams>("SGDRegressor", (z) =>
  z.object({
    loss: z
      .enum(["squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive"])
      .default("squared_error")
      .describe("what is summed over the rows; epsilon_insensitive is a linear SVR"),
    epsilon: z
      .number()
      .min(0)
      .default(0.1)
      .describe("huber: residual from which on the loss is linear; epsilon-insensitive: residual without a loss"),
    ...penaltyFields(z, "l2"),
    ...stepFields(z, { learningRate: "invscaling", eta0: 0.01, powerT: 0.25 }),
    ...epochFields(z),
  }),
);

/**
 * Linear regression by stochastic gradient descent: minimises
 * `(1 / n) Σ w loss(y, x·coef + intercept) + alpha [l1Ratio |coef|₁ + ½ (1 − l1Ratio) |coef|²]`, a step a row (or a batch). The
 * intercept is not penalised.
 *
 * Losses of the residual r: squared_error `½ r²`; huber `½ r²` up to |r| = epsilon, then `epsilon |r| − ½ epsilon²`;
 * epsilon_insensitive `max(0, |r| − epsilon)`; squared_epsilon_insensitive its square. How rows are gone over on partitioned
 * data, what travels and what differs from scikit-learn: see {@link SGDClassifier}.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, held as doubles; y: `(nRows)`. Scale X first: one step size serves all columns. NaN
 * and infinities are an error that names column, partition and row.
 *
 * @example
 * ```ts
 * const model = await new SGDRegressor({ penalty: null }).fit([[-1], [0], [1]], [-2, 0, 2]);
 * console.log(model.coef[0]?.toFixed(1)); // "2.0"
 * ```
 */
export class SGDRegressor extends SgdRegressorModel<SGDRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SGDRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SGDRegressor {
    return new SGDRegressor().restore(json);
  }

  protected problem(): SgdProblem {
    const { params } = this;
    return {
      loss: REGRESSION_LOSSES[params.loss],
      parameter: params.epsilon,
      ...penaltyParts(params),
      ...stepsOf(params),
      ...epochsOf(params),
    };
  }
}

registerEstimator("SGDRegressor", SGDRegressor);
