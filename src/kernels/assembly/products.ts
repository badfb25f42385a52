import { block1x1, block2x4 } from "./blocks";
import { TILE, addTo, bytesOf, column, dotTile, loadOne, loadPair, loadPair1, minRows, sumLanes } from "./lanes";

/** dst = value over `rows` f64. */
export function fillTile(dst: usize, value: f64, rows: u32): void {
  const v = f64x2.splat(value);
  const even = bytesOf<f64>(rows & ~1);
  for (let o: usize = 0; o < even; o += 16) v128.store(dst + o, v);
  if (rows & 1) store<f64>(dst + even, value);
}

/**
 * z += Σⱼ coef[j]·xⱼ over `rows` rows from row `start`, four columns at a time so that z is read and written once for
 * four of them. `step` is the byte distance of the coefficients.
 */
export function addLinear<T>(
  cols: usize, nCols: u32, start: u32, rows: u32, coef: usize, step: usize, z: usize,
): void {
  const first = bytesOf<T>(start);
  const end4 = bytesOf<f64>(rows & ~3);
  const end = bytesOf<f64>(rows);
  let c = coef;
  let j: u32 = 0;
  for (; j + 4 <= nCols; j += 4) {
    let p0 = column(cols, j) + first;
    let p1 = column(cols, j + 1) + first;
    let p2 = column(cols, j + 2) + first;
    let p3 = column(cols, j + 3) + first;
    const k0 = load<f64>(c);
    const k1 = load<f64>(c + step);
    const k2 = load<f64>(c + 2 * step);
    const k3 = load<f64>(c + 3 * step);
    const c0 = f64x2.splat(k0);
    const c1 = f64x2.splat(k1);
    const c2 = f64x2.splat(k2);
    const c3 = f64x2.splat(k3);
    let o: usize = 0;
    for (; o < end4; o += 32) {
      const even = f64x2.add(
        f64x2.add(f64x2.mul(c0, loadPair<T>(p0)), f64x2.mul(c1, loadPair<T>(p1))),
        f64x2.add(f64x2.mul(c2, loadPair<T>(p2)), f64x2.mul(c3, loadPair<T>(p3))),
      );
      v128.store(z + o, f64x2.add(v128.load(z + o), even));
      const odd = f64x2.add(
        f64x2.add(f64x2.mul(c0, loadPair1<T>(p0)), f64x2.mul(c1, loadPair1<T>(p1))),
        f64x2.add(f64x2.mul(c2, loadPair1<T>(p2)), f64x2.mul(c3, loadPair1<T>(p3))),
      );
      v128.store(z + o, f64x2.add(v128.load(z + o, 16), odd), 16);
      p0 += bytesOf<T>(4);
      p1 += bytesOf<T>(4);
      p2 += bytesOf<T>(4);
      p3 += bytesOf<T>(4);
    }
    for (; o < end; o += 8) {
      addTo(z + o, k0 * loadOne<T>(p0) + k1 * loadOne<T>(p1) + (k2 * loadOne<T>(p2) + k3 * loadOne<T>(p3)));
      p0 += bytesOf<T>(1);
      p1 += bytesOf<T>(1);
      p2 += bytesOf<T>(1);
      p3 += bytesOf<T>(1);
    }
    c += 4 * step;
  }
  for (; j < nCols; j++) {
    let p = column(cols, j) + first;
    const k = load<f64>(c);
    const kk = f64x2.splat(k);
    let o: usize = 0;
    for (; o < end4; o += 32) {
      v128.store(z + o, f64x2.add(v128.load(z + o), f64x2.mul(kk, loadPair<T>(p))));
      v128.store(z + o, f64x2.add(v128.load(z + o, 16), f64x2.mul(kk, loadPair1<T>(p))), 16);
      p += bytesOf<T>(4);
    }
    for (; o < end; o += 8) {
      addTo(z + o, k * loadOne<T>(p));
      p += bytesOf<T>(1);
    }
    c += step;
  }
}

