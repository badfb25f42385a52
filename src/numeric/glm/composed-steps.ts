import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import { gramScratchBytes } from "../../kernels/kernels.js";
import type { Workspace } from "../../kernels/workspace.js";
import { densify } from "../densify.js";
import type { DesignChunk } from "../design-chunk.js";
import type { GlmSums } from "../glm-steps.js";
import { familyOf, type Family, type FamilySpec } from "./family.js";
import { linearPredictor, transposedProduct, workspaceOf } from "./linear-predictor.js";
import { linkOf, type Link, type LinkSpec } from "./link.js";

/** A family with a link: what a generalised linear model is made from. */
export interface Composition {
  readonly family: FamilySpec;
  readonly link: LinkSpec;
}

/** What {@link composedStep} is told. */
export interface ComposedArgs extends Composition {
  /** Coefficients, intercept last. */
  readonly coef: Float64Array;
  readonly hess: boolean;
  /** The mean of y, in place of `coef`: derivatives at a guess of each row's own mean, for a start. */
  readonly startMean?: number;
}

/** Half the deviance of one row and what its derivatives by η are made from. */
export interface RowTerm {
  readonly mean: number;
  readonly variance: number;
  readonly halfDeviance: number;
  /** First derivative of half the deviance by η. */
  readonly residual: number;
  /** Expected second derivative: Fisher's information of η. */
  readonly information: number;
}

/** The terms of one row at its linear predictor. */
export function rowTerm(family: Family, link: Link, y: number, eta: number): RowTerm {
  const mean = link.inverse(eta);
  const rest = link.complement(eta);
  const variance = family.variance(mean, rest);
  const slope = link.slope(eta);
  // Where the mean is certain, slope and variance both vanish, and with them what the row says about η.
  const share = slope === 0 ? 0 : slope / variance;
  return {
    mean,
    variance,
    halfDeviance: family.halfDeviance(y, mean, rest),
    residual: -(y - mean) * share,
    information: slope * share,
  };
}

/** Second derivative of half the deviance by η, for the observed information. */
export function observedCurvature(family: Family, link: Link, y: number, eta: number, term: RowTerm): number {
  const slope = link.slope(eta);
  if (slope === 0) return 0;
  const { mean, variance } = term;
  const error = y - mean;
  const bent = link.bend(eta) / variance;
  const spread = (family.varianceSlope(mean, link.complement(eta)) * slope * slope) / (variance * variance);
  return term.information + error * (spread - bent);
}

/**
 * Half the deviance of one partition, its gradient and (asked for) its expected Hessian, for any family and link. Products
 * with X run in kernels; the terms of a row are plain functions.
 */
export function composedStep(context: TaskContext, args: ComposedArgs, design: DesignChunk): GlmSums {
  const p = args.coef.length - 1;
  const rows = design.x.rows;
  using space = workspaceOf(context, design);
  const family = familyOf(args.family);
  const link = linkOf(args.link);
  const eta = linearPredictor(context, space, design, args.coef);
  const residual = space.numbers(rows);
  const curvature = space.numbers(rows);
  const y = context.memory.view(design.y as NonNullable<DesignChunk["y"]>);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const offset = design.offset ? context.memory.view(design.offset) : undefined;
  let loss = 0;
  let weight = 0;
  for (let i = 0; i < rows; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    weight += wi;
    const yi = y[i] ?? 0;
    // With a row's own mean in its place, the gradient at 0 of the least-squares problem of these working responses.
    const at = args.startMean === undefined ? (eta.values[i] ?? 0) : link.link(family.near(yi, args.startMean));
    const term = rowTerm(family, link, yi, at);
    if (wi === 0) {
      residual.values[i] = curvature.values[i] = 0;
      continue;
    }
    loss += wi * term.halfDeviance;
    const back = args.startMean === undefined ? 0 : term.information * (at - (offset?.[i] ?? 0));
    residual.values[i] = wi * (term.residual - back);
    curvature.values[i] = wi * term.information;
  }
  if (Number.isNaN(loss)) loss = Infinity;
  const grad = transposedProduct(space, design, residual, p);
  if (!args.hess) return { loss, weight, grad };
  return { loss, weight, grad, hess: weightedGram(context, space, design, curvature.pointer) };
}

/** Names {@link composedStep} for the engine. */
export const COMPOSED_STEP = fnRef(import.meta.url, "composedStep");

/** `Σ h·x̃x̃ᵀ` with `x̃ = [x, 1]`. */
export function weightedGram(context: TaskContext, space: Workspace, design: DesignChunk, h: number): Float64Array {
  const x = densify(context, design.x);
  const p = x.columns.length;
  const { table, suffix } = space.matrix(x);
  const gram = space.zeros(p * p);
  const sums = space.zeros(p);
  const scratch = space.bytes(gramScratchBytes(p));
  const total = space.kernels[`gram${suffix}`](table, p, x.rows, h, 0, gram.pointer, sums.pointer, scratch);
  const hess = new Float64Array((p + 1) * (p + 1));
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) hess[i * (p + 1) + j] = gram.values[i * p + j] ?? 0;
    hess[i * (p + 1) + p] = hess[p * (p + 1) + i] = sums.values[i] ?? 0;
  }
  hess[p * (p + 1) + p] = total;
  return hess;
}

/** What a GLM needs to know of its targets before the fit. */
export interface ComposedTargets {
  readonly rows: number;
  /** Σw. */
  readonly weight: number;
  /** Σ w y. */
  readonly sum: number;
  /** Σ w offset. */
  readonly offset: number;
}

/** Derivatives of half the deviance of the model without columns by its intercept. */
export interface NullSums {
  readonly loss: number;
  readonly gradient: number;
  readonly curvature: number;
}

/** Half the deviance of one partition for a linear predictor of `intercept + offset`. */
export function nullStep(
  context: TaskContext,
  args: Composition & { intercept: number },
  design: DesignChunk,
): NullSums {
  const family = familyOf(args.family);
  const link = linkOf(args.link);
  const y = context.memory.view(design.y as NonNullable<DesignChunk["y"]>);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const offset = design.offset ? context.memory.view(design.offset) : undefined;
  let [loss, gradient, curvature] = [0, 0, 0];
  for (let i = 0; i < y.length; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    if (wi === 0) continue;
    const term = rowTerm(family, link, y[i] ?? 0, args.intercept + (offset?.[i] ?? 0));
    loss += wi * term.halfDeviance;
    gradient += wi * term.residual;
    curvature += wi * term.information;
  }
  return { loss: Number.isNaN(loss) ? Infinity : loss, gradient, curvature };
}

/** Names {@link nullStep} for the engine. */
export const NULL_STEP = fnRef(import.meta.url, "nullStep");

/** Sums over the union. */
export function mergeNullSums(a: NullSums, b: NullSums): NullSums {
  return { loss: a.loss + b.loss, gradient: a.gradient + b.gradient, curvature: a.curvature + b.curvature };
}

/** The mean of every row of a linear predictor, in place. */
export function composedMeans(eta: Float64Array, spec: LinkSpec): void {
  const link = linkOf(spec);
  for (let i = 0; i < eta.length; i++) eta[i] = link.inverse(eta[i] ?? 0);
}
