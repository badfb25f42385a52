import { inRuns } from "../../base/runs.js";
import type { KeptValue } from "./kept-value.js";

/** Chooses a holder for values that have none: of several copies the one where there is least to do. */
export function spreadOver(values: readonly KeptValue[], found: ReadonlyMap<string, readonly string[]>): void {
  const load = new Map<string, number>();
  for (const { holder } of values) if (holder !== undefined) load.set(holder, (load.get(holder) ?? 0) + 1);
  const open = values.filter((value) => value.holder === undefined);
  const places = open.map((value) => ({ value, workers: found.get(value.key) ?? [] }));
  // The values with least choice first.
  for (const { value, workers } of places.toSorted((a, b) => a.workers.length - b.workers.length)) {
    const [least] = workers.toSorted((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0));
    // It is being made again: whoever asks next looks again.
    if (least === undefined) continue;
    load.set(least, (load.get(least) ?? 0) + 1);
    value.holder = least;
  }
}

/** One worker holds a quarter more than its threads are of all threads. */
export function isUneven(values: readonly KeptValue[], threads: Readonly<Record<string, number>>): boolean {
  const all = Object.values(threads).reduce((sum, count) => sum + count, 0);
  const held = new Map<string, number>();
  for (const { holder = "" } of values) held.set(holder, (held.get(holder) ?? 0) + 1);
  return [...held].some(([worker, count]) => {
    const fair = Math.ceil((values.length * (threads[worker] ?? 0)) / Math.max(1, all));
    return fair > 0 && count > fair && count > fair * 1.25;
  });
}

/** Positions of values by holder, in ascending order, in lists of at most `limit` bytes (or one value). */
export function groupsWithin(values: readonly KeptValue[], limit: number): number[][] {
  const open = new Map<string, { readonly positions: number[]; bytes: number }>();
  const groups: number[][] = [];
  for (const [position, value] of values.entries()) {
    const holder = value.holder ?? "";
    const bytes = value.status?.bytes ?? 0;
    let group = open.get(holder);
    if (!group || group.bytes + bytes > limit) {
      group = { positions: [], bytes: 0 };
      open.set(holder, group);
      groups.push(group.positions);
    }
    group.positions.push(position);
    group.bytes += bytes;
  }
  return groups;
}

/** Most members of a team: every two have a socket. */
export const MOST_MEMBERS = 256;

/**
 * Positions of values by holder, and on each holder by thread, or by fewer where all threads would be too many members:
 * values are dealt out in runs.
 */
export function seatsOf(values: readonly KeptValue[], threads: Readonly<Record<string, number>>): number[][] {
  const held = new Map<string, number[]>();
  for (const [position, { holder = "" }] of values.entries()) {
    const own = held.get(holder);
    if (own) own.push(position);
    else held.set(holder, [position]);
  }
  return [...held].flatMap(([holder, own]) =>
    inRuns(own, Math.max(1, Math.min(threads[holder] ?? 1, Math.floor(MOST_MEMBERS / held.size)))),
  );
}
