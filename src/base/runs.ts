/** Deals items out to `count` in runs of about the same length, in their order; at most one to each item. */
export function inRuns<T>(items: readonly T[], count: number): T[][] {
  const runs = Math.min(count, items.length);
  const edge = (k: number): number => Math.floor((k * items.length) / runs);
  return Array.from({ length: runs }, (_, k) => items.slice(edge(k), edge(k + 1)));
}
