import { DataError, show } from "../base/errors.js";
import { isPlainObject, isTypedArray, type Plain } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { isNumericDtype } from "../collections/frame/frame-types.js";
import { LocalMatrix } from "../collections/array/local-matrix.js";
import { chooseEngine } from "../collections/choose-engine.js";
import type { Plan } from "../collections/plan.js";
import { reducePartitions } from "../collections/reduce.js";
import type { FnRef, TaskContext } from "../engine/engine.js";
import type { DenseChunk } from "../memory/column.js";
import type { DesignChunk } from "../numeric/design-chunk.js";
import type { FitOptions } from "./design.js";
import { zipDesign, type ZipArgs } from "./design-tasks.js";
import type { FittedInput } from "./estimator.js";
import { fittedColumns } from "./fitted-columns.js";
import {
  checkColumns,
  isLocal,
  toMatrix,
  toVector,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "./inputs.js";
import { noRows } from "./no-rows.js";

/** A cell of a table in this process. */
export type Cell = string | number | boolean | bigint | null | undefined | Date;

/** Rows of cells in this process: a list of rows, columns by name, or a list of strings, which is one column. */
export type LocalTable =
  | LocalInput
  | readonly ArrayLike<Cell>[]
  | readonly (string | null | undefined)[]
  | Readonly<Record<string, ArrayLike<Cell>>>;

/** What transformers of text and other categories take as X: all that {@link MatrixInput} is, and columns of text. */
export type TableInput = MatrixInput | LocalTable;

/** Rows where they are, lazily. */
export type Rows = DistributedArray | DistributedDataFrame;

/** What a column holds, as far as encoders care; `other` is dates, times, lists and structures. */
export type ColumnKind = "number" | "text" | "boolean" | "other";

/** One column of a {@link Table}. */
export interface TableColumn {
  /** Its name, or `x0`, `x1`, ... where X has no names. */
  readonly name: string;
  readonly kind: ColumnKind;
  /** Its type in words, for messages. */
  readonly dtype: string;
}

/** Rows of typed columns as transformers see them: a frame, or an array whose columns are numbers. Lazy. */
export interface Table {
  readonly source: Rows;
  /** Partitions: frames, or dense chunks. */
  readonly plan: Plan;
  readonly columns: readonly TableColumn[];
  readonly width: number;
  /** The columns' names, where X has names. */
  readonly names: readonly string[] | undefined;
  readonly partitions: number;
  readonly partitionRows: readonly number[] | undefined;
  readonly rows: number | undefined;
}

/** The fitted state of what was fitted on a {@link Table}. */
export interface FittedTable extends FittedInput {
  readonly kinds: readonly ColumnKind[];
}

/** What a fitted state records of a table's columns. */
export function fittedTable(table: Pick<Table, "width" | "names" | "columns">): FittedTable {
  return { ...fittedColumns(table.width, table.names), kinds: table.columns.map(({ kind }) => kind) };
}

/** True for a table that is in this process. */
export function isLocalTable(X: TableInput): X is LocalTable {
  return isLocal(X as MatrixInput);
}

/**
 * X as a distributed frame (where it has a column of text) or array; starts nothing.
 * @throws DataError for something that is not rows
 */
export function toRows(owner: string, X: TableInput): Rows {
  if (X instanceof DistributedDataFrame) return X;
  const columns = textColumns(owner, X);
  if (!columns) return toMatrix(owner, X as MatrixInput);
  const frame = DistributedDataFrame.fromColumns(columns);
  if (Array.isArray(X)) unnamed.add(frame);
  return frame;
}

// Rows of cells have no names; the frames that carry them gave them some.
const unnamed = new WeakSet<DistributedDataFrame>();

/**
 * X as a table; starts nothing.
 * @param fitted the fit whose columns X has to have, where there is one: what `partialFit` starts with
 * @throws DataError for something that is not rows, for sparse X, and for other columns than those of `fitted`
 */
export function toTable(owner: string, X: TableInput, fitted?: FittedTable): Table {
  const table = tableOf(owner, X);
  if (fitted) checkTable(owner, table, fitted);
  return table;
}

function tableOf(owner: string, X: TableInput): Table {
  const source = toRows(owner, X);
  if (source instanceof DistributedDataFrame) {
    const columns = Object.entries(source.schema).map(([name, dtype]): TableColumn => ({
      name,
      dtype,
      kind: kindOf(dtype),
    }));
    return describe(source, columns, unnamed.has(source) ? undefined : source.columns);
  }
  if (source.layout === "csr")
    throw new DataError(`${owner}: X is sparse, but it takes columns of values. Pass a dense array or a frame.`);
  const columns = Array.from({ length: source.width }, (_, j): TableColumn => ({
    name: source.names?.[j] ?? `x${j}`,
    dtype: source.dtype,
    kind: "number",
  }));
  return describe(source, columns, source.names);
}

function describe(source: Rows, columns: readonly TableColumn[], names: readonly string[] | undefined): Table {
  const { plan, partitions, partitionRows, rows } = source;
  return { source, plan, columns, names, width: columns.length, partitions, partitionRows, rows };
}

/** @throws DataError for a table that is known to have no rows or no columns */
export function assertNotEmpty(owner: string, table: Pick<Table, "width" | "rows">): void {
  if (table.width === 0 && table.rows === 0)
    throw new DataError(`${owner}: X is empty: no rows and no columns. Check where it comes from.`);
  if (table.width === 0) throw new DataError(`${owner}: X has no columns. Select at least one.`);
  if (table.rows === 0) throw noRows(owner);
}

/** Checks that X has the columns of the fit: names, order, number, and what they hold. @throws DataError naming the column */
export function checkTable(owner: string, table: Table, fitted: FittedTable): void {
  checkColumns(owner, table, fitted);
  table.columns.forEach(({ name, kind, dtype }, j) => {
    const was = fitted.kinds[j];
    if (was === kind) return;
    throw new DataError(
      `${owner}: column ${show(name)} is ${kind} (${dtype}), but in fit it was ${String(was)}. Cast it to the type of the fit.`,
      {
        details: { column: name },
      },
    );
  });
}

/** Targets and weights beside a table. */
export interface TableVectors {
  readonly y?: VectorInput | undefined;
  readonly sampleWeight?: VectorInput | undefined;
}

/** What a step of {@link reduceTable} is told besides its own arguments. */
export interface TableStepArgs {
  readonly zip: ZipArgs;
  readonly columns: readonly TableColumn[];
}

/**
 * One pass over a table with its targets and weights: `step(context, { ...args, zip, columns }, partition, ...vectors)`,
 * combined in partition order; {@link vectorsIn} reads the vectors.
 * @throws DataError for shapes that cannot fit together, or no partitions
 */
export async function reduceTable<T>(
  owner: string,
  table: Table,
  vectors: TableVectors,
  reduction: {
    readonly step: FnRef;
    readonly args?: Readonly<Record<string, Plain>>;
    readonly combine: (a: T, b: T) => T;
  },
  options: FitOptions,
): Promise<T> {
  const y = vectors.y === undefined ? undefined : toVector(owner, "y", vectors.y, table);
  const w =
    vectors.sampleWeight === undefined ? undefined : toVector(owner, "sampleWeight", vectors.sampleWeight, table);
  const plans = [table.plan, ...(y ? [y.plan] : []), ...(w ? [w.plan] : [])];
  const zip: ZipArgs = { owner, y: y !== undefined, w: w !== undefined };
  const args = { ...reduction.args, zip, columns: table.columns } as unknown as Plain;
  const total = await reducePartitions<T>(
    plans,
    { label: owner, step: reduction.step, args, combine: reduction.combine },
    {
      engine: options.engine ?? chooseEngine(plans),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    },
  );
  if (total === undefined) throw new DataError(`${owner}: X has no partitions. Check the files it comes from.`);
  return total;
}

/** The targets and weights of one partition as doubles, checked as in every fit. */
export function vectorsIn(
  context: TaskContext,
  zip: ZipArgs,
  rows: number,
  vectors: readonly DenseChunk[],
): Pick<DesignChunk, "y" | "w"> {
  return zipDesign(context, zip, { kind: "dense", rows, columns: [] }, ...vectors);
}

function kindOf(dtype: string): ColumnKind {
  if (dtype === "String" || dtype === "Categorical") return "text";
  if (dtype === "Bool") return "boolean";
  return isNumericDtype(dtype) && !/^(Date|Duration|Time)/.test(dtype) ? "number" : "other";
}

const isText = (cell: unknown): boolean => typeof cell === "string";
const isDate = (cell: unknown): boolean => cell instanceof Date;

/** Local columns of which one holds text or dates; undefined where all are numbers, which need no frame. */
function textColumns(owner: string, X: TableInput): Record<string, ArrayLike<unknown>> | undefined {
  if (Array.isArray(X)) {
    // A list of strings is one column.
    if (X.some(isText)) return { x0: X as ArrayLike<unknown> };
    const rows = X as readonly ArrayLike<unknown>[];
    const isCells = rows.some((row) => Array.isArray(row) && (row.some(isText) || row.some(isDate)));
    if (!isCells) return undefined;
    const width = rows[0]?.length ?? 0;
    const ragged = rows.findIndex((row) => row?.length !== width);
    if (ragged >= 0) {
      throw new DataError(
        `${owner}: row 0 has ${width} values but row ${ragged} has ${String(rows[ragged]?.length)}. All rows need the same length.`,
        {
          details: { row: ragged },
        },
      );
    }
    return Object.fromEntries(Array.from({ length: width }, (_, j) => [`x${j}`, rows.map((row) => row[j])]));
  }
  if (X instanceof LocalMatrix || !isPlainObject(X) || typeof X["get"] === "function") return undefined;
  const columns = X as Record<string, unknown>;
  const isCells = Object.values(columns).some(
    (column) => Array.isArray(column) && !isTypedArray(column) && (column.some(isText) || column.some(isDate)),
  );
  return isCells ? (columns as Record<string, ArrayLike<unknown>>) : undefined;
}

/** Width and names of rows, whichever form they have. */
export function shapeOf(rows: Rows): { readonly width: number; readonly names: readonly string[] | undefined } {
  if (rows instanceof DistributedDataFrame)
    return { width: rows.columns.length, names: unnamed.has(rows) ? undefined : rows.columns };
  return { width: rows.width, names: rows.names };
}

/** The same rows with partitions that `plan` makes: those that an engine holds, say. */
export function withPlan(rows: Rows, plan: Plan): Rows {
  if (!(rows instanceof DistributedDataFrame)) return new DistributedArray({ ...rows, plan });
  const frame = rows.withPlan(plan);
  if (unnamed.has(rows)) unnamed.add(frame);
  return frame;
}
