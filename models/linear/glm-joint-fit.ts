import type { Plain } from "../../src/base/plain.js";
import type { Design } from "../../src/estimator/design.js";
import { mergeFoldSums, type FoldSums } from "../../src/numeric/fold-loss-steps.js";
import { GLM_MODELS_STEP } from "../../src/numeric/glm-models-step.js";
import type { GlmSums } from "../../src/numeric/glm-steps.js";
import { SharedScan } from "../../src/numeric/solvers/shared-scan.js";
import {
  fitGlm,
  ofSample,
  ofSampleCurved,
  penalised,
  penalisedHessian,
  solveFromSample,
  startOf,
  sums,
  wayOf,
  type GlmProblem,
  type GlmSolution,
} from "./glm-fit.js";
import { samplePlan } from "./sample-of-design.js";

/**
 * Solves problems over the same rows side by side: each as {@link fitGlm} would, from the same start to the same tolerance,
 * but the passes are shared. Each pass evaluates the models of all problems that are not solved yet, so that rows are read
 * once for all of them, and a search over penalties costs as many passes as its slowest candidate. One sample serves all;
 * where a problem is solved without one, it is solved on its own.
 */
export async function fitGlmJointly(design: Design, problems: readonly GlmProblem[]): Promise<readonly GlmSolution[]> {
  const [first] = problems;
  if (!first) return [];
  const way = wayOf(design, first);
  if (way.kind !== "sample" || (way.stride === 1 && !first.solver) || problems.some(({ composed }) => composed)) {
    const solutions: GlmSolution[] = [];
    for (const problem of problems) solutions.push(await fitGlm(design, problem));
    return solutions;
  }
  const { family, power = 0 } = first;
  using sample = await design.derive(samplePlan(design, way.stride, way.sparse));
  const scanOf = (rows: Design, evaluation: typeof penalised, onPass?: (passes: number) => void): SharedScan => {
    const scan: SharedScan = new SharedScan(problems.length, async (points) => {
      const args = { family, power, coefs: points } as unknown as Plain;
      const found = await rows.reduce<FoldSums>(GLM_MODELS_STEP, args, mergeFoldSums, false);
      onPass?.(scan.passes);
      return found.map((part, k) => part && evaluation(part, points[k] as Float64Array, problems[k] as GlmProblem));
    });
    return scan;
  };
  const { onProgress, owner } = design;
  const total = Math.max(...problems.map(({ maxIter }) => maxIter));
  const all = scanOf(design, penalised, (passes) =>
    onProgress?.({ stage: owner, done: Math.min(passes, total), total }),
  );
  const sampled = scanOf(sample, ofSample);
  const curvature = sharedCurvature((x, hess) => sums(sample, first, x, hess));
  const solved = await Promise.allSettled(
    problems.map(async (problem, k) => {
      try {
        const start = startOf(problem, design.nFeatures);
        const own = {
          all: all.objective(k),
          curved: {
            evaluate: async (x: Float64Array) => penalisedHessian(await sums(design, problem, x, true), x, problem),
          },
          sampled: sampled.objective(k),
          sampledCurved: { evaluate: async (x: Float64Array) => ofSampleCurved(await curvature(x), x, problem) },
        };
        const options = { tol: problem.tol, maxIter: problem.maxIter };
        return await solveFromSample(problem, start, own, options, () => sampled.finish(k));
      } finally {
        sampled.finish(k);
        all.finish(k);
      }
    }),
  );
  // The sample has to outlive the solvers, also where one of them fails.
  return solved.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

/** Most that predictors of two models may differ, as the root of their mean square, for one to have the other's curvature. */
const NEAR = 0.1;

/**
 * The sums of a sample with their Hessian, of which only the Hessian at a nearby point where one is known already. It is
 * what L-BFGS is preconditioned with, which has to be near the truth and no more: the curvature of each row changes by less
 * than a tenth where predictors do, which is what a sample is off by anyway. Loss and gradient at the point are those of the
 * point.
 *
 * Asked for one after the other, so that the same Hessians are shared whenever the answers come.
 */
function sharedCurvature(
  at: (x: Float64Array, hess: boolean) => Promise<GlmSums>,
): (x: Float64Array) => Promise<GlmSums> {
  const known: { readonly x: Float64Array; readonly sums: GlmSums }[] = [];
  let last: Promise<unknown> = Promise.resolve();
  return (x) => {
    const answer = last.then(async () => {
      const near = known.find((one) => isNear(one, x));
      if (near) return { ...(await at(x, false)), hess: near.sums.hess as Float64Array };
      const own = await at(x, true);
      known.push({ x, sums: own });
      return own;
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

/** Whether the predictors at two points differ little over the rows, weighted by their curvature. */
function isNear(known: { readonly x: Float64Array; readonly sums: GlmSums }, x: Float64Array): boolean {
  const hess = known.sums.hess as Float64Array;
  const n = x.length;
  const step = x.map((value, j) => value - (known.x[j] as number));
  let square = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += (hess[i * n + j] as number) * (step[j] as number);
    square += sum * (step[i] as number);
  }
  // The intercept's own entry is the curvature of all rows together.
  return square <= NEAR * NEAR * (hess[n * n - 1] as number);
}
