import { classWeightField } from "../../src/estimator/class-design.js";
import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { SgdClassifierModel, type SgdClassParams } from "./sgd-classifier-model.js";
import type { SgdProblem } from "./sgd-fit.js";
import {
  CLASS_LOSSES,
  epochFields,
  epochsOf,
  penaltyFields,
  penaltyParts,
  stepsOf,
  type SgdPenaltyParams,
} from "./sgd-params.js";

/** Parameters of {@link Perceptron}. */
export interface PerceptronParams extends SgdClassParams, SgdPenaltyParams {
  eta0: number;
}

const TABLE = new ParamTable<PerceptronParams>("Perceptron", (z) =>
  z.object({
    ...penaltyFields(z, null),
    eta0: z.number().positive().default(1).describe("size of every step"),
    ...epochFields(z),
    classWeight: classWeightField(
      z,
      'factors of the steps by label, 1 for labels left out; "balanced" gives every class the same total weight',
    ),
  }),
);

/**
 * The perceptron (Rosenblatt 1958): an {@link SGDClassifier} with the loss `max(0, −yη)`, steps of the constant size `eta0` and,
 * unless asked for, no penalty. A row that is on its right side changes nothing.
 *
 * @example
 * ```ts
 * const model = await new Perceptron().fit([[-2], [-1], [1], [2]], [0, 0, 1, 1]);
 * console.log(await model.predict([[-3], [3]])); // [0, 1]
 * ```
 */
export class Perceptron extends SgdClassifierModel<PerceptronParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<PerceptronParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): Perceptron {
    return new Perceptron().restore(json);
  }

  protected problem(): SgdProblem {
    const { params } = this;
    return {
      ...CLASS_LOSSES.perceptron,
      ...penaltyParts(params),
      ...stepsOf({ learningRate: "constant", eta0: params.eta0, powerT: 0.5 }),
      ...epochsOf(params),
    };
  }
}

registerEstimator("Perceptron", Perceptron);
