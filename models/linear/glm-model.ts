import { FitError, ParameterError } from "../../src/base/errors.js";
import type { Plain } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { Design, type FitOptions, type RowVectors } from "../../src/estimator/design.js";
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
import { noRows } from "../../src/estimator/no-rows.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { r2Score } from "../../src/metrics/index.js";
import { COMPOSED_STEP, type Composition } from "../../src/numeric/glm/composed-steps.js";
import { familyOf } from "../../src/numeric/glm/family.js";
import { kernelOf } from "../../src/numeric/glm/kernel-of.js";
import { linkOf } from "../../src/numeric/glm/link.js";
import { GLM_STEP, mergeGlmSums, type GlmSums } from "../../src/numeric/glm-steps.js";
import { mergeTargetSums, TARGET_STEP, type TargetSums } from "../../src/numeric/glm-target.js";
import { choleskySolve, cholesky } from "../../src/numeric/linalg/cholesky.js";
import { momentsOfDesign } from "./moments-of-design.js";
import { nullSpaceOfColumns, warnDependent } from "./rank-warning.js";
import { warnIfSeparated } from "./separation.js";
import { project } from "../../src/numeric/linalg/null-space.js";
import { fitGlm, looksDependent, reportEnd, type GlmProblem, type GlmSolution } from "./glm-fit.js";
import { nullHalfDeviance } from "./glm-null.js";
import type { GlmParams } from "./glm-params.js";
import { predictedMeans } from "./glm-predict.js";
import type { ModelSummary } from "./statistics/model-summary.js";
import { summariseRegression } from "./statistics/regression-summary.js";
import type { SummaryOptions } from "./statistics/summary-options.js";
import type { LinearState } from "./linear-model.js";

/** What a row's linear predictor has besides its columns. */
export interface OffsetOptions {
  /** Added to the linear predictor of each row: one number a row, cut like X (a column of the same frame, say). */
  readonly offset?: VectorInput;
  /** How long or how much each row was observed, above 0: the mean is proportional to it. For the log link alone. */
  readonly exposure?: VectorInput;
}

/** Options of a generalised linear model's `fit` and `score`. */
export interface GlmFitOptions extends FitOptions, OffsetOptions {}

/** Options of a generalised linear model's `summary`. */
export interface GlmSummaryOptions extends SummaryOptions, OffsetOptions {}

/** Fitted state of a generalised linear model. */
export interface GlmState extends LinearState {
  readonly nIter: number;
  readonly objective: number;
  readonly gradientNorm: number;
  readonly converged: boolean;
  /** Deviance of the fit, where the class keeps it. */
  readonly deviance?: number;
  /** Estimated dispersion, where the class keeps it. */
  readonly dispersion?: number;
}

/**
 * What the generalised linear models have in common: a family and a link, fit by `fitGlm`, a mean to predict, a score by
 * explained deviance.
 */
export abstract class GlmModel<P extends GlmParams> extends Estimator<P, GlmState> {
  /** The family and the link. @throws ParameterError where the parameters do not go together */
  protected abstract get composition(): Composition;

  /** Adds what the class keeps besides the coefficients, from the design that is still held. */
  protected finish(_design: Design, state: GlmState): Promise<GlmState> {
    return Promise.resolve(state);
  }

  /**
   * @param options `offset` and `exposure` go with the rows, and `predict` wants theirs again
   * @throws DataError for NaN, infinities, targets the family cannot have, or lengths that differ; FitError when weights or
   * targets are all zero
   */
  async fit(X: MatrixInput, y: VectorInput, options: GlmFitOptions = {}): Promise<this> {
    const owner = `${this.kind}.fit`;
    requireTarget(owner, y);
    const { composition } = this;
    using design = Design.open(owner, X, y, options, this.rowVectors(owner, options));
    const target = await design.holdAndReduce<TargetSums>(
      TARGET_STEP,
      { owner, ...composition } as unknown as Plain,
      mergeTargetSums,
    );
    assertUsable(owner, target, composition);
    const { alpha, fitIntercept, tol, maxIter, warmStart } = this.params;
    const kernel = kernelOf(composition);
    const squares = kernel?.family === glmFamily.squared;
    const mean = target.sum / target.weight;
    const constant = squares ? 0 : target.constant / target.weight;
    const start = squares ? 0.5 * mean * mean : (await nullAt(design, composition, target)) / target.weight - constant;
    // tol is relative to the deviance and that of the null model together, so that a perfect fit can converge.
    const floor = kernel ? Math.abs(start) + Math.abs(constant) : spreadAt(composition, mean);
    const spare = Math.max(start + constant, 1e-3 * floor, Number.MIN_VALUE);
    const problem: GlmProblem = {
      ...(kernel ?? { family: glmFamily.squared }),
      composed: kernel ? undefined : composition,
      lossScale: 1 / target.weight,
      ridge: alpha,
      shift: constant + spare,
      fitIntercept,
      tol,
      maxIter,
      rows: target.rows,
      weight: target.weight,
      intercept: linkOf(composition.link).link(mean) - target.offset / target.weight,
    };
    const from = this.stateIfFitted;
    const warm =
      warmStart && from?.nFeatures === design.nFeatures ? Float64Array.of(...from.coef, from.intercept) : undefined;
    const solution = await fitGlm(design, {
      ...problem,
      start: warm ?? (kernel ? undefined : await startOf(design, composition, problem, mean)),
    });
    if (!solution.x.every(Number.isFinite) || !Number.isFinite(solution.value)) {
      await design.assertFinite();
      throw new FitError(
        kernel
          ? `${owner}: the objective overflows. Scale X first, for example with StandardScaler.`
          : `${owner}: no coefficients were found for which every mean is one that the ${composition.family.name} family has under the ${composition.link.name} link. Use the log link (logit for binomial), or scale X.`,
      );
    }
    reportEnd(design, maxIter, solution);
    if (alpha === 0) {
      await this.#warnIfUnbounded(design, composition, solution);
      if (solution.factor && looksDependent(solution.factor))
        await minimumNorm(design, this.kind, fitIntercept, solution.x);
    }
    if (!solution.converged) warnNotConverged(this.kind, maxIter, solution.gradientNorm);
    const p = design.nFeatures;
    const state: GlmState = {
      ...design.columns,
      coef: solution.x.slice(0, p),
      intercept: fitIntercept ? (solution.x[p] ?? 0) : 0,
      nIter: solution.iterations,
      objective: solution.value - spare,
      gradientNorm: solution.gradientNorm,
      converged: solution.converged,
    };
    this.setState(await this.finish(design, state));
    return this;
  }

