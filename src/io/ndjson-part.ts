import { FileError, show } from "../base/errors.js";
import { schemaOf } from "../collections/frame/frame-types.js";
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
  const bytes =
    part.compression === null ? readRange(part.path, part.start, part.end) : unpack(part.path, part.compression);
  const empty = pl.readIPC(Buffer.from(part.schema));
  if (bytes.length === 0) return empty.lazy();
  const frame = parseNdjson(bytes, part.path, () =>
    part.start === 0 ? 0 : countNewlines(readRange(part.path, 0, part.start)),
  );
  const wanted = empty.columns.filter((name) => !part.columns || part.columns.includes(name));
  const [have, want] = [schemaOf(frame), schemaOf(empty)];
  const shared = wanted.filter((name) => name in have);
  // Polars' binding cannot name the fields of a struct: such a column keeps the type it was read with.
  const casts = shared.map((name) =>
    have[name] === want[name] ? pl.col(name) : pl.col(name).cast(empty.schema[name] as never, true),
  );
  const typed = frame.select(...casts);
  const filled =
    shared.length === wanted.length ? typed : pl.concat([empty.select(...wanted), typed], { how: "diagonal" });
  return filled.select(...wanted).lazy();
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
      throw new FileError(
        `readNdjson: ${show(path)}, line ${linesBefore() + line} is not a JSON object: ${show(text)}. Mend the line.`,
        { cause, details: { path } },
      );
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
