import { holdPlans, readPlans } from "../../src/collections/hold.js";
import { TaskPlan, type Plan } from "../../src/collections/plan.js";
import type { Plain } from "../../src/base/plain.js";
import type { Design } from "../../src/estimator/design.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { GROUP_METRIC, SOLVE_GROUP } from "../../src/numeric/admm-steps.js";
import { DESIGN_MOMENTS_STEP, mergeMoments, type Moments } from "../../src/numeric/moments.js";
import { consensusAdmm, type GroupedObjective } from "../../src/numeric/solvers/consensus-admm.js";
import { fista } from "../../src/numeric/solvers/fista.js";
import { newton } from "../../src/numeric/solvers/newton.js";
import type { Evaluation, Solution } from "../../src/numeric/solvers/objective.js";
import type { Penalty } from "../../src/numeric/solvers/penalty.js";
import { proximalNewton } from "../../src/numeric/solvers/proximal-newton.js";
import { reportTo } from "./glm-fit.js";
import { interceptsOf, partitionedLoss, type LossShape, type PartitionedLoss } from "./partitioned-loss.js";
import { samplePlan, sampleStride } from "./sample-of-design.js";

/** What {@link fitPenalised} minimises, the loss of `shape` plus `penalty`, and when it stops. */
export interface PenalisedProblem {
  readonly shape: LossShape;
  readonly penalty: Penalty;
  readonly tol: number;
  readonly maxIter: number;
  readonly rows: number;
  readonly start: Float64Array;
  /** Whether `start` is a solution of a problem much like this one. */
  readonly warm: boolean;
}

/** Multiplications that one Hessian of a sample may cost. */
const HESSIAN_WORK = 5e8;
/** Rows of a sample beyond which its own error no longer matters. */
const SAMPLE = 100_000;
/** Values that a sample which is made dense may have. */
const MAX_DENSE = 2 ** 22;
/** Sparse samples narrower than this are as well made dense. */
const MIN_SPARSE = 64;
/** Up to this many coefficients there is a matrix of their curvature. */
export const MAX_CURVATURE = 2500;
/** Bytes of the partitions that one task of a consensus round solves for. */
const GROUP_BYTES = 64 * 2 ** 20;
/** Consensus rounds in the metric of the start, before that of where they lead. */
const WARM_ROUNDS = 4;
/** Groups of a consensus round, where the data are small. */
const GROUPS = 8;

/** The generic solvers; the smooth special case of L-BFGS is `fitGlm` and `fitSoftmax`. */
export async function fitPenalised(
  design: Design,
  problem: PenalisedProblem,
  solver: "newton" | "coordinate" | "fista" | "admm",
): Promise<Solution> {
  const loss = partitionedLoss(design, problem.shape);
  if (solver === "newton") return newtonFit(design, loss, problem);
  if (solver === "fista") return fistaFit(design, loss, problem);
  return withCurvature(design, problem, loss, async (start, curvature) => {
    if (solver === "coordinate")
      return proximalNewton(loss, problem.penalty, start, { ...stopping(design, problem), curvature });
    if (typeof curvature !== "function" || problem.warm) return admmFit(design, loss, problem, start, curvature);
    // The curvature far from the optimum makes the rounds many: a few of them lead to where it is measured better.
    const first = await admmFit(design, loss, { ...problem, maxIter: WARM_ROUNDS }, start, curvature);
    if (first.converged || problem.maxIter <= WARM_ROUNDS) return first;
    const rest = { ...problem, maxIter: problem.maxIter - WARM_ROUNDS };
    const last = await admmFit(design, loss, rest, first.x, curvature);
    const evaluations = first.evaluations + last.evaluations;
    return { ...last, evaluations, iterations: first.iterations + last.iterations };
  });
}

function stopping(
  design: Design,
  { tol, maxIter }: PenalisedProblem,
): { tol: number; maxIter: number; onIteration: ReturnType<typeof reportTo> } {
  return { tol, maxIter, onIteration: reportTo(design, maxIter) };
}

