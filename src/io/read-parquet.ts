import { basename } from "node:path";
import { statSync } from "node:fs";
import { FileError, ParameterError, show } from "../base/errors.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { frameState, type FrameState } from "../collections/frame/frame-state.js";
import { schemaOf } from "../collections/frame/frame-types.js";
import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import type { AnySchema, Columns } from "../collections/frame/schema-types.js";
import { readRange } from "./compressed.js";
import { findFiles, type Paths } from "./find-files.js";
import type { IpcPart } from "./ipc-part.js";
import type { ParquetPart } from "./parquet-part.js";
import { rowGroupRows } from "./parquet-row-groups.js";
import { chosenColumns, unifySchemas } from "./unify-schemas.js";

/** Options of {@link readParquet} and {@link readIpc}. */
export interface ReadColumnsOptions {
  /** Only these columns. */
  readonly columns?: readonly string[];
  /** At least so many partitions; files are split by rows, never joined. About 16 MB each unless given. */
  readonly partitions?: number;
  /**
   * Parquet: end partitions only where row groups end, up to 128 MB of values each. A part of a row group costs nearly what
   * the whole does to read, so this is right for one pass over a file; not together with `partitions`.
   */
  readonly wholeRowGroups?: boolean;
}

const PARTITION_BYTES = 16 * 2 ** 20;
const WHOLE_GROUP_BYTES = 128 * 2 ** 20;

/**
 * Parquet files as a frame. Only metadata is read now; each partition is a range of rows of one file. Verbs that follow
 * directly reach the scan: columns that are not needed are not read, and for partitions that are whole files neither are
 * row groups that a filter rules out.
 *
 * @typeParam S what the compiler is to know of the columns: `readParquet<{ fare: number }>(...)`; it is not checked against
 *   the files
 * @param paths a file, a folder, a glob, or a list of them
 * @throws FileError for a missing, truncated or foreign file, DataError for files whose columns differ
 */
export async function readParquet<S extends Columns = AnySchema>(
  paths: Paths,
  options: ReadColumnsOptions = {},
): Promise<DistributedDataFrame<S>> {
  const pl = polars();
  const state = readColumnar("readParquet", paths, [".parquet", ".pq"], options, "parquet", (path) => {
    checkEnds("readParquet", path, "PAR1", "Parquet");
    return pl.scanParquet(path, { glob: false });
  });
  return new DistributedDataFrame<S>(state);
}

/**
 * Arrow IPC (Feather v2) files as a frame; like {@link readParquet}.
 * @throws FileError for a missing, truncated or foreign file, DataError for files whose columns differ
 */
export async function readIpc<S extends Columns = AnySchema>(
  paths: Paths,
  options: ReadColumnsOptions = {},
): Promise<DistributedDataFrame<S>> {
  const pl = polars();
  const state = readColumnar("readIpc", paths, [".arrow", ".ipc", ".feather"], options, "ipc", (path) => {
    checkEnds("readIpc", path, "ARROW1", "Arrow IPC");
    return pl.scanIPC(path);
  });
  return new DistributedDataFrame<S>(state);
}

interface Opened {
  readonly path: string;
  readonly empty: PolarsFrame;
  readonly rows: number;
}

