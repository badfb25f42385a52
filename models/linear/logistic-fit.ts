import { TaskPlan } from "../../src/collections/plan.js";
import type { Design } from "../../src/estimator/design.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { GLM_STEP, mergeGlmSums, SAMPLE_ROWS, type GlmSums } from "../../src/numeric/glm-steps.js";
import { choleskySolve } from "../../src/numeric/linalg/cholesky.js";
import { lbfgs } from "../../src/numeric/solvers/lbfgs.js";
import { newton } from "../../src/numeric/solvers/newton.js";
import type { Evaluation, OnIteration, Solution } from "../../src/numeric/solvers/objective.js";

/** What {@link fitLogistic} minimises and when it stops. */
export interface LogisticProblem {
  readonly C: number;
  readonly fitIntercept: boolean;
  readonly tol: number;
  readonly maxIter: number;
  readonly rows: number;
  /** Σw over all rows. */
  readonly weight: number;
  /** Σw over the rows of class 1. */
  readonly positive: number;
}

/** Rows of the sample that the preconditioner comes from: its error falls with their number, its cost grows with it. */
const SAMPLE = 40_000;
/** Above this many coefficients a Hessian costs more than the passes it saves. */
const MAX_HESSIAN = 400;

/**
 * Minimises `C Σ w log(1 + e^η) − yη + ½|coef|²` over held partitions, the intercept free.
 *
 * A sample of rows is solved by Newton's method first; its solution is the start and its Hessian the preconditioner of
 * L-BFGS over all rows, each of whose iterations then removes all but a small share (about p / sample) of what is left of
 * the objective's gap: three or four passes over the data where plain L-BFGS takes tens. With few rows the sample is
 * everything, and Newton's method has the answer already.
 */
export async function fitLogistic(design: Design, problem: LogisticProblem): Promise<Solution> {
  const p = design.nFeatures;
  const start = new Float64Array(p + 1);
  if (problem.fitIntercept) start[p] = Math.log(problem.positive / (problem.weight - problem.positive));
  const report: OnIteration = (iteration, objective, gradientNorm) =>
    design.onProgress?.({ stage: design.owner, done: Math.min(iteration, problem.maxIter), total: problem.maxIter, detail: { objective, gradientNorm } });

  const all = { evaluate: async (x: Float64Array) => penalised(await sums(design, x, false), x, problem, 1) };
  if (design.layout === "csr" || p > MAX_HESSIAN) {
    return lbfgs(all, start, { tol: problem.tol, maxIter: problem.maxIter, onIteration: report });
  }
  const stride = Math.max(1, Math.floor(problem.rows / SAMPLE));
  if (stride === 1) {
    const curved = { evaluate: async (x: Float64Array) => penalisedHessian(await sums(design, x, true), x, problem, 1) };
    return newton(curved, start, { tol: problem.tol, maxIter: problem.maxIter, onIteration: report });
  }
  using sample = await design.derive(samplePlan(design, stride));
  let scale = 1;
  const sampled = {
    evaluate: async (x: Float64Array) => {
      const part = await sums(sample, x, true);
      scale = problem.weight / part.weight;
      return penalisedHessian(part, x, problem, scale);
    },
  };
  // Further than the sample's own error from the full solution there is nothing to gain.
  const rough = await newton(sampled, start, { tol: 1e-4, maxIter: problem.maxIter });
  const usable = rough.x.every(Number.isFinite);
  return lbfgs(all, usable ? rough.x : start, {
    tol: problem.tol,
    maxIter: problem.maxIter,
    onIteration: report,
    ...(usable ? { precondition: (v: Float64Array) => choleskySolve(rough.factor, v) } : {}),
  });
}

function sums(design: Design, coef: Float64Array, hess: boolean): Promise<GlmSums> {
  return design.reduce<GlmSums>(GLM_STEP, { family: glmFamily.logistic, coef, hess }, mergeGlmSums, false);
}

function penalised(total: GlmSums, x: Float64Array, { C, fitIntercept }: LogisticProblem, scale: number): Evaluation {
  const p = x.length - 1;
  let value = C * scale * total.loss;
  const gradient = total.grad.map((entry, j) => {
    if (j === p) return fitIntercept ? C * scale * entry : 0;
    value += 0.5 * (x[j] ?? 0) ** 2;
    return C * scale * entry + (x[j] ?? 0);
  });
  return { value, gradient };
}

function penalisedHessian(total: GlmSums, x: Float64Array, problem: LogisticProblem, scale: number): Evaluation & { hessian: Float64Array } {
  const n = x.length;
  const p = n - 1;
  const hessian = (total.hess ?? new Float64Array(n * n)).map((entry) => problem.C * scale * entry);
  for (let j = 0; j < p; j++) hessian[j * n + j] = (hessian[j * n + j] ?? 0) + 1;
  if (!problem.fitIntercept) {
    // Takes the intercept out of the system without another shape.
    for (let j = 0; j < n; j++) hessian[p * n + j] = hessian[j * n + p] = 0;
    hessian[p * n + p] = 1;
  }
  return { ...penalised(total, x, problem, scale), hessian };
}

/**
 * The sample in few partitions, because its passes are short; how many depends on the data alone. Each partition gives its
 * rows first and those are put together then, so that no task needs more than one whole partition in memory.
 */
function samplePlan(design: Design, stride: number): TaskPlan {
  const taken = TaskPlan.blockwise(design.plan, design.owner, SAMPLE_ROWS, { stride });
  const parts = Math.min(4, taken.partitions);
  return new TaskPlan({
    label: design.owner,
    partitions: parts,
    inputs: [taken],
    task: (index) => {
      const from = Math.floor((index * taken.partitions) / parts);
      const to = Math.floor(((index + 1) * taken.partitions) / parts);
      const inputs = Array.from({ length: to - from }, (_, k) => ({ plan: taken, index: from + k }));
      return { fn: SAMPLE_ROWS, args: { stride: 1 }, inputs };
    },
  });
}
