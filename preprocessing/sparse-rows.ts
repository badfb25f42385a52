import type { Plain, PlainRecord } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { TaskPlan } from "../src/collections/plan.js";
import type { FnRef } from "../src/engine/engine.js";
import type { Table } from "../src/estimator/table.js";

/** Compressed rows that `step(context, { ...args, columns }, partition)` makes of each partition of a table, lazily. */
export function sparseRows(
  label: string,
  table: Table,
  step: FnRef,
  args: PlainRecord,
  width: number,
): DistributedArray {
  const all = { ...args, columns: table.columns } as unknown as Plain;
  return new DistributedArray({
    plan: TaskPlan.blockwise(table.plan, label, step, all),
    innerShape: [width],
    dtype: "f64",
    layout: "csr",
    partitionRows: table.partitionRows,
  });
}
