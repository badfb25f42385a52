import type * as MlMatrix from "ml-matrix";
import { lazyRequire } from "../base/lazy-require.js";
import type { Comoments } from "./comoments.js";
import { cholesky, choleskySolve } from "./linalg/cholesky.js";
import type { Triangle } from "./linalg/tsqr.js";

/** A linear least-squares solution. */
export interface LeastSquares {
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly rank: number;
  /** How it was found. */
  readonly method: "cholesky" | "qr" | "svd";
}

/**
 * Below this share of a column that the others do not explain, the normal equations have lost more than six of sixteen
 * digits, and the factor of the data itself is taken instead.
 */
const MIN_PIVOT = 1e-6;
/** The same for the triangular factor, whose entries are not squared: below it the rank is in doubt. */
const MIN_DIAGONAL = 1e-11;

/**
 * Minimises `Σ w (y − x·b − a)²` from the co-moments of [x, y] by the normal equations in correlation form.
 * @returns undefined when the columns are too nearly dependent for that: then use the triangular factor
 */
export function solveNormalEquations(total: Comoments, fitIntercept: boolean): LeastSquares | undefined {
  const width = total.mean.length;
  const p = width - 1;
  const moment = (i: number, j: number): number =>
    (total.scatter[i * width + j] ?? 0) +
    (fitIntercept ? 0 : total.weight * (total.mean[i] ?? 0) * (total.mean[j] ?? 0));
  const scale = Float64Array.from({ length: p }, (_, j) => Math.sqrt(moment(j, j)));
  // A column without spread has no unique coefficient.
  if (scale.some((value, j) => !(value > Math.abs(total.mean[j] ?? 0) * Math.sqrt(total.weight) * 1e-12)))
    return undefined;
  const correlation = new Float64Array(p * p);
  const right = new Float64Array(p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) correlation[i * p + j] = moment(i, j) / ((scale[i] ?? 1) * (scale[j] ?? 1));
    right[i] = moment(i, p) / (scale[i] ?? 1);
  }
  const factor = cholesky(correlation, p, MIN_PIVOT);
  if (!factor) return undefined;
  const solution = choleskySolve(factor, right);
  // One step of refinement takes out the rounding of the factorisation.
  const residual = right.map((value, i) => {
    let sum = value;
    for (let j = 0; j < p; j++) sum -= (correlation[i * p + j] ?? 0) * (solution[j] ?? 0);
    return sum;
  });
  const correction = choleskySolve(factor, residual);
  const coef = solution.map((value, j) => (value + (correction[j] ?? 0)) / (scale[j] ?? 1));
  return { coef, intercept: fitIntercept ? interceptOf(total, coef) : 0, rank: p, method: "cholesky" };
}

/**
 * The same from the triangular factor of the (centred) data: by back substitution when the columns are independent, else
 * the solution of minimum norm.
 */
export function solveTriangular({ k, r }: Triangle, total: Comoments, fitIntercept: boolean): LeastSquares {
  const p = k - 1;
  const finish = (coef: Float64Array, rank: number, method: "qr" | "svd"): LeastSquares => ({
    coef,
    intercept: fitIntercept ? interceptOf(total, coef) : 0,
    rank,
    method,
  });
  // Column norms make the test independent of units.
  const norms = Float64Array.from({ length: p }, (_, j) =>
    Math.hypot(...Array.from({ length: j + 1 }, (__, i) => r[i * k + j] ?? 0)),
  );
  const independent = norms.every((norm, j) => norm > 0 && Math.abs(r[j * k + j] ?? 0) > MIN_DIAGONAL * norm);
  const significant = norms.every((norm, j) => norm > Math.abs(total.mean[j] ?? 0) * Math.sqrt(total.weight) * 1e-14);
  if (independent && significant) {
    const coef = new Float64Array(p);
    for (let i = p - 1; i >= 0; i--) {
      let sum = r[i * k + p] ?? 0;
      for (let j = i + 1; j < p; j++) sum -= (r[i * k + j] ?? 0) * (coef[j] ?? 0);
      coef[i] = sum / (r[i * k + i] ?? 1);
    }
    return finish(coef, p, "qr");
  }
  const { Matrix, SingularValueDecomposition } = lazyRequire<typeof MlMatrix>("ml-matrix");
  const a = new Matrix(p, p);
  const c: number[] = [];
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) a.set(i, j, r[i * k + j] ?? 0);
    c.push(r[i * k + p] ?? 0);
  }
  const svd = new SingularValueDecomposition(a);
  const values = svd.diagonal;
  const cut = (values[0] ?? 0) * Math.max(total.rows, p) * Number.EPSILON;
  const rank = values.filter((value) => value > cut).length;
  const coef = new Float64Array(p);
  values.forEach((value, s) => {
    if (value <= cut) return;
    let projection = 0;
    for (let i = 0; i < p; i++) projection += svd.leftSingularVectors.get(i, s) * (c[i] ?? 0);
    for (let j = 0; j < p; j++) coef[j] = (coef[j] ?? 0) + (svd.rightSingularVectors.get(j, s) * projection) / value;
  });
  return finish(coef, rank, "svd");
}

function interceptOf(total: Comoments, coef: Float64Array): number {
  const p = coef.length;
  return coef.reduce((sum, value, j) => sum - value * (total.mean[j] ?? 0), total.mean[p] ?? 0);
}
