import { expPair, logPair } from "./exp-log";
import { bytesOf } from "./lanes";

// The operation is a literal at each call of an inlined loop, so that the compiler leaves one operation in each and
// nothing is decided per element. A last odd element is computed as both lanes of a pair.

// @ts-ignore: decorator
@inline
function binaryPair(op: i32, a: v128, b: v128): v128 {
  if (op == 0) return f64x2.add(a, b);
  if (op == 1) return f64x2.sub(a, b);
  if (op == 2) return f64x2.mul(a, b);
  if (op == 3) return f64x2.div(a, b);
  if (op == 4) return f64x2.min(a, b);
  return f64x2.max(a, b);
}

// @ts-ignore: decorator
@inline
function binaryLoop(op: i32, a: usize, b: usize, n: u32, out: usize): void {
  const even = bytesOf<f64>(n & ~1);
  for (let o: usize = 0; o < even; o += 16) {
    v128.store(out + o, binaryPair(op, v128.load(a + o), v128.load(b + o)));
  }
  if (n & 1) {
    const last = binaryPair(op, v128.load64_splat(a + even), v128.load64_splat(b + even));
    store<f64>(out + even, f64x2.extract_lane(last, 0));
  }
}

// @ts-ignore: decorator
@inline
function scalarLoop(op: i32, reversed: bool, a: usize, s: f64, n: u32, out: usize): void {
  const even = bytesOf<f64>(n & ~1);
  const ss = f64x2.splat(s);
  for (let o: usize = 0; o < even; o += 16) {
    const v = v128.load(a + o);
    v128.store(out + o, reversed ? binaryPair(op, ss, v) : binaryPair(op, v, ss));
  }
  if (n & 1) {
    const v = v128.load64_splat(a + even);
    store<f64>(out + even, f64x2.extract_lane(reversed ? binaryPair(op, ss, v) : binaryPair(op, v, ss), 0));
  }
}

// @ts-ignore: decorator
@inline
function unaryPair(op: i32, a: v128): v128 {
  if (op == 0) return f64x2.neg(a);
  if (op == 1) return f64x2.abs(a);
  if (op == 2) return f64x2.sqrt(a);
  if (op == 3) return f64x2.mul(a, a);
  if (op == 4) return expPair(a);
  if (op == 5) return logPair(a);
  if (op == 6) return f64x2.div(f64x2.splat(1), a);
  if (op == 7) {
    // ±1 with the sign of a where a is above or below 0; zeros and NaN stay as they are.
    const one = v128.bitselect(a, f64x2.splat(1), i64x2.splat(i64.MIN_VALUE));
    const zero = f64x2.splat(0);
    return v128.bitselect(one, a, v128.or(f64x2.lt(a, zero), f64x2.gt(a, zero)));
  }
  if (op == 8) return f64x2.floor(a);
  return f64x2.ceil(a);
}

// @ts-ignore: decorator
@inline
function unaryLoop(op: i32, a: usize, n: u32, out: usize): void {
  const even = bytesOf<f64>(n & ~1);
  for (let o: usize = 0; o < even; o += 16) v128.store(out + o, unaryPair(op, v128.load(a + o)));
  if (n & 1) store<f64>(out + even, f64x2.extract_lane(unaryPair(op, v128.load64_splat(a + even)), 0));
}

/** Bit 0 and 1: the comparison in each lane. */
// @ts-ignore: decorator
@inline
function comparePair(op: i32, a: v128, b: v128): i32 {
  if (op == 0) return i64x2.bitmask(f64x2.lt(a, b));
  if (op == 1) return i64x2.bitmask(f64x2.le(a, b));
  if (op == 2) return i64x2.bitmask(f64x2.gt(a, b));
  if (op == 3) return i64x2.bitmask(f64x2.ge(a, b));
  if (op == 4) return i64x2.bitmask(f64x2.eq(a, b));
  return i64x2.bitmask(f64x2.ne(a, b));
}

// @ts-ignore: decorator
@inline
function compareLoop(op: i32, a: usize, b: usize, s: f64, n: u32, out: usize): void {
  const ss = f64x2.splat(s);
  let q = out;
  const even = bytesOf<f64>(n & ~1);
  for (let o: usize = 0; o < even; o += 16) {
    const bits = comparePair(op, v128.load(a + o), b == 0 ? ss : v128.load(b + o));
    store<u16>(q, <u16>((bits & 1) | ((bits & 2) << 7)));
    q += 2;
  }
  if (n & 1) {
    const bits = comparePair(op, v128.load64_splat(a + even), b == 0 ? ss : v128.load64_splat(b + even));
    store<u8>(q, <u8>(bits & 1));
  }
}

export function binary(op: i32, a: usize, b: usize, n: u32, out: usize): void {
  if (op == 0) binaryLoop(0, a, b, n, out);
  else if (op == 1) binaryLoop(1, a, b, n, out);
  else if (op == 2) binaryLoop(2, a, b, n, out);
  else if (op == 3) binaryLoop(3, a, b, n, out);
  else if (op == 4) binaryLoop(4, a, b, n, out);
  else binaryLoop(5, a, b, n, out);
}

export function binaryScalar(op: i32, a: usize, s: f64, reversed: i32, n: u32, out: usize): void {
  if (op == 0) scalarLoop(0, false, a, s, n, out);
  else if (op == 2) scalarLoop(2, false, a, s, n, out);
  else if (op == 4) scalarLoop(4, false, a, s, n, out);
  else if (op == 5) scalarLoop(5, false, a, s, n, out);
  else if (op == 1) {
    if (reversed) scalarLoop(1, true, a, s, n, out);
    else scalarLoop(1, false, a, s, n, out);
  } else {
    if (reversed) scalarLoop(3, true, a, s, n, out);
    else scalarLoop(3, false, a, s, n, out);
  }
}

export function unary(op: i32, a: usize, n: u32, out: usize): void {
  if (op == 0) unaryLoop(0, a, n, out);
  else if (op == 1) unaryLoop(1, a, n, out);
  else if (op == 2) unaryLoop(2, a, n, out);
  else if (op == 3) unaryLoop(3, a, n, out);
  else if (op == 4) unaryLoop(4, a, n, out);
  else if (op == 5) unaryLoop(5, a, n, out);
  else if (op == 6) unaryLoop(6, a, n, out);
  else if (op == 7) unaryLoop(7, a, n, out);
  else if (op == 8) unaryLoop(8, a, n, out);
  else unaryLoop(9, a, n, out);
}

// @ts-ignore: decorator
@inline
function compareAny(op: i32, a: usize, b: usize, s: f64, n: u32, out: usize): void {
  if (op == 0) compareLoop(0, a, b, s, n, out);
  else if (op == 1) compareLoop(1, a, b, s, n, out);
  else if (op == 2) compareLoop(2, a, b, s, n, out);
  else if (op == 3) compareLoop(3, a, b, s, n, out);
  else if (op == 4) compareLoop(4, a, b, s, n, out);
  else compareLoop(5, a, b, s, n, out);
}

export function compare(op: i32, a: usize, b: usize, n: u32, out: usize): void {
  compareAny(op, a, b, 0, n, out);
}

export function compareScalar(op: i32, a: usize, s: f64, n: u32, out: usize): void {
  compareAny(op, a, 0, s, n, out);
}
