import { bytesOf, column, loadOne, loadPair, loadPair1, minRows, TILE } from "./lanes";

// Norm: u8 = Σ|x|, u16 = √Σx², u32 = max|x|.
// @ts-ignore: decorator
@inline
function collect<Norm>(sum: v128, x: v128): v128 {
  if (sizeof<Norm>() == 1) return f64x2.add(sum, f64x2.abs(x));
  if (sizeof<Norm>() == 2) return f64x2.add(sum, f64x2.mul(x, x));
  // Keeps NaN.
  return f64x2.max(sum, f64x2.abs(x));
}

// @ts-ignore: decorator
@inline
function collectOne<Norm>(sum: f64, x: f64): f64 {
  if (sizeof<Norm>() == 1) return sum + Math.abs(x);
  if (sizeof<Norm>() == 2) return sum + x * x;
  return max<f64>(sum, Math.abs(x));
}

// @ts-ignore: decorator
@inline
function storePairs<T>(q: usize, even: v128, odd: v128): void {
  if (sizeof<T>() == 8) {
    v128.store(q, even);
    v128.store(q, odd, 16);
  } else {
    v128.store(q, v128.shuffle<i64>(v128.demote_zero<f64>(even), v128.demote_zero<f64>(odd), 0, 2));
  }
}

// @ts-ignore: decorator
@inline
function normalize<T, Norm>(cols: usize, nCols: u32, n: u32, smallest: f64, outCols: usize, norms: usize): f64 {
  let finite: f64 = 1;
  // A tile of all columns, at most 256 KiB of f64, is still in the second-level cache when it is divided.
  const most = minRows(1024, nCols > 512 ? 64 : nCols == 0 ? 1024 : 32768 / nCols);
  for (let start: u32 = 0; start < n; start += most) {
    const rows = minRows(most, n - start);
    memory.fill(norms, 0, bytesOf<f64>(rows));
    const endNorms4 = norms + bytesOf<f64>(rows & ~3);
    const endNorms = norms + bytesOf<f64>(rows);
    for (let j: u32 = 0; j < nCols; j++) {
      let p = column(cols, j) + bytesOf<T>(start);
      let s = norms;
      for (; s < endNorms4; s += 32) {
        v128.store(s, collect<Norm>(v128.load(s), loadPair<T>(p)));
        v128.store(s, collect<Norm>(v128.load(s, 16), loadPair1<T>(p)), 16);
        p += bytesOf<T>(4);
      }
      for (; s < endNorms; s += 8) {
        store<f64>(s, collectOne<Norm>(load<f64>(s), loadOne<T>(p)));
        p += bytesOf<T>(1);
      }
    }
    for (let s = norms; s < endNorms; s += 8) {
      let size = load<f64>(s);
      if (sizeof<Norm>() == 2) size = Math.sqrt(size);
      if (!(size < Infinity)) finite = 0;
      store<f64>(s, size < smallest ? 1 : size);
    }
    for (let j: u32 = 0; j < nCols; j++) {
      let p = column(cols, j) + bytesOf<T>(start);
      let q = column(outCols, j) + bytesOf<T>(start);
      let s = norms;
      for (; s < endNorms4; s += 32) {
        storePairs<T>(q, f64x2.div(loadPair<T>(p), v128.load(s)), f64x2.div(loadPair1<T>(p), v128.load(s, 16)));
        p += bytesOf<T>(4);
        q += bytesOf<T>(4);
      }
      for (; s < endNorms; s += 8) {
        store<T>(q, <T>(loadOne<T>(p) / load<f64>(s)));
        p += bytesOf<T>(1);
        q += bytesOf<T>(1);
      }
    }
  }
  return finite;
}

export function normalizeRowsF64(
  norm: i32, cols: usize, nCols: u32, n: u32, smallest: f64, outCols: usize, scratch: usize,
): f64 {
  if (norm == 0) return normalize<f64, u8>(cols, nCols, n, smallest, outCols, scratch);
  if (norm == 1) return normalize<f64, u16>(cols, nCols, n, smallest, outCols, scratch);
  return normalize<f64, u32>(cols, nCols, n, smallest, outCols, scratch);
}

