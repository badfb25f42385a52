import { DataError, show } from "../base/errors.js";
import { dtypeOf, type FrameSchema } from "../collections/frame/frame-types.js";
import { pickColumns, type SealedNumbers } from "../collections/frame/number-frame.js";
import { polars, type PolarsFrame, type PolarsLazyFrame } from "../collections/frame/polars.js";
import type { VerbCall } from "../collections/frame/verbs.js";
import type { TaskContext } from "../engine/engine.js";
import { csvNumbers, type NumberField } from "./csv-numbers.js";
import {
  countNewlines,
  eachRecord,
  findField,
  findRagged,
  recordEnd,
  withoutBlankLines,
  type RecordSyntax,
} from "./csv-records.js";
import { readInto, readRange, unpack, type Compression } from "./compressed.js";

/** How a CSV file is written. */
export interface CsvFormat {
  readonly delimiter: string;
  /** null: quotes mean nothing. */
  readonly quoteChar: string | null;
  readonly nullValues: readonly string[] | Readonly<Record<string, string>> | null;
  readonly tryParseDates: boolean;
}

/** Bytes [start, end) of a CSV file, cut at record boundaries; the whole content of a compressed one. */
export interface CsvPart {
  readonly format: "csv";
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly compression: Compression;
  /** The first record of the content is the header (compressed files; other parts start after it). */
  readonly header: boolean;
  /** The file's columns in the file's order, types in words. */
  readonly schema: FrameSchema;
  /** The order in which the columns leave, where it is not the file's. */
  readonly order: readonly string[] | null;
  readonly syntax: CsvFormat;
  /** The columns to parse; null means all. */
  readonly columns: readonly string[] | null;
}

/** The syntax of a part for the record scanner. */
export function recordSyntax(format: CsvFormat): RecordSyntax {
  return {
    delimiter: format.delimiter.charCodeAt(0),
    quote: format.quoteChar === null ? -1 : format.quoteChar.charCodeAt(0),
  };
}

/**
 * Parses a part: its `columns`, and the last one, whose nulls show records that are too short. Columns that are all numbers
 * go straight into an arena where a task's `context` is given and the bytes allow it.
 * @throws DataError naming file and line for a record with too many or too few fields, or a value of another type
 */
export function openCsv(
  part: CsvPart,
  verbs: readonly VerbCall[],
  context?: TaskContext,
): PolarsLazyFrame | SealedNumbers {
  const [first] = verbs;
  const limit = first?.verb === "limit" && first.args.from === "head" ? first.args.rows : undefined;
  const whole = part.compression === null && limit === undefined;
  const made = whole
    ? undefined
    : part.compression === null
      ? rangeOf(part, limit)
      : unpack(part.path, part.compression);
  const numbers = context && numbersIn(context, part, made);
  if (numbers) return numbers;
  const bytes = made ?? readRange(part.path, part.start, part.end);
  const pl = polars();
  const schema = Object.fromEntries(
    Object.entries(part.schema).map(([name, dtype]) => [name, dtypeOf(dtype, "readCsv")]),
  );
  const names = Object.keys(schema);
  const last = names.at(-1) as string;
  const columns = part.columns && names.filter((name) => name === last || part.columns?.includes(name));
  const { nullValues } = part.syntax;
  let frame: PolarsFrame;
  try {
    frame = pl.readCSV(names.length > 1 ? withoutBlankLines(bytes, recordSyntax(part.syntax)) : bytes, {
      schema,
      hasHeader: part.header,
      sep: part.syntax.delimiter,
      quoteChar: polarsQuote(part.syntax),
      ignoreErrors: false,
      truncateRaggedLines: false,
      raiseIfEmpty: false,
      tryParseDates: part.syntax.tryParseDates,
      ...(nullValues === null ? {} : { nullValues: nullValues as string[] }),
      ...(columns ? { columns } : {}),
    });
  } catch (cause) {
    throw explained(part, bytes, names, cause);
  }
  if (names.length > 1 && frame.getColumn(last).nullCount() > 0) checkShort(part, bytes, names);
  const lazy = frame.lazy();
  return part.order || columns
    ? lazy.select(
        (part.order ?? names)
          .filter((name) => !part.columns || part.columns.includes(name))
          .map((name) => pl.col(name)),
      )
    : lazy;
}

