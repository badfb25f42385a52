// Stochastic gradient descent over rows. R: u8 = row-major dense rows, u32 = CSR rows.
// The coefficients are kept as scale·v, so that an L2 step is one multiplication, and their average as
// (sums + a·v) / b, so that a step touches the row's columns alone (Bottou, "Stochastic Gradient Descent Tricks", 2012).
import { expPair, log1pUnitPair, logPair } from "./exp-log";
import { addTo, bytesOf, minRows, sumLanes } from "./lanes";

// @ts-ignore: decorator
@inline const MAX_GRADIENT: f64 = 1e12;
// @ts-ignore: decorator
@inline const MIN_SCALE: f64 = 1e-9;

// @ts-ignore: decorator
@inline
function exp1(x: f64): f64 {
  return f64x2.extract_lane(expPair(f64x2.splat(x)), 0);
}

// @ts-ignore: decorator
@inline
function log1pUnit(u: f64): f64 {
  return f64x2.extract_lane(log1pUnitPair(f64x2.splat(u)), 0);
}

function lossOf(loss: i32, y: f64, p: f64, parameter: f64): f64 {
  if (loss < 4) {
    const z = y * p;
    if (loss == 0) return z <= parameter ? parameter - z : 0;
    if (loss == 1) return z < 1 ? (1 - z) * (1 - z) : 0;
    if (loss == 2) return z >= 1 ? 0 : z >= -1 ? (1 - z) * (1 - z) : -4 * z;
    return (z < 0 ? -z : 0) + log1pUnit(exp1(-abs(z)));
  }
  const r = abs(p - y);
  if (loss == 4) return 0.5 * r * r;
  if (loss == 5) return r <= parameter ? 0.5 * r * r : parameter * r - 0.5 * parameter * parameter;
  const over = r - parameter;
  if (over <= 0) return 0;
  return loss == 6 ? over : over * over;
}

function gradientOf(loss: i32, y: f64, p: f64, parameter: f64): f64 {
  if (loss < 4) {
    const z = y * p;
    if (loss == 0) return z <= parameter ? -y : 0;
    if (loss == 1) return z < 1 ? -2 * y * (1 - z) : 0;
    if (loss == 2) return z >= 1 ? 0 : z >= -1 ? -2 * y * (1 - z) : -4 * y;
    const u = exp1(-abs(z));
    return z >= 0 ? (-y * u) / (1 + u) : -y / (1 + u);
  }
  const r = p - y;
  if (loss == 4) return r;
  if (loss == 5) return r > parameter ? parameter : r < -parameter ? -parameter : r;
  if (loss == 6) return r > parameter ? 1 : r < -parameter ? -1 : 0;
  return r > parameter ? 2 * (r - parameter) : r < -parameter ? 2 * (r + parameter) : 0;
}

