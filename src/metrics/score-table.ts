import { mergeBinaryTables, type BinaryTable } from "../numeric/binary-table.js";
import { requireVector } from "./inputs.js";
import type { Label, MetricKernel } from "./metric-kernel.js";
import { RANKING_STEP } from "./ranking-steps.js";

/** All but the end of a metric of two classes and their scores: the weight of each class at each distinct score. */
export function scoreTableBase(name: string, posLabel: Label | undefined): Omit<MetricKernel<BinaryTable>, "finish"> {
  return {
    name,
    needs: ["yTrue", "yScore"],
    textLabels: true,
    labels: posLabel === undefined ? undefined : [posLabel],
    step: RANKING_STEP,
    args: (codes) => (posLabel === undefined ? {} : { positive: codes.encode(name, posLabel) }),
    check(inputs) {
      requireVector(name, "yTrue", inputs.yTrue);
      requireVector(name, "yScore", inputs.yScore);
    },
    combine: (a, b) => mergeBinaryTables(name, a, b),
  };
}

/** The table itself, as part of a pass. */
export function scoreTableKernel(name: string, posLabel: Label): MetricKernel<BinaryTable, BinaryTable> {
  return { ...scoreTableBase(name, posLabel), finish: (table) => table };
}
