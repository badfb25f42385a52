import { FitError } from "../../src/base/errors.js";
import type { Design } from "../../src/estimator/design.js";
import { MARGIN_STEP, mergeMarginSums, type MarginArgs, type MarginSums } from "../../src/numeric/margin-steps.js";
import { coordinateDescent } from "../../src/numeric/solvers/coordinate-descent.js";
import { lbfgs } from "../../src/numeric/solvers/lbfgs.js";
import { dampedNewton } from "../../src/numeric/solvers/damped-newton.js";
import { along, dot, maxNorm, type Evaluation } from "../../src/numeric/solvers/objective.js";
import { reportTo } from "./glm-fit.js";

/** A support vector machine, `penalty(coef) + C Σ w h(m)`; the penalty is `½ |coef|²` or `|coef|₁`. */
export interface MarginProblem extends Omit<MarginArgs, "coef" | "hess" | "smoothing"> {
  readonly C: number;
  readonly penalty: "l2" | "l1";
  readonly fitIntercept: boolean;
  /** Ends when the duality gap is at most this share of the objective. */
  readonly tol: number;
  readonly maxIter: number;
  /** Size of the targets: 1 for classes. */
  readonly scale: number;
}

/** Where the solver stopped. */
export interface MarginSolution {
  readonly coef: Float64Array;
  readonly intercept: number;
  /** With the loss's corner, where it has one. */
  readonly objective: number;
  /** Upper bound of how far it is from the minimum. */
  readonly dualGap: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Above this many columns a Hessian over many rows costs more than the passes that it saves. */
const MAX_HESSIAN = 400;
/** The same where only rows near the corner have curvature. */
const MAX_CORNER_HESSIAN = 1500;
/** The first corner is so wide that all rows are within it. */
const WIDEST = 4;
/** How much narrower the rounded corner gets from one problem to the next. */
const NARROWER = 0.1;
/** Below this the rounding of the gradient is more than what sharper corners gain. */
const NARROWEST = 1e-9;

/** Minimises the objective of a support vector machine over held partitions, the intercept free. */
export async function fitMargin(design: Design, problem: MarginProblem): Promise<MarginSolution> {
  if (problem.penalty === "l1") return fitSparse(design, problem);
  return problem.squared ? fitSquared(design, problem) : fitCornered(design, problem);
}

/** The squared loss is smooth: Newton's method on a piecewise quadratic, which ends after few steps. */
async function fitSquared(design: Design, problem: MarginProblem): Promise<MarginSolution> {
  const { x, iterations } = await smoothMinimum(design, problem, zeros(design), 0, problem.maxIter, 0);
  return measured(design, problem, x, 0, iterations);
}

/**
 * The loss with a corner: the corner is rounded, and made sharper until the duality gap is small. Each problem starts where the
 * one before ended; only rows within the corner have curvature, as many as there are columns in the end.
 */
async function fitCornered(design: Design, problem: MarginProblem): Promise<MarginSolution> {
  let x: Float64Array = zeros(design);
  let before: Float64Array | undefined;
  let iterations = 0;
  let best: MarginSolution | undefined;
  for (let width = WIDEST * problem.scale; width > NARROWEST * problem.scale; width *= NARROWER) {
    const left = problem.maxIter - iterations;
    if (left <= 0) break;
    // While the same rows are within the corner, the minimum moves linearly with its width.
    const start = before ? along(x, along(x, before, -1), NARROWER) : x;
    const step = await smoothMinimum(design, problem, start, width, left, iterations);
    iterations += step.iterations;
    const found = await measured(design, problem, step.x, width, iterations);
    if (!best || found.dualGap < best.dualGap) best = found;
    if (found.converged) break;
    before = x;
    x = step.x;
  }
  return { ...(best as MarginSolution), iterations };
}

async function smoothMinimum(
  design: Design,
  problem: MarginProblem,
  start: Float64Array,
  smoothing: number,
  maxIter: number,
  before: number,
): Promise<{ x: Float64Array; iterations: number }> {
  const report = reportTo(design, problem.maxIter);
  const options = {
    // The gap falls with the gradient, the objective with its square.
    tol: Math.min(1e-6, problem.tol),
    maxIter,
    onIteration: (iteration: number, value: number, norm: number) => report(before + iteration, value, norm),
  };
  const most = problem.squared ? MAX_HESSIAN : MAX_CORNER_HESSIAN;
  if (design.nFeatures > most) {
    const evaluate = async (x: Float64Array): Promise<Evaluation> =>
      ridged(await sums(design, problem, x, smoothing, false), x, problem);
    return lbfgs({ evaluate }, start, options);
  }
  const evaluate = async (x: Float64Array): Promise<Evaluation & { hessian: Float64Array }> => {
    const total = await sums(design, problem, x, smoothing, true);
    return { ...ridged(total, x, problem), hessian: hessianOf(total, x.length, problem, 1) };
  };
  return dampedNewton({ evaluate }, start, { ...options, floor: floorOf(start.length, problem) });
}

/**
 * Proximal Newton: coordinate descent on the quadratic model with the L1 penalty, the intercept taken out of it. The loss is
 * piecewise quadratic, so that the model is the objective itself once the rows within the margin no longer change.
 */
async function fitSparse(design: Design, problem: MarginProblem): Promise<MarginSolution> {
  const report = reportTo(design, problem.maxIter);
  const objective = (total: MarginSums, x: Float64Array): number => problem.C * total.sharp + norm1(x);
  let x: Float64Array = zeros(design);
  let total = await sums(design, problem, x, 0, true);
  for (let iteration = 1; ; iteration++) {
    const value = objective(total, x);
    const gap = sparseGap(total, value, problem);
    report(iteration, value, gap);
    const solution = (converged: boolean): MarginSolution => ({
      coef: x.slice(0, -1),
      intercept: x.at(-1) ?? 0,
      objective: value,
      dualGap: gap,
      iterations: iteration - 1,
      converged,
    });
    if (!Number.isFinite(value)) return solution(false);
    if (gap <= problem.tol * value) return solution(true);
    if (iteration > problem.maxIter) return solution(false);
    const { direction, decrease } = sparseDirection(total, x, problem);
    let next: { x: Float64Array; total: MarginSums } | undefined;
    const tries = decrease < 0 ? 30 : 0;
    for (let share = 1, halvings = 0; halvings < tries; halvings++, share /= 2) {
      const point = along(x, direction, share);
      const trial = await sums(design, problem, point, 0, true);
      if (objective(trial, point) <= value + 1e-4 * share * decrease) {
        next = { x: point, total: trial };
        break;
      }
    }
    // No better point exists in this arithmetic.
    if (!next) return solution(gap <= 1e-9 * value);
    ({ x, total } = next);
  }
}

function sparseDirection(
  total: MarginSums,
  x: Float64Array,
  problem: MarginProblem,
): { direction: Float64Array; decrease: number } {
  const p = x.length - 1;
  const gradient = total.grad.map((entry) => problem.C * entry);
  const hessian = (total.hess as Float64Array).map((entry) => problem.C * entry);
  const at = (i: number, j: number): number => hessian[i * (p + 1) + j] as number;
  const bend = at(p, p);
  const free = problem.fitIntercept && bend > 0;
  const border = Float64Array.from({ length: p }, (_, j) => at(j, p));
  const slopes = x.subarray(0, p);
  const gram = new Float64Array(p * p);
  const cross = new Float64Array(p);
  const level = gradient[p] as number;
  for (let i = 0; i < p; i++) {
    const bi = border[i] as number;
    let own = -(gradient[i] as number) + (free ? (bi * level) / bend : 0);
    for (let j = 0; j < p; j++) {
      const entry = at(i, j) - (free ? (bi * (border[j] as number)) / bend : 0);
      gram[i * p + j] = entry;
      own += entry * (slopes[j] as number);
    }
    cross[i] = own;
  }
  // Within the margin the loss is the square of y − η with y = ±1: Σ w y² is the sum of their weights.
  const targets = dot(border, slopes) + bend * (x[p] ?? 0) - level;
  const squares = Math.max(0, bend - (free ? targets ** 2 / bend : 0));
  const { coef } = coordinateDescent(
    { p, gram, cross, total: squares },
    { l1: 1, l2: 0, positive: false, tol: 1e-14, maxIter: 1000, start: slopes.slice() },
  );
  const direction = new Float64Array(p + 1);
  for (let j = 0; j < p; j++) direction[j] = (coef[j] as number) - (slopes[j] as number);
  if (free) direction[p] = -(level + dot(border, direction.subarray(0, p))) / bend;
  const moved = Float64Array.from([...coef, 0]);
  return {
    direction,
    decrease: dot(problem.fitIntercept ? gradient : gradient.fill(0, p), direction) + norm1(moved) - norm1(x),
  };
}

/** Σ |coef|, the intercept left out. */
function norm1(x: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < x.length - 1; j++) sum += Math.abs(x[j] as number);
  return sum;
}

