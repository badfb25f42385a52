import { expPair, logPair } from "./exp-log";
import { addTo, alignUp, bytesOf, column, dotTile, minRows, sumTile } from "./lanes";
import { addLinear, addTransposed, fillTile } from "./products";

/** Rows of a tile: every class makes a pass over it, so it stays in the second-level cache with all columns. */
// @ts-ignore: decorator
@inline
function softmaxTileRows(nCols: u32): u32 {
  const fit: u32 = ((<u32>32768) / (nCols + 1)) & ~(<u32>3);
  return fit > 512 ? 512 : fit < 64 ? 64 : fit;
}

/** Bytes between the linear predictors of one class and the next; room for an element after an odd last row. */
// @ts-ignore: decorator
@inline const STRIDE: usize = 512 * 8 + 64;

/**
 * Σ w·loss of `rows` rows from their linear predictors, k vectors at `z`, which become w·(probability − [class is y]).
 * `spare` is two more vectors of scratch.
 */
function softmaxTile(k: u32, rows: u32, z: usize, y: usize, w: usize, spare: usize): f64 {
  const pairs = bytesOf<f64>((rows + 1) & ~1);
  const loss = spare;
  const sums = spare + STRIDE;
  const end = z + STRIDE * k;
  // The element after an odd last row takes part as zeros and is left out of every sum.
  if (rows & 1) for (let c = z; c < end; c += STRIDE) store<f64>(c + bytesOf<f64>(rows), 0);
  for (let o: usize = 0; o < pairs; o += 16) {
    let top = v128.load(z + o);
    for (let c = z + STRIDE; c < end; c += STRIDE) top = f64x2.max(top, v128.load(c + o));
    v128.store(loss + o, top);
  }
  for (let o: usize = 0; o < bytesOf<f64>(rows); o += 8) {
    store<f64>(loss + o, load<f64>(loss + o) - load<f64>(z + STRIDE * (<usize>load<f64>(y + o)) + o));
  }
  for (let o: usize = 0; o < pairs; o += 16) {
    let top = v128.load(z + o);
    for (let c = z + STRIDE; c < end; c += STRIDE) top = f64x2.max(top, v128.load(c + o));
    let sum = f64x2.splat(0);
    for (let c = z; c < end; c += STRIDE) {
      const e = expPair(f64x2.sub(v128.load(c + o), top));
      v128.store(c + o, e);
      sum = f64x2.add(sum, e);
    }
    v128.store(loss + o, f64x2.add(v128.load(loss + o), logPair(sum)));
    v128.store(sums + o, f64x2.div(f64x2.splat(1), sum));
  }
  if (w != 0) {
    for (let o: usize = 0; o < bytesOf<f64>(rows); o += 8) store<f64>(sums + o, load<f64>(sums + o) * load<f64>(w + o));
  }
  for (let c = z; c < end; c += STRIDE) {
    for (let o: usize = 0; o < pairs; o += 16) v128.store(c + o, f64x2.mul(v128.load(c + o), v128.load(sums + o)));
  }
  for (let o: usize = 0; o < bytesOf<f64>(rows); o += 8) {
    addTo(z + STRIDE * (<usize>load<f64>(y + o)) + o, w == 0 ? -1.0 : -load<f64>(w + o));
  }
  return w == 0 ? sumTile<f64>(loss, rows) : dotTile<f64>(loss, w, rows);
}

// @ts-ignore: decorator
@inline
function softmaxLossGrad<T>(
  cols: usize, nCols: u32, n: u32, y: usize, w: usize, k: u32, coef: usize, grad: usize, scratch: usize,
): f64 {
  const tileRows = softmaxTileRows(nCols);
  const z = alignUp(scratch);
  const spare = z + STRIDE * k;
  const row = bytesOf<f64>(nCols + 1);
  let total: f64 = 0;
  for (let start: u32 = 0; start < n; start += tileRows) {
    const rows = minRows(tileRows, n - start);
    const o = bytesOf<f64>(start);
    for (let c: u32 = 0; c < k; c++) {
      const own = coef + row * c;
      fillTile(z + STRIDE * c, load<f64>(own + bytesOf<f64>(nCols)), rows);
      addLinear<T>(cols, nCols, start, rows, own, 8, z + STRIDE * c);
    }
    total += softmaxTile(k, rows, z, y + o, w == 0 ? w : w + o, spare);
    for (let c: u32 = 0; c < k; c++) {
      const own = grad + row * c;
      addTransposed<T>(cols, nCols, start, rows, z + STRIDE * c, own);
      addTo(own + bytesOf<f64>(nCols), sumTile<f64>(z + STRIDE * c, rows));
    }
  }
  return total;
}

