import { FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import type { LocalMatrix } from "../../src/collections/array/local-matrix.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { Estimator, type EstimatorJson } from "../../src/estimator/estimator.js";
import {
  requireTarget,
  type DistributedInput,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
} from "../../src/estimator/inputs.js";
import { codeLabels, holdWithLabels, type Label } from "../../src/estimator/labels.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { accuracyScore } from "../../src/metrics/index.js";
import { fitGlm, reportEnd } from "./glm-fit.js";
import { summariseLogistic } from "./statistics/logistic-summary.js";
import type { ModelSummary } from "./statistics/model-summary.js";
import type { SummaryOptions } from "./statistics/summary-options.js";
import { fitSoftmax } from "./softmax-fit.js";
import { noRows } from "../../src/estimator/no-rows.js";

/** Parameters of {@link LogisticRegression}. */
export interface LogisticRegressionParams {
  C: number;
  fitIntercept: boolean;
  classWeight: "balanced" | Record<string, number> | null;
  tol: number;
  maxIter: number;
}

interface LogisticRegressionState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly coef: Float64Array;
  readonly intercepts: Float64Array;
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
    classWeight: z
      .union([z.literal("balanced"), z.record(z.string(), z.number().positive())])
      .nullable()
      .default(null)
      .describe(
        'factors of the sample weights by label, 1 for labels left out; "balanced" gives every class the same total',
      ),
    tol: z
      .number()
      .positive()
      .max(0.1)
      .default(1e-6)
      .describe("stops when the predicted relative decrease of the objective is at most tol²"),
    maxIter: z.int().min(1).default(100).describe("most iterations over all rows"),
  }),
);

const task = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./predict-tasks.js", import.meta.url).href, name);
const softmaxTask = (name: string): ReturnType<typeof fnRef> =>
  fnRef(new URL("./softmax-predict-tasks.js", import.meta.url).href, name);

