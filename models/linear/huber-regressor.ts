import { FitError } from "../../src/base/errors.js";
import { ParamTable } from "../../src/base/params.js";
import type { Plain } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { Design, type FitOptions } from "../../src/estimator/design.js";
import type { EstimatorJson } from "../../src/estimator/estimator.js";
import {
  requireTarget,
  type DistributedInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../../src/estimator/inputs.js";
import { registerEstimator } from "../../src/estimator/registry.js";
import { warnNotConverged } from "../../src/estimator/warnings.js";
import { squaredError } from "../../src/numeric/normal-system.js";
import { solveRidge } from "../../src/numeric/ridge-solution.js";
import { HUBER_STEP, mergeHuberSums, type HuberArgs, type HuberSums } from "../../src/numeric/robust-steps.js";
import { lbfgs } from "../../src/numeric/solvers/lbfgs.js";
import { newton } from "../../src/numeric/solvers/newton.js";
import type { Solution } from "../../src/numeric/solvers/objective.js";
import { reportEnd, reportTo } from "./glm-fit.js";
import { LinearModel, type LinearState } from "./linear-model.js";
import { momentsOfDesign } from "./moments-of-design.js";
import { outlierFlags } from "./outliers.js";

/** Parameters of {@link HuberRegressor}. */
export interface HuberRegressorParams {
  epsilon: number;
  alpha: number;
  fitIntercept: boolean;
  tol: number;
  maxIter: number;
  warmStart: boolean;
}

interface HuberState extends LinearState {
  readonly scale: number;
  readonly nIter: number;
  readonly objective: number;
  readonly gradientNorm: number;
  readonly converged: boolean;
}

const TABLE = new ParamTable<HuberRegressorParams>("HuberRegressor", (z) =>
  z.object({
    epsilon: z.number().min(1).default(1.35).describe("scales of residuals from which on the loss is linear"),
    alpha: z.number().min(0).default(0.0001).describe("strength of the L2 penalty"),
    fitIntercept: z.boolean().default(true).describe("estimate a constant term, which is never penalised"),
    tol: z
      .number()
      .positive()
      .max(0.1)
      .default(1e-6)
      .describe("stops when the predicted relative decrease of the objective is at most tol²"),
    maxIter: z.int().min(1).default(100).describe("most iterations"),
    warmStart: z
      .boolean()
      .default(false)
      .describe("start from the coefficients and scale of the last fit, where it saw as many columns"),
  }),
);

/** Above this many coefficients a Hessian costs more than the passes it saves. */
const MAX_HESSIAN = 400;

/**
 * Linear regression that outliers pull little (Huber 1981): minimises over coefficients, intercept and scale σ together
 * `Σ w (σ + σ H((y − x·coef − intercept) / σ)) + alpha |coef|²` with `H(z) = z²` for |z| ≤ epsilon and `2 epsilon |z| − epsilon²`
 * beyond. The problem is convex, and the scale makes epsilon independent of the units of y.
 *
 * Solver: Newton's method with step halving, whose Hessian is the Gram matrix of the rows inside, started at ridge regression;
 * L-BFGS for more than 400 columns. X is held by the engine during the fit (one read of the source); one pass starts it, each
 * iteration is one pass over memory and brings `(nFeatures + 2)²` doubles a partition.
 *
 * X: `(nRows, nFeatures)`, dense or CSR (made dense a partition at a time), f64 or f32; y: `(nRows)`. NaN and infinities are an
 * error that names column, partition and row. Not converging is a `ConvergenceWarning` of the process and
 * `converged === false`. Where all rows but a few lie exactly on a plane, the scale is 0 and the fit that plane.
 *
 * Differs from scikit-learn: the objective is the same; its start is 0 and its scale bounded below by 2e-15; `tol` bounds (by
 * its square) the predicted relative decrease of the objective, not the gradient; outliers are not stored, but found where they
 * are asked for: see `outliers`.
 *
 * @example
 * ```ts
 * const model = await new HuberRegressor().fit([[0], [1], [2], [3], [4]], [0, 1.1, 1.9, 3.1, 40]);
 * console.log(model.coef[0]); // about 1
 * console.log(await model.outliers([[0], [4]], [0, 40])); // Float64Array [0, 1]
 * ```
 */
export class HuberRegressor extends LinearModel<HuberRegressorParams, HuberState> {
  static readonly table = TABLE;

  /** @throws ParameterError on an unknown parameter or a value out of range */
  constructor(params: Partial<HuberRegressorParams> = {}) {
    super(TABLE, params);
  }

  static fromJSON(json: EstimatorJson): HuberRegressor {
    return new HuberRegressor().restore(json);
  }

  /** @throws DataError for NaN, infinities or lengths that differ; FitError when all weights are zero */
  async fit(X: MatrixInput, y: VectorInput, options: FitOptions = {}): Promise<this> {
    const owner = "HuberRegressor.fit";
    requireTarget(owner, y);
    using design = Design.open(owner, X, y, options);
    await design.hold();
    const moments = await momentsOfDesign(design);
    const p = design.nFeatures;
    const { alpha, epsilon, fitIntercept, maxIter, tol, warmStart } = this.params;
    const spread = Math.sqrt((moments.scatter[(p + 1) * (p + 1) - 1] ?? 0) / moments.weight);
    const size = Math.max(spread, Math.abs(moments.mean[p] ?? 0), Number.MIN_VALUE);
    const from = this.stateIfFitted;
    const start = new Float64Array(p + 2);
    if (warmStart && from?.nFeatures === p && from.scale > 0) start.set([...from.coef, from.intercept, from.scale]);
    else {
      const ridge =
        solveRidge(moments, alpha, fitIntercept) ?? solveRidge(moments, 1e-9 * moments.weight, fitIntercept);
      if (ridge) start.set([...ridge.coef, ridge.intercept]);
      else if (fitIntercept) start[p] = moments.mean[p] ?? 0;
      const error = squaredError(moments, start.subarray(0, p), start[p] ?? 0);
      start[p + 1] = Math.max(Math.sqrt(error / moments.weight), FLAT * size);
    }
    const evaluate = async (point: Float64Array, hess: boolean): Promise<HuberSums> => {
      const sigma = point[p + 1] ?? 0;
      // Outside of the range of the scale nothing is defined.
      if (!(sigma > 0))
        return { loss: Infinity, weight: 0, grad: new Float64Array(p + 2), hess: new Float64Array((p + 2) ** 2) };
      const args: HuberArgs = { coef: point.slice(0, p + 1), sigma, epsilon, hess };
      const sums = await design.reduce<HuberSums>(HUBER_STEP, args as unknown as Plain, mergeHuberSums, false);
      return penalised(sums, point, alpha, fitIntercept);
    };
    const run = { tol, maxIter, onIteration: reportTo(design, maxIter) };
    // All rows on a plane: the scale is 0, where nothing has derivatives.
    const plane = (start[p + 1] ?? 0) <= 1e-10 * size && alpha === 0;
    const solution: Solution = plane
      ? planar(start)
      : p > MAX_HESSIAN
        ? await lbfgs({ evaluate: async (x) => evaluated(await evaluate(x, false)) }, start, run)
        : await newton({ evaluate: async (x) => evaluated(await evaluate(x, true)) }, start, run);
    if (!solution.x.every(Number.isFinite) || !Number.isFinite(solution.value)) {
      await design.assertFinite();
      throw new FitError(`${owner}: the objective overflows. Scale X and y first, for example with StandardScaler.`);
    }
    reportEnd(design, maxIter, solution);
    const scale = Math.max(0, solution.x[p + 1] ?? 0);
    // A scale of 0 has no derivative to converge by: the plane is found.
    const converged = solution.converged || scale <= SMALL * size;
    if (!converged) warnNotConverged("HuberRegressor", maxIter, solution.gradientNorm);
    this.setState({
      ...design.columns,
      coef: solution.x.slice(0, p),
      intercept: fitIntercept ? (solution.x[p] ?? 0) : 0,
      scale,
      nIter: solution.iterations,
      objective: solution.value,
      gradientNorm: solution.gradientNorm,
      converged,
    });
    return this;
  }

  /**
   * Which rows are outliers, `|y − prediction| > epsilon · scale`, as 1 and 0: lazy for distributed X, computed for local X.
   * @throws DataError naming a NaN or infinity in X
   */
  outliers(X: DistributedInput, y: VectorInput): DistributedArray;
  outliers(X: LocalInput, y: VectorInput): Promise<Float64Array>;
  outliers(X: MatrixInput, y: VectorInput): DistributedArray | Promise<Float64Array> {
    const { state } = this;
    return outlierFlags("HuberRegressor.outliers", X, y, state, this.params.epsilon * state.scale);
  }

  /** The scale σ of the residuals. */
  get scale(): number {
    return this.state.scale;
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
}

registerEstimator("HuberRegressor", HuberRegressor);

/** The solution that needs no solver. */
function planar(x: Float64Array): Solution {
  return { x, value: 0, gradientNorm: 0, evaluations: 0, iterations: 0, converged: true };
}

/** The least scale to start from, as a share of y. */
const FLAT = 1e-12;
/** A scale below this share of y, and falling, is on its way to 0. */
const SMALL = 1e-6;

/** Adds the penalty, and takes an intercept that is not fitted out of the system. */
function penalised(sums: HuberSums, point: Float64Array, alpha: number, fitIntercept: boolean): HuberSums {
  const n = point.length;
  const p = n - 2;
  const grad = sums.grad.slice();
  const hess = sums.hess?.slice();
  let loss = sums.loss;
  for (let j = 0; j < p; j++) {
    loss += alpha * (point[j] ?? 0) ** 2;
    grad[j] = (grad[j] ?? 0) + 2 * alpha * (point[j] ?? 0);
    if (hess) hess[j * n + j] = (hess[j * n + j] ?? 0) + 2 * alpha;
  }
  if (!fitIntercept) {
    grad[p] = 0;
    if (hess) {
      for (let j = 0; j < n; j++) hess[p * n + j] = hess[j * n + p] = 0;
      hess[p * n + p] = 1;
    }
  }
  return { ...sums, loss, grad, ...(hess ? { hess } : {}) };
}

function evaluated({ loss, grad, hess }: HuberSums): { value: number; gradient: Float64Array; hessian: Float64Array } {
  return { value: loss, gradient: grad, hessian: hess ?? new Float64Array() };
}
