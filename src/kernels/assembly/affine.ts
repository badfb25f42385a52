import { bytesOf, column, loadOne, loadPair, loadPair1 } from "./lanes";

// Order: u8 = (x - shift)·scale, u16 = x·scale + shift.
// @ts-ignore: decorator
@inline
function transform<Order>(x: v128, shift: v128, scale: v128): v128 {
  if (sizeof<Order>() == 1) return f64x2.mul(f64x2.sub(x, shift), scale);
  return f64x2.add(f64x2.mul(x, scale), shift);
}

// @ts-ignore: decorator
@inline
function transformOne<Order>(x: f64, shift: f64, scale: f64): f64 {
  if (sizeof<Order>() == 1) return (x - shift) * scale;
  return x * scale + shift;
}

// @ts-ignore: decorator
@inline
function affine<T, Order>(cols: usize, nCols: u32, n: u32, shift: usize, scale: usize, outCols: usize): void {
  for (let j: u32 = 0; j < nCols; j++) {
    let p = column(cols, j);
    let q = column(outCols, j);
    const b = load<f64>(shift + bytesOf<f64>(j));
    const a = load<f64>(scale + bytesOf<f64>(j));
    const bb = f64x2.splat(b);
    const aa = f64x2.splat(a);
    const end4 = p + bytesOf<T>(n & ~3);
    const end = p + bytesOf<T>(n);
    for (; p < end4; p += bytesOf<T>(4)) {
      const even = transform<Order>(loadPair<T>(p), bb, aa);
      const odd = transform<Order>(loadPair1<T>(p), bb, aa);
      if (sizeof<T>() == 8) {
        v128.store(q, even);
        v128.store(q, odd, 16);
      } else {
        v128.store(
          q,
          v128.shuffle<i64>(v128.demote_zero<f64>(even), v128.demote_zero<f64>(odd), 0, 2),
        );
      }
      q += bytesOf<T>(4);
    }
    for (; p < end; p += bytesOf<T>(1)) {
      store<T>(q, <T>transformOne<Order>(loadOne<T>(p), b, a));
      q += bytesOf<T>(1);
    }
  }
}

export function centerScaleF64(
  cols: usize, nCols: u32, n: u32, shift: usize, scale: usize, outCols: usize,
): void {
  affine<f64, u8>(cols, nCols, n, shift, scale, outCols);
}

export function centerScaleF32(
  cols: usize, nCols: u32, n: u32, shift: usize, scale: usize, outCols: usize,
): void {
  affine<f32, u8>(cols, nCols, n, shift, scale, outCols);
}

export function scaleShiftF64(
  cols: usize, nCols: u32, n: u32, shift: usize, scale: usize, outCols: usize,
): void {
  affine<f64, u16>(cols, nCols, n, shift, scale, outCols);
}

export function scaleShiftF32(
  cols: usize, nCols: u32, n: u32, shift: usize, scale: usize, outCols: usize,
): void {
  affine<f32, u16>(cols, nCols, n, shift, scale, outCols);
}
