import type { TaskContext } from "../../src/index.js";
import type { Column } from "../../src/memory/column.js";

/** A column of so many bytes, all of one value. */
export function makeBytes({ memory }: TaskContext, args: { bytes: number; value: number }): Column {
  const column = memory.column("f64", args.bytes / 8);
  memory.view(column).fill(args.value);
  return column;
}

/** The sum of the last values of two columns: proof that both are here. */
export function readBoth({ memory }: TaskContext, _args: unknown, a: Column, b: Column): number {
  const last = (column: Column): number => Number(memory.view(column).at(-1));
  return last(a) + last(b);
}
