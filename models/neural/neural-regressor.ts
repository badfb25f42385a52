import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { applyForNumbers } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import {
  requireTarget,
  toMatrix,
  type DistributedInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { r2Score } from "../../src/metrics/index.js";
import { NeuralModel, type NeuralState } from "./neural-model.js";
import { neuralFields, type NeuralParams } from "./neural-params.js";

/** Parameters of {@link NeuralRegressor}. */
export interface NeuralRegressorParams extends NeuralParams {}

const TABLE = new ParamTable<NeuralRegressorParams>("NeuralRegressor", (z) => z.object(neuralFields(z)));

/**
 * Regression by a neural network of tfjs: minimises `mean ½ (f(x) − y)² + l2 / 2 · Σ kernel²` (means by weight) in
 * minibatches. The network is dense layers by `hiddenLayers`, or any tfjs layers topology by `build` whose last layer has
 * one output. How it is trained, what it needs and what to mind: see {@link NeuralClassifier}. Scale y too where it is
 * large: steps are of one size.
 *
 * X: `(nRows, nFeatures)`, dense; y: `(nRows)`. Differs from scikit-learn's MLPRegressor as the classifier does.
 *
 * @example
 * ```ts
 * const model = new NeuralRegressor({ hiddenLayers: [8], learningRate: 0.02, epochs: 300, tol: null });
 * await model.fit([[-1], [-0.5], [0], [0.5], [1]], [1, 0.25, 0, 0.25, 1]);
 * console.log(await model.predict([[0.25]]));
 * ```
 */
export class NeuralRegressor extends NeuralModel<NeuralRegressorParams, NeuralState> {
  static readonly table = TABLE;
  /** tfjs computes in single precision, in an order that its backend chooses. */
  static readonly resultTolerance = 1e-4;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<NeuralRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): NeuralRegressor {
    return new NeuralRegressor().restore(json);
  }

  /**
   * Epochs over all rows until the loss no longer improves.
   * @throws DataError for NaN, infinities, sparse rows or lengths that differ; FitError for a loss that overflows;
   * ParameterError for a `build` that does not fit; PartwiseError when tfjs is not installed
   */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    this.setState(await this.train(design, 1, undefined, this.stateIfFitted));
    return this;
  }

  /** One epoch over a batch, from where network and optimizer are; the first call starts them. @throws DataError as {@link fit}, and for other columns */
  async partialFit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    requireTarget(owner, y);
    const before = this.stateIfFitted;
    using design = Design.open(owner, toMatrix(owner, X, before), y, options);
    this.setState(await this.trainOn(design, 1, undefined, before));
    return this;
  }

  /** The network's output: lazy for distributed X, computed for local X. @throws DataError naming a NaN or infinity in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predict`;
    return applyForNumbers(owner, X, this.state, (x) =>
      this.apply(owner, x, { as: "value", labels: [] }, { innerShape: [] }),
    );
  }

  /** Coefficient of determination R² of the predictions for X. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    return (await r2Score(y, await this.predict(X), options)) as number;
  }
}

registerEstimator("NeuralRegressor", NeuralRegressor);
