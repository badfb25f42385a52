import type { TaskContext } from "../../src/engine/engine.js";
import { MISSING_BIN } from "../../src/kernels/kernels.js";
import type { Column } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import type { ColumnBundle } from "../../src/numeric/trees/bundles.js";
import { binSparse } from "./bin-sparse.js";
import type { BinnedChunk } from "./boost-chunk.js";
import { spaceOver } from "./sparse-rows.js";

/** What bins values. */
export interface BinRules {
  readonly thresholds: readonly Float64Array[];
  /** The column of X that each column of bins is of; the same ones unless given. */
  readonly sources?: Int32Array | undefined;
  /** See `ColumnLayout`. */
  readonly bundles?: readonly (ColumnBundle | null)[] | undefined;
  /** Of columns of categories: the codes of the bins. Values that are none of them are missing. */
  readonly codes?: readonly (Float64Array | null)[] | undefined;
}

/** The bins of one partition. */
export function binStep(context: TaskContext, args: BinRules, design: DesignChunk): BinnedChunk {
  const { x } = design;
  using space = spaceOver(context, x);
  const width = args.thresholds.length;
  const stride = Math.ceil(width / 4) * 4;
  const chunk = emptyChunk(context, x.rows, width, space.arena);
  if (x.kind === "csr") {
    binSparse(context, args, x, chunk);
    return { ...chunk, y: design.y as Column<"f64">, ...(design.w ? { w: design.w } : {}) };
  }
  const f32 = x.columns.every((column) => column.dtype === "f32");
  const kernel = f32 ? space.kernels.binColumnF32 : space.kernels.binColumnF64;
  const sources = x.columns.map((column) => (f32 ? space.pointer(column) : space.doubles(column)));
  args.thresholds.forEach((own, j) => {
    context.throwIfAborted();
    const source = args.sources?.[j] ?? j;
    kernel(
      sources[source] as number,
      x.rows,
      space.vector(own),
      own.length,
      chunk.columns.offset + j * x.rows,
      chunk.bins.offset + j,
      stride,
    );
    const codes = args.codes?.[j];
    if (codes) binsOfCodes(context, { column: x.columns[source] as Column, codes, j, stride }, chunk);
  });
  return { ...chunk, y: design.y as Column<"f64">, ...(design.w ? { w: design.w } : {}) };
}

// A code that the fit has not seen lies between two others, but belongs to neither. Predictions cut values to whole numbers.
function binsOfCodes(
  context: TaskContext,
  { column, codes, j, stride }: { column: Column; codes: Float64Array; j: number; stride: number },
  chunk: Pick<BinnedChunk, "rows" | "bins" | "columns">,
): void {
  const { memory } = context;
  const values = memory.view(column) as ArrayLike<number>;
  const byColumn = memory.view(chunk.columns).subarray(j * chunk.rows, (j + 1) * chunk.rows);
  const byRow = memory.view(chunk.bins);
  const known = new Map(Array.from(codes, (code, bin) => [code, bin]));
  for (let i = 0; i < chunk.rows; i++) {
    const bin = known.get(Math.trunc(Number(values[i])) + 0) ?? MISSING_BIN;
    byColumn[i] = bin;
    byRow[i * stride + j] = bin;
  }
}

/** Room for the bins of so many rows. */
export function emptyChunk(
  context: TaskContext,
  rows: number,
  width: number,
  arena: number,
): Omit<BinnedChunk, "y" | "w"> {
  const stride = Math.ceil(width / 4) * 4;
  const bytes = (length: number): Column<"u8"> =>
    context.memory.denseIn("u8", length, 1, arena).columns[0] as Column<"u8">;
  const bins = bytes(rows * stride);
  // What no column fills is read beside the others.
  context.memory.view(bins).fill(0);
  return { rows, stride, width, bins, columns: bytes(rows * width) };
}
