import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { DataError, PartwiseError } from "../base/errors.js";
import { frameIn } from "../collections/frame/live-frame.js";
import { polars, type PolarsFrame } from "../collections/frame/polars.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { TaskMemory } from "../engine/task-memory.js";
import { fileError } from "../io/file-error.js";
import type { Column } from "../memory/column.js";
import type { ColumnSketch } from "../persistence/data-sketch.js";
import { countAgainst, type DriftCounts } from "./drift-counts.js";
import type { ModelRows } from "./model-rows.js";
import type { ScoreCompression, ScoreFormat } from "./score-format.js";
import { modelFor, type BatchResult, type PackedModel, type ScoringModel } from "./scoring-model.js";

/** Arguments of {@link scoreTask}. */
export interface ScoreTaskArgs {
  readonly owner: string;
  readonly model: PackedModel;
  /** Columns that go to the output as they are. */
  readonly passthrough: readonly string[];
  /** Undefined for what suits the model. */
  readonly batchRows: number | undefined;
  /** Rows that may be set aside in this partition; 0 fails at the first. */
  readonly badRowLimit: number;
  readonly path: string;
  readonly badPath: string;
  readonly format: ScoreFormat;
  /** Of Parquet. */
  readonly compression: ScoreCompression;
  readonly sketch?: readonly ColumnSketch[] | undefined;
  readonly driftRows: number;
}

/** A row that could not be scored. `row` counts from 0 within the partition. */
export interface BadRow {
  readonly row: number;
  readonly column: string | number | undefined;
  readonly reason: string;
}

/** What one partition's task reports; the rows are in its file. */
export interface PartResult {
  readonly rows: number;
  readonly bytes: number;
  readonly badRows: number;
  /** Whether this thread had to unpack the model. */
  readonly modelLoaded: boolean;
  readonly drift?: readonly DriftCounts[];
}

/** Names {@link scoreTask} for the engine. */
export const SCORE_TASK = fnRef(import.meta.url, "scoreTask");
/** Names {@link packedTask} for the engine. */
export const PACKED_TASK = fnRef(import.meta.url, "packedTask");

/** The model's bytes in the engine's memory, where every thread of a machine finds them. */
export function packedTask(context: TaskContext, args: { readonly bytes: Uint8Array }): { bytes: Column<"u8"> } {
  return { bytes: context.memory.columnFrom("u8", args.bytes) };
}

/**
 * Scores one partition batch by batch and writes it: first beside its place, then renamed, so that a part is whole or not
 * there.
 */
export async function scoreTask(
  context: TaskContext,
  args: ScoreTaskArgs,
  input: unknown,
  packed: { readonly bytes: Column<"u8"> },
): Promise<PartResult> {
  const { model, fresh } = await modelFor(args.model, () => context.memory.copyOut(packed.bytes) as Uint8Array);
  const { rows, batchRows } = model.open(context, input, args.batchRows);
  const bad: BadRow[] = [];
  const results: BatchResult[] = [];
  const scorer = new BatchScorer(context, args, model, rows, bad);
  // An empty partition is scored too: it has the columns of the others.
  for (let from = 0; from < Math.max(1, rows.rows); from += batchRows) {
    // Copies that Polars made for rows before are given back in a turn of the event loop, and not within one.
    await setImmediate();
    context.throwIfAborted();
    results.push(...(await scorer.score(from, Math.min(batchRows, rows.rows - from))));
  }
  const scored = model.gather(results);
  const frame = frameIn(context, input);
  const kept = bad.length === 0 ? frame : withoutRows(frame, bad);
  const out =
    args.passthrough.length === 0
      ? scored
      : polars().DataFrame([...kept.select(...args.passthrough).getColumns(), ...scored.getColumns()]);
  if (bad.length > 0) writeBadRows(args, frame, bad);
  const bytes = writePart(args, out);
  const drift = args.sketch && countAgainst(context.memory, frame, args.sketch, args.driftRows);
  return { rows: out.height, bytes, badRows: bad.length, modelLoaded: fresh, ...(drift ? { drift } : {}) };
}

