import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { GlmFamilyCode } from "../kernels/kernels.js";
import type { Column } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";
import { glmStep, mergeGlmSums, type GlmSums } from "./glm-steps.js";
import { softmaxStep } from "./softmax-steps.js";

/** What {@link foldLossStep} is told. */
export interface FoldLossArgs {
  /** Of the GLM kernels; null for the multinomial loss. */
  readonly family: GlmFamilyCode | null;
  readonly k: number;
  /** Coefficients of each fold's model; null for a fold that is not asked for. */
  readonly coefs: readonly (Float64Array | null)[];
}

/** Sums of each fold that was asked for. */
export type FoldSums = readonly (GlmSums | null)[];

/**
 * Loss and gradient of several models over one partition, each over the rows outside of its own fold (`groups` holds the
 * fold in which a row is tested): one read of the partition for all of them.
 */
export function foldLossStep(context: TaskContext, args: FoldLossArgs, design: DesignChunk): FoldSums {
  const { family, k } = args;
  const w = context.memory.column("f64", design.x.rows);
  return args.coefs.map((coef, fold) => {
    if (!coef) return null;
    const outside = { ...design, w };
    maskWeights(context, design, w, (group) => group !== fold);
    return family === null
      ? softmaxStep(context, { k, coef }, outside)
      : glmStep(context, { family, coef, hess: false }, outside);
  });
}

/** Names {@link foldLossStep} for the engine. */
export const FOLD_LOSS_STEP = fnRef(import.meta.url, "foldLossStep");

/** Sums over the union. */
export function mergeFoldSums(a: FoldSums, b: FoldSums): FoldSums {
  return a.map((own, fold) => {
    const other = b[fold] ?? null;
    return own && other ? mergeGlmSums(own, other) : (own ?? other);
  });
}

/** The weights of the rows whose group is taken, 0 for the others. */
function maskWeights(
  { memory }: TaskContext,
  design: DesignChunk,
  out: Column<"f64">,
  takes: (group: number) => boolean,
): void {
  const weights = design.w ? memory.view(design.w) : undefined;
  const groups = memory.view(design.groups as Column<"f64">);
  const masked = memory.view(out);
  for (let i = 0; i < masked.length; i++)
    masked[i] = takes(groups[i] as number) ? (weights ? (weights[i] as number) : 1) : 0;
}
