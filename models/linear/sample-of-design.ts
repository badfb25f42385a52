import { TaskPlan } from "../../src/collections/plan.js";
import type { Design } from "../../src/estimator/design.js";
import { SAMPLE_ROWS } from "../../src/numeric/glm-steps.js";
import { SAMPLE_SPARSE_ROWS } from "../../src/numeric/sparse-sample.js";

/** Every how many rows one is taken, for about `size` of them. */
export function sampleStride(rows: number, size: number): number {
  return Math.max(1, Math.floor(rows / Math.max(1, size)));
}

const WIDE = 500;

/**
 * The sample in few partitions, because its passes are short; how many depends on the data alone. Each partition gives its
 * rows first and those are put together then, so that no task needs more than one whole partition in memory. Sparse rows
 * become dense ones, unless `sparse`.
 */
export function samplePlan(design: Design, stride: number, sparse = false): TaskPlan {
  const width = design.nFeatures;
  const step = sparse ? SAMPLE_SPARSE_ROWS : SAMPLE_ROWS;
  const taken = TaskPlan.blockwise(design.plan, design.owner, step, { stride, width });
  // Partials of wide rows are large, and have to be added up here.
  const parts = Math.min(width > WIDE ? 2 : 4, taken.partitions);
  return new TaskPlan({
    label: design.owner,
    partitions: parts,
    inputs: [taken],
    task: (index) => {
      const from = Math.floor((index * taken.partitions) / parts);
      const to = Math.floor(((index + 1) * taken.partitions) / parts);
      const inputs = Array.from({ length: to - from }, (_, k) => ({ plan: taken, index: from + k }));
      return { fn: step, args: { stride: 1, width }, inputs };
    },
  });
}
