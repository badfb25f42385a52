import { classWeightField } from "../../src/estimator/class-design.js";
import { ParamTable } from "../../src/base/params.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { SgdClassifierModel, type SgdClassParams } from "./sgd-classifier-model.js";
import { passiveAggressive, type SgdProblem } from "./sgd-fit.js";
import { CLASS_LOSSES, epochFields, epochsOf } from "./sgd-params.js";

/** Parameters of {@link PassiveAggressiveClassifier}. */
export interface PassiveAggressiveClassifierParams extends SgdClassParams {
  C: number;
  loss: "hinge" | "squared_hinge";
}

const TABLE = new ParamTable<PassiveAggressiveClassifierParams>("PassiveAggressiveClassifier", (z) =>
  z.object({
    C: z.number().positive().default(1).describe("how far a single row may move the model"),
    loss: z
      .enum(["hinge", "squared_hinge"])
      .default("hinge")
      .describe('"hinge" limits a step to C (PA-I), "squared_hinge" softens it by 1 / (2C) (PA-II)'),
    ...epochFields(z),
    classWeight: classWeightField(
      z,
      'factors of the steps by label, 1 for labels left out; "balanced" gives every class the same total weight',
    ),
  }),
);

/**
 * Online passive-aggressive classification (Crammer, Dekel, Keshet, Shalev-Shwartz and Singer 2006): each row moves the model
 * just so far that its hinge loss is gone, `min(C, loss / |x|²)` (PA-I) or `loss / (|x|² + 1 / (2C))` (PA-II) times `yx`. No
 * penalty and no step size to choose. Rows, partitions, `partialFit` and streams as in {@link SGDClassifier}.
 *
 * Differs from scikit-learn: as {@link SGDClassifier}; its class is deprecated there in favour of a learning rate.
 *
 * @example
 * ```ts
 * const model = await new PassiveAggressiveClassifier().fit([[-2], [-1], [1], [2]], [0, 0, 1, 1]);
 * console.log(await model.predict([[-3], [3]])); // [0, 1]
 * ```
 */
export class PassiveAggressiveClassifier extends SgdClassifierModel<PassiveAggressiveClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<PassiveAggressiveClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): PassiveAggressiveClassifier {
    return new PassiveAggressiveClassifier().restore(json);
  }

  protected problem(): SgdProblem {
    const { params } = this;
    return {
      ...CLASS_LOSSES.hinge,
      ...passiveAggressive(params.C, params.loss === "squared_hinge"),
      ...epochsOf(params),
    };
  }
}

registerEstimator("PassiveAggressiveClassifier", PassiveAggressiveClassifier);
