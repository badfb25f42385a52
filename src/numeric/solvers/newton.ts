import { cholesky, choleskySolve, type Cholesky } from "../linalg/cholesky.js";
import { along, dot, maxNorm, type CurvedObjective, type OnIteration, type Solution } from "./objective.js";
import { foreseenDecrease, lengthIn, metricOf, trustRegionStep } from "./trust-region.js";

/** Options of {@link newton}. */
export interface NewtonOptions {
  /** Stops when the predicted decrease is at most `tol² · |value|`. */
  readonly tol: number;
  readonly maxIter: number;
  readonly onIteration?: OnIteration | undefined;
}

/** A Newton solution with the factor of the last Hessian, for use as a preconditioner. */
export interface NewtonSolution extends Solution {
  readonly factor: Cholesky;
}

/** Most steps from one point that may fail: each is four times shorter than the one before. */
const MOST_REJECTED = 30;

/**
 * Newton's method in a trust region (Nocedal and Wright 2006, chapter 4); for few variables, where a Hessian is affordable.
 * The region is everything until a full step disappoints; then steps are the best of the quadratic model within a radius,
 * measured by the Hessian's diagonal, that shrinks where the model was wrong and grows where it was right.
 */
export async function newton(
  objective: CurvedObjective,
  start: Float64Array,
  options: NewtonOptions,
): Promise<NewtonSolution> {
  let x = start;
  let at = await objective.evaluate(x);
  let evaluations = 1;
  let radius = Infinity;
  for (let iteration = 1; ; iteration++) {
    options.onIteration?.(iteration, at.value, maxNorm(at.gradient));
    const factor = damped(at.hessian, x.length);
    const direction = choleskySolve(
      factor,
      at.gradient.map((value) => -value),
    );
    const slope = dot(at.gradient, direction);
    const done = (point: Float64Array, converged: boolean): NewtonSolution => ({
      x: point,
      value: at.value,
      gradientNorm: maxNorm(at.gradient),
      evaluations,
      iterations: iteration - 1,
      converged,
      factor,
    });
    if (!Number.isFinite(at.value) || Number.isNaN(slope)) return done(x, false);
    if (-slope / 2 <= options.tol * options.tol * Math.max(Math.abs(at.value), Number.MIN_VALUE)) {
      return done(slope < 0 ? along(x, direction, 1) : x, true);
    }
    if (iteration > options.maxIter) return done(x, false);
    const from = at;
    const metric = metricOf(from.hessian, x.length);
    let step: Float64Array | undefined = direction;
    if (lengthIn(metric, step) > radius) step = trustRegionStep(from.hessian, from.gradient, metric, radius);
    let moved = false;
    for (let rejected = 0; step && rejected < MOST_REJECTED; rejected++) {
      const length = lengthIn(metric, step);
      const foreseen = foreseenDecrease(from.hessian, from.gradient, step);
      const point = along(x, step, 1);
      const trial = await objective.evaluate(point);
      evaluations += 1;
      const ratio = (from.value - trial.value) / foreseen;
      const flat = Math.abs(trial.value - from.value) <= 4 * Number.EPSILON * Math.abs(from.value);
      if ((foreseen > 0 && ratio > 1e-4) || (flat && maxNorm(trial.gradient) < maxNorm(from.gradient))) {
        x = point;
        at = trial;
        moved = true;
        if (ratio > 0.9 && step === direction) radius = Infinity;
        else if (ratio > 0.75) radius = Math.max(radius, 3 * length);
        else if (ratio < 0.25) radius = length / 2;
        break;
      }
      if (flat) break;
      radius = length / 4;
      step = trustRegionStep(from.hessian, from.gradient, metric, radius);
    }
    if (!moved) return done(x, -slope / 2 <= 1e3 * Number.EPSILON * Math.abs(at.value));
  }
}

// A Hessian that is singular in floating point gets just enough on its diagonal to factor.
function damped(hessian: Float64Array, n: number): Cholesky {
  for (let ridge = 0; ; ridge = ridge === 0 ? 1e-12 : ridge * 10) {
    const shifted = hessian.slice();
    for (let i = 0; i < n; i++) {
      const diagonal = hessian[i * n + i] ?? 0;
      shifted[i * n + i] = diagonal * (1 + ridge) + (ridge > 0 ? ridge * 1e-6 : 0);
    }
    const factor = cholesky(shifted, n);
    if (factor) return factor;
    if (!(ridge < 1e12))
      return { lower: Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)), n, minPivot: 1 };
  }
}
