import { csrHessScratchBytes, glmFamily } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { TaskContext } from "../engine/engine.js";
import type { Column, CsrChunk } from "../memory/column.js";
import type { Comoments } from "./comoments.js";
import type { DesignChunk } from "./design-chunk.js";

/** Above this share of entries a dense copy is faster, and keeps more digits. */
const MAX_DENSITY = 0.2;

/** Whether the pairs of a partition's entries are fewer than those of its columns by far. */
export function isThin(context: TaskContext, x: CsrChunk): boolean {
  const indptr = context.memory.view(x.indptr);
  const entries = (indptr[x.rows] ?? 0) - (indptr[0] ?? 0);
  return entries <= MAX_DENSITY * x.rows * x.cols;
}

/**
 * Co-moments of `[x, y]` of a sparse partition from the pairs of entries of each row, without a dense copy: the Hessian and
 * gradient of squares at 0 are all sums there are. The products are taken about 0 and centred after: columns that are 0 in most
 * rows have means that are small beside their spread, so few digits cancel; y is centred first.
 */
export function sparseComoments(context: TaskContext, design: DesignChunk, x: CsrChunk): Comoments {
  using space = new Workspace(context.memory, x.values.arena);
  const { kernels } = space;
  const p = x.cols;
  const width = design.y ? p + 1 : p;
  const rows = x.rows;
  const w = design.w ? space.pointer(design.w) : 0;
  const weight = design.w ? kernels.weightedSum(0, w, rows) : rows;
  const mean = new Float64Array(width);
  const scatter = new Float64Array(width * width);
  if (!(weight > 0)) return { rows, weight, mean, scatter };
  const targets = space.zeros(rows);
  if (design.y) {
    const source = context.memory.view(design.y as Column<"f64">);
    const meanY = kernels.weightedSum(space.pointer(design.y), w, rows) / weight;
    mean[p] = meanY;
    for (let i = 0; i < rows; i++) targets.values[i] = (source[i] as number) - meanY;
  }
  const grad = space.zeros(p + 1);
  const hess = space.zeros((p + 1) * (p + 1));
  const loss = kernels.csrGlmLossGradHess(
    glmFamily.squared,
    0,
    space.pointer(x.indptr),
    space.pointer(x.indices),
    space.pointer(x.values),
    rows,
    p,
    targets.pointer,
    w,
    0,
    space.zeros(p + 1).pointer,
    grad.pointer,
    hess.pointer,
    space.bytes(csrHessScratchBytes()),
  );
  const sums = hess.values;
  const last = p * (p + 1);
  for (let i = 0; i < p; i++) {
    const own = (sums[last + i] as number) / weight;
    mean[i] = own;
    for (let j = 0; j < p; j++)
      scatter[i * width + j] = (sums[i * (p + 1) + j] as number) - own * (sums[last + j] as number);
  }
  if (design.y) {
    // What is left of the mean of y after it was taken off is its rounding.
    const rest = -(grad.values[p] as number) / weight;
    for (let i = 0; i < p; i++) {
      const product = -(grad.values[i] as number) - rest * (sums[last + i] as number);
      scatter[i * width + p] = scatter[p * width + i] = product;
    }
    scatter[p * width + p] = 2 * loss - weight * rest * rest;
  }
  return { rows, weight, mean, scatter };
}
