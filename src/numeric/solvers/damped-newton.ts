import { cholesky, choleskySolve } from "../linalg/cholesky.js";
import { along, dot, maxNorm, type CurvedObjective, type OnIteration, type Solution } from "./objective.js";

/** Options of {@link dampedNewton}. */
export interface DampedNewtonOptions {
  /** Stops when the predicted decrease is at most `tol² · |value|`. */
  readonly tol: number;
  readonly maxIter: number;
  /** Least curvature that each variable is taken to have while steps are damped. */
  readonly floor: Float64Array;
  readonly onIteration?: OnIteration | undefined;
}

const MOST_DAMPING = 1e16;

/**
 * Newton's method with Levenberg and Marquardt's damping (Nocedal and Wright 2006, chapter 4): for objectives whose curvature
 * jumps or vanishes, where a line search along the full step gets nowhere. The damping falls tenfold with each step that the
 * quadratic model foresaw and rises where it did not, so that the last steps are Newton's own.
 */
export async function dampedNewton(
  objective: CurvedObjective,
  start: Float64Array,
  options: DampedNewtonOptions,
): Promise<Solution> {
  const { tol, maxIter, floor, onIteration } = options;
  let x = start;
  let at = await objective.evaluate(x);
  let evaluations = 1;
  let damping = 0;
  for (let iteration = 1; ; iteration++) {
    onIteration?.(iteration, at.value, maxNorm(at.gradient));
    const done = (converged: boolean): Solution => ({
      x,
      value: at.value,
      gradientNorm: maxNorm(at.gradient),
      evaluations,
      iterations: iteration - 1,
      converged,
    });
    if (!Number.isFinite(at.value)) return done(false);
    for (;;) {
      const step = dampedStep(at.hessian, at.gradient, damping, floor);
      const foreseen = step ? -dot(at.gradient, step) - 0.5 * quadratic(at.hessian, step) : NaN;
      if (step && damping === 0 && foreseen <= tol * tol * Math.max(Math.abs(at.value), Number.MIN_VALUE)) {
        return done(true);
      }
      if (step && iteration > maxIter) return done(false);
      if (step && foreseen > 0) {
        const point = along(x, step, 1);
        const trial = await objective.evaluate(point);
        evaluations += 1;
        const gain = (at.value - trial.value) / foreseen;
        const flat = Math.abs(at.value - trial.value) <= 8 * Number.EPSILON * Math.abs(at.value);
        if (gain > 1e-4 || (flat && maxNorm(trial.gradient) < maxNorm(at.gradient))) {
          x = point;
          at = trial;
          if (gain > 0.9) damping = damping > 1e-4 ? damping / 30 : 0;
          else if (gain > 0.5) damping /= 5;
          else if (gain < 0.1) damping = Math.max(4 * damping, 1e-6);
          break;
        }
        // No better point exists in this arithmetic.
        if (flat) return done(foreseen <= 1e3 * Number.EPSILON * Math.abs(at.value));
      }
      damping = Math.max(10 * damping, 1e-6);
      if (damping > MOST_DAMPING) return done(false);
    }
  }
}

function dampedStep(
  hessian: Float64Array,
  gradient: Float64Array,
  damping: number,
  floor: Float64Array,
): Float64Array | undefined {
  const n = gradient.length;
  const shifted = hessian.slice();
  for (let i = 0; i < n; i++) {
    const own = shifted[i * n + i] as number;
    shifted[i * n + i] = own + damping * Math.max(own, floor[i] as number);
  }
  const factor = cholesky(shifted, n);
  return (
    factor &&
    choleskySolve(
      factor,
      gradient.map((value) => -value),
    )
  );
}

function quadratic(hessian: Float64Array, step: Float64Array): number {
  const n = step.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (step[i] as number) * dot(hessian.subarray(i * n, (i + 1) * n), step);
  return sum;
}
