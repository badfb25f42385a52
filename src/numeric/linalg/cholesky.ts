/** A Cholesky factor of a symmetric positive definite matrix, or where it broke down. */
export interface Cholesky {
  /** Lower triangle, row-major `n x n`. */
  readonly lower: Float64Array;
  readonly n: number;
  /** Smallest squared diagonal entry of the factor: for a unit diagonal, what a column has that the ones before lack. */
  readonly minPivot: number;
}

/** Factors `a` (row-major, symmetric); undefined when a pivot is not above `floor`. */
export function cholesky(a: Float64Array, n: number, floor = 0): Cholesky | undefined {
  const lower = new Float64Array(n * n);
  let minPivot = Infinity;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] ?? 0) * (lower[j * n + k] ?? 0);
      if (i !== j) lower[i * n + j] = sum / (lower[j * n + j] ?? 1);
      else {
        // Also false for NaN.
        if (!(sum > floor)) return undefined;
        minPivot = Math.min(minPivot, sum);
        lower[i * n + i] = Math.sqrt(sum);
      }
    }
  }
  return { lower, n, minPivot };
}

/** Solves `A x = b` with the factor of A. */
export function choleskySolve({ lower, n }: Cholesky, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (lower[i * n + k] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (lower[i * n + i] ?? 1);
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i] ?? 0;
    for (let k = i + 1; k < n; k++) sum -= (lower[k * n + i] ?? 0) * (x[k] ?? 0);
    x[i] = sum / (lower[i * n + i] ?? 1);
  }
  return x;
}
