import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { addExact, exactScale, exactValue } from "../../src/numeric/trees/exact-scale.js";
import type { BoostData } from "./boost-data.js";
import { holdAndRange } from "./data-range.js";
import { leafQuantiles } from "./leaf-quantiles.js";
import { startOf, type Objective } from "./objectives.js";
import type { DataRange } from "./range-tasks.js";
import type { TargetSums } from "./target-tasks.js";

const TARGET_STEP = fnRef(new URL("./target-tasks.js", import.meta.url).href, "targetStep");

/** Where rows start by the mean of y or the shares of the classes. */
export async function meanStart(
  design: Design,
  objective: Objective,
  range: DataRange,
  wScale: number,
): Promise<Float64Array> {
  const rows = range.rows.reduce((sum, count) => sum + count, 0);
  const classes = objective.kind === "softmax" ? objective.classes : 0;
  const wyScale = classes > 0 ? wScale : exactScale(range.maxW * range.maxAbsY, rows, 50);
  const target = await targetSums(design, { wScale, wyScale, classes });
  const total = exactValue(target.w, wScale);
  return startOf(
    design.owner,
    objective,
    target.wy.map((sum) => exactValue(sum, wyScale) / total),
  );
}

/** Σw of each class of a design whose y are their numbers, the same for any partitioning. */
export async function classTotals(design: Design, classes: number): Promise<Float64Array> {
  const { range, rows } = await holdAndRange(design);
  const scale = exactScale(range.maxW, rows, 50);
  const sums = await targetSums(design, { wScale: scale, wyScale: scale, classes });
  return Float64Array.from(sums.wy, (sum) => exactValue(sum, scale));
}

/** Exact sums of weights and targets over a design. */
export function targetSums(
  design: Design,
  args: { wScale: number; wyScale: number; classes: number },
): Promise<TargetSums> {
  return design.reduce<TargetSums>(
    TARGET_STEP,
    args,
    (a, b) => ({ w: addExact(a.w, b.w), wy: a.wy.map((sum, k) => addExact(sum, b.wy[k] as typeof sum)) }),
    false,
  );
}

/** Where rows start by quantiles of y, of the rows that are trained on. */
export async function quantileStart(data: BoostData, shares: readonly number[], wScale: number): Promise<Float64Array> {
  const starts: number[] = [];
  for (const [output, share] of shares.entries()) {
    const [start] = await leafQuantiles(data, { nodes: [0], output, share, wScale });
    starts.push(start as number);
  }
  return Float64Array.from(starts);
}
