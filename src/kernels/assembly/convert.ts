import { bytesOf } from "./lanes";

// A bool is told from u8 by its type in these signatures; both are one byte in memory.
// @ts-ignore: decorator
@inline
function convertOne<S, D>(v: S): D {
  if (isBoolean<D>()) return <D>(v != <S>0);
  if (isFloat<D>()) return <D>v;
  if (isFloat<S>()) {
    // NaN fails both comparisons of each bound and becomes 0 at the start.
    if (v != v) return <D>0;
    if (sizeof<D>() == 1) return v <= <S>0 ? <D>0 : v >= <S>255 ? <D>255 : <D>(<i32>v);
    if (sizeof<D>() == 4) {
      const x = <f64>v;
      return x >= 2147483647.0 ? <D>i32.MAX_VALUE : x <= -2147483648.0 ? <D>i32.MIN_VALUE : <D>(<i32>x);
    }
    const x = <f64>v;
    return x >= 9223372036854775808.0
      ? <D>i64.MAX_VALUE
      : x <= -9223372036854775808.0
        ? <D>i64.MIN_VALUE
        : <D>(<i64>x);
  }
  const x = <i64>v;
  if (sizeof<D>() == 1) return x < 0 ? <D>0 : x > 255 ? <D>255 : <D>x;
  if (sizeof<D>() == 4) {
    return x < <i64>i32.MIN_VALUE ? <D>i32.MIN_VALUE : x > <i64>i32.MAX_VALUE ? <D>i32.MAX_VALUE : <D>x;
  }
  return <D>x;
}

// @ts-ignore: decorator
@inline
function loop<S, D>(src: usize, n: u32, dst: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    store<D>(dst + bytesOf<D>(i), convertOne<S, D>(load<S>(src + bytesOf<S>(i))));
  }
}

function widenF32(src: usize, n: u32, dst: usize): void {
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    const p = src + bytesOf<f32>(i);
    const q = dst + bytesOf<f64>(i);
    v128.store(q, v128.promote_low<f32>(v128.load64_zero(p)));
    v128.store(q, v128.promote_low<f32>(v128.load64_zero(p, 8)), 16);
  }
  for (; i < n; i++) store<f64>(dst + bytesOf<f64>(i), <f64>load<f32>(src + bytesOf<f32>(i)));
}

function narrowF64(src: usize, n: u32, dst: usize): void {
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    const p = src + bytesOf<f64>(i);
    const even = v128.demote_zero<f64>(v128.load(p));
    const odd = v128.demote_zero<f64>(v128.load(p, 16));
    v128.store(dst + bytesOf<f32>(i), v128.shuffle<i64>(even, odd, 0, 2));
  }
  for (; i < n; i++) store<f32>(dst + bytesOf<f32>(i), <f32>load<f64>(src + bytesOf<f64>(i)));
}

function widenI32(src: usize, n: u32, dst: usize): void {
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    const p = src + bytesOf<i32>(i);
    const q = dst + bytesOf<f64>(i);
    v128.store(q, v128.convert_low<i32>(v128.load64_zero(p)));
    v128.store(q, v128.convert_low<i32>(v128.load64_zero(p, 8)), 16);
  }
  for (; i < n; i++) store<f64>(dst + bytesOf<f64>(i), <f64>load<i32>(src + bytesOf<i32>(i)));
}

// @ts-ignore: decorator
@inline
function convertFrom<S>(dstDtype: i32, src: usize, n: u32, dst: usize): void {
  if (dstDtype == 0) loop<S, f64>(src, n, dst);
  else if (dstDtype == 1) loop<S, f32>(src, n, dst);
  else if (dstDtype == 2) loop<S, i64>(src, n, dst);
  else if (dstDtype == 3) loop<S, i32>(src, n, dst);
  else if (dstDtype == 4) loop<S, u8>(src, n, dst);
  else loop<S, bool>(src, n, dst);
}

const BYTES: u64 = 0x010104080408; // bytes of the element types 5 to 0, for plain copies

export function convert(srcDtype: i32, dstDtype: i32, src: usize, n: u32, dst: usize): void {
  if (srcDtype == dstDtype && srcDtype != 5) {
    memory.copy(dst, src, (<usize>n) * <usize>((BYTES >> (<u64>(8 * srcDtype))) & 255));
  } else if (srcDtype == 0 && dstDtype == 1) narrowF64(src, n, dst);
  else if (srcDtype == 1 && dstDtype == 0) widenF32(src, n, dst);
  else if (srcDtype == 3 && dstDtype == 0) widenI32(src, n, dst);
  else if (srcDtype == 0) convertFrom<f64>(dstDtype, src, n, dst);
  else if (srcDtype == 1) convertFrom<f32>(dstDtype, src, n, dst);
  else if (srcDtype == 2) convertFrom<i64>(dstDtype, src, n, dst);
  else if (srcDtype == 3) convertFrom<i32>(dstDtype, src, n, dst);
  else convertFrom<u8>(dstDtype, src, n, dst);
}

// @ts-ignore: decorator
@inline
function applyValidity<T>(values: usize, bitmap: usize, bitOffset: u32, n: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    const bit = bitOffset + i;
    const byte = <u32>load<u8>(bitmap + <usize>(bit >> 3));
    if (((byte >> (bit & 7)) & 1) == 0) store<T>(values + bytesOf<T>(i), <T>NaN);
  }
}

export function applyValidityF64(values: usize, bitmap: usize, bitOffset: u32, n: u32): void {
  applyValidity<f64>(values, bitmap, bitOffset, n);
}

export function applyValidityF32(values: usize, bitmap: usize, bitOffset: u32, n: u32): void {
  applyValidity<f32>(values, bitmap, bitOffset, n);
}