/** Duality gap with an L1 penalty: the residuals, scaled until no column's product with them exceeds the penalty. */
function sparseGap(total: MarginSums, value: number, { C }: MarginProblem): number {
  const steepest = C * maxNorm(total.grad.subarray(0, -1));
  // The best scaling of the residuals alone, as far as it is allowed.
  const free = total.conjugate > 0 ? total.linear / (2 * total.conjugate) : 0;
  const factor = Math.max(0, Math.min(free, steepest > 0 ? 1 / steepest : Infinity));
  const dual = C * (factor * total.linear - factor * factor * total.conjugate);
  return Math.max(0, value - dual);
}

/** Objective and duality gap at a point. */
async function measured(
  design: Design,
  problem: MarginProblem,
  x: Float64Array,
  smoothing: number,
  iterations: number,
): Promise<MarginSolution> {
  const { C, tol } = problem;
  const total = await sums(design, problem, x, smoothing, false);
  const coef = x.slice(0, -1);
  const objective = C * total.sharp + 0.5 * dot(coef, coef);
  const combined = total.grad.slice(0, -1).map((entry) => C * entry);
  const dual = C * (total.linear - total.conjugate) - 0.5 * dot(combined, combined);
  const dualGap = Math.max(0, objective - dual);
  return {
    coef,
    intercept: x.at(-1) ?? 0,
    objective,
    dualGap,
    iterations,
    converged: dualGap <= tol * Math.max(objective, Number.MIN_VALUE),
  };
}

