import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { gramScratchBytes } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import type { Column } from "../memory/column.js";
import { densify } from "./densify.js";
import type { DesignChunk } from "./design-chunk.js";
import { isThin, sparseComoments } from "./sparse-comoments.js";

/** Weighted means and centred second moments of the columns `[x, y]` (y last, where there is one). */
export interface Comoments {
  readonly rows: number;
  /** Σw. */
  readonly weight: number;
  readonly mean: Float64Array;
  /** Σw (z − mean)(z − mean)ᵀ, row-major, symmetric. */
  readonly scatter: Float64Array;
}

const SHIFT_ROWS = 256;

/**
 * Co-moments of one partition, in one pass over its memory. The sums are taken about the mean of its first rows, so that a
 * large common offset does not cancel.
 */
export function comomentsStep(context: TaskContext, _args: undefined, design: DesignChunk): Comoments {
  if (design.x.kind === "csr" && isThin(context, design.x)) return sparseComoments(context, design, design.x);
  const x = densify(context, design.x);
  const columns: Column[] = design.y ? [...x.columns, design.y] : [...x.columns];
  const width = columns.length;
  using space = Workspace.over(context.memory, x);
  const floats = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  // The kernel takes one dtype: y is f64, so f32 features travel as doubles when there is a target.
  const { table, suffix } =
    floats && !design.y ? space.matrix(x) : space.matrix({ kind: "dense", rows: x.rows, columns });
  const shift = Float64Array.from(columns, (column) => meanOfFirst(context, column));
  const gram = space.zeros(width * width);
  const sums = space.zeros(width);
  const w = design.w ? space.pointer(design.w) : 0;
  const scratch = space.bytes(gramScratchBytes(width));
  const weight = space.kernels[`gram${suffix}`](
    table,
    width,
    x.rows,
    w,
    space.vector(shift),
    gram.pointer,
    sums.pointer,
    scratch,
  );
  const scatter = gram.values.slice();
  const mean = new Float64Array(width);
  if (weight > 0) {
    for (let i = 0; i < width; i++) {
      const si = sums.values[i] ?? 0;
      mean[i] = (shift[i] ?? 0) + si / weight;
      for (let j = 0; j < width; j++)
        scatter[i * width + j] = (scatter[i * width + j] ?? 0) - (si * (sums.values[j] ?? 0)) / weight;
    }
  }
  return { rows: x.rows, weight, mean, scatter };
}

/** Names {@link comomentsStep} for the engine. */
export const COMOMENTS_STEP = fnRef(import.meta.url, "comomentsStep");

function meanOfFirst(context: TaskContext, column: Column): number {
  const view = context.memory.view(column);
  const n = Math.min(SHIFT_ROWS, view.length);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Number(view[i]);
  return n === 0 || !Number.isFinite(sum) ? 0 : sum / n;
}

/** Co-moments of the union (Chan, Golub and LeVeque 1979, in matrix form). */
export function mergeComoments(a: Comoments, b: Comoments): Comoments {
  const rows = a.rows + b.rows;
  if (a.weight === 0) return { ...b, rows };
  if (b.weight === 0) return { ...a, rows };
  const width = a.mean.length;
  const weight = a.weight + b.weight;
  const delta = b.mean.map((value, j) => value - (a.mean[j] ?? 0));
  const factor = (a.weight * b.weight) / weight;
  const scatter = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++) {
      const at = i * width + j;
      scatter[at] = (a.scatter[at] ?? 0) + (b.scatter[at] ?? 0) + (delta[i] ?? 0) * (delta[j] ?? 0) * factor;
    }
  }
  return { rows, weight, mean: a.mean.map((value, j) => value + ((delta[j] ?? 0) * b.weight) / weight), scatter };
}
