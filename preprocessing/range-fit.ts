import { DataError } from "../src/base/errors.js";
import type { Design } from "../src/estimator/design.js";
import { mergeRanges, RANGES_STEP, type ColumnRanges } from "./column-ranges.js";

/**
 * Ranges of a design's columns: one pass, and a second one only to say where an infinity (or, when they are refused, a NaN)
 * is.
 * @throws DataError for no rows, infinities, and NaN unless they are left out
 */
export async function rangesOf(design: Design, nan: "left out" | "refused", progress = true): Promise<ColumnRanges> {
  const ranges = await design.reduce<ColumnRanges>(RANGES_STEP, undefined, mergeRanges, progress);
  if (ranges.rows === 0) {
    throw new DataError(`${design.owner}: X has no rows. Check the filter or the files it comes from.`);
  }
  const some = (counts: Float64Array): boolean => counts.some((count) => count > 0);
  if (nan === "refused" && (some(ranges.nanCount) || some(ranges.infCount))) await design.assertFinite();
  if (some(ranges.infCount)) await design.assertNoInfinity();
  return ranges;
}
