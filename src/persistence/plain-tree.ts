import { DataError, show } from "../base/errors.js";
import { isPlainObject, isTypedArray, TYPED_ARRAYS, type Plain, type PlainTypedArray } from "../base/plain.js";

// Plain data of partwise is a handful of levels deep; a file that nests deeper was not written by it.
const MAX_DEPTH = 100;
const ALIGNMENT = 8;

/** Plain data as JSON text and, beside it, the bytes of its typed arrays. */
export interface SplitTree {
  readonly json: unknown;
  /** The arrays in the order of their places, each starting at a multiple of 8. */
  readonly arrays: readonly PlainTypedArray[];
  readonly bytes: number;
}

/**
 * Takes the typed arrays out of plain data: each becomes `{ "$array": [type, offset, length] }`, numbers that JSON cannot
 * hold `{ "$number": "NaN" }`, bigints `{ "$bigint": "1" }`. A key that starts with `$` in the data is kept by doubling
 * the sign. Nothing is lost on the way back through {@link joinTree}.
 *
 * @throws DataError naming the place of something that is not plain data
 */
export function splitTree(value: unknown): SplitTree {
  const arrays: PlainTypedArray[] = [];
  let bytes = 0;
  const place = (array: PlainTypedArray): unknown => {
    const entry = { $array: [array.constructor.name, bytes, array.length] };
    arrays.push(array);
    bytes += padded(array.byteLength);
    return entry;
  };
  const walk = (item: unknown, path: string): unknown => {
    if (item === null || typeof item === "string" || typeof item === "boolean") return item;
    if (typeof item === "number") {
      if (Object.is(item, -0)) return { $number: "-0" };
      return Number.isFinite(item) ? item : { $number: String(item) };
    }
    if (typeof item === "bigint") return { $bigint: String(item) };
    if (isTypedArray(item)) return place(item);
    if (Array.isArray(item)) return item.map((one, i) => walk(one ?? null, `${path}[${i}]`));
    if (isPlainObject(item)) {
      const entries = Object.entries(item).filter(([, one]) => one !== undefined);
      return Object.fromEntries(
        entries.map(([key, one]) => [key.startsWith("$") ? `$${key}` : key, walk(one, `${path}.${key}`)]),
      );
    }
    throw new DataError(
      `saveModel: ${path.slice(1) || "the model"} is ${typeof item === "function" ? "a function" : show(item)}, which a file cannot hold. ` +
        "Name functions as { module, export }.",
    );
  };
  const json = walk(value, "");
  return { json, arrays, bytes };
}

/**
 * The inverse of {@link splitTree}: arrays are copied out of `payload`. Trusts nothing: types, places, lengths and depth
 * are checked, and all arrays together are no longer than the payload, so that a small file cannot ask for much memory.
 *
 * @throws DataError saying what is wrong
 */
export function joinTree(json: unknown, payload: Uint8Array): Plain {
  let taken = 0;
  const fail = (what: string): never => {
    throw new DataError(`Model file: ${what}. The file is damaged; save the model again.`);
  };
  const arrayAt = (entry: unknown): PlainTypedArray => {
    if (!Array.isArray(entry) || entry.length !== 3) return fail("an array's place is not [type, offset, length]");
    const [name, offset, length] = entry as [unknown, unknown, unknown];
    if (typeof name !== "string" || !Object.hasOwn(TYPED_ARRAYS, name))
      return fail(`it holds an array of the unknown type ${show(name)}`);
    const Type = TYPED_ARRAYS[name as keyof typeof TYPED_ARRAYS];
    if (!isCount(offset) || !isCount(length) || offset % ALIGNMENT !== 0)
      return fail(`the place ${show(offset)}, ${show(length)} of an array is not valid`);
    const bytes = length * Type.BYTES_PER_ELEMENT;
    taken += padded(bytes);
    if (offset + bytes > payload.byteLength || taken > payload.byteLength)
      return fail(`an array of ${bytes} bytes at ${offset} lies outside the ${payload.byteLength} bytes of arrays`);
    // A copy of its own: a Buffer's slice would be a view, and a view would take the whole file along between threads.
    const own = new Uint8Array(bytes);
    own.set(payload.subarray(offset, offset + bytes));
    return new Type(own.buffer);
  };
  const walk = (item: unknown, depth: number): Plain => {
    if (depth > MAX_DEPTH) return fail(`its header is nested deeper than ${MAX_DEPTH} levels`);
    if (Array.isArray(item)) return item.map((one) => walk(one, depth + 1));
    if (!isPlainObject(item)) return item as Plain;
    const keys = Object.keys(item);
    if (keys.length === 1 && keys[0]?.startsWith("$") && !keys[0].startsWith("$$")) {
      const value = item[keys[0]];
      if (keys[0] === "$array") return arrayAt(value);
      if (keys[0] === "$number" && typeof value === "string") return Number(value);
      if (keys[0] === "$bigint" && typeof value === "string" && /^-?\d{1,40}$/.test(value)) return BigInt(value);
      return fail(`it holds ${show(keys[0])}, which this version does not know`);
    }
    return Object.fromEntries(
      Object.entries(item).map(([key, one]) => [key.startsWith("$$") ? key.slice(1) : key, walk(one, depth + 1)]),
    );
  };
  return walk(json, 0);
}

/** Bytes with the padding that keeps the next array aligned. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
