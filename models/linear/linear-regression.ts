import { DataError, FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { Estimator, type EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type DistributedInput, type LocalInput, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { COMOMENTS_STEP, mergeComoments, type Comoments } from "../../src/numeric/comoments.js";
import { solveNormalEquations, solveTriangular } from "../../src/numeric/least-squares.js";
import { mergeTriangles, TSQR_STEP, type Triangle } from "../../src/numeric/linalg/tsqr.js";
import { r2Score } from "../../src/metrics/index.js";

/** Parameters of {@link LinearRegression}. */
export interface LinearRegressionParams {
  fitIntercept: boolean;
}

interface LinearRegressionState {
  readonly nFeatures: number;
  readonly featureNames?: readonly string[] | undefined;
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly rank: number;
  readonly method: "cholesky" | "qr" | "svd";
}

const TABLE = new ParamTable<LinearRegressionParams>("LinearRegression", (z) =>
  z.object({
    fitIntercept: z.boolean().default(true).describe("estimate a constant term; without it the data are taken as centred"),
  }),
);

/**
 * Ordinary least squares: minimises `Σ w (y − x·coef − intercept)²`.
 *
 * One pass over X: means and centred second moments per partition, merged pairwise (Chan, Golub and LeVeque 1979), then a
 * Cholesky factorisation in correlation form with one step of refinement. Where the columns are so nearly dependent that
 * this would lose more than six digits, a second pass takes the triangular factor of the data (TSQR: Demmel et al. 2012);
 * where they are dependent, the solution of minimum norm. `method` and `rank` say which it was. `(p + 1)²` doubles a
 * partition travel.
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
export class LinearRegression extends Estimator<LinearRegressionParams, LinearRegressionState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<LinearRegressionParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): LinearRegression {
    return new LinearRegression().restore(json);
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "LinearRegression.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { fitIntercept } = this.params;
    const total = await design.reduce<Comoments>(COMOMENTS_STEP, undefined, mergeComoments);
    if (total.rows === 0) throw new DataError(`${owner}: X has no rows. Check the filter or the files it comes from.`);
    if (!Number.isFinite(total.scatter.reduce((sum, value) => sum + value, 0))) {
      await design.assertFinite();
      throw new FitError(`${owner}: the sums of squares overflow. Scale X and y down first.`);
    }
    if (!(total.weight > 0)) throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
    let solution = solveNormalEquations(total, fitIntercept);
    if (!solution) {
      const shift = fitIntercept ? total.mean : new Float64Array(total.mean.length);
      const triangle = await design.reduce<Triangle>(TSQR_STEP, { shift }, mergeTriangles);
      solution = solveTriangular(triangle, total, fitIntercept);
    }
    this.setState({ nFeatures: design.nFeatures, ...(design.names ? { featureNames: design.names } : {}), ...solution });
    return this;
  }

  /** `x·coef + intercept`: lazy for distributed X, computed for local X. @throws DataError naming a NaN or infinity in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = "LinearRegression.predict";
    const { coef, intercept, featureNames } = this.state;
    return applyToRows(
      owner,
      X,
      this.state,
      (x) => x.mapChunks(owner, PREDICT, { owner, names: featureNames ?? x.names, coef, intercept }, { innerShape: [] }),
      (local) => local.toVector() as Float64Array,
    );
  }

  /** Coefficient of determination R² of the predictions for X. */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    const predicted = await this.predict(X);
    return (await r2Score(y, predicted, options)) as number;
  }

  /** Slope of each column, `(nFeatures)`. */
  get coef(): Float64Array {
    return this.state.coef;
  }

  /** Constant term, 0 without `fitIntercept`. */
  get intercept(): number {
    return this.state.intercept;
  }

  /** Columns that carry information of their own. */
  get rank(): number {
    return this.state.rank;
  }

  /** How the solution was found: normal equations, triangular factor, or minimum norm. */
  get method(): "cholesky" | "qr" | "svd" {
    return this.state.method;
  }
}

const PREDICT = fnRef(new URL("./predict-tasks.js", import.meta.url).href, "linearStep");

registerEstimator("LinearRegression", LinearRegression);
