import type { Design } from "../../src/estimator/design.js";
import { cholesky, choleskySolve, type Cholesky } from "../../src/numeric/linalg/cholesky.js";
import {
  classPairs,
  mergeSoftmaxCurvature,
  mergeSoftmaxSums,
  SOFTMAX_CURVATURE_STEP,
  SOFTMAX_STEP,
  type SoftmaxCurvature,
  type SoftmaxSums,
} from "../../src/numeric/softmax-steps.js";
import { lbfgs } from "../../src/numeric/solvers/lbfgs.js";
import type { Evaluation, Objective, Solution } from "../../src/numeric/solvers/objective.js";
import { reportTo } from "./glm-fit.js";
import { placeBlock } from "./partitioned-loss.js";
import { samplePlan, sampleStride } from "./sample-of-design.js";

/** What {@link fitSoftmax} minimises, `C Σ w [log Σ_c e^η_c − η_y] + ½ ridge |coef|²`, and when it stops. */
export interface SoftmaxProblem {
  readonly C: number;
  readonly k: number;
  readonly fitIntercept: boolean;
  readonly tol: number;
  readonly maxIter: number;
  readonly rows: number;
  /** Σw over all rows. */
  readonly weight: number;
  /** Σw of each class. */
  readonly classWeights: ArrayLike<number>;
  /** Factor of ½ |coef|²: 1, or 0 without a penalty. */
  readonly ridge: number;
  /** Coefficients to start from: a solution of a problem much like this one. */
  readonly start?: Float64Array | undefined;
}

/** Most rows of the sample that the preconditioner comes from. */
const SAMPLE = 40_000;
/** Multiplications that its Hessian may cost. */
const HESSIAN_WORK = 2e9;
/** Up to this many coefficients the whole Hessian is factored, above it the blocks of the classes alone. */
const MAX_FULL = 700;
/** Above this many coefficients a class, a block costs more than the passes it saves. */
const MAX_BLOCK = 400;
/** Values that the sample of a sparse design may have when it is made dense. */
const MAX_DENSE = 2 ** 22;

/**
 * Minimises the penalised multinomial loss over held partitions, the intercepts free.
 *
 * A sample of rows is solved first, by L-BFGS whose preconditioner is the Hessian where all classes are alike (Böhning 1992:
 * one Gram matrix). The Hessian at its solution, whole or by blocks of the classes, is the preconditioner of L-BFGS over all
 * rows, started there. Adding a constant to all intercepts changes nothing: they are returned with mean 0.
 */
export async function fitSoftmax(design: Design, problem: SoftmaxProblem): Promise<Solution> {
  const { k } = problem;
  const q = design.nFeatures + 1;
  const start = problem.start ?? softmaxStart(problem, q);
  const options = { tol: problem.tol, maxIter: problem.maxIter, onIteration: reportTo(design, problem.maxIter) };
  const all = objectiveOf(design, problem);
  const finish = (solution: Solution): Solution => centred(solution, problem, q, problem.ridge > 0);
  if (q > MAX_BLOCK) return finish(await lbfgs(all, start, options));
  const full = k * q <= MAX_FULL;
  const work = (full ? (k * (k + 1)) / 2 : k) * q * q * 0.5;
  const dense = design.layout === "csr" ? MAX_DENSE / q : Infinity;
  const stride = sampleStride(problem.rows, Math.min(SAMPLE, HESSIAN_WORK / work, dense));
  using sample = await design.derive(samplePlan(design, stride));
  const sampled = objectiveOf(sample, problem);
  if (problem.start) {
    const here = await curvature(sample, problem, start, full);
    const known = preconditioner(here.blocks, problem, q, problem.weight / here.weight);
    return finish(await lbfgs(all, start, { ...options, ...(known ? { precondition: known } : {}) }));
  }
  // All coefficients 0: every block of the Hessian is the same but for a factor.
  const alike = await curvature(sample, problem, new Float64Array(k * q), false);
  const first = alike && preconditioner([alike.blocks[0] as Float64Array], problem, q, problem.weight / alike.weight);
  const rough = await lbfgs(sampled, start, {
    tol: stride === 1 ? 1e-2 : 1e-3,
    maxIter: problem.maxIter,
    ...(first ? { precondition: first } : {}),
  });
  if (!rough.x.every(Number.isFinite)) return finish(await lbfgs(all, start, options));
  const there = await curvature(sample, problem, rough.x, full);
  const second = preconditioner(there.blocks, problem, q, problem.weight / there.weight);
  return finish(await lbfgs(all, rough.x, { ...options, ...(second ? { precondition: second } : {}) }));
}

