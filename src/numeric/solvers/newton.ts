import { cholesky, choleskySolve, type Cholesky } from "../linalg/cholesky.js";
import { along, dot, maxNorm, type CurvedObjective, type OnIteration, type Solution } from "./objective.js";

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

/** Newton's method with a backtracking line search; for few variables, where a Hessian is affordable. */
export async function newton(
  objective: CurvedObjective,
  start: Float64Array,
  options: NewtonOptions,
): Promise<NewtonSolution> {
  let x = start;
  let at = await objective.evaluate(x);
  let evaluations = 1;
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
    let moved = false;
    for (let step = 1, halvings = 0; halvings < 40; halvings++, step /= 2) {
      const point = along(x, direction, step);
      const trial = await objective.evaluate(point);
      evaluations += 1;
      const flat = Math.abs(trial.value - at.value) <= 4 * Number.EPSILON * Math.abs(at.value);
      if (trial.value <= at.value + 1e-4 * step * slope || (flat && maxNorm(trial.gradient) < maxNorm(at.gradient))) {
        x = point;
        at = trial;
        moved = true;
        break;
      }
      if (flat) break;
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
