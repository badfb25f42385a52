import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { abortedError, DataError, ParameterError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { chooseEngine } from "../collections/choose-engine.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { emptyFrame, type DTypeLike, dtypeName } from "../collections/frame/frame-types.js";
import { PlanRun, type RunOptions } from "../collections/plan-run.js";
import type { Engine, FnRef } from "../engine/engine.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { openFrame } from "../io/open-frame.js";
import type { DataSketch } from "../persistence/data-sketch.js";
import { modelOf } from "../persistence/load-model.js";
import { readModelFile } from "../persistence/model-file.js";
import { addCounts, type DriftCounts } from "./drift-counts.js";
import { driftPage } from "./drift-page.js";
import { driftReport, type DriftReport, type DriftThresholds } from "./drift.js";
import { inputIdentity } from "./input-identity.js";
import { Manifest, type DonePart } from "./manifest.js";
import { recordModel, type RecordedModel, type ScoreOutput } from "./record-model.js";
import type { TableSink } from "./sinks/table-sink.js";
import { writeScores, type TableReport } from "./sinks/write-scores.js";
import { PACKED_TASK, SCORE_TASK, type PartResult, type ScoreFormat, type ScoreTaskArgs } from "./score-task.js";

const OWNER = "scoreDataset";

/** Any function as a model: loaded once a worker, called with batches. */
export interface FunctionModel {
  /** The module's URL (`import.meta.url`), path or package name; not the program itself. */
  readonly module: string;
  /** Name of the exported `predict(batch: PolarsFrame, loaded, { args, partition, row })`; "predict" unless given. It returns columns by name or a Polars frame. */
  readonly predict?: string;
  /** Name of an exported `load(args)` whose (awaited) result `predict` gets; called once in each worker thread. */
  readonly load?: string;
  /** Plain data for both. */
  readonly args?: Plain;
  /** The columns that it takes; all unless given. */
  readonly columns?: readonly string[];
  /** The columns that it returns, with their types. */
  readonly outputs: Readonly<Record<string, DTypeLike>>;
}

/** A model that says itself which function scores it: what `onnxModel` and its like return. */
export interface WithScoring {
  readonly scoring: FunctionModel;
}

/** Options of {@link scoreDataset}. */
export interface ScoreDatasetOptions extends RunOptions {
  /** A fitted estimator, the path of a file that `saveModel` wrote, a model of another library (`onnxModel`), or a function. */
  readonly model: AnyEstimator | string | FunctionModel | WithScoring;
  /** A frame, or files: a path, folder or glob that ends in .parquet, .csv, .ndjson, .jsonl, .arrow or .ipc. */
  readonly input: DistributedDataFrame | string;
  /** The folder of the parts; made when it is not there. */
  readonly output: string;
  readonly format?: ScoreFormat;
  /**
   * A table that gets the rows besides, once all parts are there (or those that a deadline left time for): `duckdbSink` or
   * `postgresSink`. Each part is one transaction with its key, so that calling a killed run again doubles nothing. Parquet only.
   */
  readonly into?: TableSink;
  /** What an estimator is asked; unless given, predict and, where it has them, class probabilities. */
  readonly outputs?: readonly ScoreOutput[];
  /** Input columns that go to the output beside the results; "all" unless given. */
  readonly passthrough?: readonly string[] | "all";
  /** Rows that the model sees at once; unless given 16,384 for an estimator that takes numbers only, else 65,536. */
  readonly batchRows?: number;
  /** How many rows in all may be set aside in `_partwise/bad-rows` because the model refuses them; 0 unless given: the first one fails the run. */
  readonly badRows?: { readonly limit: number };
  /** Replace what an earlier run left in the folder, instead of going on where it stopped. */
  readonly overwrite?: boolean;
  /** After so many seconds the run ends with what is done; calling it again goes on. */
  readonly deadlineSeconds?: number;
  /** Thresholds of the drift guard, for a model file that was saved with its training data; false for none. */
  readonly drift?: DriftThresholds | false;
  /** Rows of each partition that the drift guard counts; 10,000 unless given. */
  readonly driftRows?: number;
  /** Modules that functions in a model file may come from; see `loadModel`. */
  readonly trustModules?: readonly string[];
  readonly engine?: Engine;
}

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
  checkOptions(options);
  const input =
    typeof options.input === "string" ? await openFrame(OWNER, options.input, { wholeRowGroups: true }) : options.input;
  const { model, sketch } = await prepareModel(options, input);
  const passthrough = passthroughOf(options, input, model);
  const needed = neededColumns(input, model, passthrough);
  const frame = needed.length === input.columns.length ? input : input.select(...needed);
  const { format = "parquet", batchRows, driftRows = 10_000 } = options;
  const badRowLimit = options.badRows?.limit ?? 0;
  const folder = resolve(options.output);
  const job = {
    model: model.packed.hash,
    input: inputIdentity(input.plan),
    // What does not change the files (batches, limits, deadlines) may differ when a run goes on.
    options: hashOf({ format, passthrough, names: model.names }),
    partitions: frame.partitions,
  };
  const manifest = Manifest.open(OWNER, folder, job, options.overwrite ? "overwrite" : "resume");
  try {
    const resumed = manifest.done.size;
    const run = new ScoreRun(options, frame, manifest, folder, started);
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

const EXTENSIONS = { parquet: ".parquet", csv: ".csv", ndjson: ".ndjson", ipc: ".arrow" } as const;

/** The partitions that are left, as one graph of tasks. */
class ScoreRun {
  constructor(
    readonly options: ScoreDatasetOptions,
    readonly frame: DistributedDataFrame,
    readonly manifest: Manifest,
    readonly folder: string,
    readonly started: number,
  ) {}

  async scoreRest(
    argsOf: (index: number) => ScoreTaskArgs,
    bytes: Uint8Array,
  ): Promise<{ readonly modelLoads: number }> {
    const { plan, partitions } = this.frame;
    const left = Array.from({ length: partitions }, (_, i) => i).filter((i) => !this.manifest.done.has(i));
    if (left.length === 0) return { modelLoads: 0 };
    const engine = this.options.engine ?? chooseEngine([plan]);
    const run = new PlanRun(engine);
    const model = run.add(PACKED_TASK, { bytes }, []);
    const keys = new Map<string, number>();
    for (const index of left) {
      const rows = await run.key(plan, index);
      keys.set(run.add(SCORE_TASK, argsOf(index) as unknown as Plain, [rows, model], { index, of: OWNER }), index);
    }
    const stop = new AbortController();
    const { signal, deadlineSeconds } = this.options;
    const onAbort = (): void => stop.abort(signal?.reason);
    if (signal?.aborted) throw abortedError(signal, OWNER);
    signal?.addEventListener("abort", onAbort, { once: true });
    let late = false;
    const timer =
      deadlineSeconds === undefined
        ? undefined
        : setTimeout(
            () => {
              late = true;
              stop.abort(new DataError(`${OWNER}: the deadline of ${deadlineSeconds} s is over.`));
            },
            Math.max(0, deadlineSeconds * 1000 - (performance.now() - this.started)),
          );
    let modelLoads = 0;
    let failure: Error | undefined;
    try {
      await run.submit([...keys.keys()], stop.signal);
      // All of them are waited for, so that no thread still writes when the lock is given back.
      await Promise.all(
        [...keys].map(async ([key, index]) => {
          const [status] = await engine.wait([key]);
          if (status?.state === "done") {
            const [result] = (await engine.get([key])) as unknown as PartResult[];
            modelLoads += Number(result?.modelLoaded);
            this.#finish(index, argsOf(index), result as PartResult);
            if (this.#badRows() > (this.options.badRows?.limit ?? 0)) failure ??= this.#tooManyBadRows();
          } else if (status?.state === "failed") failure ??= status.error ?? new DataError(`${OWNER}: ${key} failed.`);
          if (failure && !stop.signal.aborted) stop.abort(failure);
          engine.release([key]);
        }),
      );
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      engine.release([...keys.keys()]);
    }
    if (failure) throw failure;
    if (signal?.aborted) throw abortedError(signal, OWNER);
    // Neither failed nor aborted by the caller: what is missing now was cut off by the deadline.
    if (this.manifest.done.size < partitions && !late)
      throw new DataError(`${OWNER}: some partitions were not scored.`);
    return { modelLoads };
  }

  #finish(index: number, args: ScoreTaskArgs, { rows, bytes, badRows, drift }: PartResult): void {
    this.manifest.add({
      partition: index,
      file: relative(this.folder, args.path),
      rows,
      bytes,
      badRows,
      ...(drift ? { drift } : {}),
    });
    const done = this.manifest.done.size;
    const all = [...this.manifest.done.values()].reduce((sum, part) => sum + part.rows, 0);
    const seconds = (performance.now() - this.started) / 1000;
    this.options.onProgress?.({
      stage: OWNER,
      done,
      total: this.frame.partitions,
      detail: {
        rows: all,
        rowsPerSecond: all / seconds,
        secondsLeft: (seconds / done) * (this.frame.partitions - done),
      },
    });
  }

  #badRows(): number {
    return [...this.manifest.done.values()].reduce((sum, part) => sum + part.badRows, 0);
  }

  #tooManyBadRows(): DataError {
    return new DataError(
      `${OWNER}: ${this.#badRows()} rows could not be scored; badRows.limit is ${this.options.badRows?.limit ?? 0}. ` +
        `They are listed in ${show(join(this.folder, "_partwise", "bad-rows"))}. Mend the data, or raise the limit and call it again.`,
    );
  }
}

