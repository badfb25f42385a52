import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForLabels } from "../../src/estimator/apply-labels.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { DistributedInput, LabelInput, LocalInput, MatrixInput } from "../../src/estimator/inputs.js";
import type { Label } from "../../src/estimator/labels.js";
import { labelAccuracy } from "../../src/metrics/label-accuracy.js";
import { classFactors, openClassDesign, type ClassWeight } from "../../src/estimator/class-design.js";
import { fitForest } from "./fit-forest.js";
import { ForestModel } from "./forest-model.js";
import type { ClassCriterion, ForestParams, TreeParams } from "./forest-params.js";

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./predict-tasks.js", import.meta.url).href, name);

/** Parameters of classifiers beyond those of their trees. */
export interface ClassTreeParams extends TreeParams {
  criterion: ClassCriterion;
  classWeight: ClassWeight;
}

/** A classifier that predicts by the mean of its trees' class frequencies. */
export abstract class ForestClassifierModel<P extends ClassTreeParams> extends ForestModel<P> {
  protected async fitTrees(
    X: MatrixInput,
    y: LabelInput,
    options: FitOptions,
    forest: ForestParams,
    random: boolean,
  ): Promise<this> {
    const owner = `${this.kind}.fit`;
    const { criterion, classWeight } = this.params;
    using data = await openClassDesign(owner, X, y, options);
    const { design, classes } = data;
    if (classWeight !== null) {
      const factors = classFactors(owner, classWeight, classes, data.weights);
      await design.encodeLabels(Float64Array.from(classes.keys()), factors);
    }
    const { y: coded, ...fit } = await fitForest(design, {
      params: forest,
      impurity: criterion === "gini" ? "gini" : "entropy",
      random,
      classes: classes.length,
    });
    const own = fit.oobPrediction && coded ? { oobScore: oobAccuracy(fit.oobPrediction, coded, classes.length) } : {};
    this.keep(design, { ...fit, ...own, classes });
    return this;
  }

  /**
   * The most probable label of each row; of equal ones the first. Lazy for distributed X: an array of the labels where they
   * are numbers, of their positions in `classes` where they are not. Local X gives labels as they were in fit.
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]> {
    const owner = `${this.kind}.predict`;
    const { classes } = this;
    return applyForLabels(owner, X, this.state, classes, (x, labels) =>
      x.mapChunks(owner, task("labelStep"), { ...this.forestArgs(owner, x), labels }, { innerShape: [] }),
    );
  }

  /** Mean of the trees' class frequencies, `(nRows, nClasses)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = `${this.kind}.predictProba`;
    const names = this.classes.map(String);
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        x.mapChunks(
          owner,
          task("probabilityStep"),
          { ...this.forestArgs(owner, x) },
          { innerShape: [names.length], names },
        ),
      (result) => result,
    );
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    return labelAccuracy(this, X, y, options);
  }

  /** The labels, in sorted order. */
  get classes(): readonly Label[] {
    return this.state.classes ?? [];
  }

  /** Mean class frequencies of each row's trees that did not draw it, `(nRows, nClasses)`; NaN where all did. */
  protected get oobFrequencies(): LocalMatrix | undefined {
    const { oobPrediction } = this.state;
    const size = this.classes.length;
    if (!oobPrediction) return undefined;
    const columns = this.classes.map((_, c) => oobPrediction.filter((__, i) => i % size === c));
    return new LocalMatrix(columns, oobPrediction.length / size, [size], this.classes.map(String));
  }
}

// Rows that every tree drew have no say.
function oobAccuracy(frequencies: Float64Array, y: Float64Array, size: number): number {
  let [right, all] = [0, 0];
  y.forEach((label, i) => {
    const own = frequencies.subarray(i * size, (i + 1) * size);
    if (Number.isNaN(own[0])) return;
    all += 1;
    if (own.indexOf(Math.max(...own)) === label) right += 1;
  });
  return right / all;
}
