import type { DistributedArray } from "../../../src/collections/array/distributed-array.js";
import type { FittedInput } from "../../../src/estimator/estimator.js";

/** Names of the columns of a fit: its own, those of X, or x0, x1, ... */
export function columnNames(fitted: FittedInput, x: Pick<DistributedArray, "names">): string[] {
  return Array.from(fitted.featureNames ?? x.names ?? Array.from({ length: fitted.nFeatures }, (_, j) => `x${j}`));
}
