import type { TaskContext } from "../../engine/engine.js";
import { Workspace, type Scratch } from "../../kernels/workspace.js";
import type { DesignChunk } from "../design-chunk.js";

/** The arena where most of a design lies. */
export function workspaceOf(context: TaskContext, { x }: DesignChunk): Workspace {
  return new Workspace(context.memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
}

/** `x·coef + intercept + offset` of every row; `coef` has the intercept last. */
export function linearPredictor(
  context: TaskContext,
  space: Workspace,
  design: DesignChunk,
  coef: Float64Array,
): Scratch {
  const { x } = design;
  const eta = space.numbers(x.rows);
  const slopes = space.vector(coef);
  const intercept = coef[coef.length - 1] ?? 0;
  if (x.kind === "csr") {
    const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
    space.kernels.csrMatVec(indptr, indices, values, x.rows, slopes, intercept, eta.pointer);
  } else {
    const { table, width, suffix } = space.matrix(x);
    space.kernels[`matVec${suffix}`](table, width, x.rows, slopes, intercept, eta.pointer);
  }
  if (design.offset) {
    const offset = context.memory.view(design.offset);
    for (let i = 0; i < offset.length; i++) eta.values[i] = (eta.values[i] ?? 0) + (offset[i] ?? 0);
  }
  return eta;
}

/** `Σ r·[x, 1]` over the rows of a partition. */
export function transposedProduct(space: Workspace, { x }: DesignChunk, r: Scratch, width: number): Float64Array {
  const out = space.zeros(width + 1);
  if (x.kind === "csr") {
    const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
    space.kernels.csrMatTVec(indptr, indices, values, x.rows, r.pointer, out.pointer);
  } else {
    const { table, suffix } = space.matrix(x);
    space.kernels[`matTVec${suffix}`](table, width, x.rows, r.pointer, out.pointer);
  }
  const result = out.values.slice();
  result[width] = space.kernels.weightedSum(r.pointer, 0, x.rows);
  return result;
}
