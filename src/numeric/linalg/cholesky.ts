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
  for (let j = 0; j < n; j++) {
    const own = j * n;
    let pivot = a[own + j] as number;
    for (let k = 0; k < j; k++) pivot -= (lower[own + k] as number) * (lower[own + k] as number);
    // Also false for NaN.
    if (!(pivot > floor)) return undefined;
    minPivot = Math.min(minPivot, pivot);
    const root = Math.sqrt(pivot);
    lower[own + j] = root;
    // Four rows at a time: each sum waits for its own last term only, and all of them use the row of the pivot.
    let i = j + 1;
    for (; i + 3 < n; i += 4) {
      const [p, q, r, s] = [i * n, i * n + n, i * n + 2 * n, i * n + 3 * n];
      let [s0, s1, s2, s3] = [a[p + j] as number, a[q + j] as number, a[r + j] as number, a[s + j] as number];
      for (let k = 0; k < j; k++) {
        const value = lower[own + k] as number;
        s0 -= (lower[p + k] as number) * value;
        s1 -= (lower[q + k] as number) * value;
        s2 -= (lower[r + k] as number) * value;
        s3 -= (lower[s + k] as number) * value;
      }
      lower[p + j] = s0 / root;
      lower[q + j] = s1 / root;
      lower[r + j] = s2 / root;
      lower[s + j] = s3 / root;
    }
    for (; i < n; i++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (lower[i * n + k] as number) * (lower[own + k] as number);
      lower[i * n + j] = sum / root;
    }
  }
  return { lower, n, minPivot };
}

/** Solves `A x = b` with the factor of A. */
export function choleskySolve({ lower, n }: Cholesky, b: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    let sum = x[i] as number;
    for (let k = 0; k < i; k++) sum -= (lower[i * n + k] as number) * (x[k] as number);
    x[i] = sum / (lower[i * n + i] as number);
  }
  // The factor is read by rows here, too: by columns, large ones would miss the cache at each step.
  for (let i = n - 1; i >= 0; i--) {
    const value = (x[i] as number) / (lower[i * n + i] as number);
    x[i] = value;
    for (let k = 0; k < i; k++) x[k] = (x[k] as number) - (lower[i * n + k] as number) * value;
  }
  return x;
}