export function normalizeRowsF32(
  norm: i32, cols: usize, nCols: u32, n: u32, smallest: f64, outCols: usize, scratch: usize,
): f64 {
  if (norm == 0) return normalize<f32, u8>(cols, nCols, n, smallest, outCols, scratch);
  if (norm == 1) return normalize<f32, u16>(cols, nCols, n, smallest, outCols, scratch);
  return normalize<f32, u32>(cols, nCols, n, smallest, outCols, scratch);
}

// @ts-ignore: decorator
@inline
function csrNormalize<Norm>(indptr: usize, values: usize, rows: u32, smallest: f64, out: usize): f64 {
  let finite: f64 = 1;
  for (let i: u32 = 0; i < rows; i++) {
    const from = load<u32>(indptr + bytesOf<u32>(i));
    const to = load<u32>(indptr + bytesOf<u32>(i), 4);
    let size: f64 = 0;
    for (let k = from; k < to; k++) size = collectOne<Norm>(size, load<f64>(values + bytesOf<f64>(k)));
    if (sizeof<Norm>() == 2) size = Math.sqrt(size);
    if (!(size < Infinity)) finite = 0;
    if (size < smallest) size = 1;
    for (let k = from; k < to; k++) store<f64>(out + bytesOf<f64>(k), load<f64>(values + bytesOf<f64>(k)) / size);
  }
  return finite;
}

export function csrNormalizeRows(
  norm: i32, indptr: usize, values: usize, rows: u32, smallest: f64, out: usize,
): f64 {
  if (norm == 0) return csrNormalize<u8>(indptr, values, rows, smallest, out);
  if (norm == 1) return csrNormalize<u16>(indptr, values, rows, smallest, out);
  return csrNormalize<u32>(indptr, values, rows, smallest, out);
}

// @ts-ignore: decorator
@inline
function binPair(x: v128, from: v128, to: v128, half: v128, low: v128, scale: v128, outside: v128): v128 {
  const within = v128.and(f64x2.ge(x, from), f64x2.le(x, to));
  const bin = f64x2.mul(f64x2.sub(f64x2.mul(x, half), low), scale);
  return i32x4.trunc_sat_f64x2_s_zero(v128.bitselect(bin, outside, within));
}

// @ts-ignore: decorator
@inline
function add(counts: usize, bin: i32, weight: f64): void {
  const place = counts + bytesOf<f64>(bin);
  store<f64>(place, load<f64>(place) + weight);
}

export function binCounts(
  x: usize, n: u32, w: usize, from: f64, to: f64, half: f64, low: f64, scale: f64, bins: u32, counts: usize,
): void {
  const froms = f64x2.splat(from);
  const tos = f64x2.splat(to);
  const halves = f64x2.splat(half);
  const lows = f64x2.splat(low);
  const scales = f64x2.splat(scale);
  const outside = f64x2.splat(<f64>(bins + 1));
  let i: u32 = 0;
  for (; i + 4 <= n; i += 4) {
    const p = x + bytesOf<f64>(i);
    const even = binPair(v128.load(p), froms, tos, halves, lows, scales, outside);
    const odd = binPair(v128.load(p, 16), froms, tos, halves, lows, scales, outside);
    const q = w + bytesOf<f64>(i);
    add(counts, i32x4.extract_lane(even, 0), w != 0 ? load<f64>(q) : 1);
    add(counts, i32x4.extract_lane(even, 1), w != 0 ? load<f64>(q, 8) : 1);
    add(counts, i32x4.extract_lane(odd, 0), w != 0 ? load<f64>(q, 16) : 1);
    add(counts, i32x4.extract_lane(odd, 1), w != 0 ? load<f64>(q, 24) : 1);
  }
  for (; i < n; i++) {
    const one = binPair(f64x2.splat(load<f64>(x + bytesOf<f64>(i))), froms, tos, halves, lows, scales, outside);
    add(counts, i32x4.extract_lane(one, 0), w != 0 ? load<f64>(w + bytesOf<f64>(i)) : 1);
  }
}

