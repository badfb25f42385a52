import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { CounterRng } from "../base/rng.js";
import { csrHessScratchBytes, glmHessScratchBytes, glmScratchBytes, type GlmFamilyCode } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column, CsrChunk } from "../memory/column.js";
import { addVectors } from "./add-vectors.js";
import type { DesignChunk } from "./design-chunk.js";

/** Sums of a GLM's loss over rows, and their derivatives in the coefficients (intercept last). */
export interface GlmSums {
  /** Σ w·loss. */
  readonly loss: number;
  /** Σw. */
  readonly weight: number;
  readonly grad: Float64Array;
  /** Σ w·loss''·x̃x̃ᵀ, row-major, where it was asked for. */
  readonly hess?: Float64Array;
}

/** What {@link glmStep} is told. */
export interface GlmArgs {
  readonly family: GlmFamilyCode;
  /** Of the Tweedie family. */
  readonly power?: number;
  /** Coefficients, intercept last. */
  readonly coef: Float64Array;
  readonly hess: boolean;
}

/** Loss and gradient (and Hessian) of one partition, in one pass over its memory. */
export function glmStep(context: TaskContext, args: GlmArgs, design: DesignChunk): GlmSums {
  const { x } = design;
  const p = args.coef.length - 1;
  const y = design.y as Column<"f64">;
  using space = new Workspace(context.memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
  const { kernels } = space;
  const power = args.power ?? 0;
  const grad = space.zeros(p + 1);
  const hess = args.hess ? space.zeros((p + 1) * (p + 1)) : undefined;
  const w = design.w ? space.pointer(design.w) : 0;
  const weight = design.w ? kernels.weightedSum(0, w, x.rows) : x.rows;
  const family = [args.family, power] as const;
  const terms = [
    space.pointer(y),
    w,
    design.offset ? space.pointer(design.offset) : 0,
    space.vector(args.coef),
    grad.pointer,
  ] as const;
  let loss: number;
  if (x.kind === "csr") {
    const rows = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values), x.rows, p] as const;
    loss = hess
      ? kernels.csrGlmLossGradHess(...family, ...rows, ...terms, hess.pointer, space.bytes(csrHessScratchBytes()))
      : kernels.csrGlmLossGrad(...family, ...rows, ...terms, space.bytes(glmScratchBytes()));
  } else {
    const { table, suffix } = space.matrix(x);
    const rows = [table, p, x.rows] as const;
    loss = hess
      ? kernels[`glmLossGradHess${suffix}`](
          ...family,
          ...rows,
          ...terms,
          hess.pointer,
          space.bytes(glmHessScratchBytes(p)),
        )
      : kernels[`glmLossGrad${suffix}`](...family, ...rows, ...terms, space.bytes(glmScratchBytes()));
  }
  return { loss, weight, grad: grad.values.slice(), ...(hess ? { hess: hess.values.slice() } : {}) };
}

/** Names {@link glmStep} for the engine. */
export const GLM_STEP = fnRef(import.meta.url, "glmStep");

/** Sums over the union. */
export function mergeGlmSums(a: GlmSums, b: GlmSums): GlmSums {
  return {
    loss: a.loss + b.loss,
    weight: a.weight + b.weight,
    grad: addVectors(a.grad, b.grad),
    ...(a.hess && b.hess ? { hess: addVectors(a.hess, b.hess) } : {}),
  };
}

/** Rows that are sampled together: as many as a cache line has of a column, which is read whole for any one of them. */
const RUN = 8;

/**
 * One in `stride` rows of some partitions, in short runs, each from a place drawn by its number, so that no period in the data
 * can hide from it. The sample is dense, in doubles, also where the rows are sparse.
 */
export function sampleRows(
  context: TaskContext,
  args: { stride: number; width: number },
  ...designs: DesignChunk[]
): DesignChunk {
  const { memory } = context;
  const rng = new CounterRng(0, "glm subsample");
  const picks = designs.map((design, d) => {
    const rows: number[] = [];
    const length = args.stride * RUN;
    for (let block = 0; block * length < design.x.rows; block++) {
      const first = block * length + RUN * rng.integer(block, args.stride, d);
      for (let row = first; row < Math.min(first + RUN, design.x.rows); row++) rows.push(row);
    }
    return Uint32Array.from(rows);
  });
  const total = picks.reduce((sum, rows) => sum + rows.length, 0);
  const x = memory.dense("f64", total, args.width);
  const y = memory.column("f64", total);
  const weighted = designs.some((design) => design.w);
  const w = weighted ? memory.column("f64", total) : undefined;
  const shifted = designs.some((design) => design.offset);
  const offset = shifted ? memory.column("f64", total) : undefined;
  const targets = x.columns.map((column) => memory.view(column as Column<"f64">));
  let at = 0;
  designs.forEach((design, d) => {
    const rows = picks[d] as Uint32Array;
    const take = (from: Column, target: Float64Array): void => {
      const source = memory.view(from);
      if (rows.length === source.length && source instanceof Float64Array) {
        target.set(source, at);
        return;
      }
      for (let i = 0; i < rows.length; i++) target[at + i] = Number(source[rows[i] ?? 0]);
    };
    if (design.x.kind === "dense") design.x.columns.forEach((column, j) => take(column, targets[j] as Float64Array));
    else spread(context, design.x, rows, targets, at);
    take(design.y as Column, memory.view(y));
    if (w) {
      if (design.w) take(design.w, memory.view(w));
      else memory.view(w).fill(1, at, at + rows.length);
    }
    if (offset) {
      if (design.offset) take(design.offset, memory.view(offset));
      else memory.view(offset).fill(0, at, at + rows.length);
    }
    at += rows.length;
  });
  return { x, y, ...(w ? { w } : {}), ...(offset ? { offset } : {}) };
}

/** Sparse rows into dense columns from position `at` on. */
function spread(
  { memory }: TaskContext,
  x: CsrChunk,
  rows: Uint32Array,
  targets: readonly Float64Array[],
  at: number,
): void {
  const indptr = memory.view(x.indptr);
  const indices = memory.view(x.indices);
  const values = memory.view(x.values);
  for (const target of targets) target.fill(0, at, at + rows.length);
  rows.forEach((row, i) => {
    for (let k = indptr[row] ?? 0; k < (indptr[row + 1] ?? 0); k++) {
      const target = targets[indices[k] ?? 0];
      if (target) target[at + i] = (target[at + i] ?? 0) + (values[k] ?? 0);
    }
  });
}

/** Names {@link sampleRows} for the engine. */
export const SAMPLE_ROWS = fnRef(import.meta.url, "sampleRows");
