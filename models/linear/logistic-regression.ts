import { DataError, FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { Estimator, type EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type DistributedInput, type LabelInput, type LocalInput, type MatrixInput } from "../../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../../src/estimator/labels.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import { accuracyScore } from "../../src/metrics/index.js";
import { fitLogistic } from "./logistic-fit.js";

/** Parameters of {@link LogisticRegression}. */
export interface LogisticRegressionParams {
  C: number;
  fitIntercept: boolean;
  tol: number;
  maxIter: number;
}

interface LogisticRegressionState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly classes: readonly Label[];
  readonly nIter: number;
  readonly objective: number;
  readonly gradientNorm: number;
  readonly converged: boolean;
}

const TABLE = new ParamTable<LogisticRegressionParams>("LogisticRegression", (z) =>
  z.object({
    C: z.number().positive().default(1).describe("inverse strength of the L2 penalty; smaller is stronger"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    tol: z.number().positive().max(0.1).default(1e-6).describe("stops when the predicted relative decrease of the objective is at most tol²"),
    maxIter: z.int().min(1).default(100).describe("most iterations over all rows"),
  }),
);

const task = (name: string): ReturnType<typeof fnRef> => fnRef(new URL("./predict-tasks.js", import.meta.url).href, name);

/**
 * Binary logistic regression with an L2 penalty: minimises
 * `C Σ w [log(1 + e^η) − yη] + ½ |coef|²` with `η = x·coef + intercept` and y in {0, 1}; the intercept is not penalised.
 *
 * Solver: L-BFGS (Nocedal and Wright 2006) preconditioned with the Hessian of a sample of rows, started at the sample's
 * solution; Newton's method where the sample is everything (fewer than 80,000 rows); plain L-BFGS for sparse X or more
 * than 400 columns. X is held by the engine during the fit (one read of the source), each iteration is one pass over memory
 * and sends `nFeatures + 1` doubles a partition.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: two labels of one type (numbers, booleans or strings). NaN and
 * infinities are an error that names column, partition and row. Not converging is a `ConvergenceWarning` of the process
 * and `converged === false`.
 *
 * Differs from scikit-learn: the objective is the same, but `tol` bounds the predicted relative decrease of the objective
 * (by its square) instead of the gradient, which makes it independent of the columns' units; two classes only.
 *
 * @example
 * ```ts
 * const model = await new LogisticRegression({ C: 10 }).fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class LogisticRegression extends Estimator<LogisticRegressionParams, LogisticRegressionState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LogisticRegressionParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LogisticRegression {
    return new LogisticRegression().restore(json);
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError unless y has exactly two classes */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "LogisticRegression.fit";
    requireTarget(owner, y);
    const target = await codeLabels(owner, y, options);
    using design = Design.open(owner, X, target.values, options);
    const summary = await holdWithLabels(design);
    if (summary.rows === 0) throw new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
    const present = summary.labels.filter((_, k) => (summary.weights[k] ?? 0) > 0);
    if (present.length !== 2) throw classCountError(owner, Array.from(present, (code) => target.labelOf(code)));
    if (present[0] !== 0 || present[1] !== 1 || summary.labels.length !== 2) await design.encodeLabels(present);
    const weights = summary.weights.filter((weight) => weight > 0);
    const problem = {
      ...this.params,
      rows: summary.rows,
      weight: (weights[0] ?? 0) + (weights[1] ?? 0),
      positive: weights[1] ?? 0,
    };
    const solution = await fitLogistic(design, problem);
    if (!solution.x.every(Number.isFinite) || !Number.isFinite(solution.value)) {
      await design.assertFinite();
      throw new FitError(`${owner}: the objective overflows. Scale X first, for example with StandardScaler.`);
    }
    if (!solution.converged) warnNotConverged("LogisticRegression", this.params.maxIter, solution.gradientNorm);
    const p = design.nFeatures;
    this.setState({
      nFeatures: p,
      ...(design.names ? { featureNames: design.names } : {}),
      coef: solution.x.slice(0, p),
      intercept: this.params.fitIntercept ? (solution.x[p] ?? 0) : 0,
      classes: Array.from(present, (code) => target.labelOf(code)),
      nIter: solution.iterations,
      objective: solution.value,
      gradientNorm: solution.gradientNorm,
      converged: solution.converged,
    });
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
    const owner = "LogisticRegression.predict";
    const { classes } = this.state;
    const local = !(typeof classes[0] === "number");
    const labels: [number, number] = local ? [0, 1] : [Number(classes[0]), Number(classes[1])];
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("labelStep"), { ...this.#predictor(owner, x), labels }, { innerShape: [] }),
      (result) => Array.from(result.toVector() as Float64Array, (value) => (local ? (classes[value] as Label) : value)),
    );
  }

  /** Probabilities of both classes, `(nRows, 2)`, columns in the order of `classes`. */
  predictProba(X: DistributedInput): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    const owner = "LogisticRegression.predictProba";
    const names = this.state.classes.map(String);
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("probabilityStep"), this.#predictor(owner, x), { innerShape: [2], names }),
      (result) => result,
    );
  }

  /** `η = x·coef + intercept`: above 0 the second class is the more probable. */
  decisionFunction(X: DistributedInput): DistributedArray;
  decisionFunction(X: LocalInput): Promise<Float64Array>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = "LogisticRegression.decisionFunction";
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, task("linearStep"), this.#predictor(owner, x), { innerShape: [] }),
      (result) => result.toVector() as Float64Array,
    );
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    const target = await codeLabels("LogisticRegression.score", y, options, this.classes);
    const predicted = await this.predict(X);
    const coded = Array.isArray(predicted) ? (await codeLabels("LogisticRegression.score", predicted as LabelInput, options, this.classes)).values : predicted;
    return accuracyScore(target.values, coded, options);
  }

  /** Slope of each column towards the second class, `(nFeatures)`. */
  get coef(): Float64Array {
    return this.state.coef;
  }

  get intercept(): number {
    return this.state.intercept;
  }

  /** The two labels, in sorted order. */
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

  /** Largest absolute entry of the objective's gradient at that point. */
  get gradientNorm(): number {
    return this.state.gradientNorm;
  }

  /** Whether the solver reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }

  #predictor(owner: string, x: DistributedArray): { owner: string; names: readonly string[] | undefined; coef: Float64Array; intercept: number } {
    const { coef, intercept, featureNames } = this.state;
    return { owner, names: featureNames ?? x.names, coef, intercept };
  }
}

registerEstimator("LogisticRegression", LogisticRegression);

function classCountError(owner: string, labels: readonly Label[]): FitError {
  if (labels.length < 2) {
    const seen = labels.length === 0 ? "no rows with a positive weight" : `one class only: ${JSON.stringify(labels[0])}`;
    return new FitError(`${owner}: y has ${seen}. It needs two; check the filter and the label column.`);
  }
  return new FitError(
    `${owner}: y has ${labels.length} classes (${labels.slice(0, 5).map((label) => JSON.stringify(label)).join(", ")}${labels.length > 5 ? ", ..." : ""}), and this is a binary classifier. ` +
      "Compare one class with the rest: pass y as 1 for that class and 0 for others.",
  );
}