/** Scores batches, and sets rows aside that the model refuses while their number is below the limit. */
class BatchScorer {
  constructor(
    readonly context: TaskContext,
    readonly args: ScoreTaskArgs,
    readonly model: ScoringModel,
    readonly rows: ModelRows,
    readonly bad: BadRow[],
  ) {}

  async score(from: number, count: number): Promise<BatchResult[]> {
    try {
      return [await this.#run(from, count)];
    } catch (error) {
      const row = error instanceof DataError ? error.details.row : undefined;
      if (row === undefined || this.args.badRowLimit === 0 || !(row >= 0 && row < count)) throw placed(error, from);
      if (this.bad.length >= this.args.badRowLimit)
        throw new DataError(
          `${this.args.owner}: partition ${this.#partition} has more than ${this.args.badRowLimit} bad rows; the next is row ${from + row}: ` +
            `${(error as Error).message} Raise badRows.limit, or mend the data.`,
          {
            cause: error,
            details: { ...(error as DataError).details, partition: this.#partition, row: from + row },
          },
        );
      this.bad.push({
        row: from + row,
        column: (error as DataError).details.column,
        reason: (error as Error).message,
      });
      // The rows before it may be refused as well: errors do not have to come in the order of rows.
      const before = row === 0 ? [] : await this.score(from, row);
      const after = await this.score(from + row + 1, count - row - 1);
      return [...before, ...after];
    }
  }

  async #run(from: number, count: number): Promise<BatchResult> {
    try {
      const result = await this.model.predict(this.context, this.rows.batch(from, count), count, from);
      if (result.rows !== count)
        throw new DataError(
          `${this.args.owner}: the model returned ${result.rows} rows for the ${count} rows from ${from} of partition ${this.#partition}. Return one for each.`,
        );
      return result;
    } finally {
      // What the batch took in the arenas; its results are copies by now.
      if (this.context.memory instanceof TaskMemory) this.context.memory.freeAllBut(this.rows.held);
    }
  }

  get #partition(): number {
    return this.context.partition?.index ?? 0;
  }
}

/** The same error with the row counted in the partition instead of the batch. */
function placed(error: unknown, firstRow: number): unknown {
  if (!(error instanceof DataError) || error.details.row === undefined || firstRow === 0) return error;
  const { row } = error.details;
  return new DataError(error.message.replace(`row ${row}`, `row ${row + firstRow}`), {
    cause: error.cause,
    details: { ...error.details, row: row + firstRow },
  });
}

function withoutRows(frame: PolarsFrame, bad: readonly BadRow[]): PolarsFrame {
  const gone = new Set(bad.map(({ row }) => row));
  const pl = polars();
  return frame
    .withColumn(
      pl.Series(
        "partwise-keep",
        Array.from({ length: frame.height }, (_, i) => !gone.has(i)),
        pl.Bool,
      ),
    )
    .filter(pl.col("partwise-keep"))
    .drop("partwise-keep");
}

function writePart({ owner, path, format, compression }: ScoreTaskArgs, frame: PolarsFrame): number {
  const bytes = encode(frame, format, compression);
  write(owner, path, bytes);
  return bytes.length;
}

function encode(frame: PolarsFrame, format: ScoreFormat, compression: ScoreCompression): Buffer {
  switch (format) {
    case "parquet":
      return frame.writeParquet({ compression }) as unknown as Buffer;
    case "csv":
      return Buffer.from(frame.writeCSV() as unknown as Uint8Array);
    case "ndjson":
      return Buffer.from(frame.height === 0 ? "" : (frame.writeJSON({ format: "lines" }) as unknown as Uint8Array));
    case "ipc":
      return frame.writeIPC({ compression: "uncompressed" }) as unknown as Buffer;
  }
}

function writeBadRows(args: ScoreTaskArgs, frame: PolarsFrame, bad: readonly BadRow[]): void {
  const lines = [...bad]
    .sort((a, b) => a.row - b.row)
    .map(({ row, column, reason }) => {
      const values = frame.slice(row, 1).toRecords()[0];
      return JSON.stringify({ row, column: column ?? null, reason, values }, jsonValue);
    });
  write(args.owner, args.badPath, Buffer.from(`${lines.join("\n")}\n`));
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function write(owner: string, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.writing`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, bytes, { flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    throw cause instanceof PartwiseError ? cause : fileError(owner, path, cause);
  }
}
