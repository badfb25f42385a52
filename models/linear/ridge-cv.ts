import { DataError, FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { mergeComoments, type Comoments } from "../../src/numeric/comoments.js";
import { withoutEachFold } from "../../src/numeric/fold-comoments.js";
import { interceptFor, normalSystem, squaredError } from "../../src/numeric/normal-system.js";
import { LEAVE_ONE_OUT_STEP, leaveOneOutArgs } from "../../src/numeric/ridge-leave-one-out.js";
import { solvePenalised } from "../../src/numeric/ridge-solution.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { foldMomentsOfDesign, momentsOfDesign } from "./moments-of-design.js";
import { ridgeOfDesign } from "./ridge.js";

/** Parameters of {@link RidgeCV}. */
export interface RidgeCVParams {
  alphas: number[];
  fitIntercept: boolean;
  cv: number | null;
}

interface RidgeCVState extends LinearState {
  readonly alpha: number;
  readonly bestScore: number;
  readonly scores: Float64Array;
}

const TABLE = new ParamTable<RidgeCVParams>("RidgeCV", (z) =>
  z.object({
    alphas: z.array(z.number().positive()).min(1).default([0.1, 1, 10]).describe("penalties to choose from"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    cv: z
      .int()
      .min(2)
      .nullable()
      .default(null)
      .describe("number of folds of consecutive rows; null leaves out one row at a time"),
  }),
);

/**
 * {@link Ridge} with its penalty chosen by cross-validation, then fitted on all rows with the best.
 *
 * `cv: null` leaves out one row at a time, exactly: one pass for the co-moments of [X, y], one that scores all penalties
 * from residuals and leverages. The score of a penalty is minus the mean of `w e²`.
 * `cv: k` has folds of consecutive rows: one pass gathers the co-moments of each fold, from which all k fits and all their
 * scores follow; the score is the mean R² of the left-out folds. The partitions are held, so that the source is read once.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (made dense a partition at a time), f64 or f32; y: `(nRows)`. NaN and infinities
 * are an error that names column, partition and row.
 *
 * Has no `merge` and `subtract`: the scores that chose the penalty need the rows (or the folds) of both. Merge
 * {@link Ridge} models with the penalty that was found.
 *
 * Differs from scikit-learn: weights count in the folds' scores, too; ties go to the first penalty.
 *
 * @example
 * ```ts
 * const model = await new RidgeCV({ alphas: [0.01, 1, 100] }).fit([[0], [1], [2], [3]], [1, 3, 5, 7]);
 * console.log(model.alpha); // 0.01
 * ```
 */
export class RidgeCV extends LinearModel<RidgeCVParams, RidgeCVState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<RidgeCVParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): RidgeCV {
    return new RidgeCV().restore(json);
  }

  /** @throws DataError for NaN, infinities, lengths that differ or too few rows; FitError when weights are all zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "RidgeCV.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { alphas, cv, fitIntercept } = this.params;
    let moments: Comoments;
    let scores: Float64Array;
    if (cv === null) {
      await design.hold();
      moments = await momentsOfDesign(design);
      if (moments.rows < 2)
        throw new DataError(`${owner}: X has one row, and nothing is left when it is left out. Pass more rows.`);
      const args = leaveOneOutArgs(normalSystem(moments, fitIntercept), alphas);
      const sums = await design.reduce<Float64Array>(LEAVE_ONE_OUT_STEP, { ...args }, (a, b) =>
        a.map((value, i) => value + (b[i] ?? 0)),
      );
      scores = sums.map((sum) => -sum / moments.rows);
    } else {
      const folds = await foldMomentsOfDesign(design, cv);
      moments = folds.reduce(mergeComoments);
      scores = foldScores(folds, alphas, fitIntercept);
    }
    const best = scores.reduce(
      (at, score, i) => (score > (scores[at] ?? -Infinity) || Number.isNaN(scores[at]) ? i : at),
      0,
    );
    const bestScore = scores[best] ?? NaN;
    if (Number.isNaN(bestScore))
      throw new FitError(
        `${owner}: no penalty has a score; the rows left in a fit do not determine it. Pass more rows.`,
      );
    const alpha = alphas[best] ?? 1;
    const { coef, intercept } = await ridgeOfDesign(design, moments, alpha, fitIntercept);
    this.setState({
      ...design.columns,
      coef,
      intercept,
      alpha,
      bestScore,
      scores,
    });
    return this;
  }

  /** The penalty with the best score. */
  get alpha(): number {
    return this.state.alpha;
  }

  /** The score of `alpha`. */
  get bestScore(): number {
    return this.state.bestScore;
  }

  /** The score of each of `alphas`. */
  get scores(): Float64Array {
    return this.state.scores;
  }
}

/** Mean R² of the left-out folds for each penalty. */
function foldScores(folds: readonly Comoments[], alphas: readonly number[], fitIntercept: boolean): Float64Array {
  const scores = new Float64Array(alphas.length);
  withoutEachFold(folds).forEach((rest, f) => {
    const fold = folds[f] as Comoments;
    const system = normalSystem(rest, fitIntercept);
    const spread = normalSystem(fold, true).total;
    alphas.forEach((alpha, a) => {
      const coef = solvePenalised(system, alpha, 0);
      const error = coef ? squaredError(fold, coef, interceptFor(system, coef)) : NaN;
      // As r2Score has it: a fold whose targets are all the same is predicted rightly or not at all.
      const r2 = spread > 0 ? 1 - error / spread : error === 0 ? 1 : 0;
      scores[a] = (scores[a] ?? 0) + r2 / folds.length;
    });
  });
  return scores;
}

registerEstimator("RidgeCV", RidgeCV);