// @ts-ignore: decorator
@inline
function product<R>(indices: usize, x: usize, count: u32, v: usize): f64 {
  if (sizeof<R>() == 1) {
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let o: usize = 0;
    const fours = bytesOf<f64>(count & ~3);
    for (; o < fours; o += 32) {
      a = f64x2.add(a, f64x2.mul(v128.load(x + o), v128.load(v + o)));
      b = f64x2.add(b, f64x2.mul(v128.load(x + o, 16), v128.load(v + o, 16)));
    }
    let sum = sumLanes(f64x2.add(a, b));
    const end = bytesOf<f64>(count);
    for (; o < end; o += 8) sum += load<f64>(x + o) * load<f64>(v + o);
    return sum;
  }
  let sum: f64 = 0;
  for (let k: u32 = 0; k < count; k++) {
    const j = load<u32>(indices + bytesOf<u32>(k));
    sum += load<f64>(x + bytesOf<f64>(k)) * load<f64>(v + bytesOf<f64>(j));
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function squares(x: usize, count: u32): f64 {
  let sum: f64 = 0;
  for (let k: u32 = 0; k < count; k++) {
    const value = load<f64>(x + bytesOf<f64>(k));
    sum += value * value;
  }
  return sum;
}

// v += factor·x
// @ts-ignore: decorator
@inline
function addRow<R>(indices: usize, x: usize, count: u32, v: usize, factor: f64): void {
  if (sizeof<R>() == 1) {
    const f = f64x2.splat(factor);
    let o: usize = 0;
    const even = bytesOf<f64>(count & ~1);
    for (; o < even; o += 16) v128.store(v + o, f64x2.add(v128.load(v + o), f64x2.mul(f, v128.load(x + o))));
    if (count & 1) addTo(v + o, factor * load<f64>(x + o));
    return;
  }
  for (let k: u32 = 0; k < count; k++) {
    addTo(v + bytesOf<f64>(load<u32>(indices + bytesOf<u32>(k))), factor * load<f64>(x + bytesOf<f64>(k)));
  }
}

// Brings the L1 penalty of a row's columns up to u, never across 0. `share` is a of the average.
// @ts-ignore: decorator
@inline
function truncate<R>(
  indices: usize, count: u32, v: usize, q: usize, average: usize, u: f64, scale: f64, share: f64,
): void {
  for (let k: u32 = 0; k < count; k++) {
    const o = bytesOf<f64>(sizeof<R>() == 1 ? k : load<u32>(indices + bytesOf<u32>(k)));
    const before = load<f64>(v + o);
    const paid = load<f64>(q + o);
    let after = before;
    if (before > 0) after = max(0, before - (u + paid) / scale);
    else if (before < 0) after = min(0, before + (u - paid) / scale);
    store<f64>(v + o, after);
    store<f64>(q + o, paid + scale * (after - before));
    if (average != 0 && share != 0) addTo(average + o, -share * (after - before));
  }
}

// coef = scale·v; average = (sums + a·v) / b
function settle(p: u32, v: usize, average: usize, scale: f64, a: f64, b: f64): void {
  for (let j: u32 = 0; j < p; j++) {
    const o = bytesOf<f64>(j);
    const value = load<f64>(v + o);
    if (average != 0 && a != 0) store<f64>(average + o, (load<f64>(average + o) + a * value) / b);
    store<f64>(v + o, scale * value);
  }
}

function sgd<R>(
  loss: i32, schedule: i32, indptr: usize, indices: usize, values: usize, p: u32, order: usize, count: u32, batch: u32,
  y: usize, w: usize, positive: i32, coef: usize, average: usize, q: usize, hyper: usize, state: usize, scratch: usize,
): f64 {
  const alpha = load<f64>(hyper);
  const l2 = load<f64>(hyper, 8);
  const l1 = load<f64>(hyper, 16);
  const eta0 = load<f64>(hyper, 24);
  const powerT = load<f64>(hyper, 32);
  const optimalStart = load<f64>(hyper, 40);
  const averageFrom = load<f64>(hyper, 48);
  const withIntercept = load<f64>(hyper, 56) != 0;
  const weightPositive = load<f64>(hyper, 64);
  const weightNegative = load<f64>(hyper, 72);
  const parameter = load<f64>(hyper, 80);
  let intercept = load<f64>(state);
  let t = load<f64>(state, 8);
  let u = load<f64>(state, 16);
  let averageIntercept = load<f64>(state, 24);
  let eta = load<f64>(state, 32);
  let scale: f64 = 1;
  let a: f64 = 0;
  let b: f64 = 1;
  let total: f64 = 0;
  for (let from: u32 = 0; from < count; from += batch) {
    const rows = minRows(batch, count - from);
    if (schedule == 1) eta = 1 / (alpha * (optimalStart + t - 1));
    else if (schedule == 2) eta = eta0 / exp1(powerT * f64x2.extract_lane(logPair(f64x2.splat(t)), 0));
    for (let k: u32 = 0; k < rows; k++) {
      const i = load<u32>(order + bytesOf<u32>(from + k));
      let start: u32 = 0;
      let entries = p;
      let x = values + bytesOf<f64>(p) * i;
      if (sizeof<R>() == 4) {
        start = load<u32>(indptr + bytesOf<u32>(i));
        entries = load<u32>(indptr + bytesOf<u32>(i), 4) - start;
        x = values + bytesOf<f64>(start);
      }
      const prediction = scale * product<R>(indices + bytesOf<u32>(start), x, entries, coef) + intercept;
      const raw = load<f64>(y + bytesOf<f64>(i));
      const target = positive < 0 ? raw : raw == <f64>positive ? 1.0 : -1.0;
      const lost = lossOf(loss, target, prediction, parameter);
      total += lost;
      let update: f64 = 0;
      if (schedule >= 3) {
        const size = squares(x, entries);
        if (schedule == 3) update = size == 0 ? 0 : min(eta0, lost / size);
        else update = lost / (size + 0.5 / eta0);
        if (positive >= 0) update *= target;
        else if (target < prediction) update = -update;
      } else {
        update = -eta * max(-MAX_GRADIENT, min(MAX_GRADIENT, gradientOf(loss, target, prediction, parameter)));
      }
      update *= target > 0 ? weightPositive : weightNegative;
      if (w != 0) update *= load<f64>(w + bytesOf<f64>(i));
      store<f64>(scratch + bytesOf<f64>(k), update / <f64>rows);
    }
    if (l2 != 0) {
      scale *= max(0, 1 - l2 * eta);
      if (scale < MIN_SCALE) {
        settle(p, coef, average, scale, a, b);
        scale = 1;
        a = 0;
        b = 1;
      }
    }
    let step: f64 = 0;
    for (let k: u32 = 0; k < rows; k++) {
      const update = load<f64>(scratch + bytesOf<f64>(k));
      if (update == 0) continue;
      step += update;
      const i = load<u32>(order + bytesOf<u32>(from + k));
      let start: u32 = 0;
      let entries = p;
      let x = values + bytesOf<f64>(p) * i;
      if (sizeof<R>() == 4) {
        start = load<u32>(indptr + bytesOf<u32>(i));
        entries = load<u32>(indptr + bytesOf<u32>(i), 4) - start;
        x = values + bytesOf<f64>(start);
      }
      addRow<R>(indices + bytesOf<u32>(start), x, entries, coef, update / scale);
      if (average != 0 && a != 0) addRow<R>(indices + bytesOf<u32>(start), x, entries, average, (-a * update) / scale);
    }
    if (withIntercept) intercept += step;
    if (averageFrom > 0 && averageFrom <= t) {
      const steps = t - averageFrom + 1;
      const share = 1 / steps;
      if (steps > 1) b /= 1 - share;
      else if (average != 0) memory.fill(average, 0, bytesOf<f64>(p));
      a += share * b * scale;
      averageIntercept += (intercept - averageIntercept) / steps;
    }
    if (l1 != 0) {
      u += l1 * eta;
      if (sizeof<R>() == 1) truncate<R>(indices, p, coef, q, average, u, scale, a);
      else {
        for (let k: u32 = 0; k < rows; k++) {
          const i = load<u32>(order + bytesOf<u32>(from + k));
          const start = load<u32>(indptr + bytesOf<u32>(i));
          const entries = load<u32>(indptr + bytesOf<u32>(i), 4) - start;
          truncate<R>(indices + bytesOf<u32>(start), entries, coef, q, average, u, scale, a);
        }
      }
    }
    t += 1;
  }
  settle(p, coef, average, scale, a, b);
  store<f64>(state, intercept);
  store<f64>(state, t, 8);
  store<f64>(state, u, 16);
  store<f64>(state, averageIntercept, 24);
  store<f64>(state, eta, 32);
  return total;
}

export function sgdRows(
  loss: i32, schedule: i32, x: usize, nCols: u32, order: usize, count: u32, batch: u32, y: usize, w: usize,
  positive: i32, coef: usize, average: usize, q: usize, hyper: usize, state: usize, scratch: usize,
): f64 {
  return sgd<u8>(
    loss, schedule, 0, 0, x, nCols, order, count, batch, y, w, positive, coef, average, q, hyper, state, scratch,
  );
}

export function csrSgdRows(
  loss: i32, schedule: i32, indptr: usize, indices: usize, values: usize, nCols: u32, order: usize, count: u32,
  batch: u32, y: usize, w: usize, positive: i32, coef: usize, average: usize, q: usize, hyper: usize, state: usize,
  scratch: usize,
): f64 {
  return sgd<u32>(
    loss, schedule, indptr, indices, values, nCols, order, count, batch, y, w, positive, coef, average, q, hyper, state,
    scratch,
  );
}
