import { DataError, show } from "../src/base/errors.js";
import { frameIn, isSealedFrame, SealedView } from "../src/collections/frame/live-frame.js";
import { polars, type PolarsFrame } from "../src/collections/frame/polars.js";
import { codeBatches, textBatches, type TextBatch } from "../src/collections/frame/text-views.js";
import { numbersOf } from "../src/collections/frame/to-array-task.js";
import type { TaskContext } from "../src/engine/engine.js";
import type { TableColumn } from "../src/estimator/table.js";
import { isDense, type Column } from "../src/memory/column.js";

/** A value that encoders know: missing text and booleans are null, missing numbers NaN. */
export type Category = string | number | boolean | null;

/** One column of a partition as positions in the list of its distinct values. */
export interface CodedColumn {
  readonly codes: Int32Array;
  /** Distinct values in order of their first row. */
  readonly values: readonly Category[];
  /** The first row of each value. */
  readonly firstRows: readonly number[];
}

/** Called when a column turns out to have more distinct values than allowed; throws. */
export type TooMany = () => never;

/** The cells of one partition: a frame, or a dense chunk of numbers. */
export class PartitionCells {
  readonly rows: number;
  readonly #context: TaskContext;
  readonly #columns: readonly TableColumn[];
  readonly #frame: PolarsFrame | undefined;
  readonly #chunk: readonly Column[];
  /** Text columns that are read in place. */
  readonly #text: ReadonlyMap<string, readonly TextBatch[]>;

  constructor(context: TaskContext, columns: readonly TableColumn[], value: unknown) {
    this.#context = context;
    this.#columns = columns;
    this.#chunk = isDense(value) ? value.columns : [];
    const text = columns.filter((column) => column.kind === "text").map((column) => column.name);
    const sealed = value instanceof SealedView ? value.frame : isSealedFrame(value) ? value : undefined;
    const found = sealed && text.length > 0 ? textBatches(context.memory.view(sealed.bytes), text) : undefined;
    this.#text = found ?? new Map<string, TextBatch[]>();
    const others = columns.map((column) => column.name).filter((name) => !this.#text.has(name));
    if (!isDense(value) && (others.length > 0 || !found)) this.#frame = frameIn(context, value, others);
    this.rows = isDense(value) ? value.rows : (sealed?.rows ?? this.#frame?.height ?? 0);
  }

  /** Column j coded; `tooMany` is called beyond `limit` distinct values. Strings are compared inside Polars. */
  code(j: number, limit = Infinity, tooMany?: TooMany): CodedColumn {
    const column = this.#columns[j] as TableColumn;
    if (this.rows === 0) return { codes: new Int32Array(), values: [], firstRows: [] };
    const text = this.#text.get(column.name);
    if (text) return codeBatches(text, limit, tooMany);
    if (!this.#frame) return codeNumbers(this.#context.memory.view(this.#chunk[j] as Column), limit, tooMany);
    if (column.kind === "text") return codeText(this.#frame, column.name, limit, tooMany);
    const coded = codeNumbers(numbersOf(this.#frame, column.name, "f64"), limit, tooMany);
    if (column.kind !== "boolean") return coded;
    return { ...coded, values: coded.values.map((value) => (Number.isNaN(value) ? null : value === 1)) };
  }

  /** Column j as doubles, missing values as NaN; it holds numbers or booleans. */
  numbers(j: number): Float64Array {
    const { name } = this.#columns[j] as TableColumn;
    if (this.rows === 0) return new Float64Array();
    if (this.#frame) return numbersOf(this.#frame, name, "f64") as Float64Array;
    const values = this.#context.memory.view(this.#chunk[j] as Column);
    return values instanceof Float64Array ? values : Float64Array.from(values as ArrayLike<number>, Number);
  }
}

const MISSING = 0xffffffff;

// Polars' categorical codes are what makes this fast: no string of a row ever becomes one of JavaScript's.
function codeText(frame: PolarsFrame, name: string, limit: number, tooMany: TooMany | undefined): CodedColumn {
  const pl = polars();
  const series = frame.getColumn(name);
  const physical =
    series.nullCount() > 0
      ? frame
          .select(pl.col(name).cast(pl.Categorical).cast(pl.UInt32).fillNull(pl.lit(MISSING).cast(pl.UInt32)))
          .getColumn(name)
      : series.cast(pl.Categorical).cast(pl.UInt32);
  const { codes, firstRows } = compact(physical.toTypedArray() as Uint32Array, limit, tooMany);
  const values = series
    .gather([...firstRows])
    .cast(pl.String)
    .toArray() as (string | null)[];
  return { codes, firstRows, values };
}

/** Codes of any size as 0, 1, 2, ... in order of their first row. */
function compact(
  raw: Uint32Array,
  limit: number,
  tooMany: TooMany | undefined,
): { codes: Int32Array; firstRows: number[] } {
  let max = 0;
  for (let i = 0; i < raw.length; i++) {
    const code = raw[i] as number;
    if (code > max && code !== MISSING) max = code;
  }
  const codes = new Int32Array(raw.length);
  const firstRows: number[] = [];
  // Polars numbers the categories of a process: a table by number, unless other columns have driven it far up.
  if (max < 4 * raw.length + 65_536) {
    const table = new Int32Array(max + 2).fill(-1);
    for (let i = 0; i < raw.length; i++) {
      const code = raw[i] as number;
      const slot = code === MISSING ? max + 1 : code;
      let id = table[slot] as number;
      if (id < 0) {
        id = firstRows.push(i) - 1;
        if (id >= limit) tooMany?.();
        table[slot] = id;
      }
      codes[i] = id;
    }
    return { codes, firstRows };
  }
  const table = new Map<number, number>();
  for (let i = 0; i < raw.length; i++) {
    const code = raw[i] as number;
    let id = table.get(code);
    if (id === undefined) {
      id = firstRows.push(i) - 1;
      if (id >= limit) tooMany?.();
      table.set(code, id);
    }
    codes[i] = id;
  }
  return { codes, firstRows };
}

const SMALL = 65_536;

function codeNumbers(values: ArrayLike<number | bigint>, limit: number, tooMany: TooMany | undefined): CodedColumn {
  const codes = new Int32Array(values.length);
  const firstRows: number[] = [];
  const found: number[] = [];
  // Small whole numbers, which categories mostly are, by a table; a Map takes NaN as one value, and -0 as 0.
  const small = new Int32Array(SMALL).fill(-1);
  const others = new Map<number, number>();
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    const isSmall = value >= 0 && value < SMALL && (value | 0) === value;
    let id = isSmall ? (small[value | 0] as number) : (others.get(value) ?? -1);
    if (id < 0) {
      id = firstRows.push(i) - 1;
      if (id >= limit) tooMany?.();
      // -0 and 0 are one category.
      found.push(value === 0 ? 0 : value);
      if (isSmall) small[value | 0] = id;
      else others.set(value, id);
    }
    codes[i] = id;
  }
  return { codes, values: found, firstRows };
}

/** The error for a value that was not seen in fit. */
export function unknownCategory(
  owner: string,
  column: string,
  place: { readonly partition: number; readonly row: number },
  value: Category,
  known: number,
  remedy: string,
): DataError {
  return new DataError(
    `${owner}: column ${show(column)}, partition ${place.partition}, row ${place.row}: ${show(value)} is not among its ${known} categories. ${remedy}`,
    { details: { column, ...place } },
  );
}
