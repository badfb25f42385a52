import { DataError } from "../src/base/errors.js";
import type { TaskContext } from "../src/engine/engine.js";
import { findNonFinite, nonFiniteError } from "../src/estimator/design-tasks.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { Column, DenseChunk, MatrixChunk } from "../src/memory/column.js";
import { DTYPE_CODE } from "../src/memory/dtype.js";
import { doublesOf } from "../src/numeric/doubles-of.js";

/** The dtype of what a transformer of numbers returns: floats stay floats, everything else becomes doubles. */
export function floatDtype(dtype: string): "f32" | "f64" {
  return dtype === "f32" ? "f32" : "f64";
}

/**
 * A chunk of the same shape, made column by column as doubles: `change(values, out, j)` fills `out`. Columns of another
 * dtype are converted before, and f32 columns after, so that the loops see one type of array only.
 */
export function mapColumns(
  context: TaskContext,
  x: DenseChunk,
  change: (values: Float64Array, out: Float64Array, column: number) => void,
): DenseChunk {
  using space = Workspace.over(context.memory, x);
  const { memory } = context;
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  const out = memory.denseIn(f32 ? "f32" : "f64", x.rows, x.columns.length, space.arena);
  const scratch = f32 ? space.numbers(x.rows) : undefined;
  x.columns.forEach((column, j) => {
    context.throwIfAborted();
    const target = out.columns[j] as Column;
    if (!scratch) {
      change(doublesOf(context, space, column), memory.view(target as Column<"f64">), j);
      return;
    }
    change(doublesOf(context, space, column), scratch.values, j);
    space.kernels.convert(DTYPE_CODE.f64 as 0, DTYPE_CODE.f32 as 1, scratch.pointer, x.rows, target.offset);
  });
  return out;
}

/** The columns of a chunk as doubles, one after the other. */
export function eachColumn(
  context: TaskContext,
  x: DenseChunk,
  visit: (values: Float64Array, column: number) => void,
): void {
  using space = Workspace.over(context.memory, x);
  x.columns.forEach((column, j) => {
    context.throwIfAborted();
    visit(doublesOf(context, space, column), j);
  });
}

/** Who asks and what the columns are called: for errors about values. */
export interface ColumnLabels {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
}

/** @throws DataError naming column, partition and row of the first NaN or infinity of a chunk */
export function requireFinite(context: TaskContext, labels: ColumnLabels, x: MatrixChunk): void {
  const found = findNonFinite(context, x);
  if (found) throw nonFiniteError(labels.owner, labels.names, context.partition?.index ?? 0, found);
}

/** @throws DataError: the transformer takes dense rows only */
export function sparseError(owner: string, reason: string): DataError {
  return new DataError(`${owner}: X is sparse, and ${reason}. Pass dense rows.`);
}
