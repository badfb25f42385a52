import type { SolverExplanation } from "./solver-explanation.js";
import { FitError } from "../../src/base/errors.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";
import type { Design } from "../../src/estimator/design.js";
import { noRows } from "../../src/estimator/no-rows.js";
import type { Comoments } from "../../src/numeric/comoments.js";
import { solveNormalEquations, solveTriangular, type LeastSquares } from "../../src/numeric/least-squares.js";
import { mergeTriangles, TSQR_STEP, type Triangle } from "../../src/numeric/linalg/tsqr.js";
import {
  MEANS_STEP,
  mergeMeans,
  mergeSketches,
  orthonormalRows,
  PROJECTED_TRIANGLE_STEP,
  randomDirections,
  SKETCH_STEP,
  type DesignMeans,
} from "../../src/numeric/row-space.js";
import { momentsOfDesign } from "./moments-of-design.js";

/** How least squares are solved. */
export type LeastSquaresSolver = "gram" | "tsqr" | "randomized";

/** A solution with how it came about. */
export interface ExplainedSolution {
  readonly solution: LeastSquares;
  readonly explanation: SolverExplanation<LeastSquaresSolver>;
  /** Co-moments, where the solver made them. */
  readonly moments?: Comoments;
}

/** Above this many columns the products of all pairs are 128 MB a partition. */
export const MAX_PAIRS = 4000;
const FIRST_SKETCH = 64;
const MAX_SKETCH = 1024;
/** Power iterations after the first product: each makes what small singular values hide clearer. */
const POWER_ITERATIONS = 2;

/** Least squares over the rows of a design by the chosen solver, or by the one that suits them. */
export async function fitLeastSquares(
  design: Design,
  chosen: "auto" | LeastSquaresSolver,
  fitIntercept: boolean,
  keepMoments: boolean,
): Promise<ExplainedSolution> {
  const wide = design.nFeatures > MAX_PAIRS && !keepMoments;
  if (chosen === "randomized" || (chosen === "auto" && wide)) {
    const why =
      chosen === "auto" ? `${design.nFeatures} columns are too many for the products of all pairs` : "asked for";
    return randomized(design, fitIntercept, why);
  }
  const moments = await momentsOfDesign(design);
  if (chosen === "tsqr") {
    const solution = await byTriangle(design, moments, fitIntercept);
    return { solution, moments, explanation: { solver: "tsqr", reason: "asked for", passes: 2 } };
  }
  const solution = solveNormalEquations(moments, fitIntercept);
  if (solution) {
    const reason = chosen === "gram" ? "asked for" : "the columns are independent enough for the normal equations";
    return { solution, moments, explanation: { solver: "gram", reason, passes: 1 } };
  }
  if (chosen === "gram") {
    throw new FitError(
      `${design.owner}: the columns are so nearly dependent that the normal equations lose more than six digits. Pass solver "tsqr" or "auto".`,
    );
  }
  return {
    solution: await byTriangle(design, moments, fitIntercept),
    moments,
    explanation: {
      solver: "tsqr",
      reason: "the columns are so nearly dependent that the normal equations would lose more than six digits",
      passes: 2,
    },
  };
}

async function byTriangle(design: Design, moments: Comoments, fitIntercept: boolean): Promise<LeastSquares> {
  const shift = fitIntercept ? moments.mean : new Float64Array(moments.mean.length);
  const triangle = await design.reduce<Triangle>(TSQR_STEP, { shift }, mergeTriangles);
  return solveTriangular(triangle, moments, fitIntercept);
}

/**
 * The solution within the space that the rows span, found by products with random directions (Halko, Martinsson and Tropp
 * 2011): more of them until they have all of it, so that the answer is the one of minimum norm.
 */
async function randomized(design: Design, fitIntercept: boolean, why: string): Promise<ExplainedSolution> {
  const { owner, nFeatures: p } = design;
  const means = await design.holdAndReduce<DesignMeans>(MEANS_STEP, undefined, mergeMeans);
  const { rows } = means.x;
  if (rows === 0) throw noRows(owner);
  if (!means.x.mean.every(Number.isFinite) || means.x.nanCount.some((count) => count > 0)) {
    await design.assertFinite();
    throw new FitError(`${owner}: the sums of X overflow. Scale X down first.`);
  }
  const weight = means.y.weight[0] ?? 0;
  if (!(weight > 0))
    throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const shift = fitIntercept ? means.x.mean : new Float64Array(p);
  const meanY = fitIntercept ? (means.y.mean[0] ?? 0) : 0;
  let passes = 1;
  for (let size = FIRST_SKETCH; ; size *= 2) {
    const k = Math.min(size, p);
    let directions = { basis: k === p ? identity(p) : randomDirections(k, p, DEFAULT_SEED), k };
    const rounds = k === p ? 0 : 1 + POWER_ITERATIONS;
    for (let round = 0; round < rounds && directions.k > 0; round++) {
      const args = { directions: directions.basis, k: directions.k, shift };
      const product = await design.reduce<Float64Array>(SKETCH_STEP, args, mergeSketches, false);
      directions = orthonormalRows(product, directions.k);
      passes += 1;
    }
    const { basis, k: found } = directions;
    if (found === 0) {
      // The rows do not differ.
      const solution: LeastSquares = { coef: new Float64Array(p), intercept: meanY, rank: 0, method: "svd" };
      return { solution, explanation: { solver: "randomized", reason: `${why}; the rows do not differ`, passes } };
    }
    const args = { directions: basis, k: found, shift, meanY };
    const triangle = await design.reduce<Triangle>(PROJECTED_TRIANGLE_STEP, args, mergeTriangles, false);
    passes += 1;
    const mean = new Float64Array(found + 1);
    mean[found] = meanY;
    const inBasis = solveTriangular(triangle, { rows, weight, mean, scatter: new Float64Array() }, fitIntercept);
    const complete = k === p || inBasis.rank < k || inBasis.rank >= rows - (fitIntercept ? 1 : 0);
    if (!complete && size < MAX_SKETCH) continue;
    const coef = new Float64Array(p);
    inBasis.coef.forEach((value, c) => {
      for (let j = 0; j < p; j++) coef[j] = (coef[j] as number) + value * (basis[c * p + j] as number);
    });
    const intercept = fitIntercept ? coef.reduce((sum, value, j) => sum - value * (shift[j] as number), meanY) : 0;
    const within = complete
      ? `the rows span ${inBasis.rank} dimensions, of ${p}`
      : `only the ${found} strongest directions of the rows were kept`;
    if (!complete) {
      process.emitWarning(
        `${owner}: the rows have more than ${found} dimensions, and the randomised solver kept the strongest. Use Ridge, or solver "gram".`,
        "ConvergenceWarning",
      );
    }
    const solution: LeastSquares = { coef, intercept, rank: inBasis.rank, method: "svd" };
    return { solution, explanation: { solver: "randomized", reason: `${why}; ${within}`, passes } };
  }
}

function identity(p: number): Float64Array {
  return Float64Array.from({ length: p * p }, (_, i) => (i % (p + 1) === 0 ? 1 : 0));
}
