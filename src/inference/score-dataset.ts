import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DataError, show } from "../base/errors.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { openFrame } from "../io/open-frame.js";
import type { DataSketch } from "../persistence/data-sketch.js";
import { addCounts, type DriftCounts } from "./drift-counts.js";
import { driftPage } from "./drift-page.js";
import { driftReport, type DriftReport, type DriftThresholds } from "./drift.js";
import { inputIdentity } from "./input-identity.js";
import { Manifest, type DonePart } from "./manifest.js";
import type { RecordedModel } from "./record-model.js";
import { hashOf, prepareModel } from "./score-model.js";
import { EXTENSIONS } from "./score-format.js";
import { checkScoreOptions, type ScoreDatasetOptions } from "./score-options.js";
import { ScoreRun } from "./score-run.js";
import type { ScoreTaskArgs } from "./score-task.js";
import { writeScores, type TableReport } from "./sinks/write-scores.js";

const OWNER = "scoreDataset";

/** What a scoring run did. */
export interface ScoreReport {
  /** False when the deadline came first. */
  readonly complete: boolean;
  /** The files of all finished partitions, in their order. */
  readonly files: readonly string[];
  readonly rows: number;
  readonly badRows: number;
  readonly partitions: { readonly done: number; readonly total: number; readonly resumed: number };
  readonly bytes: number;
  /** How often a thread had to unpack or load the model; at most once a worker thread. */
  readonly modelLoads: number;
  readonly seconds: number;
  readonly drift: DriftReport | undefined;
  /** What went into the table of `into`. */
  readonly table: TableReport | undefined;
}

/**
 * Scores a data set of any size into files, partition by partition: the columns that the model needs are read, passed to
 * it in batches, and written beside the passthrough columns as `part-00000.parquet` and so on. One pass; memory is a few
 * partitions. The model crosses to each worker once and stays there.
 *
 * Nothing is lost and nothing doubled: each part is written under another name and renamed; a manifest in
 * `_partwise/manifest.ndjson` records it then. A run that failed, was stopped, ran into its deadline or was killed goes
 * on where it stopped when it is called again, and ends with the files it would have made. Another model, input or other
 * options are refused in the same folder, and so is a folder that another run is writing.
 *
 * Rows that the model refuses (a NaN for a linear model, an unknown category) fail the run unless `badRows.limit` allows
 * for them: then they are missing from the parts and listed in `_partwise/bad-rows/part-00000.ndjson` with row, column,
 * reason and values.
 *
 * With a model file that was saved with its training data, the run compares what it scores with them and writes
 * `_partwise/drift.json` and `drift.html`.
 *
 * @throws ParameterError, DataError naming the column, partition and row, FileError for a folder that cannot be used or a
 * full disk; finished partitions stay and count when the run is called again
 *
 * @example
 * ```ts
 * const report = await scoreDataset({
 *   model: "models/late.partwise",
 *   input: "flights/*.parquet",
 *   output: "scored/2026-11-22",
 *   passthrough: ["id"],
 *   badRows: { limit: 100 },
 * });
 * ```
 */