function newtonFit(design: Design, loss: PartitionedLoss, problem: PenalisedProblem): Promise<Solution> {
  const { penalty, shape } = problem;
  const n = shape.k * shape.q;
  const curved = {
    evaluate: async (x: Float64Array): Promise<Evaluation & { hessian: Float64Array }> => {
      const { value, gradient, hessian } = await loss.evaluateCurved(x);
      for (let j = 0; j < n; j++) {
        const own = penalty.curvature(j);
        gradient[j] = (gradient[j] ?? 0) + own * (x[j] ?? 0);
        hessian[j * n + j] = (hessian[j * n + j] ?? 0) + own;
      }
      // A matrix of full rank without the intercepts, whose gradient is 0.
      if (!shape.fitIntercept) for (const j of interceptsOf(shape)) hessian[j * n + j] = 1;
      return { value: value + penalty.value(x), gradient, hessian };
    },
  };
  return newton(curved, problem.start, stopping(design, problem));
}

/**
 * Gives `solve` a start and the smooth part's curvature: measured at every point where all rows are no more work than a
 * sample, else that of a sample at the sample's own solution, which is the start.
 */
async function withCurvature(
  design: Design,
  problem: PenalisedProblem,
  loss: PartitionedLoss,
  solve: (
    start: Float64Array,
    curvature: Float64Array | ((x: Float64Array) => Promise<Float64Array>),
  ) => Promise<Solution>,
): Promise<Solution> {
  const { penalty, shape, start } = problem;
  using sample = await sampleOf(design, shape, problem.rows);
  if (!sample) return solve(start, loss.exactCurvature ? loss.curvature : await loss.curvature(start));
  const sampled = partitionedLoss(sample, shape);
  if (problem.warm) return solve(start, await sampled.curvature(start));
  // Further than the sample's own error from the full solution there is nothing to gain.
  const rough = await proximalNewton(sampled, penalty, start, {
    tol: 1e-4,
    maxIter: 50,
    curvature: await sampled.curvature(start),
  });
  const from = rough.x.every(Number.isFinite) ? rough.x : start;
  return solve(from, await sampled.curvature(from));
}

/** A sample of the rows that is enough for the curvature; undefined where that is all of them. The caller disposes it. */
export async function sampleOf(design: Design, shape: LossShape, rows: number): Promise<Design | undefined> {
  const sparse = design.layout === "csr" && shape.family !== undefined && shape.q > MIN_SPARSE;
  const stride = sampleStride(rows, sampleSize(design, shape, sparse, rows));
  return stride === 1 ? undefined : design.derive(samplePlan(design, stride, sparse));
}

function sampleSize(design: Design, shape: LossShape, sparse: boolean, rows: number): number {
  const { k, q } = shape;
  // Of a dense row; a sparse one costs the pairs of its entries (12 bytes each), of which the plan knows the total.
  const entries = sparse && design.plan.bytes !== undefined ? design.plan.bytes / rows / 12 : q;
  const pairs = shape.family === undefined ? (k * (k + 1)) / 2 : 1;
  // A pair of entries is added to a place of its own, a pair of columns with its neighbours in registers.
  const work = (pairs * entries * entries * (sparse ? 8 : 1)) / 2;
  const dense = design.layout === "csr" && !sparse ? MAX_DENSE / q : Infinity;
  return Math.min(SAMPLE, HESSIAN_WORK / work, dense);
}

async function fistaFit(design: Design, loss: PartitionedLoss, problem: PenalisedProblem): Promise<Solution> {
  const scale = await columnScale(design, problem.shape);
  return fista(loss, problem.penalty, problem.start, { ...stopping(design, problem), scale });
}

