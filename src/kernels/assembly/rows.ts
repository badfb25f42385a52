import { bytesOf } from "./lanes";
import { fillTile } from "./products";

// @ts-ignore: decorator
@inline
function gatherOf<T>(src: usize, idx: usize, n: u32, out: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    store<T>(out + bytesOf<T>(i), load<T>(src + bytesOf<T>(load<u32>(idx + bytesOf<u32>(i)))));
  }
}

export function gather(elementBytes: i32, src: usize, idx: usize, n: u32, out: usize): void {
  if (elementBytes == 8) gatherOf<u64>(src, idx, n, out);
  else if (elementBytes == 4) gatherOf<u32>(src, idx, n, out);
  else gatherOf<u8>(src, idx, n, out);
}

function countKept(mask: usize, n: u32): u32 {
  let count: u32 = 0;
  let i: u32 = 0;
  const zero = i8x16.splat(0);
  for (; i + 16 <= n; i += 16) {
    count += 16 - popcnt<i32>(i8x16.bitmask(i8x16.eq(v128.load(mask + <usize>i), zero)));
  }
  for (; i < n; i++) count += load<u8>(mask + <usize>i) != 0 ? 1 : 0;
  return count;
}

// Every row is written where the next kept row belongs, kept or not, which needs no branch to guess; knowing the count
// first keeps these writes inside the output.
// @ts-ignore: decorator
@inline
function filterOf<T>(src: usize, mask: usize, kept: u32, out: usize): void {
  let k: u32 = 0;
  for (let i: u32 = 0; k < kept; i++) {
    store<T>(out + bytesOf<T>(k), load<T>(src + bytesOf<T>(i)));
    k += load<u8>(mask + <usize>i) != 0 ? 1 : 0;
  }
}

// Eight values at a time: where none is in the range, as in most places, that is one branch.
export function rowsWithin(x: usize, n: u32, low: f64, high: f64, out: usize): f64 {
  const lows = f64x2.splat(low);
  const highs = f64x2.splat(high);
  let found: u32 = 0;
  let i: u32 = 0;
  for (; i + 8 <= n; i += 8) {
    const p = x + bytesOf<f64>(i);
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    const inA = v128.and(f64x2.ge(a, lows), f64x2.le(a, highs));
    const inB = v128.and(f64x2.ge(b, lows), f64x2.le(b, highs));
    const inC = v128.and(f64x2.ge(c, lows), f64x2.le(c, highs));
    const inD = v128.and(f64x2.ge(d, lows), f64x2.le(d, highs));
    if (!v128.any_true(v128.or(v128.or(inA, inB), v128.or(inC, inD)))) continue;
    let bits = i64x2.bitmask(inA) | (i64x2.bitmask(inB) << 2) | (i64x2.bitmask(inC) << 4) | (i64x2.bitmask(inD) << 6);
    while (bits != 0) {
      store<u32>(out + bytesOf<u32>(found), i + ctz<i32>(bits));
      bits &= bits - 1;
      found++;
    }
  }
  for (; i < n; i++) {
    const value = load<f64>(x + bytesOf<f64>(i));
    if (value >= low && value <= high) {
      store<u32>(out + bytesOf<u32>(found), i);
      found++;
    }
  }
  return found;
}

export function filter(elementBytes: i32, src: usize, mask: usize, n: u32, out: usize): f64 {
  const kept = countKept(mask, n);
  if (elementBytes == 8) filterOf<u64>(src, mask, kept, out);
  else if (elementBytes == 4) filterOf<u32>(src, mask, kept, out);
  else filterOf<u8>(src, mask, kept, out);
  return <f64>kept;
}

export function copy(dst: usize, src: usize, bytes: usize): void {
  memory.copy(dst, src, bytes);
}

export function fill(dst: usize, value: u8, bytes: usize): void {
  memory.fill(dst, value, bytes);
}

export function fillF64(dst: usize, value: f64, n: u32): void {
  fillTile(dst, value, n);
}
