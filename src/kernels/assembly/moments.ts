import { TILE, addTo, bytesOf, column, dotTile, loadOne, loadPair, minRows, sumLanes, sumTile } from "./lanes";

// One pass: a tile is summed about the running mean, Σw(x-c) and Σw(x-c)², and merged by Chan's formula. Taking the
// first sum out of the second loses digits only in proportion to (tile mean - c)², which the merge adds to m2 anyway, so the
// total keeps full relative accuracy. The first tile has no running mean: it takes its own, in a pass of its own.
// Four columns go side by side: one stream of reads alone waits for memory, at each page anew.

/**
 * Merges a tile's Σw(x-c) and Σw(x-c)² about the centre c into the running (weight, mean, m2) at `out`. For a constant
 * column the mean stays the constant and m2 zero.
 */
function mergeTile(out: usize, tileWeight: f64, centre: f64, first: f64, second: f64): void {
  const rest = second - (first * first) / tileWeight;
  const tileM2 = rest < 0 ? 0 : rest;
  const weight = load<f64>(out);
  const total = weight + tileWeight;
  store<f64>(out, total);
  if (weight == 0) {
    store<f64>(out, centre + first / tileWeight, 8);
    store<f64>(out, tileM2, 16);
  } else {
    // Zero for the first difference as a rule: the tile's mean is not rounded to the size of the mean.
    const delta = centre - load<f64>(out, 8) + first / tileWeight;
    store<f64>(out, load<f64>(out, 8) + delta * (tileWeight / total), 8);
    store<f64>(out, load<f64>(out, 16) + (tileM2 + delta * delta * (weight * (tileWeight / total))), 16);
  }
}

/** A tile that holds NaN or infinity (or overflows): NaN rows are counted and skipped one by one. */
function otherTile<T>(x: usize, rows: u32, w: usize, out: usize): void {
  let weight: f64 = 0;
  let sum: f64 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const v = loadOne<T>(x + bytesOf<T>(i));
    if (v != v) {
      addTo(out + 24, 1);
      continue;
    }
    if (abs(v) == Infinity) addTo(out + 32, 1);
    const wi = w == 0 ? 1.0 : load<f64>(w + bytesOf<f64>(i));
    weight += wi;
    sum += wi * v;
  }
  if (weight == 0) return;
  const centre = sum / weight;
  let first: f64 = 0;
  let second: f64 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const v = loadOne<T>(x + bytesOf<T>(i));
    if (v != v) continue;
    const d = v - centre;
    const e = d * (w == 0 ? 1.0 : load<f64>(w + bytesOf<f64>(i)));
    first += e;
    second += d * e;
  }
  mergeTile(out, weight, centre, first, second);
}

function ownCentre<T>(x: usize, rows: u32, w: usize, weight: f64): f64 {
  if (weight == 0) return 0;
  const centre = (w == 0 ? sumTile<T>(x, rows) : dotTile<T>(x, w, rows)) / weight;
  return centre - centre == 0 ? centre : 0;
}

// @ts-ignore: decorator
@inline
function centreOf<T>(x: usize, rows: u32, w: usize, weight: f64, out: usize): f64 {
  return load<f64>(out) != 0 ? load<f64>(out, 8) : ownCentre<T>(x, rows, w, weight);
}

// @ts-ignore: decorator
@inline
function finishTile<T>(
  x: usize, rows: u32, w: usize, weight: f64, centre: f64, first: f64, second: f64, out: usize,
): void {
  // A finite sum of squares proves that neither NaN nor infinity is in the tile.
  if (second - second != 0) otherTile<T>(x, rows, w, out);
  else if (weight != 0) mergeTile(out, weight, centre, first, second);
}

