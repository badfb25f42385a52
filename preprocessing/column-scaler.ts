import type { DistributedArray } from "../src/collections/array/distributed-array.js";
import type { FrameLike } from "../src/collections/array/frame-like.js";
import type { LocalMatrix } from "../src/collections/array/local-matrix.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { applyToRows, isFrame } from "../src/estimator/apply.js";
import type { FittedInput } from "../src/estimator/estimator.js";
import type { LocalInput, MatrixInput } from "../src/estimator/inputs.js";
import { Transformer } from "../src/estimator/transformer.js";

const AFFINE_STEPS = new URL("./standard-scaler.js", import.meta.url).href;

/** scikit-learn's bound below which a spread counts as zero. */
const NO_SPREAD = 10 * Number.EPSILON;

/** What to divide by: 1 where the spread is zero, NaN where the column had no values. */
export function divisorOf(spread: Float64Array): Float64Array {
  return spread.map((value) => (value < NO_SPREAD ? 1 : value));
}

/** A transformer that can go back. */
export abstract class InvertibleTransformer<P extends object, S extends FittedInput & object> extends Transformer<
  P,
  S
> {
  /** The lazy inverse of checked columns. */
  protected abstract invertArray(x: DistributedArray): DistributedArray;

  /** Rows in the original units: lazy for distributed input, computed for local input. @throws DataError for other columns */
  inverseTransform<F extends FrameLike>(X: F): F;
  inverseTransform(X: DistributedArray): DistributedArray;
  inverseTransform(X: LocalInput): Promise<LocalMatrix>;
  inverseTransform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix>;
  inverseTransform(X: MatrixInput): DistributedArray | FrameLike | Promise<LocalMatrix> {
    const owner = `${this.kind}.inverseTransform`;
    const result = applyToRows(
      owner,
      X,
      this.state,
      (x) => this.invertArray(x),
      (local) => local,
    );
    return isFrame(X) ? X.fromArray(result as DistributedArray) : result;
  }
}

/** A transformer of the form `(x − center) / scale`, column by column. */
export abstract class ColumnScaler<P extends object, S extends FittedInput & object> extends InvertibleTransformer<
  P,
  S
> {
  /** What is subtracted from each column. */
  protected abstract readonly shift: Float64Array;
  /** What each column is divided by. */
  protected abstract readonly divisor: Float64Array;

  protected transformArray(x: DistributedArray): DistributedArray {
    return this.affine(
      x,
      "scaleStep",
      this.shift,
      this.divisor.map((value) => 1 / value),
    );
  }

  protected invertArray(x: DistributedArray): DistributedArray {
    return this.affine(x, "inverseStep", this.shift, this.divisor);
  }

  /** `(x − shift) · scale` ("scaleStep") or `x · scale + shift` ("inverseStep"), lazily; f32 stays f32. */
  protected affine(
    x: DistributedArray,
    step: "scaleStep" | "inverseStep",
    shift: Float64Array,
    scale: Float64Array,
  ): DistributedArray {
    const dtype = x.dtype === "f32" ? "f32" : "f64";
    const { innerShape, names, layout } = x;
    return x.mapChunks(this.kind, fnRef(AFFINE_STEPS, step), { shift, scale }, { innerShape, dtype, names, layout });
  }
}
