import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { importModule, noModule, tryModule, type ImportModule } from "../optional-module.js";

/** What runs tfjs models: TensorFlow's own library, WebAssembly, or plain JavaScript. */
export type TfjsBackend = "tensorflow" | "wasm" | "cpu";

/** A tensor of tfjs. */
export interface TfTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  dataSync(): Float32Array | Int32Array | Uint8Array;
  dispose(): void;
}

/** A symbolic input of a model. */
export interface TfInput {
  readonly name: string;
  readonly shape?: readonly (number | null)[] | undefined;
  readonly dtype: string;
}

/** A layers or graph model. */
export interface TfModel {
  readonly inputs: readonly TfInput[];
  readonly outputs: readonly { readonly name: string }[];
  predict(x: TfTensor | readonly TfTensor[]): TfTensor | TfTensor[];
  dispose(): void;
}

/** A tensor whose values can be replaced. */
export interface TfVariable extends TfTensor {
  readonly name: string;
  assign(values: TfTensor): void;
}

/** A layer of a layers model. */
export interface TfLayer {
  readonly name: string;
  /** Of layers that draw numbers. */
  seed?: number;
  /** Of models within models. */
  readonly layers?: readonly TfLayer[];
  /** Of wrappers. */
  readonly layer?: TfLayer;
  getClassName(): string;
  getConfig(): Readonly<Record<string, unknown>>;
}

/** A layers model, as training needs it. */
export interface TfLayersModel extends TfModel {
  readonly layers: readonly TfLayer[];
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly (number | null)[];
    readonly sourceLayer: TfLayer;
  }[];
  readonly weights: readonly { readonly name: string; read(): TfVariable }[];
  readonly trainableWeights: readonly { readonly name: string; read(): TfVariable }[];
  apply(x: TfTensor, options: { readonly training: boolean }): TfTensor | TfTensor[];
  /** Penalties that the layers declare themselves. */
  calculateLosses(): TfTensor[];
}

/** Gradients by the names of their variables. */
export type TfGradients = Readonly<Record<string, TfTensor>>;

/** Takes steps along gradients. */
export interface TfOptimizer {
  applyGradients(gradients: TfGradients): void;
  /** The number of steps (a new tensor), then what is kept of each variable (the optimizer's own). */
  getWeights(): Promise<{ readonly name: string; readonly tensor: TfTensor }[]>;
  setWeights(weights: readonly { readonly name: string; readonly tensor: TfTensor }[]): Promise<void>;
  dispose(): void;
}

/** As much of tfjs as scoring uses. */
export interface TfModule {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  getBackend(): string;
  tidy<T>(work: () => T): T;
  tensor(values: Float32Array | Int32Array | Uint8Array, shape: readonly number[], dtype?: string): TfTensor;
  memory(): { readonly numTensors: number };
  loadLayersModel(handler: TfHandler): Promise<TfLayersModel>;
  loadGraphModel(handler: TfHandler): Promise<TfModel>;
  enableProdMode(): void;
}

/** As much of tfjs as training uses. */
export interface TfTraining extends TfModule {
  readonly train: {
    adam(learningRate: number): TfOptimizer;
    sgd(learningRate: number): TfOptimizer;
    rmsprop(learningRate: number): TfOptimizer;
  };
  variableGrads(
    work: () => TfTensor,
    variables: readonly TfVariable[],
  ): { readonly value: TfTensor; readonly grads: TfGradients };
  add(a: TfTensor, b: TfTensor): TfTensor;
  sub(a: TfTensor | number, b: TfTensor): TfTensor;
  mul(a: TfTensor | number, b: TfTensor): TfTensor;
  neg(x: TfTensor): TfTensor;
  log(x: TfTensor): TfTensor;
  square(x: TfTensor): TfTensor;
  sum(x: TfTensor, axis?: number): TfTensor;
  concat(tensors: readonly TfTensor[], axis: number): TfTensor;
  zerosLike(x: TfTensor): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  clipByValue(x: TfTensor, low: number, high: number): TfTensor;
  logSoftmax(x: TfTensor): TfTensor;
}

/** Where tfjs takes a model from. */
export interface TfHandler {
  load(): Promise<object>;
}

/** tfjs with its backend set. */
export interface TfjsRuntime {
  readonly tf: TfModule;
  readonly backend: TfjsBackend;
  /** Why the faster ones are not used, by package. */
  readonly reasons: Readonly<Record<string, string>>;
}

/**
 * tfjs with the fastest backend that can be loaded: `@tensorflow/tfjs-node`, else `@tensorflow/tfjs` with
 * `@tensorflow/tfjs-backend-wasm` (one thread: the engine's workers are the parallelism), else `@tensorflow/tfjs` alone.
 *
 * @throws PartwiseError naming what was tried when there is none
 */
export async function loadTfjs(
  owner: string,
  wanted: TfjsBackend | "auto",
  load: ImportModule = importModule,
): Promise<TfjsRuntime> {
  const reasons: Record<string, string> = {};
  const from = async (name: string): Promise<unknown> => {
    const tried = await tryModule(name, load);
    if ("module" in tried) return tried.module;
    reasons[name] = tried.reason;
    return undefined;
  };
  if (wanted === "tensorflow" || wanted === "auto") {
    const native = (await from("@tensorflow/tfjs-node")) as TfModule | undefined;
    if (native) {
      await native.ready();
      return { tf: native, backend: "tensorflow", reasons };
    }
    if (wanted === "tensorflow") throw noModule(owner, reasons, "@tensorflow/tfjs-node");
  }
  const tf = (await from("@tensorflow/tfjs")) as TfModule | undefined;
  if (!tf) throw noModule(owner, reasons, "@tensorflow/tfjs @tensorflow/tfjs-backend-wasm");
  // Without it tfjs advertises its native package on the console; the FallbackWarning says what there is to say.
  tf.enableProdMode();
  if (wanted !== "cpu") {
    const wasm = (await from("@tensorflow/tfjs-backend-wasm")) as WasmBackend | undefined;
    if (wasm && (await startWasm(tf, wasm, reasons))) return { tf, backend: "wasm", reasons };
    if (wanted === "wasm") throw noModule(owner, reasons, "@tensorflow/tfjs-backend-wasm");
  }
  await tf.setBackend("cpu");
  return { tf, backend: "cpu", reasons };
}

interface WasmBackend {
  setWasmPaths(folder: string): void;
  setThreadsCount(threads: number): void;
}

async function startWasm(tf: TfModule, wasm: WasmBackend, reasons: Record<string, string>): Promise<boolean> {
  const name = "@tensorflow/tfjs-backend-wasm";
  try {
    if (tf.getBackend() === "wasm") return true;
    // Beside the package's own modules; it looks for them in the working directory otherwise.
    const main = createRequire(import.meta.url).resolve(name);
    wasm.setWasmPaths(join(dirname(main), "..", "wasm-out") + sep);
    wasm.setThreadsCount(1);
    return await tf.setBackend("wasm");
  } catch (cause) {
    reasons[name] = cause instanceof Error ? cause.message : String(cause);
    return false;
  }
}
