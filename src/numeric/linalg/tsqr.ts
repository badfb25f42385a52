import type { TaskContext } from "../../engine/engine.js";
import { fnRef } from "../../engine/fn-ref.js";
import type { Column } from "../../memory/column.js";
import { densify } from "../densify.js";
import type { DesignChunk } from "../design-chunk.js";

/** The triangular factor of a tall matrix of k columns: row-major `k x k`, upper. */
export interface Triangle {
  readonly k: number;
  readonly r: Float64Array;
}

const TILE = 512;

/**
 * The triangular factor of `√w · ([x, y] − shift)` of one partition, by Householder reflections tile after tile (the
 * sequential form of TSQR: Demmel, Grigori, Hoemmen and Langou, "Communication-optimal parallel and sequential QR and LU
 * factorizations", 2012). Backward stable, unlike the Gram matrix; used where that one is too ill-conditioned.
 */
export function tsqrStep(context: TaskContext, args: { shift: Float64Array }, design: DesignChunk): Triangle {
  const x = densify(context, design.x);
  const columns: Column[] = design.y ? [...x.columns, design.y] : [...x.columns];
  const k = columns.length;
  const views = columns.map((column) => context.memory.view(column));
  const w = design.w ? context.memory.view(design.w) : undefined;
  let triangle: Triangle = { k, r: new Float64Array(k * k) };
  for (let from = 0; from < x.rows; from += TILE) {
    context.throwIfAborted();
    const rows = Math.min(TILE, x.rows - from);
    const tile = new Float64Array(rows * k);
    views.forEach((view, j) => {
      const shift = args.shift[j] ?? 0;
      for (let i = 0; i < rows; i++) {
        const root = w ? Math.sqrt(w[from + i] ?? 0) : 1;
        tile[i * k + j] = root * (Number(view[from + i]) - shift);
      }
    });
    triangle = { k, r: triangularFactor(stack(triangle.r, tile), k) };
  }
  return triangle;
}

/** Names {@link tsqrStep} for the engine. */
export const TSQR_STEP = fnRef(import.meta.url, "tsqrStep");

/** The factor of two matrices below one another, from their factors. */
export function mergeTriangles(a: Triangle, b: Triangle): Triangle {
  return { k: a.k, r: triangularFactor(stack(a.r, b.r), a.k) };
}

function stack(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** R of the QR factorisation of `a` (row-major, any number of rows, k columns), with a diagonal that is not negative. */
export function triangularFactor(a: Float64Array, k: number): Float64Array {
  const rows = a.length / k;
  for (let j = 0; j < Math.min(k, rows); j++) {
    let scale = 0;
    for (let i = j; i < rows; i++) scale = Math.max(scale, Math.abs(a[i * k + j] ?? 0));
    if (scale === 0) continue;
    let norm = 0;
    for (let i = j; i < rows; i++) norm += ((a[i * k + j] ?? 0) / scale) ** 2;
    norm = Math.sqrt(norm) * scale;
    const head = a[j * k + j] ?? 0;
    const alpha = head > 0 ? -norm : norm;
    // v = column - alpha e1; H = I - 2 v vᵀ / vᵀv.
    const v0 = head - alpha;
    let vv = v0 * v0;
    for (let i = j + 1; i < rows; i++) vv += (a[i * k + j] ?? 0) ** 2;
    for (let c = j + 1; c < k; c++) {
      let dot = v0 * (a[j * k + c] ?? 0);
      for (let i = j + 1; i < rows; i++) dot += (a[i * k + j] ?? 0) * (a[i * k + c] ?? 0);
      const factor = (2 * dot) / vv;
      a[j * k + c] = (a[j * k + c] ?? 0) - factor * v0;
      for (let i = j + 1; i < rows; i++) a[i * k + c] = (a[i * k + c] ?? 0) - factor * (a[i * k + j] ?? 0);
    }
    a[j * k + j] = alpha;
    for (let i = j + 1; i < rows; i++) a[i * k + j] = 0;
  }
  const r = new Float64Array(k * k);
  for (let i = 0; i < Math.min(k, rows); i++) {
    const sign = (a[i * k + i] ?? 0) < 0 ? -1 : 1;
    for (let j = i; j < k; j++) r[i * k + j] = sign * (a[i * k + j] ?? 0);
  }
  return r;
}
