import { createHash } from "node:crypto";
import { DataError, ParameterError, show } from "../base/errors.js";
import type { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { dtypeName, emptyFrame } from "../collections/frame/frame-types.js";
import type { FnRef } from "../engine/engine.js";
import type { AnyEstimator } from "../estimator/registry.js";
import type { DataSketch } from "../persistence/data-sketch.js";
import { modelOf } from "../persistence/load-model.js";
import { readModelFile } from "../persistence/model-file.js";
import { recordModel, type RecordedModel } from "./record-model.js";
import type { FunctionModel, ScoreDatasetOptions, WithScoring } from "./score-options.js";

/** A model that is ready to be sent to workers. */
export interface PreparedModel {
  readonly model: RecordedModel;
  readonly sketch: DataSketch | undefined;
}

/**
 * Whatever `model` was given as, recorded for these columns.
 * @throws ParameterError for what is no model, DataError for one that does not fit the input
 */
export async function prepareModel(
  owner: string,
  options: ScoreDatasetOptions,
  input: DistributedDataFrame,
): Promise<PreparedModel> {
  const { outputs } = options;
  const model = isScoring(options.model) ? options.model.scoring : options.model;
  if (typeof model === "string") {
    const file = await readModelFile(model);
    const estimator = await modelOf(
      file,
      `${owner}: model ${show(model)}`,
      options.trustModules === undefined ? {} : { trustModules: options.trustModules },
    );
    const sketch = options.drift === false ? undefined : (file.sketch as unknown as DataSketch | undefined);
    return { model: recordModel(owner, estimator, input.schema, outputs), sketch };
  }
  if (isFunctionModel(model)) return { model: functionModel(owner, model, input), sketch: undefined };
  if (typeof (model as Partial<AnyEstimator>)?.toPlain !== "function")
    throw new ParameterError(
      `${owner}: model must be a fitted estimator, the path of a model file, or { module, outputs }; got ${show(model)}.`,
    );
  return { model: recordModel(owner, model, input.schema, outputs), sketch: undefined };
}

function isScoring(model: ScoreDatasetOptions["model"]): model is WithScoring {
  return typeof (model as Partial<WithScoring>)?.scoring?.module === "string";
}

function isFunctionModel(model: AnyEstimator | FunctionModel): model is FunctionModel {
  return typeof (model as Partial<FunctionModel>)?.module === "string";
}

function functionModel(owner: string, model: FunctionModel, input: DistributedDataFrame): RecordedModel {
  const names = Object.keys(model.outputs ?? {});
  if (names.length === 0)
    throw new ParameterError(
      `${owner}: model.outputs must name the columns that the function returns, with their types.`,
    );
  emptyFrame(model.outputs, owner);
  const unknown = model.columns?.find((name) => !(name in input.schema));
  if (unknown !== undefined)
    throw new DataError(
      `${owner}: the input has no column ${show(unknown)}, which model.columns names. It has ${input.columns.join(", ")}.`,
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

/** A digest of plain data. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
