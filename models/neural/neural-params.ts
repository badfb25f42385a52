import type * as Zod from "zod";
import type { ZodNamespace } from "../../src/base/params.js";
import { DEFAULT_SEED } from "../../src/base/rng.js";

/** A tfjs layers topology: what `model.toJSON()` gives, as text or parsed. */
export type NeuralTopology = string | Readonly<Record<string, unknown>>;

/** Parameters that both neural estimators have. */
export interface NeuralParams {
  hiddenLayers: readonly number[];
  activation: "relu" | "tanh" | "sigmoid" | "elu" | "linear";
  build: NeuralTopology | null;
  optimizer: "adam" | "sgd" | "rmsprop";
  learningRate: number;
  batchSize: number;
  epochs: number;
  l2: number;
  dropout: number;
  earlyStopping: boolean;
  validationFraction: number;
  patience: number;
  tol: number | null;
  warmStart: boolean;
  randomState: number;
}

/** Table entries of {@link NeuralParams}. */
export function neuralFields(z: ZodNamespace): Record<keyof NeuralParams, Zod.ZodType> {
  return {
    hiddenLayers: z
      .array(z.int().min(1))
      .default([100])
      .describe("units of each dense hidden layer; [] for a linear model; unused with build"),
    activation: z
      .enum(["relu", "tanh", "sigmoid", "elu", "linear"])
      .default("relu")
      .describe("of the hidden layers; unused with build"),
    build: z
      .union([z.string().min(1), z.record(z.string(), z.unknown())])
      .nullable()
      .default(null)
      .describe("a tfjs layers topology (model.toJSON()) to train instead of hiddenLayers; its weights start anew"),
    optimizer: z.enum(["adam", "sgd", "rmsprop"]).default("adam").describe("the tfjs optimizer that takes the steps"),
    learningRate: z.number().positive().default(1e-3).describe("size of the optimizer's steps"),
    batchSize: z.int().min(1).default(128).describe("rows a step, whose mean gradient it takes"),
    epochs: z.int().min(1).default(200).describe("most passes of fit over the rows; partialFit takes one"),
    l2: z.number().min(0).default(1e-4).describe("strength of the penalty l2 / 2 · Σ kernel², without the biases"),
    dropout: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("share of each hidden layer's outputs that a step drops; unused with build"),
    earlyStopping: z
      .boolean()
      .default(false)
      .describe("stop by the loss of rows set aside, and keep the weights of the epoch that was best for them"),
    validationFraction: z
      .number()
      .min(0.001)
      .max(0.999)
      .default(0.1)
      .describe("share of rows set aside with earlyStopping"),
    patience: z.int().min(1).default(10).describe("epochs without improvement before the fit ends"),
    tol: z
      .number()
      .min(0)
      .nullable()
      .default(1e-4)
      .describe("what an epoch has to improve the loss by; null to take all epochs"),
    warmStart: z
      .boolean()
      .default(false)
      .describe("start at the weights of the fit before, where the network is the same"),
    randomState: z.int().default(DEFAULT_SEED).describe("seed of weights, order of rows, dropout and rows set aside"),
  };
}
