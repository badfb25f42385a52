import { cholesky, choleskySolve } from "../linalg/cholesky.js";
import { conjugateGradients } from "./conjugate-gradients.js";
import { dot } from "./objective.js";
import type { Penalty } from "./penalty.js";

/** `gradient·d + ½ dᵀ·curvature·d + penalty(x + d)`: what a proximal Newton step minimises. */
export interface PenalisedQuadratic {
  /** Row-major `n x n`, symmetric, positive semidefinite. */
  readonly curvature: Float64Array;
  /** Of the quadratic at x. */
  readonly gradient: Float64Array;
  readonly x: Float64Array;
  readonly penalty: Penalty;
  /** A decrease that does not matter; 0 unless given. */
  readonly floor?: number;
}

/** Where {@link minimiseQuadratic} stopped. */
export interface QuadraticMinimum {
  readonly x: Float64Array;
  /** How much lower it is there than at the start. */
  readonly decrease: number;
  /** What single coordinates still offer. */
  readonly left: number;
}

/** Rounds of sweeps and a Newton step each; sets and signs settle in a few. */
const MAX_ROUNDS = 60;
/** Sweeps of a round: the Newton step ends the slow tail. */
const MAX_SWEEPS = 12;
/** Sweeps that leave more than this share of what was to gain are slow; where a step is expensive, others do without. */
const SLOW = 1e-2;
/** Up to this many coefficients a step is factored, above it conjugate gradients are cheaper. */
const MAX_FACTOR = 400;
/** What is left of the residual then; the next round goes on from there. */
const STEP_ACCURACY = 1e-3;
const MAX_STEPS = 24;

/**
 * Minimises a penalised quadratic by coordinate descent over a working set (coefficients that are not 0, and those whose
 * optimality conditions are violated: Friedman, Hastie and Tibshirani 2010; Tibshirani et al. 2012), which grows until
 * none outside of it is. After the sweeps of a round, the equations of the non-zero coefficients are solved for their signs
 * as they are, which ends the slow tail that correlated columns cause.
 *
 * @param accuracy stops when the decrease that single coordinates still offer is at most this share of what was gained
 */
export function minimiseQuadratic(
  problem: PenalisedQuadratic,
  accuracy: number,
  maxRounds = MAX_ROUNDS,
): QuadraticMinimum {
  const { gradient } = problem;
  const z = problem.x.slice();
  const r = gradient.slice();
  const inWork = new Uint8Array(z.length);
  let decrease = 0;
  for (let round = 0; ; round++) {
    const left = offered(problem, z, r, inWork);
    if (left <= Math.max(accuracy * decrease, problem.floor ?? 0) || round >= maxRounds)
      return { x: z, decrease, left };
    const work = positions(inWork);
    const before = decrease;
    for (let k = 0; k < MAX_SWEEPS; k++) {
      const gained = sweep(problem, z, r, work);
      decrease += gained;
      if (gained <= 1e-3 * left) break;
    }
    // The sweeps kept r for the working set only.
    refresh(problem, z, r);
    if (work.length <= MAX_FACTOR || offered(problem, z, r, inWork) > SLOW * left)
      decrease += signedStep(problem, z, r);
    // Rounding leaves nothing to gain.
    if (decrease === before) return { x: z, decrease, left };
  }
}

/** What single coordinates still offer; those that violate their conditions, or are not 0, join the working set. */
function offered(problem: PenalisedQuadratic, z: Float64Array, r: Float64Array, inWork: Uint8Array): number {
  const { penalty } = problem;
  let left = 0;
  for (let j = 0; j < z.length; j++) {
    const residual = penalty.residual(j, z[j] as number, r[j] as number);
    if (residual > 0 || z[j] !== 0) inWork[j] = 1;
    if (residual === 0) continue;
    const bend = curvatureAt(problem, j);
    if (bend > 0) left += (residual * residual) / (2 * bend);
  }
  return left;
}

/** One pass over the working set; returns the decrease. */
function sweep({ curvature, penalty }: PenalisedQuadratic, z: Float64Array, r: Float64Array, work: Int32Array): number {
  const n = z.length;
  const count = work.length;
  let gained = 0;
  for (let a = 0; a < count; a++) {
    const j = work[a] as number;
    const row = j * n;
    const own = curvature[row + j] as number;
    const old = z[j] as number;
    const slope = r[j] as number;
    const next = own > 0 || !penalty.isFree(j) ? penalty.minimum(j, own * old - slope, own) : old;
    if (next === old) continue;
    const delta = next - old;
    z[j] = next;
    for (let c = 0; c < count; c++) {
      const k = work[c] as number;
      r[k] = (r[k] as number) + delta * (curvature[row + k] as number);
    }
    const l1 = penalty.isFree(j) ? 0 : penalty.l1 * (Math.abs(old) - Math.abs(next));
    gained += l1 + 0.5 * penalty.curvature(j) * (old * old - next * next) - delta * slope - 0.5 * own * delta * delta;
  }
  return gained;
}

