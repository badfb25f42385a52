// Losses of boosted trees.
import { expPair, log1pUnitPair, logPair } from "./exp-log";
import { bytesOf, column, sumLanes } from "./lanes";

// @ts-ignore: decorator
@inline
function integers(values: v128, scale: f64): v128 {
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(f64x2.mul(values, f64x2.splat(scale))));
}

// The loss is a type, so that each loop holds the code of one: u8 squared, u16 logistic, u32 Poisson.
function gradients<F>(
  margin: usize, y: usize, w: usize, heldOut: usize, n: u32, gScale: f64, hScale: f64, lossScale: f64, pairs: usize, out: usize,
): void {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  let most = zero;
  let train = zero;
  let held = zero;
  for (let i: u32 = 0; i < n; i += 2) {
    const last = i + 1 == n;
    const o = bytesOf<f64>(i);
    // An odd last row stands in both lanes and counts in one.
    const m = last ? v128.load64_splat(margin + o) : v128.load(margin + o);
    const t = last ? v128.load64_splat(y + o) : v128.load(y + o);
    let g: v128;
    let h: v128;
    let loss: v128;
    if (sizeof<F>() == 1) {
      g = f64x2.sub(m, t);
      h = one;
      loss = f64x2.mul(f64x2.mul(g, g), f64x2.splat(0.5));
      most = f64x2.max(most, f64x2.abs(g));
    } else if (sizeof<F>() == 2) {
      // As in glm-tile.ts: no overflow, and full accuracy where the model is certain and right.
      const u = expPair(f64x2.neg(f64x2.abs(m)));
      const q = f64x2.div(one, f64x2.add(one, u));
      const positive = f64x2.ge(m, zero);
      g = f64x2.mul(
        q,
        f64x2.sub(
          f64x2.mul(f64x2.sub(one, t), v128.bitselect(one, u, positive)),
          f64x2.mul(t, v128.bitselect(u, one, positive)),
        ),
      );
      h = f64x2.mul(f64x2.mul(u, q), q);
      loss = f64x2.add(f64x2.sub(f64x2.pmax(m, zero), f64x2.mul(t, m)), log1pUnitPair(u));
      most = f64x2.max(most, f64x2.abs(m));
    } else {
      h = expPair(m);
      g = f64x2.sub(h, t);
      loss = f64x2.sub(h, f64x2.mul(t, m));
      most = f64x2.max(most, h);
    }
    if (w != 0) {
      const wi = last ? v128.load64_splat(w + o) : v128.load(w + o);
      g = f64x2.mul(g, wi);
      h = f64x2.mul(h, wi);
      loss = f64x2.mul(loss, wi);
    }
    const gi = integers(g, gScale);
    const hi = integers(h, hScale);
    const both = v128.shuffle<i32>(gi, hi, 0, 4, 1, 5);
    let units = f64x2.nearest(f64x2.mul(loss, f64x2.splat(lossScale)));
    if (last) {
      v128.store64_lane(pairs + o, both, 0);
      units = f64x2.replace_lane(units, 1, 0);
    } else v128.store(pairs + o, both);
    if (heldOut == 0) train = f64x2.add(train, units);
    else {
      const second: f64 = last ? 0 : <f64>load<u8>(heldOut + <usize>i, 1);
      const mask = f64x2.replace_lane(f64x2.splat(<f64>load<u8>(heldOut + <usize>i)), 1, second);
      const outside = f64x2.mul(units, mask);
      held = f64x2.add(held, outside);
      train = f64x2.add(train, f64x2.sub(units, outside));
    }
  }
  store<f64>(out, max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)));
  store<f64>(out, sumLanes(train), 8);
  store<f64>(out, sumLanes(held), 16);
}

export function boostGradients(
  loss: i32, margin: usize, y: usize, w: usize, heldOut: usize, n: u32, gScale: f64, hScale: f64, lossScale: f64, pairs: usize, out: usize,
): void {
  if (loss == 0) gradients<u8>(margin, y, w, heldOut, n, gScale, hScale, lossScale, pairs, out);
  else if (loss == 1) gradients<u16>(margin, y, w, heldOut, n, gScale, hScale, lossScale, pairs, out);
  else gradients<u32>(margin, y, w, heldOut, n, gScale, hScale, lossScale, pairs, out);
}

// @ts-ignore: decorator
@inline
function loadRow(address: usize, last: bool): v128 {
  return last ? v128.load64_splat(address) : v128.load(address);
}

// @ts-ignore: decorator
@inline
function storeRow(address: usize, value: v128, last: bool): void {
  if (last) v128.store64_lane(address, value, 0);
  else v128.store(address, value);
}

