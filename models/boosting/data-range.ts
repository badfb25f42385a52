import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { mergeRanges, type DataRange, type TargetRange } from "./range-tasks.js";

const RANGE_STEP = fnRef(new URL("./range-tasks.js", import.meta.url).href, "rangeStep");

/**
 * Holds a design and looks at the range of its data, with the number of its rows.
 * @throws DataError for infinities in X, or for a target out of `targets`
 */
export async function holdAndRange(
  design: Design,
  targets?: TargetRange,
): Promise<{ readonly range: DataRange; readonly rows: number }> {
  const { owner, names } = design;
  await design.hold();
  const args = { owner, names, ...(targets ? { targets: { ...targets } } : {}) };
  const range = await design.reduce<DataRange>(RANGE_STEP, args, mergeRanges, false);
  return { range, rows: range.rows.reduce((sum, count) => sum + count, 0) };
}