/** r = gradient + curvature·(z − x), anew. */
function refresh({ curvature, gradient, x }: PenalisedQuadratic, z: Float64Array, r: Float64Array): void {
  r.set(gradient);
  addProducts(curvature, difference(z, x), r);
}

/** Adds curvature·d to r, by the entries of d that are not 0. */
function addProducts(curvature: Float64Array, d: Float64Array, r: Float64Array): void {
  const n = d.length;
  for (let j = 0; j < n; j++) {
    const step = d[j] as number;
    if (step === 0) continue;
    const row = j * n;
    for (let k = 0; k < n; k++) r[k] = (r[k] as number) + step * (curvature[row + k] as number);
  }
}

/**
 * Solves the equations of the non-zero coefficients for their signs and goes there: to 0 for those that would change their
 * sign, or, where that does not pay, up to the first such change. Returns the decrease.
 */
function signedStep(problem: PenalisedQuadratic, z: Float64Array, r: Float64Array): number {
  const { curvature, penalty } = problem;
  const n = z.length;
  const active = positions(
    Uint8Array.from(z, (value, j) => ((value !== 0 || penalty.isFree(j)) && curvatureAt(problem, j) > 0 ? 1 : 0)),
  );
  const count = active.length;
  if (count === 0) return 0;
  const matrix = new Float64Array(count * count);
  const right = new Float64Array(count);
  for (let a = 0; a < count; a++) {
    const j = active[a] as number;
    for (let b = 0; b < count; b++) matrix[a * count + b] = curvature[j * n + (active[b] as number)] as number;
    matrix[a * count + a] = curvatureAt(problem, j);
    const sign = penalty.isFree(j) ? 0 : penalty.l1 * Math.sign(z[j] as number);
    right[a] = -((r[j] as number) + penalty.curvature(j) * (z[j] as number) + sign);
  }
  const factor = count <= MAX_FACTOR ? cholesky(matrix, count) : undefined;
  const solution = factor ? choleskySolve(factor, right) : conjugateGradients(matrix, right, STEP_ACCURACY, MAX_STEPS);
  let share = 1;
  let crosses = false;
  const whole = new Float64Array(n);
  active.forEach((j, a) => {
    const from = z[j] as number;
    const step = solution[a] as number;
    const crossing = !penalty.isFree(j) && !penalty.smooth && from * (from + step) < 0;
    if (crossing) {
      crosses = true;
      share = Math.min(share, -from / step);
    }
    whole[j] = crossing ? -from : step;
  });
  const gained = tryStep(problem, z, r, whole);
  if (gained > 0) return gained;
  if (!crosses) return 0;
  const part = new Float64Array(n);
  active.forEach((j, a) => {
    const step = share * (solution[a] as number);
    // The one that reaches 0 does so exactly.
    const from = z[j] as number;
    part[j] = !penalty.isFree(j) && Math.abs(from + step) <= 1e-15 * Math.abs(from) ? -from : step;
  });
  return Math.max(0, tryStep(problem, z, r, part));
}

function curvatureAt({ curvature, x, penalty }: PenalisedQuadratic, j: number): number {
  return (curvature[j * x.length + j] ?? 0) + penalty.curvature(j);
}

/** Takes the step if it lowers the objective; returns by how much it would. */
function tryStep(
  { curvature, penalty }: PenalisedQuadratic,
  z: Float64Array,
  r: Float64Array,
  d: Float64Array,
): number {
  const product = new Float64Array(z.length);
  addProducts(curvature, d, product);
  const next = z.map((value, j) => value + (d[j] as number));
  const gained = penalty.value(z) - penalty.value(next) - dot(r, d) - 0.5 * dot(product, d);
  if (!(gained > 0)) return gained;
  z.set(next);
  for (let j = 0; j < r.length; j++) r[j] = (r[j] as number) + (product[j] as number);
  return gained;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, j) => value - (b[j] as number));
}

function positions(flags: Uint8Array): Int32Array {
  const found: number[] = [];
  flags.forEach((flag, j) => {
    if (flag !== 0) found.push(j);
  });
  return Int32Array.from(found);
}
