import { FitError, show } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import {
  requireTarget,
  type DistributedInput,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
} from "../../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../../src/estimator/labels.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { boostLoss } from "../../src/kernels/kernels.js";
import { accuracyScore } from "../../src/metrics/index.js";
import { BoostedModel } from "./boosted-model.js";
import { boostingRules, type BoostingParams } from "./boosting-params.js";
import { fitBoosting } from "./fit-boosting.js";

/** Parameters of {@link HistGradientBoostingClassifier}. */
export type HistGradientBoostingClassifierParams = BoostingParams;

const TABLE = new ParamTable<HistGradientBoostingClassifierParams>("HistGradientBoostingClassifier", (z) =>
  z.object(boostingRules(z)),
);

const task = (name: string): ReturnType<typeof fnRef> => fnRef(new URL("./tree-tasks.js", import.meta.url).href, name);

/**
 * Gradient boosting of trees over binned columns for two classes, with log loss: `log(1 + e^m) − ym` for y in {0, 1}, where
 * the margin `m = baseline + Σₜ value of the row's leaf in tree t` is the log odds of the second class (Friedman 2001; Ke et
 * al., "LightGBM", 2017). Leaves take `−learningRate · G / (H + l2Regularization)`; trees grow leaf by leaf, largest gain
 * first.
 *
 * X: `(nRows, nFeatures)`, dense, f64 or f32. NaN are missing values: every split learns the side they go to. Infinities are
 * an error that names column, partition and row. y: two labels of one type (numbers, booleans or strings).
 *
 * X is read once, binned to a byte a value (twice: in rows and in columns), and let go. A tree of 31 leaves takes about 8
 * rounds; a round sends histograms only (6 KiB a column and leaf). The derivatives are rounded to integers
 * (30 and 22 bits, fewer above a million rows), so that every sum is exact: the model has the same bits for any
 * partitioning, engine and number of threads.
 *
 * Differs from scikit-learn: two classes only; thresholds lie between observed values, and are weighted; rows for early
 * stopping are drawn one by one, not stratified, and the trees after the best score are dropped; `featureImportances` are
 * there.
 *
 * @example
 * ```ts
 * const model = await new HistGradientBoostingClassifier({ minSamplesLeaf: 1 }).fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class HistGradientBoostingClassifier extends BoostedModel<HistGradientBoostingClassifierParams> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<HistGradientBoostingClassifierParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): HistGradientBoostingClassifier {
    return new HistGradientBoostingClassifier().restore(json);
  }

  /**
   * @throws DataError for infinities, sparse X or lengths that differ; FitError unless y has exactly two classes, or when too
   * few rows are left for early stopping
   */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "HistGradientBoostingClassifier.fit";
    requireTarget(owner, y);
    const target = await codeLabels(owner, y, options);
    using design = Design.open(owner, X, target.values, options);
    const summary = await holdWithLabels(design);
    const present = summary.labels.filter((_, k) => (summary.weights[k] ?? 0) > 0);
    const classes = Array.from(present, (code) => target.labelOf(code));
    if (summary.rows > 0 && present.length !== 2) throw classCountError(owner, classes);
    if (present[0] !== 0 || present[1] !== 1 || summary.labels.length !== 2) await design.encodeLabels(present);
    this.keep(design, await fitBoosting(design, { loss: boostLoss.logistic, params: this.params }), classes);
    return this;
  }

  /**
   * The more probable label of each row. Lazy for distributed X: an array of the labels where they are numbers (booleans as
   * 0 and 1), of their positions in `classes` where they are strings. Local X gives labels as they were in fit.
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]> {
    const owner = "HistGradientBoostingClassifier.predict";
    const { classes } = this;
    const numeric = typeof classes[0] === "number";
    const labels = numeric ? [Number(classes[0]), Number(classes[1])] : [0, 1];
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("labelStep"), { ...this.treeArgs(owner, x), labels }, { innerShape: [] }),
      (result) =>
        Array.from(result.toVector() as Float64Array, (value) => (numeric ? value : (classes[value] as Label))),
    );
  }

  /** Probabilities of both classes, `(nRows, 2)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = "HistGradientBoostingClassifier.predictProba";
    const names = this.classes.map(String);
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("probabilityStep"), { ...this.treeArgs(owner, x) }, { innerShape: [2], names }),
      (result) => result,
    );
  }

  /** The margin of each row: above 0 the second class is the more probable. */
  decisionFunction(X: DistributedInput): DistributedArray;
  decisionFunction(X: LocalInput): Promise<Float64Array>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = "HistGradientBoostingClassifier.decisionFunction";
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("marginStep"), { ...this.treeArgs(owner, x) }, { innerShape: [] }),
      (result) => result.toVector() as Float64Array,
    );
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    const owner = "HistGradientBoostingClassifier.score";
    const target = await codeLabels(owner, y, options, this.classes);
    const predicted = await this.predict(X);
    const coded = Array.isArray(predicted)
      ? (await codeLabels(owner, predicted as LabelInput, options, this.classes)).values
      : predicted;
    return accuracyScore(target.values, coded, options);
  }

  /** The two labels, in sorted order. */
  get classes(): readonly Label[] {
    return this.state.classes ?? [];
  }
}

registerEstimator("HistGradientBoostingClassifier", HistGradientBoostingClassifier);

function classCountError(owner: string, labels: readonly Label[]): FitError {
  if (labels.length < 2) {
    const seen = labels.length === 0 ? "no rows with a positive weight" : `one class only: ${show(labels[0])}`;
    return new FitError(`${owner}: y has ${seen}. It needs two; check the filter and the label column.`);
  }
  return new FitError(
    `${owner}: y has ${labels.length} classes (${labels.slice(0, 5).map(show).join(", ")}${labels.length > 5 ? ", ..." : ""}), and this is a binary classifier. ` +
      "Compare one class with the rest: pass y as 1 for that class and 0 for others.",
  );
}
