import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataError, NotFittedError, show } from "../base/errors.js";
import type { PlainRecord } from "../base/plain.js";
import { partwiseVersion } from "../base/version.js";
import type { RunOptions } from "../collections/plan-run.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import type { Engine } from "../engine/engine.js";
import type { AnyEstimator } from "../estimator/registry.js";
import { toRows, type TableInput } from "../estimator/table.js";
import { fileError } from "../io/file-error.js";
import { encodeContainer } from "./container.js";
import { goldenToPlain, makeGoldenRows } from "./golden-rows.js";
import { sketchData } from "./data-sketch.js";

/** What goes into the file beside the model. */
export interface SaveOptions extends RunOptions {
  /**
   * The training data, or rows like them: the first 32 become the golden rows that `loadModel` verifies, and one pass
   * over all of them makes the sketch that guards scoring against drift. Columns that the model does not read are left out.
   */
  readonly data?: TableInput;
  /** Scores to keep with the model. */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Anything else worth keeping, as plain data. */
  readonly metadata?: PlainRecord;
  readonly engine?: Engine;
}

/** What can be saved: estimators, pipelines, searches. */
export type Savable = Pick<AnyEstimator, "kind" | "isFitted" | "toPlain" | "nFeatures" | "featureNames">;

/** What {@link saveModel} wrote. */
export interface SavedModel {
  readonly path: string;
  readonly bytes: number;
  /** Golden rows in the file; 0 where none could be made (pass `data`). */
  readonly goldenRows: number;
  readonly trainingRows: number | undefined;
}

/**
 * Writes a fitted estimator, a whole pipeline or a search with its best estimator into one file: a JSON header (kind,
 * version, parameters, column names and types, training rows, metrics, the library's version) and typed arrays, with a
 * checksum over all. `loadModel` reads it back without running code. The file is written under a temporary name and
 * renamed, so that a reader never sees half of it and a failed save leaves the previous file.
 *
 * Without `data` this starts no pass; with them, one.
 *
 * @throws NotFittedError before fit, DataError for parameters that no file can hold (inline functions), FileError when
 * the file cannot be written
 *
 * @example
 * ```ts
 * await saveModel(model, "models/late.partwise", { data: train, metrics: { auc: 0.71 } });
 * ```
 */
export async function saveModel(savable: Savable, path: string, options: SaveOptions = {}): Promise<SavedModel> {
  const model = savable as AnyEstimator;
  if (typeof path !== "string" || path === "")
    throw new DataError(`saveModel: the path must be a file's name; got ${show(path)}.`);
  if (typeof (model as Partial<AnyEstimator>)?.toPlain !== "function")
    throw new DataError(`saveModel: the first argument must be an estimator; got ${show(model)}.`);
  if (!model.isFitted)
    throw new NotFittedError(
      `saveModel: the ${model.kind} is not fitted yet, so there is nothing to save. Call \`await model.fit(X, y)\` first.`,
    );
  const { data, metrics = {}, metadata = {} } = options;
  const golden = await makeGoldenRows(model, data);
  const sketch = data === undefined ? undefined : await sketchData(frameOf(model, data), options);
  const bytes = encodeContainer({
    library: partwiseVersion(),
    model: model.toPlain() as unknown as PlainRecord,
    input: {
      nFeatures: model.nFeatures,
      names: model.featureNames ?? null,
      dtypes: golden && data !== undefined ? golden.columns.map(({ dtype }) => dtype) : null,
      trainingRows: sketch?.rows ?? null,
    },
    golden: golden ? goldenToPlain(golden) : null,
    sketch: (sketch as unknown as PlainRecord) ?? null,
    metrics,
    metadata,
  });
  await writeWhole(path, bytes);
  return { path, bytes: bytes.byteLength, goldenRows: golden?.rows ?? 0, trainingRows: sketch?.rows };
}

function frameOf(model: AnyEstimator, data: TableInput): DistributedDataFrame {
  const rows = toRows("saveModel", data);
  const frame = rows instanceof DistributedDataFrame ? rows : DistributedDataFrame.fromArray(rows);
  const read = model.featureNames;
  return read && read.every((name) => name in frame.schema) ? frame.select(...read) : frame;
}

/** Writes a file whole or not at all. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}-${process.pid}-${Date.now().toString(36)}`);
  try {
    await mkdir(dirname(target), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (cause) {
    // It may be the folder that is missing; the reason is in `cause`.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError("saveModel", path, cause);
  }
}
