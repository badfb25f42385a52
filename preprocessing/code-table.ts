import type { TaskContext } from "../src/engine/engine.js";
import { cellReader } from "../src/estimator/frame-row-steps.js";
import type { RowValue } from "../src/estimator/row-steps.js";
import type { TableColumn } from "../src/estimator/table.js";
import { PartitionCells, unknownCategory, type Category, type CodedColumn } from "./column-codes.js";

/** What a task needs to turn categories into results; plain data. */
export interface CodeTable {
  readonly owner: string;
  readonly columns: readonly TableColumn[];
  readonly categories: readonly (readonly Category[])[];
  /** Whether a category that fit has not seen is an error, with what to do about it. */
  readonly refuse: string | null;
}

/** One column of a partition: each row's place in the list of its distinct values, and what each of those is. */
export interface MatchedColumn extends CodedColumn {
  /** The category's position for each distinct value, -1 for one that fit has not seen. */
  readonly positions: Int32Array;
}

/** The columns of a partition matched with the categories of the fit. @throws DataError for unknown ones where they are refused */
export function matchColumns(
  context: TaskContext,
  table: CodeTable,
  value: unknown,
): { rows: number; columns: MatchedColumn[] } {
  const cells = new PartitionCells(context, table.columns, value);
  const columns = table.columns.map(({ name }, j): MatchedColumn => {
    const coded = cells.code(j);
    const list = table.categories[j] ?? [];
    const at = new Map(list.map((category, position) => [category, position]));
    const positions = Int32Array.from(coded.values, (one) => at.get(one) ?? -1);
    const unknown = table.refuse === null ? -1 : positions.indexOf(-1);
    if (unknown >= 0) {
      const place = { partition: context.partition?.index ?? 0, row: coded.firstRows[unknown] ?? 0 };
      throw unknownCategory(table.owner, name, place, coded.values[unknown] ?? null, list.length, table.refuse ?? "");
    }
    return { ...coded, positions };
  });
  return { rows: cells.rows, columns };
}

/** The categories' positions for one row, -1 for those that fit has not seen; undefined where such are refused. */
export function rowPositions({ columns, categories, refuse }: CodeTable): (row: RowValue) => number[] | undefined {
  const read = cellReader(columns);
  const tables = categories.map((list) => new Map(list.map((category, position) => [category, position])));
  return (row) => {
    const positions: number[] = [];
    for (let j = 0; j < columns.length; j++) {
      const cell = read(row, j);
      if (cell === undefined) return undefined;
      const position = tables[j]?.get(cell) ?? -1;
      if (position < 0 && refuse !== null) return undefined;
      positions.push(position);
    }
    return positions;
  };
}
