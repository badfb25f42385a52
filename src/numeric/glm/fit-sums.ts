import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { DesignChunk } from "../design-chunk.js";
import { rowTerm, type Composition } from "./composed-steps.js";
import { familyOf } from "./family.js";
import { linearPredictor, workspaceOf } from "./linear-predictor.js";
import { linkOf } from "./link.js";

/** How well a generalised linear model fits some rows. */
export interface FitSums {
  readonly rows: number;
  /** Σw. */
  readonly weight: number;
  /** Half the deviance, Σ w. */
  readonly halfDeviance: number;
  /** Pearson's χ²: Σ w (y − μ)² / V(μ). */
  readonly pearson: number;
}

/** How well the coefficients (intercept last) fit one partition. */
export function fitSumsStep(
  context: TaskContext,
  args: Composition & { coef: Float64Array },
  design: DesignChunk,
): FitSums {
  using space = workspaceOf(context, design);
  const family = familyOf(args.family);
  const link = linkOf(args.link);
  const eta = linearPredictor(context, space, design, args.coef).values;
  const y = context.memory.view(design.y as NonNullable<DesignChunk["y"]>);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const sums = { rows: 0, weight: 0, halfDeviance: 0, pearson: 0 };
  for (let i = 0; i < y.length; i++) {
    const wi = w ? (w[i] ?? 0) : 1;
    if (wi === 0) continue;
    const yi = y[i] ?? 0;
    const { mean, variance, halfDeviance } = rowTerm(family, link, yi, eta[i] ?? 0);
    sums.rows += 1;
    sums.weight += wi;
    sums.halfDeviance += wi * halfDeviance;
    if (yi !== mean) sums.pearson += (wi * (yi - mean) ** 2) / variance;
  }
  return sums;
}

/** Names {@link fitSumsStep} for the engine. */
export const FIT_SUMS_STEP = fnRef(import.meta.url, "fitSumsStep");

/** Sums over the union. */
export function mergeFitSums(a: FitSums, b: FitSums): FitSums {
  return {
    rows: a.rows + b.rows,
    weight: a.weight + b.weight,
    halfDeviance: a.halfDeviance + b.halfDeviance,
    pearson: a.pearson + b.pearson,
  };
}
