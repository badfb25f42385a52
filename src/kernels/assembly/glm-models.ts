// Loss and gradient of several models over the same compressed rows: every entry is read once for eight models, whose sums
// stay in registers. Coefficients and gradients lie model by model within a column, so that the entries' products are
// pairs; linear predictors lie row by row within a model, as the losses take them.
import { lossTile } from "./glm-tile";
import { addTo, alignUp, bytesOf, minRows, sumTile } from "./lanes";

/** Rows of a tile: the predictors of 32 models and the entries of the rows fit the first-level cache or nearly. */
// @ts-ignore: decorator
@inline const ROWS: u32 = 128;
/** Bytes between the predictors of two models: a line more than the rows, which also takes what follows an odd last row. */
// @ts-ignore: decorator
@inline const STRIDE: usize = 128 * 8 + 64;

// @ts-ignore: decorator
@inline
function mulAdd(total: v128, value: v128, address: usize): v128 {
  return f64x2.add(total, f64x2.mul(value, v128.load(address)));
}

// @ts-ignore: decorator
@inline
function storeLanes(z: usize, pair: v128): void {
  store<f64>(z, f64x2.extract_lane(pair, 0));
  store<f64>(z + STRIDE, f64x2.extract_lane(pair, 1));
}

// @ts-ignore: decorator
@inline
function loadLanes(z: usize): v128 {
  return f64x2.replace_lane(v128.load64_splat(z), 1, load<f64>(z + STRIDE));
}

// @ts-ignore: decorator
@inline
function addPair(address: usize, value: v128, r: v128): void {
  v128.store(address, f64x2.add(v128.load(address), f64x2.mul(value, r)));
}

/** z = offset or 0, plus intercept, plus Σⱼ coef[j]·xⱼ of eight models. `coefs` is that of the first. */
function predictEight(
  indptr: usize, indices: usize, values: usize, start: u32, rows: u32, nCols: u32, offset: usize, coefs: usize,
  width: usize, z: usize,
): void {
  const intercepts = coefs + <usize>nCols * width;
  for (let i: u32 = 0; i < rows; i++) {
    const base = f64x2.splat(offset == 0 ? 0 : load<f64>(offset + bytesOf<f64>(start + i)));
    let s0 = f64x2.add(base, v128.load(intercepts));
    let s1 = f64x2.add(base, v128.load(intercepts, 16));
    let s2 = f64x2.add(base, v128.load(intercepts, 32));
    let s3 = f64x2.add(base, v128.load(intercepts, 48));
    const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
      const p = coefs + <usize>load<u32>(indices + bytesOf<u32>(k)) * width;
      const v = v128.load64_splat(values + bytesOf<f64>(k));
      s0 = mulAdd(s0, v, p);
      s1 = mulAdd(s1, v, p + 16);
      s2 = mulAdd(s2, v, p + 32);
      s3 = mulAdd(s3, v, p + 48);
    }
    const out = z + bytesOf<f64>(i);
    storeLanes(out, s0);
    storeLanes(out + 2 * STRIDE, s1);
    storeLanes(out + 4 * STRIDE, s2);
    storeLanes(out + 6 * STRIDE, s3);
  }
}

/** As {@link predictEight} for two models. */
function predictTwo(
  indptr: usize, indices: usize, values: usize, start: u32, rows: u32, nCols: u32, offset: usize, coefs: usize,
  width: usize, z: usize,
): void {
  const intercepts = v128.load(coefs + <usize>nCols * width);
  for (let i: u32 = 0; i < rows; i++) {
    const base = f64x2.splat(offset == 0 ? 0 : load<f64>(offset + bytesOf<f64>(start + i)));
    let sum = f64x2.add(base, intercepts);
    const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
      const p = coefs + <usize>load<u32>(indices + bytesOf<u32>(k)) * width;
      sum = mulAdd(sum, v128.load64_splat(values + bytesOf<f64>(k)), p);
    }
    storeLanes(z + bytesOf<f64>(i), sum);
  }
}

