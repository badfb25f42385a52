import { basename } from "node:path";
import { statSync } from "node:fs";
import { DataError, FileError, ParameterError, show, throwIfAborted } from "../base/errors.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { frameState } from "../collections/frame/frame-state.js";
import {
  dtypeName,
  dtypeOf,
  emptyFrame,
  schemaOf,
  type DTypeLike,
  type FrameSchema,
} from "../collections/frame/frame-types.js";
import { unknownColumn } from "../collections/frame/expressions.js";
import { polars } from "../collections/frame/polars.js";
import type { AnySchema, Columns } from "../collections/frame/schema-types.js";
import { compressionOf, readHead, type Compression } from "./compressed.js";
import { cutRecords } from "./cut-records.js";
import { eachRecord, findRagged, recordEnd, withoutBlankLines } from "./csv-records.js";
import { polarsQuote, recordSyntax, type CsvFormat, type CsvPart } from "./csv-part.js";
import { findFiles, type Paths } from "./find-files.js";
import { chosenColumns, unifySchemas } from "./unify-schemas.js";

/** Options of {@link readCsv}. */
export interface ReadCsvOptions {
  /** Only these columns. */
  readonly columns?: readonly string[];
  /** One character: "," unless given. */
  readonly delimiter?: string;
  /** The first record holds the column names: true unless given. Without it they are column_1, column_2, ... */
  readonly header?: boolean;
  /** '"' unless given; null where quotes mean nothing, which also saves the pass that looks for quoted newlines. */
  readonly quoteChar?: string | null;
  /** Types of columns, in place of what the first rows suggest. */
  readonly schema?: Readonly<Record<string, DTypeLike>>;
  /** Texts that mean null, in every column or by column; an empty field always does. */
  readonly nullValues?: string | readonly string[] | Readonly<Record<string, string>>;
  /** Columns whose first rows look like dates become dates. */
  readonly tryParseDates?: boolean;
  /** Rows from which types are inferred: 1,000 unless given. */
  readonly inferRows?: number;
  /** A file is split into parts of about this size: 16 MiB unless given. Compressed files are one partition each. */
  readonly partitionBytes?: number;
  readonly signal?: AbortSignal;
}

const SAMPLE_BYTES = 2 ** 20;

/**
 * CSV files as a frame. Now only the first rows of each file are read, for names and types; a file of several partitions
 * is also scanned once for quotes, so that no quoted newline is cut (`quoteChar: null` saves that). A partition is a range
 * of bytes of one file, parsed where it is needed; frames that descend from one reader parse it once, and only the columns
 * that any of them needs. gzip and zstd content is recognised. Row counts are unknown.
 *
 * @typeParam S what the compiler is to know of the columns: `readCsv<{ fare: number; city: string }>(...)`; it is not checked
 *   against the files
 * @param paths a file, a folder, a glob, or a list of them
 * @throws FileError for a missing file; DataError for files whose columns differ, and, when it runs, for a record with
 *   too many or too few fields or a value of another type, naming file and line
 */
export async function readCsv<S extends Columns = AnySchema>(
  paths: Paths,
  options: ReadCsvOptions = {},
): Promise<DistributedDataFrame<S>> {
  const owner = "readCsv";
  const syntax = checkOptions(owner, options);
  const files: CsvFile[] = [];
  for (const path of findFiles(owner, paths, [".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst"])) {
    throwIfAborted(options.signal, owner);
    files.push(await openFile(owner, path, syntax, options));
  }
  const merged = unifySchemas(owner, files, true);
  for (const name of Object.keys(options.schema ?? {}))
    if (!(name in merged)) throw unknownColumn(`${owner}: schema`, name, Object.keys(merged));
  const columns = chosenColumns(owner, merged, options.columns);
  const parts: CsvPart[] = [];
  for (const file of files) {
    const schema = Object.fromEntries(Object.keys(file.schema).map((name) => [name, merged[name] as string]));
    const order = Object.keys(schema).join("\0") === columns.join("\0") ? null : columns;
    const common = {
      format: "csv",
      path: file.path,
      compression: file.compression,
      schema,
      order,
      syntax,
      columns: null,
    } as const;
    if (file.compression !== null) parts.push({ ...common, start: 0, end: 0, header: options.header ?? true });
    else
      for (const [start, end] of await ranges(file, syntax, options))
        parts.push({ ...common, start, end, header: false });
  }
  const label = `${owner}(${show(files.length === 1 ? basename(files[0]?.path ?? "") : `${basename(files[0]?.path ?? "")} and ${files.length - 1} more`)})`;
  const bytes = files.reduce((sum, file) => sum + file.bytes * (file.compression === null ? 1 : 4), 0);
  const chosen = Object.fromEntries(columns.map((name) => [name, merged[name] as string]));
  const source = {
    kind: "reader",
    label,
    partitions: parts.length,
    bytes,
    columnar: false,
    part: (index: number) => parts[index] as CsvPart,
  } as const;
  return new DistributedDataFrame(frameState(source, emptyFrame(chosen, owner), undefined));
}

interface CsvFile {
  readonly path: string;
  readonly bytes: number;
  readonly compression: Compression;
  /** Where the records begin, after the header. */
  readonly start: number;
  readonly schema: FrameSchema;
}