/** out[j] += Σ r·xⱼ over `rows` rows from row `start`; r holds the residuals of these rows. */
export function addTransposed<T>(cols: usize, nCols: u32, start: u32, rows: u32, r: usize, out: usize): void {
  const first = bytesOf<T>(start);
  const end4 = bytesOf<f64>(rows & ~3);
  const end = bytesOf<f64>(rows);
  let g = out;
  let j: u32 = 0;
  for (; j + 4 <= nCols; j += 4) {
    let p0 = column(cols, j) + first;
    let p1 = column(cols, j + 1) + first;
    let p2 = column(cols, j + 2) + first;
    let p3 = column(cols, j + 3) + first;
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let t0 = f64x2.splat(0);
    let t1 = f64x2.splat(0);
    let t2 = f64x2.splat(0);
    let t3 = f64x2.splat(0);
    let o: usize = 0;
    for (; o < end4; o += 32) {
      const even = v128.load(r + o);
      const odd = v128.load(r + o, 16);
      s0 = f64x2.add(s0, f64x2.mul(even, loadPair<T>(p0)));
      s1 = f64x2.add(s1, f64x2.mul(even, loadPair<T>(p1)));
      s2 = f64x2.add(s2, f64x2.mul(even, loadPair<T>(p2)));
      s3 = f64x2.add(s3, f64x2.mul(even, loadPair<T>(p3)));
      t0 = f64x2.add(t0, f64x2.mul(odd, loadPair1<T>(p0)));
      t1 = f64x2.add(t1, f64x2.mul(odd, loadPair1<T>(p1)));
      t2 = f64x2.add(t2, f64x2.mul(odd, loadPair1<T>(p2)));
      t3 = f64x2.add(t3, f64x2.mul(odd, loadPair1<T>(p3)));
      p0 += bytesOf<T>(4);
      p1 += bytesOf<T>(4);
      p2 += bytesOf<T>(4);
      p3 += bytesOf<T>(4);
    }
    let u0 = sumLanes(f64x2.add(s0, t0));
    let u1 = sumLanes(f64x2.add(s1, t1));
    let u2 = sumLanes(f64x2.add(s2, t2));
    let u3 = sumLanes(f64x2.add(s3, t3));
    for (; o < end; o += 8) {
      const v = load<f64>(r + o);
      u0 += v * loadOne<T>(p0);
      u1 += v * loadOne<T>(p1);
      u2 += v * loadOne<T>(p2);
      u3 += v * loadOne<T>(p3);
      p0 += bytesOf<T>(1);
      p1 += bytesOf<T>(1);
      p2 += bytesOf<T>(1);
      p3 += bytesOf<T>(1);
    }
    addTo(g, u0);
    addTo(g + 8, u1);
    addTo(g + 16, u2);
    addTo(g + 24, u3);
    g += 32;
  }
  for (; j < nCols; j++) {
    addTo(g, dotTile<T>(column(cols, j) + first, r, rows));
    g += 8;
  }
}

// @ts-ignore: decorator
@inline
function matVec<T>(cols: usize, nCols: u32, n: u32, coef: usize, intercept: f64, out: usize): void {
  for (let start: u32 = 0; start < n; start += TILE) {
    const rows = minRows(TILE, n - start);
    const z = out + bytesOf<f64>(start);
    fillTile(z, intercept, rows);
    addLinear<T>(cols, nCols, start, rows, coef, 8, z);
  }
}

// @ts-ignore: decorator
@inline
function matTVec<T>(cols: usize, nCols: u32, n: u32, r: usize, out: usize): void {
  for (let start: u32 = 0; start < n; start += TILE) {
    addTransposed<T>(cols, nCols, start, minRows(TILE, n - start), r + bytesOf<f64>(start), out);
  }
}

