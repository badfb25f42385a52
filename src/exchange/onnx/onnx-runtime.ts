import type { TensorType } from "./onnx-file.js";
import { importModule, noModule, tryModule, type ImportModule } from "../optional-module.js";

/** Packages that run ONNX models. */
export type OnnxRuntimeName = "onnxruntime-node" | "onnxruntime-web";

/** A tensor of the runtime. */
export interface OrtTensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number | bigint | string | boolean>;
}

/** A session of the runtime. */
export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>, fetches: readonly string[]): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

/** As much of both packages as is used; they have the same interface. */
interface OrtModule {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly Tensor: new (type: TensorType, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly env: { readonly wasm?: { numThreads?: number }; logLevel?: string };
}

/** A runtime that is loaded. */
export interface OnnxRuntime {
  readonly name: OnnxRuntimeName;
  /** Why the faster one is not used; undefined where it is, or was not asked for. */
  readonly instead: string | undefined;
  tensor(type: TensorType, data: unknown, dims: readonly number[]): OrtTensor;
  open(bytes: Uint8Array): Promise<OrtSession>;
}

const NAMES: readonly OnnxRuntimeName[] = ["onnxruntime-node", "onnxruntime-web"];

/**
 * The runtime to use: onnxruntime-node where it can be loaded, else onnxruntime-web (WebAssembly). Each thread that scores
 * has its own, with one thread: the engine's workers are the parallelism.
 *
 * @throws PartwiseError naming what was tried when there is none
 */
export async function loadOnnxRuntime(
  owner: string,
  wanted: OnnxRuntimeName | "auto",
  load: ImportModule = importModule,
): Promise<OnnxRuntime> {
  const reasons: Record<string, string> = {};
  for (const name of wanted === "auto" ? NAMES : [wanted]) {
    const tried = await tryModule(name, load);
    if ("reason" in tried) {
      reasons[name] = tried.reason;
      continue;
    }
    return runtimeOf(name, tried.module as OrtModule, reasons["onnxruntime-node"]);
  }
  throw noModule(owner, reasons, wanted === "auto" ? "onnxruntime-node" : wanted);
}

function runtimeOf(name: OnnxRuntimeName, ort: OrtModule, instead: string | undefined): OnnxRuntime {
  // Errors are thrown; what the runtime prints beside them is noise.
  ort.env.logLevel = "fatal";
  if (ort.env.wasm) ort.env.wasm.numThreads = 1;
  return {
    name,
    instead,
    tensor: (type, data, dims) => new ort.Tensor(type, data, dims),
    open: (bytes) =>
      ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 }),
  };
}