/** What the number parser has to do for a part; undefined where a wanted column holds something else, or words mean null. */
export function numberFields(part: CsvPart): NumberField[] | undefined {
  if (part.syntax.nullValues !== null) return undefined;
  const fields: NumberField[] = [];
  for (const [name, type] of Object.entries(part.schema)) {
    const wanted = part.columns?.includes(name) ?? true;
    if (wanted && type !== "Float64" && type !== "Int64") return undefined;
    fields.push({ name, wanted, integer: type === "Int64" });
  }
  return fields;
}

/** The fast way for columns that are all numbers, where the bytes allow it; these are `made`, or still to be read. */
function numbersIn(context: TaskContext, part: CsvPart, made: Buffer | undefined): SealedNumbers | undefined {
  const fields = numberFields(part);
  if (!fields) return undefined;
  const syntax = recordSyntax(part.syntax);
  const body = made && part.header ? withoutHeader(made, syntax) : made;
  const numbers = csvNumbers(
    context,
    body
      ? { bytes: body.length, read: (target, at) => body.copy(target, 0, at) }
      : { bytes: part.end - part.start, read: (target, at) => readInto(part.path, part.start + at, target) },
    syntax,
    fields,
  );
  return numbers && part.order
    ? pickColumns(
        numbers,
        part.order.filter((name) => numbers.names.includes(name)),
      )
    : numbers;
}

function withoutHeader(bytes: Buffer, syntax: RecordSyntax): Buffer {
  let from = bytes.length;
  eachRecord(bytes, syntax, (record) => {
    from = recordEnd(bytes, record.end, false, -1);
    return false;
  });
  return from < 0 ? Buffer.alloc(0) : bytes.subarray(from);
}

/** The part's bytes; where only its first records are wanted, no more than hold them. */
function rangeOf(part: CsvPart, records: number | undefined): Buffer {
  if (records === undefined) return readRange(part.path, part.start, part.end);
  for (let size = 2 ** 16; ; size *= 8) {
    const end = Math.min(part.end, part.start + size);
    const bytes = readRange(part.path, part.start, end);
    if (end === part.end) return bytes;
    let count = 0;
    let cut = 0;
    eachRecord(bytes, recordSyntax(part.syntax), (record) => {
      if (record.end >= bytes.length || count === records) return false;
      count += 1;
      cut = record.end;
      return true;
    });
    if (count === records) return bytes.subarray(0, cut);
  }
}

function checkShort(part: CsvPart, bytes: Buffer, names: readonly string[]): void {
  const ragged = findRagged(bytes, recordSyntax(part.syntax), names.length);
  if (ragged) throw raggedError(part, ragged, names.length);
}

function explained(part: CsvPart, bytes: Buffer, names: readonly string[], cause: unknown): unknown {
  const text = cause instanceof Error ? cause.message : String(cause);
  const syntax = recordSyntax(part.syntax);
  const ragged = /more fields|does not match number of columns/.test(text)
    ? findRagged(bytes, syntax, names.length)
    : undefined;
  if (ragged) return raggedError(part, ragged, names.length);
  const [, value, type, column] = /could not parse `(.*)` as dtype `(.*?)` at column '(.*?)'/s.exec(text) ?? [];
  if (value === undefined || column === undefined) return cause;
  const line = findField(bytes, syntax, names.indexOf(column), value);
  return new DataError(
    `readCsv: ${show(part.path)}${line === undefined ? "" : `, line ${fileLine(part, line)}`}: the value ${show(value)} of column ${show(column)} is no ${type}, ` +
      `which is its type in the first rows or in \`schema\`. Pass schema: { ${column}: "Float64" } (or "String"), or name the text in nullValues.`,
    { cause, details: { column, path: part.path } },
  );
}

function raggedError(part: CsvPart, ragged: { line: number; fields: number }, fields: number): DataError {
  return new DataError(
    `readCsv: ${show(part.path)}, line ${fileLine(part, ragged.line)} has ${ragged.fields} field(s); the file has ${fields} columns. ` +
      "Mend the line, or set delimiter and quoteChar if they are not as the file has them.",
    { details: { path: part.path, row: ragged.line } },
  );
}

/** Line of the file, from 1, of a line of the part. */
function fileLine(part: CsvPart, line: number): number {
  if (part.compression !== null) return line + 1;
  let before = 0;
  for (let at = 0; at < part.start; at += 2 ** 24)
    before += countNewlines(readRange(part.path, at, Math.min(part.start, at + 2 ** 24)));
  return before + line + 1;
}

/** The quote for Polars, whose binding takes no null: a control character that text does not hold stands for none. */
export function polarsQuote(format: CsvFormat): string {
  return format.quoteChar ?? "\u0001";
}
