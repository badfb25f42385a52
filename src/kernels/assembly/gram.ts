import { block1x1, block1x4, block2x2, block2x4 } from "./blocks";
import { addTo, alignUp, bytesOf, column, dotTile, loadOne, loadPair, minRows, sumTile } from "./lanes";

/** Rows of a tile: its nCols columns fill half of a second-level cache. `gramTileStride` in kernels.ts mirrors it. */
export function gramTileRows(nCols: u32): u32 {
  const fit: u32 = ((<u32>131072) / (nCols + 3)) & ~(<u32>3);
  return fit > 2048 ? 2048 : fit < 64 ? 64 : fit;
}

/** Byte distance of tile columns: one cache line more than the rows, so that columns do not share cache sets. */
// @ts-ignore: decorator
@inline
export function tileStride(rows: u32): usize {
  return bytesOf<f64>(rows) + 64;
}

/**
 * dst = x - shift for the tile columns from `start`, with a zero after an odd last row; sums[j] += Σ w(x - shift).
 * Four columns go side by side, as one stream of reads alone waits for memory. shift, w and sums may be 0 for none.
 */
export function centreTile<T>(
  cols: usize, nCols: u32, start: u32, rows: u32, shift: usize, w: usize, sums: usize, tile: usize, stride: usize,
): void {
  const first = bytesOf<T>(start);
  const even = bytesOf<f64>(rows & ~1);
  let j: u32 = 0;
  for (; j + 4 <= nCols; j += 4) {
    let p0 = column(cols, j) + first;
    let p1 = column(cols, j + 1) + first;
    let p2 = column(cols, j + 2) + first;
    let p3 = column(cols, j + 3) + first;
    const d0 = tile + stride * j;
    const d1 = d0 + stride;
    const d2 = d1 + stride;
    const d3 = d2 + stride;
    const s = shift + bytesOf<f64>(j);
    const s0 = shift == 0 ? f64x2.splat(0) : v128.load64_splat(s);
    const s1 = shift == 0 ? f64x2.splat(0) : v128.load64_splat(s + 8);
    const s2 = shift == 0 ? f64x2.splat(0) : v128.load64_splat(s + 16);
    const s3 = shift == 0 ? f64x2.splat(0) : v128.load64_splat(s + 24);
    for (let o: usize = 0; o < even; o += 16) {
      v128.store(d0 + o, f64x2.sub(loadPair<T>(p0), s0));
      v128.store(d1 + o, f64x2.sub(loadPair<T>(p1), s1));
      v128.store(d2 + o, f64x2.sub(loadPair<T>(p2), s2));
      v128.store(d3 + o, f64x2.sub(loadPair<T>(p3), s3));
      p0 += bytesOf<T>(2);
      p1 += bytesOf<T>(2);
      p2 += bytesOf<T>(2);
      p3 += bytesOf<T>(2);
    }
    if (rows & 1) {
      store<f64>(d0 + even, loadOne<T>(p0) - f64x2.extract_lane(s0, 0));
      store<f64>(d1 + even, loadOne<T>(p1) - f64x2.extract_lane(s1, 0));
      store<f64>(d2 + even, loadOne<T>(p2) - f64x2.extract_lane(s2, 0));
      store<f64>(d3 + even, loadOne<T>(p3) - f64x2.extract_lane(s3, 0));
    }
  }
  for (; j < nCols; j++) {
    let p = column(cols, j) + first;
    const d = tile + stride * j;
    const s = shift == 0 ? f64x2.splat(0) : v128.load64_splat(shift + bytesOf<f64>(j));
    for (let o: usize = 0; o < even; o += 16) {
      v128.store(d + o, f64x2.sub(loadPair<T>(p), s));
      p += bytesOf<T>(2);
    }
    if (rows & 1) store<f64>(d + even, loadOne<T>(p) - f64x2.extract_lane(s, 0));
  }
  for (j = 0; j < nCols; j++) {
    const d = tile + stride * j;
    store<f64>(d + bytesOf<f64>(rows), 0);
    if (sums != 0) addTo(sums + bytesOf<f64>(j), w == 0 ? sumTile<f64>(d, rows) : dotTile<f64>(d, w, rows));
  }
}

/** dst = w·a for one tile column of an even number of rows. */
// @ts-ignore: decorator
@inline
function weightTileColumn(a: usize, w: usize, rows: u32, dst: usize): void {
  const end = bytesOf<f64>(rows);
  for (let o: usize = 0; o < end; o += 16) v128.store(dst + o, f64x2.mul(v128.load(a + o), v128.load(w + o)));
}

