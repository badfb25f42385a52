import { FitError } from "../../src/base/errors.js";
import type { Design } from "../../src/estimator/design.js";
import { noRows } from "../../src/estimator/no-rows.js";
import { glmFamily } from "../../src/kernels/kernels.js";
import type { ElasticNetFit, ElasticNetProblem } from "../../src/numeric/elastic-net-path.js";
import { DESIGN_MOMENTS_STEP, mergeMoments, TARGET_MOMENTS_STEP, type Moments } from "../../src/numeric/moments.js";
import { fista } from "../../src/numeric/solvers/fista.js";
import type { Evaluation, Objective } from "../../src/numeric/solvers/objective.js";
import { Penalty } from "../../src/numeric/solvers/penalty.js";
import { reportTo } from "./glm-fit.js";
import { partitionedLoss } from "./partitioned-loss.js";

/** A column whose spread is this share of its mean has none beyond rounding. */
const NO_SPREAD = 1e-13;

/** An elastic net by proximal gradients, with the passes over the rows that it took. */
export interface ProximalFit extends ElasticNetFit {
  readonly passes: number;
}

/**
 * Solves an elastic net by accelerated proximal gradient steps, a pass over the rows each: for so many columns that the
 * matrix of their products would not fit, or costs more than the passes. The intercept is taken out: at every point it is
 * the best one there, so that steps see centred columns, sparse ones too, and nothing is made dense.
 *
 * @throws DataError for no rows, NaN or infinities; FitError when all weights are zero
 */
export async function fistaElasticNet(
  design: Design,
  { alpha, l1Ratio, positive, tol, maxIter }: ElasticNetProblem,
  fitIntercept: boolean,
  from: Float64Array | undefined,
): Promise<ProximalFit> {
  await design.hold();
  const columns = await design.reduce<Moments>(DESIGN_MOMENTS_STEP, undefined, mergeMoments, false);
  const target = await design.reduce<Moments>(TARGET_MOMENTS_STEP, undefined, mergeMoments, false);
  const weight = target.weight[0] ?? 0;
  const meanY = target.mean[0] ?? 0;
  if (columns.rows === 0) throw noRows(design.owner);
  if (columns.nanCount.some((count, j) => count + (columns.infCount[j] as number) > 0)) await design.assertFinite();
  if (!(weight > 0))
    throw new FitError(`${design.owner}: all sample weights are zero. Give at least one row a positive weight.`);
  const total = (target.m2[0] ?? 0) / weight + (fitIntercept ? 0 : meanY ** 2);
  const p = columns.mean.length;
  const scale = columns.m2.map((m2, j) => {
    const mean = columns.mean[j] as number;
    if (!fitIntercept) return m2 / weight + mean * mean;
    return m2 > weight * (NO_SPREAD * mean) ** 2 ? m2 / weight : 0;
  });
  const intercept = (b: Float64Array): number =>
    fitIntercept ? b.reduce((sum, value, j) => sum - value * (columns.mean[j] as number), meanY) : 0;
  const shape = { family: glmFamily.squared, k: 1, q: p + 1, lossScale: 1 / weight, fitIntercept, weight };
  const loss = partitionedLoss(design, shape);
  let passes = 2;
  const objective: Objective = {
    evaluate: async (b) => {
      const point = new Float64Array(p + 1);
      point.set(b);
      point[p] = intercept(b);
      passes += 1;
      return profile(await loss.evaluate(point), columns.mean, scale);
    },
  };
  const penalty = new Penalty({ l1: alpha * l1Ratio, l2: alpha * (1 - l1Ratio), positive });
  let x = Float64Array.from({ length: p }, (_, j) => (scale[j] === 0 ? 0 : (from?.[j] ?? 0)));
  let iterations = 0;
  // How small steps have to be for the gap that is asked for is found by asking: the last point is where the next begins.
  for (let step = 0.1 * Math.sqrt(tol); ; step *= 0.1) {
    const left = maxIter - iterations;
    const found = await fista(objective, penalty, x, {
      tol: step,
      maxIter: left,
      scale,
      onIteration: reportTo(design, maxIter),
    });
    x = Float64Array.from(found.x);
    iterations += found.iterations;
    const at = await objective.evaluate(x);
    const dualGap = gapOf(at, x, penalty);
    const converged = dualGap <= tol * total;
    if (converged || iterations >= maxIter || step < Number.EPSILON || !Number.isFinite(found.value))
      return { coef: x, intercept: intercept(x), dualGap, nIter: iterations, converged, passes };
  }
}

/** Value and gradient with the intercept at its best: the loss is a parabola of unit curvature in it. */
function profile({ value, gradient }: Evaluation, mean: Float64Array, scale: Float64Array): Evaluation {
  const p = mean.length;
  const slope = gradient[p] as number;
  return {
    value: value - 0.5 * slope * slope,
    gradient: Float64Array.from({ length: p }, (_, j) =>
      scale[j] === 0 ? 0 : (gradient[j] as number) - slope * (mean[j] as number),
    ),
  };
}

/**
 * Primal less dual objective: an upper bound of how far b is from the best. The residuals are a point of the dual problem: as
 * they are where the L2 part pays for columns that have more to do with them than the L1 part allows, or scaled until none
 * has, the L2 part counted as rows of its own. The smaller of both gaps.
 */
function gapOf({ value, gradient }: Evaluation, b: Float64Array, penalty: Penalty): number {
  const { l1, l2, positive } = penalty;
  let [norm, along, squares, most, excess] = [0, 0, 0, 0, 0];
  b.forEach((entry, j) => {
    const own = gradient[j] as number;
    const slope = own + l2 * entry;
    norm += Math.abs(entry);
    along += own * entry;
    squares += entry * entry;
    most = Math.max(most, positive ? -slope : Math.abs(slope));
    excess += Math.max(0, (positive ? -own : Math.abs(own)) - l1) ** 2;
  });
  const smooth = value + 0.5 * l2 * squares;
  const share = most > l1 ? l1 / most : 1;
  const scaled = smooth + l1 * norm - (share * (2 * value - along) - share * share * smooth);
  const asTheyAre = l2 > 0 ? smooth + l1 * norm - (value - along - excess / (2 * l2)) : Infinity;
  return Math.max(0, Math.min(scaled, asTheyAre));
}