export async function scoreDataset(options: ScoreDatasetOptions): Promise<ScoreReport> {
  const started = performance.now();
  checkScoreOptions(OWNER, options);
  const input =
    typeof options.input === "string" ? await openFrame(OWNER, options.input, { wholeRowGroups: true }) : options.input;
  const { model, sketch } = await prepareModel(OWNER, options, input);
  const passthrough = passthroughOf(options, input, model);
  const needed = neededColumns(input, model, passthrough);
  const frame = needed.length === input.columns.length ? input : input.select(...needed);
  const { format = "parquet", compression = "zstd", batchRows, driftRows = 10_000 } = options;
  const badRowLimit = options.badRows?.limit ?? 0;
  const folder = resolve(options.output);
  const job = {
    model: model.packed.hash,
    input: inputIdentity(input.plan),
    // What does not change the files (batches, limits, deadlines) may differ when a run goes on.
    options: hashOf({
      format,
      passthrough,
      names: model.names,
      ...(compression === "zstd" ? {} : { compression }),
    }),
    partitions: frame.partitions,
  };
  const manifest = Manifest.open(OWNER, folder, job, options.overwrite ? "overwrite" : "resume");
  try {
    const resumed = manifest.done.size;
    const run = new ScoreRun(OWNER, options, frame, manifest, folder, started);
    const outcome = await run.scoreRest(
      (index): ScoreTaskArgs => ({
        owner: OWNER,
        model: model.packed,
        passthrough,
        batchRows,
        badRowLimit,
        path: join(folder, fileName(index, EXTENSIONS[format])),
        badPath: join(folder, "_partwise", "bad-rows", fileName(index, ".ndjson")),
        format,
        compression,
        sketch: sketch?.columns,
        driftRows,
      }),
      model.bytes,
    );
    const parts = [...manifest.done.values()].sort((a, b) => a.partition - b.partition);
    const drift = sketch ? finishDrift(folder, sketch, parts, options.drift || {}) : undefined;
    const table =
      options.into &&
      (await writeScores(
        OWNER,
        options.into,
        parts.map(({ file, partition, rows }) => ({
          // In-memory rows have no identity: their keys are of this folder and run alone.
          key: `${hashOf(job.input === undefined ? { ...job, input: `${folder}/${started}/${process.pid}` } : job)}:${partition}`,
          path: join(folder, file),
          rows,
        })),
        options,
      ));
    const sum = (pick: (part: DonePart) => number): number => parts.reduce((total, part) => total + pick(part), 0);
    return {
      complete: parts.length === frame.partitions,
      files: parts.map(({ file }) => join(folder, file)),
      rows: sum((part) => part.rows),
      badRows: sum((part) => part.badRows),
      partitions: { done: parts.length, total: frame.partitions, resumed },
      bytes: sum((part) => part.bytes),
      modelLoads: outcome.modelLoads,
      seconds: (performance.now() - started) / 1000,
      drift,
      table,
    };
  } finally {
    manifest.close();
  }
}

function passthroughOf(options: ScoreDatasetOptions, input: DistributedDataFrame, model: RecordedModel): string[] {
  const names =
    options.passthrough === undefined || options.passthrough === "all" ? input.columns : options.passthrough;
  const unknown = names.find((name) => !(name in input.schema));
  if (unknown !== undefined)
    throw new DataError(
      `${OWNER}: the input has no column ${show(unknown)} to pass through. It has ${input.columns.join(", ")}.`,
      { details: { column: unknown } },
    );
  const collision = model.names.find((name) => names.includes(name));
  if (collision !== undefined)
    throw new DataError(
      `${OWNER}: the input's column ${show(collision)} has the name of a result. Rename it, or name the columns of \`passthrough\` without it.`,
      { details: { column: collision } },
    );
  return [...names];
}

function neededColumns(input: DistributedDataFrame, model: RecordedModel, passthrough: readonly string[]): string[] {
  const columns = model.packed.columns ?? input.columns;
  const needed = new Set([...columns, ...passthrough]);
  return input.columns.filter((name) => needed.has(name));
}

function finishDrift(
  folder: string,
  sketch: DataSketch,
  parts: readonly DonePart[],
  thresholds: DriftThresholds,
): DriftReport | undefined {
  const counted = parts
    .map((part) => part.drift)
    .filter((drift): drift is readonly DriftCounts[] => drift !== undefined);
  const [first, ...rest] = counted;
  if (!first) return undefined;
  const report = driftReport(sketch, rest.reduce<readonly DriftCounts[]>(addCounts, first), thresholds);
  writeFileSync(join(folder, "_partwise", "drift.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, "_partwise", "drift.html"), driftPage(report));
  if (report.level === "fail") {
    const worst = report.columns.filter((column) => column.level === "fail");
    throw new DataError(
      `${OWNER}: the rows differ from the training data beyond the thresholds: ${worst.map((column) => `${show(column.column)} (${column.reasons.join("; ")})`).join(", ")}. ` +
        `See ${show(join(folder, "_partwise", "drift.html"))}; raise drift's \`fail\` or fit the model again.`,
    );
  }
  return report;
}

function fileName(index: number, extension: string): string {
  return `part-${String(index).padStart(5, "0")}${extension}`;
}
