import { FileError, show } from "../base/errors.js";
import { polars, type PolarsFrame, type PolarsLazyFrame } from "../collections/frame/polars.js";
import { countNewlines } from "./csv-records.js";
import { readRange, unpack, type Compression } from "./compressed.js";

/** Bytes [start, end) of a file with one JSON object a line, cut between lines. */
export interface NdjsonPart {
  readonly format: "ndjson";
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly compression: Compression;
  /** An empty frame (Arrow IPC) with the columns of the whole. */
  readonly schema: Uint8Array;
  /** The columns to keep; null means all. */
  readonly columns: readonly string[] | null;
}

/**
 * Parses a part. A key that a line lacks is null; values are cast to the types of the schema.
 * @throws FileError naming file and line for a line that is not JSON
 */
export function openNdjson(part: NdjsonPart): PolarsLazyFrame {
  const pl = polars();
  const bytes = part.compression === null ? readRange(part.path, part.start, part.end) : unpack(part.path, part.compression);
  const empty = pl.readIPC(Buffer.from(part.schema));
  if (bytes.length === 0) return empty.lazy();
  const frame = parseNdjson(bytes, part.path, () => (part.start === 0 ? 0 : countNewlines(readRange(part.path, 0, part.start))));
  const present = new Set(frame.columns);
  const wanted = Object.entries(empty.schema).filter(([name]) => !part.columns || part.columns.includes(name));
  const columns = wanted.map(([name, dtype]) =>
    present.has(name) ? pl.col(name).cast(dtype as never, true) : pl.lit(null).cast(dtype as never).alias(name),
  );
  return frame.lazy().select(columns);
}

/** Lines of JSON objects as a frame. `linesBefore` is asked only to name the line of an error. */
export function parseNdjson(bytes: Buffer, path: string, linesBefore: () => number): PolarsFrame {
  try {
    return polars().readJSON(bytes, { format: "lines", inferSchemaLength: null });
  } catch (cause) {
    let line = 0;
    for (const text of bytes.toString().split("\n")) {
      line += 1;
      if (text.trim() === "" || isObject(text)) continue;
      throw new FileError(`readNdjson: ${show(path)}, line ${linesBefore() + line} is not a JSON object: ${show(text)}. Mend the line.`, { cause, details: { path } });
    }
    throw cause;
  }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
