import { startsOf } from "../../src/collections/array/sources.js";
import type { Span } from "./chunk-tasks.js";

// Chunks of fewer rows cost more in tasks than they gain in threads.
const SMALL_CHUNK = 16_384;
const LARGE_CHUNK = 2 ** 20;

/** How rows are cut for the rounds, whatever their partitions were: `pieces[c]` are the spans of chunk c. */
export function cutRows(
  rows: readonly number[],
  parallelism: number,
  chunks?: number,
  groups?: Float64Array,
): { readonly firstRow: number; readonly spans: readonly Span[] }[] {
  const total = rows.reduce((sum, count) => sum + count, 0);
  const usual = Math.max(Math.ceil(total / LARGE_CHUNK), Math.min(parallelism, Math.ceil(total / SMALL_CHUNK)));
  // Histograms of a chunk hold the sums of at most so many rows.
  const parts = Math.max(1, Math.ceil(total / LARGE_CHUNK), Math.min(total, chunks ?? usual));
  const starts = startsOf(rows);
  // A group is never cut: an edge moves to where its group starts.
  const edge = (c: number): number => {
    const row = Math.floor((c * total) / parts);
    return groups && c < parts ? (groups[groupOf(groups, row)] as number) : row;
  };
  return Array.from({ length: parts }, (_, c) => {
    const from = edge(c);
    const to = edge(c + 1);
    const spans = rows.flatMap((count, input): Span[] => {
      const start = starts[input] as number;
      const span = { input, from: Math.max(0, from - start), to: Math.min(count, to - start) };
      return span.to > span.from ? [span] : [];
    });
    return { firstRow: from, spans };
  });
}

/** The last group that starts at or before a row. */
function groupOf(groups: Float64Array, row: number): number {
  let [from, to] = [0, groups.length - 1];
  while (from < to) {
    const middle = (from + to + 1) >>> 1;
    if ((groups[middle] as number) <= row) from = middle;
    else to = middle - 1;
  }
  return from;
}
