import { interceptFor, type NormalSystem } from "./normal-system.js";
import { solvePenalised } from "./ridge-solution.js";
import { coordinateDescent } from "./solvers/coordinate-descent.js";

/** An elastic net over a normal system: `(1/2W) Σ w (y − x·b − a)² + alpha (l1Ratio |b|₁ + ½ (1 − l1Ratio) |b|²)`, W = Σw. */
export interface ElasticNetProblem {
  readonly alpha: number;
  readonly l1Ratio: number;
  readonly positive: boolean;
  /** Stops when the duality gap of the objective times W is at most `tol · Σ w (y − ȳ)²`. */
  readonly tol: number;
  readonly maxIter: number;
}

/** One elastic net solution. */
export interface ElasticNetFit {
  readonly coef: Float64Array;
  readonly intercept: number;
  /** Of the objective, not times W; 0 for a closed form. */
  readonly dualGap: number;
  readonly nIter: number;
  readonly converged: boolean;
}

/** Solves one elastic net; without an L1 part and sign constraint in closed form, else by coordinate descent. */
export function solveElasticNet(
  system: NormalSystem,
  { alpha, l1Ratio, positive, tol, maxIter }: ElasticNetProblem,
  from?: { readonly coef: Float64Array; readonly alpha?: number },
): ElasticNetFit {
  const l1 = alpha * l1Ratio * system.weight;
  const l2 = alpha * (1 - l1Ratio) * system.weight;
  if (l1 === 0 && !positive) {
    const coef = solvePenalised(system, l2, 1e-13);
    if (coef) return { coef, intercept: interceptFor(system, coef), dualGap: 0, nIter: 0, converged: true };
  }
  const found = coordinateDescent(system, {
    l1,
    l2,
    positive,
    tol,
    maxIter,
    start: from?.coef,
    ...(from?.alpha === undefined ? {} : { previousL1: from.alpha * l1Ratio * system.weight }),
  });
  return {
    coef: found.coef,
    intercept: interceptFor(system, found.coef),
    dualGap: found.gap / system.weight,
    nIter: found.iterations,
    converged: found.converged,
  };
}

/** Solutions for decreasing penalties, each started at the one before. */
export function solvePath(
  system: NormalSystem,
  alphas: ArrayLike<number>,
  problem: Omit<ElasticNetProblem, "alpha">,
): ElasticNetFit[] {
  const fits: ElasticNetFit[] = [];
  let from: { coef: Float64Array; alpha: number } | undefined;
  for (const alpha of Array.from(alphas)) {
    const fit = solveElasticNet(system, { ...problem, alpha }, from);
    fits.push(fit);
    // The strong rule compares with a larger penalty only.
    from = { coef: fit.coef, alpha };
  }
  return fits;
}

/**
 * Penalties from the smallest that makes every coefficient 0 down to `eps` times it, evenly on a logarithmic scale;
 * scikit-learn's grid. `l1Ratio` must be above 0.
 */
export function alphaGrid(
  { cross, weight }: NormalSystem,
  l1Ratio: number,
  positive: boolean,
  eps: number,
  count: number,
): Float64Array {
  const largest =
    cross.reduce((max, value) => Math.max(max, positive ? value : Math.abs(value)), 0) / (weight * l1Ratio);
  // Nothing correlates with y: any penalty will do.
  if (largest <= 1e-15) return new Float64Array(count).fill(1e-15);
  return Float64Array.from({ length: count }, (_, k) =>
    k === 0 ? largest : largest * eps ** (k / Math.max(1, count - 1)),
  );
}
