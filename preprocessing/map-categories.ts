import type { Plain } from "../src/base/plain.js";
import { DistributedArray } from "../src/collections/array/distributed-array.js";
import { TaskPlan } from "../src/collections/plan.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addCellStep, type RowValue } from "../src/estimator/row-steps.js";
import type { Table } from "../src/estimator/table.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { matchColumns, rowPositions, type CodeTable } from "./code-table.js";

/** A number for each category of each column. */
export interface CategoryNumbers extends CodeTable {
  readonly values: readonly Float64Array[];
  /** The number of categories that fit has not seen, a column. */
  readonly unknown: ArrayLike<number> & Plain;
  readonly dtype: "f64" | "f32";
}

/** The lazy array of the categories' numbers, a column for a column. */
export function mapCategories(
  label: string,
  table: Table,
  numbers: CategoryNumbers,
  names: readonly string[] | undefined,
): DistributedArray {
  const bytes = table.rows === undefined ? undefined : table.rows * table.width * (numbers.dtype === "f32" ? 4 : 8);
  const plan = TaskPlan.blockwise(
    table.plan,
    label,
    fnRef(import.meta.url, "mapStep"),
    numbers as unknown as Plain,
    bytes,
  );
  return new DistributedArray({
    plan,
    innerShape: [table.width],
    dtype: numbers.dtype,
    partitionRows: table.partitionRows,
    names,
  });
}

/** One partition. @throws DataError for an unknown category where they are refused */
export function mapStep(context: TaskContext, args: CategoryNumbers, value: unknown): DenseChunk {
  const { rows, columns } = matchColumns(context, args, value);
  const out = context.memory.dense(args.dtype, rows, columns.length);
  columns.forEach(({ codes, positions }, j) => {
    const own = args.values[j] ?? new Float64Array();
    const unknown = args.unknown[j] ?? NaN;
    const numbers = Float64Array.from(positions, (position) => (position < 0 ? unknown : (own[position] ?? NaN)));
    const target = context.memory.view(out.columns[j] as Column<"f64" | "f32">);
    for (let i = 0; i < rows; i++) target[i] = numbers[codes[i] as number] as number;
  });
  return out;
}

addCellStep<CategoryNumbers>(fnRef(import.meta.url, "mapStep"), (args) => {
  const positionsOf = rowPositions(args);
  const { values, unknown, dtype } = args;
  return (row) => {
    const positions = positionsOf(row as RowValue);
    if (!positions) return undefined;
    return Float64Array.from(positions, (position, j) => {
      const number = (position < 0 ? unknown[j] : values[j]?.[position]) ?? NaN;
      return dtype === "f32" ? Math.fround(number) : number;
    });
  };
});
