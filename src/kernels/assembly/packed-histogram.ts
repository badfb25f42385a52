// Histograms whose entries are one i64 each: Σg in the upper 26 bits, Σh in 23, the number of rows in 15.
import { alignUp, bytesOf, minRows } from "./lanes";

// Rows of one tile: their derivatives and their bins, copied side by side, stay near while columns take turns.
const TILE_ROWS: u32 = 1024;
// Bytes of bins in a tile, but for rows so wide that LEAST_ROWS of them are more.
const TILE_BYTES: u32 = 1 << 15;
const LEAST_ROWS: u32 = 16;

// @ts-ignore: decorator
@inline
function mixed(x: v128): v128 {
  // Wellons' lowbias32: every bit of the input changes every bit of the output.
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x7feb352d));
  x = v128.xor(x, i32x4.shr_u(x, 15));
  x = i32x4.mul(x, i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** Random bits of the rows with these numbers. */
// @ts-ignore: decorator
@inline
export function rowBits(counter: v128, key: u32): v128 {
  return mixed(v128.xor(i32x4.mul(counter, i32x4.splat(0x9e3779b1)), i32x4.splat(key)));
}

/** The upper words of packed entries, from first derivatives: up with the probability of the part that is dropped. */
// @ts-ignore: decorator
@inline
export function packedHigh(g: v128, bits: v128): v128 {
  return i32x4.shl(i32x4.shr_s(i32x4.add(g, v128.and(bits, i32x4.splat(0xfffff))), 20), 6);
}

/** The lower words, from second derivatives and one row. */
// @ts-ignore: decorator
@inline
export function packedLow(h: v128, bits: v128): v128 {
  return i32x4.add(i32x4.shl(i32x4.shr_s(i32x4.add(h, i32x4.shr_u(bits, 18)), 14), 15), i32x4.splat(1));
}

export function packPairs(pairs: usize, n: u32, first: u32, key: u32): void {
  let counter = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  for (let i: u32 = 0; i < n; i += 4) {
    const p = pairs + bytesOf<u64>(i);
    const left = n - i;
    let a = i64x2.splat(0);
    let b = a;
    if (left >= 4) {
      a = v128.load(p);
      b = v128.load(p, 16);
    } else {
      a = v128.load64_lane(p, a, 0);
      if (left > 1) a = v128.load64_lane(p + 8, a, 1);
      if (left > 2) b = v128.load64_lane(p + 16, b, 0);
    }
    const bits = rowBits(counter, key);
    const high = packedHigh(v128.shuffle<i32>(a, b, 0, 2, 4, 6), bits);
    const low = packedLow(v128.shuffle<i32>(a, b, 1, 3, 5, 7), bits);
    a = v128.shuffle<i32>(low, high, 0, 4, 1, 5);
    b = v128.shuffle<i32>(low, high, 2, 6, 3, 7);
    if (left >= 4) {
      v128.store(p, a);
      v128.store(p, b, 16);
    } else {
      v128.store64_lane(p, a, 0);
      if (left > 1) v128.store64_lane(p + 8, a, 1);
      if (left > 2) v128.store64_lane(p + 16, b, 0);
    }
    counter = i32x4.add(counter, i32x4.splat(4));
  }
}

// @ts-ignore: decorator
@inline
function bump(hist: usize, own: usize, entry: i64): void {
  const p = hist + ((<usize>load<u8>(own)) << 3);
  store<i64>(p, load<i64>(p) + entry);
}

// The histograms of the columns beside it, by constant offsets, which cost nothing in the address.
// @ts-ignore: decorator
@inline
function bump4(hist: usize, own: usize, entry: i64): void {
  bump(hist, own, entry);
  let p = hist + ((<usize>load<u8>(own, 1)) << 3);
  store<i64>(p, load<i64>(p, 2048) + entry, 2048);
  p = hist + ((<usize>load<u8>(own, 2)) << 3);
  store<i64>(p, load<i64>(p, 4096) + entry, 4096);
  p = hist + ((<usize>load<u8>(own, 3)) << 3);
  store<i64>(p, load<i64>(p, 6144) + entry, 6144);
}

// @ts-ignore: decorator
@inline
function bump8(hist: usize, own: usize, entry: i64): void {
  bump4(hist, own, entry);
  let p = hist + ((<usize>load<u8>(own, 4)) << 3);
  store<i64>(p, load<i64>(p, 8192) + entry, 8192);
  p = hist + ((<usize>load<u8>(own, 5)) << 3);
  store<i64>(p, load<i64>(p, 10240) + entry, 10240);
  p = hist + ((<usize>load<u8>(own, 6)) << 3);
  store<i64>(p, load<i64>(p, 12288) + entry, 12288);
  p = hist + ((<usize>load<u8>(own, 7)) << 3);
  store<i64>(p, load<i64>(p, 14336) + entry, 14336);
}

// The upper half of a group of 16.
// @ts-ignore: decorator
@inline
function bump8Above(hist: usize, own: usize, entry: i64): void {
  let p = hist + ((<usize>load<u8>(own, 8)) << 3);
  store<i64>(p, load<i64>(p, 16384) + entry, 16384);
  p = hist + ((<usize>load<u8>(own, 9)) << 3);
  store<i64>(p, load<i64>(p, 18432) + entry, 18432);
  p = hist + ((<usize>load<u8>(own, 10)) << 3);
  store<i64>(p, load<i64>(p, 20480) + entry, 20480);
  p = hist + ((<usize>load<u8>(own, 11)) << 3);
  store<i64>(p, load<i64>(p, 22528) + entry, 22528);
  p = hist + ((<usize>load<u8>(own, 12)) << 3);
  store<i64>(p, load<i64>(p, 24576) + entry, 24576);
  p = hist + ((<usize>load<u8>(own, 13)) << 3);
  store<i64>(p, load<i64>(p, 26624) + entry, 26624);
  p = hist + ((<usize>load<u8>(own, 14)) << 3);
  store<i64>(p, load<i64>(p, 28672) + entry, 28672);
  p = hist + ((<usize>load<u8>(own, 15)) << 3);
  store<i64>(p, load<i64>(p, 30720) + entry, 30720);
}

// Copies a row of a multiple of 4 bytes; the last block overlaps the one before it.
// @ts-ignore: decorator
@inline
function copyRow(to: usize, from: usize, bytes: usize): void {
  if (bytes < 16) {
    for (let b: usize = 0; b < bytes; b += 4) store<u32>(to + b, load<u32>(from + b));
    return;
  }
  const last = bytes - 16;
  for (let b: usize = 0; b < last; b += 16) v128.store(to + b, v128.load(from + b));
  v128.store(to + last, v128.load(from + last));
}

export function packedHistogram(
  bins: usize, stride: u32, nCols: u32, rows: usize, n: u32, pairs: usize, hist: usize, scratch: usize,
): void {
  const entries = alignUp(scratch);
  const tile = entries + <usize>TILE_ROWS * 8;
  const width = <usize>stride;
  const most = max(minRows(TILE_BYTES / stride, TILE_ROWS), LEAST_ROWS);
  for (let from: u32 = 0; from < n; from += most) {
    const m = minRows(n - from, most);
    // The misses of many rows overlap here, and each line is fetched once for all columns.
    let to = tile;
    for (let i: u32 = 0; i < m; i++) {
      const row = load<u32>(rows + bytesOf<u32>(from + i));
      copyRow(to, bins + <usize>row * width, width);
      to += width;
      store<i64>(entries + bytesOf<u64>(i), load<i64>(pairs + bytesOf<u64>(row)));
    }
    let j: u32 = 0;
    for (; j + 16 <= nCols; j += 16) {
      const h = hist + ((<usize>j) << 11);
      let e = entries;
      for (let own = tile + <usize>j; own < to; own += width) {
        const entry = load<i64>(e);
        bump8(h, own, entry);
        bump8Above(h, own, entry);
        e += 8;
      }
    }
    for (; j + 4 <= nCols; j += j + 8 <= nCols ? 8 : 4) {
      const h = hist + ((<usize>j) << 11);
      let e = entries;
      if (j + 8 <= nCols)
        for (let own = tile + <usize>j; own < to; own += width) {
          bump8(h, own, load<i64>(e));
          e += 8;
        }
      else
        for (let own = tile + <usize>j; own < to; own += width) {
          bump4(h, own, load<i64>(e));
          e += 8;
        }
    }
    for (; j < nCols; j++) {
      const h = hist + ((<usize>j) << 11);
      let e = entries;
      for (let own = tile + <usize>j; own < to; own += width) {
        bump(h, own, load<i64>(e));
        e += 8;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function addFour(p: usize, values: v128): void {
  v128.store(p, i32x4.add(v128.load(p), values));
}

export function packedHistogramSums(hist: usize, entries: u32, out: usize): void {
  const plane = bytesOf<i32>(entries);
  const none = i64x2.splat(0);
  for (let k: u32 = 0; k < entries; k += 4) {
    const p = hist + bytesOf<u64>(k);
    const a = v128.load(p);
    const b = v128.load(p, 16);
    // Most entries of a small leaf are empty.
    if (v128.any_true(v128.or(a, b))) {
      const o = out + bytesOf<i32>(k);
      addFour(o, i32x4.shr_s(v128.shuffle<i32>(a, b, 1, 3, 5, 7), 6));
      const h = v128.shuffle<i32>(i64x2.shr_u(a, 15), i64x2.shr_u(b, 15), 0, 2, 4, 6);
      addFour(o + plane, v128.and(h, i32x4.splat(0x7fffff)));
      addFour(o + 2 * plane, v128.and(v128.shuffle<i32>(a, b, 0, 2, 4, 6), i32x4.splat(0x7fff)));
      v128.store(p, none);
      v128.store(p, none, 16);
    }
  }
}
