import { emptyFrame } from "../src/collections/frame/frame-types.js";
import { LiveFrame } from "../src/collections/frame/live-frame.js";
import { polars } from "../src/collections/frame/polars.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { cellReader } from "../src/estimator/frame-row-steps.js";
import { addCellStep, type RowValue } from "../src/estimator/row-steps.js";
import type { ColumnKind, TableColumn } from "../src/estimator/table.js";
import type { Column, DenseChunk, MatrixChunk } from "../src/memory/column.js";
import { densify } from "../src/numeric/densify.js";
import { missingOf } from "./categories.js";
import { PartitionCells, unknownCategory, type Category } from "./column-codes.js";

/** One input column: as it is, or as zeros and ones. */
export interface DummyColumn {
  /** Null for a column that stays as it is. */
  readonly categories: readonly Category[] | null;
  /** Its first output column. */
  readonly first: number;
  /** Categories that are left out at the start: 0 or 1. */
  readonly dropped: number;
}

interface DummyArgs {
  readonly owner: string;
  readonly table: readonly TableColumn[];
  readonly columns: readonly DummyColumn[];
  readonly width: number;
  /** What to do about an unknown category, null to leave it out. */
  readonly refuse: string | null;
  readonly dtype: "f64" | "f32";
}

/** One partition as numbers. @throws DataError for an unknown category where they are refused */
export function dummyStep(context: TaskContext, args: DummyArgs, value: unknown): DenseChunk {
  const cells = new PartitionCells(context, args.table, value);
  const out = context.memory.dense(args.dtype, cells.rows, args.width);
  const views = out.columns.map((column) => context.memory.view(column as Column<"f64" | "f32">) as Float64Array);
  args.columns.forEach(({ categories, first, dropped }, j) => {
    if (!categories) {
      (views[first] as Float64Array).set(cells.numbers(j));
      return;
    }
    const { codes, values, firstRows } = cells.code(j);
    const at = new Map(categories.map((category, position) => [category, position]));
    const target = Int32Array.from(values, (one, k) => {
      const position = at.get(one);
      if (position === undefined && args.refuse !== null) {
        const place = { partition: context.partition?.index ?? 0, row: firstRows[k] ?? 0 };
        const { name } = args.table[j] as TableColumn;
        throw unknownCategory(args.owner, name, place, one, categories.length, args.refuse);
      }
      return position === undefined || position < dropped ? -1 : first + position - dropped;
    });
    for (let k = dropped; k < categories.length; k++) (views[first + k - dropped] as Float64Array).fill(0);
    for (let i = 0; i < codes.length; i++) {
      const to = target[codes[i] as number] as number;
      if (to >= 0) (views[to] as Float64Array)[i] = 1;
    }
  });
  return out;
}

interface UndoArgs {
  readonly names: readonly string[];
  readonly kinds: readonly ColumnKind[];
  readonly columns: readonly DummyColumn[];
}

/** The column type that each kind comes back as. */
export const DUMMY_DTYPES: Readonly<Record<ColumnKind, string>> = {
  number: "Float64",
  text: "String",
  boolean: "Bool",
  other: "String",
};

/** One partition as the columns it was made from. */
export function undummyStep(context: TaskContext, args: UndoArgs, x: MatrixChunk): LiveFrame {
  const pl = polars();
  const dense = densify(context, x);
  const schema = Object.fromEntries(args.names.map((name, j) => [name, DUMMY_DTYPES[args.kinds[j] ?? "number"]]));
  if (dense.rows === 0) return new LiveFrame(emptyFrame(schema, "DummyEncoder.inverseTransform"));
  const view = (at: number): ArrayLike<number> => context.memory.view(dense.columns[at] as Column<"f64">);
  const series = args.columns.map(({ categories, first, dropped }, j) => {
    const name = args.names[j] as string;
    const kind = args.kinds[j] ?? "number";
    if (!categories) return pl.Series(name, Array.from(view(first)), pl.Float64);
    // A row without a one is the category that was left out, or none.
    const none = dropped > 0 ? (categories[0] as Category) : missingOf(kind);
    const values = new Array<Category>(dense.rows).fill(none);
    for (let k = dropped; k < categories.length; k++) {
      const ones = view(first + k - dropped);
      for (let i = 0; i < dense.rows; i++) if ((ones[i] as number) > 0.5) values[i] = categories[k] as Category;
    }
    return pl.Series(name, values, kind === "number" ? pl.Float64 : kind === "boolean" ? pl.Bool : pl.String);
  });
  return new LiveFrame(pl.DataFrame(series));
}

addCellStep<DummyArgs>(fnRef(import.meta.url, "dummyStep"), ({ table, columns, width, refuse, dtype }) => {
  const read = cellReader(table);
  const tables = columns.map(
    ({ categories }) => categories && new Map(categories.map((category, position) => [category, position])),
  );
  return (row) => {
    const out = new Float64Array(width);
    for (const [j, { first, dropped }] of columns.entries()) {
      const cell = read(row as RowValue, j);
      if (cell === undefined) return undefined;
      const positions = tables[j];
      if (!positions) {
        const number = cell === null ? NaN : Number(cell);
        out[first] = dtype === "f32" ? Math.fround(number) : number;
        continue;
      }
      const position = positions.get(cell);
      if (position === undefined && refuse !== null) return undefined;
      if (position !== undefined && position >= dropped) out[first + position - dropped] = 1;
    }
    return out;
  };
});
