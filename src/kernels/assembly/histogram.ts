// Binning, histograms, and splits of leaves.
import { alignUp, bytesOf, loadOne, minRows } from "./lanes";

// Rows of one tile of the histogram: their pairs (16 KiB) stay in the first-level cache while columns take turns.
const TILE_ROWS: u32 = 1024;
const MISSING: u32 = 255;

// First position whose threshold is not below x: the halving depends on `count` alone, so that nothing has to be guessed.
// @ts-ignore: decorator
@inline
function lowerBound(thresholds: usize, count: u32, x: f64): u32 {
  let base: u32 = 0;
  let length = count;
  while (length > 1) {
    const half = length >> 1;
    base += load<f64>(thresholds + bytesOf<f64>(base + half - 1)) < x ? half : 0;
    length -= half;
  }
  if (length == 1) base += load<f64>(thresholds + bytesOf<f64>(base)) < x ? 1 : 0;
  return x != x ? MISSING : base;
}

// @ts-ignore: decorator
@inline
function binColumn<T>(x: usize, n: u32, thresholds: usize, count: u32, out: usize, rows: usize, stride: u32): void {
  let i: u32 = 0;
  let place = rows;
  // Four searches at once hide the latency of each.
  for (; i + 4 <= n; i += 4) {
    const p = x + bytesOf<T>(i);
    const x0 = loadOne<T>(p);
    const x1 = loadOne<T>(p + sizeof<T>());
    const x2 = loadOne<T>(p + 2 * sizeof<T>());
    const x3 = loadOne<T>(p + 3 * sizeof<T>());
    let b0: u32 = 0;
    let b1: u32 = 0;
    let b2: u32 = 0;
    let b3: u32 = 0;
    let length = count;
    while (length > 1) {
      const half = length >> 1;
      const t = thresholds + bytesOf<f64>(half - 1);
      b0 += load<f64>(t + bytesOf<f64>(b0)) < x0 ? half : 0;
      b1 += load<f64>(t + bytesOf<f64>(b1)) < x1 ? half : 0;
      b2 += load<f64>(t + bytesOf<f64>(b2)) < x2 ? half : 0;
      b3 += load<f64>(t + bytesOf<f64>(b3)) < x3 ? half : 0;
      length -= half;
    }
    if (length == 1) {
      b0 += load<f64>(thresholds + bytesOf<f64>(b0)) < x0 ? 1 : 0;
      b1 += load<f64>(thresholds + bytesOf<f64>(b1)) < x1 ? 1 : 0;
      b2 += load<f64>(thresholds + bytesOf<f64>(b2)) < x2 ? 1 : 0;
      b3 += load<f64>(thresholds + bytesOf<f64>(b3)) < x3 ? 1 : 0;
    }
    b0 = x0 != x0 ? MISSING : b0;
    b1 = x1 != x1 ? MISSING : b1;
    b2 = x2 != x2 ? MISSING : b2;
    b3 = x3 != x3 ? MISSING : b3;
    store<u32>(out + <usize>i, b0 | (b1 << 8) | (b2 << 16) | (b3 << 24));
    store<u8>(place, <u8>b0);
    store<u8>(place + <usize>stride, <u8>b1);
    store<u8>(place + <usize>stride * 2, <u8>b2);
    store<u8>(place + <usize>stride * 3, <u8>b3);
    place += <usize>stride * 4;
  }
  for (; i < n; i++) {
    const b = lowerBound(thresholds, count, loadOne<T>(x + bytesOf<T>(i)));
    store<u8>(out + <usize>i, <u8>b);
    store<u8>(place, <u8>b);
    place += <usize>stride;
  }
}

export function binColumnF64(x: usize, n: u32, thresholds: usize, count: u32, out: usize, rows: usize, stride: u32): void {
  binColumn<f64>(x, n, thresholds, count, out, rows, stride);
}

export function binColumnF32(x: usize, n: u32, thresholds: usize, count: u32, out: usize, rows: usize, stride: u32): void {
  binColumn<f32>(x, n, thresholds, count, out, rows, stride);
}

// @ts-ignore: decorator
@inline
function bump(hist: usize, bin: u32, pair: v128): void {
  const p = hist + ((<usize>bin) << 4);
  v128.store(p, i64x2.add(v128.load(p), pair));
}

// The histograms of the three columns beside it, by constant offsets, which cost nothing in the address.
// @ts-ignore: decorator
@inline
function bump1(hist: usize, place: u32, pair: v128): void {
  const p = hist + <usize>place;
  v128.store(p, i64x2.add(v128.load(p, 4096), pair), 4096);
}

// @ts-ignore: decorator
@inline
function bump2(hist: usize, place: u32, pair: v128): void {
  const p = hist + <usize>place;
  v128.store(p, i64x2.add(v128.load(p, 8192), pair), 8192);
}

// @ts-ignore: decorator
@inline
function bump3(hist: usize, place: u32, pair: v128): void {
  const p = hist + <usize>place;
  v128.store(p, i64x2.add(v128.load(p, 12288), pair), 12288);
}