interface PreparedModel {
  readonly model: RecordedModel;
  readonly sketch: DataSketch | undefined;
}

async function prepareModel(options: ScoreDatasetOptions, input: DistributedDataFrame): Promise<PreparedModel> {
  const { outputs } = options;
  const model = isScoring(options.model) ? options.model.scoring : options.model;
  if (typeof model === "string") {
    const file = await readModelFile(model);
    const estimator = await modelOf(
      file,
      `${OWNER}: model ${show(model)}`,
      options.trustModules === undefined ? {} : { trustModules: options.trustModules },
    );
    const sketch = options.drift === false ? undefined : (file.sketch as unknown as DataSketch | undefined);
    return { model: recordModel(OWNER, estimator, input.schema, outputs), sketch };
  }
  if (isFunctionModel(model)) return { model: functionModel(model, input), sketch: undefined };
  if (typeof (model as Partial<AnyEstimator>)?.toPlain !== "function")
    throw new ParameterError(
      `${OWNER}: model must be a fitted estimator, the path of a model file, or { module, outputs }; got ${show(model)}.`,
    );
  return { model: recordModel(OWNER, model, input.schema, outputs), sketch: undefined };
}

function isScoring(model: ScoreDatasetOptions["model"]): model is WithScoring {
  return typeof (model as Partial<WithScoring>)?.scoring?.module === "string";
}

