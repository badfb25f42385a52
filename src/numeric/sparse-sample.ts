import { CounterRng } from "../base/rng.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Column, CsrChunk } from "../memory/column.js";
import type { DesignChunk } from "./design-chunk.js";

/**
 * As `sampleRows` for sparse designs, kept sparse: every `stride`-th row of some partitions, from a place within its stride
 * drawn by its number. For wide designs, whose sample would not fit in memory when it is dense.
 */
export function sampleSparseRows(
  { memory }: TaskContext,
  args: { stride: number; width: number },
  ...designs: DesignChunk[]
): DesignChunk {
  const rng = new CounterRng(0, "glm subsample");
  const weighted = designs.some((design) => design.w);
  let total = 0;
  let entries = 0;
  const picks = designs.map((design, d) => {
    const indptr = memory.view((design.x as CsrChunk).indptr);
    const rows: number[] = [];
    for (let block = 0; block * args.stride < design.x.rows; block++) {
      const row = block * args.stride + rng.integer(block, args.stride, d);
      if (row >= design.x.rows) continue;
      rows.push(row);
      entries += (indptr[row + 1] ?? 0) - (indptr[row] ?? 0);
    }
    total += rows.length;
    return rows;
  });
  const x = memory.csr(total, args.width, entries);
  const y = memory.column("f64", total);
  const w = weighted ? memory.column("f64", total) : undefined;
  const offset = designs.some((design) => design.offset) ? memory.column("f64", total) : undefined;
  // Views are taken after the allocations: those may grow the memory.
  const [indptr, indices, values] = [memory.view(x.indptr), memory.view(x.indices), memory.view(x.values)];
  const targets = memory.view(y);
  const weights = w ? memory.view(w) : undefined;
  const offsets = offset ? memory.view(offset) : undefined;
  let at = 0;
  let end = 0;
  designs.forEach((design, d) => {
    const from = design.x as CsrChunk;
    const [starts, columns, cells] = [memory.view(from.indptr), memory.view(from.indices), memory.view(from.values)];
    const labels = memory.view(design.y as Column<"f64">);
    const own = design.w ? memory.view(design.w) : undefined;
    const shifts = design.offset ? memory.view(design.offset) : undefined;
    for (const row of picks[d] ?? []) {
      const [begin, stop] = [starts[row] ?? 0, starts[row + 1] ?? 0];
      indptr[at] = end;
      indices.set(columns.subarray(begin, stop), end);
      values.set(cells.subarray(begin, stop), end);
      end += stop - begin;
      targets[at] = labels[row] ?? 0;
      if (weights) weights[at] = own ? (own[row] ?? 0) : 1;
      if (offsets) offsets[at] = shifts ? (shifts[row] ?? 0) : 0;
      at += 1;
    }
  });
  indptr[at] = end;
  return { x, y, ...(w ? { w } : {}), ...(offset ? { offset } : {}) };
}

/** Names {@link sampleSparseRows} for the engine. */
export const SAMPLE_SPARSE_ROWS = fnRef(import.meta.url, "sampleSparseRows");
