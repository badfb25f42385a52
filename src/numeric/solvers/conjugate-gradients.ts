import { dot } from "./objective.js";

/**
 * Solves `A x = b` for a symmetric positive semidefinite A (row-major) by conjugate gradients (Hestenes and Stiefel 1952),
 * preconditioned with A's diagonal. In a direction without curvature it stops with what it has.
 *
 * @param tol share of the residual's norm, in the diagonal's metric, at which it stops @param maxIter most steps
 */
export function conjugateGradients(
  a: Float64Array,
  b: Float64Array,
  tol: number,
  maxIter = 2 * b.length,
): Float64Array {
  const n = b.length;
  const inverse = Float64Array.from({ length: n }, (_, i) => {
    const own = a[i * n + i] as number;
    return own > 0 ? 1 / own : 0;
  });
  const x = new Float64Array(n);
  const r = b.slice();
  let z = r.map((value, i) => value * (inverse[i] as number));
  let p = z.slice();
  let rz = dot(r, z);
  const stop = tol * tol * rz;
  for (let k = 0; k < maxIter && rz > stop; k++) {
    const ap = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const row = i * n;
      let sum = 0;
      for (let j = 0; j < n; j++) sum += (a[row + j] as number) * (p[j] as number);
      ap[i] = sum;
    }
    const curvature = dot(p, ap);
    if (!(curvature > 0)) break;
    const step = rz / curvature;
    for (let i = 0; i < n; i++) {
      x[i] = (x[i] as number) + step * (p[i] as number);
      r[i] = (r[i] as number) - step * (ap[i] as number);
    }
    z = r.map((value, i) => value * (inverse[i] as number));
    const next = dot(r, z);
    const beta = next / rz;
    p = z.map((value, i) => value + beta * (p[i] as number));
    rz = next;
  }
  return x;
}
