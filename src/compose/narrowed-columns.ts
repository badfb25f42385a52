import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { withPlan, type Rows, type Table } from "../estimator/table.js";

/** The columns that parts need, as a unit that they share, and their own ones of it. */
export interface Narrowed {
  readonly rows: Rows;
  pick(columns: readonly number[]): Rows;
  /** The same over rows that an engine holds. */
  over(rows: Rows): Narrowed;
}

/** Some columns of a table, named by `label`; starts nothing. */
export function narrowed(table: Table, columns: readonly number[], label: (column: number) => string): Narrowed {
  const needed = [...new Set(columns)].sort((a, b) => a - b);
  const names = needed.map((j) => table.columns[j]?.name ?? `x${j}`);
  const labels = needed.map(label);
  let rows = choose(table.source, needed, names, needed.length === table.width);
  if (rows instanceof DistributedDataFrame) {
    if (labels.join() !== names.join())
      rows = rows.rename(Object.fromEntries(names.map((name, k) => [name, labels[k] as string])));
    // One reading for all parts: each would otherwise have its own of the same file.
    rows = withPlan(rows, rows.plan);
  } else rows = new DistributedArray({ ...rows, names: labels });
  const over = (base: Rows): Narrowed => ({
    rows: base,
    over,
    pick: (own) =>
      choose(
        base,
        own.map((j) => needed.indexOf(j)),
        own.map(label),
        own.join() === needed.join(),
      ),
  });
  return over(rows);
}

function choose(rows: Rows, positions: readonly number[], names: readonly string[], all: boolean): Rows {
  if (all) return rows;
  return rows instanceof DistributedDataFrame
    ? (rows.select(...names) as DistributedDataFrame)
    : rows.columns(positions);
}
