import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { GlmFamilyCode } from "../kernels/kernels.js";
import type { DesignChunk } from "./design-chunk.js";
import { glmStep } from "./glm-steps.js";
import { cholesky, choleskySolve } from "./linalg/cholesky.js";
import { softmaxStep } from "./softmax-steps.js";
import { along, dot, type Evaluation } from "./solvers/objective.js";
import { lbfgs } from "./solvers/lbfgs.js";

/** The metric of consensus rounds, where the groups are. */
export interface GroupMetric {
  /** Row-major `n x n`, positive definite. */
  readonly metric: Float64Array;
  /** Its Cholesky factor. */
  readonly lower: Float64Array;
}

/** Task: the metric with its factor, computed once and kept beside the partitions. */
export function groupMetric(_context: TaskContext, { metric }: { metric: Float64Array }): GroupMetric {
  const n = Math.round(Math.sqrt(metric.length));
  const factor = cholesky(metric, n);
  if (!factor) throw new RangeError("The metric of consensus rounds has to be positive definite.");
  return { metric, lower: factor.lower };
}

/** Names {@link groupMetric} for the engine. */
export const GROUP_METRIC = fnRef(import.meta.url, "groupMetric");

/** What {@link solveGroup} is told. */
export interface GroupArgs {
  /** Of the GLM kernels; null for the multinomial loss. */
  readonly family: GlmFamilyCode | null;
  readonly k: number;
  readonly lossScale: number;
  /** Positions that stay 0. */
  readonly fixed: readonly number[];
  readonly centre: Float64Array;
  readonly tol: number;
  readonly maxIter: number;
}

/**
 * Task: the coefficients that minimise the loss of some partitions plus `½ (x − centre)ᵀ·metric·(x − centre)`, by L-BFGS
 * within the task. The metric is about the loss's own curvature, so half its inverse is a good preconditioner.
 */
export async function solveGroup(
  context: TaskContext,
  args: GroupArgs,
  { metric, lower }: GroupMetric,
  ...designs: DesignChunk[]
): Promise<Float64Array> {
  const { family, k, lossScale, centre } = args;
  const n = centre.length;
  const pull = (x: Float64Array): Evaluation => {
    const away = along(x, centre, -1);
    const gradient = away.map((_, i) => dot(metric.subarray(i * n, (i + 1) * n), away));
    return { value: 0.5 * dot(away, gradient), gradient };
  };
  const evaluate = async (x: Float64Array): Promise<Evaluation> => {
    context.throwIfAborted();
    let { value, gradient } = pull(x);
    for (const design of designs) {
      const part =
        family === null
          ? softmaxStep(context, { k, coef: x }, design)
          : glmStep(context, { family, coef: x, hess: false }, design);
      value += lossScale * part.loss;
      gradient = along(gradient, part.grad, lossScale);
    }
    for (const j of args.fixed) gradient[j] = 0;
    return { value, gradient };
  };
  const precondition = (v: Float64Array): Float64Array =>
    choleskySolve({ lower, n, minPivot: 1 }, v).map((value, j) => (args.fixed.includes(j) ? 0 : value / 2));
  const solution = await lbfgs({ evaluate }, centre, { tol: args.tol, maxIter: args.maxIter, precondition });
  return solution.x;
}

/** Names {@link solveGroup} for the engine. */
export const SOLVE_GROUP = fnRef(import.meta.url, "solveGroup");
