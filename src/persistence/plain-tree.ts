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

/** Plain data whose typed arrays are still to be filled. */
export interface JoinedTree {
  readonly content: Plain;
  /** The arrays by their places, which do not overlap, in ascending order. */
  readonly places: readonly ArrayPlace[];
}

/** Where among the bytes of the arrays one lies. */
export interface ArrayPlace {
  readonly offset: number;
  readonly array: PlainTypedArray;
}

/**
 * The inverse of {@link splitTree}, but for the numbers: arrays are made at their lengths and left at zero, for the caller
 * to fill. Each has a buffer of its own: a view of the whole file would take all of it along between threads. Trusts
 * nothing: types, places, lengths and depth are checked, and arrays do not overlap, so that a small file cannot ask for
 * much memory.
 *
 * @param bytes how many there are for arrays
 * @throws DataError saying what is wrong
 */
export function joinTree(json: unknown, bytes: number): JoinedTree {
  let taken = 0;
  const places: ArrayPlace[] = [];
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
    const own = length * Type.BYTES_PER_ELEMENT;
    taken += padded(own);
    if (offset + own > bytes || taken > bytes)
      return fail(`an array of ${own} bytes at ${offset} lies outside the ${bytes} bytes of arrays`);
    const array = new Type(length);
    places.push({ offset, array });
    return array;
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
  const content = walk(json, 0);
  places.sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { offset, array } of places) {
    if (array.byteLength > 0 && offset < end) fail(`the arrays at ${offset} overlap`);
    end = Math.max(end, offset + array.byteLength);
  }
  return { content, places };
}

/** Bytes with the padding that keeps the next array aligned. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