async function sums(
  design: Design,
  problem: MarginProblem,
  coef: Float64Array,
  smoothing: number,
  hess: boolean,
): Promise<MarginSums> {
  const { squared, positive, epsilon, weightPositive, weightNegative } = problem;
  const args = { squared, positive, epsilon, weightPositive, weightNegative, smoothing, coef, hess };
  const total = await design.reduce<MarginSums>(MARGIN_STEP, args, mergeMarginSums, false);
  if (!Number.isFinite(total.sharp) || !total.grad.every(Number.isFinite)) {
    await design.assertFinite();
    throw new FitError(`${design.owner}: the objective overflows. Scale X first, for example with StandardScaler.`);
  }
  return total;
}

function ridged(total: MarginSums, x: Float64Array, { C, fitIntercept }: MarginProblem): Evaluation {
  const p = x.length - 1;
  let value = C * total.loss;
  const gradient = total.grad.map((entry, j) => {
    if (j === p) return fitIntercept ? C * entry : 0;
    const b = x[j] as number;
    value += 0.5 * b * b;
    return C * entry + b;
  });
  return { value, gradient };
}

function hessianOf(total: MarginSums, n: number, { C, fitIntercept }: MarginProblem, ridge: number): Float64Array {
  const hessian = (total.hess as Float64Array).map((entry) => C * entry);
  for (let j = 0; j < n - 1; j++) hessian[j * n + j] = (hessian[j * n + j] as number) + ridge;
  if (!fitIntercept) {
    for (let j = 0; j < n; j++) hessian[(n - 1) * n + j] = hessian[j * n + n - 1] = 0;
    hessian[n * n - 1] = 1;
  }
  return hessian;
}

/** Least curvature of each variable while steps are damped: of the penalty, and of some rows within the corner. */
function floorOf(n: number, { C, scale }: MarginProblem): Float64Array {
  return Float64Array.from({ length: n }, (_, j) => (j < n - 1 ? 1 : C / (scale * scale)));
}

const zeros = (design: Design): Float64Array => new Float64Array(design.nFeatures + 1);
