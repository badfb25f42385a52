import { DataError, show } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { applyForLabels } from "../../src/estimator/apply-labels.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import {
  type DistributedInput,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
} from "../../src/estimator/inputs.js";
import type { Label } from "../../src/estimator/labels.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { labelAccuracy } from "../../src/metrics/label-accuracy.js";
import {
  classFactors,
  openClassBatch,
  openClassDesign,
  type ClassStreamOptions,
  type ClassWeight,
  classWeightField,
} from "../../src/estimator/class-design.js";
import { NeuralModel, type NeuralState } from "./neural-model.js";
import { neuralFields, type NeuralParams } from "./neural-params.js";

/** Parameters of {@link NeuralClassifier}. */
export interface NeuralClassifierParams extends NeuralParams {
  classWeight: ClassWeight;
}

/** Fitted state of {@link NeuralClassifier}. */
export interface NeuralClassifierState extends NeuralState {
  readonly classes: readonly Label[];
}

const TABLE = new ParamTable<NeuralClassifierParams>("NeuralClassifier", (z) =>
  z.object({
    ...neuralFields(z),
    classWeight: classWeightField(
      z,
      'factors of the sample weights by label, 1 for labels left out; "balanced" gives every class the same total',
    ),
  }),
);

/**
 * Classification by a neural network of tfjs: minimises `mean −log P(class of the row) + l2 / 2 · Σ kernel²` (means by
 * weight) in minibatches. The network is dense layers by `hiddenLayers` with one logit for two classes and one a class for
 * more, or any tfjs layers topology by `build` with so many outputs: probabilities where its last layer is a sigmoid or
 * softmax, else logits. Its input is a row, or anything of a row's size (`[28, 28, 1]` for 784 columns, row-major).
 *
 * Needs `npm install @tensorflow/tfjs-node`, or `@tensorflow/tfjs @tensorflow/tfjs-backend-wasm`: the fastest that is
 * installed is used without a warning, and `backend` says which. The WebAssembly backend trains dense layers, not convolutions,
 * which it lacks the gradients of (a FitError says so). Kernels start by Glorot and Bengio's uniform rule (2010),
 * drawn by (randomState, weight); the weights that `build` may carry are not used.
 *
 * Training runs in this process, because tfjs is not shared by threads; it lets other work in every 20 ms. Rows are dealt
 * once to blocks, at random by their number among all rows, stay in the engine and are fetched one block (16 MB in doubles)
 * at a time; their order is drawn by (randomState, epoch, row). So the model is the same for any partitioning and number of
 * threads, bit for bit on one backend; backends differ by rounding. Predictions are a task a partition: each thread opens
 * the network once and keeps the last four by their content.
 *
 * X: `(nRows, nFeatures)`, dense, computed in float32; scale it (StandardScaler). NaN and infinities are an error that names
 * column, partition and row; sparse rows are refused. y: two labels or more of one type. A loss that still improves after
 * `epochs` is a `ConvergenceWarning`. A weight multiplies the loss of its row within its batch.
 *
 * Differs from scikit-learn's MLPClassifier: tfjs optimizers; `l2` is not divided by the batch's rows; `earlyStopping` goes
 * by the loss, not the accuracy, of rows set aside; weights, `classWeight`, dropout and `build`.
 *
 * @example
 * ```ts
 * const model = new NeuralClassifier({ hiddenLayers: [8], activation: "tanh", learningRate: 0.05, tol: null });
 * await model.fit([[0, 0], [0, 1], [1, 0], [1, 1]], ["same", "other", "other", "same"]);
 * console.log(await model.predict([[0, 1], [1, 1]])); // ["other", "same"]
 * ```
 */
export class NeuralClassifier extends NeuralModel<NeuralClassifierParams, NeuralClassifierState> {
  static readonly table = TABLE;
  /** tfjs computes in single precision, in an order that its backend chooses. */
  static readonly resultTolerance = 1e-4;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<NeuralClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): NeuralClassifier {
    return new NeuralClassifier().restore(json);
  }

  /**
   * Epochs over all rows until the loss no longer improves.
   * @throws DataError for NaN, infinities, sparse rows or lengths that differ; FitError for one class only, or a loss that
   * overflows; ParameterError for a `build` that does not fit; PartwiseError when tfjs is not installed
   */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    using data = await openClassDesign(owner, X, y, options);
    const { design, classes, weights } = data;
    const factors = classFactors(owner, this.params.classWeight, classes, weights);
    const before = this.stateIfFitted;
    const same = before?.classes.join() === classes.join();
    const trained = await this.train(design, outputsFor(classes), factors, same ? before : undefined);
    this.setState({ ...trained, classes });
    return this;
  }

  /**
   * One epoch over a batch, from where network and optimizer are; the first call starts them.
   * @throws DataError for a label that is not among the classes, other columns, or `classWeight: "balanced"`
   */
  async partialFit(X: MatrixInput, y: LabelInput, options: FitOptions & ClassStreamOptions = {}): Promise<this> {
    const owner = `${this.kind}.partialFit`;
    const before = this.stateIfFitted;
    using data = await openClassBatch(owner, X, y, options, before, this.params.classWeight);
    const { design, classes, weights } = data;
    const factors = classFactors(owner, this.params.classWeight, classes, weights);
    this.setState({ ...(await this.trainOn(design, outputsFor(classes), factors, before)), classes });
    return this;
  }

  /**
   * The label of each row. Lazy for distributed X: an array of the labels where they are numbers, of their positions in
   * `classes` where they are not. Local X gives labels as they were in fit.
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]> {
    const owner = `${this.kind}.predict`;
    const { classes } = this.state;
    return applyForLabels(owner, X, this.state, classes, (x, labels) =>
      this.apply(owner, x, { as: "label", labels }, { innerShape: [] }),
    );
  }

  /** Probabilities of the classes, `(nRows, nClasses)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = `${this.kind}.predictProba`;
    const names = this.state.classes.map(String);
    const labels = names.map((_, k) => k);
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => this.apply(owner, x, { as: "probability", labels }, { innerShape: [names.length], names }),
      (result) => result,
    );
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    return labelAccuracy(this, X, y, options);
  }

  protected override decodeFitted(plain: PlainRecord): NeuralClassifierState {
    const { classes } = plain;
    if (!Array.isArray(classes) || classes.length < 2)
      throw new DataError(
        `${this.kind}: its state is damaged: classes is ${show(classes)}, not a list of two labels or more. Save the model again.`,
      );
    return super.decodeFitted(plain);
  }

  /** The labels, in sorted order. */
  get classes(): readonly Label[] {
    return this.state.classes;
  }
}

function outputsFor(classes: readonly Label[]): number {
  return classes.length === 2 ? 1 : classes.length;
}

registerEstimator("NeuralClassifier", NeuralClassifier);
