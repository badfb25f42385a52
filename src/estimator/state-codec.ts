import { DataError } from "../base/errors.js";
import { isPlainObject, isTypedArray, TYPED_ARRAYS, type Plain, type PlainTypedArray } from "../base/plain.js";

/**
 * Plain data as JSON: typed arrays become `{ "$type": "Float64Array", "data": base64 }`, numbers that JSON cannot hold
 * become `{ "$number": "NaN" }`, bigints `{ "$bigint": "1" }`. Nothing is lost on the way back.
 */
export function encodeState(value: unknown): unknown {
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? "-0" : String(value) };
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (isTypedArray(value)) {
    return {
      $type: value.constructor.name,
      data: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"),
    };
  }
  if (Array.isArray(value)) return value.map(encodeState);
  if (isPlainObject(value)) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [key, encodeState(item)]),
    );
  }
  return value;
}

/** The inverse of {@link encodeState}. @throws DataError on an unknown type name */
export function decodeState(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(decodeState);
  if (!isPlainObject(value)) return value as Plain;
  if (typeof value["$number"] === "string") return Number(value["$number"]);
  if (typeof value["$bigint"] === "string") return BigInt(value["$bigint"]);
  if (typeof value["$type"] === "string") return decodeArray(value["$type"], String(value["data"]));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decodeState(item)]));
}

function decodeArray(name: string, data: string): PlainTypedArray {
  const Type = Object.hasOwn(TYPED_ARRAYS, name) ? TYPED_ARRAYS[name as keyof typeof TYPED_ARRAYS] : undefined;
  if (!Type)
    throw new DataError(
      `Model: it holds an array of the unknown type ${JSON.stringify(name)}. The file is damaged or of a newer version.`,
    );
  const bytes = Buffer.from(data, "base64");
  if (bytes.byteLength % Type.BYTES_PER_ELEMENT !== 0)
    throw new DataError(`Model: a ${name} of ${bytes.byteLength} bytes is cut short. The file is damaged.`);
  // A copy, because a Buffer may start at an unaligned place of a pool.
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
}
