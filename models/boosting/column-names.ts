import { closest, ParameterError, show } from "../../src/base/errors.js";

/** Columns of a fit, as far as parameters name them. */
export interface ColumnNames {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly width: number;
}

/** Position of a column that a parameter names. @throws ParameterError when the data lack it */
export function columnPosition(column: string | number, parameter: string, columns: ColumnNames): number {
  const { owner, names, width } = columns;
  if (typeof column === "number") {
    if (column < width) return column;
    throw new ParameterError(
      `${owner}: ${parameter} has column ${column}, but X has ${width}. Count columns from 0 to ${width - 1}.`,
    );
  }
  const at = names?.indexOf(column) ?? -1;
  if (at >= 0) return at;
  if (!names)
    throw new ParameterError(
      `${owner}: ${parameter} has the column ${show(column)}, but X has no names. Pass a frame or named columns, or use positions.`,
    );
  const near = closest(column, names);
  throw new ParameterError(
    `${owner}: ${parameter} has the column ${show(column)}, which X lacks.${near ? ` Did you mean ${show(near)}?` : ""} X has ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", ..." : ""}.`,
  );
}