export function histogram(
  bins: usize, stride: u32, nCols: u32, rows: usize, n: u32, pairs: usize, hist: usize, scratch: usize,
): void {
  const expanded = alignUp(scratch);
  const places = expanded + <usize>TILE_ROWS * 16;
  const factor = i32x4(1, 1 << 20, 0, 0);
  const one = i64x2(0, 1);
  // Touching both ends of a row while pairs are gathered lets the misses of many rows overlap.
  const far = (<usize>stride) - 4;
  let touched: u32 = 0;
  for (let from: u32 = 0; from < n; from += TILE_ROWS) {
    const m = minRows(n - from, TILE_ROWS);
    for (let i: u32 = 0; i < m; i++) {
      const row = rows == 0 ? from + i : load<u32>(rows + bytesOf<u32>(from + i));
      const own = bins + <usize>row * <usize>stride;
      store<u32>(places + bytesOf<u32>(i), <u32>own);
      touched |= load<u32>(own) ^ load<u32>(own + far);
      const pair = v128.load64_zero(pairs + bytesOf<u64>(row));
      v128.store(expanded + ((<usize>i) << 4), i64x2.add(i64x2.extmul_low_i32x4_s(pair, factor), one));
    }
    let j: u32 = 0;
    for (; j + 4 <= nCols; j += 4) {
      const h = hist + ((<usize>j) << 12);
      const end = places + bytesOf<u32>(m);
      let e = expanded;
      for (let p = places; p < end; p += 4) {
        const four = load<u32>(<usize>load<u32>(p) + <usize>j);
        const pair = v128.load(e);
        bump(h, four & 255, pair);
        bump1(h, (four >> 4) & 0xff0, pair);
        bump2(h, (four >> 12) & 0xff0, pair);
        bump3(h, (four >> 20) & 0xff0, pair);
        e += 16;
      }
    }
    for (; j < nCols; j++) {
      const h = hist + ((<usize>j) << 12);
      for (let i: u32 = 0; i < m; i++) {
        const bin = load<u8>(<usize>load<u32>(places + bytesOf<u32>(i)) + <usize>j);
        bump(h, <u32>bin, v128.load(expanded + ((<usize>i) << 4)));
      }
    }
  }
  store<u32>(places, touched);
}

export function histogramSums(hist: usize, entries: u32, out: usize): void {
  const plane = bytesOf<f64>(entries);
  for (let k: u32 = 0; k < entries; k++) {
    const p = hist + ((<usize>k) << 4);
    const o = out + bytesOf<f64>(k);
    const second = load<i64>(p, 8);
    // Most entries of a small leaf are empty.
    if (second != 0) {
      store<f64>(o, load<f64>(o) + <f64>load<i64>(p));
      store<f64>(o + plane, load<f64>(o + plane) + <f64>(second >> 20));
      store<f64>(o + 2 * plane, load<f64>(o + 2 * plane) + <f64>(second & 0xfffff));
      store<i64>(p, 0);
      store<i64>(p, 0, 8);
    }
  }
}

export function partitionRows(
  bins: usize, rows: usize, n: u32, bin: u32, missingLeft: u32, out: usize, scratch: usize,
): f64 {
  let left: usize = 0;
  let right: usize = 0;
  const end = rows + bytesOf<u32>(n);
  for (let p = rows; p < end; p += 4) {
    const row = load<u32>(p);
    const b = <u32>load<u8>(bins + <usize>row);
    const goesLeft: usize = <usize>(b <= bin) | (<usize>(b == MISSING) & <usize>missingLeft);
    // Written to both places, because a branch would be guessed wrong half of the time.
    store<u32>(out + (left << 2), row);
    store<u32>(scratch + (right << 2), row);
    left += goesLeft;
    right += 1 - goesLeft;
  }
  memory.copy(out + (left << 2), scratch, right << 2);
  return <f64>left;
}

export function partitionRowsBySet(bins: usize, rows: usize, n: u32, set: usize, out: usize, scratch: usize): f64 {
  let left: usize = 0;
  let right: usize = 0;
  const end = rows + bytesOf<u32>(n);
  for (let p = rows; p < end; p += 4) {
    const row = load<u32>(p);
    const b = <usize>load<u8>(bins + <usize>row);
    const goesLeft: usize = <usize>((load<u32>(set + ((b >> 5) << 2)) >> <u32>(b & 31)) & 1);
    // Written to both places, because a branch would be guessed wrong half of the time.
    store<u32>(out + (left << 2), row);
    store<u32>(scratch + (right << 2), row);
    left += goesLeft;
    right += 1 - goesLeft;
  }
  memory.copy(out + (left << 2), scratch, right << 2);
  return <f64>left;
}

export function addAtRows(rows: usize, n: u32, value: f64, target: usize): void {
  for (let i: u32 = 0; i < n; i++) {
    const p = target + bytesOf<f64>(load<u32>(rows + bytesOf<u32>(i)));
    store<f64>(p, load<f64>(p) + value);
  }
}
