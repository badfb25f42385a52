// Loads, stores and sums shared by the kernels. Matrix elements are f64 or f32 (the type parameter T); every
// computation runs on pairs of f64, so f32 input is widened as it is loaded.

/** Rows of one pass over a column: 8 KiB of f64, so a second pass finds them in the first-level cache. */
export const TILE: u32 = 1024;

// @ts-ignore: decorator
@inline
export function loadPair<T>(address: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(address);
  return v128.promote_low<f32>(v128.load64_zero(address));
}

// The second, third and fourth pair after `address`; constant offsets cost nothing in the address computation.
// @ts-ignore: decorator
@inline
export function loadPair1<T>(address: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(address, 16);
  return v128.promote_low<f32>(v128.load64_zero(address, 8));
}

// @ts-ignore: decorator
@inline
export function loadPair2<T>(address: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(address, 32);
  return v128.promote_low<f32>(v128.load64_zero(address, 16));
}

// @ts-ignore: decorator
@inline
export function loadPair3<T>(address: usize): v128 {
  if (sizeof<T>() == 8) return v128.load(address, 48);
  return v128.promote_low<f32>(v128.load64_zero(address, 24));
}

// @ts-ignore: decorator
@inline
export function loadOne<T>(address: usize): f64 {
  return <f64>load<T>(address);
}

/** Address of column `j` in the table of columns at `cols`. */
// @ts-ignore: decorator
@inline
export function column(cols: usize, j: u32): usize {
  return <usize>load<u32>(cols + ((<usize>j) << 2));
}

/** Bytes of `count` elements of T. */
// @ts-ignore: decorator
@inline
export function bytesOf<T>(count: u32): usize {
  return (<usize>count) * sizeof<T>();
}

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

// @ts-ignore: decorator
@inline
export function addTo(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}

/** Scratch starts at a cache line, whatever the alignment the caller gave. */
// @ts-ignore: decorator
@inline
export function alignUp(address: usize): usize {
  return (address + 63) & ~(<usize>63);
}

// @ts-ignore: decorator
@inline
export function minRows(a: u32, b: u32): u32 {
  return a < b ? a : b;
}

/** Σ x over `rows` elements. */
export function sumTile<T>(x: usize, rows: u32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let p = x;
  const end8 = x + bytesOf<T>(rows & ~7);
  while (p < end8) {
    s0 = f64x2.add(s0, loadPair<T>(p));
    s1 = f64x2.add(s1, loadPair1<T>(p));
    s2 = f64x2.add(s2, loadPair2<T>(p));
    s3 = f64x2.add(s3, loadPair3<T>(p));
    p += bytesOf<T>(8);
  }
  let sum = sumLanes(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  const end = x + bytesOf<T>(rows);
  while (p < end) {
    sum += loadOne<T>(p);
    p += bytesOf<T>(1);
  }
  return sum;
}

/** Σ w·x over `rows` elements. */
export function dotTile<T>(x: usize, w: usize, rows: u32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let p = x;
  let q = w;
  const end8 = x + bytesOf<T>(rows & ~7);
  while (p < end8) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(q), loadPair<T>(p)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(q, 16), loadPair1<T>(p)));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(q, 32), loadPair2<T>(p)));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(q, 48), loadPair3<T>(p)));
    p += bytesOf<T>(8);
    q += 64;
  }
  let sum = sumLanes(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  const end = x + bytesOf<T>(rows);
  while (p < end) {
    sum += load<f64>(q) * loadOne<T>(p);
    p += bytesOf<T>(1);
    q += 8;
  }
  return sum;
}
