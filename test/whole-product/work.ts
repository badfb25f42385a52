import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { DistributedSeries } from "#src/collections/frame/distributed-series.js";
import { Estimator } from "#src/estimator/estimator.js";
import { Use } from "./use.js";

/** A piece of work on the default engine. What it returns has to be the same bits on every engine. */
export type Work = () => Promise<unknown> | unknown;

/** Pieces of work by what they show, in words. */
export type WorkTable = Readonly<Record<string, Work>>;

/** What the cases have used; shared by all of them. */
export const use = new Use();

/** The values of what a piece of work returns, computed and in a form that `toEqual` compares bit for bit. */
export async function settled(result: unknown): Promise<unknown> {
  const value = await result;
  if (value instanceof DistributedArray) {
    // Sparse rows are read as an estimator reads them.
    if (value.layout === "csr") return [value.shape, await value.sum()];
    return settled(await value.compute());
  }
  if (value instanceof LocalMatrix) return [value.shape, value.names, value.toFlat()];
  if (value instanceof DistributedDataFrame) return [value.schema, (await value.compute()).toRecords()];
  if (value instanceof DistributedSeries) return value.compute();
  if (value instanceof Estimator) return value.isFitted ? value.toJSON() : value.getParams();
  if (value instanceof Error) return errorOf(value);
  if (Array.isArray(value)) return Promise.all(value.map(settled));
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value;
  if (value instanceof Map || value instanceof Set) return settled([...value]);
  // A Polars frame is a proxy, which knows of no `toRecords` when it is asked by `in`.
  const { toRecords } = value as { toRecords?: unknown };
  if (typeof toRecords === "function") return toRecords.call(value) as unknown;
  const entries = Object.entries(value).filter(([, item]) => typeof item !== "function");
  return Object.fromEntries(await Promise.all(entries.map(async ([name, item]) => [name, await settled(item)])));
}

/** What of an error has to be the same wherever it happened; keys of tasks have numbers that are counted up. */
export function errorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { details, code, cause } = error as Error & { details?: object; code?: string };
  const kind = error.constructor.name;
  const place = details && { ...details, key: undefined };
  return { kind, name: error.name, message: error.message, place, code, cause: cause && errorOf(cause) };
}
