import { expPair } from "./exp-log";
import { lossTile } from "./glm-tile";
import { centreTile, gramTile, gramTileRows, mirrorUpper, tileStride } from "./gram";
import { TILE, addTo, alignUp, bytesOf, minRows, sumTile } from "./lanes";
import { addLinear, addTransposed, fillTile } from "./products";

/** Rows of a tile: with all its columns it stays in a second-level cache between the two products. */
// @ts-ignore: decorator
@inline
function glmTileRows(nCols: u32): u32 {
  const fit: u32 = ((<u32>65536) / (nCols + 1)) & ~(<u32>3);
  return fit > TILE ? TILE : fit < 64 ? 64 : fit;
}

/** z = offset or 0, plus intercept, plus Σⱼ coef[j]·xⱼ. */
// @ts-ignore: decorator
@inline
function predictorTile<T>(
  cols: usize, nCols: u32, start: u32, rows: u32, offset: usize, coef: usize, z: usize,
): void {
  const intercept = load<f64>(coef + bytesOf<f64>(nCols));
  if (offset == 0) {
    fillTile(z, intercept, rows);
  } else {
    const o = offset + bytesOf<f64>(start);
    for (let i: usize = 0; i < bytesOf<f64>(rows); i += 8) store<f64>(z + i, load<f64>(o + i) + intercept);
  }
  addLinear<T>(cols, nCols, start, rows, coef, 8, z);
}

// Tile losses are added with Neumaier's compensation: line searches compare sums that differ in their last digits.
// @ts-ignore: decorator
@inline
function lostDigits(total: f64, term: f64, sum: f64): f64 {
  return abs(total) >= abs(term) ? total - sum + term : term - sum + total;
}

// @ts-ignore: decorator
@inline
function compensated(total: f64, lost: f64): f64 {
  // An infinite or NaN total leaves NaN in the lost digits.
  return total - total == 0 ? total + lost : total;
}

// @ts-ignore: decorator
@inline
function glmLossGrad<T>(
  family: i32, power: f64, cols: usize, nCols: u32, n: u32, y: usize, w: usize, offset: usize, coef: usize,
  grad: usize, scratch: usize,
): f64 {
  const tileRows = glmTileRows(nCols);
  const z = alignUp(scratch);
  let total: f64 = 0;
  let lost: f64 = 0;
  for (let start: u32 = 0; start < n; start += tileRows) {
    const rows = minRows(tileRows, n - start);
    const o = bytesOf<f64>(start);
    predictorTile<T>(cols, nCols, start, rows, offset, coef, z);
    const loss = lossTile<u32>(family, power, rows, z, y + o, w == 0 ? w : w + o, 0);
    const sum = total + loss;
    lost += lostDigits(total, loss, sum);
    total = sum;
    addTransposed<T>(cols, nCols, start, rows, z, grad);
    addTo(grad + bytesOf<f64>(nCols), sumTile<f64>(z, rows));
  }
  return compensated(total, lost);
}

// @ts-ignore: decorator
@inline
function glmLossGradHess<T>(
  family: i32, power: f64, cols: usize, nCols: u32, n: u32, y: usize, w: usize, offset: usize, coef: usize,
  grad: usize, hess: usize, scratch: usize,
): f64 {
  const d = nCols + 1;
  const tileRows = gramTileRows(d);
  const stride = tileStride(tileRows);
  const tile = alignUp(scratch);
  const weighted = tile + stride * d;
  const z = weighted + 2 * stride;
  const h = z + stride;
  let total: f64 = 0;
  let lost: f64 = 0;
  for (let start: u32 = 0; start < n; start += tileRows) {
    const rows = minRows(tileRows, n - start);
    const o = bytesOf<f64>(start);
    predictorTile<T>(cols, nCols, start, rows, offset, coef, z);
    const loss = lossTile<f64>(family, power, rows, z, y + o, w == 0 ? w : w + o, h);
    const sum = total + loss;
    lost += lostDigits(total, loss, sum);
    total = sum;
    addTransposed<T>(cols, nCols, start, rows, z, grad);
    addTo(grad + bytesOf<f64>(nCols), sumTile<f64>(z, rows));
    centreTile<T>(cols, nCols, start, rows, 0, 0, 0, tile, stride);
    fillTile(tile + stride * nCols, 1, rows);
    // Rows are made even by a zero row; its curvature must be zero as well, not what the tile held before.
    store<f64>(tile + stride * nCols + bytesOf<f64>(rows), 0);
    store<f64>(h + bytesOf<f64>(rows), 0);
    gramTile(tile, stride, d, (rows + 1) & ~1, h, weighted, hess);
  }
  mirrorUpper(hess, d);
  return compensated(total, lost);
}

