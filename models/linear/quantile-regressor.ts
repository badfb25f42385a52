import { FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { momentsOfDesign } from "./moments-of-design.js";
import { fitQuantile } from "./quantile-fit.js";

/** Parameters of {@link QuantileRegressor}. */
export interface QuantileRegressorParams {
  quantile: number;
  alpha: number;
  fitIntercept: boolean;
  tol: number;
  maxIter: number;
}

interface QuantileState extends LinearState {
  readonly nIter: number;
  readonly objective: number;
  readonly dualityGap: number;
  readonly converged: boolean;
}

const TABLE = new ParamTable<QuantileRegressorParams>("QuantileRegressor", (z) =>
  z.object({
    quantile: z
      .number()
      .refine((q) => q > 0 && q < 1, { error: "must be above 0 and below 1" })
      .default(0.5)
      .describe("the quantile of y given x that is predicted, above 0 and below 1"),
    alpha: z.number().min(0).default(1).describe("strength of the L1 penalty"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    tol: z
      .number()
      .positive()
      .max(0.1)
      .default(1e-7)
      .describe("stops when the duality gap is at most tol times the objective"),
    maxIter: z.int().min(1).default(300).describe("most Newton steps, of all widths together"),
  }),
);

/**
 * Linear regression of a quantile (Koenker and Bassett 1978) with an L1 penalty: minimises
 * `(1 / Σw) Σ w ρ(y − x·coef − intercept) + alpha |coef|₁` with the pinball loss `ρ(r) = max(q r, (q − 1) r)`; the intercept is
 * not penalised.
 *
 * Solver: the kinks of the loss and of the penalty are rounded over a width, `|r| → √(r² + width²)`, and Newton's method
 * solves that; the width falls by factors of 8 from the spread of y until the duality gap, which every solution brings with
 * it, is at most `tol` times the objective. Then the plane through the closest rows (those are fetched, about twice as many as
 * there are columns) and coefficients of exactly 0 are taken where the objective is smaller for it: few rows end at the very
 * corner that linear programming finds. X is held by the engine during the fit (one read of the source); each step is one
 * pass over memory (20 to 60 in all, at a cost of `nFeatures²` a row) and brings `(nFeatures + 1)²` doubles a partition, so
 * that rows never travel: a linear program would need them all in one place.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (made dense a partition at a time), f64 or f32; y: `(nRows)`. NaN and infinities are an
 * error that names column, partition and row. Not converging is a `ConvergenceWarning` of the process and
 * `converged === false`. `score` is R², as in scikit-learn.
 *
 * Differs from scikit-learn: the objective is the same; where many coefficients are optimal (dependent columns, few rows) the
 * solution is another one of the same objective; `tol` and `maxIter` in place of the options of a linear program.
 *
 * @example
 * ```ts
 * const model = await new QuantileRegressor({ quantile: 0.5, alpha: 0 }).fit([[0], [1], [2], [3]], [0, 1, 2, 30]);
 * console.log(model.coef[0]); // 1, whatever the last y
 * ```
 */
export class QuantileRegressor extends LinearModel<QuantileRegressorParams, QuantileState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<QuantileRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): QuantileRegressor {
    return new QuantileRegressor().restore(json);
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "QuantileRegressor.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    await design.hold();
    const { mean, scatter, weight } = await momentsOfDesign(design);
    const p = design.nFeatures;
    const spread = (j: number): number => Math.sqrt(Math.max(0, scatter[j * (p + 2)] ?? 0) / weight);
    const { maxIter, ...problem } = this.params;
    const solution = await fitQuantile(design, {
      ...problem,
      maxIter,
      mean: mean[p] ?? 0,
      spread: spread(p),
      spreads: Float64Array.from({ length: p }, (_, j) => {
        const own = spread(j);
        return own > 1e-13 * Math.abs(mean[j] ?? 0) ? own : Math.abs(mean[j] ?? 0) || 1;
      }),
    });
    if (!solution.x.every(Number.isFinite) || !Number.isFinite(solution.value))
      throw new FitError(`${owner}: the objective overflows. Scale X and y first, for example with StandardScaler.`);
    design.onProgress?.({ stage: owner, done: maxIter, total: maxIter, detail: { objective: solution.value } });
    if (!solution.converged) warnNotConverged("QuantileRegressor", maxIter, solution.gradientNorm);
    this.setState({
      ...design.columns,
      coef: solution.x.slice(0, p),
      intercept: problem.fitIntercept ? (solution.x[p] ?? 0) : 0,
      nIter: solution.iterations,
      objective: solution.value,
      dualityGap: solution.dualityGap,
      converged: solution.converged,
    });
    return this;
  }

  /** Newton steps, of all widths together. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Value of the objective. */
  get objective(): number {
    return this.state.objective;
  }

  /** How far the objective can at most be from the smallest one. */
  get dualityGap(): number {
    return this.state.dualityGap;
  }

  /** Whether the gap reached the tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}

registerEstimator("QuantileRegressor", QuantileRegressor);
