import type { TaskContext } from "../../src/engine/engine.js";
import { MISSING_BIN } from "../../src/kernels/kernels.js";
import type { CsrChunk } from "../../src/memory/column.js";
import { bundledBin } from "../../src/numeric/trees/bundles.js";
import type { BinRules } from "./binning-tasks.js";
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
  { thresholds, sources, bundles }: Pick<BinRules, "thresholds" | "sources" | "bundles">,
  x: CsrChunk,
  chunk: Pick<BinnedChunk, "rows" | "stride" | "bins" | "columns">,
): void {
  const { memory } = context;
  const { rows, stride } = chunk;
  const [byRow, byColumn] = [memory.view(chunk.bins), memory.view(chunk.columns)];
  const zero = new Uint8Array(stride);
  // The columns of bins of each column of X, and its place in a bundle.
  const places = Array.from({ length: x.cols }, (): { readonly j: number; readonly member: number }[] => []);
  thresholds.forEach((own, j) => {
    const source = sources?.[j] ?? j;
    const bundle = bundles?.[j];
    if (bundle) bundle.bins.forEach((_, member) => places[source + member]?.push({ j, member }));
    else places[source]?.push({ j, member: -1 });
    // In a bundle bin 0 is zero.
    zero[j] = bundle ? 0 : binOf(own, 0);
    byColumn.fill(zero[j] as number, j * rows, (j + 1) * rows);
  });
  for (let i = 0; i < rows; i++) byRow.set(zero, i * stride);
  const [indptr, indices, values] = [memory.view(x.indptr), memory.view(x.indices), memory.view(x.values)];
  for (let i = 0; i < rows; i++) {
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++) {
      const value = values[k] as number;
      for (const { j, member } of places[indices[k] as number] ?? []) {
        const bundle = bundles?.[j];
        const own = bundle ? bundle.thresholds[member] : thresholds[j];
        const alone = Number.isNaN(value) ? MISSING_BIN : binOf(own as Float64Array, value);
        const bin = bundle ? bundledBin(bundle, member, alone) : alone;
        // Another member of its bundle may have told already what this zero (as its bin has it) does not.
        if (bundle && bin === 0) continue;
        byColumn[j * rows + i] = bin;
        byRow[i * stride + j] = bin;
      }
    }
  }
}
