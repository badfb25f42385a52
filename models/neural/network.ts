import { DataError, ParameterError, show } from "../../src/base/errors.js";
import { CounterRng } from "../../src/base/rng.js";
import {
  loadTfjs,
  type TfjsRuntime,
  type TfLayer,
  type TfLayersModel,
  type TfTensor,
  type TfTraining,
  type TfVariable,
} from "../../src/exchange/tfjs/tfjs-runtime.js";
import type { NeuralParams } from "./neural-params.js";

/** tfjs with training, and which backend it runs on. */
export interface NeuralRuntime {
  readonly tf: TfTraining;
  readonly backend: TfjsRuntime["backend"];
}

let runtime: Promise<NeuralRuntime> | undefined;

/** This thread's tfjs, loaded once. @throws PartwiseError with the command to install it */
export function neuralRuntime(owner: string): Promise<NeuralRuntime> {
  runtime ??= loadTfjs(owner, "auto").then(
    ({ tf, backend }) => ({ tf: tf as TfTraining, backend }),
    (error: unknown) => {
      // Another try may find what was installed meanwhile.
      runtime = undefined;
      throw error;
    },
  );
  return runtime;
}

/** The topology that the parameters describe, as text: dense layers, and the user's own as it is. */
export function topologyOf(owner: string, params: NeuralParams, nFeatures: number, outputs: number): string {
  if (params.build !== null) return ownTopology(owner, params.build);
  const input = (k: number): object => (k === 0 ? { batch_input_shape: [null, nFeatures], dtype: "float32" } : {});
  const layers: object[] = [];
  params.hiddenLayers.forEach((units, k) => {
    const name = `hidden_${k + 1}`;
    layers.push(dense(name, units, params.activation, input(k)));
    if (params.dropout > 0)
      layers.push({ class_name: "Dropout", config: { name: `dropout_${k + 1}`, rate: params.dropout } });
  });
  layers.push(dense("output", outputs, "linear", input(params.hiddenLayers.length)));
  return JSON.stringify({ class_name: "Sequential", config: { name: "network", layers } });
}

function dense(name: string, units: number, activation: string, more: object): object {
  return { class_name: "Dense", config: { name, units, activation, use_bias: true, ...more } };
}

function ownTopology(owner: string, build: NonNullable<NeuralParams["build"]>): string {
  let json: unknown = build;
  try {
    if (typeof build === "string") json = JSON.parse(build);
  } catch (cause) {
    throw new ParameterError(`${owner}: build is not JSON: ${(cause as Error).message}. Pass model.toJSON().`, {
      cause,
    });
  }
  const { model_config: inner, class_name: kind } = (json ?? {}) as Record<string, unknown>;
  if (typeof json !== "object" || (inner === undefined && typeof kind !== "string"))
    throw new ParameterError(
      `${owner}: build has no class_name: it is no tfjs layers topology. Pass model.toJSON(), or leave build out.`,
    );
  return JSON.stringify(inner ?? json);
}

/** Layers that draw from Math.random whatever the seed. */
const UNSEEDED: ReadonlySet<string> = new Set(["GaussianNoise", "GaussianDropout", "AlphaDropout"]);

/** A network in this thread's tfjs. Dispose of it: its weights are in tfjs' memory. */
export class Network implements Disposable {
  readonly #dropouts: readonly TfLayer[];

  private constructor(
    readonly tf: TfTraining,
    readonly model: TfLayersModel,
    /** Of one row, as the network takes it. */
    readonly inputShape: readonly number[],
    /** Width of the output. */
    readonly outputs: number,
    /** Whether the output is probabilities already, by its layer's activation. */
    readonly probabilities: boolean,
    layers: readonly TfLayer[],
  ) {
    this.#dropouts = layers.filter((layer) => /Dropout/.test(layer.getClassName()));
  }