  /**
   * The mean of each row. Lazy for distributed X, computed for local X.
   * @param options `offset` and `exposure` of these rows; without them the means are those of offset 0 and exposure 1
   * @throws DataError naming a NaN or infinity in X
   */
  predict(X: DistributedInput, options?: OffsetOptions): DistributedArray;
  predict(X: LocalInput, options?: OffsetOptions): Promise<Float64Array>;
  predict(X: MatrixInput, options?: OffsetOptions): DistributedArray | Promise<Float64Array>;
  predict(X: MatrixInput, options: OffsetOptions = {}): DistributedArray | Promise<Float64Array> {
    const owner = `${this.kind}.predict`;
    return predictedMeans(owner, X, this.state, this.composition, this.rowVectors(owner, options));
  }

  /**
   * D², the share of the deviance that the model explains: 1 less the deviance of its means over that of the mean of y (with
   * offsets: of the best intercept beside them). For the normal distribution it is R².
   */
  async score(X: MatrixInput, y: VectorInput, options: GlmFitOptions = {}): Promise<number> {
    const owner = `${this.kind}.score`;
    const { coef, intercept } = this.state;
    const { composition } = this;
    const kernel = kernelOf(composition);
    const vectors = this.rowVectors(owner, options);
    if (kernel?.family === glmFamily.squared && !vectors.offset)
      return (await r2Score(y, await this.predict(X), options)) as number;
    checkColumns(owner, toMatrix(owner, X), this.state);
    using design = Design.open(owner, X, y, options, vectors);
    const target = await design.holdAndReduce<TargetSums>(
      TARGET_STEP,
      { owner, ...composition } as unknown as Plain,
      mergeTargetSums,
    );
    assertUsable(owner, target, composition);
    const args = { coef: Float64Array.of(...coef, intercept), hess: false };
    const { loss } = kernel
      ? await design.reduce<GlmSums>(GLM_STEP, { ...args, ...kernel }, mergeGlmSums, false)
      : await design.reduce<GlmSums>(
          COMPOSED_STEP,
          { ...args, ...composition } as unknown as Plain,
          mergeGlmSums,
          false,
        );
    if (!Number.isFinite(loss)) await design.assertFinite();
    return 1 - (loss + target.constant) / (await nullHalfDeviance(design, composition, target));
  }

  /**
   * Standard errors, tests and confidence intervals of the coefficients, and how well the model fits these rows, which should
   * be those of the fit, with its weights and offsets. One read of X and one pass over it (two for HC2 and HC3), cheap ones
   * over y. Statistics are compared with the normal distribution (Wald tests), as statsmodels does.
   *
   * Covariance: `dispersion · I⁻¹` with the expected information I, the sandwich `I⁻¹ M I⁻¹` of the squares of the scores
   * (HC1 times n / (n − k); HC2 and HC3 over 1 − leverage and its square), or of the groups' sums of scores times
   * `g / (g − 1) · (n − 1) / (n − k)`. Clustered, the sums of each group travel: `groups x (nFeatures + 1)` doubles.
   *
   * With a penalty the coefficients are biased and these figures leave that out: a note says by how much.
   *
   * @throws ParameterError for an option out of range; DataError for other columns, NaN, or targets the family cannot have;
   * FitError for dependent columns, naming one, and for too few rows
   */
  async summary(X: MatrixInput, y: VectorInput, options: GlmSummaryOptions = {}): Promise<ModelSummary> {
    const owner = `${this.kind}.summary`;
    const { composition } = this;
    const fitted = {
      ...this.state,
      model: this.kind,
      composition,
      fitIntercept: this.params.fitIntercept,
      squares: false,
    };
    return summariseRegression(owner, fitted, X, y, options, this.rowVectors(owner, options));
  }

