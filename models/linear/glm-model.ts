import { FitError } from "../../src/base/errors.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { applyToRows } from "../../src/estimator/apply.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import { Estimator } from "../../src/estimator/estimator.js";
import {
  checkColumns,
  requireTarget,
  toMatrix,
  type DistributedInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { r2Score } from "../../src/metrics/index.js";
import { GLM_STEP, mergeGlmSums, type GlmSums } from "../../src/numeric/glm-steps.js";
import {
  mergeTargetSums,
  nullLoss,
  TARGET_STEP,
  type GlmDistribution,
  type TargetSums,
} from "../../src/numeric/glm-target.js";
import { fitGlm, reportEnd } from "./glm-fit.js";
import type { LinearState } from "./linear-model.js";
import { noRows } from "../../src/estimator/no-rows.js";

/** Parameters that the generalised linear models share. */
export interface GlmParams {
  alpha: number;
  fitIntercept: boolean;
  tol: number;
  maxIter: number;
}

/** Fitted state of a generalised linear model. */
export interface GlmState extends LinearState {
  readonly nIter: number;
  readonly objective: number;
  readonly gradientNorm: number;
  readonly converged: boolean;
}

/** What the generalised linear models have in common: fit by `fitGlm`, predict a mean, score by explained deviance. */
export abstract class GlmModel<P extends GlmParams> extends Estimator<P, GlmState> {
  /** The family and the power of its variance; the link is the identity for `squared`, else log. */
  protected abstract get distribution(): GlmDistribution;

  /** @throws DataError for NaN, infinities, targets the family cannot have, or lengths that differ; FitError when weights or targets are all zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    const { distribution } = this;
    using design = Design.open(owner, X, y, options);
    const target = await design.holdAndReduce<TargetSums>(TARGET_STEP, { owner, ...distribution }, mergeTargetSums);
    assertUsable(owner, target, distribution);
    const { alpha, fitIntercept, tol, maxIter } = this.params;
    const mean = target.sum / target.weight;
    const log = distribution.family !== glmFamily.squared;
    const constant = target.constant / target.weight;
    const start = log ? nullLoss(distribution, target) / target.weight : 0.5 * mean * mean;
    // tol is relative to the deviance and that of the null model together, so that a perfect fit can converge.
    const spare = Math.max(start + constant, 1e-3 * (Math.abs(start) + Math.abs(constant)), Number.MIN_VALUE);
    const solution = await fitGlm(design, {
      ...distribution,
      lossScale: 1 / target.weight,
      ridge: alpha,
      shift: constant + spare,
      fitIntercept,
      tol,
      maxIter,
      rows: target.rows,
      weight: target.weight,
      intercept: log ? Math.log(mean) : mean,
    });
    if (!solution.x.every(Number.isFinite) || !Number.isFinite(solution.value)) {
      await design.assertFinite();
      throw new FitError(`${owner}: the objective overflows. Scale X first, for example with StandardScaler.`);
    }
    reportEnd(design, maxIter, solution);
    if (!solution.converged) warnNotConverged(this.kind, maxIter, solution.gradientNorm);
    const p = design.nFeatures;
    this.setState({
      nFeatures: p,
      ...(design.names ? { featureNames: design.names } : {}),
      coef: solution.x.slice(0, p),
      intercept: fitIntercept ? (solution.x[p] ?? 0) : 0,
      nIter: solution.iterations,
      objective: solution.value - spare,
      gradientNorm: solution.gradientNorm,
      converged: solution.converged,
    });
    return this;
  }

  /** The mean of each row. Lazy for distributed X, computed for local X. @throws DataError naming a NaN or infinity in X */
  predict(X: DistributedInput): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predict`;
    const { coef, intercept, featureNames } = this.state;
    const { family } = this.distribution;
    return applyToRows(
      owner,
      X,
      this.state,
      (x) =>
        x.mapChunks(
          owner,
          MEAN,
          { owner, names: featureNames ?? x.names, coef, intercept, family },
          { innerShape: [] },
        ),
      (local) => local.toVector() as Float64Array,
    );
  }

  /**
   * D², the share of the deviance that the model explains: 1 less the deviance of its means over that of the mean of y. For
   * the normal distribution it is R².
   */
  async score(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<number> {
    const owner = `${this.kind}.score`;
    const { coef, intercept } = this.state;
    const { distribution } = this;
    if (distribution.family === glmFamily.squared) return (await r2Score(y, await this.predict(X), options)) as number;
    checkColumns(owner, toMatrix(owner, X), this.state);
    using design = Design.open(owner, X, y, options);
    const target = await design.holdAndReduce<TargetSums>(TARGET_STEP, { owner, ...distribution }, mergeTargetSums);
    assertUsable(owner, target, distribution);
    const args = { ...distribution, coef: Float64Array.of(...coef, intercept), hess: false };
    const { loss } = await design.reduce<GlmSums>(GLM_STEP, args, mergeGlmSums, false);
    if (!Number.isFinite(loss)) await design.assertFinite();
    return 1 - (loss + target.constant) / (nullLoss(distribution, target) + target.constant);
  }

  /** Slope of each column on the scale of the link, `(nFeatures)`. */
  get coef(): Float64Array {
    return this.state.coef;
  }

  /** Constant term on the scale of the link, 0 without `fitIntercept`. */
  get intercept(): number {
    return this.state.intercept;
  }

  /** Iterations over all rows. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Mean half deviance and penalty where the last pass measured them. */
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
}

const MEAN = fnRef(new URL("./predict-tasks.js", import.meta.url).href, "meanStep");

function assertUsable(owner: string, target: TargetSums, { family }: GlmDistribution): void {
  if (target.rows === 0) throw noRows(owner);
  if (!(target.weight > 0))
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  if (family !== glmFamily.squared && !(target.sum > 0)) {
    throw new FitError(
      `${owner}: the mean of y is ${target.sum / target.weight}, which has no logarithm. It has to be above 0; check the target column.`,
    );
  }
}
