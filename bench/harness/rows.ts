import type { Check, PeerWork, Row, SoloWork, Values } from "./types.js";
import { median, rounded } from "./stats.js";

/** What one side's repeated runs measured. */
export interface Measured {
  ms: readonly number[];
  /** Peak resident memory of each run, in MiB; empty where the system does not tell. */
  mb: readonly number[];
}

/** The row of a work against a peer: medians of both sides, and the ratio of the medians. */
export function makePeerRow(
  work: PeerWork,
  ours: Measured,
  theirs: Measured,
  versions: Record<string, string>,
  date: string,
): Row {
  const oursMs = median(ours.ms);
  const theirsMs = median(theirs.ms);
  return {
    work: work.work,
    peer: work.peer,
    oursMs: rounded(oursMs),
    theirsMs: rounded(theirsMs),
    ratio: rounded(theirsMs / oursMs),
    target: work.target,
    oursMb: peak(ours.mb),
    theirsMb: peak(theirs.mb),
    versions,
    date,
  };
}

/** The row of a work without a peer. */
export function makeSoloRow(work: SoloWork, ours: Measured, versions: Record<string, string>, date: string): Row {
  return {
    work: work.work,
    peer: null,
    oursMs: rounded(median(ours.ms)),
    theirsMs: null,
    ratio: null,
    target: work.target,
    oursMb: peak(ours.mb),
    theirsMb: null,
    versions,
    date,
  };
}

/** Peaks are maxima, not medians: memory that one run needed has to be there. */
function peak(mb: readonly number[]): number | null {
  return mb.length === 0 ? null : rounded(Math.max(...mb));
}

/** The old rows with the new ones in place of those for the same work and peer; rows in the order of `works`. */
export function mergeRows(
  old: readonly Row[],
  fresh: readonly Row[],
  works: readonly { work: string; peer: string | null }[],
): Row[] {
  const same = (a: { work: string; peer: string | null }, b: { work: string; peer: string | null }) =>
    a.work === b.work && a.peer === b.peer;
  return works.flatMap((work) => {
    const row = fresh.find((r) => same(r, work)) ?? old.find((r) => same(r, work));
    return row === undefined ? [] : [row];
  });
}

/** Why a row misses its target, or undefined when it meets it. */
export function missedTarget(row: Row): string | undefined {
  const label = row.peer === null ? row.work : `${row.work} against ${row.peer}`;
  if (typeof row.target === "number") {
    if (row.ratio !== null && row.ratio >= row.target) return undefined;
    return `${label}: ratio ${row.ratio ?? "unknown"} is under the target ${row.target}.`;
  }
  if ("maxPercent" in row.target) {
    const { maxPercent } = row.target;
    return row.oursMs <= maxPercent ? undefined : `${label}: ${row.oursMs} % is over the bound ${maxPercent} %.`;
  }
  const { maxMs, maxMb } = row.target;
  if (maxMs !== undefined && !(row.oursMs <= maxMs)) return `${label}: ${row.oursMs} ms is over the bound ${maxMs} ms.`;
  if (maxMb !== undefined && row.oursMb === null) return `${label}: peak memory is unknown here; bound ${maxMb} MB.`;
  if (maxMb !== undefined && !((row.oursMb ?? Infinity) <= maxMb)) {
    return `${label}: peak ${row.oursMb} MB is over the bound ${maxMb} MB.`;
  }
  return undefined;
}

/** What differs between the sides, one sentence a check; empty when the times may count. */
export function disagreements(checks: readonly Check[], ours: Values, theirs: Values): string[] {
  return checks.flatMap((check) => {
    const a = listOf(ours[check.value]);
    const b = listOf(theirs[check.value]);
    if (a === undefined || b === undefined) {
      return [`${check.value}: not returned by ${a === undefined ? "ours" : "the peer"}.`];
    }
    if (a.length !== b.length) return [`${check.value}: ours has ${a.length} values, the peer ${b.length}.`];
    const at = a.findIndex((value, i) => !agrees(check, value, b[i] ?? Number.NaN));
    if (at === -1) return [];
    const index = a.length === 1 ? "" : `[${at}]`;
    return [`${check.value}${index}: ours ${a[at]}, theirs ${b[at]} (${check.kind}, tolerance ${check.tolerance}).`];
  });
}

// Written so that NaN on either side never agrees.
function agrees(check: Check, ours: number, theirs: number): boolean {
  return check.kind === "close"
    ? Math.abs(ours - theirs) <= check.tolerance * Math.max(1, Math.abs(theirs))
    : ours <= theirs + check.tolerance * Math.abs(theirs);
}

function listOf(value: number | readonly number[] | undefined): readonly number[] | undefined {
  return typeof value === "number" ? [value] : value;
}
