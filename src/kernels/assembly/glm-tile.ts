// Loss, residual and curvature of the GLM families on one tile of linear predictors.
// W: u8 = unweighted, f64 = weights at `w`. M: what is written besides the loss: u8 nothing, u32 the weighted residual
// over z, f64 also the weighted curvature to h.
import { expPair, log1pUnitPair } from "./exp-log";
import { bytesOf, sumLanes } from "./lanes";

// @ts-ignore: decorator
@inline
function write<W, M>(z: usize, h: usize, residual: v128, curvature: v128, w: v128): void {
  if (sizeof<M>() >= 4) v128.store(z, sizeof<W>() == 8 ? f64x2.mul(w, residual) : residual);
  if (sizeof<M>() == 8) v128.store(h, sizeof<W>() == 8 ? f64x2.mul(w, curvature) : curvature);
}

// @ts-ignore: decorator
@inline
function squaredStep<W, M>(eta: v128, y: v128, w: v128, z: usize, h: usize): v128 {
  const residual = f64x2.sub(eta, y);
  write<W, M>(z, h, residual, f64x2.splat(1), w);
  const loss = f64x2.mul(f64x2.mul(residual, residual), f64x2.splat(0.5));
  return sizeof<W>() == 8 ? f64x2.mul(w, loss) : loss;
}

// With u = e^-|η|: loss = max(η, 0) - yη + log(1 + u), residual = ((1-y) - yu)/(1+u) for η >= 0 and (u(1-y) - y)/(1+u)
// below: no overflow, and full relative accuracy where the model is certain and right.
// @ts-ignore: decorator
@inline
function logisticStep<W, M>(eta: v128, y: v128, w: v128, z: usize, h: usize): v128 {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const u = expPair(f64x2.neg(f64x2.abs(eta)));
  if (sizeof<M>() >= 4) {
    const q = f64x2.div(one, f64x2.add(one, u));
    const rest = f64x2.sub(one, y);
    const positive = f64x2.ge(eta, zero);
    const numerator = f64x2.sub(
      f64x2.mul(rest, v128.bitselect(one, u, positive)),
      f64x2.mul(y, v128.bitselect(u, one, positive)),
    );
    write<W, M>(z, h, f64x2.mul(numerator, q), f64x2.mul(f64x2.mul(u, q), q), w);
  }
  const loss = f64x2.add(f64x2.sub(f64x2.pmax(eta, zero), f64x2.mul(y, eta)), log1pUnitPair(u));
  return sizeof<W>() == 8 ? f64x2.mul(w, loss) : loss;
}

// @ts-ignore: decorator
@inline
function poissonStep<W, M>(eta: v128, y: v128, w: v128, z: usize, h: usize): v128 {
  const mean = expPair(eta);
  write<W, M>(z, h, f64x2.sub(mean, y), mean, w);
  const loss = f64x2.sub(mean, f64x2.mul(y, eta));
  return sizeof<W>() == 8 ? f64x2.mul(w, loss) : loss;
}

// @ts-ignore: decorator
@inline
function gammaStep<W, M>(eta: v128, y: v128, w: v128, z: usize, h: usize): v128 {
  const share = f64x2.mul(y, expPair(f64x2.neg(eta)));
  write<W, M>(z, h, f64x2.sub(f64x2.splat(1), share), share, w);
  const loss = f64x2.add(eta, share);
  return sizeof<W>() == 8 ? f64x2.mul(w, loss) : loss;
}

// With a = 2 - power, b = 1 - power. Where the loss is not convex (power outside [1, 2]) the curvature is its expectation.
// @ts-ignore: decorator
@inline
function tweedieStep<W, M>(power: f64, eta: v128, y: v128, w: v128, z: usize, h: usize): v128 {
  const a = 2 - power;
  const b = 1 - power;
  const first = expPair(f64x2.mul(f64x2.splat(a), eta));
  const second = f64x2.mul(y, expPair(f64x2.mul(f64x2.splat(b), eta)));
  const convex = power >= 1 && power <= 2;
  const curvature = f64x2.add(
    f64x2.mul(f64x2.splat(convex ? a : 1), first),
    f64x2.mul(f64x2.splat(convex ? -b : 0), second),
  );
  write<W, M>(z, h, f64x2.sub(first, second), curvature, w);
  const loss = f64x2.sub(f64x2.mul(f64x2.splat(1 / a), first), f64x2.mul(f64x2.splat(1 / b), second));
  return sizeof<W>() == 8 ? f64x2.mul(w, loss) : loss;
}

// The family is a type, too, so that each loop holds the code of one: u8 squared, u16 logistic, u32 Poisson, f32 gamma,
// f64 Tweedie.
// @ts-ignore: decorator
@inline
function step<F, W, M>(power: f64, eta: v128, y: v128, w: v128, z: usize, h: usize): v128 {
  if (isFloat<F>()) {
    if (sizeof<F>() == 4) return gammaStep<W, M>(eta, y, w, z, h);
    return tweedieStep<W, M>(power, eta, y, w, z, h);
  }
  if (sizeof<F>() == 1) return squaredStep<W, M>(eta, y, w, z, h);
  if (sizeof<F>() == 2) return logisticStep<W, M>(eta, y, w, z, h);
  return poissonStep<W, M>(eta, y, w, z, h);
}

function familyTile<F, W, M>(power: f64, rows: u32, eta: usize, y: usize, w: usize, h: usize): f64 {
  let sum = f64x2.splat(0);
  const even = bytesOf<f64>(rows & ~1);
  for (let o: usize = 0; o < even; o += 16) {
    const wi = sizeof<W>() == 8 ? v128.load(w + o) : f64x2.splat(0);
    sum = f64x2.add(sum, step<F, W, M>(power, v128.load(eta + o), v128.load(y + o), wi, eta + o, h + o));
  }
  let total = sumLanes(sum);
  if (rows & 1) {
    const wi = sizeof<W>() == 8 ? v128.load64_splat(w + even) : f64x2.splat(0);
    const last = step<F, W, M>(power, v128.load64_splat(eta + even), v128.load64_splat(y + even), wi, eta + even, h + even);
    total += f64x2.extract_lane(last, 0);
  }
  return total;
}

// @ts-ignore: decorator
@inline
function weightedTile<F, M>(power: f64, rows: u32, eta: usize, y: usize, w: usize, h: usize): f64 {
  if (w == 0) return familyTile<F, u8, M>(power, rows, eta, y, w, h);
  return familyTile<F, f64, M>(power, rows, eta, y, w, h);
}

/**
 * Σ w·loss over a tile. With M = u32 or f64 the linear predictors at `eta` are replaced by w·residual, and one element
 * after an odd last row is overwritten: `eta` (and `h`) are scratch then.
 */
export function lossTile<M>(
  family: i32, power: f64, rows: u32, eta: usize, y: usize, w: usize, h: usize,
): f64 {
  if (family == 0) return weightedTile<u8, M>(power, rows, eta, y, w, h);
  if (family == 1) return weightedTile<u16, M>(power, rows, eta, y, w, h);
  if (family == 2) return weightedTile<u32, M>(power, rows, eta, y, w, h);
  if (family == 3) return weightedTile<f32, M>(power, rows, eta, y, w, h);
  return weightedTile<f64, M>(power, rows, eta, y, w, h);
}
