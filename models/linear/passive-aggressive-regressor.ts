import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { passiveAggressive, type SgdProblem } from "./sgd-fit.js";
import { epochFields, epochsOf, REGRESSION_LOSSES, type SgdEpochParams } from "./sgd-params.js";
import { SgdRegressorModel } from "./sgd-regressor-model.js";

/** Parameters of {@link PassiveAggressiveRegressor}. */
export interface PassiveAggressiveRegressorParams extends SgdEpochParams {
  C: number;
  epsilon: number;
  loss: "epsilon_insensitive" | "squared_epsilon_insensitive";
}

const TABLE = new ParamTable<PassiveAggressiveRegressorParams>("PassiveAggressiveRegressor", (z) =>
  z.object({
    C: z.number().positive().default(1).describe("how far a single row may move the model"),
    epsilon: z.number().min(0).default(0.1).describe("residual without a loss"),
    loss: z
      .enum(["epsilon_insensitive", "squared_epsilon_insensitive"])
      .default("epsilon_insensitive")
      .describe('"epsilon_insensitive" limits a step to C (PA-I), its square softens it by 1 / (2C) (PA-II)'),
    ...epochFields(z),
  }),
);

/**
 * Online passive-aggressive regression (Crammer, Dekel, Keshet, Shalev-Shwartz and Singer 2006): each row moves the model just
 * so far that its loss `max(0, |y − η| − epsilon)` is gone, by `min(C, loss / |x|²)` (PA-I) or `loss / (|x|² + 1 / (2C))` (PA-II).
 * Rows, partitions, `partialFit` and streams as in {@link SGDClassifier}, with the same differences from scikit-learn.
 *
 * @example
 * ```ts
 * const model = await new PassiveAggressiveRegressor({ epsilon: 0.01 }).fit([[-1], [0], [1]], [-2, 0, 2]);
 * console.log(model.coef[0]?.toFixed(1)); // "2.0"
 * ```
 */
export class PassiveAggressiveRegressor extends SgdRegressorModel<PassiveAggressiveRegressorParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<PassiveAggressiveRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): PassiveAggressiveRegressor {
    return new PassiveAggressiveRegressor().restore(json);
  }

  protected problem(): SgdProblem {
    const { params } = this;
    return {
      loss: REGRESSION_LOSSES.epsilon_insensitive,
      parameter: params.epsilon,
      ...passiveAggressive(params.C, params.loss === "squared_epsilon_insensitive"),
      ...epochsOf(params),
    };
  }
}

registerEstimator("PassiveAggressiveRegressor", PassiveAggressiveRegressor);
