import { cholesky, choleskySolve } from "../linalg/cholesky.js";

/** A quadratic in b: `½ bᵀ·gram·b − cross·b + ½ total`; a `NormalSystem` is one. */
export interface Quadratic {
  readonly p: number;
  /** Row-major, symmetric, positive semidefinite. */
  readonly gram: Float64Array;
  readonly cross: Float64Array;
  /** Σ w y²: what the objective of b = 0 is, times two. */
  readonly total: number;
}

/** What {@link coordinateDescent} adds to the quadratic, and when it stops. */
export interface CoordinateDescentOptions {
  /** Factor of |b|₁; it or `l2` is above 0. */
  readonly l1: number;
  /** Factor of ½|b|². */
  readonly l2: number;
  /** Holds every coefficient at or above 0. */
  readonly positive: boolean;
  /** Stops when the duality gap is at most `tol · total`. */
  readonly tol: number;
  /** Most sweeps. */
  readonly maxIter: number;
  /** Where to start; zeros unless given. */
  readonly start?: Float64Array | undefined;
  /** `l1` of the problem that `start` solves: columns that the sequential strong rule rejects wait for the final check. */
  readonly previousL1?: number | undefined;
}

/** Where coordinate descent stopped. */
export interface CoordinateDescentSolution {
  readonly coef: Float64Array;
  /** Upper bound of how far the objective is from its minimum. */
  readonly gap: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** Up to this many columns with a coefficient, their equations are solved at once when their signs have settled. */
const MAX_EXACT = 1000;
/** Coefficients that may stop at 0 in a row before plain sweeps go on. */
const MAX_TRIES = 10;
/** Below this share of `total` the gap is rounding. */
const GAP_NOISE = 1e-13;

/**
 * Minimises `½ bᵀ·gram·b − cross·b + l1 |b|₁ + ½ l2 |b|²` by cyclic coordinate descent (Friedman, Hastie and Tibshirani
 * 2010) over a working set chosen by the strong rules (Tibshirani et al. 2012) and grown until no column outside of it
 * violates the optimality conditions. When the signs have settled, the equations of the non-zero coefficients are solved
 * directly, which ends the slow tail that correlated columns cause. The duality gap decides when to stop, as in scikit-learn.
 *
 * Cost: a sweep is `|working set| · (changed + 1)` operations, whatever the number of rows.
 */
export function coordinateDescent(problem: Quadratic, options: CoordinateDescentOptions): CoordinateDescentSolution {
  const { p, gram, total } = problem;
  const { l1, l2, positive, maxIter } = options;
  const b = options.start ? options.start.slice() : new Float64Array(p);
  const q = new Float64Array(p);
  refresh(problem, b, q);
  const screen = options.previousL1 === undefined ? l1 : 2 * l1 - options.previousL1;
  const size = (j: number): number => (positive ? (q[j] ?? 0) : Math.abs(q[j] ?? 0));
  const chosen = Uint8Array.from({ length: p }, (_, j) => ((b[j] ?? 0) !== 0 || size(j) >= screen ? 1 : 0));
  let work = positions(chosen);
  let settled = total * 1e-4;
  let iterations = 0;
  for (;;) {
    let change = Infinity;
    while (change > settled && iterations < maxIter) {
      change = sweep(problem, options, b, q, work);
      iterations += 1;
    }
    const exact = solveSigned(problem, l1, l2, b);
    refresh(problem, b, q);
    let grown = false;
    for (let j = 0; j < p; j++) {
      // Rounding of q alone must not bring a column in for ever: each comes once.
      if (chosen[j] === 0 && size(j) > l1 && (gram[j * p + j] ?? 0) + l2 > 0) {
        chosen[j] = 1;
        grown = true;
      }
    }
    const gap = dualityGap(problem, options, b, q);
    if (gap <= options.tol * total) return { coef: b, gap, iterations, converged: true };
    const finished =
      !grown && (change === 0 || (exact && change <= settled && settled < total * 1e-18) || settled < total * 1e-30);
    if (finished || iterations >= maxIter) {
      return { coef: b, gap, iterations, converged: finished && gap <= Math.max(options.tol, GAP_NOISE) * total };
    }
    if (grown) work = positions(chosen);
    else settled *= 1e-3;
  }
}

/** One pass over the working set; returns the largest decrease of the objective that a coordinate made, times two. */
function sweep(
  { p, gram }: Quadratic,
  { l1, l2, positive }: CoordinateDescentOptions,
  b: Float64Array,
  q: Float64Array,
  work: Int32Array,
): number {
  const count = work.length;
  let change = 0;
  for (let a = 0; a < count; a++) {
    const j = work[a] as number;
    const row = j * p;
    const own = gram[row + j] as number;
    const curvature = own + l2;
    if (!(curvature > 0)) continue;
    const old = b[j] as number;
    const z = (q[j] as number) + own * old;
    const next = z > l1 ? (z - l1) / curvature : z < -l1 && !positive ? (z + l1) / curvature : 0;
    if (next === old) continue;
    const delta = next - old;
    b[j] = next;
    for (let c = 0; c < count; c++) {
      const k = work[c] as number;
      q[k] = (q[k] as number) - delta * (gram[row + k] as number);
    }
    const gain = delta * delta * curvature;
    if (gain > change) change = gain;
  }
  return change;
}

/** q = cross − gram·b, from the non-zero coefficients. */
function refresh({ p, gram, cross }: Quadratic, b: Float64Array, q: Float64Array): void {
  q.set(cross);
  for (let j = 0; j < p; j++) {
    const value = b[j] as number;
    if (value === 0) continue;
    const row = j * p;
    for (let k = 0; k < p; k++) q[k] = (q[k] as number) - value * (gram[row + k] as number);
  }
}

/**
 * Moves the non-zero coefficients towards the minimum for their signs; one that would change its sign on the way stops at 0
 * and is left out of the next try. Every move lowers the objective. @returns whether that minimum was reached
 */
function solveSigned(problem: Quadratic, l1: number, l2: number, b: Float64Array): boolean {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const active = positions(Uint8Array.from(b, (value) => (value === 0 ? 0 : 1)));
    if (active.length === 0 || active.length > MAX_EXACT) return false;
    const target = signedMinimum(problem, l1, l2, b, active);
    if (!target) return false;
    let share = 1;
    let stopped = -1;
    active.forEach((j, i) => {
      const from = b[j] ?? 0;
      const to = target[i] ?? 0;
      if (from * to > 0) return;
      const crossing = from / (from - to);
      if (crossing < share || stopped < 0) {
        share = Math.min(share, crossing);
        stopped = j;
      }
    });
    if (stopped < 0) {
      active.forEach((j, i) => (b[j] = target[i] ?? 0));
      return true;
    }
    active.forEach((j, i) => (b[j] = (b[j] ?? 0) + share * ((target[i] ?? 0) - (b[j] ?? 0))));
    b[stopped] = 0;
  }
  return false;
}

