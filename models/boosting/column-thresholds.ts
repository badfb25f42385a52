import { holdPlans, readPlans } from "../../src/collections/hold.js";
import { startsOf } from "../../src/collections/array/sources.js";
import { TaskPlan } from "../../src/collections/plan.js";
import type { FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";

const task = (name: string): FnRef => fnRef(new URL("./threshold-tasks.js", import.meta.url).href, name);

// Rows of a sample that thresholds are taken from, as scikit-learn and LightGBM do; below twice of it all rows are taken.
const SAMPLE_ROWS = 200_000;

/**
 * The thresholds of all columns: one set for any partitioning of the same rows.
 * @param skipped columns that get none, because their bins come from elsewhere
 */
export async function columnThresholds(
  design: Design,
  rows: readonly number[],
  maxBins: number,
  seed: number,
  skipped: readonly number[] = [],
): Promise<Float64Array[]> {
  const { engine, owner, nFeatures } = design;
  const total = rows.reduce((sum, count) => sum + count, 0);
  const stride = Math.max(1, Math.floor(total / SAMPLE_ROWS));
  const options = design.runOptions;
  const sampled = TaskPlan.blockwise(design.plan, owner, task("sampleStep"), {
    starts: startsOf(rows),
    stride,
    seed,
  });
  const [samples] = await holdPlans([sampled], engine, options);
  if (!samples) return [];
  try {
    const groups = Math.min(nFeatures, 2 * engine.parallelism);
    const edge = (group: number): number => Math.floor((group * nFeatures) / groups);
    const plan = new TaskPlan({
      label: owner,
      partitions: groups,
      inputs: [samples],
      task: (group) => ({
        fn: task("thresholdStep"),
        args: { from: edge(group), to: edge(group + 1), maxBins, skipped },
        inputs: samples.keys.map((_, index) => ({ plan: samples, index })),
      }),
    });
    return (await readPlans([plan], owner, { ...options, engine })).flat() as Float64Array[];
  } finally {
    samples.release();
  }
}
