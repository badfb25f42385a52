import { FitError, ParameterError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { FoldStatistics } from "../../src/estimator/fold-statistics.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import type { SolverExplanation } from "./solver-explanation.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { Comoments } from "../../src/numeric/comoments.js";
import { solveNormalEquations } from "../../src/numeric/least-squares.js";
import { solveNonNegative } from "../../src/numeric/non-negative.js";
import { fitLeastSquares, MAX_PAIRS, type LeastSquaresSolver } from "./least-squares-fit.js";
import { LinearModel } from "./linear-model.js";
import { combinedMoments, foldMoments, type FoldMoments, type KeptMoments } from "./merge-fits.js";
import { momentsOfDesign } from "./moments-of-design.js";
import { dependenceOfColumns, warnDependent } from "./rank-warning.js";
import type { ModelSummary } from "./statistics/model-summary.js";
import { summariseRegression } from "./statistics/regression-summary.js";
import type { SummaryOptions } from "./statistics/summary-options.js";

/** Parameters of {@link LinearRegression}. */
export interface LinearRegressionParams {
  fitIntercept: boolean;
  solver: "auto" | LeastSquaresSolver;
  positive: boolean;
  keepMoments: boolean;
}

interface LinearRegressionState extends KeptMoments {
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly rank: number;
  readonly method: "cholesky" | "qr" | "svd" | "coordinate";
  readonly explanation: SolverExplanation<LeastSquaresSolver | "coordinate">;
}

const TABLE = new ParamTable<LinearRegressionParams>("LinearRegression", (z) =>
  z.object({
    fitIntercept: z
      .boolean()
      .default(true)
      .describe("estimate a constant term; without it the data are taken as centred"),
    solver: z
      .enum(["auto", "gram", "tsqr", "randomized"])
      .default("auto")
      .describe(
        "normal equations; triangular factor of the rows; products with random directions, for many columns of low rank",
      ),
    positive: z
      .boolean()
      .default(false)
      .describe("hold every coefficient at or above 0; from the co-moments, so with solver auto or gram"),
    keepMoments: z
      .boolean()
      .default(false)
      .describe("keep the (nFeatures + 1)² co-moments in the model, so that merge and subtract work on it"),
  }),
);

/**
 * Ordinary least squares: minimises `Σ w (y − x·coef − intercept)²`.
 *
 * Solvers, of which `explain()` tells the one that was used and why:
 * - `gram`: one pass over X. Means and centred second moments per partition, merged pairwise (Chan, Golub and LeVeque 1979), then
 *   a Cholesky factorisation in correlation form with one step of refinement. `(p + 1)²` doubles a partition travel.
 * - `tsqr`: a second pass takes the triangular factor of the rows (Demmel et al. 2012), which keeps twice the digits; where the
 *   columns are dependent, the solution of minimum norm, with a `RankWarning` of the process that names columns. Where `gram` would lose more than six digits, `auto` takes it.
 * - `randomized`: for thousands of columns whose rows span few dimensions. Products with random directions, orthonormalised, until
 *   they span what the rows span (Halko, Martinsson and Tropp 2011); then least squares in that space, which is the solution of
 *   minimum norm. Five passes or more, `k p` doubles a partition. `auto` takes it above 4000 columns. Rows of more than 1024
 *   dimensions get a `ConvergenceWarning` and the solution in the strongest.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (made dense a partition at a time), f64 or f32; y: `(nRows)`. Sums are in f64.
 * NaN and infinities are an error that names column, partition and row.
 *
 * Differs from scikit-learn: one target; singular values count as zero below `max(n, p)·ε` of the largest, not below its
 * default `tol` of 1e-6, so badly scaled columns keep their coefficients; no penalty, as there.
 *
 * @example
 * ```ts
 * const model = await new LinearRegression().fit([[0], [1], [2]], [1, 3, 5]);
 * console.log(model.coef, model.intercept); // Float64Array [2], 1
 * ```
 */
export class LinearRegression extends LinearModel<LinearRegressionParams, LinearRegressionState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LinearRegressionParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LinearRegression {
    return new LinearRegression().restore(json);
  }

  /**
   * The model of all rows of both: equal to a fit on them together, without their data. The parameters are those of `a`.
   * @throws FitError unless both were fitted with `keepMoments` on the same columns, or when the columns are dependent
   */
  static merge(a: LinearRegression, b: LinearRegression): LinearRegression {
    return LinearRegression.#combined("LinearRegression.merge", a, b, 1);
  }

  /**
   * The model of the rows of `total` without those of `part`, which must be among them: forgets a user or a day.
   * @throws FitError as {@link LinearRegression.merge}, and when nothing is left
   */
  static subtract(total: LinearRegression, part: LinearRegression): LinearRegression {
    return LinearRegression.#combined("LinearRegression.subtract", total, part, -1);
  }

  static #combined(owner: string, a: LinearRegression, b: LinearRegression, sign: 1 | -1): LinearRegression {
    const moments = combinedMoments(owner, a.state, b.state, sign);
    if (a.params.positive) {
      const result = new LinearRegression(a.getParams());
      result.setState({ ...a.state, ...nonNegative(moments, a.params.fitIntercept, "co-moments of both", 0), moments });
      return result;
    }
    const solution = solveNormalEquations(moments, a.params.fitIntercept);
    // What tells dependent columns apart needs the rows themselves.
    if (!solution)
      throw new FitError(
        `${owner}: the columns of these rows are too nearly dependent to solve from co-moments alone. Fit on all rows, or use Ridge.`,
      );
    const result = new LinearRegression(a.getParams());
    const explanation = { solver: "gram", reason: "co-moments of both", passes: 0 } as const;
    result.setState({ ...a.state, ...solution, explanation, moments });
    return result;
  }

  /** @internal Fits of cross-validation's folds from one scan, where the normal equations would solve them. */
  get foldStatistics(): FoldStatistics<FoldMoments> | undefined {
    const { fitIntercept, solver, positive, keepMoments } = this.params;
    if (positive || solver === "tsqr" || solver === "randomized") return undefined;
    return foldMoments("LinearRegression.fit", MAX_PAIRS, ({ columns, moments }) => {
      const solution = solveNormalEquations(moments, fitIntercept);
      if (!solution) return false;
      const explanation = { solver: "gram", reason: "co-moments of the other folds", passes: 1 } as const;
      this.setState({ ...columns, ...solution, explanation, ...(keepMoments ? { moments } : {}) });
      return true;
    });
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero, or columns are too nearly dependent for `gram` */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "LinearRegression.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { fitIntercept, solver, positive, keepMoments } = this.params;
    if (positive && (solver === "tsqr" || solver === "randomized")) {
      throw new ParameterError(
        `${owner}: solver ${JSON.stringify(solver)} cannot hold coefficients at or above 0. Pass solver "auto" or "gram" with positive.`,
      );
    }
    if (solver === "randomized" && keepMoments) {
      throw new FitError(
        `${owner}: keepMoments needs the products of all pairs of columns, which solver "randomized" does without. Pass "auto", or leave keepMoments out.`,
      );
    }
    if (positive) {
      const comoments = await momentsOfDesign(design);
      this.setState({
        ...design.columns,
        ...nonNegative(comoments, fitIntercept, "positive coefficients, from the co-moments", 1),
        ...(keepMoments ? { moments: comoments } : {}),
      });
      return this;
    }
    const { solution, explanation, moments } = await fitLeastSquares(design, solver, fitIntercept, keepMoments);
    if (moments && solution.rank < design.nFeatures)
      warnDependent("LinearRegression", dependenceOfColumns(moments, fitIntercept), design.names, design.nFeatures);
    this.setState({
      ...design.columns,
      ...solution,
      explanation,
      ...(keepMoments && moments ? { moments } : {}),
    });
    return this;
  }

  /**
   * Standard errors, t tests and confidence intervals of the coefficients, R² and more, on these rows, which should be those
   * of the fit, with its weights. One read of X and one pass over it (two for HC2 and HC3), cheap ones over y. Covariance:
   * `s² (X̃ᵀWX̃)⁻¹` with s² the weighted sum of squared residuals over observations less coefficients; robust ones as at
   * `GeneralizedLinearRegressor`. Clustered, t has one degree of freedom less than there are groups.
   *
   * @throws ParameterError for an option out of range; DataError for other columns or NaN; FitError for dependent columns,
   * naming one, and for too few rows
   */
  async summary(X: MatrixInput, y: VectorInput, options: SummaryOptions = {}): Promise<ModelSummary> {
    const composition = { family: { name: "gaussian" }, link: { name: "identity" } } as const;
    const fitted = {
      ...this.state,
      model: this.kind,
      composition,
      fitIntercept: this.params.fitIntercept,
      squares: true,
    };
    return summariseRegression("LinearRegression.summary", fitted, X, y, options);
  }

  /** Columns that carry information of their own. */
  get rank(): number {
    return this.state.rank;
  }

  /** The solver of the last fit, why it was taken, and its passes over the rows. */
  explain(): SolverExplanation<LeastSquaresSolver | "coordinate"> {
    return this.state.explanation;
  }

  /** How the solution was found: normal equations, triangular factor, minimum norm, or with `positive` coordinate descent. */
  get method(): LinearRegressionState["method"] {
    return this.state.method;
  }
}

/** The fitted state of coefficients at or above 0. */
function nonNegative(
  moments: Comoments,
  fitIntercept: boolean,
  reason: string,
  passes: number,
): Pick<LinearRegressionState, "coef" | "intercept" | "method" | "rank" | "explanation"> {
  const { constant, dependent } = dependenceOfColumns(moments, fitIntercept);
  return {
    ...solveNonNegative(moments, 0, fitIntercept),
    rank: moments.mean.length - 1 - constant.length - dependent.length,
    explanation: { solver: "coordinate", reason, passes },
  };
}

registerEstimator("LinearRegression", LinearRegression);
