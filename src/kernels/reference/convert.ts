import { dtypeCode, type ApplyValidityKernel, type ConvertKernel, type DtypeCode } from "../vector-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

function elements(views: MemoryViews, dtype: DtypeCode, pointer: number, n: number): ArrayLike<number | bigint> {
  switch (dtype) {
    case dtypeCode.f64:
      return views.f64(pointer, n);
    case dtypeCode.f32:
      return views.f32(pointer, n);
    case dtypeCode.i64:
      return views.i64(pointer, n);
    case dtypeCode.i32:
      return views.i32(pointer, n);
    case dtypeCode.u8:
    case dtypeCode.bool:
      return views.u8(pointer, n);
  }
}

/** Truncates toward zero into the bounds; NaN is 0. */
function bounded(v: number | bigint, least: bigint, most: bigint): bigint {
  if (typeof v === "number") {
    if (Number.isNaN(v)) return 0n;
    if (v >= Number(most)) return most;
    if (v <= Number(least)) return least;
    return BigInt(Math.trunc(v));
  }
  return v < least ? least : v > most ? most : v;
}

/** Number nearest to v in single precision, rounded once: Math.fround(Number(v)) would round large integers twice. */
function nearestSingle(v: number | bigint): number {
  if (typeof v === "number") return Math.fround(v);
  if (Number.isSafeInteger(Number(v))) return Math.fround(Number(v));
  const high = v >> 11n;
  // The digits dropped from the lower part live on as one odd bit, enough for the one rounding that follows.
  const odd = high << 11n === v ? high : high | 1n;
  return Math.fround(Number(odd)) * 2048;
}

/** Plain twin of the conversion kernel. */
export function convert(views: MemoryViews): ConvertKernel {
  return (srcDtype, dstDtype, src, n, dst) => {
    const source = Array.from(elements(views, srcDtype, src, n));
    switch (dstDtype) {
      case dtypeCode.f64:
        views.f64(dst, n).set(source.map(Number));
        break;
      case dtypeCode.f32:
        views.f32(dst, n).set(source.map(nearestSingle));
        break;
      case dtypeCode.i64:
        views.i64(dst, n).set(source.map((v) => bounded(v, -(2n ** 63n), 2n ** 63n - 1n)));
        break;
      case dtypeCode.i32:
        views.i32(dst, n).set(source.map((v) => Number(bounded(v, -(2n ** 31n), 2n ** 31n - 1n))));
        break;
      case dtypeCode.u8:
        views.u8(dst, n).set(source.map((v) => Number(bounded(v, 0n, 255n))));
        break;
      case dtypeCode.bool:
        views.u8(dst, n).set(source.map((v) => (Number(v) === 0 ? 0 : 1)));
        break;
    }
  };
}

/** Plain twin of the validity kernels. */
export function applyValidity(views: MemoryViews, storage: FloatStorage): ApplyValidityKernel {
  return (values, bitmap, bitOffset, n) => {
    const column = storage === "F64" ? views.f64(values, n) : views.f32(values, n);
    const bytes = views.u8(bitmap, (bitOffset + n + 7) >> 3);
    for (let i = 0; i < n; i++) {
      const bit = bitOffset + i;
      if (((bytes[bit >> 3]! >> (bit & 7)) & 1) === 0) column[i] = NaN;
    }
  };
}
