import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { gramScratchBytes, softmaxScratchBytes } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column } from "../memory/column.js";
import { addVectors } from "./add-vectors.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";

/** Sums of the multinomial loss over rows. */
export interface SoftmaxSums {
  /** Σ w·loss. */
  readonly loss: number;
  /** Σw. */
  readonly weight: number;
  /** `k x (p + 1)` row-major, intercept last. */
  readonly grad: Float64Array;
}

/** What the steps are told. */
export interface SoftmaxArgs {
  readonly k: number;
  /** `k x (p + 1)` row-major, intercept last. */
  readonly coef: Float64Array;
}

/** Loss and gradient of one partition, whose targets are classes 0 to k - 1, in one pass over its memory. */
export function softmaxStep(context: TaskContext, { k, coef }: SoftmaxArgs, design: DesignChunk): SoftmaxSums {
  const { x } = design;
  const p = coef.length / k - 1;
  using space = new Workspace(context.memory, x.kind === "dense" ? (x.columns[0]?.arena ?? 0) : x.values.arena);
  const { kernels } = space;
  const grad = space.zeros(coef.length);
  const slopes = space.vector(coef);
  const y = space.pointer(design.y as Column<"f64">);
  const w = design.w ? space.pointer(design.w) : 0;
  const weight = design.w ? kernels.weightedSum(0, w, x.rows) : x.rows;
  const scratch = space.bytes(softmaxScratchBytes(k));
  if (x.kind === "csr") {
    const [indptr, indices, values] = [space.pointer(x.indptr), space.pointer(x.indices), space.pointer(x.values)];
    const loss = kernels.csrSoftmaxLossGrad(indptr, indices, values, x.rows, p, y, w, k, slopes, grad.pointer, scratch);
    return { loss, weight, grad: grad.values.slice() };
  }
  const { table, suffix } = space.matrix(x);
  const loss = kernels[`softmaxLossGrad${suffix}`](table, p, x.rows, y, w, k, slopes, grad.pointer, scratch);
  return { loss, weight, grad: grad.values.slice() };
}

/** Names {@link softmaxStep} for the engine. */
export const SOFTMAX_STEP = fnRef(import.meta.url, "softmaxStep");

/** Sums over the union. */
export function mergeSoftmaxSums(a: SoftmaxSums, b: SoftmaxSums): SoftmaxSums {
  return {
    loss: a.loss + b.loss,
    weight: a.weight + b.weight,
    grad: addVectors(a.grad, b.grad),
  };
}

/** Curvature of the multinomial loss over rows. */
export interface SoftmaxCurvature {
  /** Σw. */
  readonly weight: number;
  /** Blocks (a, b) of the Hessian, `(p + 1) x (p + 1)` each: those of `pairs` in order. */
  readonly blocks: readonly Float64Array[];
}

/** Pairs of classes whose block of the Hessian is wanted: those on the diagonal, or all with a ≤ b. */
export function classPairs(k: number, full: boolean): [number, number][] {
  const pairs: [number, number][] = [];
  for (let a = 0; a < k; a++) for (let b = a; b < (full ? k : a + 1); b++) pairs.push([a, b]);
  return pairs;
}

const TILE = 4096;

/** Blocks of the Hessian, `Σ w p_a ([a = b] − p_b) x̃x̃ᵀ` with `x̃ = [x, 1]`, of one partition, made dense. */
export function softmaxCurvatureStep(
  context: TaskContext,
  args: SoftmaxArgs & { full: boolean },
  design: DesignChunk,
): SoftmaxCurvature {
  const x = densify(context, design.x);
  const { k, coef } = args;
  const p = x.columns.length;
  using space = Workspace.over(context.memory, x);
  const { kernels } = space;
  const { table, suffix } = space.matrix(x);
  // Asked for anew each time: a buffer taken before the arena grew ends where it ended then.
  const buffer = (): ArrayBuffer => context.memory.memoryOf(space.arena).buffer as ArrayBuffer;
  const sources = new Uint32Array(buffer(), table, p).slice();
  const size = suffix === "F32" ? 4 : 8;
  const w = design.w ? context.memory.view(design.w) : undefined;
  // matMul has the coefficients column by column, and the intercepts apart.
  const slopes = space.numbers(p * k);
  const bias = space.numbers(k);
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < p; j++) slopes.values[j * k + c] = coef[c * (p + 1) + j] ?? 0;
    bias.values[c] = coef[c * (p + 1) + p] ?? 0;
  }
  const shares = Array.from({ length: k }, () => space.numbers(TILE));
  const shareTable = space.bytes(k * 4);
  new Uint32Array(buffer(), shareTable, k).set(shares.map((share) => share.pointer));
  // Ones as doubles or floats, like the columns beside them.
  const ones = space.bytes(TILE * 8);
  if (size === 4) new Float32Array(buffer(), ones, TILE).fill(1);
  else new Float64Array(buffer(), ones, TILE).fill(1);
  const tile = space.bytes((p + 1) * 4);
  const pointers = new Uint32Array(buffer(), tile, p + 1);
  const h = space.numbers(TILE);
  const sums = space.zeros(p + 1);
  const scratch = space.bytes(gramScratchBytes(p + 1));
  const pairs = classPairs(k, args.full);
  const blocks = pairs.map(() => space.zeros((p + 1) ** 2));
  for (let from = 0; from < x.rows; from += TILE) {
    context.throwIfAborted();
    const rows = Math.min(TILE, x.rows - from);
    sources.forEach((pointer, j) => (pointers[j] = pointer + from * size));
    pointers[p] = ones;
    kernels[`matMul${suffix}`](tile, p, rows, slopes.pointer, k, bias.pointer, shareTable);
    kernels.softmax(shareTable, k, rows);
    pairs.forEach(([a, b], at) => {
      const [pa, pb] = [shares[a]?.values ?? h.values, shares[b]?.values ?? h.values];
      for (let i = 0; i < rows; i++) {
        const share = pa[i] ?? 0;
        h.values[i] = (w ? (w[from + i] ?? 0) : 1) * share * (a === b ? 1 - share : (pb[i] ?? 0));
      }
      kernels[`gram${suffix}`](tile, p + 1, rows, h.pointer, 0, blocks[at]?.pointer ?? 0, sums.pointer, scratch);
    });
  }
  const weight = w ? w.reduce((sum, value) => sum + value, 0) : x.rows;
  return {
    weight,
    blocks: blocks.map((block, at) =>
      block.values.map((value) => (pairs[at]?.[0] === pairs[at]?.[1] ? value : -value)),
    ),
  };
}

/** Names {@link softmaxCurvatureStep} for the engine. */
export const SOFTMAX_CURVATURE_STEP = fnRef(import.meta.url, "softmaxCurvatureStep");

/** Curvature of the union. */
export function mergeSoftmaxCurvature(a: SoftmaxCurvature, b: SoftmaxCurvature): SoftmaxCurvature {
  return {
    weight: a.weight + b.weight,
    blocks: a.blocks.map((block, i) => addVectors(block, b.blocks[i] as Float64Array)),
  };
}
