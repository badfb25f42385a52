import { readFile } from "node:fs/promises";
import { DataError, FileError, ParameterError, show } from "../../src/base/errors.js";
import { isPlainObject } from "../../src/base/plain.js";
import type { Label } from "../../src/estimator/labels.js";
import { readLightGBM } from "../../src/numeric/trees/formats/lightgbm-reader.js";
import type { ForeignTrees } from "../../src/numeric/trees/formats/foreign-trees.js";
import { readUbjson } from "../../src/numeric/trees/formats/ubjson.js";
import { readXGBoost } from "../../src/numeric/trees/formats/xgboost-reader.js";
import { ImportedTreesClassifier, ImportedTreesRegressor } from "./imported-trees.js";

/** Options of {@link fromXGBoost} and {@link fromLightGBM}. */
export interface ForeignModelOptions {
  /** Labels of the classes in the library's order, which numbers them from 0; those numbers unless given. */
  readonly classes?: readonly Label[];
  /** Names of the columns; those of the file unless given. */
  readonly featureNames?: readonly string[];
}

/**
 * A model of XGBoost (1.6 to 3), from a JSON or UBJ file that `save_model` wrote, its bytes, or the object in its JSON.
 * Boosters `gbtree` and `dart` with categorical splits; all rounds count, as in `Booster.predict`. Values are compared as
 * XGBoost does, after rounding to float32. Runs no code from the file.
 *
 * @throws FileError when the file cannot be read; DataError for damaged files, `gblinear`, trees with vector leaves, and
 * objectives of survival or of users
 */
export async function fromXGBoost(
  source: string | URL | Uint8Array | object,
  options: ForeignModelOptions = {},
): Promise<ImportedTreesClassifier | ImportedTreesRegressor> {
  const owner = "fromXGBoost";
  if (isPlainObject(source)) return modelOf(owner, readXGBoost(owner, source), options);
  const bytes = await bytesOf(owner, source as string | URL | Uint8Array);
  return modelOf(owner, readXGBoost(owner, jsonOrUbjson(owner, bytes)), options);
}

/**
 * A model of LightGBM (3 to 4), from the text file that `save_model` wrote, or its bytes. Boosting gbdt, dart, goss and rf,
 * with categorical splits and all kinds of missing values; all rounds of the file count. Runs no code from the file.
 *
 * @throws FileError when the file cannot be read; DataError for damaged files, linear trees, and objectives that are not
 * known
 */
export async function fromLightGBM(
  source: string | URL | Uint8Array,
  options: ForeignModelOptions = {},
): Promise<ImportedTreesClassifier | ImportedTreesRegressor> {
  const owner = "fromLightGBM";
  return modelOf(owner, readLightGBM(owner, new TextDecoder().decode(await bytesOf(owner, source))), options);
}

/** The library whose model the bytes are, or undefined. */
export function foreignLibraryOf(bytes: Uint8Array): "XGBoost" | "LightGBM" | undefined {
  const start = new TextDecoder().decode(bytes.subarray(0, 64));
  if (/^tree\r?\n/.test(start)) return "LightGBM";
  return /^\s*\{\s*"learner"/.test(start) ||
    /^\{L[^]{8}(learner|version)/.test(start) ||
    /^\s*\{\s*"version"\s*:\s*\[/.test(start)
    ? "XGBoost"
    : undefined;
}

async function bytesOf(owner: string, source: string | URL | Uint8Array): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  try {
    return await readFile(source);
  } catch (cause) {
    throw new FileError(`${owner}: cannot read ${show(String(source))}: ${(cause as Error).message}. Check the path.`, {
      cause,
    });
  }
}

function jsonOrUbjson(owner: string, bytes: Uint8Array): unknown {
  // The key of a UBJ object starts with the type of its length, that of a JSON object with a quote or a space.
  if (bytes[0] === 0x7b && "iUIlL#$".includes(String.fromCharCode(bytes[1] ?? 0))) return readUbjson(owner, bytes);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new DataError(
      `${owner}: the file is neither JSON nor UBJ: ${(cause as Error).message}. Save the model with save_model("model.json"); XGBoost's old binary format is not read.`,
      { cause },
    );
  }
}

function modelOf(
  owner: string,
  foreign: ForeignTrees,
  { classes, featureNames }: ForeignModelOptions,
): ImportedTreesClassifier | ImportedTreesRegressor {
  if (featureNames && featureNames.length !== foreign.nFeatures)
    throw new ParameterError(
      `${owner}: featureNames has ${featureNames.length} names, and the model ${foreign.nFeatures} columns.`,
    );
  const named = featureNames ? { ...foreign, featureNames } : foreign;
  if (foreign.task === "regressor") {
    if (classes)
      throw new ParameterError(`${owner}: the model (${foreign.objective}) is no classifier. Leave classes out.`);
    return new ImportedTreesRegressor().take(named);
  }
  const count = Math.max(2, foreign.trees.outputs ?? 1);
  if (classes && (classes.length !== count || new Set(classes).size !== count))
    throw new ParameterError(
      `${owner}: classes has ${classes.length} labels, and the model ${count} classes. Name each once.`,
    );
  return new ImportedTreesClassifier().take(named, classes ?? Array.from({ length: count }, (_, k) => k));
}