export function glmLossGradF64(
  family: i32, power: f64, cols: usize, nCols: u32, n: u32, y: usize, w: usize, offset: usize, coef: usize,
  grad: usize, scratch: usize,
): f64 {
  return glmLossGrad<f64>(family, power, cols, nCols, n, y, w, offset, coef, grad, scratch);
}

export function glmLossGradF32(
  family: i32, power: f64, cols: usize, nCols: u32, n: u32, y: usize, w: usize, offset: usize, coef: usize,
  grad: usize, scratch: usize,
): f64 {
  return glmLossGrad<f32>(family, power, cols, nCols, n, y, w, offset, coef, grad, scratch);
}

export function glmLossGradHessF64(
  family: i32, power: f64, cols: usize, nCols: u32, n: u32, y: usize, w: usize, offset: usize, coef: usize,
  grad: usize, hess: usize, scratch: usize,
): f64 {
  return glmLossGradHess<f64>(family, power, cols, nCols, n, y, w, offset, coef, grad, hess, scratch);
}

export function glmLossGradHessF32(
  family: i32, power: f64, cols: usize, nCols: u32, n: u32, y: usize, w: usize, offset: usize, coef: usize,
  grad: usize, hess: usize, scratch: usize,
): f64 {
  return glmLossGradHess<f32>(family, power, cols, nCols, n, y, w, offset, coef, grad, hess, scratch);
}

export function glmLoss(family: i32, power: f64, n: u32, eta: usize, y: usize, w: usize): f64 {
  let total: f64 = 0;
  let lost: f64 = 0;
  for (let start: u32 = 0; start < n; start += TILE) {
    const o = bytesOf<f64>(start);
    const loss = lossTile<u8>(family, power, minRows(TILE, n - start), eta + o, y + o, w == 0 ? w : w + o, 0);
    const sum = total + loss;
    lost += lostDigits(total, loss, sum);
    total = sum;
  }
  return compensated(total, lost);
}

// @ts-ignore: decorator
@inline
function inverseLinkPair(family: i32, eta: v128): v128 {
  if (family == 0) return eta;
  if (family >= 2) return expPair(eta);
  const one = f64x2.splat(1);
  const u = expPair(f64x2.neg(f64x2.abs(eta)));
  const numerator = v128.bitselect(one, u, f64x2.ge(eta, f64x2.splat(0)));
  return f64x2.div(numerator, f64x2.add(one, u));
}

export function inverseLink(family: i32, eta: usize, n: u32, out: usize): void {
  const even = bytesOf<f64>(n & ~1);
  for (let o: usize = 0; o < even; o += 16) v128.store(out + o, inverseLinkPair(family, v128.load(eta + o)));
  if (n & 1) {
    store<f64>(out + even, f64x2.extract_lane(inverseLinkPair(family, v128.load64_splat(eta + even)), 0));
  }
}

