import type { Plain } from "../../src/base/plain.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import { scaleInPlace } from "../../src/numeric/add-vectors.js";
import { FOLD_LOSS_STEP, mergeFoldSums, type FoldSums } from "../../src/numeric/fold-loss-steps.js";
import { fista } from "../../src/numeric/solvers/fista.js";
import type { Evaluation, Solution } from "../../src/numeric/solvers/objective.js";
import { Penalty } from "../../src/numeric/solvers/penalty.js";
import { proximalNewton } from "../../src/numeric/solvers/proximal-newton.js";
import { SharedScan } from "../../src/numeric/solvers/shared-scan.js";
import type { ClassDesign } from "./logistic-fit.js";
import { interceptsOf, partitionedLoss, scaledEvaluation, type LossShape } from "./partitioned-loss.js";
import { columnScale, MAX_CURVATURE, sampleOf } from "./penalised-fit.js";
import { softmaxStart } from "./softmax-fit.js";

/** What {@link foldPath} solves. */
export interface FoldPathProblem {
  readonly folds: number;
  /** In ascending order: each solution starts the next. */
  readonly Cs: readonly number[];
  readonly l1: number;
  readonly l2: number;
  readonly fitIntercept: boolean;
  readonly tol: number;
  readonly maxIter: number;
  /** Told after each C. */
  readonly onC?: ((done: number) => void) | undefined;
}

/** Solutions of each C, one a fold. */
export interface FoldPath {
  readonly solutions: readonly (readonly Solution[])[];
  /** Passes over all rows. */
  readonly passes: number;
}

/**
 * Fits the models of all folds along a path of penalties. The rows that a model must not see are those of its fold
 * (`groups` of the design). All folds are solved side by side and every pass evaluates them all; the curvature of a sample
 * at the path's last point, one for all folds, makes the passes few.
 */
export async function foldPath(data: ClassDesign, problem: FoldPathProblem): Promise<FoldPath> {
  const { design, classWeights, weight, rows } = data;
  const { folds, fitIntercept, tol, maxIter } = problem;
  const classes = data.classes.length;
  const k = classes === 2 ? 1 : classes;
  const q = design.nFeatures + 1;
  const family = classes === 2 ? glmFamily.logistic : undefined;
  const shape: LossShape = { family, k, q, lossScale: 1, fitIntercept, weight };
  const penalty = new Penalty({ l1: problem.l1, l2: problem.l2, free: interceptsOf(shape) });
  const cold = softmaxStart({ k, fitIntercept: fitIntercept && k > 1, classWeights, weight }, q);
  if (k === 1 && fitIntercept) cold[q - 1] = Math.log((classWeights[1] ?? 1) / (classWeights[0] ?? 1));
  const share = 1 - 1 / folds;
  const curved = k * q <= MAX_CURVATURE;
  using sample = curved ? await sampleOf(design, shape, rows) : undefined;
  const sampled = partitionedLoss(sample ?? design, shape);
  const scale = curved ? undefined : await columnScale(design, shape);
  let starts: readonly Float64Array[] = Array.from({ length: folds }, () => cold);
  let passes = 0;
  const solutions: (readonly Solution[])[] = [];
  for (const [at, C] of problem.Cs.entries()) {
    const matrix = scale ? undefined : scaleInPlace(await sampled.curvature(meanOf(starts)), C * share);
    const scan = new SharedScan(folds, async (points) => {
      const args = { family: family ?? null, k, coefs: points } as unknown as Plain;
      const sums = await design.reduce<FoldSums>(FOLD_LOSS_STEP, args, mergeFoldSums, false);
      return sums.map((part): Evaluation | null => part && scaledEvaluation(shape, C, part.loss, part.grad));
    });
    const found = await Promise.all(
      starts.map(async (start, fold) => {
        try {
          const objective = scan.objective(fold);
          return matrix
            ? await proximalNewton(objective, penalty, start, { tol, maxIter, curvature: matrix })
            : await fista(objective, penalty, start, {
                tol,
                maxIter,
                scale: (scale as Float64Array).map((value) => value * C * share),
              });
        } finally {
          scan.finish(fold);
        }
      }),
    );
    passes += scan.passes;
    solutions.push(found);
    starts = found.map((solution) => (solution.x.every(Number.isFinite) ? solution.x : cold));
    problem.onC?.(at + 1);
  }
  return { solutions, passes };
}

/** The mean of vectors of one length. */
export function meanOf(vectors: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    for (let j = 0; j < out.length; j++) out[j] = (out[j] ?? 0) + (vector[j] ?? 0) / vectors.length;
  return out;
}