// Inlined with a constant loss, so that each loop holds the code of one.
// @ts-ignore: decorator
@inline
function derivatives(
  loss: i32, parameter: f64, margin: usize, y: usize, w: usize, n: u32, gOut: usize, hOut: usize, losses: usize,
): void {
  const one = f64x2.splat(1);
  const zero = f64x2.splat(0);
  const half = f64x2.splat(0.5);
  const p = f64x2.splat(parameter);
  const p1 = f64x2.splat(1 - parameter);
  const p2 = f64x2.splat(2 - parameter);
  for (let i: u32 = 0; i < n; i += 2) {
    const last = i + 1 == n;
    const o = bytesOf<f64>(i);
    const m = loadRow(margin + o, last);
    const t = loadRow(y + o, last);
    const d = f64x2.sub(m, t);
    let g: v128;
    let h: v128;
    let value: v128;
    if (loss == 0) {
      g = d;
      h = one;
      value = f64x2.mul(f64x2.mul(d, d), half);
    } else if (loss == 1) {
      const u = expPair(f64x2.neg(f64x2.abs(m)));
      const q = f64x2.div(one, f64x2.add(one, u));
      const positive = f64x2.ge(m, zero);
      g = f64x2.mul(
        q,
        f64x2.sub(
          f64x2.mul(f64x2.sub(one, t), v128.bitselect(one, u, positive)),
          f64x2.mul(t, v128.bitselect(u, one, positive)),
        ),
      );
      h = f64x2.mul(f64x2.mul(u, q), q);
      value = f64x2.add(f64x2.sub(f64x2.pmax(m, zero), f64x2.mul(t, m)), log1pUnitPair(u));
    } else if (loss == 2) {
      h = expPair(m);
      g = f64x2.sub(h, t);
      value = f64x2.sub(h, f64x2.mul(t, m));
    } else if (loss == 3) {
      g = v128.bitselect(one, f64x2.splat(-1), f64x2.gt(d, zero));
      h = one;
      value = f64x2.abs(d);
    } else if (loss == 4) {
      g = v128.bitselect(p1, f64x2.neg(p), f64x2.gt(d, zero));
      h = one;
      value = f64x2.mul(g, d);
    } else if (loss == 5) {
      g = f64x2.max(f64x2.neg(p), f64x2.min(p, d));
      h = one;
      value = f64x2.mul(g, f64x2.sub(d, f64x2.mul(half, g)));
    } else if (loss == 6) {
      h = f64x2.mul(t, expPair(f64x2.neg(m)));
      g = f64x2.sub(one, h);
      value = f64x2.add(m, h);
    } else {
      const a = f64x2.mul(t, expPair(f64x2.mul(p1, m)));
      const b = expPair(f64x2.mul(p2, m));
      g = f64x2.sub(b, a);
      h = f64x2.sub(f64x2.mul(p2, b), f64x2.mul(p1, a));
      value = f64x2.sub(f64x2.div(b, p2), f64x2.div(a, p1));
    }
    if (w != 0) {
      const wi = loadRow(w + o, last);
      g = f64x2.mul(g, wi);
      h = f64x2.mul(h, wi);
      value = f64x2.mul(value, wi);
    }
    storeRow(gOut + o, g, last);
    storeRow(hOut + o, h, last);
    storeRow(losses + o, value, last);
  }
}

export function boostDerivatives(
  loss: i32, parameter: f64, margin: usize, y: usize, w: usize, n: u32, g: usize, h: usize, losses: usize,
): void {
  if (loss == 0) derivatives(0, parameter, margin, y, w, n, g, h, losses);
  else if (loss == 1) derivatives(1, parameter, margin, y, w, n, g, h, losses);
  else if (loss == 2) derivatives(2, parameter, margin, y, w, n, g, h, losses);
  else if (loss == 3) derivatives(3, parameter, margin, y, w, n, g, h, losses);
  else if (loss == 4) derivatives(4, parameter, margin, y, w, n, g, h, losses);
  else if (loss == 5) derivatives(5, parameter, margin, y, w, n, g, h, losses);
  else if (loss == 6) derivatives(6, parameter, margin, y, w, n, g, h, losses);
  else derivatives(7, parameter, margin, y, w, n, g, h, losses);
}

export function boostSoftmax(
  margin: usize, classes: u32, y: usize, w: usize, n: u32, g: usize, h: usize, losses: usize,
): void {
  const one = f64x2.splat(1);
  for (let i: u32 = 0; i < n; i += 2) {
    const last = i + 1 == n;
    const o = bytesOf<f64>(i);
    let top = loadRow(column(margin, 0) + o, last);
    for (let k: u32 = 1; k < classes; k++) top = f64x2.max(top, loadRow(column(margin, k) + o, last));
    let sum = f64x2.splat(0);
    for (let k: u32 = 0; k < classes; k++) {
      const e = expPair(f64x2.sub(loadRow(column(margin, k) + o, last), top));
      storeRow(column(g, k) + o, e, last);
      sum = f64x2.add(sum, e);
    }
    const weight = w == 0 ? one : loadRow(w + o, last);
    const first = <u32>load<f64>(y + o);
    const second = last ? first : <u32>load<f64>(y + o, 8);
    const own = f64x2.replace_lane(
      f64x2.splat(load<f64>(column(margin, first) + o)),
      1,
      load<f64>(column(margin, second) + o + (last ? 0 : 8)),
    );
    storeRow(losses + o, f64x2.mul(f64x2.add(f64x2.sub(top, own), logPair(sum)), weight), last);
    for (let k: u32 = 0; k < classes; k++) {
      const p = f64x2.div(loadRow(column(g, k) + o, last), sum);
      const hit = f64x2.replace_lane(f64x2.splat(first == k ? 1 : 0), 1, second == k ? 1 : 0);
      storeRow(column(g, k) + o, f64x2.mul(f64x2.sub(p, hit), weight), last);
      storeRow(column(h, k) + o, f64x2.mul(f64x2.mul(p, f64x2.sub(one, p)), weight), last);
    }
  }
}

export function packDerivatives(g: usize, h: usize, n: u32, gScale: f64, hScale: f64, pairs: usize): void {
  for (let i: u32 = 0; i < n; i += 2) {
    const last = i + 1 == n;
    const o = bytesOf<f64>(i);
    const gi = integers(loadRow(g + o, last), gScale);
    const hi = integers(loadRow(h + o, last), hScale);
    storeRow(pairs + o, v128.shuffle<i32>(gi, hi, 0, 4, 1, 5), last);
  }
}
