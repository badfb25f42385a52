import type { SolverExplanation } from "./solver-explanation.js";
import { FitError } from "../../src/base/errors.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import type { FitOptions } from "../../src/estimator/design.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import type { DistributedInput, LabelInput, LocalInput, MatrixInput } from "../../src/estimator/inputs.js";
import { codeLabels, type Label } from "../../src/estimator/labels.js";
import { accuracyScore } from "../../src/metrics/index.js";

/** Fitted state of a logistic model. */
export interface LogisticState extends FittedInput {
  readonly coef: Float64Array;
  readonly intercepts: Float64Array;
  readonly classes: readonly Label[];
  readonly nIter: number;
  readonly objective: number;
  readonly gradientNorm: number;
  readonly converged: boolean;
  /** The solver, and why it was chosen. */
  readonly explanation: SolverExplanation;
}

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./predict-tasks.js", import.meta.url).href, name);
const softmaxTask = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./softmax-predict-tasks.js", import.meta.url).href, name);

/** What the logistic models have in common: labels, probabilities and scores of rows, and the report of the solver. */
export abstract class LogisticModel<P extends object, S extends LogisticState & object> extends Estimator<P, S> {
  /**
   * The more probable label of each row. Lazy for distributed X: an array of the labels where they are numbers (booleans as
   * 0 and 1), of their positions in `classes` where they are strings. Local X gives labels as they were in fit.
   */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Label[]> {
    const owner = `${this.kind}.predict`;
    const { classes } = this.state;
    const local = !(typeof classes[0] === "number");
    const labels = classes.map((label, k) => (local ? k : Number(label)));
    const [first = 0, second = 1] = labels;
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        classes.length > 2
          ? x.mapChunks(owner, softmaxTask("bestLabelStep"), { ...this.#scores(owner, x), labels }, { innerShape: [] })
          : x.mapChunks(
              owner,
              task("labelStep"),
              { ...this.#predictor(owner, x), labels: [first, second] },
              { innerShape: [] },
            ),
      (result) => Array.from(result.toVector() as Float64Array, (value) => (local ? (classes[value] as Label) : value)),
    );
  }

  /** Probabilities of the classes, `(nRows, nClasses)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = `${this.kind}.predictProba`;
    const names = this.state.classes.map(String);
    const options = { innerShape: [names.length], names };
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        names.length > 2
          ? x.mapChunks(owner, softmaxTask("sharesStep"), this.#scores(owner, x), options)
          : x.mapChunks(owner, task("probabilityStep"), this.#predictor(owner, x), options),
      (result) => result,
    );
  }

  /**
   * Two classes: `η = x·coef + intercept`, `(nRows)`; above 0 the second class is the more probable. More: η of each class,
   * `(nRows, nClasses)`; the largest is the most probable.
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
          ? x.mapChunks(owner, softmaxTask("scoresStep"), this.#scores(owner, x), { innerShape: [names.length], names })
          : x.mapChunks(owner, task("linearStep"), this.#predictor(owner, x), { innerShape: [] }),
      (result) => (many ? result : (result.toVector() as Float64Array)),
    );
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    const target = await codeLabels(`${this.kind}.score`, y, options, this.classes);
    const predicted = await this.predict(X);
    const coded = Array.isArray(predicted)
      ? (await codeLabels(`${this.kind}.score`, predicted as LabelInput, options, this.classes)).values
      : predicted;
    return accuracyScore(target.values, coded, options);
  }

  /**
   * Two classes: slope of each column towards the second, `(nFeatures)`. More: slopes of each class, `(nClasses x nFeatures)`
   * row by row.
   */
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

  /** Iterations over all rows. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Value of the objective where the last pass measured it. */
  get objective(): number {
    return this.state.objective;
  }

  /** Largest violation of the optimality conditions at that point; without an L1 part that is the gradient's largest entry. */
  get gradientNorm(): number {
    return this.state.gradientNorm;
  }

  /** Whether the solver reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }

  #predictor(
    owner: string,
    x: DistributedArray,
  ): { owner: string; names: readonly string[] | undefined; coef: Float64Array; intercept: number } {
    const { coef, intercepts, featureNames } = this.state;
    return { owner, names: featureNames ?? x.names, coef, intercept: intercepts[0] ?? 0 };
  }

  #scores(
    owner: string,
    x: DistributedArray,
  ): { owner: string; names: readonly string[] | undefined; coef: Float64Array; intercepts: Float64Array } {
    const { coef, intercepts, featureNames } = this.state;
    return { owner, names: featureNames ?? x.names, coef, intercepts };
  }
}
