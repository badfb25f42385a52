/** Storage types of a column. `bool` is one byte, 0 or 1. */
export type DType = "f64" | "f32" | "i64" | "i32" | "u8" | "bool";

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<DType, number>> = { f64: 8, f32: 4, i64: 8, i32: 4, u8: 1, bool: 1 };

/** The code by which kernels know a dtype. */
export const DTYPE_CODE: Readonly<Record<DType, number>> = { f64: 0, f32: 1, i64: 2, i32: 3, u8: 4, bool: 5 };

/** The typed array that holds a dtype. */
export interface DTypeArrays {
  f64: Float64Array;
  f32: Float32Array;
  i64: BigInt64Array;
  i32: Int32Array;
  u8: Uint8Array;
  bool: Uint8Array;
}

/** A view of `length` elements of `dtype` at `offset` of `buffer`. */
export function viewOf<D extends DType>(
  dtype: D,
  buffer: ArrayBufferLike,
  offset: number,
  length: number,
): DTypeArrays[D] {
  const make = VIEWS[dtype] as (b: ArrayBufferLike, o: number, n: number) => DTypeArrays[D];
  return make(buffer, offset, length);
}

const VIEWS: { [D in DType]: (b: ArrayBufferLike, o: number, n: number) => DTypeArrays[D] } = {
  f64: (b, o, n) => new Float64Array(b as ArrayBuffer, o, n),
  f32: (b, o, n) => new Float32Array(b as ArrayBuffer, o, n),
  i64: (b, o, n) => new BigInt64Array(b as ArrayBuffer, o, n),
  i32: (b, o, n) => new Int32Array(b as ArrayBuffer, o, n),
  u8: (b, o, n) => new Uint8Array(b as ArrayBuffer, o, n),
  bool: (b, o, n) => new Uint8Array(b as ArrayBuffer, o, n),
};
