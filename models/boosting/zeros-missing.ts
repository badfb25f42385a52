import type { TaskContext } from "../../src/engine/engine.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../../src/memory/column.js";
import { DTYPE_CODE } from "../../src/memory/dtype.js";

/** What is zero to LightGBM: its kZeroThreshold, a float. */
export const ZERO_LIMIT = Math.fround(1e-35);

/** One row with its zeros missing. */
export function withoutZeros(flags: Uint8Array | undefined, row: Float64Array): Float64Array;
export function withoutZeros(flags: Uint8Array | undefined, row: ArrayLike<number>): ArrayLike<number>;
export function withoutZeros(flags: Uint8Array | undefined, row: ArrayLike<number>): ArrayLike<number> {
  if (!flags) return row;
  return Float64Array.from(row, (x, j) => (flags[j] === 1 && Math.abs(x) <= ZERO_LIMIT ? NaN : x));
}

/** A chunk whose zeros are missing values in the columns that `flags` says so of. */
export function withZerosMissing(context: TaskContext, flags: Uint8Array | undefined, x: DenseChunk): DenseChunk {
  if (!flags) return x;
  using space = Workspace.over(context.memory, x);
  const changed = context.memory.denseIn(
    "f64",
    x.rows,
    flags.reduce((sum, flag) => sum + flag, 0),
    space.arena,
  );
  let next = 0;
  const columns = x.columns.map((column, j): Column => {
    if (flags[j] !== 1) return column;
    const own = changed.columns[next++] as Column<"f64">;
    space.kernels.convert(DTYPE_CODE[column.dtype] as 0, 0, space.pointer(column), x.rows, own.offset);
    const values = context.memory.view(own);
    for (let i = 0; i < x.rows; i++) if (Math.abs(values[i] as number) <= ZERO_LIMIT) values[i] = NaN;
    return own;
  });
  return { kind: "dense", rows: x.rows, columns };
}