async function openFile(owner: string, path: string, syntax: CsvFormat, options: ReadCsvOptions): Promise<CsvFile> {
  const { size } = statSync(path);
  if (size === 0)
    throw new FileError(`${owner}: ${show(path)} is empty: it has not even a header. Remove it from the list.`, {
      details: { path },
    });
  const compression = compressionOf(path);
  const scan = recordSyntax(syntax);
  const head = await readHead(path, compression, SAMPLE_BYTES);
  // A sample that the file does not end with stops after its last whole record.
  const whole = compression === null ? size <= SAMPLE_BYTES : head.length < SAMPLE_BYTES;
  const header = options.header ?? true;
  const inferRows = options.inferRows ?? 1000;
  let records = 0;
  let end = 0;
  let first = 0;
  eachRecord(head, scan, (record) => {
    if (records === 0) first = record.start;
    if (record.end >= head.length && !whole) return false;
    end = Math.min(head.length, record.end + 2);
    records += 1;
    return records <= inferRows;
  });
  // `end` may sit one byte into the next record where lines end in a bare newline.
  const sample = head.subarray(0, head[end - 1] === 10 || end === head.length ? end : end - 1);
  const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const start = header ? Math.max(0, recordEnd(head, first, false, scan.quote)) : bom;
  if (header && start === 0 && !whole)
    throw new FileError(
      `${owner}: ${show(path)} has no end of line in its first ${SAMPLE_BYTES} bytes. Is it a CSV file?`,
      { details: { path } },
    );
  const schema = infer(owner, path, sample, syntax, options);
  return { path, bytes: size, compression, start: header && start === 0 ? size : start, schema };
}

function infer(owner: string, path: string, sample: Buffer, syntax: CsvFormat, options: ReadCsvOptions): FrameSchema {
  let frame;
  try {
    const clean = recordWidth(sample, syntax) > 1 ? withoutBlankLines(sample, recordSyntax(syntax)) : sample;
    frame = polars().readCSV(clean, {
      sep: syntax.delimiter,
      quoteChar: polarsQuote(syntax),
      hasHeader: options.header ?? true,
      tryParseDates: syntax.tryParseDates,
      inferSchemaLength: options.inferRows ?? 1000,
      ignoreErrors: true,
      truncateRaggedLines: false,
      raiseIfEmpty: false,
      ...(syntax.nullValues === null ? {} : { nullValues: syntax.nullValues as string[] }),
    });
  } catch (cause) {
    const first = recordWidth(sample, syntax);
    const ragged = findRagged(sample, recordSyntax(syntax), first);
    if (ragged) {
      throw new DataError(
        `${owner}: ${show(path)}, line ${ragged.line + 1} has ${ragged.fields} field(s); the first line has ${first}. Mend the line, or set delimiter and quoteChar if they are not as the file has them.`,
        { cause, details: { path, row: ragged.line } },
      );
    }
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new FileError(
      `${owner}: ${show(path)} cannot be read as CSV: ${reason}. Check delimiter, quoteChar and header.`,
      { cause, details: { path } },
    );
  }
  const schema: Record<string, string> = { ...schemaOf(frame) };
  for (const [name, dtype] of Object.entries(options.schema ?? {}))
    if (name in schema) schema[name] = dtypeName(dtypeOf(dtype, owner));
  return schema;
}

function recordWidth(bytes: Buffer, syntax: CsvFormat): number {
  let fields = 0;
  eachRecord(bytes, recordSyntax(syntax), (record) => {
    fields = record.fields;
    return false;
  });
  return fields;
}

async function ranges(file: CsvFile, syntax: CsvFormat, options: ReadCsvOptions): Promise<[number, number][]> {
  const size = options.partitionBytes ?? 16 * 2 ** 20;
  const content = file.bytes - file.start;
  const count = Math.max(1, Math.ceil(content / size));
  const wanted = Array.from({ length: count - 1 }, (_, i) => file.start + Math.round(((i + 1) * content) / count));
  const cuts =
    wanted.length === 0 ? [] : await cutRecords(file.path, wanted, recordSyntax(syntax).quote, options.signal);
  const edges = [file.start, ...cuts.filter((cut) => cut > file.start && cut < file.bytes), file.bytes];
  return edges.slice(1).map((end, i): [number, number] => [edges[i] ?? 0, end]);
}

function checkOptions(owner: string, options: ReadCsvOptions): CsvFormat {
  const { delimiter = ",", quoteChar = '"', nullValues, tryParseDates = false, partitionBytes, inferRows } = options;
  if (typeof delimiter !== "string" || Buffer.byteLength(delimiter) !== 1)
    throw new ParameterError(`${owner}: delimiter must be one ASCII character; got ${show(delimiter)}.`);
  if (quoteChar !== null && (typeof quoteChar !== "string" || Buffer.byteLength(quoteChar) !== 1)) {
    throw new ParameterError(`${owner}: quoteChar must be one ASCII character or null; got ${show(quoteChar)}.`);
  }
  for (const [name, value] of Object.entries({ partitionBytes, inferRows })) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1))
      throw new ParameterError(`${owner}: ${name} must be an integer >= 1; got ${show(value)}.`);
  }
  const nulls =
    nullValues === undefined
      ? null
      : typeof nullValues === "string"
        ? [nullValues]
        : (nullValues as readonly string[] | Readonly<Record<string, string>>);
  return { delimiter, quoteChar, nullValues: nulls, tryParseDates };
}
