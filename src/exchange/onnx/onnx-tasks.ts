import { DataError, PartwiseError, show } from "../../base/errors.js";
import { stack } from "../../collections/frame/frame-task.js";
import type { PolarsFrame } from "../../collections/frame/polars.js";
import { inBatches } from "../in-batches.js";
import { assertSame, contentHash, readForeign } from "../foreign-model.js";
import { KeptResources } from "../kept-resources.js";
import { outputFrame, tensorData, type BoundInput, type BoundOutput } from "../tensor-columns.js";
import { readOnnx } from "./onnx-file.js";
import {
  loadOnnxRuntime,
  type OnnxRuntime,
  type OnnxRuntimeName,
  type OrtSession,
  type OrtTensor,
} from "./onnx-runtime.js";

/** What a worker has to know to run a model. */
export interface OnnxArgs {
  readonly owner: string;
  readonly path: string;
  readonly hash: string;
  readonly runtime: OnnxRuntimeName;
  readonly inputs: readonly BoundInput[];
  readonly outputs: readonly BoundOutput[];
  /** Rows that every run must have; undefined where the file leaves it open. */
  readonly fixedRows: number | undefined;
}

interface OpenModel {
  readonly runtime: OnnxRuntime;
  readonly session: OrtSession;
}

// A worker scores with one model, perhaps with two at once; each may be large.
const open = new KeptResources<OpenModel>(4, ({ session }) => session.release());

/** `predict` of `scoreDataset`: the outputs of one batch. */
export function predict(batch: PolarsFrame, _loaded: unknown, info: { readonly args: OnnxArgs }): Promise<PolarsFrame> {
  return runBatch(info.args, batch);
}

/** The outputs of one partition, batch by batch. */
export function predictPartition(
  frame: PolarsFrame,
  { args }: { readonly args: OnnxArgs & { readonly batchRows: number } },
): Promise<PolarsFrame> {
  return inBatches(frame, args.batchRows, (batch) => runBatch(args, batch));
}

/** The outputs of a batch of any size, an empty one included. */
async function runBatch(args: OnnxArgs, batch: PolarsFrame): Promise<PolarsFrame> {
  const { fixedRows, outputs, owner } = args;
  if (batch.height === 0) return outputFrame(owner, outputs, emptyTensors(outputs), 0);
  if (fixedRows === undefined || batch.height === fixedRows) {
    const tensors = await runTensors(args, batch, batch.height);
    return outputFrame(owner, outputs, tensors, batch.height);
  }
  const parts: PolarsFrame[] = [];
  for (let from = 0; from < batch.height; from += fixedRows) {
    const rows = Math.min(fixedRows, batch.height - from);
    const piece = batch.slice(from, rows);
    // The last one is filled up with its last row, and cut again.
    const fill = Array.from({ length: fixedRows - rows }, () => piece.slice(rows - 1, 1));
    const tensors = await runTensors(args, stack([piece, ...fill]), fixedRows);
    parts.push(outputFrame(owner, outputs, tensors, fixedRows).slice(0, rows));
  }
  return stack(parts);
}

/** Runs the session over a frame. @throws DataError with the runtime's reason when it refuses */
export async function runTensors(args: OnnxArgs, frame: PolarsFrame, rows: number): Promise<Record<string, OrtTensor>> {
  const { owner, inputs, outputs } = args;
  const data = inputs.map((input) => tensorData(owner, input, frame));
  return open.use(
    `${args.runtime} ${args.hash}`,
    () => openSession(args),
    async ({ runtime, session }) => {
      try {
        const feeds = inputs.map((input, i) => {
          const values = data[i] as { readonly length: number };
          const inner = input.shape.slice(1);
          const dims = input.shape.length === 0 ? [] : [rows, ...closed(inner, values.length / rows)];
          return [input.name, runtime.tensor(input.type, values, dims)] as const;
        });
        return await session.run(
          Object.fromEntries(feeds),
          outputs.map(({ output }) => output),
        );
      } catch (cause) {
        throw new DataError(
          `${owner}: ${runtime.name} failed on a batch of ${rows} rows: ${(cause as Error).message}`,
          {
            cause,
          },
        );
      }
    },
  );
}

/** Inner sizes with an open one computed from the number of columns. */
function closed(inner: readonly number[], width: number): number[] {
  const known = inner.filter((size) => size >= 0).reduce((product, size) => product * size, 1);
  return inner.map((size) => (size >= 0 ? size : width / known));
}

async function openSession({ owner, path, hash, runtime: name }: OnnxArgs): Promise<OpenModel> {
  const bytes = await readForeign(owner, path);
  assertSame(owner, path, hash, contentHash(bytes));
  const runtime = await loadOnnxRuntime(owner, name);
  try {
    return { runtime, session: await runtime.open(readOnnx(owner, bytes).bytes) };
  } catch (cause) {
    if (cause instanceof PartwiseError) throw cause;
    throw new DataError(
      `${owner}: ${runtime.name} cannot open ${show(path)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause, details: { path } },
    );
  }
}

function emptyTensors(outputs: readonly BoundOutput[]): Record<string, OrtTensor> {
  return Object.fromEntries(
    outputs.map(({ output, type, names }) => [output, { type, dims: [0, names.length], data: EMPTY[type] }]),
  );
}

const EMPTY = {
  float32: new Float32Array(),
  float64: new Float64Array(),
  int64: new BigInt64Array(),
  int32: new Int32Array(),
  int16: new Int16Array(),
  int8: new Int8Array(),
  uint8: new Uint8Array(),
  bool: new Uint8Array(),
  string: [],
} as const;