/** Adds residuals times entries to the gradients of eight models. */
function gradientEight(
  indptr: usize, indices: usize, values: usize, start: u32, rows: u32, grads: usize, width: usize, z: usize,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    const own = z + bytesOf<f64>(i);
    const r0 = loadLanes(own);
    const r1 = loadLanes(own + 2 * STRIDE);
    const r2 = loadLanes(own + 4 * STRIDE);
    const r3 = loadLanes(own + 6 * STRIDE);
    const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
      const p = grads + <usize>load<u32>(indices + bytesOf<u32>(k)) * width;
      const v = v128.load64_splat(values + bytesOf<f64>(k));
      addPair(p, v, r0);
      addPair(p + 16, v, r1);
      addPair(p + 32, v, r2);
      addPair(p + 48, v, r3);
    }
  }
}

/** As {@link gradientEight} for two models. */
function gradientTwo(
  indptr: usize, indices: usize, values: usize, start: u32, rows: u32, grads: usize, width: usize, z: usize,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    const r = loadLanes(z + bytesOf<f64>(i));
    const end = load<u32>(indptr + bytesOf<u32>(start + i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(start + i)); k < end; k++) {
      const p = grads + <usize>load<u32>(indices + bytesOf<u32>(k)) * width;
      addPair(p, v128.load64_splat(values + bytesOf<f64>(k)), r);
    }
  }
}

export function csrGlmLossGrads(
  family: i32, power: f64, indptr: usize, indices: usize, values: usize, rows: u32, nCols: u32, y: usize, w: usize,
  offset: usize, models: u32, coefs: usize, grads: usize, losses: usize, scratch: usize,
): void {
  const z = alignUp(scratch);
  const width = bytesOf<f64>(models);
  const eights = models & ~(<u32>7);
  memory.fill(losses, 0, 2 * width);
  for (let start: u32 = 0; start < rows; start += ROWS) {
    const count = minRows(ROWS, rows - start);
    const o = bytesOf<f64>(start);
    for (let m: u32 = 0; m < eights; m += 8) {
      const at = bytesOf<f64>(m);
      predictEight(indptr, indices, values, start, count, nCols, offset, coefs + at, width, z + <usize>m * STRIDE);
    }
    for (let m = eights; m < models; m += 2) {
      const at = bytesOf<f64>(m);
      predictTwo(indptr, indices, values, start, count, nCols, offset, coefs + at, width, z + <usize>m * STRIDE);
    }
    for (let m: u32 = 0; m < models; m++) {
      const own = z + <usize>m * STRIDE;
      const loss = lossTile<u32>(family, power, count, own, y + o, w == 0 ? w : w + o, 0);
      // Neumaier's compensation, as for a single model; the lost digits follow the sums.
      const at = losses + bytesOf<f64>(m);
      const total = load<f64>(at);
      const sum = total + loss;
      addTo(at + width, abs(total) >= abs(loss) ? total - sum + loss : loss - sum + total);
      store<f64>(at, sum);
      addTo(grads + <usize>nCols * width + bytesOf<f64>(m), sumTile<f64>(own, count));
    }
    for (let m: u32 = 0; m < eights; m += 8) {
      gradientEight(indptr, indices, values, start, count, grads + bytesOf<f64>(m), width, z + <usize>m * STRIDE);
    }
    for (let m = eights; m < models; m += 2) {
      gradientTwo(indptr, indices, values, start, count, grads + bytesOf<f64>(m), width, z + <usize>m * STRIDE);
    }
  }
  for (let m: u32 = 0; m < models; m++) {
    const at = losses + bytesOf<f64>(m);
    const total = load<f64>(at);
    const lost = load<f64>(at + width);
    // An infinite or NaN total leaves NaN in the lost digits.
    if (total - total == 0) store<f64>(at, total + lost);
  }
}