  /**
   * Makes the network of a topology, with the weights that the layers start with.
   * @throws ParameterError for one that tfjs refuses, or of several inputs, another width or randomness without a seed
   */
  static async open(owner: string, tf: TfTraining, topology: string, nFeatures: number): Promise<Network> {
    let model: TfLayersModel;
    try {
      model = await tf.loadLayersModel({ load: async () => ({ modelTopology: JSON.parse(topology) as object }) });
    } catch (cause) {
      throw new ParameterError(`${owner}: tfjs cannot make the network of build: ${(cause as Error).message}`, {
        cause,
      });
    }
    try {
      const [input, ...inputs] = model.inputs;
      const [output, ...others] = model.outputs;
      if (!input || !output || inputs.length + others.length > 0)
        throw new ParameterError(
          `${owner}: build has ${model.inputs.length} inputs and ${model.outputs.length} outputs. Give it one of each.`,
        );
      const declared = input.shape?.slice(1) ?? [null];
      const sizes = declared.length === 1 && declared[0] === null ? [nFeatures] : declared.map((size) => size ?? -1);
      const width = sizes.reduce((product, size) => product * size, 1);
      if (sizes.some((size) => size < 1) || width !== nFeatures)
        throw new ParameterError(
          `${owner}: build takes rows of shape ${show(declared)}, X has ${nFeatures} columns. Make its input shape [${nFeatures}].`,
        );
      const [, outputs = null, ...more] = output.shape;
      if (outputs === null || more.length > 0)
        throw new ParameterError(`${owner}: build has an output of shape ${show(output.shape)}, not [null, n].`);
      const layers = model.layers.flatMap(withInner);
      for (const layer of layers) checkSeeded(owner, layer);
      const last = output.sourceLayer;
      const { activation } = last.getConfig();
      const probabilities = last.getClassName() === "Softmax" || activation === "softmax" || activation === "sigmoid";
      return new Network(tf, model, sizes, outputs, probabilities, layers);
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** The variables that are trained. */
  get trainable(): TfVariable[] {
    return this.model.trainableWeights.map((weight) => weight.read());
  }

  /** All weights one after another, in the order of the layers. */
  getWeights(): Float32Array {
    return joined(this.model.weights.map((weight) => weight.read()));
  }

  /** @throws DataError when their number is not that of the network */
  setWeights(owner: string, weights: Float32Array): void {
    const variables = this.model.weights.map((weight) => weight.read());
    const needed = variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (!(weights instanceof Float32Array) || weights.length !== needed)
      throw new DataError(
        `${owner}: its state is damaged: weights has ${weights.length} values where the network has ${needed}. Save the model again.`,
      );
    this.tf.tidy(() => assign(this.tf, variables, weights));
  }

  /** Glorot and Bengio's uniform start (2010) of all kernels; biases and the like keep what their layers start with. */
  initialise(seed: number): void {
    const { tf } = this;
    this.trainable.forEach((variable, k) => {
      const { shape } = variable;
      if (shape.length < 2) return;
      const field = sizeOf(shape.slice(0, -2));
      const limit = Math.sqrt(6 / (field * ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1))));
      const rng = new CounterRng(seed, `neural weights ${k}`);
      const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => limit * (2 * rng.uniform(i) - 1));
      tf.tidy(() => assign(tf, [variable], values));
    });
  }

  /** Gives the layers that drop outputs the seeds of one step. */
  seedStep(seed: number, step: number): void {
    const rng = new CounterRng(seed, "neural dropout");
    this.#dropouts.forEach((layer, k) => {
      layer.seed = rng.uint32(step, k);
    });
  }

  /** The outputs of rows, a tensor of the caller's tidy: `rows x outputs`. */
  forward(x: Float32Array, rows: number, training: boolean): TfTensor {
    const fed = this.tf.tensor(x, [rows, ...this.inputShape]);
    return this.model.apply(fed, { training }) as TfTensor;
  }

  [Symbol.dispose](): void {
    this.model.dispose();
  }
}

function withInner(layer: TfLayer): TfLayer[] {
  return [layer, ...[...(layer.layers ?? []), ...(layer.layer ? [layer.layer] : [])].flatMap(withInner)];
}

function checkSeeded(owner: string, layer: TfLayer): void {
  const config = layer.getConfig();
  const own = ["dropout", "recurrentDropout"].find((name) => Number(config[name] ?? 0) > 0);
  if (own === undefined && !UNSEEDED.has(layer.getClassName())) return;
  throw new ParameterError(
    `${owner}: the layer ${show(layer.name)} of build (${layer.getClassName()}${own ? ` with ${own}` : ""}) draws numbers without a seed, so that no fit can be repeated. Use Dropout layers.`,
  );
}

/** Number of values of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The values of tensors, one after another. */
export function joined(tensors: readonly TfTensor[]): Float32Array {
  const all = new Float32Array(tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const tensor of tensors) {
    all.set(tensor.dataSync(), at);
    at += sizeOf(tensor.shape);
  }
  return all;
}

/** Tensors of these shapes from values that lie one after another. */
export function parted(tf: TfTraining, shapes: readonly (readonly number[])[], values: Float32Array): TfTensor[] {
  let at = 0;
  return shapes.map((shape) => {
    const size = sizeOf(shape);
    at += size;
    // A copy: tfjs keeps the array that it is given.
    return tf.tensor(values.slice(at - size, at), shape);
  });
}

function assign(tf: TfTraining, variables: readonly TfVariable[], values: Float32Array): void {
  const tensors = parted(
    tf,
    variables.map(({ shape }) => shape),
    values,
  );
  variables.forEach((variable, k) => variable.assign(tensors[k] as TfTensor));
}
