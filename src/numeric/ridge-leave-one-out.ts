import type * as MlMatrix from "ml-matrix";
import { lazyRequire } from "../base/lazy-require.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";
import type { NormalSystem } from "./normal-system.js";

/** A ridge problem in the eigenvectors of its Gram matrix, for several penalties at once. */
export interface LeaveOneOutArgs {
  /** `p x p` row-major: column k is the k-th eigenvector. */
  readonly vectors: Float64Array;
  /** `−means·vectors`, so that products with them are of centred rows. */
  readonly shift: Float64Array;
  /** `p x nAlphas`: coefficients along the eigenvectors. */
  readonly slopes: Float64Array;
  /** `p x nAlphas`: 1 / (eigenvalue + alpha). */
  readonly inverses: Float64Array;
  readonly nAlphas: number;
  readonly meanY: number;
  /** 1 / Σw with an intercept, else 0. */
  readonly leverage: number;
}

/** What {@link leaveOneOutStep} needs for these penalties, all above 0. */
export function leaveOneOutArgs(system: NormalSystem, alphas: readonly number[]): LeaveOneOutArgs {
  const { p, gram, cross, meanX, meanY, weight, fitIntercept } = system;
  const { Matrix, EigenvalueDecomposition } = lazyRequire<typeof MlMatrix>("ml-matrix");
  const matrix = new Matrix(p, p);
  for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) matrix.set(i, j, gram[i * p + j] ?? 0);
  const evd = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  const vectors = new Float64Array(p * p);
  const shift = new Float64Array(p);
  const slopes = new Float64Array(p * alphas.length);
  const inverses = new Float64Array(p * alphas.length);
  for (let k = 0; k < p; k++) {
    let along = 0;
    for (let j = 0; j < p; j++) {
      const entry = evd.eigenvectorMatrix.get(j, k);
      vectors[j * p + k] = entry;
      along += entry * (cross[j] ?? 0);
      if (fitIntercept) shift[k] = (shift[k] ?? 0) - entry * (meanX[j] ?? 0);
    }
    // Rounding may leave a zero eigenvalue below zero.
    const value = Math.max(0, evd.realEigenvalues[k] ?? 0);
    alphas.forEach((alpha, a) => {
      inverses[k * alphas.length + a] = 1 / (value + alpha);
      slopes[k * alphas.length + a] = along / (value + alpha);
    });
  }
  return {
    vectors,
    shift,
    slopes,
    inverses,
    nAlphas: alphas.length,
    meanY: fitIntercept ? meanY : 0,
    leverage: fitIntercept ? 1 / weight : 0,
  };
}

const TILE = 4096;

/**
 * For each penalty Σ w e², where e is the error of predicting a row from a fit on all others: its residual divided by one
 * minus its leverage (Allen's PRESS), so that one pass scores all penalties. Cost: `p (p + 2 nAlphas)` operations a row.
 */
export function leaveOneOutStep(context: TaskContext, args: LeaveOneOutArgs, design: DesignChunk): Float64Array {
  const x = densify(context, design.x);
  const p = x.columns.length;
  const { nAlphas } = args;
  const out = new Float64Array(nAlphas);
  using space = Workspace.over(context.memory, x);
  const y = design.y ? context.memory.view(design.y) : new Float64Array();
  const w = design.w ? context.memory.view(design.w) : undefined;
  const { table, width, suffix } = space.matrix(x);
  // Asked for anew each time: a buffer taken before the arena grew ends where it ended then.
  const buffer = (): ArrayBuffer => context.memory.memoryOf(space.arena).buffer as ArrayBuffer;
  const sources = new Uint32Array(buffer(), table, width).slice();
  const bytes = suffix === "F32" ? 4 : 8;
  const pointers = (count: number): { table: number; values: Float64Array[] } => {
    const columns = Array.from({ length: count }, () => space.numbers(TILE));
    const list = space.bytes(Math.max(4, count * 4));
    new Uint32Array(buffer(), list, count).set(columns.map((column) => column.pointer));
    return { table: list, values: columns.map((column) => column.values) };
  };
  const rotated = pointers(p);
  const fitted = pointers(nAlphas);
  const leverages = pointers(nAlphas);
  const vectors = space.vector(args.vectors);
  const shift = space.vector(args.shift);
  const slopes = space.vector(args.slopes);
  const inverses = space.vector(args.inverses);
  const tile = space.bytes(Math.max(4, width * 4));
  const tiled = new Uint32Array(buffer(), tile, width);
  for (let from = 0; from < x.rows; from += TILE) {
    context.throwIfAborted();
    const rows = Math.min(TILE, x.rows - from);
    sources.forEach((pointer, j) => (tiled[j] = pointer + from * bytes));
    space.kernels[`matMul${suffix}`](tile, p, rows, vectors, p, shift, rotated.table);
    space.kernels.matMulF64(rotated.table, p, rows, slopes, nAlphas, 0, fitted.table);
    for (const column of rotated.values) for (let i = 0; i < rows; i++) column[i] = (column[i] ?? 0) ** 2;
    space.kernels.matMulF64(rotated.table, p, rows, inverses, nAlphas, 0, leverages.table);
    for (let a = 0; a < nAlphas; a++) {
      const fit = fitted.values[a] as Float64Array;
      const own = leverages.values[a] as Float64Array;
      let sum = 0;
      for (let i = 0; i < rows; i++) {
        const weight = w ? (w[from + i] ?? 0) : 1;
        // A row without weight is in no fit, and does not count.
        if (weight === 0) continue;
        const error =
          ((y[from + i] ?? 0) - args.meanY - (fit[i] ?? 0)) / (1 - weight * (args.leverage + (own[i] ?? 0)));
        sum += weight * error * error;
      }
      out[a] = (out[a] ?? 0) + sum;
    }
  }
  return out;
}

/** Names {@link leaveOneOutStep} for the engine. */
export const LEAVE_ONE_OUT_STEP = fnRef(import.meta.url, "leaveOneOutStep");
