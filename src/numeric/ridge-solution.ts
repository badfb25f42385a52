import type { Comoments } from "./comoments.js";
import { solveNormalEquations, solveTriangular, type LeastSquares } from "./least-squares.js";
import { cholesky, choleskySolve } from "./linalg/cholesky.js";
import { mergeTriangles, type Triangle } from "./linalg/tsqr.js";
import { interceptFor, normalSystem, type NormalSystem } from "./normal-system.js";

/** As for plain least squares: below this share of a column the normal equations have lost more than six digits. */
const MIN_PIVOT = 1e-6;

/**
 * Minimises `Σ w (y − x·b − a)² + alpha |b|²` from the co-moments of [x, y].
 * @returns undefined when the penalised columns are still too nearly dependent for that: then use {@link solveRidgeTriangular}
 */
export function solveRidge(moments: Comoments, alpha: number, fitIntercept: boolean): LeastSquares | undefined {
  if (alpha === 0) return solveNormalEquations(moments, fitIntercept);
  const system = normalSystem(moments, fitIntercept);
  const coef = solvePenalised(system, alpha, MIN_PIVOT);
  return coef && { coef, intercept: interceptFor(system, coef), rank: system.p, method: "cholesky" };
}

/** The same from the triangular factor of the data, centred where there is an intercept. */
export function solveRidgeTriangular(
  triangle: Triangle,
  moments: Comoments,
  alpha: number,
  fitIntercept: boolean,
): LeastSquares {
  if (alpha === 0) return solveTriangular(triangle, moments, fitIntercept);
  const { k } = triangle;
  // The penalty as p more rows, √alpha on the diagonal and 0 for y.
  const penalty = new Float64Array(k * k);
  for (let j = 0; j < k - 1; j++) penalty[j * k + j] = Math.sqrt(alpha);
  return solveTriangular(mergeTriangles(triangle, { k, r: penalty }), moments, fitIntercept);
}

/**
 * Solves `(gram + ridge·I) b = cross` in correlation form with one step of refinement; undefined when a pivot is not above
 * `floor`.
 */
export function solvePenalised(
  { p, gram, cross }: NormalSystem,
  ridge: number,
  floor: number,
): Float64Array | undefined {
  const scale = Float64Array.from({ length: p }, (_, j) => Math.sqrt((gram[j * p + j] ?? 0) + ridge));
  if (!scale.every((value) => value > 0)) return undefined;
  const scaled = new Float64Array(p * p);
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) {
      const entry = (gram[i * p + j] ?? 0) + (i === j ? ridge : 0);
      scaled[i * p + j] = entry / ((scale[i] ?? 1) * (scale[j] ?? 1));
    }
  }
  const factor = cholesky(scaled, p, floor);
  if (!factor) return undefined;
  const right = cross.map((value, i) => value / (scale[i] ?? 1));
  const first = choleskySolve(factor, right);
  const residual = right.map((value, i) => {
    let sum = value;
    for (let j = 0; j < p; j++) sum -= (scaled[i * p + j] ?? 0) * (first[j] ?? 0);
    return sum;
  });
  const correction = choleskySolve(factor, residual);
  return first.map((value, j) => (value + (correction[j] ?? 0)) / (scale[j] ?? 1));
}
