import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { requireTarget, type MatrixInput, type VectorInput } from "../../src/estimator/inputs.js";
import { mergeComoments, type Comoments } from "../../src/numeric/comoments.js";
import { alphaGrid, solveElasticNet, solvePath } from "../../src/numeric/elastic-net-path.js";
import { withoutEachFold } from "../../src/numeric/fold-comoments.js";
import { normalSystem, squaredError, type NormalSystem } from "../../src/numeric/normal-system.js";
import { gapField, warnGap, type ElasticNetState } from "./elastic-net-model.js";
import { LinearModel } from "./linear-model.js";
import { foldMomentsOfDesign } from "./moments-of-design.js";

/** Parameters that LassoCV and ElasticNetCV share. */
export interface CoordinateDescentCVParams {
  eps: number;
  alphas: number | number[];
  cv: number;
  fitIntercept: boolean;
  positive: boolean;
  tol: number;
  maxIter: number;
}

/** The fields of LassoCV and ElasticNetCV. */
export function coordinateDescentCVFields(z: ZodNamespace): Record<keyof CoordinateDescentCVParams, Zod.ZodType> {
  return {
    eps: z.number().positive().max(1).default(1e-3).describe("smallest penalty of the grid as a share of the largest"),
    alphas: z
      .union([z.int().min(1), z.array(z.number().positive()).min(1)])
      .default(100)
      .describe(
        "penalties to choose from, or how many to take between the one that makes all coefficients 0 and eps times it",
      ),
    cv: z.int().min(2).default(5).describe("number of folds of consecutive rows"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    positive: z.boolean().default(false).describe("hold every coefficient at or above 0"),
    tol: gapField(z),
    maxIter: z.int().min(1).default(10_000).describe("most sweeps over the coefficients for one penalty"),
  };
}

/** Fitted state of LassoCV and ElasticNetCV. */
export interface ElasticNetCVState extends ElasticNetState {
  readonly alpha: number;
  readonly l1Ratio: number;
  readonly alphas: Float64Array;
  readonly msePath: Float64Array;
}

/** What LassoCV and ElasticNetCV have in common. */
export abstract class ElasticNetCVModel<P extends CoordinateDescentCVParams> extends LinearModel<P, ElasticNetCVState> {
  /** Shares of the L1 penalty to choose from. */
  protected abstract get l1Shares(): readonly number[];

  /** @throws DataError for NaN, infinities, lengths that differ or fewer rows than folds; FitError when the weights of a fold are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    const { cv, fitIntercept, positive, tol, maxIter } = this.params;
    const folds = await foldMomentsOfDesign(design, cv);
    const system = normalSystem(folds.reduce(mergeComoments), fitIntercept);
    const rests = withoutEachFold(folds).map((rest) => normalSystem(rest, fitIntercept));
    let best:
      | { error: number; alpha: number; l1Ratio: number; alphas: Float64Array; msePath: Float64Array }
      | undefined;
    for (const l1Ratio of this.l1Shares) {
      const alphas = this.#alphas(system, l1Ratio);
      const msePath = new Float64Array(alphas.length * cv);
      rests.forEach((rest, f) => {
        const fold = folds[f] as Comoments;
        const fits = solvePath(rest, alphas, { l1Ratio, positive, tol, maxIter });
        const failed = fits.findIndex((fit) => !fit.converged);
        const fit = fits[failed];
        if (fit) warnGap(this.kind, fit, ` in fold ${f} at alpha ${alphas[failed]}`);
        fits.forEach(
          ({ coef, intercept }, a) => (msePath[a * cv + f] = squaredError(fold, coef, intercept) / fold.weight),
        );
      });
      alphas.forEach((alpha, a) => {
        let error = 0;
        // Weighted by the folds' weights: without sample weights those are their rows, which differ by one at most.
        const total = options.sampleWeight === undefined ? cv : system.weight;
        for (let f = 0; f < cv; f++)
          error +=
            ((msePath[a * cv + f] ?? 0) * (options.sampleWeight === undefined ? 1 : (folds[f]?.weight ?? 0))) / total;
        if (!best || error < best.error) best = { error, alpha, l1Ratio, alphas, msePath };
      });
    }
    const { alpha, l1Ratio, alphas, msePath } = best as NonNullable<typeof best>;
    const fit = solveElasticNet(system, { alpha, l1Ratio, positive, tol, maxIter });
    if (!fit.converged) warnGap(this.kind, fit, ` at alpha ${alpha}`);
    this.setState({
      ...design.columns,
      ...fit,
      alpha,
      l1Ratio,
      alphas,
      msePath,
    });
    return this;
  }

  #alphas(system: NormalSystem, l1Ratio: number): Float64Array {
    const { alphas, eps, positive } = this.params;
    return typeof alphas === "number"
      ? alphaGrid(system, l1Ratio, positive, eps, alphas)
      : Float64Array.from(alphas).sort().reverse();
  }

  /** The chosen penalty. */
  get alpha(): number {
    return this.state.alpha;
  }

  /** The penalties that were tried, in decreasing order. */
  get alphas(): Float64Array {
    return this.state.alphas;
  }

  /** Mean squared error of each left-out fold for each penalty, `alphas.length x cv` row-major, for the chosen `l1Ratio`. */
  get msePath(): Float64Array {
    return this.state.msePath;
  }

  /** Upper bound of how far the objective of the last fit is from its minimum. */
  get dualGap(): number {
    return this.state.dualGap;
  }

  /** Sweeps of the last fit. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Whether the last fit reached its tolerance. */
  get converged(): boolean {
    return this.state.converged;
  }
}
