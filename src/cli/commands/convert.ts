import { readFile, rename, writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { DataError, FileError, ParameterError, show } from "../../base/errors.js";
import type { EstimatorJson } from "../../estimator/estimator.js";
import { estimatorFromJSON, type AnyEstimator } from "../../estimator/registry.js";
import { loadModel } from "../../persistence/load-model.js";
import { loadKinds } from "../../persistence/kind-loaders.js";
import { exportJavaScript, exportOnnx } from "../../exchange/index.js";
import { saveModel } from "../../persistence/save-model.js";
import type { CliContext } from "../cli-command.js";

const EXAMPLES = `
Formats, by the ending of the names:
  .partwise   one checked file, what fit writes
  .json       the same model as readable JSON, without golden rows and sketch
  .json, .ubj, .txt   to read: a model that XGBoost (JSON, UBJ) or LightGBM (text) wrote
  .onnx       what predict computes, for ONNX runtimes; cannot be read back
  .js, .mjs   the same as one JavaScript module without dependencies; cannot be read back

Examples:
  partwise convert late.partwise late.json
  partwise convert late.json late.partwise
  partwise convert xgboost.ubj late.partwise
  partwise convert late.partwise late.onnx`;

/** `partwise convert`: a model in another format. */
export function configure(command: Command, context: CliContext): void {
  command
    .description("Writes a model in another format, by the ending of the names.")
    .argument("<from>", "the model to read")
    .argument("<to>", "the file to write")
    .option("--json", "print {kind, from, to} as JSON")
    .addHelpText("after", EXAMPLES)
    .action(async (from: string, to: string, flags: { readonly json?: true }) => {
      const model = await read(from);
      await write(model, to);
      context.out(
        flags.json ? `${JSON.stringify({ kind: model.kind, from, to })}\n` : `${model.kind} written to ${to}\n`,
      );
    });
}

const ending = (path: string): string => /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";

const READABLE: ReadonlySet<string> = new Set(["json", "ubj", "txt"]);

async function read(path: string): Promise<AnyEstimator> {
  if (ending(path) === "partwise") return loadModel(path);
  if (!READABLE.has(ending(path))) throw unknownFormat(path, READ);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileError(`convert: cannot read ${show(path)}: ${(cause as Error).message}. Check the path.`, { cause });
  }
  const { foreignLibraryOf, fromLightGBM, fromXGBoost } = await import("../../../models/boosting/read-foreign.js");
  const library = foreignLibraryOf(bytes);
  if (library) return library === "XGBoost" ? fromXGBoost(bytes) : fromLightGBM(bytes);
  if (ending(path) !== "json")
    throw new DataError(`convert: ${show(path)} holds no model of XGBoost's or LightGBM's. Check what wrote it.`);
  let json: EstimatorJson;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as EstimatorJson;
  } catch (cause) {
    throw new DataError(`convert: ${show(path)} is not JSON: ${(cause as Error).message}`, { cause });
  }
  await loadKinds();
  return estimatorFromJSON(json);
}

async function write(model: AnyEstimator, path: string): Promise<void> {
  if (ending(path) === "partwise") {
    await saveModel(model, path);
    return;
  }
  if (ending(path) === "onnx") {
    await exportOnnx(model, path);
    return;
  }
  if (ending(path) === "js" || ending(path) === "mjs") {
    await exportJavaScript(model, path);
    return;
  }
  if (ending(path) !== "json") throw unknownFormat(path, WRITTEN);
  try {
    await writeFile(`${path}.writing`, `${JSON.stringify(model)}\n`);
    await rename(`${path}.writing`, path);
  } catch (cause) {
    throw new FileError(`convert: cannot write ${show(path)}: ${(cause as Error).message}.`, { cause });
  }
}

const READ = ".partwise, .json, .ubj or .txt";
const WRITTEN = ".partwise, .json, .onnx, .js or .mjs";

function unknownFormat(path: string, known: string): ParameterError {
  return new ParameterError(`convert: ${show(path)} ends in no format that is known here. End it in ${known}.`);
}
