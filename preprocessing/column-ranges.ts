import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { CsrChunk, DenseChunk } from "../src/memory/column.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { doublesOf } from "../src/numeric/doubles-of.js";

/** Extremes and counts of each column; NaN and rows of weight 0 are left out of the extremes. */
export interface ColumnRanges {
  /** Rows seen, whatever their weight. */
  readonly rows: number;
  /** Σw over all rows. */
  readonly weight: number;
  readonly nanCount: Float64Array;
  readonly infCount: Float64Array;
  /** +Infinity for a column without values. */
  readonly min: Float64Array;
  /** -Infinity for a column without values. */
  readonly max: Float64Array;
}

/** Ranges of one partition of a fit; a pass over its memory. Absent entries of sparse rows count as zeros. */
export function rangesStep(context: TaskContext, _args: undefined, design: DesignChunk): ColumnRanges {
  const { x } = design;
  const w = design.w ? context.memory.view(design.w) : undefined;
  const weight = w ? w.reduce((sum, value) => sum + value, 0) : x.rows;
  // Weights count here only where they are 0.
  const skip = w?.some((value) => value === 0) ? w : undefined;
  return {
    rows: x.rows,
    weight,
    ...(x.kind === "dense" ? denseRanges(context, x, skip) : csrRanges(context, x, skip)),
  };
}

/** Names {@link rangesStep} for the engine. */
export const RANGES_STEP = fnRef(import.meta.url, "rangesStep");

/** Ranges of the union. Exact, so the order of merging does not matter. */
export function mergeRanges(a: ColumnRanges, b: ColumnRanges): ColumnRanges {
  const both = (p: Float64Array, q: Float64Array, f: (x: number, y: number) => number): Float64Array =>
    p.map((value, j) => f(value, q[j] ?? NaN));
  const sum = (x: number, y: number): number => x + y;
  return {
    rows: a.rows + b.rows,
    weight: a.weight + b.weight,
    nanCount: both(a.nanCount, b.nanCount, sum),
    infCount: both(a.infCount, b.infCount, sum),
    min: both(a.min, b.min, Math.min),
    max: both(a.max, b.max, Math.max),
  };
}

type Found = Pick<ColumnRanges, "nanCount" | "infCount" | "min" | "max">;

function nothing(width: number): Found {
  return {
    nanCount: new Float64Array(width),
    infCount: new Float64Array(width),
    min: new Float64Array(width).fill(Infinity),
    max: new Float64Array(width).fill(-Infinity),
  };
}

function denseRanges(context: TaskContext, x: DenseChunk, skip: Float64Array | undefined): Found {
  using space = Workspace.over(context.memory, x);
  const found = nothing(x.columns.length);
  const { table, width, suffix } = space.matrix(x);
  const counts = space.zeros(width * 3);
  const extremes = space.zeros(width * 2);
  // Column by column, so that the second kernel finds the column in cache.
  for (let j = 0; j < width; j++) {
    space.kernels[`nonFinite${suffix}`](table + 4 * j, 1, x.rows, counts.pointer + 24 * j);
    if (!skip) space.kernels[`minMax${suffix}`](table + 4 * j, 1, x.rows, extremes.pointer + 16 * j);
  }
  for (let j = 0; j < width; j++) {
    found.nanCount[j] = counts.values[3 * j] ?? 0;
    found.infCount[j] = counts.values[3 * j + 1] ?? 0;
    if (!skip) {
      // Adding 0 makes -0 and 0 the same, whichever the kernel saw.
      found.min[j] = (extremes.values[2 * j] ?? Infinity) + 0;
      found.max[j] = (extremes.values[2 * j + 1] ?? -Infinity) + 0;
    }
  }
  if (!skip) return found;
  x.columns.forEach((column, j) => {
    const values = doublesOf(context, space, column);
    let min = Infinity;
    let max = -Infinity;
    for (let i = 0; i < values.length; i++) {
      if (skip[i] === 0) continue;
      const value = values[i] as number;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    found.min[j] = min + 0;
    found.max[j] = max + 0;
  });
  return found;
}

function csrRanges(context: TaskContext, x: CsrChunk, skip: Float64Array | undefined): Found {
  const found = nothing(x.cols);
  const { nanCount, infCount, min, max } = found;
  const stored = new Float64Array(x.cols);
  const indptr = context.memory.view(x.indptr);
  const indices = context.memory.view(x.indices);
  const values = context.memory.view(x.values);
  let rows = 0;
  for (let i = 0; i < x.rows; i++) {
    const counts = !skip || skip[i] !== 0;
    if (counts) rows += 1;
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const j = indices[k] as number;
      const value = values[k] as number;
      if (value !== value) nanCount[j] = (nanCount[j] as number) + 1;
      else if (value === Infinity || value === -Infinity) infCount[j] = (infCount[j] as number) + 1;
      if (!counts) continue;
      stored[j] = (stored[j] as number) + 1;
      if (value < (min[j] as number)) min[j] = value;
      if (value > (max[j] as number)) max[j] = value;
    }
  }
  for (let j = 0; j < x.cols; j++) {
    if ((stored[j] as number) < rows) {
      min[j] = Math.min(min[j] as number, 0);
      max[j] = Math.max(max[j] as number, 0);
    }
    min[j] = (min[j] as number) + 0;
    max[j] = (max[j] as number) + 0;
  }
  return found;
}
