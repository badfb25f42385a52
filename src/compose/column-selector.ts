import { DataError, ParameterError, show } from "../base/errors.js";
import { unknownColumn } from "../collections/frame/expressions.js";
import type { TableColumn } from "../estimator/table.js";

/** Columns by their type or by a pattern of their names; plain data, made by {@link makeColumnSelector}. */
export interface ColumnSelector {
  /** A regular expression that a name has to match somewhere. */
  readonly pattern?: string;
  /** Types of which a column has to have one; see {@link makeColumnSelector}. */
  readonly dtypeInclude?: readonly string[];
  /** Types of which a column must have none. */
  readonly dtypeExclude?: readonly string[];
}

/** How the columns of one transformer are named: by name, by position, by a mask, by pattern, by type, or by a function. */
export type ColumnSpec =
  | string
  | number
  | readonly (string | number)[]
  | readonly boolean[]
  | RegExp
  | ColumnSelector
  | ((columns: readonly TableColumn[]) => readonly (string | number)[] | readonly boolean[]);

const GROUPS: Readonly<Record<string, (column: TableColumn) => boolean>> = {
  number: ({ kind }) => kind === "number",
  text: ({ kind }) => kind === "text",
  boolean: ({ kind }) => kind === "boolean",
  date: ({ dtype }) => dtype.startsWith("Date"),
};

/**
 * Columns by type and name, for {@link ColumnTransformer}: all that are given have to hold.
 *
 * @param options `dtypeInclude` and `dtypeExclude` take "number", "text", "boolean", "date", or a type as the schema has it
 *   ("Float64", "Categorical"), or lists of these; `pattern` is a regular expression for names
 * @throws ParameterError for a pattern that is no regular expression
 */
export function makeColumnSelector(
  options: {
    readonly pattern?: string | RegExp;
    readonly dtypeInclude?: string | readonly string[];
    readonly dtypeExclude?: string | readonly string[];
  } = {},
): ColumnSelector {
  const list = (types: string | readonly string[]): readonly string[] =>
    typeof types === "string" ? [types] : [...types];
  const pattern = options.pattern instanceof RegExp ? options.pattern.source : options.pattern;
  if (pattern !== undefined) regularExpression("makeColumnSelector", pattern);
  return {
    ...(pattern === undefined ? {} : { pattern }),
    ...(options.dtypeInclude === undefined ? {} : { dtypeInclude: list(options.dtypeInclude) }),
    ...(options.dtypeExclude === undefined ? {} : { dtypeExclude: list(options.dtypeExclude) }),
  };
}

function regularExpression(owner: string, pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch (cause) {
    throw new ParameterError(`${owner}: pattern must be a regular expression; got ${show(pattern)}.`, { cause });
  }
}

const hasType = (column: TableColumn, types: readonly string[]): boolean =>
  types.some((type) => GROUPS[type]?.(column) ?? column.dtype === type);

/** Positions of the columns that a spec means. @throws DataError naming a column that is not there, with the nearest name */
export function columnsOf(owner: string, spec: ColumnSpec, columns: readonly TableColumn[]): number[] {
  if (typeof spec === "function") return listed(owner, spec(columns), columns);
  if (spec instanceof RegExp) return matching(columns, ({ name }) => name.search(spec) >= 0);
  if (typeof spec === "string" || typeof spec === "number") return listed(owner, [spec], columns);
  if (Array.isArray(spec)) return listed(owner, spec as readonly (string | number)[] | readonly boolean[], columns);
  const { pattern, dtypeInclude, dtypeExclude } = spec as ColumnSelector;
  const expression = pattern === undefined ? undefined : regularExpression(owner, pattern);
  return matching(
    columns,
    (column) =>
      (expression === undefined || expression.test(column.name)) &&
      (dtypeInclude === undefined || hasType(column, dtypeInclude)) &&
      (dtypeExclude === undefined || !hasType(column, dtypeExclude)),
  );
}

function matching(columns: readonly TableColumn[], keep: (column: TableColumn) => boolean): number[] {
  return columns.flatMap((column, j) => (keep(column) ? [j] : []));
}

function listed(
  owner: string,
  names: readonly (string | number)[] | readonly boolean[],
  columns: readonly TableColumn[],
): number[] {
  if (names.length > 0 && names.every((name) => typeof name === "boolean")) {
    if (names.length === columns.length) return matching(columns, (column) => names[columns.indexOf(column)] === true);
    throw new DataError(
      `${owner}: the mask of columns has ${names.length} values, but X has ${columns.length} columns. Give one for each.`,
    );
  }
  return (names as readonly (string | number)[]).map((name) => {
    if (typeof name === "string") {
      const j = columns.findIndex((column) => column.name === name);
      if (j >= 0) return j;
      throw unknownColumn(
        owner,
        name,
        columns.map((column) => column.name),
      );
    }
    if (typeof name !== "number")
      throw new DataError(
        `${owner}: ${show(name)} is no column. Give names, positions, or one boolean for each of the ${columns.length} columns.`,
      );
    // As in arrays, -1 is the last column.
    const j = name < 0 ? columns.length + name : name;
    if (Number.isInteger(j) && j >= 0 && j < columns.length) return j;
    throw new DataError(`${owner}: there is no column ${show(name)}; there are ${columns.length}, numbered from 0.`, {
      details: { column: name },
    });
  });
}

/** A spec as plain data. @throws DataError for a function that no fit has turned into columns */
export function encodeSpec(owner: string, spec: ColumnSpec, fitted: readonly (string | number)[] | undefined): unknown {
  if (typeof spec === "function") {
    if (fitted) return fitted;
    throw new DataError(
      `${owner}: columns given by a function cannot be written before fit. Use makeColumnSelector, or fit first.`,
    );
  }
  return spec instanceof RegExp ? { regexp: spec.source, flags: spec.flags } : spec;
}

/** The inverse of {@link encodeSpec}. */
export function decodeSpec(plain: unknown): ColumnSpec {
  const { regexp, flags } = (plain ?? {}) as { regexp?: string; flags?: string };
  return typeof regexp === "string" ? new RegExp(regexp, flags) : (plain as ColumnSpec);
}
