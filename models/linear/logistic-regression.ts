import { ParameterError, show } from "../../src/base/errors.js";
import { ParamTable, type ZodNamespace } from "../../src/base/params.js";
import type { FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { toMatrix, type LabelInput, type MatrixInput } from "../../src/estimator/inputs.js";
import type { SolverExplanation } from "./solver-explanation.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import type { Solution } from "../../src/numeric/solvers/objective.js";
import { reportEnd } from "./glm-fit.js";
import { classWeightField, type ClassWeight } from "../../src/estimator/class-design.js";
import {
  assertUsableSolution,
  fitLogistic,
  fitLogisticJointly,
  openClasses,
  type ClassDesign,
  type LogisticProblem,
} from "./logistic-fit.js";
import { LogisticModel, type LogisticState } from "./logistic-model.js";
import {
  chooseSolver,
  DEFAULT_ITERATIONS,
  type LogisticPenalty,
  type LogisticSolver,
  type SolverChoice,
  type SolverQuestion,
} from "./logistic-solver.js";
import { warnIfSeparated } from "./separation.js";
import { summariseLogistic } from "./statistics/logistic-summary.js";
import type { ModelSummary } from "./statistics/model-summary.js";
import type { SummaryOptions } from "./statistics/summary-options.js";

/** Parameters of {@link LogisticRegression}. */
export interface LogisticRegressionParams {
  C: number;
  penalty: LogisticPenalty;
  l1Ratio: number | null;
  fitIntercept: boolean;
  classWeight: ClassWeight;
  solver: "auto" | LogisticSolver;
  warmStart: boolean;
  tol: number;
  maxIter: number | null;
}

/** Parameters that the logistic models share, in terms of zod. */
export const logisticTerms = {
  fitIntercept: (z: ZodNamespace) =>
    z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
  classWeight: (z: ZodNamespace) =>
    classWeightField(
      z,
      'factors of the sample weights by label, 1 for labels left out; "balanced" gives every class the same total',
    ),
  solver: (z: ZodNamespace) =>
    z
      .enum(["auto", "newton", "lbfgs", "coordinate", "fista", "admm"])
      .default("auto")
      .describe(
        '"newton" and "lbfgs" take smooth penalties only, the others all; "auto" takes the fewest passes, see explain()',
      ),
  tol: (z: ZodNamespace) =>
    z
      .number()
      .positive()
      .max(0.1)
      .default(1e-6)
      .describe("stops when the predicted relative decrease of the objective is at most tol²"),
  maxIter: (z: ZodNamespace) =>
    z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .describe("most iterations over all rows; null is 100, 500 for admm and 5000 for fista"),
} as const;

const TABLE = new ParamTable<LogisticRegressionParams>("LogisticRegression", (z) =>
  z.object({
    C: z.number().positive().default(1).describe("inverse strength of the penalty; smaller is stronger"),
    penalty: z
      .enum(["none", "l2", "l1", "elasticnet"])
      .default("l2")
      .describe("½ |coef|², |coef|₁, a mixture of both by l1Ratio, or none"),
    l1Ratio: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .default(null)
      .describe("share of |coef|₁ in the elastic net, which needs it; null for the other penalties"),
    fitIntercept: logisticTerms.fitIntercept(z),
    classWeight: logisticTerms.classWeight(z),
    solver: logisticTerms.solver(z),
    warmStart: z
      .boolean()
      .default(false)
      .describe("start from the solution of the last fit, where that had the same columns and classes"),
    tol: logisticTerms.tol(z),
    maxIter: logisticTerms.maxIter(z),
  }),
);

/**
 * Logistic regression with an L2, L1 or elastic net penalty, or none. Two classes: minimises
 * `C Σ w [log(1 + e^η) − yη] + penalty(coef)` with `η = x·coef + intercept` and y in {0, 1}. More: minimises
 * `C Σ w [log Σ_c e^η_c − η_y] + penalty(coef)` with `η_c = x·coef_c + intercept_c`, one row of `coef` a class. The penalty is
 * `½ |coef|²`, `|coef|₁`, or `l1Ratio |coef|₁ + ½ (1 − l1Ratio) |coef|²`. Intercepts are never penalised; those of more than
 * two classes have mean 0, without a penalty the slopes of each column too.
 *
 * Solvers, all with the same optimum; `explain()` tells which one and why:
 * - `lbfgs`: L-BFGS (Nocedal and Wright 2006) preconditioned with the Hessian of a sample of rows, started at the sample's
 *   solution; plain above 1,000 columns (400 a class). Three or four passes.
 * - `newton`: Newton's method in a trust region; for two classes one pass an iteration, which sends the Hessian.
 * - `coordinate`: proximal Newton steps, each solved by coordinate descent over a working set (Lee, Sun and Saunders 2014;
 *   Friedman, Hastie and Tibshirani 2010), with the curvature of a sample improved by BFGS updates, or the exact one where
 *   the rows are few. Up to 2,500 coefficients.
 * - `fista`: accelerated proximal gradient steps with restart (Beck and Teboulle 2009); vectors only, hundreds of passes.
 * - `admm`: consensus ADMM (Boyd et al. 2011) in the metric of the curvature: in some twenty rounds every group of partitions
 *   solves its own problem and only coefficients travel. Up to 2,500 coefficients.
 *
 * X is held by the engine during the fit (one read of the source), each iteration is one pass over memory and sends
 * `nFeatures + 1` doubles a partition, for more than two classes a class.
 *
 * X: `(nRows, nFeatures)`, dense or CSR, f64 or f32; y: two labels or more of one type (numbers, booleans or strings). NaN
 * and infinities are an error that names column, partition and row. Not converging is a `ConvergenceWarning` of the process
 * and `converged === false`. An aborted or failed fit leaves the previous model.
 *
 * Differs from scikit-learn: the objective is the same, but `tol` bounds the predicted relative decrease of the objective
 * (by its square) instead of the gradient, which makes it independent of the columns' units; solvers are named after what
 * they do; the keys of a `classWeight` record are labels as text.
 *
 * @example
 * ```ts
 * const model = await new LogisticRegression({ C: 10 }).fit([[0], [1], [2], [3]], ["no", "no", "yes", "yes"]);
 * console.log(await model.predict([[0.2], [2.8]])); // ["no", "yes"]
 * ```
 */
export class LogisticRegression extends LogisticModel<LogisticRegressionParams, LogisticState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LogisticRegressionParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LogisticRegression {
    return new LogisticRegression().restore(json);
  }

  /**
   * @throws ParameterError for parameters that exclude each other; DataError for NaN, infinities or lengths that differ;
   *   FitError for one class only, or a `classWeight` of a label that y lacks
   */
  async fit(X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<this> {
    const owner = "LogisticRegression.fit";
    using data = await openClasses(owner, X, y, this.params.classWeight, options);
    const { problem, choice } = this.#problem(owner, data);
    await this.#finish(owner, data, problem, choice, await fitLogistic(data, problem));
    return this;
  }

  /** Models with equal ones differ in C and the intercept alone, and can be fitted together. */
  get jointKey(): string | undefined {
    const { C: _C, fitIntercept: _fitIntercept, warmStart, ...rest } = this.params;
    return warmStart ? undefined : `LogisticRegression ${JSON.stringify(rest)}`;
  }

  /**
   * Fits models of one `jointKey` to the same rows: labels are read and rows held once for all, and the passes of L-BFGS for
   * two classes are shared, so that each entry of X is read once for many models. Each model ends as its own `fit` would leave
   * it, up to rounding.
   * @throws as `fit`
   */
  async fitJointly(models: readonly this[], X: MatrixInput, y: LabelInput, options: FitOptions = {}): Promise<void> {
    const owner = "LogisticRegression.fit";
    using data = await openClasses(owner, X, y, this.params.classWeight, options);
    const fits = models.map((model) => model.#problem(owner, data));
    const solutions = await fitLogisticJointly(
      data,
      fits.map(({ problem }) => problem),
    );
    for (const [k, { problem, choice }] of fits.entries())
      await (models[k] as this).#finish(owner, data, problem, choice, solutions[k] as Solution);
  }

  /** What is solved over these rows, and how. */
  #problem(owner: string, data: ClassDesign): { readonly problem: LogisticProblem; readonly choice: SolverChoice } {
    const { C, penalty, fitIntercept, tol } = this.params;
    const { design, classes, rows } = data;
    const l1Ratio = this.#l1Ratio(owner);
    const choice = chooseSolver(this.#question(owner, design.nFeatures, design.layout, classes.length, rows));
    const { solver } = choice;
    const maxIter = this.params.maxIter ?? DEFAULT_ITERATIONS[solver];
    return { problem: { C, penalty, l1Ratio, fitIntercept, tol, maxIter, solver, start: this.#start(data) }, choice };
  }

  /** Keeps a solution, with the warnings that it deserves. @throws as `fit`, for one that is not finite */
  async #finish(
    owner: string,
    data: ClassDesign,
    { C, penalty, fitIntercept, maxIter, solver }: LogisticProblem,
    { why }: SolverChoice,
    solution: Solution,
  ): Promise<void> {
    const { design, classes } = data;
    await assertUsableSolution(owner, design, solution);
    reportEnd(design, maxIter, solution);
    if (!solution.converged) warnNotConverged("LogisticRegression", maxIter, solution.gradientNorm);
    if (classes.length === 2 && (penalty === "none" || C >= UNPENALISED)) {
      const sides = [`class ${show(classes[0])}`, `class ${show(classes[1])}`] as const;
      await warnIfSeparated(design, solution, "outcomes", sides);
    }
    this.setState({ ...stateOf(data, solution, fitIntercept), explanation: explained(solver, why, solution) });
  }

  /**
   * The solver and why. With X before a fit, from its shape alone (nothing runs; two classes are assumed); without,
   * of the last fit with what it took.
   * @throws NotFittedError without X before a fit; ParameterError as `fit`
   */
  explain(X?: MatrixInput): SolverExplanation {
    if (X === undefined) return this.state.explanation;
    const owner = "LogisticRegression.explain";
    const { width, layout, rows } = toMatrix(owner, X);
    this.#l1Ratio(owner);
    const { solver, why } = chooseSolver(this.#question(owner, width, layout, 2, rows));
    return { solver, reason: why, passes: undefined };
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

  #question(
    owner: string,
    columns: number,
    layout: "dense" | "csr",
    classes: number,
    rows: number | undefined,
  ): SolverQuestion {
    const { solver, penalty } = this.params;
    return { owner, solver, penalty, classes, columns, rows, layout };
  }

  /** The share of the L1 part. @throws ParameterError unless it is given exactly where it is used */
  #l1Ratio(owner: string): number {
    const { penalty, l1Ratio } = this.params;
    if (penalty === "elasticnet" && l1Ratio === null)
      throw new ParameterError(
        `${owner}: penalty "elasticnet" needs l1Ratio, a number from 0 to 1. Pass l1Ratio: 0.5.`,
      );
    if (penalty !== "elasticnet" && l1Ratio !== null) {
      throw new ParameterError(
        `${owner}: l1Ratio has no effect with penalty ${JSON.stringify(penalty)}; got ${l1Ratio}. Pass penalty: "elasticnet", or leave l1Ratio out.`,
      );
    }
    return l1Ratio ?? 0;
  }

  /** Coefficients of the last fit, where they fit these data. */
  #start({ design, classes }: ClassDesign): Float64Array | undefined {
    const state = this.params.warmStart ? this.stateIfFitted : undefined;
    if (!state || state.nFeatures !== design.nFeatures || state.classes.length !== classes.length) return undefined;
    if (!state.classes.every((label, k) => label === classes[k])) return undefined;
    const p = state.nFeatures;
    const start = new Float64Array(state.intercepts.length * (p + 1));
    state.intercepts.forEach((intercept, c) => {
      start.set(state.coef.subarray(c * p, (c + 1) * p), c * (p + 1));
      start[c * (p + 1) + p] = this.params.fitIntercept ? intercept : 0;
    });
    return start;
  }
}

/** From this C on the penalty no longer bounds coefficients of data that columns separate. */
const UNPENALISED = 1e6;

registerEstimator("LogisticRegression", LogisticRegression);

/** A solution as fitted state. */
export function stateOf(
  { design, classes }: Pick<ClassDesign, "design" | "classes">,
  solution: Solution,
  fitIntercept: boolean,
): Omit<LogisticState, "explanation"> {
  const p = design.nFeatures;
  const rows = solution.x.length / (p + 1);
  const coef = new Float64Array(rows * p);
  for (let c = 0; c < rows; c++) coef.set(solution.x.subarray(c * (p + 1), c * (p + 1) + p), c * p);
  return {
    ...design.columns,
    coef,
    intercepts: Float64Array.from({ length: rows }, (_, c) => (fitIntercept ? (solution.x[c * (p + 1) + p] ?? 0) : 0)),
    classes,
    nIter: solution.iterations,
    objective: solution.value,
    gradientNorm: solution.gradientNorm,
    converged: solution.converged,
  };
}

function explained(solver: LogisticSolver, why: string, solution: Solution): SolverExplanation {
  const { iterations, evaluations, value, gradientNorm, converged } = solution;
  const reason =
    `${why} It took ${iterations} iterations and ${evaluations} passes over all rows, to objective ${value} with the ` +
    `optimality conditions violated by at most ${gradientNorm.toExponential(2)}: ${converged ? "converged" : "not converged"}.`;
  return { solver, reason, passes: evaluations };
}