/**
 * Upper triangle of out += Σ w a aᵀ over a tile of `d` columns, `stride` bytes apart, of an even number of rows.
 * `weighted` is room for two columns, used when w is given. Two columns against four in registers.
 */
export function gramTile(tile: usize, stride: usize, d: u32, rows: u32, w: usize, weighted: usize, out: usize): void {
  const ld = bytesOf<f64>(d);
  const even = d & ~1;
  for (let i: u32 = 0; i < even; i += 2) {
    let a0 = tile + stride * i;
    let a1 = a0 + stride;
    let b = a0;
    if (w != 0) {
      weightTileColumn(a0, w, rows, weighted);
      weightTileColumn(a1, w, rows, weighted + stride);
      a0 = weighted;
      a1 = weighted + stride;
    }
    let o = out + ld * i + bytesOf<f64>(i);
    let j = i;
    for (; j + 4 <= even; j += 4) {
      block2x4<f64, u8>(a0, a1, b, b + stride, b + 2 * stride, b + 3 * stride, 0, rows, o, ld);
      b += 4 * stride;
      o += 32;
    }
    if (j < even) block2x2<f64, u8>(a0, a1, b, b + stride, 0, rows, o, ld);
  }
  if (even < d) lastColumn(tile, stride, d, rows, w, weighted, out);
}

// The odd last column against all, four at a time: down its column of the upper triangle.
function lastColumn(tile: usize, stride: usize, d: u32, rows: u32, w: usize, weighted: usize, out: usize): void {
  const ld = bytesOf<f64>(d);
  let a = tile + stride * (d - 1);
  if (w != 0) {
    weightTileColumn(a, w, rows, weighted);
    a = weighted;
  }
  // The second weight column is free here: four products at a time, then to their rows.
  const four = weighted + stride;
  let o = out + bytesOf<f64>(d - 1);
  let b = tile;
  let j: u32 = 0;
  for (; j + 4 <= d; j += 4) {
    v128.store(four, f64x2.splat(0));
    v128.store(four, f64x2.splat(0), 16);
    block1x4(a, b, b + stride, b + 2 * stride, b + 3 * stride, rows, four);
    addTo(o, load<f64>(four));
    addTo(o + ld, load<f64>(four, 8));
    addTo(o + 2 * ld, load<f64>(four, 16));
    addTo(o + 3 * ld, load<f64>(four, 24));
    b += 4 * stride;
    o += 4 * ld;
  }
  for (; j < d; j++) {
    addTo(o, block1x1<f64, u8>(a, b, 0, rows));
    b += stride;
    o += ld;
  }
}

/** Copies the upper triangle onto the lower one. */
export function mirrorUpper(out: usize, d: u32): void {
  const ld = bytesOf<f64>(d);
  for (let i: u32 = 1; i < d; i++) {
    for (let j: u32 = 0; j < i; j++) {
      store<f64>(out + ld * i + bytesOf<f64>(j), load<f64>(out + ld * j + bytesOf<f64>(i)));
    }
  }
}

// @ts-ignore: decorator
@inline
function gram<T>(
  cols: usize, nCols: u32, n: u32, w: usize, shift: usize, out: usize, sums: usize, scratch: usize,
): f64 {
  const tileRows = gramTileRows(nCols);
  const stride = tileStride(tileRows);
  const tile = alignUp(scratch);
  const weighted = tile + stride * nCols;
  const weights = weighted + 2 * stride;
  let total: f64 = 0;
  for (let start: u32 = 0; start < n; start += tileRows) {
    const rows = minRows(tileRows, n - start);
    const wt = w == 0 ? w : w + bytesOf<f64>(start);
    centreTile<T>(cols, nCols, start, rows, shift, wt, sums, tile, stride);
    let tw: usize = 0;
    if (w != 0) {
      memory.copy(weights, wt, bytesOf<f64>(rows));
      store<f64>(weights + bytesOf<f64>(rows), 0);
      tw = weights;
      total += sumTile<f64>(wt, rows);
    } else {
      total += <f64>rows;
    }
    gramTile(tile, stride, nCols, (rows + 1) & ~1, tw, weighted, out);
  }
  mirrorUpper(out, nCols);
  return total;
}

export function gramF64(
  cols: usize, nCols: u32, n: u32, w: usize, shift: usize, out: usize, sums: usize, scratch: usize,
): f64 {
  return gram<f64>(cols, nCols, n, w, shift, out, sums, scratch);
}

export function gramF32(
  cols: usize, nCols: u32, n: u32, w: usize, shift: usize, out: usize, sums: usize, scratch: usize,
): f64 {
  return gram<f32>(cols, nCols, n, w, shift, out, sums, scratch);
}
