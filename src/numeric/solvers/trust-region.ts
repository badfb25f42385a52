import { cholesky, choleskySolve, type Cholesky } from "../linalg/cholesky.js";
import { dot } from "./objective.js";

/** Where the length of a step is close enough to the radius. */
const CLOSE = 0.1;
const MOST_SHIFTS = 60;

/** `√Σ metric_j step_j²`. */
export function lengthIn(metric: Float64Array, step: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < step.length; j++) sum += (metric[j] as number) * (step[j] as number) ** 2;
  return Math.sqrt(sum);
}

/** The diagonal of a Hessian as a metric: positive everywhere, and the same problem in other units has the same steps. */
export function metricOf(hessian: Float64Array, n: number): Float64Array {
  const metric = new Float64Array(n);
  for (let j = 0; j < n; j++) metric[j] = Math.abs(hessian[j * n + j] as number);
  const most = metric.reduce((a, b) => Math.max(a, b), 0);
  const least = most > 0 ? most * 1e-12 : 1;
  return metric.map((value) => Math.max(value, least));
}

/** `−g·p − ½ p·H p`: how much lower the quadratic model is after the step p. */
export function foreseenDecrease(hessian: Float64Array, gradient: Float64Array, step: Float64Array): number {
  const n = step.length;
  let curved = 0;
  for (let i = 0; i < n; i++) curved += (step[i] as number) * dot(hessian.subarray(i * n, (i + 1) * n), step);
  return -dot(gradient, step) - 0.5 * curved;
}

/**
 * The step no longer than `radius` (in `metric`, within a tenth) that minimises `g·p + ½ p·H p`: `(H + λ metric) p = −g` with
 * the λ that makes it so long, found by Newton's method on `1/radius − 1/|p(λ)|` (Moré and Sorensen 1983). Undefined where no
 * λ makes the matrix positive definite, which takes numbers that are not finite.
 */
export function trustRegionStep(
  hessian: Float64Array,
  gradient: Float64Array,
  metric: Float64Array,
  radius: number,
): Float64Array | undefined {
  const n = gradient.length;
  const down = gradient.map((value) => -value);
  // Below it the matrix is not positive definite, or the step too long.
  let least = 0;
  let shift = 0;
  for (let tries = 0; tries < MOST_SHIFTS; tries++) {
    const factor = shiftedFactor(hessian, metric, shift, n);
    if (!factor) {
      least = Math.max(least, shift);
      shift = shift === 0 ? 1e-8 : shift * 4;
      continue;
    }
    const step = choleskySolve(factor, down);
    const length = lengthIn(metric, step);
    if (length <= radius * (1 + CLOSE) && (shift === 0 || length >= radius * (1 - CLOSE))) return step;
    if (length > radius) least = shift;
    const w = forward(
      factor,
      step.map((value, j) => value * (metric[j] as number)),
    );
    const next = shift + (length ** 2 / dot(w, w)) * ((length - radius) / radius);
    // Newton's method comes from below; what overshoots is halved back, and a λ of 0 ends it above.
    shift = next > least ? next : (least + shift) / 2;
    if (!Number.isFinite(shift)) return undefined;
  }
  const factor = shiftedFactor(hessian, metric, shift, n);
  return factor && choleskySolve(factor, down);
}

function shiftedFactor(hessian: Float64Array, metric: Float64Array, shift: number, n: number): Cholesky | undefined {
  if (shift === 0) return cholesky(hessian, n);
  const shifted = hessian.slice();
  for (let j = 0; j < n; j++) shifted[j * n + j] = (shifted[j * n + j] as number) + shift * (metric[j] as number);
  return cholesky(shifted, n);
}

/** Solves `L w = b`. */
function forward({ lower, n }: Cholesky, b: Float64Array): Float64Array {
  const w = b.slice();
  for (let i = 0; i < n; i++) {
    let sum = w[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * n + k] as number) * (w[k] as number);
    w[i] = sum / (lower[i * n + i] as number);
  }
  return w;
}
