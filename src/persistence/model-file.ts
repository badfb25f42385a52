import { open, type FileHandle } from "node:fs/promises";
import { DataError, FileError, show } from "../base/errors.js";
import { isPlainObject, type Plain, type PlainRecord } from "../base/plain.js";
import type { EstimatorJson } from "../estimator/estimator.js";
import { isErrno } from "../io/file-error.js";
import { asGoldenRows, type GoldenRows } from "./golden-rows.js";
import { readContainer } from "./read-container.js";

/** A model file's content, checked for form; the estimator itself is still plain data. */
export interface ModelFile {
  /** Version of partwise that wrote it. */
  readonly library: string;
  readonly model: EstimatorJson;
  readonly input: ModelInput;
  readonly golden: GoldenRows | undefined;
  /** What the training data looked like, where the file was saved with them. */
  readonly sketch: PlainRecord | undefined;
  readonly metrics: Readonly<Record<string, number>>;
  readonly metadata: PlainRecord;
}

/** The columns that a model takes. */
export interface ModelInput {
  readonly nFeatures: number;
  readonly names: readonly string[] | undefined;
  /** Column types in the order of the names, where a sample showed them. */
  readonly dtypes: readonly string[] | undefined;
  readonly trainingRows: number | undefined;
}

/** Reads and checks a file; makes no estimator. @throws FileError, DataError saying what is wrong with it */
export async function readModelFile(path: string): Promise<ModelFile> {
  if (typeof path !== "string" || path === "")
    throw new DataError(`loadModel: the path must be a file's name; got ${show(path)}.`);
  const name = `loadModel(${show(path)})`;
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    return asModelFile(await readContainer(file, name), name);
  } catch (cause) {
    if (!isErrno(cause)) throw cause;
    const reason =
      cause.code === "ENOENT"
        ? "there is no such file"
        : cause.code === "EISDIR"
          ? "it is a folder"
          : cause.code === "EACCES"
            ? "permission denied"
            : cause.message;
    throw new FileError(`loadModel: cannot read ${show(path)}: ${reason}. Check the path.`, {
      cause,
      details: { path },
    });
  } finally {
    await file?.close();
  }
}

function asModelFile(content: PlainRecord, name: string): ModelFile {
  const fail = (what: string): never => {
    throw new DataError(`${name}: ${what}. The file is damaged; save the model again.`);
  };
  const { library, model, input, golden, sketch, metrics, metadata } = content;
  if (typeof library !== "string") fail("it does not say which version wrote it");
  if (!isPlainObject(model) || typeof model["kind"] !== "string" || typeof model["version"] !== "number")
    fail("it names no estimator");
  if (!isPlainObject(input) || !isCount(input["nFeatures"])) fail("it does not say which columns the model takes");
  for (const list of ["names", "dtypes"]) {
    const given: Plain = (input as PlainRecord)[list];
    const isText =
      given === null || given === undefined || (Array.isArray(given) && given.every((one) => typeof one === "string"));
    if (!isText) fail(`its column ${list} are not text`);
  }
  return {
    library: library as string,
    model: model as unknown as EstimatorJson,
    input: {
      nFeatures: (input as PlainRecord)["nFeatures"] as number,
      names: ((input as PlainRecord)["names"] ?? undefined) as string[] | undefined,
      dtypes: ((input as PlainRecord)["dtypes"] ?? undefined) as string[] | undefined,
      trainingRows: ((input as PlainRecord)["trainingRows"] ?? undefined) as number | undefined,
    },
    golden: golden === null || golden === undefined ? undefined : asGoldenRows(name, golden),
    sketch: isPlainObject(sketch) ? (sketch as PlainRecord) : undefined,
    metrics: (isPlainObject(metrics) ? metrics : {}) as Readonly<Record<string, number>>,
    metadata: (isPlainObject(metadata) ? metadata : {}) as PlainRecord,
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