/** The minimum over the coefficients `active`, all others 0, if each had the sign that it has in b. */
function signedMinimum(
  { p, gram, cross }: Quadratic,
  l1: number,
  l2: number,
  b: Float64Array,
  active: Int32Array,
): Float64Array | undefined {
  const n = active.length;
  const scale = Float64Array.from(active, (j) => Math.sqrt((gram[j * p + j] ?? 0) + l2));
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = (active[i] ?? 0) * p;
    for (let j = 0; j <= i; j++) {
      const entry = ((gram[row + (active[j] ?? 0)] ?? 0) + (i === j ? l2 : 0)) / ((scale[i] ?? 1) * (scale[j] ?? 1));
      matrix[i * n + j] = matrix[j * n + i] = entry;
    }
  }
  const factor = cholesky(matrix, n, 1e-10);
  if (!factor) return undefined;
  const right = Float64Array.from(active, (j, i) => ((cross[j] ?? 0) - l1 * Math.sign(b[j] ?? 0)) / (scale[i] ?? 1));
  return choleskySolve(factor, right).map((value, i) => value / (scale[i] ?? 1));
}

/** Primal minus dual objective at b, with the residual (scaled) as the dual's point. */
function dualityGap(
  { cross, total }: Quadratic,
  { l1, l2, positive }: CoordinateDescentOptions,
  b: Float64Array,
  q: Float64Array,
): number {
  let crossB = 0;
  let qB = 0;
  let l1Norm = 0;
  let squares = 0;
  let dualNorm = 0;
  let excess = 0;
  for (let j = 0; j < b.length; j++) {
    const value = b[j] as number;
    crossB += value * (cross[j] as number);
    qB += value * (q[j] as number);
    l1Norm += Math.abs(value);
    squares += value * value;
    const entry = (q[j] as number) - l2 * value;
    dualNorm = Math.max(dualNorm, positive ? entry : Math.abs(entry));
    excess += Math.max(0, (positive ? (q[j] as number) : Math.abs(q[j] as number)) - l1) ** 2;
  }
  // |y − Xb|² = y² − b·Xᵀy − b·Xᵀ(y − Xb).
  const residual = Math.max(0, total - crossB - qB);
  const factor = dualNorm > l1 ? l1 / dualNorm : 1;
  const gap =
    0.5 * residual * (1 + factor * factor) +
    l1 * l1Norm -
    factor * (total - crossB) +
    0.5 * l2 * (1 + factor * factor) * squares;
  // With an L2 part the residual itself is feasible too, and the only useful choice where there is no L1 part.
  const unscaled = l2 > 0 ? excess / (2 * l2) - qB + l1 * l1Norm + 0.5 * l2 * squares : Infinity;
  return Math.max(0, Math.min(gap, unscaled));
}

function positions(flags: Uint8Array): Int32Array {
  const found: number[] = [];
  flags.forEach((flag, j) => {
    if (flag !== 0) found.push(j);
  });
  return Int32Array.from(found);
}
