import type { Plain } from "../../src/base/plain.js";
import type { Design } from "../../src/estimator/design.js";
import {
  CLOSE_ROWS_STEP,
  mergeCloseRows,
  mergePinballSums,
  PINBALL_STEP,
  type CloseRows,
  type PinballArgs,
  type PinballSums,
} from "../../src/numeric/robust-steps.js";
import { newton } from "../../src/numeric/solvers/newton.js";
import type { CurvedObjective } from "../../src/numeric/solvers/objective.js";
import { reportTo } from "./glm-fit.js";

/** What {@link fitQuantile} minimises, `(1 / Σw) Σ w ρ(y − x·b − a) + alpha |b|₁`, and when it stops. */
export interface QuantileProblem {
  readonly quantile: number;
  readonly alpha: number;
  readonly fitIntercept: boolean;
  readonly tol: number;
  readonly maxIter: number;
  /** Mean of y. */
  readonly mean: number;
  /** Spread of y. */
  readonly spread: number;
  /** Spread of each column, above 0. */
  readonly spreads: Float64Array;
}

/** Where {@link fitQuantile} ended. */
export interface QuantileSolution {
  /** Coefficients, intercept last. */
  readonly x: Float64Array;
  /** Value of the objective. */
  readonly value: number;
  /** The objective less a lower bound of it. */
  readonly dualityGap: number;
  /** Largest absolute entry of the rounded objective's gradient. */
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** By how much each width is smaller than the one before. */
const SHRINK = 8;

/**
 * Rounds the kinks of all absolute values over a width, solves that by Newton's method, and makes the width smaller until the
 * duality gap is small enough. The derivatives of the rounded losses lie within the bounds of the dual problem and at the
 * rounded optimum meet its equations, so that every solution brings a lower bound with it (Nesterov 2005; the path is much
 * like that of an interior-point method). At last coefficients within the width are set to 0 and the plane through the closest
 * rows is taken where that is better: the optimum is at such a corner.
 */
export async function fitQuantile(design: Design, problem: QuantileProblem): Promise<QuantileSolution> {
  const p = design.nFeatures;
  const report = reportTo(design, problem.maxIter);
  let x: Float64Array = new Float64Array(p + 1);
  if (problem.fitIntercept) x[p] = problem.mean;
  let width = Math.max(problem.spread, 1e-9 * Math.abs(problem.mean), Number.MIN_VALUE * 2 ** 60);
  const start = await passAt(design, problem, x, width);
  let best = { x, value: start.value };
  let bound = 0;
  let gradientNorm = Infinity;
  let iterations = 0;
  // A perfect fit has the objective 0, which nothing is small beside.
  const enough = (): boolean => best.value - bound <= problem.tol * Math.max(best.value, 1e-6 * start.value);
  for (let stage = 0; stage < 40 && iterations < problem.maxIter && !enough(); stage++) {
    const rounded: CurvedObjective = { evaluate: (point) => passAt(design, problem, point, width) };
    const found = await newton(rounded, x, {
      tol: 1e-5,
      maxIter: problem.maxIter - iterations,
      onIteration: (iteration, value, gradient) =>
        report(Math.min(problem.maxIter, iterations + iteration), value, gradient),
    });
    iterations += Math.max(1, found.iterations);
    x = Float64Array.from(found.x);
    const pass = await passAt(design, problem, x, width);
    gradientNorm = pass.gradient.reduce((norm, value) => Math.max(norm, Math.abs(value)), 0);
    if (!Number.isFinite(pass.value))
      return { x, value: NaN, dualityGap: NaN, gradientNorm, iterations, converged: false };
    if (pass.exact <= best.value) best = { x, value: pass.exact };
    bound = Math.max(bound, pass.exact - pass.gap);
    if (!enough()) width /= SHRINK;
  }
  for (const factor of problem.alpha > 0 ? [1, 30, 1000] : [0]) {
    const corner = await cornerOf(design, problem, best.x, factor * width);
    if (!corner) continue;
    const { exact } = await passAt(design, problem, corner, width);
    if (exact < best.value) best = { x: corner, value: exact };
  }
  const dualityGap = Math.max(0, best.value - bound);
  return { x: best.x, value: best.value, dualityGap, gradientNorm, iterations, converged: enough() };
}

interface Pass {
  /** Of the rounded objective. */
  readonly value: number;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  /** Of the objective itself. */
  readonly exact: number;
  /** The objective less what its dual guarantees, where the gradient is 0. */
  readonly gap: number;
}

async function passAt(
  design: Design,
  { quantile, alpha, fitIntercept, spreads }: QuantileProblem,
  coef: Float64Array,
  width: number,
): Promise<Pass> {
  const args: PinballArgs = { coef, quantile, width };
  const sums = await design.reduce<PinballSums>(PINBALL_STEP, args as unknown as Plain, mergePinballSums, false);
  const n = coef.length;
  const p = n - 1;
  const share = 1 / sums.weight;
  const gradient = sums.grad.map((value) => share * value);
  const hessian = sums.hess.map((value) => share * value);
  let value = share * sums.loss;
  let exact = share * sums.exact;
  let gap = share * sums.slack;
  // Without a penalty there are no kinks of coefficients to round.
  const penalised = alpha > 0 ? p : 0;
  for (let j = 0; j < penalised; j++) {
    const b = coef[j] ?? 0;
    // A coefficient's width is that of y per unit of its column.
    const own = width / (spreads[j] ?? 1);
    const size = Math.sqrt(b * b + own * own);
    value += alpha * size;
    exact += alpha * Math.abs(b);
    gap += alpha * Math.abs(b) * (1 - Math.abs(b) / size);
    gradient[j] = (gradient[j] ?? 0) + (alpha * b) / size;
    hessian[j * n + j] = (hessian[j * n + j] ?? 0) + (alpha * (own / size) ** 2) / size;
  }
  if (!fitIntercept) {
    gradient[p] = 0;
    for (let j = 0; j < n; j++) hessian[p * n + j] = hessian[j * n + p] = 0;
    hessian[p * n + p] = 1;
  }
  return { value, gradient, hessian, exact, gap };
}

/**
 * The plane through the closest rows, as many as coefficients are not 0, coefficients below `width` (in units of y) taken as
 * 0; undefined when the closest rows do not determine one.
 */
async function cornerOf(
  design: Design,
  { fitIntercept, spreads }: QuantileProblem,
  x: Float64Array,
  width: number,
): Promise<Float64Array | undefined> {
  const p = x.length - 1;
  const free = Array.from({ length: p + 1 }, (_, j) => j).filter((j) =>
    j === p ? fitIntercept : Math.abs(x[j] ?? 0) * (spreads[j] ?? 1) > width,
  );
  if (free.length === 0) return new Float64Array(p + 1);
  const count = 2 * free.length + 8;
  const rows = await design.reduce<CloseRows>(
    CLOSE_ROWS_STEP,
    { coef: x, count },
    (a, b) => mergeCloseRows(a, b, count),
    false,
  );
  const corner = new Float64Array(p + 1);
  const solved = planeThrough(rows, free, p, spreads);
  if (!solved) return undefined;
  free.forEach((j, k) => (corner[j] = solved[k] ?? 0));
  return corner;
}

/** Coefficients at `free` of the plane through the first independent rows, by elimination. */
function planeThrough(
  { size, x, y }: CloseRows,
  free: readonly number[],
  p: number,
  spreads: Float64Array,
): number[] | undefined {
  const m = free.length;
  const scaleOf = (j: number): number => (j === p ? 1 : (spreads[j] ?? 1));
  const kept: { row: number[]; pivot: number }[] = [];
  for (let i = 0; i < size.length && kept.length < m; i++) {
    // In units of y, the target last.
    const row = free.map((j) => (j === p ? 1 : (x[i * p + j] ?? 0) / scaleOf(j)));
    row.push(y[i] ?? 0);
    const before = Math.max(...row.slice(0, m).map(Math.abs));
    for (const { row: other, pivot } of kept) {
      const share = row[pivot] ?? 0;
      if (share !== 0) other.forEach((value, k) => (row[k] = (row[k] ?? 0) - share * value));
    }
    let pivot = 0;
    for (let k = 1; k < m; k++) if (Math.abs(row[k] ?? 0) > Math.abs(row[pivot] ?? 0)) pivot = k;
    const lead = row[pivot] ?? 0;
    if (!(Math.abs(lead) > 1e-9 * before)) continue;
    const unit = row.map((value) => value / lead);
    for (const one of kept) {
      const share = one.row[pivot] ?? 0;
      one.row = one.row.map((value, k) => value - share * (unit[k] ?? 0));
    }
    kept.push({ row: unit, pivot });
  }
  if (kept.length < m) return undefined;
  const found = free.map(() => 0);
  for (const { row, pivot } of kept) found[pivot] = (row[m] ?? 0) / scaleOf(free[pivot] ?? p);
  return found;
}
