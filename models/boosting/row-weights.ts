import { FitError } from "../../src/base/errors.js";
import { addExact, exactValue } from "../../src/numeric/trees/exact-scale.js";
import type { BoostData } from "./boost-data.js";
import type { RowCounts } from "./chunk-tasks.js";

/** Rows to train on and held out, and their weights. */
export function rowCounts(data: BoostData, wScale: number): Promise<RowCounts> {
  return data.count<RowCounts>("countStep", { wScale }, addCounts);
}

function addCounts(a: RowCounts, b: RowCounts): RowCounts {
  return {
    train: a.train + b.train,
    held: a.held + b.held,
    trainWeight: addExact(a.trainWeight, b.trainWeight),
    heldWeight: addExact(a.heldWeight, b.heldWeight),
    trainGroups: a.trainGroups + b.trainGroups,
    heldGroups: a.heldGroups + b.heldGroups,
  };
}

/** Weights of the rows to train on and held out. @throws FitError when there are none of either */
export async function countRows(
  owner: string,
  data: BoostData,
  { wScale, rows, heldOut, grouped }: { wScale: number; rows: number; heldOut: number; grouped: boolean },
): Promise<{ train: number; held: number }> {
  const counts = await rowCounts(data, wScale);
  if (counts.train === 0 || (heldOut > 0 && counts.held === 0)) {
    throw new FitError(
      `${owner}: validationFraction ${heldOut} of ${rows} rows leaves ${counts.train} to train on and ${counts.held} to stop by. ` +
        "Use earlyStopping: false, validationFraction: null (the training rows' score), or more rows.",
    );
  }
  // The loss of a ranking is one of groups.
  if (grouped) return { train: counts.trainGroups, held: counts.heldGroups };
  return { train: exactValue(counts.trainWeight, wScale), held: exactValue(counts.heldWeight, wScale) };
}