// @ts-ignore: decorator
@inline
function edgeBins<T>(x: usize, n: u32, edges: usize, count: u32, out: usize): f64 {
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const end = edges + bytesOf<f64>(count);
  let strange = f64x2.splat(0);
  let i: u32 = 0;
  for (; i + 8 <= n; i += 8) {
    const p = x + bytesOf<T>(i);
    const a = loadPair<T>(p);
    const b = loadPair1<T>(p);
    const c = loadPair<T>(p + bytesOf<T>(4));
    const d = loadPair1<T>(p + bytesOf<T>(4));
    let binA = zero;
    let binB = zero;
    let binC = zero;
    let binD = zero;
    for (let e = edges; e < end; e += 8) {
      const edge = v128.load64_splat(e);
      binA = f64x2.add(binA, v128.and(f64x2.ge(a, edge), one));
      binB = f64x2.add(binB, v128.and(f64x2.ge(b, edge), one));
      binC = f64x2.add(binC, v128.and(f64x2.ge(c, edge), one));
      binD = f64x2.add(binD, v128.and(f64x2.ge(d, edge), one));
    }
    // x - x is 0 for finite values only.
    strange = v128.or(strange, v128.or(f64x2.ne(f64x2.sub(a, a), zero), f64x2.ne(f64x2.sub(b, b), zero)));
    strange = v128.or(strange, v128.or(f64x2.ne(f64x2.sub(c, c), zero), f64x2.ne(f64x2.sub(d, d), zero)));
    const q = out + bytesOf<T>(i);
    storePairs<T>(q, binA, binB);
    storePairs<T>(q + bytesOf<T>(4), binC, binD);
  }
  let finite: f64 = v128.any_true(strange) ? 0 : 1;
  for (; i < n; i++) {
    const value = loadOne<T>(x + bytesOf<T>(i));
    let bin: f64 = 0;
    for (let e = edges; e < end; e += 8) bin += value >= load<f64>(e) ? 1 : 0;
    if (value - value != 0) finite = 0;
    store<T>(out + bytesOf<T>(i), <T>bin);
  }
  return finite;
}

export function edgeBinsF64(x: usize, n: u32, edges: usize, count: u32, out: usize): f64 {
  return edgeBins<f64>(x, n, edges, count, out);
}

export function edgeBinsF32(x: usize, n: u32, edges: usize, count: u32, out: usize): f64 {
  return edgeBins<f32>(x, n, edges, count, out);
}

// A comparison that holds is −1 in its lanes.
export function countAbove(x: usize, n: u32, edges: usize, count: u32, counts: usize): void {
  const zero = i64x2.splat(0);
  for (let start: u32 = 0; start < n; start += TILE) {
    const rows = minRows(n - start, TILE);
    const from = x + bytesOf<f64>(start);
    const pairs = from + bytesOf<f64>(rows & ~3);
    const end = from + bytesOf<f64>(rows);
    for (let k: u32 = 0; k <= count; k++) {
      const missing = k == count;
      const value = missing ? 0 : load<f64>(edges + bytesOf<f64>(k));
      const edge = f64x2.splat(value);
      let a = zero;
      let b = zero;
      let p = from;
      let found: i64 = 0;
      if (missing) {
        for (; p < pairs; p += 32) {
          a = i64x2.add(a, f64x2.ne(v128.load(p), v128.load(p)));
          b = i64x2.add(b, f64x2.ne(v128.load(p, 16), v128.load(p, 16)));
        }
        for (; p < end; p += 8) found += load<f64>(p) != load<f64>(p) ? 1 : 0;
      } else {
        for (; p < pairs; p += 32) {
          a = i64x2.add(a, f64x2.gt(v128.load(p), edge));
          b = i64x2.add(b, f64x2.gt(v128.load(p, 16), edge));
        }
        for (; p < end; p += 8) found += load<f64>(p) > value ? 1 : 0;
      }
      const sum = i64x2.add(a, b);
      found -= i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
      const out = counts + bytesOf<f64>(k);
      store<f64>(out, load<f64>(out) + <f64>found);
    }
  }
}
