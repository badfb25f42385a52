import { FitError } from "../../src/base/errors.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyForLabels } from "../../src/estimator/apply-labels.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { FitOptions } from "../../src/estimator/design.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import type { DistributedInput, LabelInput, LocalInput, MatrixInput } from "../../src/estimator/inputs.js";
import type { Label } from "../../src/estimator/labels.js";
import { labelAccuracy } from "../../src/metrics/label-accuracy.js";

/** The model of two classes, as tasks take it. */
type LinearArgs = { owner: string; names: readonly string[] | undefined; coef: Float64Array; intercept: number };
/** The model of more classes, as tasks take it. */
type ScoresArgs = { owner: string; names: readonly string[] | undefined; coef: Float64Array; intercepts: Float64Array };

/** What every fitted linear classifier has: one score for two classes, one a class for more. */
export interface LinearClassifierState extends FittedInput {
  /** `nFeatures`, or `nClasses x nFeatures` row by row. */
  readonly coef: Float64Array;
  readonly intercepts: Float64Array;
  readonly classes: readonly Label[];
}

const two = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./predict-tasks.js", import.meta.url).href, name);
const more = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./softmax-predict-tasks.js", import.meta.url).href, name);

/** A classifier that predicts by the sign of `x·coef + intercept`, for more than two classes by the largest of them. */
export abstract class LinearClassifier<P extends object, S extends LinearClassifierState & object> extends Estimator<
  P,
  S
> {
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
      classes.length > 2
        ? x.mapChunks(owner, more("bestLabelStep"), { ...this.scoresArgs(owner, x), labels }, { innerShape: [] })
        : x.mapChunks(owner, two("labelStep"), { ...this.linearArgs(owner, x), labels }, { innerShape: [] }),
    );
  }

  /**
   * Two classes: `x·coef + intercept`, `(nRows)`; above 0 is the second class. More: that of each class,
   * `(nRows, nClasses)`; the largest wins.
   */
  decisionFunction(X: DistributedInput): DistributedArray;
  decisionFunction(X: LocalInput): Promise<Float64Array | LocalMatrix>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array | LocalMatrix>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array | LocalMatrix> {
    const owner = `${this.kind}.decisionFunction`;
    const names = this.state.classes.map(String);
    const many = names.length > 2;
    return applyToRows<Float64Array | LocalMatrix>(
      owner,
      X,
      this.state,
      (x) =>
        many
          ? x.mapChunks(owner, more("scoresStep"), this.scoresArgs(owner, x), { innerShape: [names.length], names })
          : x.mapChunks(owner, two("linearStep"), this.linearArgs(owner, x), { innerShape: [] }),
      (result) => (many ? result : (result.toVector() as Float64Array)),
    );
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    return labelAccuracy(this, X, y, options);
  }

  /** Two classes: slope of each column towards the second, `(nFeatures)`. More: `(nClasses x nFeatures)` row by row. */
  get coef(): Float64Array {
    return this.state.coef;
  }

  /** Constant term of two classes, 0 without `fitIntercept`. @throws FitError for more classes: see {@link intercepts} */
  get intercept(): number {
    const { intercepts, classes } = this.state;
    if (intercepts.length > 1)
      throw new FitError(`${this.kind}: each of its ${classes.length} classes has an intercept. Use intercepts.`);
    return intercepts[0] ?? 0;
  }

  /** Constant terms: one for two classes, else one a class. */
  get intercepts(): Float64Array {
    return this.state.intercepts;
  }

  /** The labels, in sorted order. */
  get classes(): readonly Label[] {
    return this.state.classes;
  }

  /** The model of two classes, as tasks take it. */
  protected linearArgs(owner: string, x: DistributedArray): LinearArgs {
    const { coef, intercepts, featureNames } = this.state;
    return { owner, names: featureNames ?? x.names, coef, intercept: intercepts[0] ?? 0 };
  }

  /** The model of more classes, as tasks take it. */
  protected scoresArgs(owner: string, x: DistributedArray): ScoresArgs {
    const { coef, intercepts, featureNames } = this.state;
    return { owner, names: featureNames ?? x.names, coef, intercepts };
  }
}
