import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import type { CsrChunk } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import type { ColumnBundle } from "../../src/numeric/trees/bundles.js";
import { binOf } from "./bin-sparse.js";
import { BYTE_THRESHOLDS, type ColumnLayout } from "./column-layout.js";

/** For each column the last one before it that has a value in the same row, in any row; −1 where there is none. */
export function beforeStep(context: TaskContext, _args: undefined, design: DesignChunk): Int32Array {
  const { cols, rows, ...x } = design.x as CsrChunk;
  const { memory } = context;
  const [indptr, indices, values] = [memory.view(x.indptr), memory.view(x.indices), memory.view(x.values)];
  const before = new Int32Array(cols).fill(-1);
  for (let i = 0; i < rows; i++) {
    const row: number[] = [];
    for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++)
      if (values[k] !== 0) row.push(indices[k] as number);
    // Rows of readers need not be in order.
    row.sort((a, b) => a - b);
    for (let k = 1; k < row.length; k++) {
      const column = row[k] as number;
      before[column] = Math.max(before[column] as number, row[k - 1] as number);
    }
  }
  return before;
}

/**
 * Puts columns that follow one another, and of which no row has values in two, into one column of bins (LightGBM's bundling of
 * exclusive features, without conflicts): its bin 0 is zero in all of them, and each has its other bins in a stretch of its own.
 * Columns keep their order, so that searches find the same split of those of equal gain as without bundles.
 *
 * @param thresholds of each column of X
 * @param alone columns that stay by themselves
 * @param designs all rows that are to have bins, sparse
 */
export async function bundledLayout(
  thresholds: readonly Float64Array[],
  alone: (column: number) => boolean,
  designs: readonly Design[],
): Promise<ColumnLayout> {
  const step = fnRef(import.meta.url, "beforeStep");
  const most = (a: Int32Array, b: Int32Array): Int32Array => a.map((own, j) => Math.max(own, b[j] as number));
  const all: Int32Array[] = [];
  for (const design of designs) all.push(await design.reduce<Int32Array>(step, undefined, most, false));
  const before = all.reduce(most);
  const layout = { thresholds: [] as Float64Array[], sources: [] as number[], bundles: [] as (ColumnBundle | null)[] };
  const sizeOf = (column: number): number => (thresholds[column] as Float64Array).length + 1;
  for (let first = 0; first < thresholds.length;) {
    let [end, size] = [first, 1];
    while (end < thresholds.length && !alone(end)) {
      // Its bins but that of zero, and one for missing values.
      if (size + sizeOf(end) > BYTE_THRESHOLDS + 1 || (end > first && (before[end] as number) >= first)) break;
      size += sizeOf(end);
      end += 1;
    }
    if (end - first < 2) {
      layout.thresholds.push(thresholds[first] as Float64Array);
      layout.bundles.push(null);
      end = first + 1;
    } else {
      // As many thresholds as make so many bins: searches take their number.
      layout.thresholds.push(new Float64Array(size - 1));
      layout.bundles.push(bundleOf(thresholds, first, end));
    }
    layout.sources.push(first);
    first = end;
  }
  return layout.bundles.every((bundle) => bundle === null)
    ? { thresholds, sources: undefined }
    : { thresholds: layout.thresholds, sources: Int32Array.from(layout.sources), bundles: layout.bundles };
}

function bundleOf(thresholds: readonly Float64Array[], first: number, end: number): ColumnBundle {
  const own = thresholds.slice(first, end);
  let at = 1;
  return {
    first,
    bins: Int32Array.from(own, ({ length }) => length + 1),
    zeros: Int32Array.from(own, (list) => binOf(list, 0)),
    starts: Int32Array.from(own, ({ length }) => (at += length + 1) - (length + 1)),
    thresholds: own,
  };
}
