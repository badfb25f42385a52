import { along, dot, type Objective, type OnIteration, type Solution } from "./objective.js";
import type { Penalty } from "./penalty.js";
import { minimiseQuadratic } from "./penalised-quadratic.js";

/** An objective that is a sum over groups of the data, each of which can be minimised where it is. */
export interface GroupedObjective extends Objective {
  readonly groups: number;
  /** For each group the x that minimises its own sum plus `½ (x − centre)ᵀ·metric·(x − centre)`; one round. */
  solveGroups(centres: readonly Float64Array[]): Promise<Float64Array[]>;
}

/** Options of {@link consensusAdmm}. */
export interface ConsensusAdmmOptions {
  /** Stops when both residuals' energies are at most `tol² · |value|`. */
  readonly tol: number;
  readonly maxIter: number;
  /** Positive definite, row-major: about the curvature of one group, which makes the rounds few. */
  readonly metric: Float64Array;
  readonly onIteration?: OnIteration | undefined;
}

/** Over-relaxation (Boyd et al., section 3.4.3), below 2: groups that are alike then take the shortest way. */
const RELAXATION = 1.6;
/** How much smaller a round's energy has to be than what is left, because rounds remove only part of it. */
const SLACK = 1e-2;
/** Rounds between two measurements of the objective, each a pass over the data. */
const MEASURE_EVERY = 5;

/**
 * Minimises `objective + penalty` by the alternating direction method of multipliers in consensus form (Boyd et al. 2011,
 * section 8.2): in a round every group solves its own problem near the common point, and only vectors travel. For engines
 * where a round costs much and local work little.
 *
 * Distances are measured with the curvature itself instead of one number ρ, so that the scale and correlation of columns do
 * not matter; groups that are alike then halve the distance to the optimum every round.
 */
export async function consensusAdmm(
  objective: GroupedObjective,
  penalty: Penalty,
  start: Float64Array,
  options: ConsensusAdmmOptions,
): Promise<Solution> {
  const { metric, tol, maxIter } = options;
  const { groups } = objective;
  const n = start.length;
  const common = metric.map((value) => value * groups);
  const duals: Float64Array[] = Array.from({ length: groups }, () => new Float64Array(n));
  let z = start;
  let evaluations = 0;
  const measure = async (): Promise<{ value: number; violation: number }> => {
    const { value, gradient } = await objective.evaluate(z);
    evaluations += 1;
    return { value: value + penalty.value(z), violation: penalty.violation(z, gradient) };
  };
  let known = await measure();
  for (let iteration = 1; ; iteration++) {
    options.onIteration?.(iteration, known.value, known.violation);
    const from = z;
    const solved = await objective.solveGroups(duals.map((dual) => along(from, dual, -1)));
    const own = solved.map((x) => along(from, along(x, from, -1), RELAXATION));
    evaluations += 1;
    const mean = new Float64Array(n);
    own.forEach((x, g) => {
      const dual = duals[g] as Float64Array;
      for (let j = 0; j < n; j++) mean[j] = (mean[j] as number) + ((x[j] ?? 0) + (dual[j] ?? 0)) / groups;
    });
    // argmin penalty(z) + ½ (z − mean)ᵀ·groups·metric·(z − mean), from where z is.
    const gradient = times(common, along(from, mean, -1));
    const minimum = minimiseQuadratic({ curvature: common, gradient, x: from, penalty }, 1e-9);
    z = minimum.x;
    let apart = 0;
    own.forEach((x, g) => {
      const gap = along(x, z, -1);
      apart += energy(metric, along(solved[g] as Float64Array, z, -1));
      duals[g] = along(duals[g] as Float64Array, gap, 1);
    });
    const moved = energy(common, along(z, from, -1));
    const enough = SLACK * tol * tol * Math.max(Math.abs(known.value), Number.MIN_VALUE);
    const settled = apart <= enough && moved <= enough;
    const finite = Number.isFinite(apart + moved);
    if (settled || iteration >= maxIter || !finite || iteration % MEASURE_EVERY === 0) known = await measure();
    if (settled || iteration >= maxIter || !finite) {
      return {
        x: z,
        value: known.value,
        gradientNorm: known.violation,
        evaluations,
        iterations: iteration,
        converged: settled,
      };
    }
  }
}

function times(matrix: Float64Array, v: Float64Array): Float64Array {
  const n = v.length;
  return v.map((_, i) => dot(matrix.subarray(i * n, (i + 1) * n), v));
}

function energy(matrix: Float64Array, v: Float64Array): number {
  return 0.5 * dot(v, times(matrix, v));
}
