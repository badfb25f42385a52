import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { DataError, FileError, ParameterError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { FunctionModel, WithScoring } from "../inference/score-options.js";

/** Rows that a runtime sees at once in `predict`; what it makes in between is a few times as large. */
const BATCH_ROWS = 65_536;

/** How a foreign model runs in workers. */
export interface ForeignParts {
  /** The module whose `predict` takes batches and whose `predictPartition` takes partitions. */
  readonly module: string;
  readonly args: { readonly owner: string; readonly [name: string]: Plain };
  readonly columns: readonly string[] | undefined;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * A model that another library trained and runs: as `model` of `scoreDataset`, or by itself. Each worker thread opens the
 * file once, knows it by the hash of its content, and never stops in the middle of a run.
 */
export class ForeignModel implements WithScoring {
  /** The columns that it takes; undefined for all that the rows have. */
  readonly columns: readonly string[] | undefined;
  /** The columns that it returns, with their types. */
  readonly outputs: Readonly<Record<string, string>>;
  /** How `scoreDataset` runs it. */
  readonly scoring: FunctionModel;
  readonly #owner: string;

  constructor({ module, args, columns, outputs }: ForeignParts) {
    this.columns = columns;
    this.outputs = outputs;
    this.scoring = { module, args, outputs, ...(columns ? { columns } : {}) };
    this.#owner = args.owner;
  }

  /**
   * The model's outputs for these rows, lazily: a frame of the output columns for a frame, an array for an array.
   * @param options `batchRows` how many rows the runtime sees at once; 65,536 unless given
   * @throws DataError for columns that are missing; when computed, for values that do not fit
   */
  predict(X: DistributedDataFrame, options?: { readonly batchRows?: number }): DistributedDataFrame;
  predict(X: DistributedArray, options?: { readonly batchRows?: number }): DistributedArray;
  predict(
    X: DistributedDataFrame | DistributedArray,
    options: { readonly batchRows?: number } = {},
  ): DistributedDataFrame | DistributedArray {
    const { batchRows = BATCH_ROWS } = options;
    if (!(Number.isInteger(batchRows) && batchRows > 0))
      throw new ParameterError(`${this.#owner}: batchRows must be a positive integer; got ${show(batchRows)}.`);
    if (X instanceof DistributedArray) return this.#ofFrame(this.#named(X), batchRows).toArray();
    if (X instanceof DistributedDataFrame) return this.#ofFrame(X, batchRows);
    throw new DataError(
      `${this.#owner}: X must be a frame or a distributed array; got ${show(X)}. Use DistributedDataFrame.fromColumns or DistributedArray.fromRows.`,
    );
  }

  #ofFrame(frame: DistributedDataFrame, batchRows: number): DistributedDataFrame {
    const missing = this.columns?.find((name) => !frame.columns.includes(name));
    if (missing !== undefined)
      throw new DataError(
        `${this.#owner}: the rows have no column ${show(missing)}, which the model takes. They have ${frame.columns.join(", ")}.`,
        { details: { column: missing } },
      );
    const rows = this.columns ? frame.select(...this.columns) : frame;
    return rows.mapPartitions(
      { module: this.scoring.module, export: "predictPartition" },
      { args: { ...(this.scoring.args as object), batchRows }, schema: this.outputs },
    );
  }

  /** The array as a frame of the model's columns: by their names where the array has names, else by place. */
  #named(array: DistributedArray): DistributedDataFrame {
    if (array.names || !this.columns) return DistributedDataFrame.fromArray(array);
    if (array.width !== this.columns.length)
      throw new DataError(
        `${this.#owner}: the array has ${array.width} columns; the model takes ${this.columns.length}: ${this.columns.join(", ")}.`,
      );
    return DistributedDataFrame.fromArray(new DistributedArray({ ...array, names: this.columns }));
  }
}

/** The SHA-256 of a file's content, in hexadecimal. */
export function contentHash(...parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** A model's file. @throws FileError naming the path and what to do */
export async function readForeign(owner: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new FileError(`${owner}: cannot read ${show(path)}: ${(cause as Error).message}. Check the path.`, {
      cause,
      details: { path },
    });
  }
}

/** A file read again in a worker has to be the one that was opened. @throws DataError when it changed */
export function assertSame(owner: string, path: string, hash: string, found: string): void {
  if (hash !== found)
    throw new DataError(
      `${owner}: ${show(path)} has changed since the model was opened. Open it again, or keep files that are in use.`,
      { details: { path } },
    );
}
