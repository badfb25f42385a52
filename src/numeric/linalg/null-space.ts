import type * as MlMatrix from "ml-matrix";
import { lazyRequire } from "../../base/lazy-require.js";

/** Columns that others leave nothing to say. */
export interface Dependence {
  /** Columns without spread of their own. */
  readonly constant: readonly number[];
  /** Columns that are combinations of those before them. */
  readonly dependent: readonly number[];
}

/** Those columns, and the directions in which coefficients can change without any effect. */
export interface NullSpace extends Dependence {
  /** Orthonormal vectors, one a direction. */
  readonly basis: readonly Float64Array[];
}

/** Below this share of itself, what a column has that others lack is rounding. */
const MIN_SHARE = 1e-10;

/** The columns of a Gram matrix (row-major, `p x p`) that depend on others; `sizes` are their squares had they been kept whole. */
export function dependenceOf(gram: Float64Array, sizes: Float64Array): Dependence {
  const { constant, kept, correlation } = correlated(gram, sizes);
  return { constant, dependent: dependentOf(correlation, kept.length).map((i) => kept[i] ?? 0) };
}

/** The same with the null space. */
export function nullSpaceOf(gram: Float64Array, sizes: Float64Array): NullSpace {
  const p = sizes.length;
  const { constant, kept, scale, correlation } = correlated(gram, sizes);
  const n = kept.length;
  const basis = constant.map((j) => Float64Array.from({ length: p }, (_, k) => (k === j ? 1 : 0)));
  if (n === 0) return { constant, dependent: [], basis };
  const { EVD, Matrix } = lazyRequire<typeof MlMatrix>("ml-matrix");
  const matrix = new Matrix(n, n);
  correlation.forEach((value, at) => matrix.set(Math.floor(at / n), at % n, value));
  const evd = new EVD(matrix, { assumeSymmetric: true });
  evd.realEigenvalues.forEach((value, k) => {
    if (value > MIN_SHARE * n) return;
    const v = new Float64Array(p);
    kept.forEach((j, i) => (v[j] = evd.eigenvectorMatrix.get(i, k) / (scale[i] ?? 1)));
    for (const other of basis) project(v, other);
    const norm = Math.hypot(...v);
    basis.push(v.map((entry) => entry / norm));
  });
  return { constant, dependent: dependentOf(correlation, n).map((i) => kept[i] ?? 0), basis };
}

/** The correlations of the columns that have a spread. */
function correlated(
  gram: Float64Array,
  sizes: Float64Array,
): { constant: number[]; kept: number[]; scale: number[]; correlation: Float64Array } {
  const p = sizes.length;
  const columns = Array.from({ length: p }, (_, j) => j);
  const kept = columns.filter((j) => (gram[j * p + j] ?? 0) > 1e-24 * (sizes[j] ?? 0));
  const constant = columns.filter((j) => !kept.includes(j));
  const n = kept.length;
  const scale = kept.map((j) => Math.sqrt(gram[j * p + j] ?? 0));
  const correlation = Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (gram[(kept[i] ?? 0) * p + (kept[j] ?? 0)] ?? 0) / ((scale[i] ?? 1) * (scale[j] ?? 1));
  });
  return { constant, kept, scale, correlation };
}

/** Takes the part along a unit vector out of v, in place. */
export function project(v: Float64Array, unit: Float64Array): void {
  const share = v.reduce((sum, value, j) => sum + value * (unit[j] ?? 0), 0);
  v.forEach((value, j) => (v[j] = value - share * (unit[j] ?? 0)));
}

/** Positions whose pivot vanishes when rows are eliminated in order. */
function dependentOf(matrix: Float64Array, n: number): number[] {
  const lower = Array.from({ length: n }, () => new Float64Array(n));
  const found: number[] = [];
  for (let i = 0; i < n; i++) {
    const row = lower[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = lower[j] as Float64Array;
      let sum = matrix[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (row[k] ?? 0) * (other[k] ?? 0);
      if (i !== j) row[j] = (other[j] ?? 0) === 0 ? 0 : sum / (other[j] ?? 1);
      else if (sum > MIN_SHARE) row[i] = Math.sqrt(sum);
      else found.push(i);
    }
  }
  return found;
}