/**
 * Logistic regression with an L2 penalty. Two classes: minimises
 * `C Σ w [log(1 + e^η) − yη] + ½ |coef|²` with `η = x·coef + intercept` and y in {0, 1}. More: minimises
 * `C Σ w [log Σ_c e^η_c − η_y] + ½ |coef|²` with `η_c = x·coef_c + intercept_c`, one row of `coef` a class. Intercepts are not
 * penalised; those of more than two classes have mean 0.
 *
 * Solver: L-BFGS (Nocedal and Wright 2006) preconditioned with the Hessian of a sample of rows, started at the sample's
 * solution; for two classes Newton's method where the sample is everything (fewer than 80,000 rows); plain L-BFGS for more
 * than 400 columns. X is held by the engine during the fit (one read of the source), each iteration is one pass over memory
 * and sends `nFeatures + 1` doubles a partition, for more than two classes a class.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: two labels or more of one type (numbers, booleans or strings). NaN
 * and infinities are an error that names column, partition and row. Not converging is a `ConvergenceWarning` of the process
 * and `converged === false`.
 *
 * Differs from scikit-learn: the objective is the same, but `tol` bounds the predicted relative decrease of the objective
 * (by its square) instead of the gradient, which makes it independent of the columns' units; the keys of a `classWeight`
 * record are labels as text.
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

  /** @throws DataError for NaN, infinities or lengths that differ; FitError for one class only, or a `classWeight` of a label that y lacks */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "LogisticRegression.fit";
    requireTarget(owner, y);
    const target = await codeLabels(owner, y, options);
    using design = Design.open(owner, X, target.values, options);
    const summary = await holdWithLabels(design);
    if (summary.rows === 0) throw noRows(owner);
    const present = summary.labels.filter((_, k) => (summary.weights[k] ?? 0) > 0);
    const classes = Array.from(present, (code) => target.labelOf(code));
    if (classes.length < 2) throw oneClassError(owner, classes);
    const factors = this.#classFactors(
      classes,
      summary.weights.filter((weight) => weight > 0),
    );
    const coded = summary.labels.length === present.length && present.every((code, k) => code === k);
    if (!coded || factors) await design.encodeLabels(present, factors);
    const weights = summary.weights.filter((weight) => weight > 0).map((weight, k) => weight * (factors?.[k] ?? 1));
    const { C, fitIntercept, tol, maxIter } = this.params;
    const shared = {
      fitIntercept,
      tol,
      maxIter,
      rows: summary.rows,
      weight: weights.reduce((sum, weight) => sum + weight, 0),
    };
    const [negative = 0, positive = 0] = weights;
    const k = classes.length;
    const solution =
      k > 2
        ? await fitSoftmax(design, { ...shared, C, k, classWeights: weights })
        : await fitGlm(design, {
            ...shared,
            family: glmFamily.logistic,
            lossScale: C,
            ridge: 1,
            shift: 0,
            intercept: Math.log(positive / negative),
          });
    if (!solution.x.every(Number.isFinite) || !Number.isFinite(solution.value)) {
      await design.assertFinite();
      throw new FitError(`${owner}: the objective overflows. Scale X first, for example with StandardScaler.`);
    }
    reportEnd(design, maxIter, solution);
    if (!solution.converged) warnNotConverged("LogisticRegression", this.params.maxIter, solution.gradientNorm);
    const p = design.nFeatures;
    const rows = solution.x.length / (p + 1);
    const slopes = Array.from({ length: rows }, (_, c) => solution.x.subarray(c * (p + 1), c * (p + 1) + p));
    this.setState({
      nFeatures: p,
      ...(design.names ? { featureNames: design.names } : {}),
      coef: Float64Array.from(slopes.flatMap((row) => Array.from(row))),
      intercepts: Float64Array.from({ length: rows }, (_, c) =>
        fitIntercept ? (solution.x[c * (p + 1) + p] ?? 0) : 0,
      ),
      classes,
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
    const owner = "LogisticRegression.predictProba";
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
    const owner = "LogisticRegression.decisionFunction";
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

  /**
   * Standard errors, z tests and confidence intervals of the coefficients, and how well the model fits these rows, which
   * should be those of the fit, with its weights. One read of X and one pass over it (two for HC2 and HC3, which are for two
   * classes). More than two classes: coefficients of each class less those of the first, which alone are determined.
   * Covariances as at `GeneralizedLinearRegressor`.
   *
   * With a penalty the coefficients are biased and these figures leave that out: a note says by how much.
   *
   * @throws ParameterError for an option out of range; DataError for other columns, NaN, or a label that the fit has not seen;
   * FitError for dependent columns, naming one
   */
  async summary(X: MatrixInput, y: LabelInput, options: SummaryOptions = {}): Promise<ModelSummary> {
    const fitted = { ...this.state, model: this.kind, fitIntercept: this.params.fitIntercept };
    return summariseLogistic("LogisticRegression.summary", fitted, X, y, options);
  }

  /** Share of rows whose label is predicted. */
  async score(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<number> {
    const target = await codeLabels("LogisticRegression.score", y, options, this.classes);
    const predicted = await this.predict(X);
    const coded = Array.isArray(predicted)
      ? (await codeLabels("LogisticRegression.score", predicted as LabelInput, options, this.classes)).values
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
      throw new FitError(`LogisticRegression: each of its ${classes.length} classes has an intercept. Use intercepts.`);
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

  /** Largest absolute entry of the objective's gradient at that point. */
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

  /** Factor of each class's weights, undefined when there is none. @throws FitError for a label that is not among the classes */
  #classFactors(classes: readonly Label[], weights: Float64Array): Float64Array | undefined {
    const { classWeight } = this.params;
    if (classWeight === null) return undefined;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (classWeight === "balanced") return weights.map((weight) => total / (classes.length * weight));
    const labels = classes.map(String);
    const unknown = Object.keys(classWeight).find((label) => !labels.includes(label));
    if (unknown !== undefined) {
      throw new FitError(
        `LogisticRegression.fit: classWeight has the label ${JSON.stringify(unknown)}, which y lacks; it has ${labels.slice(0, 5).join(", ")}. Name labels of y.`,
      );
    }
    return Float64Array.from(labels, (label) => classWeight[label] ?? 1);
  }
}

registerEstimator("LogisticRegression", LogisticRegression);

function oneClassError(owner: string, labels: readonly Label[]): FitError {
  const seen = labels.length === 0 ? "no rows with a positive weight" : `one class only: ${JSON.stringify(labels[0])}`;
  return new FitError(`${owner}: y has ${seen}. It needs two; check the filter and the label column.`);
}
