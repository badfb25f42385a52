import { DataError, PartwiseError, show } from "../base/errors.js";
import { estimatorFromJSON, registeredKinds, type AnyEstimator } from "../estimator/registry.js";
import { verifyGoldenRows } from "./golden-rows.js";
import { loadKinds } from "./kind-loaders.js";
import { kindsIn } from "./kinds-in.js";
import { readModelFile, type ModelFile } from "./model-file.js";

/** Options of {@link loadModel}. */
export interface LoadOptions {
  /** Asks the model the golden rows of its file and compares the answers; true unless given. A few milliseconds. */
  readonly verify?: boolean;
  /**
   * Modules that functions in the file may come from (a FunctionTransformer's `{ module, export }`), by their exact names;
   * none unless given, because a file must not decide what code runs.
   */
  readonly trustModules?: readonly string[];
}

/**
 * The model of a file that `saveModel` wrote, ready to predict. Runs no code from the file: it holds data alone, a kind
 * that this program does not know is refused by name, and so is a version that is newer. Sizes and the checksum are
 * checked before anything is believed; then the model answers the file's golden rows, and has to answer as it did.
 *
 * @throws FileError when it cannot be read, DataError when it is foreign, cut short, changed, of a newer version, of an
 * unknown kind, or answers otherwise than when it was saved
 *
 * @example
 * ```ts
 * const model = await loadModel<LogisticRegression>("late.partwise");
 * const late = await model.predict([[1.5, 2]]);
 * ```
 */
export async function loadModel<M = AnyEstimator>(path: string, options: LoadOptions = {}): Promise<M> {
  return (await modelOf(await readModelFile(path), `loadModel(${show(path)})`, options)) as M;
}

/** The estimator of a file's content. */
export async function modelOf(file: ModelFile, name: string, options: LoadOptions = {}): Promise<AnyEstimator> {
  const untrusted = modulesIn(file.model).find((module) => !options.trustModules?.includes(module));
  if (untrusted !== undefined)
    throw new DataError(
      `${name}: its ${file.model.kind} calls a function of the module ${show(untrusted)}. ` +
        `If you trust that module, pass { trustModules: [${show(untrusted)}] }.`,
    );
  if (kindsIn(file.model).some((kind) => !registeredKinds().includes(kind))) await loadKinds();
  try {
    const model = estimatorFromJSON(file.model);
    if (file.golden && options.verify !== false) await verifyGoldenRows(name, model, file.golden);
    return model;
  } catch (error) {
    if (error instanceof PartwiseError) throw error;
    // Whatever a class trips over in a state that it did not write.
    throw new DataError(
      `${name}: the ${show(file.model.kind)} in it cannot be restored: ${error instanceof Error ? error.message : String(error)}. ` +
        "The file is damaged; save the model again.",
      { cause: error },
    );
  }
}

/** Modules whose functions the model's data name. */
function modulesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(modulesIn);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  const own = value as Record<string, unknown>;
  const module = typeof own["module"] === "string" && typeof own["export"] === "string" ? [own["module"]] : [];
  return [...module, ...Object.values(own).flatMap(modulesIn)];
}
