import { DataError, PartwiseError, show } from "../../base/errors.js";
import type { PolarsFrame } from "../../collections/frame/polars.js";
import { inBatches } from "../in-batches.js";
import { assertSame } from "../foreign-model.js";
import { KeptResources } from "../kept-resources.js";
import { outputFrame, tensorData, type BoundInput, type BoundOutput } from "../tensor-columns.js";
import type { OrtTensor } from "../onnx/onnx-runtime.js";
import { readTfjsFolder } from "./tfjs-folder.js";
import { loadTfjs, type TfjsBackend, type TfModel, type TfModule, type TfTensor } from "./tfjs-runtime.js";

/** What a worker has to know to run a model. */
export interface TfjsArgs {
  readonly owner: string;
  readonly path: string;
  readonly hash: string;
  readonly backend: TfjsBackend;
  readonly inputs: readonly BoundInput[];
  readonly outputs: readonly BoundOutput[];
}

interface OpenModel {
  readonly tf: TfModule;
  readonly model: TfModel;
}

const open = new KeptResources<OpenModel>(4, ({ model }) => model.dispose());

/** `predict` of `scoreDataset`: the outputs of one batch. */
export function predict(batch: PolarsFrame, _loaded: unknown, info: { readonly args: TfjsArgs }): Promise<PolarsFrame> {
  return runBatch(info.args, batch);
}

/** The outputs of one partition, batch by batch. */
export function predictPartition(
  frame: PolarsFrame,
  { args }: { readonly args: TfjsArgs & { readonly batchRows: number } },
): Promise<PolarsFrame> {
  return inBatches(frame, args.batchRows, (batch) => runBatch(args, batch));
}

async function runBatch(args: TfjsArgs, batch: PolarsFrame): Promise<PolarsFrame> {
  const { owner, outputs } = args;
  const tensors = batch.height === 0 ? emptyTensors(outputs) : await runTensors(args, batch, batch.height);
  const named = Object.fromEntries(outputs.map(({ output }, k) => [output, tensors[k] as OrtTensor]));
  return outputFrame(owner, outputs, named, batch.height);
}

/** Runs the model over a frame: its outputs in order, out of tfjs' memory. @throws DataError with the reason when it fails */
export async function runTensors(args: TfjsArgs, frame: PolarsFrame, rows: number): Promise<OrtTensor[]> {
  const { owner, inputs } = args;
  const data = inputs.map((input) => tensorData(owner, input, frame));
  return open.use(
    `${args.backend} ${args.hash}`,
    () => openModel(args),
    async ({ tf, model }) => {
      try {
        // Nothing of a batch stays in tfjs' memory.
        return tf.tidy(() => {
          const fed = inputs.map((input, i) =>
            tf.tensor(data[i] as Float32Array, [rows, ...input.shape.slice(1)], input.type),
          );
          const result = model.predict(fed.length === 1 ? (fed[0] as TfTensor) : fed);
          return (Array.isArray(result) ? result : [result]).map((tensor): OrtTensor => {
            const type = tensor.dtype as "float32" | "int32" | "bool";
            return { type, dims: [...tensor.shape], data: tensor.dataSync() };
          });
        });
      } catch (cause) {
        throw new DataError(
          `${owner}: tfjs (${args.backend}) failed on a batch of ${rows} rows: ${(cause as Error).message}`,
          {
            cause,
          },
        );
      }
    },
  );
}

async function openModel({ owner, path, hash, backend }: TfjsArgs): Promise<OpenModel> {
  const folder = await readTfjsFolder(owner, path);
  assertSame(owner, path, hash, folder.hash);
  const { tf } = await loadTfjs(owner, backend);
  return { tf, model: await openTfModel(owner, path, tf, folder) };
}

/** The model of a folder in this thread's tfjs. @throws DataError when tfjs refuses it */
export async function openTfModel(
  owner: string,
  path: string,
  tf: TfModule,
  { format, artifacts }: { readonly format: "layers" | "graph"; readonly artifacts: object },
): Promise<TfModel> {
  const handler = { load: async () => artifacts };
  try {
    return await (format === "graph" ? tf.loadGraphModel(handler) : tf.loadLayersModel(handler));
  } catch (cause) {
    if (cause instanceof PartwiseError) throw cause;
    throw new DataError(
      `${owner}: tfjs cannot open ${show(path)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, details: { path } },
    );
  }
}

function emptyTensors(outputs: readonly BoundOutput[]): OrtTensor[] {
  return outputs.map(({ type, names }) => ({
    type,
    dims: [0, names.length],
    data: type === "int32" ? new Int32Array() : type === "bool" ? new Uint8Array() : new Float32Array(),
  }));
}