function isFunctionModel(model: AnyEstimator | FunctionModel): model is FunctionModel {
  return typeof (model as Partial<FunctionModel>)?.module === "string";
}

function functionModel(model: FunctionModel, input: DistributedDataFrame): RecordedModel {
  const names = Object.keys(model.outputs ?? {});
  if (names.length === 0)
    throw new ParameterError(
      `${OWNER}: model.outputs must name the columns that the function returns, with their types.`,
    );
  emptyFrame(model.outputs, OWNER);
  const unknown = model.columns?.find((name) => !(name in input.schema));
  if (unknown !== undefined)
    throw new DataError(
      `${OWNER}: the input has no column ${show(unknown)}, which model.columns names. It has ${input.columns.join(", ")}.`,
      { details: { column: unknown } },
    );
  const ref = (name: string): FnRef => ({ module: model.module, export: name });
  const packed = {
    kind: "function" as const,
    columns: model.columns,
    load: model.load === undefined ? undefined : ref(model.load),
    predict: ref(model.predict ?? "predict"),
    args: model.args,
    schema: Object.fromEntries(Object.entries(model.outputs).map(([name, dtype]) => [name, dtypeName(dtype)])),
  };
  return { packed: { ...packed, hash: hashOf(packed) }, bytes: new Uint8Array(), names };
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

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function checkOptions(options: ScoreDatasetOptions): void {
  const { output, format, batchRows, badRows, deadlineSeconds, driftRows } = options;
  if (typeof output !== "string" || output === "")
    throw new ParameterError(`${OWNER}: output must be a folder's name; got ${show(output)}.`);
  if (format !== undefined && !(format in EXTENSIONS))
    throw new ParameterError(
      `${OWNER}: format must be one of ${Object.keys(EXTENSIONS).join(", ")}; got ${show(format)}.`,
    );
  for (const [name, value] of [
    ["batchRows", batchRows],
    ["driftRows", driftRows],
  ] as const)
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new ParameterError(`${OWNER}: ${name} must be a positive integer; got ${show(value)}.`);
  if (options.into !== undefined && (format ?? "parquet") !== "parquet")
    throw new ParameterError(`${OWNER}: into takes Parquet parts; got the format ${show(format)}. Leave format out.`);
  if (options.into !== undefined && typeof options.into?.open !== "function")
    throw new ParameterError(
      `${OWNER}: into must be what duckdbSink or postgresSink returns; got ${show(options.into)}.`,
    );
  if (badRows !== undefined && !(Number.isInteger(badRows.limit) && badRows.limit >= 0))
    throw new ParameterError(`${OWNER}: badRows.limit must be an integer >= 0; got ${show(badRows.limit)}.`);
  if (deadlineSeconds !== undefined && !(deadlineSeconds > 0))
    throw new ParameterError(`${OWNER}: deadlineSeconds must be > 0; got ${show(deadlineSeconds)}.`);
}
