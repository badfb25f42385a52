import { DataError, show } from "../base/errors.js";
import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FitOptions } from "../estimator/design.js";
import {
  isLocal,
  toMatrix,
  type LabelInput,
  type LocalInput,
  type MatrixInput,
  type VectorInput,
} from "../estimator/inputs.js";
import { ModelSelector, type ModelSelectorParams, type ModelSelectorState } from "./model-selector.js";

/** What eliminating selectors know after `fit`. */
export interface RecursiveState extends ModelSelectorState {
  readonly ranking: Int32Array;
}

/** Selectors that eliminate columns: they predict as the model does that is fitted on what is left. */
export abstract class RecursiveSelector<
  P extends ModelSelectorParams,
  S extends RecursiveState & object,
> extends ModelSelector<P, S> {
  /** 1 for the columns that are kept; the larger, the earlier a column was eliminated. */
  get ranking(): Int32Array {
    return this.state.ranking;
  }

  /** Whether each column is kept. */
  get support(): readonly boolean[] {
    return this.state.support;
  }

  /** How many columns are kept. */
  get nFeaturesKept(): number {
    return this.state.support.filter(Boolean).length;
  }

  /** The model's classes. */
  get classes(): readonly unknown[] {
    return (this.params.estimator as { classes?: readonly unknown[] }).classes ?? [];
  }

  /** The model's predictions from the kept columns; lazy for distributed X. */
  predict(X: DistributedArray | FrameLike): DistributedArray;
  predict(X: LocalInput): Promise<Float64Array | unknown[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array | unknown[]>;
  predict(X: MatrixInput): DistributedArray | Promise<Float64Array | unknown[]> {
    return this.#through("predict", X) as DistributedArray | Promise<Float64Array | unknown[]>;
  }

  /** The model's class probabilities from the kept columns. */
  predictProba(X: DistributedArray | FrameLike): DistributedArray;
  predictProba(X: LocalInput): Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix>;
  predictProba(X: MatrixInput): DistributedArray | Promise<LocalMatrix> {
    return this.#through("predictProba", X) as DistributedArray | Promise<LocalMatrix>;
  }

  /** The model's decision values from the kept columns. */
  decisionFunction(X: MatrixInput): DistributedArray | Promise<Float64Array> {
    return this.#through("decisionFunction", X) as DistributedArray | Promise<Float64Array>;
  }

  /** The model's score on the kept columns. */
  async score(X: MatrixInput, y: VectorInput | LabelInput, options: FitOptions = {}): Promise<number> {
    return (await this.#call("score", this.#kept("score", X), y, options)) as number;
  }

  /** X with the kept columns. */
  #kept(method: string, X: MatrixInput): DistributedArray {
    return this.transform(toMatrix(`${this.kind}.${method}`, X));
  }

  #through(method: string, X: MatrixInput): unknown {
    if (!isLocal(X)) return this.#call(method, this.#kept(method, X));
    return this.#kept(method, X)
      .compute()
      .then((local) => this.#call(method, local));
  }

  #call(method: string, ...args: readonly unknown[]): unknown {
    const { estimator } = this.params;
    const call = (estimator as unknown as Record<string, unknown>)[method];
    if (typeof call === "function") return (call as (...given: unknown[]) => unknown).apply(estimator, [...args]);
    throw new DataError(`${this.kind}.${method}: the estimator ${show(estimator.kind)} cannot ${method}.`);
  }
}
