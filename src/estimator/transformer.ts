import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import { applyToRows, isFrame } from "./apply.js";
import type { FitOptions } from "./design.js";
import { Estimator, type FittedInput } from "./estimator.js";
import type { LabelInput, LocalInput, MatrixInput, VectorInput } from "./inputs.js";

/**
 * An estimator that turns rows into rows. Implementations provide `fit` and `transformArray`.
 *
 * Identities: `transform` of a concatenation is the concatenation of the transforms; `inverseTransform(transform(X))` is X
 * where there is an inverse.
 */
export abstract class Transformer<P extends object, S extends FittedInput & object> extends Estimator<P, S> {
  /** Learns from X (and y, where the transformer uses it); resolves to the transformer itself. */
  abstract fit(X: MatrixInput, y?: VectorInput | LabelInput, options?: FitOptions): Promise<this>;

  /** The lazy transform of checked columns. */
  protected abstract transformArray(x: DistributedArray): DistributedArray;

  /** Transformed rows: lazy for distributed input (frames come back as frames), computed for local input. */
  transform<F extends FrameLike>(X: F): F;
  transform(X: DistributedArray): DistributedArray;
  transform(X: LocalInput): Promise<LocalMatrix>;
  transform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix>;
  transform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix> {
    const result = applyToRows(
      `${this.kind}.transform`,
      X,
      this.state,
      (x) => this.transformArray(x),
      (local) => local,
    );
    return isFrame(X) ? X.fromArray(result as DistributedArray) : result;
  }

  /** `fit`, then `transform` of the same rows. */
  async fitTransform(
    X: MatrixInput,
    y?: VectorInput | LabelInput,
    options?: FitOptions,
  ): Promise<DistributedArray | FrameLike | LocalMatrix> {
    await this.fit(X, y, options);
    return this.transform(X);
  }

  /** Names of the columns that `transform` returns: the input's, or x0, x1, ... where they had none. */
  getFeatureNamesOut(): string[] {
    const { featureNames, nFeatures } = this.state;
    return featureNames ? [...featureNames] : Array.from({ length: nFeatures }, (_, j) => `x${j}`);
  }
}
