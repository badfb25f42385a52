import type { PlainRecord } from "../base/plain.js";
import type { VerbCall } from "../collections/frame/verbs.js";
import type { SealedNumbers } from "../collections/frame/number-frame.js";
import type { PolarsLazyFrame } from "../collections/frame/polars.js";
import type { TaskContext } from "../engine/engine.js";
import { openCsv, type CsvPart } from "./csv-part.js";
import { openIpc, type IpcPart } from "./ipc-part.js";
import { openNdjson, type NdjsonPart } from "./ndjson-part.js";
import { openParquet, type ParquetPart } from "./parquet-part.js";

/** What one partition reads, as plain data. */
export type SourcePart = ParquetPart | CsvPart | NdjsonPart | IpcPart;

/** How each kind of part is opened in a task: one entry a file format. */
const openers: {
  readonly [K in SourcePart["format"]]: (
    part: Extract<SourcePart, { format: K }>,
    verbs: readonly VerbCall[],
    context?: TaskContext,
  ) => PolarsLazyFrame | SealedNumbers;
} = {
  parquet: openParquet,
  csv: openCsv,
  ndjson: openNdjson,
  ipc: openIpc,
};

/**
 * The lazy frame of one part; `verbs` are what will be applied to it, for readers that prune columns themselves. With a
 * task's `context` a reader may return columns of numbers in its memory instead.
 */
export function openSource(
  part: SourcePart,
  verbs: readonly VerbCall[],
  context?: TaskContext,
): PolarsLazyFrame | SealedNumbers {
  return openers[part.format](part as never, verbs, context);
}

/** Parts are plain records; the cast is in one place. */
export function plainPart(part: SourcePart): PlainRecord {
  return part as unknown as PlainRecord;
}
