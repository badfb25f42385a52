// Derivatives of the log loss in single precision, rounded to few bits and packed as packPairs does.
import { bytesOf, sumLanes } from "./lanes";
import { packedHigh, packedLow, rowBits } from "./packed-histogram";

// @ts-ignore: decorator
@inline
function splat(x: f32): v128 {
  return f32x4.splat(x);
}

// 1.5 * 2^23: a number of less than 22 bits that is added to it is rounded to a whole number, which its last bits then are.
// @ts-ignore: decorator
@inline
const ROUNDING: f32 = 12582912;

// @ts-ignore: decorator
@inline
function wholeBits(x: v128): v128 {
  return i32x4.sub(f32x4.add(x, splat(ROUNDING)), splat(ROUNDING));
}

// e^x for x <= 0, to 2 units in the last place; below −87 as there.
// @ts-ignore: decorator
@inline
function expNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, splat(-87));
  const shifted = f32x4.add(f32x4.mul(bounded, splat(1.44269504)), splat(ROUNDING));
  const n = f32x4.sub(shifted, splat(ROUNDING));
  // ln 2 in two parts, so that the rest is exact.
  const r = f32x4.sub(f32x4.sub(bounded, f32x4.mul(n, splat(0.693359375))), f32x4.mul(n, splat(-2.12194440e-4)));
  let p = splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.sub(shifted, splat(ROUNDING)), i32x4.splat(127)), 23);
  return f32x4.mul(p, power);
}

// log(1 + u) for u from 0 to 1, by the series of the inverse hyperbolic tangent.
// @ts-ignore: decorator
@inline
function log1pUnit(u: v128): v128 {
  const s = f32x4.div(u, f32x4.add(u, splat(2)));
  const t = f32x4.mul(s, s);
  let p = splat(1.0 / 13.0);
  p = f32x4.add(f32x4.mul(p, t), splat(1.0 / 11.0));
  p = f32x4.add(f32x4.mul(p, t), splat(1.0 / 9.0));
  p = f32x4.add(f32x4.mul(p, t), splat(1.0 / 7.0));
  p = f32x4.add(f32x4.mul(p, t), splat(1.0 / 5.0));
  p = f32x4.add(f32x4.mul(p, t), splat(1.0 / 3.0));
  p = f32x4.add(f32x4.mul(p, t), splat(1));
  return f32x4.mul(f32x4.add(s, s), p);
}

// @ts-ignore: decorator
@inline
function loadUpTo4(p: usize, left: u32, upper: bool): v128 {
  if (!upper) {
    const first = v128.load64_zero(p);
    return left > 1 ? v128.load64_lane(p + 8, first, 1) : first;
  }
  return left > 2 ? (left > 3 ? v128.load(p, 16) : v128.load64_zero(p, 16)) : f64x2.splat(0);
}

// @ts-ignore: decorator
@inline
function single(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function units(loss: v128, scale: v128): v128 {
  const low = f64x2.nearest(f64x2.mul(f64x2.promote_low_f32x4(loss), scale));
  const high = f64x2.nearest(f64x2.mul(f64x2.promote_low_f32x4(v128.shuffle<i32>(loss, loss, 2, 3, 2, 3)), scale));
  return f64x2.add(low, high);
}

export function packedLogistic(
  margin: usize, y: usize, w: usize, heldOut: usize, n: u32, first: u32, key: u32, gScale: f64, hScale: f64, lossScale: f64, pairs: usize, out: usize,
): void {
  const one = splat(1);
  const zero = splat(0);
  // 22 of the 30 bits: single precision has no more.
  const gUnits = splat(<f32>(gScale / 256));
  const hUnits = splat(<f32>hScale);
  const lossUnits = f64x2.splat(lossScale);
  let counter = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  let most = f64x2.splat(0);
  let train = f64x2.splat(0);
  let held = f64x2.splat(0);
  for (let i: u32 = 0; i < n; i += 4) {
    const o = bytesOf<f64>(i);
    const left = n - i;
    const whole = left >= 4;
    const m0 = whole ? v128.load(margin + o) : loadUpTo4(margin + o, left, false);
    const m1 = whole ? v128.load(margin + o, 16) : loadUpTo4(margin + o, left, true);
    most = f64x2.pmax(most, f64x2.pmax(f64x2.abs(m0), f64x2.abs(m1)));
    const m = single(m0, m1);
    const t = whole
      ? single(v128.load(y + o), v128.load(y + o, 16))
      : single(loadUpTo4(y + o, left, false), loadUpTo4(y + o, left, true));
    const u = expNegative(f32x4.neg(f32x4.abs(m)));
    const q = f32x4.div(one, f32x4.add(one, u));
    const positive = f32x4.ge(m, zero);
    // No cancellation where the model is certain and right.
    let g = f32x4.mul(
      q,
      f32x4.sub(
        f32x4.mul(f32x4.sub(one, t), v128.bitselect(one, u, positive)),
        f32x4.mul(t, v128.bitselect(u, one, positive)),
      ),
    );
    let h = f32x4.mul(f32x4.mul(u, q), q);
    let loss = f32x4.add(f32x4.sub(f32x4.pmax(m, zero), f32x4.mul(t, m)), log1pUnit(u));
    if (w != 0) {
      const weight = whole
        ? single(v128.load(w + o), v128.load(w + o, 16))
        : single(loadUpTo4(w + o, left, false), loadUpTo4(w + o, left, true));
      g = f32x4.mul(g, weight);
      h = f32x4.mul(h, weight);
      loss = f32x4.mul(loss, weight);
    }
    if (!whole) loss = v128.and(loss, i32x4.gt_s(i32x4.splat(<i32>left), i32x4(0, 1, 2, 3)));
    if (heldOut == 0) train = f64x2.add(train, units(loss, lossUnits));
    else {
      let flags: u32 = 0;
      if (whole) flags = load<u32>(heldOut + <usize>i);
      else for (let k: u32 = 0; k < left; k++) flags |= (<u32>load<u8>(heldOut + <usize>(i + k))) << (k << 3);
      const bytes = i32x4.splat(<i32>flags);
      const outside = i32x4.ne(v128.and(bytes, i32x4(0xff, 0xff00, 0xff0000, 0xff000000)), i32x4.splat(0));
      train = f64x2.add(train, units(v128.andnot(loss, outside), lossUnits));
      held = f64x2.add(held, units(v128.and(loss, outside), lossUnits));
    }
    const bits = rowBits(counter, key);
    const high = packedHigh(i32x4.shl(wholeBits(f32x4.mul(g, gUnits)), 8), bits);
    const low = packedLow(wholeBits(f32x4.mul(h, hUnits)), bits);
    const a = v128.shuffle<i32>(low, high, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(low, high, 2, 6, 3, 7);
    const p = pairs + o;
    if (whole) {
      v128.store(p, a);
      v128.store(p, b, 16);
    } else {
      v128.store64_lane(p, a, 0);
      if (left > 1) v128.store64_lane(p + 8, a, 1);
      if (left > 2) v128.store64_lane(p + 16, b, 0);
    }
    counter = i32x4.add(counter, i32x4.splat(4));
  }
  store<f64>(out, max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)));
  store<f64>(out, sumLanes(train), 8);
  store<f64>(out, sumLanes(held), 16);
}