  async #warnIfUnbounded(design: Design, { family, link }: Composition, solution: GlmSolution): Promise<void> {
    if (family.name === "binomial") return warnIfSeparated(design, solution, "outcomes", ["y = 0", "y = 1"]);
    const counts = family.name === "poisson" || family.name === "negativeBinomial" || family.name === "tweedie";
    if (counts && link.name === "log") await warnIfSeparated(design, solution, "counts", ["y = 0", "y > 0"]);
  }

  /** Checks that an exposure goes with the link. @throws ParameterError */
  protected rowVectors(owner: string, { offset, exposure }: OffsetOptions): RowVectors {
    const { link } = this.composition;
    if (exposure !== undefined && link.name !== "log") {
      throw new ParameterError(
        `${owner}: exposure needs the log link, under which the mean is proportional to it; the link is "${link.name}". Use link: "log", or pass an offset.`,
      );
    }
    return { offset, exposure };
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

/**
 * Takes out of the coefficients, in place, what has no effect on any row, and says which columns leave it open. One pass.
 */
async function minimumNorm(design: Design, owner: string, fitIntercept: boolean, x: Float64Array): Promise<void> {
  const moments = await momentsOfDesign(design);
  const space = nullSpaceOfColumns(moments, fitIntercept);
  const p = design.nFeatures;
  const coef = x.slice(0, p);
  for (const unit of space.basis) project(coef, unit);
  if (fitIntercept) {
    // Along those directions all rows move alike: the intercept makes up for it.
    for (let j = 0; j < p; j++) x[p] = (x[p] ?? 0) + (moments.mean[j] ?? 0) * ((x[j] ?? 0) - (coef[j] ?? 0));
  }
  x.set(coef);
  warnDependent(owner, space, design.names, p);
}

function assertUsable(owner: string, target: TargetSums, { family, link }: Composition): void {
  if (target.rows === 0) throw noRows(owner);
  if (!(target.weight > 0))
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const mean = target.sum / target.weight;
  if (family.name === "binomial" && !(mean > 0 && mean < 1))
    throw new FitError(`${owner}: y is ${mean} in every row. It needs both outcomes; check the target column.`);
  if (link.name === "log" && !(mean > 0)) {
    throw new FitError(
      `${owner}: the mean of y is ${mean}, which has no logarithm. It has to be above 0; check the target column.`,
    );
  }
  if (!Number.isFinite(linkOf(link).link(mean))) {
    throw new FitError(
      `${owner}: the mean of y is ${mean}, which the ${link.name} link does not take. Use another link, or check the target column.`,
    );
  }
}

/** Half the squared mean in units of the family's variance: what a unit of its deviance is measured in. */
function spreadAt({ family }: Composition, mean: number): number {
  return (0.5 * mean * mean) / familyOf(family).variance(mean, 1 - mean);
}

/** Half the deviance of the mean of y, whatever the offsets: the scale of the tolerance. */
function nullAt(design: Design, composition: Composition, target: TargetSums): Promise<number> {
  return nullHalfDeviance(design, composition, { ...target, shifted: false, offset: 0 });
}

/**
 * Where Newton's method starts for a family and link without a kernel: the weighted least squares of the links of means near
 * each target, as iteratively reweighted least squares does; the model without columns where those means are no means.
 */
async function startOf(
  design: Design,
  composition: Composition,
  problem: GlmProblem,
  mean: number,
): Promise<Float64Array | undefined> {
  const p = design.nFeatures;
  if (p > 400) return undefined;
  const { fitIntercept, lossScale, ridge } = problem;
  const sums = (args: object): Promise<GlmSums> =>
    design.reduce<GlmSums>(COMPOSED_STEP, { ...composition, ...args } as unknown as Plain, mergeGlmSums, false);
  const first = await sums({ coef: new Float64Array(p + 1), hess: true, startMean: mean });
  const n = fitIntercept ? p + 1 : p;
  const matrix = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (
      lossScale * (first.hess?.[i * (p + 1) + j] ?? 0) * (i === j ? 1 + 1e-10 : 1) + (i === j && i < p ? ridge : 0)
    );
  });
  const factor = cholesky(matrix, n);
  if (!factor) return undefined;
  const solved = choleskySolve(
    factor,
    first.grad.subarray(0, n).map((value) => -lossScale * value),
  );
  const start = new Float64Array(p + 1);
  start.set(solved);
  const { loss } = await sums({ coef: start, hess: false });
  return Number.isFinite(loss) ? start : undefined;
}
