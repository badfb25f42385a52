import { FitError } from "../src/base/errors.js";
import type { Design } from "../src/estimator/design.js";
import { mergeRanges, RANGES_STEP, type ColumnRanges } from "./column-ranges.js";
import { noRows } from "../src/estimator/no-rows.js";

/**
 * Ranges of a design's columns: one pass, and a second one only to say where an infinity (or, when they are refused, a NaN)
 * is. `hold` keeps the partitions for further passes.
 * @throws DataError for no rows, infinities, and NaN unless they are left out; FitError when all weights are zero
 */
export async function rangesOf(
  design: Design,
  nan: "left out" | "refused",
  hold: "hold" | "once",
): Promise<ColumnRanges> {
  const ranges =
    hold === "hold"
      ? await design.holdAndReduce<ColumnRanges>(RANGES_STEP, undefined, mergeRanges)
      : await design.reduce<ColumnRanges>(RANGES_STEP, undefined, mergeRanges);
  if (ranges.rows === 0) {
    throw noRows(design.owner);
  }
  const some = (counts: Float64Array): boolean => counts.some((count) => count > 0);
  if (nan === "refused" && (some(ranges.nanCount) || some(ranges.infCount))) await design.assertFinite();
  if (some(ranges.infCount)) await design.assertNoInfinity();
  requireWeight(design.owner, ranges.weight);
  return ranges;
}

/** @throws FitError when all weights are zero */
export function requireWeight(owner: string, weight: number): void {
  if (weight > 0) return;
  throw new FitError(`${owner}: all sample weights are zero. Give at least one row a positive weight.`);
}
