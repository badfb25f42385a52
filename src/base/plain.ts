import { show } from "./errors.js";

/**
 * Data that survives `structuredClone`, JSON-like plus typed arrays: the only thing that crosses between threads or
 * machines besides a function's name. Columns and chunks are plain records too.
 */
export type Plain =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | PlainTypedArray
  | readonly Plain[]
  | PlainRecord;

/** A plain object whose values are {@link Plain}. */
export interface PlainRecord {
  readonly [key: string]: Plain;
}

/** The typed arrays that count as plain data. */
export type PlainTypedArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array;

/** Classes of the typed arrays that count as plain data, by the names that files use. */
export const TYPED_ARRAYS = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
} as const;

/** True for a typed array (not a DataView). */
export function isTypedArray(value: unknown): value is PlainTypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** True for an object literal or an object without a prototype; false for class instances, arrays and null. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const DEEPEST = 1000;

/**
 * The first part of a value that is not {@link Plain}, in words (`a Map at value.index`); undefined when all of it is.
 * Cost: one visit of every object and array element; typed arrays are not looked into.
 */
export function notPlainPart(value: unknown, path = "value", depth = 0): string | undefined {
  if (typeof value === "function") return `a function at ${path}`;
  if (typeof value === "symbol") return `a symbol at ${path}`;
  if (typeof value !== "object" || value === null || isTypedArray(value)) return undefined;
  if (depth > DEEPEST) return `a value nested more than ${DEEPEST} levels deep, perhaps a cycle`;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === "number") continue;
      const found = notPlainPart(item, `${path}[${i}]`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isPlainObject(value)) return `${show(value)} at ${path}`;
  for (const [key, item] of Object.entries(value)) {
    const found = notPlainPart(item, `${path}.${key}`, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