function readColumnar(
  reader: string,
  paths: Paths,
  extensions: readonly string[],
  options: ReadColumnsOptions,
  format: "parquet" | "ipc",
  scan: (path: string) => import("nodejs-polars").LazyDataFrame,
): FrameState {
  const pl = polars();
  const { partitions: wanted } = options;
  if (wanted !== undefined && (!Number.isInteger(wanted) || wanted < 1)) {
    throw new ParameterError(`${reader}: partitions must be an integer >= 1; got ${show(wanted)}.`);
  }
  const files = findFiles(reader, paths, extensions).map((path): Opened => {
    try {
      const frame = scan(path);
      const rows = Number(frame.select(pl.len().alias("rows")).collectSync().getColumn("rows").get(0));
      return { path, empty: frame.head(0).collectSync(), rows };
    } catch (cause) {
      if (cause instanceof FileError) throw cause;
      const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
      throw new FileError(
        `${reader}: ${show(path)} cannot be read: ${reason}. The file is damaged or not what its name says; get it again.`,
        { cause, details: { path } },
      );
    }
  });
  const owner = `${reader}(${show(label(files))})`;
  const schema = unifySchemas(
    reader,
    files.map(({ path, empty }) => ({ path, schema: schemaOf(empty) })),
    false,
  );
  const columns = chosenColumns(reader, schema, options.columns);
  const total = files.reduce((sum, file) => sum + file.rows, 0);
  const rowBytes = 8 * Object.keys(schema).length;
  const perPart = wanted === undefined ? PARTITION_BYTES / rowBytes : total / wanted;
  const whole = options.wholeRowGroups === true && format === "parquet" && wanted === undefined;
  const parts = files.flatMap((file) => {
    const groups = whole ? rowGroupRows(file.path, statSync(file.path).size) : undefined;
    const lengths =
      groups && groups.reduce((sum, rows) => sum + rows, 0) === file.rows
        ? joinGroups(groups, perPart, WHOLE_GROUP_BYTES / rowBytes)
        : evenLengths(file.rows, perPart);
    return splitFile(file, lengths, columns, format);
  });
  const empty = (files[0] as Opened).empty.select(...columns);
  const bytes = files.reduce((sum, file) => sum + statSync(file.path).size, 0);
  const source = {
    kind: "reader",
    label: owner,
    partitions: parts.length,
    bytes,
    columnar: true,
    part: (index: number) => parts[index] as ParquetPart,
  } as const;
  return frameState(
    source,
    empty,
    parts.map((part) => part.rows),
  );
}

/** About `perPart` rows each, one part at least. */
function evenLengths(rows: number, perPart: number): number[] {
  const count = Math.max(1, Math.round(rows / Math.max(1, perPart)));
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * rows) / count) - Math.floor((i * rows) / count));
}

/** Row groups one after another until a part has `perPart` rows; a group of more than `most` is cut after all. */
function joinGroups(groups: readonly number[], perPart: number, most: number): number[] {
  const lengths: number[] = [];
  let open = 0;
  for (const rows of groups) {
    if (open > 0 && open + rows > perPart) {
      lengths.push(open);
      open = 0;
    }
    if (rows > most) lengths.push(...evenLengths(rows, most));
    else open += rows;
  }
  if (open > 0 || lengths.length === 0) lengths.push(open);
  return lengths;
}

function splitFile(
  file: Opened,
  lengths: readonly number[],
  columns: readonly string[],
  format: "parquet" | "ipc",
): (ParquetPart | IpcPart)[] {
  const same =
    columns.length === file.empty.columns.length && columns.every((name, i) => file.empty.columns[i] === name);
  let offset = 0;
  return lengths.map((rows) => {
    const part = {
      format,
      path: file.path,
      offset,
      rows,
      whole: lengths.length === 1,
      columns: same ? null : columns,
    };
    offset += rows;
    return part;
  });
}

function label(files: readonly Opened[]): string {
  const [first] = files;
  return first === undefined
    ? ""
    : files.length === 1
      ? basename(first.path)
      : `${basename(first.path)} and ${files.length - 1} more`;
}

/** Both formats begin and end with a magic word: a cut file is recognised before Polars panics over it. */
function checkEnds(reader: string, path: string, magic: string, name: string): void {
  const { size } = statSync(path);
  const head = readRange(path, 0, magic.length).toString("latin1");
  const tail = readRange(path, Math.max(0, size - magic.length - 4), size);
  if (head !== magic) {
    throw new FileError(
      `${reader}: ${show(path)} is not a ${name} file: it begins with ${show(head)} instead of ${show(magic)}. Check the path.`,
      { details: { path } },
    );
  }
  const footer = size > magic.length + 4 ? tail.readUInt32LE(0) : 0;
  if (tail.subarray(4).toString("latin1") !== magic || footer + magic.length > size) {
    throw new FileError(`${reader}: ${show(path)} is cut short: its ${name} footer is missing. Get the file again.`, {
      details: { path },
    });
  }
}
