import { ParameterError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { DTypeLike } from "../collections/frame/frame-types.js";
import type { RunOptions } from "../collections/plan-run.js";
import type { Engine } from "../engine/engine.js";
import type { AnyEstimator } from "../estimator/registry.js";
import type { DriftThresholds } from "./drift.js";
import type { ScoreOutput } from "./record-model.js";
import { SCORE_COMPRESSIONS, SCORE_FORMATS, type ScoreCompression, type ScoreFormat } from "./score-format.js";
import type { TableSink } from "./sinks/table-sink.js";

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
  /** Of Parquet parts: "zstd" unless given (the smallest files), "snappy" or "lz4" (half the time to write), "uncompressed". */
  readonly compression?: ScoreCompression;
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

/** @throws ParameterError naming the option that is not what it should be */
export function checkScoreOptions(owner: string, options: ScoreDatasetOptions): void {
  const { output, format, batchRows, badRows, deadlineSeconds, driftRows } = options;
  if (typeof output !== "string" || output === "")
    throw new ParameterError(`${owner}: output must be a folder's name; got ${show(output)}.`);
  if (format !== undefined && !SCORE_FORMATS.includes(format))
    throw new ParameterError(`${owner}: format must be one of ${SCORE_FORMATS.join(", ")}; got ${show(format)}.`);
  const { compression } = options;
  if (compression !== undefined && !SCORE_COMPRESSIONS.includes(compression))
    throw new ParameterError(
      `${owner}: compression must be one of ${SCORE_COMPRESSIONS.join(", ")}; got ${show(compression)}.`,
    );
  if (compression !== undefined && (format ?? "parquet") !== "parquet")
    throw new ParameterError(
      `${owner}: compression is for Parquet parts; got the format ${show(format)}. Leave compression out.`,
    );
  for (const [name, value] of [
    ["batchRows", batchRows],
    ["driftRows", driftRows],
  ] as const)
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new ParameterError(`${owner}: ${name} must be a positive integer; got ${show(value)}.`);
  if (options.into !== undefined && (format ?? "parquet") !== "parquet")
    throw new ParameterError(`${owner}: into takes Parquet parts; got the format ${show(format)}. Leave format out.`);
  if (options.into !== undefined && typeof options.into?.open !== "function")
    throw new ParameterError(
      `${owner}: into must be what duckdbSink or postgresSink returns; got ${show(options.into)}.`,
    );
  if (badRows !== undefined && !(Number.isInteger(badRows.limit) && badRows.limit >= 0))
    throw new ParameterError(`${owner}: badRows.limit must be an integer >= 0; got ${show(badRows.limit)}.`);
  if (deadlineSeconds !== undefined && !(deadlineSeconds > 0))
    throw new ParameterError(`${owner}: deadlineSeconds must be > 0; got ${show(deadlineSeconds)}.`);
}