// H: u8 = loss and gradient, f64 = also the Hessian.
// @ts-ignore: decorator
@inline
function csrTerms<H>(
  family: i32, power: f64, indptr: usize, indices: usize, values: usize, rows: u32, nCols: u32, y: usize, w: usize,
  offset: usize, coef: usize, grad: usize, hess: usize, scratch: usize,
): f64 {
  const z = alignUp(scratch);
  const h = z + bytesOf<f64>(TILE) + 64;
  const intercept = load<f64>(coef + bytesOf<f64>(nCols));
  const width = bytesOf<f64>(nCols + 1);
  let total: f64 = 0;
  let lost: f64 = 0;
  for (let start: u32 = 0; start < rows; start += TILE) {
    const count = minRows(TILE, rows - start);
    const o = bytesOf<f64>(start);
    for (let i: u32 = 0; i < count; i++) {
      let eta = offset == 0 ? intercept : intercept + load<f64>(offset + o + bytesOf<f64>(i));
      const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
      for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
        const j = load<u32>(indices + bytesOf<u32>(k));
        eta += load<f64>(values + bytesOf<f64>(k)) * load<f64>(coef + bytesOf<f64>(j));
      }
      store<f64>(z + bytesOf<f64>(i), eta);
    }
    const targets = y + o;
    const weights = w == 0 ? w : w + o;
    const loss = sizeof<H>() == 8
      ? lossTile<f64>(family, power, count, z, targets, weights, h)
      : lossTile<u32>(family, power, count, z, targets, weights, 0);
    const sum = total + loss;
    lost += lostDigits(total, loss, sum);
    total = sum;
    for (let i: u32 = 0; i < count; i++) {
      const r = load<f64>(z + bytesOf<f64>(i));
      const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
      for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
        const j = load<u32>(indices + bytesOf<u32>(k));
        addTo(grad + bytesOf<f64>(j), r * load<f64>(values + bytesOf<f64>(k)));
      }
    }
    addTo(grad + bytesOf<f64>(nCols), sumTile<f64>(z, count));
    if (sizeof<H>() == 8) {
      for (let i: u32 = 0; i < count; i++) {
        const hi = load<f64>(h + bytesOf<f64>(i));
        const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
        for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
          const a = load<u32>(indices + bytesOf<u32>(k));
          const hv = hi * load<f64>(values + bytesOf<f64>(k));
          const row = hess + <usize>a * width;
          addTo(row + bytesOf<f64>(a), hv * load<f64>(values + bytesOf<f64>(k)));
          addTo(row + bytesOf<f64>(nCols), hv);
          for (let m = k + 1; m < end; m++) {
            const b = load<u32>(indices + bytesOf<u32>(m));
            const v = hv * load<f64>(values + bytesOf<f64>(m));
            // Columns may come in any order; the upper triangle takes them all.
            addTo(b > a ? row + bytesOf<f64>(b) : hess + <usize>b * width + bytesOf<f64>(a), v);
          }
        }
      }
      addTo(hess + <usize>nCols * width + bytesOf<f64>(nCols), sumTile<f64>(h, count));
    }
  }
  if (sizeof<H>() == 8) mirrorUpper(hess, nCols + 1);
  return compensated(total, lost);
}

export function csrGlmLossGrad(
  family: i32, power: f64, indptr: usize, indices: usize, values: usize, rows: u32, nCols: u32, y: usize, w: usize,
  offset: usize, coef: usize, grad: usize, scratch: usize,
): f64 {
  return csrTerms<u8>(
    family, power, indptr, indices, values, rows, nCols, y, w, offset, coef, grad, 0, scratch,
  );
}

export function csrGlmLossGradHess(
  family: i32, power: f64, indptr: usize, indices: usize, values: usize, rows: u32, nCols: u32, y: usize, w: usize,
  offset: usize, coef: usize, grad: usize, hess: usize, scratch: usize,
): f64 {
  return csrTerms<f64>(
    family, power, indptr, indices, values, rows, nCols, y, w, offset, coef, grad, hess, scratch,
  );
}