// @ts-ignore: decorator
@inline
function matMul<T>(cols: usize, nCols: u32, n: u32, b: usize, k: u32, bias: usize, outCols: usize): void {
  const step = bytesOf<f64>(k);
  for (let start: u32 = 0; start < n; start += TILE) {
    const rows = minRows(TILE, n - start);
    for (let c: u32 = 0; c < k; c++) {
      const z = column(outCols, c) + bytesOf<f64>(start);
      fillTile(z, bias == 0 ? 0.0 : load<f64>(bias + bytesOf<f64>(c)), rows);
      addLinear<T>(cols, nCols, start, rows, b + bytesOf<f64>(c), step, z);
    }
  }
}

// @ts-ignore: decorator
@inline
function crossTiles<T, W>(colsA: usize, nA: u32, colsB: usize, nB: u32, n: u32, w: usize, out: usize): void {
  const ld = bytesOf<f64>(nB);
  for (let start: u32 = 0; start < n; start += TILE) {
    const rows = minRows(TILE, n - start);
    const fa = bytesOf<T>(start);
    const fb = bytesOf<f64>(start);
    const wt = w + fb;
    for (let i: u32 = 0; i < nA; i += 2) {
      const a0 = column(colsA, i) + fa;
      const pair = i + 1 < nA;
      const a1 = pair ? column(colsA, i + 1) + fa : a0;
      const row = out + ld * i;
      let j: u32 = 0;
      if (pair) {
        for (; j + 4 <= nB; j += 4) {
          block2x4<T, W>(
            a0, a1,
            column(colsB, j) + fb, column(colsB, j + 1) + fb, column(colsB, j + 2) + fb, column(colsB, j + 3) + fb,
            wt, rows, row + bytesOf<f64>(j), ld,
          );
        }
      }
      for (; j < nB; j++) {
        const b = column(colsB, j) + fb;
        const o = row + bytesOf<f64>(j);
        addTo(o, block1x1<T, W>(a0, b, wt, rows));
        if (pair) addTo(o + ld, block1x1<T, W>(a1, b, wt, rows));
      }
    }
  }
}

export function matVecF64(cols: usize, nCols: u32, n: u32, coef: usize, intercept: f64, out: usize): void {
  matVec<f64>(cols, nCols, n, coef, intercept, out);
}

export function matVecF32(cols: usize, nCols: u32, n: u32, coef: usize, intercept: f64, out: usize): void {
  matVec<f32>(cols, nCols, n, coef, intercept, out);
}

export function matTVecF64(cols: usize, nCols: u32, n: u32, r: usize, out: usize): void {
  matTVec<f64>(cols, nCols, n, r, out);
}

export function matTVecF32(cols: usize, nCols: u32, n: u32, r: usize, out: usize): void {
  matTVec<f32>(cols, nCols, n, r, out);
}

export function matMulF64(cols: usize, nCols: u32, n: u32, b: usize, k: u32, bias: usize, outCols: usize): void {
  matMul<f64>(cols, nCols, n, b, k, bias, outCols);
}

export function matMulF32(cols: usize, nCols: u32, n: u32, b: usize, k: u32, bias: usize, outCols: usize): void {
  matMul<f32>(cols, nCols, n, b, k, bias, outCols);
}

export function crossF64(colsA: usize, nA: u32, colsB: usize, nB: u32, n: u32, w: usize, out: usize): void {
  if (w == 0) crossTiles<f64, u8>(colsA, nA, colsB, nB, n, w, out);
  else crossTiles<f64, f64>(colsA, nA, colsB, nB, n, w, out);
}

export function crossF32(colsA: usize, nA: u32, colsB: usize, nB: u32, n: u32, w: usize, out: usize): void {
  if (w == 0) crossTiles<f32, u8>(colsA, nA, colsB, nB, n, w, out);
  else crossTiles<f32, f64>(colsA, nA, colsB, nB, n, w, out);
}
