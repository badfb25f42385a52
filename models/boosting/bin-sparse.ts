import type { TaskContext } from "../../src/engine/engine.js";
import { MISSING_BIN } from "../../src/kernels/kernels.js";
import type { CsrChunk } from "../../src/memory/column.js";
import type { BinnedChunk } from "./boost-chunk.js";

/** The bin of a value: the number of thresholds below it. */
export function binOf(thresholds: Float64Array, value: number): number {
  let [from, to] = [0, thresholds.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (value <= (thresholds[middle] as number)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Writes the bins of sparse rows: that of zero, but for the values that are there. */
export function binSparse(
  context: TaskContext,
  { thresholds, sources }: { readonly thresholds: readonly Float64Array[]; readonly sources?: Int32Array | undefined },
  x: CsrChunk,
  chunk: Pick<BinnedChunk, "rows" | "stride" | "bins" | "columns">,
): void {
  const { memory } = context;
  const { rows, stride } = chunk;
  const [byRow, byColumn] = [memory.view(chunk.bins), memory.view(chunk.columns)];
  const zero = new Uint8Array(stride);
  thresholds.forEach((own, j) => {
    zero[j] = binOf(own, 0);
    byColumn.fill(zero[j] as number, j * rows, (j + 1) * rows);
  });
  for (let i = 0; i < rows; i++) byRow.set(zero, i * stride);
  // Columns of bins of each column of X, which follow one another.
  const firsts = new Int32Array(x.cols + 1);
  thresholds.forEach((_, j) => (firsts[(sources?.[j] ?? j) + 1] = j + 1));
  const [indptr, indices, values] = [memory.view(x.indptr), memory.view(x.indices), memory.view(x.values)];
  for (let i = 0; i < rows; i++) {
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const column = indices[k] as number;
      const value = values[k] as number;
      for (let j = firsts[column] as number; j < (firsts[column + 1] as number); j++) {
        const bin = Number.isNaN(value) ? MISSING_BIN : binOf(thresholds[j] as Float64Array, value);
        byColumn[j * rows + i] = bin;
        byRow[i * stride + j] = bin;
      }
    }
  }
}
