// Losses of boosted trees.
import { expPair, log1pUnitPair } from "./exp-log";
import { bytesOf, sumLanes } from "./lanes";

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
