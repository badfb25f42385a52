import type { DistributedArray } from "./distributed-array.js";

/** A collection that can be had as rows of numbers: a data frame or one of its columns. */
export interface ArrayConvertible {
  toArray(): DistributedArray;
}

/** A data frame as estimators see it: rows of numbers with names, and a frame again from such rows. */
export interface FrameLike extends ArrayConvertible {
  /** A frame of the array's columns under the array's names, partition by partition. */
  fromArray(array: DistributedArray): FrameLike;
}
