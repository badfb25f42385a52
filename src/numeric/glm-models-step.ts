import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { glmModelsScratchBytes } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, CsrChunk } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";
import type { FoldSums } from "./fold-loss-steps.js";
import { glmStep, type GlmArgs, type GlmSums } from "./glm-steps.js";

/** What {@link glmModelsStep} is told. */
export interface GlmModelsArgs extends Pick<GlmArgs, "family" | "power"> {
  /** Coefficients of each model, intercept last; null for a model that is not asked for. */
  readonly coefs: readonly (Float64Array | null)[];
}

/**
 * Loss and gradient of several models over one partition in one pass over its memory: compressed rows are read once for
 * eight models, dense ones stay in the cache of the thread where they are small.
 */
export function glmModelsStep(context: TaskContext, args: GlmModelsArgs, design: DesignChunk): FoldSums {
  const { coefs, ...rest } = args;
  const asked = coefs.filter((coef) => coef !== null);
  if (design.x.kind === "dense" || asked.length === 1)
    return coefs.map((coef) => coef && glmStep(context, { ...rest, coef, hess: false }, design));
  const sums = sparseSums(context, rest, asked, design, design.x);
  let at = 0;
  return coefs.map((coef) => coef && (sums[at++] as GlmSums));
}

/** Names {@link glmModelsStep} for the engine. */
export const GLM_MODELS_STEP = fnRef(import.meta.url, "glmModelsStep");

function sparseSums(
  { memory }: TaskContext,
  { family, power = 0 }: Pick<GlmArgs, "family" | "power">,
  coefs: readonly Float64Array[],
  design: DesignChunk,
  x: CsrChunk,
): GlmSums[] {
  const q = coefs[0]?.length ?? 0;
  const models = coefs.length + (coefs.length % 2);
  using space = new Workspace(memory, x.values.arena);
  const { kernels } = space;
  const packed = space.zeros(q * models);
  coefs.forEach((coef, m) => {
    for (let j = 0; j < q; j++) packed.values[j * models + m] = coef[j] as number;
  });
  const grads = space.zeros(q * models);
  const losses = space.numbers(2 * models);
  const w = design.w ? space.pointer(design.w) : 0;
  const offset = design.offset ? space.pointer(design.offset) : 0;
  const weight = design.w ? kernels.weightedSum(0, w, x.rows) : x.rows;
  const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
  const y = space.pointer(design.y as Column<"f64">);
  const scratch = space.bytes(glmModelsScratchBytes(models));
  kernels.csrGlmLossGrads(
    family,
    power,
    indptr,
    indices,
    values,
    x.rows,
    q - 1,
    y,
    w,
    offset,
    models,
    packed.pointer,
    grads.pointer,
    losses.pointer,
    scratch,
  );
  return coefs.map((_, m) => ({
    loss: losses.values[m] as number,
    weight,
    grad: Float64Array.from({ length: q }, (_value, j) => grads.values[j * models + m] as number),
  }));
}
