import { DataError } from "../../src/base/errors.js";
import type { PlainRecord } from "../../src/base/plain.js";
import type { DistributedArray } from "../../src/collections/array/distributed-array.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { Estimator, type FittedInput } from "../../src/estimator/estimator.js";
import { contentHash } from "../../src/exchange/foreign-model.js";
import type { TfjsBackend } from "../../src/exchange/tfjs/tfjs-runtime.js";
import { topologyOf } from "./network.js";
import type { NeuralParams } from "./neural-params.js";
import type { NeuralArgs } from "./neural-tasks.js";
import { checkStored } from "./stored-network.js";
import { trainNetwork, type TrainedNetwork } from "./train-network.js";

/** Fitted state of both neural estimators. */
export interface NeuralState extends FittedInput, TrainedNetwork {}

const PREDICT = fnRef(new URL("./neural-tasks.js", import.meta.url).href, "neuralStep");

/** What classifier and regressor share: training, prediction in tasks, and what is known of the fit. */
export abstract class NeuralModel<P extends NeuralParams, S extends NeuralState> extends Estimator<P, S> {
  /** Epochs of the last fit; 1 after `partialFit`. */
  get nIter(): number {
    return this.state.nIter;
  }

  /** Of each epoch of the last fit: mean loss of its rows, each before its step, plus the penalties. */
  get lossCurve(): Float64Array {
    return this.state.lossCurve;
  }

  /** With `earlyStopping`: mean loss of the rows set aside after each epoch, without penalties; else empty. */
  get validationCurve(): Float64Array {
    return this.state.validationCurve;
  }

  /** Whether the fit ended before `epochs`; true without `tol`. */
  get converged(): boolean {
    return this.state.converged;
  }

  /** Which tfjs backend trained it: "tensorflow" (tfjs-node), "wasm" or "cpu". */
  get backend(): TfjsBackend {
    return this.state.backend;
  }

  /** The network as tfjs knows it: `tf.loadLayersModel` takes it, with {@link weights} one after another. */
  get topology(): object {
    return JSON.parse(this.state.topology) as object;
  }

  /** All weights one after another, in the order of the layers. */
  get weights(): Float32Array {
    return this.state.weights;
  }

  /** Epochs from a new start, or from the weights before with `warmStart`. */
  protected async train(
    design: Design,
    outputs: number,
    classFactors: Float64Array | undefined,
    before: NeuralState | undefined,
  ): Promise<TrainedNetwork & FittedInput> {
    const { params } = this;
    const topology = topologyOf(design.owner, params, design.nFeatures, outputs);
    const warm = params.warmStart && before?.topology === topology && before.nFeatures === design.nFeatures;
    const trained = await trainNetwork(design, {
      params,
      topology,
      ...(classFactors ? { classFactors } : {}),
      // A warm start takes the weights alone: steps and epochs begin anew.
      start: warm ? { weights: before.weights } : undefined,
    });
    if (!trained.converged)
      process.emitWarning(
        `${this.kind}: not converged: within ${params.epochs} epochs there were no ${params.patience} without an improvement by ${params.tol}. ` +
          "Raise epochs or tol, pass tol: null to take the epochs as they are, or scale X (StandardScaler).",
        "ConvergenceWarning",
      );
    return { ...design.columns, ...trained };
  }

  /** One epoch over a batch, from where network and optimizer are. */
  protected async trainOn(
    design: Design,
    outputs: number,
    classFactors: Float64Array | undefined,
    before: NeuralState | undefined,
  ): Promise<TrainedNetwork & FittedInput> {
    const params = { ...this.params, epochs: 1, tol: null, earlyStopping: false };
    const topology = topologyOf(design.owner, params, design.nFeatures, outputs);
    if (before && before.topology !== topology)
      throw new DataError(
        `${design.owner}: the parameters describe another network than the one that is fitted. Keep them, or start with a clone().`,
      );
    const trained = await trainNetwork(design, {
      params,
      topology,
      ...(classFactors ? { classFactors } : {}),
      start: before,
    });
    return { ...design.columns, ...(before?.featureNames ? { featureNames: before.featureNames } : {}), ...trained };
  }

  protected override decodeFitted(plain: PlainRecord): S {
    checkStored(this.kind, plain["topology"], plain["weights"], plain["nFeatures"] as number);
    return super.decodeFitted(plain);
  }

  /** The predictions for rows, a task a partition; starts nothing. */
  protected apply(
    owner: string,
    x: DistributedArray,
    output: Pick<NeuralArgs, "as" | "labels">,
    shape: { readonly innerShape: readonly number[]; readonly names?: readonly string[] },
  ): DistributedArray {
    if (x.layout === "csr") throw new DataError(`${owner}: X is sparse; networks take dense rows, as in fit.`);
    const { topology, weights, featureNames } = this.state;
    const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
    const hash = contentHash(new TextEncoder().encode(topology), bytes);
    const args: NeuralArgs = { owner, names: featureNames ?? x.names, topology, weights, hash, ...output };
    return x.mapChunks(owner, PREDICT, args as never, shape);
  }
}
