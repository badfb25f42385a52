import { DataError } from "../../base/errors.js";
import type { DistributedArray } from "./distributed-array.js";

/** `other` cut like `array`, so that their partitions hold the same rows. @throws DataError when that cannot be told */
export function meet(owner: string, array: DistributedArray, other: DistributedArray): DistributedArray {
  if (array.partitionRows && other.partitionRows) {
    if (array.rows !== other.rows)
      throw new DataError(`${owner}: the operands have ${array.rows} and ${other.rows} rows. They need the same.`);
    return other.repartitionLike(array.partitionRows);
  }
  if (array.partitions !== other.partitions) {
    throw new DataError(
      `${owner}: the operands have ${array.partitions} and ${other.partitions} partitions, and their row counts are not known. ` +
        "Take both from one collection, or use withKnownRows() on both.",
    );
  }
  return other;
}
