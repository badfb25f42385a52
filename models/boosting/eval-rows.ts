import { FitError } from "../../src/base/errors.js";
import type { Design } from "../../src/estimator/design.js";
import { exactScale, exactValue } from "../../src/numeric/trees/exact-scale.js";
import { BoostData, type BoostDataOptions } from "./boost-data.js";
import { holdAndRange } from "./data-range.js";
import type { TargetRange } from "./range-tasks.js";
import { groupStarts } from "./row-groups.js";
import { rowCounts } from "./row-weights.js";
import type { EvalRows } from "./watch.js";

/** The rows of a set to be measured, all of them held. */
export async function openEvalSet(
  design: Design,
  options: Pick<BoostDataOptions, "thresholds" | "sources" | "bundles" | "codes" | "margins" | "model"> & {
    targets: TargetRange | undefined;
  },
): Promise<Omit<EvalRows, "name">> {
  const { owner } = design;
  const { targets, ...given } = options;
  const { range, rows } = await holdAndRange(design, targets);
  const groups = range.groups ? groupStarts(owner, range.groups) : undefined;
  const data = await BoostData.open(design, { ...given, rows: range.rows, seed: 0, heldOut: 1, groups });
  design[Symbol.dispose]();
  const wScale = exactScale(range.maxW, rows, 50);
  const counts = await rowCounts(data, wScale);
  if (counts.held === 0) {
    data[Symbol.dispose]();
    throw new FitError(`${owner}: it has no rows with a positive weight. Check the filter, or leave the set out.`);
  }
  return { data, rows, weight: groups ? counts.heldGroups : exactValue(counts.heldWeight, wScale) };
}
