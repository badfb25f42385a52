import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { FrameLike } from "../collections/array/frame-like.js";
import type { LocalMatrix } from "../collections/array/local-matrix.js";
import type { FittedInput } from "./estimator.js";
import { checkColumns, isLocal, toMatrix, type MatrixInput } from "./inputs.js";

/**
 * Applies a fitted model to rows: lazily where they are distributed, at once where they are in this process.
 *
 * @param build the result for a distributed X; starts nothing
 * @param finish what local callers get from the computed result
 * @throws DataError when X has other columns than the fit
 */
export function applyToRows<T>(
  owner: string,
  X: MatrixInput,
  fitted: FittedInput,
  build: (x: DistributedArray) => DistributedArray,
  finish: (result: LocalMatrix) => T,
): DistributedArray | Promise<T> {
  const x = toMatrix(owner, X);
  checkColumns(owner, x, fitted);
  const result = build(x);
  return isLocal(X) ? result.compute().then(finish) : result;
}

/** {@link applyToRows} for one number a row: local callers get them as an array. */
export function applyForNumbers(
  owner: string,
  X: MatrixInput,
  fitted: FittedInput,
  build: (x: DistributedArray) => DistributedArray,
): DistributedArray | Promise<Float64Array> {
  return applyToRows(owner, X, fitted, build, (local) => local.toVector() as Float64Array);
}

/** True for a data frame, which gets frames back from transformers. */
export function isFrame(X: MatrixInput): X is FrameLike {
  return typeof X === "object" && X !== null && typeof (X as { fromArray?: unknown }).fromArray === "function";
}
