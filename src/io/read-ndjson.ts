import { basename } from "node:path";
import { statSync } from "node:fs";
import { FileError, ParameterError, show, throwIfAborted } from "../base/errors.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { unknownColumn } from "../collections/frame/expressions.js";
import { frameState } from "../collections/frame/frame-state.js";
import { dtypeName, dtypeOf, schemaOf, type DTypeLike, type FrameSchema } from "../collections/frame/frame-types.js";
import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import { frameBytes } from "../collections/frame/live-frame.js";
import type { AnySchema, Columns } from "../collections/frame/schema-types.js";
import { compressionOf, readHead, type Compression } from "./compressed.js";
import { cutRecords } from "./cut-records.js";
import { findFiles, type Paths } from "./find-files.js";
import { parseNdjson, type NdjsonPart } from "./ndjson-part.js";
import { chosenColumns, unifySchemas } from "./unify-schemas.js";

/** Options of {@link readNdjson}. */
export interface ReadNdjsonOptions {
  /** Only these columns. */
  readonly columns?: readonly string[];
  /** Types of columns, in place of what the first lines suggest; names that the first lines lack are added. */
  readonly schema?: Readonly<Record<string, DTypeLike>>;
  /** A file is split into parts of about this size: 16 MiB unless given. Compressed files are one partition each. */
  readonly partitionBytes?: number;
  readonly signal?: AbortSignal;
}

const SAMPLE_BYTES = 2 ** 20;

/**
 * Files with one JSON object a line (NDJSON, JSON Lines) as a frame. Now only the first megabyte of each file is read, for
 * names and types; a key that appears only later has to be named in `schema`. Keys that a line lacks are null. Files may
 * have different keys as long as those they share have one type. gzip and zstd content is recognised.
 *
 * @throws FileError for a missing file or a line that is not a JSON object; DataError for types that differ between files
 */
export async function readNdjson<S extends Columns = AnySchema>(
  paths: Paths,
  options: ReadNdjsonOptions = {},
): Promise<DistributedDataFrame<S>> {
  const owner = "readNdjson";
  const { partitionBytes = 16 * 2 ** 20 } = options;
  if (!Number.isInteger(partitionBytes) || partitionBytes < 1)
    throw new ParameterError(`${owner}: partitionBytes must be an integer >= 1; got ${show(partitionBytes)}.`);
  const given = Object.fromEntries(
    Object.entries(options.schema ?? {}).map(([name, dtype]) => [name, dtypeName(dtypeOf(dtype, owner))]),
  );
  const files: {
    path: string;
    bytes: number;
    compression: Compression;
    schema: FrameSchema;
    empty: PolarsFrame | undefined;
  }[] = [];
  for (const path of findFiles(owner, paths, [
    ".ndjson",
    ".jsonl",
    ".ndjson.gz",
    ".jsonl.gz",
    ".ndjson.zst",
    ".jsonl.zst",
  ])) {
    throwIfAborted(options.signal, owner);
    const bytes = statSync(path).size;
    const compression = compressionOf(path);
    const head = await readHead(path, compression, SAMPLE_BYTES);
    const end = head.length < SAMPLE_BYTES ? head.length : head.lastIndexOf(10) + 1;
    if (end === 0 && bytes > 0)
      throw new FileError(
        `${owner}: ${show(path)} has no end of line in its first ${SAMPLE_BYTES} bytes. Is it NDJSON?`,
        { details: { path } },
      );
    const empty = bytes === 0 ? undefined : parseNdjson(head.subarray(0, end), path, () => 0).head(0);
    files.push({ path, bytes, compression, schema: { ...(empty && schemaOf(empty)), ...given }, empty });
  }
  const names = [...new Set(files.flatMap((file) => Object.keys(file.schema)))];
  // A key that a file lacks is null there: its type is that of the files that have it.
  const typeOf = (name: string): string =>
    files.find((file) => file.schema[name] !== undefined && file.schema[name] !== "Null")?.schema[name] ?? "String";
  const complete = files.map((file) => ({
    path: file.path,
    schema: Object.fromEntries(names.map((name) => [name, known(file.schema[name]) ?? typeOf(name)])),
  }));
  const merged = unifySchemas(owner, complete, true);
  for (const name of Object.keys(options.schema ?? {}))
    if (!(name in merged)) throw unknownColumn(`${owner}: schema`, name, names);
  const columns = chosenColumns(owner, merged, options.columns);
  const pl = polars();
  const series = columns.map((name) => {
    const type = merged[name] as string;
    // A column as it was read, because its type may have fields that its name does not tell.
    const read = files.find(
      (file) => file.empty?.columns.includes(name) && file.schema[name] === type && !(name in given),
    )?.empty;
    return read ? read.getColumn(name) : pl.Series(name, [], dtypeOf(type, owner) as never);
  });
  const empty = pl.DataFrame(series as never);
  const schema = new Uint8Array(frameBytes(empty));
  const parts: NdjsonPart[] = [];
  for (const { path, bytes, compression } of files) {
    const count = compression === null ? Math.max(1, Math.ceil(bytes / partitionBytes)) : 1;
    const wanted = Array.from({ length: count - 1 }, (_, i) => Math.round(((i + 1) * bytes) / count));
    // Newlines inside JSON strings are escaped: every one ends a line.
    const cuts = wanted.length === 0 ? [] : await cutRecords(path, wanted, -1, options.signal);
    const edges = [0, ...cuts.filter((cut) => cut < bytes), bytes];
    for (const [i, end] of edges.slice(1).entries())
      parts.push({ format: "ndjson", path, start: edges[i] ?? 0, end, compression, schema, columns: null });
  }
  const [first] = files;
  const label = `${owner}(${show(files.length === 1 ? basename(first?.path ?? "") : `${basename(first?.path ?? "")} and ${files.length - 1} more`)})`;
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const source = {
    kind: "reader",
    label,
    partitions: parts.length,
    bytes: total,
    columnar: false,
    part: (index: number) => parts[index] as NdjsonPart,
  } as const;
  return new DistributedDataFrame(frameState(source, empty, undefined));
}

function known(type: string | undefined): string | undefined {
  return type === "Null" ? undefined : type;
}
