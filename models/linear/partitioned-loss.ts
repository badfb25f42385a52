import type { Design } from "../../src/estimator/design.js";
import { scaleInPlace } from "../../src/numeric/add-vectors.js";
import type { GlmFamilyCode } from "../../src/kernels/kernels.js";
import { GLM_STEP, mergeGlmSums, type GlmSums } from "../../src/numeric/glm-steps.js";
import {
  classPairs,
  mergeSoftmaxCurvature,
  mergeSoftmaxSums,
  SOFTMAX_CURVATURE_STEP,
  SOFTMAX_STEP,
  type SoftmaxCurvature,
  type SoftmaxSums,
} from "../../src/numeric/softmax-steps.js";
import type { Evaluation, Objective } from "../../src/numeric/solvers/objective.js";

/** What is minimised, whichever rows it is summed over. */
export interface LossShape {
  /** Of the GLM kernels; undefined for the multinomial loss. */
  readonly family: GlmFamilyCode | undefined;
  /** Rows of coefficients: 1, or the classes of the multinomial loss. */
  readonly k: number;
  /** Columns and the intercept. */
  readonly q: number;
  readonly lossScale: number;
  readonly fitIntercept: boolean;
  /** Σw over all rows: a sample is scaled up to it. */
  readonly weight: number;
}

/** The loss over the rows of a design, without a penalty: an {@link Objective} whose evaluations are passes. */
export interface PartitionedLoss extends Objective {
  readonly shape: LossShape;
  /** Value and gradient at x. */
  evaluate(x: Float64Array): Promise<Evaluation>;
  /** The Hessian at x, row-major; without the blocks between classes where not `exactCurvature`. */
  curvature(x: Float64Array): Promise<Float64Array>;
  readonly exactCurvature: boolean;
  /** All three, in as few passes as can be. */
  evaluateCurved(x: Float64Array): Promise<Evaluation & { readonly hessian: Float64Array }>;
}

/** Most coefficients for which the blocks between classes are computed as well. */
const MAX_FULL = 700;

/** Positions of the intercepts among the coefficients. */
export function interceptsOf({ k, q }: Pick<LossShape, "k" | "q">): number[] {
  return Array.from({ length: k }, (_, c) => c * q + q - 1);
}

/** The loss of this shape over the (held) partitions of a design. */
export function partitionedLoss(design: Design, shape: LossShape): PartitionedLoss {
  return shape.family === undefined ? softmaxLoss(design, shape) : glmLoss(design, shape, shape.family);
}

/** Scale of sums over part of the rows, whose weights add up to `weight`. */
const scaleOf = (shape: LossShape, weight: number): number => shape.lossScale * (shape.weight / weight);

function glmLoss(design: Design, shape: LossShape, family: GlmFamilyCode): PartitionedLoss {
  const sums = (coef: Float64Array, hess: boolean): Promise<GlmSums> =>
    design.reduce<GlmSums>(GLM_STEP, { family, coef, hess }, mergeGlmSums, false);
  const evaluateCurved = async (x: Float64Array): Promise<Evaluation & { hessian: Float64Array }> => {
    const { loss, grad, hess = new Float64Array(), weight } = await sums(x, true);
    const scale = scaleOf(shape, weight);
    const hessian = withoutIntercepts(shape, scaleInPlace(hess, scale));
    return { ...scaledEvaluation(shape, scale, loss, grad), hessian };
  };
  return {
    shape,
    exactCurvature: true,
    evaluate: async (x) => {
      const { loss, grad, weight } = await sums(x, false);
      return scaledEvaluation(shape, scaleOf(shape, weight), loss, grad);
    },
    curvature: async (x) => (await evaluateCurved(x)).hessian,
    evaluateCurved,
  };
}

function softmaxLoss(design: Design, shape: LossShape): PartitionedLoss {
  const { k, q } = shape;
  const full = k * q <= MAX_FULL;
  const evaluate = async (coef: Float64Array): Promise<Evaluation> => {
    const total = await design.reduce<SoftmaxSums>(SOFTMAX_STEP, { k, coef }, mergeSoftmaxSums, false);
    return scaledEvaluation(shape, scaleOf(shape, total.weight), total.loss, total.grad);
  };
  const curvature = async (coef: Float64Array): Promise<Float64Array> => {
    const args = { k, coef, full };
    const total = await design.reduce<SoftmaxCurvature>(SOFTMAX_CURVATURE_STEP, args, mergeSoftmaxCurvature, false);
    const scale = scaleOf(shape, total.weight);
    const hessian = new Float64Array((k * q) ** 2);
    classPairs(k, full).forEach(([a, b], at) =>
      placeBlock(hessian, total.blocks[at] as Float64Array, a, b, k, q, scale),
    );
    return withoutIntercepts(shape, hessian);
  };
  return {
    shape,
    exactCurvature: full,
    evaluate,
    curvature,
    evaluateCurved: async (x) => ({ ...(await evaluate(x)), hessian: await curvature(x) }),
  };
}

/** Puts the block of two classes at both of its places. */
export function placeBlock(
  hessian: Float64Array,
  block: Float64Array,
  a: number,
  b: number,
  k: number,
  q: number,
  scale: number,
): void {
  const n = k * q;
  for (let i = 0; i < q; i++) {
    for (let j = 0; j < q; j++) {
      const value = scale * (block[i * q + j] ?? 0);
      hessian[(a * q + i) * n + b * q + j] = value;
      hessian[(b * q + j) * n + a * q + i] = value;
    }
  }
}

/** Sums of the loss as the objective's value and gradient. */
export function scaledEvaluation(shape: LossShape, scale: number, loss: number, grad: Float64Array): Evaluation {
  const gradient = grad.map((value) => scale * value);
  if (!shape.fitIntercept) for (const j of interceptsOf(shape)) gradient[j] = 0;
  return { value: scale * loss, gradient };
}

/** Without intercepts there is nothing to gain along them. */
function withoutIntercepts(shape: LossShape, hessian: Float64Array): Float64Array {
  if (shape.fitIntercept) return hessian;
  const n = shape.k * shape.q;
  for (const i of interceptsOf(shape)) for (let j = 0; j < n; j++) hessian[i * n + j] = hessian[j * n + i] = 0;
  return hessian;
}
