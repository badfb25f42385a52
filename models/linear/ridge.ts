import { FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import type { FoldStatistics } from "../../src/estimator/fold-statistics.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import type { Comoments } from "../../src/numeric/comoments.js";
import type { LeastSquares } from "../../src/numeric/least-squares.js";
import { mergeTriangles, TSQR_STEP, type Triangle } from "../../src/numeric/linalg/tsqr.js";
import { solveNonNegative } from "../../src/numeric/non-negative.js";
import { solveRidge, solveRidgeTriangular } from "../../src/numeric/ridge-solution.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { combinedMoments, foldMoments, type FoldMoments, type KeptMoments } from "./merge-fits.js";
import { momentsOfDesign } from "./moments-of-design.js";

/** Parameters of {@link Ridge}. */
export interface RidgeParams {
  alpha: number;
  fitIntercept: boolean;
  positive: boolean;
  keepMoments: boolean;
}

/** A solution, and how it was found. */
interface RidgeSolution {
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly method: LeastSquares["method"] | "coordinate";
}

interface RidgeState extends LinearState, KeptMoments {
  readonly method: RidgeSolution["method"];
}

const TABLE = new ParamTable<RidgeParams>("Ridge", (z) =>
  z.object({
    alpha: z.number().min(0).default(1).describe("strength of the L2 penalty; 0 is ordinary least squares"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    positive: z.boolean().default(false).describe("hold every coefficient at or above 0"),
    keepMoments: z
      .boolean()
      .default(false)
      .describe("keep the (nFeatures + 1)² co-moments in the model, so that merge and subtract work on it"),
  }),
);

/**
 * Linear least squares with an L2 penalty: minimises `Σ w (y − x·coef − intercept)² + alpha |coef|²`; the intercept is not
 * penalised (Hoerl and Kennard 1970).
 *
 * One pass over X for the co-moments of [X, y], then a Cholesky factorisation in correlation form with a step of
 * refinement. Where the penalised columns are still so nearly dependent that this would lose more than six digits, a second
 * pass takes the triangular factor of the data, to which the penalty is joined as rows. `(p + 1)²` doubles a partition travel.
 *
 * With `positive` the co-moments are minimised by coordinate descent with active sets, whatever the number of rows.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (with more than a fifth of the entries made dense a partition at a time), f64 or f32;
 * y: `(nRows)`. Sums are in f64. NaN and infinities are an error that names column, partition and row.
 *
 * Differs from scikit-learn: one target, one closed-form solver; {@link Ridge.merge} and {@link Ridge.subtract}.
 *
 * @example
 * ```ts
 * const model = await new Ridge({ alpha: 2 }).fit([[-1], [0], [1]], [-2, 0, 2]);
 * console.log(model.coef, model.intercept); // Float64Array [1], 0
 * ```
 */
export class Ridge extends LinearModel<RidgeParams, RidgeState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<RidgeParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): Ridge {
    return new Ridge().restore(json);
  }

  /**
   * The model of all rows of both: equal to a fit on them together, without their data. The parameters are those of `a`.
   * @throws FitError unless both were fitted with `keepMoments` on the same columns
   */
  static merge(a: Ridge, b: Ridge): Ridge {
    return Ridge.#combined("Ridge.merge", a, b, 1);
  }

  /**
   * The model of the rows of `total` without those of `part`, which must be among them: forgets a user or a day.
   * @throws FitError unless both were fitted with `keepMoments` on the same columns, or when nothing is left
   */
  static subtract(total: Ridge, part: Ridge): Ridge {
    return Ridge.#combined("Ridge.subtract", total, part, -1);
  }

  static #combined(owner: string, a: Ridge, b: Ridge, sign: 1 | -1): Ridge {
    const moments = combinedMoments(owner, a.state, b.state, sign);
    const { alpha, fitIntercept, positive } = a.params;
    const solution = positive
      ? solveNonNegative(moments, alpha, fitIntercept)
      : solveRidge(moments, alpha, fitIntercept);
    if (!solution)
      throw new FitError(
        `${owner}: the columns are too nearly dependent to solve from co-moments alone. Raise alpha, or fit on all rows.`,
      );
    const result = new Ridge(a.getParams());
    result.setState({ ...a.state, ...stateOf(solution), moments });
    return result;
  }

  /** @internal Fits of cross-validation's folds from one scan. */
  get foldStatistics(): FoldStatistics<FoldMoments> {
    return foldMoments("Ridge.fit", Infinity, ({ columns, moments }) => {
      const { alpha, fitIntercept, positive, keepMoments } = this.params;
      const solution = positive
        ? solveNonNegative(moments, alpha, fitIntercept)
        : solveRidge(moments, alpha, fitIntercept);
      if (solution) this.setState({ ...columns, ...stateOf(solution), ...(keepMoments ? { moments } : {}) });
      return solution !== undefined;
    });
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "Ridge.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { alpha, fitIntercept, positive, keepMoments } = this.params;
    const moments = await momentsOfDesign(design);
    const solution = positive
      ? solveNonNegative(moments, alpha, fitIntercept)
      : await ridgeOfDesign(design, moments, alpha, fitIntercept);
    this.setState({
      ...design.columns,
      ...stateOf(solution),
      ...(keepMoments ? { moments } : {}),
    });
    return this;
  }

  /** How it was found: normal equations, triangular factor, (without a penalty) minimum norm, or with `positive` coordinate descent. */
  get method(): RidgeSolution["method"] {
    return this.state.method;
  }
}

/** The ridge solution from co-moments, or where those do not suffice from one more pass over the design. */
export async function ridgeOfDesign(
  design: Design,
  moments: Comoments,
  alpha: number,
  fitIntercept: boolean,
): Promise<LeastSquares> {
  const solution = solveRidge(moments, alpha, fitIntercept);
  if (solution) return solution;
  const shift = fitIntercept ? moments.mean : new Float64Array(moments.mean.length);
  const triangle = await design.reduce<Triangle>(TSQR_STEP, { shift }, mergeTriangles);
  return solveRidgeTriangular(triangle, moments, alpha, fitIntercept);
}

const stateOf = ({ coef, intercept, method }: RidgeSolution): RidgeSolution => ({
  coef,
  intercept,
  method,
});

registerEstimator("Ridge", Ridge);
