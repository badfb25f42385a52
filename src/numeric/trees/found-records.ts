import type { NodeSums, Split } from "./split-rules.js";
import type { FoundSplit } from "./tree-grower.js";

const SET_WORDS = 8;
// Σg, Σh, rows; gain, column, bin, missing values to the left, whether by set; Σg, Σh, rows of the left child; the set.
const RECORD = 11 + SET_WORDS;

/** Numbers of the record of a found split. */
export const FOUND_RECORD = RECORD;

/** Writes what a search found as {@link FOUND_RECORD} numbers. */
export function writeFound({ sums, split }: FoundSplit, into: Float64Array, at: number): void {
  into.fill(0, at, at + RECORD);
  into.set([sums.g, sums.h, sums.count], at);
  if (!split) {
    into[at + 4] = -1;
    return;
  }
  const { gain, feature, bin, missingLeft, set, left } = split;
  into.set([gain, feature, bin, Number(missingLeft), Number(set !== undefined), left.g, left.h, left.count], at + 3);
  if (set) into.set(set, at + 11);
}

/**
 * What searches of the same node in columns one after another found together: the first of largest gain, as one search of
 * all columns would. The sums are those of the first.
 */
export function readFound(records: readonly Float64Array[], at: number): FoundSplit {
  const [first] = records as [Float64Array];
  const sums = sumsAt(first, at);
  let best: Float64Array | undefined;
  for (const record of records) {
    if ((record[at + 4] as number) >= 0 && (!best || (record[at + 3] as number) > (best[at + 3] as number)))
      best = record;
  }
  return { sums, split: best ? splitAt(best, at, sums) : null };
}

function sumsAt(record: Float64Array, at: number): NodeSums {
  return { g: record[at] as number, h: record[at + 1] as number, count: record[at + 2] as number };
}

function splitAt(record: Float64Array, at: number, node: NodeSums): Split {
  const left = sumsAt(record, at + 8);
  return {
    feature: record[at + 4] as number,
    bin: record[at + 5] as number,
    missingLeft: record[at + 6] === 1,
    ...(record[at + 7] === 1 ? { set: Uint32Array.from(record.subarray(at + 11, at + RECORD)) } : {}),
    gain: record[at + 3] as number,
    left,
    right: { g: node.g - left.g, h: node.h - left.h, count: node.count - left.count },
  };
}