export function softmaxLossGradF64(
  cols: usize, nCols: u32, n: u32, y: usize, w: usize, k: u32, coef: usize, grad: usize, scratch: usize,
): f64 {
  return softmaxLossGrad<f64>(cols, nCols, n, y, w, k, coef, grad, scratch);
}

export function softmaxLossGradF32(
  cols: usize, nCols: u32, n: u32, y: usize, w: usize, k: u32, coef: usize, grad: usize, scratch: usize,
): f64 {
  return softmaxLossGrad<f32>(cols, nCols, n, y, w, k, coef, grad, scratch);
}

export function csrSoftmaxLossGrad(
  indptr: usize, indices: usize, values: usize, rows: u32, nCols: u32, y: usize, w: usize, k: u32, coef: usize,
  grad: usize, scratch: usize,
): f64 {
  const z = alignUp(scratch);
  const spare = z + STRIDE * k;
  const row = bytesOf<f64>(nCols + 1);
  let total: f64 = 0;
  for (let start: u32 = 0; start < rows; start += 512) {
    const count = minRows(512, rows - start);
    const o = bytesOf<f64>(start);
    for (let c: u32 = 0; c < k; c++) fillTile(z + STRIDE * c, load<f64>(coef + row * c + bytesOf<f64>(nCols)), count);
    for (let i: u32 = 0; i < count; i++) {
      const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
      for (let e = load<u32>(indptr + bytesOf<u32>(start + i)); e < end; e++) {
        const v = load<f64>(values + bytesOf<f64>(e));
        let own = coef + bytesOf<f64>(load<u32>(indices + bytesOf<u32>(e)));
        let at = z + bytesOf<f64>(i);
        for (let c: u32 = 0; c < k; c++) {
          addTo(at, v * load<f64>(own));
          own += row;
          at += STRIDE;
        }
      }
    }
    total += softmaxTile(k, count, z, y + o, w == 0 ? w : w + o, spare);
    for (let i: u32 = 0; i < count; i++) {
      const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
      for (let e = load<u32>(indptr + bytesOf<u32>(start + i)); e < end; e++) {
        const v = load<f64>(values + bytesOf<f64>(e));
        let own = grad + bytesOf<f64>(load<u32>(indices + bytesOf<u32>(e)));
        let at = z + bytesOf<f64>(i);
        for (let c: u32 = 0; c < k; c++) {
          addTo(own, v * load<f64>(at));
          own += row;
          at += STRIDE;
        }
      }
    }
    for (let c: u32 = 0; c < k; c++) addTo(grad + row * c + bytesOf<f64>(nCols), sumTile<f64>(z + STRIDE * c, count));
  }
  return total;
}

// One row pair, or with `single` the first of a pair that is loaded twice.
// @ts-ignore: decorator
@inline
function softmaxAt(cols: usize, k: u32, o: usize, single: bool): void {
  let top = f64x2.splat(-Infinity);
  for (let c: u32 = 0; c < k; c++) {
    const p = column(cols, c) + o;
    top = f64x2.max(top, single ? v128.load64_splat(p) : v128.load(p));
  }
  let sum = f64x2.splat(0);
  for (let c: u32 = 0; c < k; c++) {
    const p = column(cols, c) + o;
    sum = f64x2.add(sum, expPair(f64x2.sub(single ? v128.load64_splat(p) : v128.load(p), top)));
  }
  for (let c: u32 = 0; c < k; c++) {
    const p = column(cols, c) + o;
    const share = f64x2.div(expPair(f64x2.sub(single ? v128.load64_splat(p) : v128.load(p), top)), sum);
    if (single) store<f64>(p, f64x2.extract_lane(share, 0));
    else v128.store(p, share);
  }
}

export function softmax(cols: usize, k: u32, n: u32): void {
  const even = bytesOf<f64>(n & ~1);
  for (let o: usize = 0; o < even; o += 16) softmaxAt(cols, k, o, false);
  if (n & 1) softmaxAt(cols, k, even, true);
}