/** No slopes, and the intercepts of the classes' shares. */
export function softmaxStart(
  { k, fitIntercept, classWeights, weight }: Pick<SoftmaxProblem, "k" | "fitIntercept" | "classWeights" | "weight">,
  q: number,
): Float64Array {
  const start = new Float64Array(k * q);
  if (fitIntercept) for (let c = 0; c < k; c++) start[c * q + q - 1] = Math.log((classWeights[c] ?? 1) / weight);
  return start;
}

function objectiveOf(design: Design, problem: SoftmaxProblem): Objective {
  const { k, fitIntercept } = problem;
  const q = design.nFeatures + 1;
  return {
    evaluate: async (x: Float64Array): Promise<Evaluation> => {
      const sums = await design.reduce<SoftmaxSums>(SOFTMAX_STEP, { k, coef: x }, mergeSoftmaxSums, false);
      const scale = problem.C * (problem.weight / sums.weight);
      let value = scale * sums.loss;
      const gradient = sums.grad.map((entry, at) => {
        if (at % q === q - 1) return fitIntercept ? scale * entry : 0;
        const b = x[at] ?? 0;
        value += 0.5 * problem.ridge * b * b;
        return scale * entry + problem.ridge * b;
      });
      return { value, gradient };
    },
  };
}

function curvature(
  sample: Design,
  { k }: SoftmaxProblem,
  coef: Float64Array,
  full: boolean,
): Promise<SoftmaxCurvature> {
  return sample.reduce<SoftmaxCurvature>(SOFTMAX_CURVATURE_STEP, { k, coef, full }, mergeSoftmaxCurvature, false);
}

/**
 * Solves with the penalised Hessian of these blocks: one for all classes, one a class, or one for every pair of classes.
 * @returns undefined when it is not positive definite in floating point
 */
function preconditioner(
  blocks: readonly Float64Array[],
  problem: SoftmaxProblem,
  q: number,
  sampleScale: number,
): ((v: Float64Array) => Float64Array) | undefined {
  const { k } = problem;
  const scale = problem.C * sampleScale;
  if (blocks.length > k) {
    const n = k * q;
    const hessian = new Float64Array(n * n);
    classPairs(k, true).forEach(([a, b], at) => placeBlock(hessian, blocks[at] as Float64Array, a, b, k, q, scale));
    const factor = penalisedFactor(hessian, n, q, problem);
    return factor && ((v) => choleskySolve(factor, v));
  }
  const factors: Cholesky[] = [];
  for (const block of blocks) {
    const factor = penalisedFactor(
      block.map((value) => scale * value),
      q,
      q,
      problem,
    );
    if (!factor) return undefined;
    factors.push(factor);
  }
  return (v) => {
    const out = new Float64Array(v.length);
    for (let c = 0; c < k; c++)
      out.set(
        choleskySolve(factors[Math.min(c, factors.length - 1)] as Cholesky, v.subarray(c * q, (c + 1) * q)),
        c * q,
      );
    return out;
  };
}

function penalisedFactor(
  hessian: Float64Array,
  n: number,
  q: number,
  { fitIntercept, ridge }: SoftmaxProblem,
): Cholesky | undefined {
  const intercepts = Array.from({ length: n / q }, (_, c) => c * q + q - 1);
  // The loss does not change along equal steps of all intercepts: any curvature there makes the system regular, and the
  // gradient has no part along it.
  const level = intercepts.reduce((sum, i) => sum + (hessian[i * n + i] ?? 0), 0) / intercepts.length;
  for (const i of intercepts) {
    for (const j of intercepts)
      hessian[i * n + j] = (hessian[i * n + j] ?? 0) + (n > q ? level / intercepts.length : 0);
  }
  // Without a penalty the loss does not change along equal steps of a column's slopes either, and what is exact would be
  // singular, or nearly so with a small one; the preconditioner need not be exact.
  for (let i = 0; i < n; i++) {
    if (i % q === q - 1) continue;
    const own = hessian[i * n + i] ?? 0;
    hessian[i * n + i] = own + Math.max(ridge, 1e-6 * own);
  }
  if (!fitIntercept) {
    for (const i of intercepts) {
      for (let j = 0; j < n; j++) hessian[i * n + j] = hessian[j * n + i] = 0;
      hessian[i * n + i] = 1;
    }
  }
  return cholesky(hessian, n);
}

/** The solution whose intercepts have mean 0, and the slopes of each column too where no penalty sees to that. */
export function centred(
  solution: Solution,
  { k, fitIntercept }: Pick<SoftmaxProblem, "k" | "fitIntercept">,
  q: number,
  penalised: boolean,
): Solution {
  const x = solution.x.slice();
  for (let j = penalised ? q - 1 : 0; j < (fitIntercept ? q : q - 1); j++) {
    let mean = 0;
    for (let c = 0; c < k; c++) mean += (x[c * q + j] ?? 0) / k;
    for (let c = 0; c < k; c++) x[c * q + j] = (x[c * q + j] ?? 0) - mean;
  }
  return { ...solution, x };
}
