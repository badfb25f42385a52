import { TILE, bytesOf, column, loadOne, loadPair, minRows, sumLanes } from "./lanes";

// @ts-ignore: decorator
@inline
function minMax<T>(cols: usize, nCols: u32, n: u32, out: usize): void {
  for (let j: u32 = 0; j < nCols; j++) {
    let p = column(cols, j);
    const end = p + bytesOf<T>(n);
    const even = p + bytesOf<T>(n & ~1);
    // pmin and pmax keep the first operand unless the second is beyond it, so a NaN in the second is passed over.
    let low = f64x2.splat(Infinity);
    let high = f64x2.splat(-Infinity);
    for (; p < even; p += bytesOf<T>(2)) {
      const x = loadPair<T>(p);
      low = f64x2.pmin(low, x);
      high = f64x2.pmax(high, x);
    }
    let a = f64x2.extract_lane(low, 0);
    let b = f64x2.extract_lane(low, 1);
    let least = b < a ? b : a;
    a = f64x2.extract_lane(high, 0);
    b = f64x2.extract_lane(high, 1);
    let most = b > a ? b : a;
    if (p < end) {
      const x = loadOne<T>(p);
      if (x < least) least = x;
      if (x > most) most = x;
    }
    store<f64>(out + bytesOf<f64>(2 * j), least);
    store<f64>(out + bytesOf<f64>(2 * j), most, 8);
  }
}

/** x - x is 0 for finite x and NaN otherwise: their sum tells whether a tile needs a closer look. */
// @ts-ignore: decorator
@inline
function isFiniteTile<T>(x: usize, rows: u32): bool {
  let sum = f64x2.splat(0);
  let p = x;
  const even = x + bytesOf<T>(rows & ~1);
  for (; p < even; p += bytesOf<T>(2)) {
    const v = loadPair<T>(p);
    sum = f64x2.add(sum, f64x2.sub(v, v));
  }
  let total = sumLanes(sum);
  if (rows & 1) {
    const v = loadOne<T>(p);
    total += v - v;
  }
  return total == 0;
}

// @ts-ignore: decorator
@inline
function nonFinite<T>(cols: usize, nCols: u32, n: u32, out: usize): void {
  for (let j: u32 = 0; j < nCols; j++) {
    const base = column(cols, j);
    let nans: f64 = 0;
    let infinities: f64 = 0;
    let first: f64 = -1;
    for (let start: u32 = 0; start < n; start += TILE) {
      const rows = minRows(TILE, n - start);
      const x = base + bytesOf<T>(start);
      if (isFiniteTile<T>(x, rows)) continue;
      for (let i: u32 = 0; i < rows; i++) {
        const v = loadOne<T>(x + bytesOf<T>(i));
        if (v - v == 0) continue;
        if (first < 0) first = <f64>(start + i);
        if (v != v) nans += 1;
        else infinities += 1;
      }
    }
    const o = out + bytesOf<f64>(3 * j);
    store<f64>(o, nans);
    store<f64>(o, infinities, 8);
    store<f64>(o, first, 16);
  }
}

export function minMaxF64(cols: usize, nCols: u32, n: u32, out: usize): void {
  minMax<f64>(cols, nCols, n, out);
}

export function minMaxF32(cols: usize, nCols: u32, n: u32, out: usize): void {
  minMax<f32>(cols, nCols, n, out);
}

export function nonFiniteF64(cols: usize, nCols: u32, n: u32, out: usize): void {
  nonFinite<f64>(cols, nCols, n, out);
}

export function nonFiniteF32(cols: usize, nCols: u32, n: u32, out: usize): void {
  nonFinite<f32>(cols, nCols, n, out);
}
