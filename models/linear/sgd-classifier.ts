import { classWeightField } from "../../src/estimator/class-design.js";
import { FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { DistributedInput, LocalInput, MatrixInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { SgdClassifierModel, type SgdClassParams } from "./sgd-classifier-model.js";
import type { SgdProblem } from "./sgd-fit.js";
import {
  CLASS_LOSSES,
  epochFields,
  epochsOf,
  penaltyFields,
  penaltyParts,
  stepFields,
  stepsOf,
  type SgdPenaltyParams,
  type SgdStepParams,
} from "./sgd-params.js";

/** Parameters of {@link SGDClassifier}. */
export interface SGDClassifierParams extends SgdClassParams, SgdPenaltyParams, SgdStepParams {
  loss: keyof typeof CLASS_LOSSES;
}

const TABLE = new ParamTable<SGDClassifierParams>("SGDClassifier", (z) =>
  z.object({
    loss: z
      .enum(["hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"])
      .default("hinge")
      .describe("hinge: a linear SVM; log_loss: logistic regression; both and modified_huber's give probabilities"),
    ...penaltyFields(z, "l2"),
    ...stepFields(z, { learningRate: "optimal", eta0: 0.01, powerT: 0.5 }),
    ...epochFields(z),
    classWeight: classWeightField(
      z,
      'factors of the steps by label, 1 for labels left out; "balanced" gives every class the same total weight',
    ),
  }),
);

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./one-vs-rest-tasks.js", import.meta.url).href, name);

/**
 * Linear classification by stochastic gradient descent: minimises
 * `(1 / n) Σ w loss(y, x·coef + intercept) + alpha [l1Ratio |coef|₁ + ½ (1 − l1Ratio) |coef|²]` with y in {−1, 1}, a step a row
 * (or a batch). The intercept is not penalised. More than two classes: one such model of each against the rest.
 *
 * Losses: hinge `max(0, 1 − yη)`; log_loss `log(1 + e^(−yη))`; modified_huber `max(0, 1 − yη)²`, below yη = −1 `−4yη`;
 * squared_hinge `max(0, 1 − yη)²`; perceptron `max(0, −yη)`. The L1 penalty is cumulative and truncated at 0 (Tsuruoka,
 * Tsujii and Ananiadou 2009); `average` gives the mean of the coefficients over the steps (Polyak and Juditsky 1992).
 *
 * On partitioned data the model travels and the rows stay: rows are dealt once to blocks, at random by their number among all
 * rows; an epoch goes over the blocks one after another and over the rows of each, in orders drawn by (randomState, epoch,
 * row). So every step follows the one before, as on one machine, and the model is the same for any partitioning and number
 * of threads; what runs at once are the one-vs-rest models. Reading, dealing and two counts are passes over the source's
 * partitions; then an epoch is one pass over memory.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, held as doubles; y: two labels or more of one type. NaN and infinities are an error
 * that names column, partition and row. Still improving after `maxIter` epochs is a `ConvergenceWarning`. Weights multiply
 * the steps: weight 2 is a step of twice the size, which is not quite the row twice.
 *
 * Differs from scikit-learn: `batchSize`; another order of rows for the same seed (`shuffle: false` gives equal
 * coefficients to 1e-9); the objective that `tol` watches has the penalty after the epoch, not its mean over the steps; rows are
 * set aside at random, not by class; no slower intercept for CSR, so that CSR and dense agree; L1 penalties still owed are
 * kept from one `partialFit` to the next.
 *
 * @example
 * ```ts
 * const model = await new SGDClassifier({ loss: "log_loss" }).fit([[-2], [-1], [1], [2]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[-3], [3]])); // ["no", "yes"]
 * await model.partialFit([[1.5]], ["yes"]); // one more row
 * ```
 */
export class SGDClassifier extends SgdClassifierModel<SGDClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<SGDClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): SGDClassifier {
    return new SGDClassifier().restore(json);
  }

  /** Whether the loss has probabilities: log_loss and modified_huber have. */
  get hasProbabilities(): boolean {
    const { loss } = this.params;
    return loss === "log_loss" || loss === "modified_huber";
  }

  /**
   * Probabilities of the classes, `(nRows, nClasses)`, columns in the order of `classes`: logistic for log_loss,
   * `(clip(η, −1, 1) + 1) / 2` for modified_huber (Zadrozny and Elkan 2002); shares of those for more than two classes.
   * @throws FitError for another loss
   */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = "SGDClassifier.predictProba";
    const { loss } = this.params;
    const names = this.state.classes.map(String);
    if (!this.hasProbabilities) {
      throw new FitError(
        `${owner}: loss ${JSON.stringify(loss)} has no probabilities. Use loss "log_loss" or "modified_huber".`,
      );
    }
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        x.mapChunks(
          owner,
          task("probabilitiesStep"),
          { ...this.scoresArgs(owner, x), logistic: loss === "log_loss" },
          { innerShape: [names.length], names },
        ),
      (result) => result,
    );
  }

  protected problem(): SgdProblem {
    const { params } = this;
    return { ...CLASS_LOSSES[params.loss], ...penaltyParts(params), ...stepsOf(params), ...epochsOf(params) };
  }
}

registerEstimator("SGDClassifier", SGDClassifier);