/** An upper bound of the loss's second derivative by each coefficient, from the columns' squares; one pass. */
export async function columnScale(design: Design, shape: LossShape): Promise<Float64Array> {
  const moments = await design.reduce<Moments>(DESIGN_MOMENTS_STEP, undefined, mergeMoments, false);
  // By η it is at most 1 (squares), ¼ (two classes) or ½ (more).
  const bound = shape.lossScale * (shape.family === undefined ? 0.5 : shape.family === glmFamily.squared ? 1 : 0.25);
  const columns = moments.mean.map(
    (mean, j) => bound * ((moments.m2[j] ?? 0) + (moments.weight[j] ?? 0) * mean * mean),
  );
  const scale = new Float64Array(shape.k * shape.q);
  for (let c = 0; c < shape.k; c++) {
    scale.set(columns, c * shape.q);
    scale[c * shape.q + shape.q - 1] = shape.fitIntercept ? bound * shape.weight : 0;
  }
  return scale;
}

async function admmFit(
  design: Design,
  loss: PartitionedLoss,
  problem: PenalisedProblem,
  start: Float64Array,
  curvature: Float64Array | ((x: Float64Array) => Promise<Float64Array>),
): Promise<Solution> {
  const { shape, penalty, tol } = problem;
  const n = shape.k * shape.q;
  const groups = groupsOf(design.plan);
  const matrix = typeof curvature === "function" ? await curvature(start) : curvature;
  const metric = matrix.map((value) => value / groups.length);
  // A NaN in X shows here first; the caller looks for it.
  if (!metric.every(Number.isFinite))
    return { x: start, value: NaN, gradientNorm: NaN, evaluations: 0, iterations: 0, converged: false };
  // Positive definite also where the data leave a direction open, which is then the penalty's.
  let level = 0;
  for (let j = 0; j < n; j++) level += (metric[j * n + j] ?? 0) / n;
  for (let j = 0; j < n; j++)
    metric[j * n + j] = (metric[j * n + j] ?? 0) * (1 + 1e-9) + penalty.curvature(j) / groups.length + 1e-9 * level;
  const run = design.runOptions;
  const metricPlan = new TaskPlan({
    label: design.owner,
    partitions: 1,
    inputs: [],
    task: () => ({ fn: GROUP_METRIC, args: { metric }, inputs: [] }),
  });
  const [held] = await holdPlans([metricPlan], design.engine, run);
  if (!held) throw new TypeError("One plan was held.");
  try {
    const grouped: GroupedObjective = {
      groups: groups.length,
      evaluate: (x) => loss.evaluate(x),
      solveGroups: async (centres) => {
        const round = new TaskPlan({
          label: design.owner,
          partitions: groups.length,
          inputs: [held, design.plan],
          task: (index) => ({
            fn: SOLVE_GROUP,
            args: {
              family: shape.family ?? null,
              k: shape.k,
              lossScale: shape.lossScale,
              fixed: shape.fitIntercept ? [] : interceptsOf(shape),
              centre: centres[index] as Float64Array,
              tol: tol * 0.1,
              maxIter: 100,
            } as unknown as Plain,
            inputs: [
              { plan: held, index: 0 },
              ...(groups[index] ?? []).map((partition) => ({ plan: design.plan, index: partition })),
            ],
          }),
        });
        return (await readPlans([round], design.owner, { ...run, engine: design.engine })) as Float64Array[];
      },
    };
    return await consensusAdmm(grouped, penalty, start, { ...stopping(design, problem), metric });
  } finally {
    held.release();
  }
}

/** Runs of partitions, by the data alone, so that the result does not depend on the workers. */
function groupsOf(plan: Plan): number[][] {
  const count = Math.min(plan.partitions, Math.max(GROUPS, Math.ceil((plan.bytes ?? 0) / GROUP_BYTES)));
  const edge = (g: number): number => Math.floor((g * plan.partitions) / count);
  return Array.from({ length: count }, (_, g) => Array.from({ length: edge(g + 1) - edge(g) }, (__, i) => edge(g) + i));
}