/** One tile of four columns. W: u8 = no weights, f64 = weights at `w`. */
function fourColumns<T, W>(
  x0: usize, x1: usize, x2: usize, x3: usize, rows: u32, w: usize, weight: f64, out: usize,
): void {
  const m0 = centreOf<T>(x0, rows, w, weight, out);
  const m1 = centreOf<T>(x1, rows, w, weight, out + 40);
  const m2 = centreOf<T>(x2, rows, w, weight, out + 80);
  const m3 = centreOf<T>(x3, rows, w, weight, out + 120);
  const c0 = f64x2.splat(m0);
  const c1 = f64x2.splat(m1);
  const c2 = f64x2.splat(m2);
  const c3 = f64x2.splat(m3);
  let f0 = f64x2.splat(0);
  let f1 = f64x2.splat(0);
  let f2 = f64x2.splat(0);
  let f3 = f64x2.splat(0);
  let q0 = f64x2.splat(0);
  let q1 = f64x2.splat(0);
  let q2 = f64x2.splat(0);
  let q3 = f64x2.splat(0);
  const even = bytesOf<T>(rows & ~1);
  let o: usize = 0;
  let r = w;
  for (; o < even; o += bytesOf<T>(2)) {
    let d = f64x2.sub(loadPair<T>(x0 + o), c0);
    if (sizeof<W>() == 8) {
      const wi = v128.load(r);
      let e = f64x2.mul(d, wi);
      f0 = f64x2.add(f0, e);
      q0 = f64x2.add(q0, f64x2.mul(d, e));
      d = f64x2.sub(loadPair<T>(x1 + o), c1);
      e = f64x2.mul(d, wi);
      f1 = f64x2.add(f1, e);
      q1 = f64x2.add(q1, f64x2.mul(d, e));
      d = f64x2.sub(loadPair<T>(x2 + o), c2);
      e = f64x2.mul(d, wi);
      f2 = f64x2.add(f2, e);
      q2 = f64x2.add(q2, f64x2.mul(d, e));
      d = f64x2.sub(loadPair<T>(x3 + o), c3);
      e = f64x2.mul(d, wi);
      f3 = f64x2.add(f3, e);
      q3 = f64x2.add(q3, f64x2.mul(d, e));
      r += 16;
    } else {
      f0 = f64x2.add(f0, d);
      q0 = f64x2.add(q0, f64x2.mul(d, d));
      d = f64x2.sub(loadPair<T>(x1 + o), c1);
      f1 = f64x2.add(f1, d);
      q1 = f64x2.add(q1, f64x2.mul(d, d));
      d = f64x2.sub(loadPair<T>(x2 + o), c2);
      f2 = f64x2.add(f2, d);
      q2 = f64x2.add(q2, f64x2.mul(d, d));
      d = f64x2.sub(loadPair<T>(x3 + o), c3);
      f3 = f64x2.add(f3, d);
      q3 = f64x2.add(q3, f64x2.mul(d, d));
    }
  }
  let t0 = sumLanes(f0);
  let t1 = sumLanes(f1);
  let t2 = sumLanes(f2);
  let t3 = sumLanes(f3);
  let s0 = sumLanes(q0);
  let s1 = sumLanes(q1);
  let s2 = sumLanes(q2);
  let s3 = sumLanes(q3);
  if (rows & 1) {
    const wi = sizeof<W>() == 8 ? load<f64>(r) : 1.0;
    let d = loadOne<T>(x0 + o) - m0;
    t0 += wi * d;
    s0 += d * (wi * d);
    d = loadOne<T>(x1 + o) - m1;
    t1 += wi * d;
    s1 += d * (wi * d);
    d = loadOne<T>(x2 + o) - m2;
    t2 += wi * d;
    s2 += d * (wi * d);
    d = loadOne<T>(x3 + o) - m3;
    t3 += wi * d;
    s3 += d * (wi * d);
  }
  finishTile<T>(x0, rows, w, weight, m0, t0, s0, out);
  finishTile<T>(x1, rows, w, weight, m1, t1, s1, out + 40);
  finishTile<T>(x2, rows, w, weight, m2, t2, s2, out + 80);
  finishTile<T>(x3, rows, w, weight, m3, t3, s3, out + 120);
}

/** One tile of one column, for the last one to three columns. */
function oneColumn<T>(x: usize, rows: u32, w: usize, weight: f64, out: usize): void {
  const m = centreOf<T>(x, rows, w, weight, out);
  const c = f64x2.splat(m);
  let f = f64x2.splat(0);
  let q = f64x2.splat(0);
  const even = bytesOf<T>(rows & ~1);
  let o: usize = 0;
  let r = w;
  if (w == 0) {
    for (; o < even; o += bytesOf<T>(2)) {
      const d = f64x2.sub(loadPair<T>(x + o), c);
      f = f64x2.add(f, d);
      q = f64x2.add(q, f64x2.mul(d, d));
    }
  } else {
    for (; o < even; o += bytesOf<T>(2)) {
      const d = f64x2.sub(loadPair<T>(x + o), c);
      const e = f64x2.mul(d, v128.load(r));
      f = f64x2.add(f, e);
      q = f64x2.add(q, f64x2.mul(d, e));
      r += 16;
    }
  }
  let first = sumLanes(f);
  let second = sumLanes(q);
  if (rows & 1) {
    const d = loadOne<T>(x + o) - m;
    const e = w == 0 ? d : d * load<f64>(r);
    first += e;
    second += d * e;
  }
  finishTile<T>(x, rows, w, weight, m, first, second, out);
}

// @ts-ignore: decorator
@inline
function moments<T>(cols: usize, nCols: u32, n: u32, w: usize, out: usize): void {
  memory.fill(out, 0, bytesOf<f64>(nCols) * 5);
  let o = out;
  let j: u32 = 0;
  for (; j + 4 <= nCols; j += 4) {
    const x0 = column(cols, j);
    const x1 = column(cols, j + 1);
    const x2 = column(cols, j + 2);
    const x3 = column(cols, j + 3);
    for (let start: u32 = 0; start < n; start += TILE) {
      const rows = minRows(TILE, n - start);
      const b = bytesOf<T>(start);
      if (w == 0) {
        fourColumns<T, u8>(x0 + b, x1 + b, x2 + b, x3 + b, rows, 0, <f64>rows, o);
      } else {
        const wt = w + bytesOf<f64>(start);
        fourColumns<T, f64>(x0 + b, x1 + b, x2 + b, x3 + b, rows, wt, sumTile<f64>(wt, rows), o);
      }
    }
    o += 160;
  }
  for (; j < nCols; j++) {
    const x = column(cols, j);
    for (let start: u32 = 0; start < n; start += TILE) {
      const rows = minRows(TILE, n - start);
      const wt = w == 0 ? w : w + bytesOf<f64>(start);
      oneColumn<T>(x + bytesOf<T>(start), rows, wt, w == 0 ? <f64>rows : sumTile<f64>(wt, rows), o);
    }
    o += 40;
  }
}

export function momentsF64(cols: usize, nCols: u32, n: u32, w: usize, out: usize): void {
  moments<f64>(cols, nCols, n, w, out);
}

export function momentsF32(cols: usize, nCols: u32, n: u32, w: usize, out: usize): void {
  moments<f32>(cols, nCols, n, w, out);
}
