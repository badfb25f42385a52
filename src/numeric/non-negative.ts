import type { Comoments } from "./comoments.js";
import { interceptFor, normalSystem } from "./normal-system.js";
import { minimiseQuadratic } from "./solvers/penalised-quadratic.js";
import { Penalty } from "./solvers/penalty.js";

/** Least squares with coefficients at or above 0. */
export interface NonNegativeSolution {
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly method: "coordinate";
}

/**
 * Minimises `Σ w (y − x·b − a)² + alpha |b|²` with every b at or above 0, from the co-moments of [x, y]: coordinate descent
 * over a working set, with the equations of the positive coefficients solved at once (as Lawson and Hanson's active sets,
 * 1974). Columns without spread get 0.
 */
export function solveNonNegative(moments: Comoments, alpha: number, fitIntercept: boolean): NonNegativeSolution {
  const system = normalSystem(moments, fitIntercept);
  const penalty = new Penalty({ l1: 0, l2: alpha, positive: true });
  const x = new Float64Array(system.p);
  const quadratic = { curvature: system.gram, gradient: system.cross.map((value) => -value), x, penalty };
  const { x: coef } = minimiseQuadratic({ ...quadratic, floor: 1e-15 * system.total }, 0, 1000);
  return { coef, intercept: interceptFor(system, coef), method: "coordinate" };
}
