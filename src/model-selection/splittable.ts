import { DataError, show } from "../base/errors.js";
import { isTypedArray, type PlainTypedArray } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "../collections/frame/distributed-series.js";
import { frameState } from "../collections/frame/frame-state.js";
import { emptyFrame } from "../collections/frame/frame-types.js";
import { chosenPlan, chosenRows, type RowChoice } from "../collections/row-choice.js";

/** A distributed collection that rows can be taken from. */
export type DistributedRows = DistributedArray | DistributedDataFrame | DistributedSeries;

/** Anything that rows can be taken from: distributed collections, and local lists of rows or labels. */
export type Splittable = DistributedRows | readonly unknown[] | PlainTypedArray;

/** What a side of a split of `T` is. */
export type SplitOf<T> = T extends readonly (infer E)[] ? E[] : T;

export function isDistributed(value: unknown): value is DistributedRows {
  return (
    value instanceof DistributedArray || value instanceof DistributedDataFrame || value instanceof DistributedSeries
  );
}

/** @throws DataError for what has no rows */
export function assertSplittable(owner: string, name: string, value: unknown): asserts value is Splittable {
  if (isDistributed(value) || Array.isArray(value) || isTypedArray(value)) return;
  throw new DataError(
    `${owner}: ${name} is ${show(value)}. Pass a DistributedArray, DistributedDataFrame, DistributedSeries, or an array of rows or labels.`,
  );
}

/** The chosen rows of a collection, lazily for distributed ones; `partitionRows` are its counted ones. */
export function takeFrom(
  owner: string,
  value: Splittable,
  choice: RowChoice,
  partitionRows: readonly number[] | undefined,
): Splittable {
  if (!isDistributed(value)) return takeLocal(value, choice);
  const plan = chosenPlan(value.plan, owner, choice, partitionRows);
  const rows = chosenRows(choice, partitionRows);
  if (value instanceof DistributedArray) return new DistributedArray({ ...value, plan, partitionRows: rows });
  const schema = value instanceof DistributedSeries ? { [value.name]: value.dtype } : value.schema;
  const state = frameState({ kind: "plan", plan }, emptyFrame(schema, owner), rows);
  return value instanceof DistributedSeries
    ? new DistributedSeries(value.name, state)
    : new DistributedDataFrame(state);
}

function takeLocal(value: readonly unknown[] | PlainTypedArray, choice: RowChoice): Splittable {
  if (choice.kind === "range") return value.slice(choice.from, choice.to);
  if (choice.kind !== "set") throw new TypeError("Local lists have no partitions.");
  const indices = choice.set.toIndices();
  if (Array.isArray(value)) return indices.map((i) => (value as readonly unknown[])[i]);
  const typed = value as Float64Array;
  const out = new (typed.constructor as new (length: number) => Float64Array)(indices.length);
  indices.forEach((i, at) => {
    out[at] = typed[i] as number;
  });
  return out;
}
