// exp, log and log1p on pairs of f64, accurate to about one unit in the last place, without tables or branches on
// ordinary values. Taylor series suffice: after range reduction the arguments are small, and the first dropped
// term lies below 2^-56 of the result.

// @ts-ignore: decorator
@inline const LN2_HIGH: f64 = 6.93147180369123816490e-1; // 33 bits, so that k·LN2_HIGH is exact for |k| < 2^20
// @ts-ignore: decorator
@inline const LN2_LOW: f64 = 1.90821492927058770002e-10;
// @ts-ignore: decorator
@inline const LN2: f64 = 0.6931471805599453;
// @ts-ignore: decorator
@inline const LOG2_E: f64 = 1.4426950408889634;
// @ts-ignore: decorator
@inline const SQRT2_MINUS_1: f64 = 0.41421356237309503;
// Adding 1.5·2^52 rounds to an integer and leaves that integer in the low bits.
// @ts-ignore: decorator
@inline const ROUNDER: f64 = 6755399441055744.0;
// @ts-ignore: decorator
@inline const ROUNDER_BITS: i64 = 0x4338000000000000;

// a + b·x
// @ts-ignore: decorator
@inline
function line(a: f64, b: f64, x: v128): v128 {
  return f64x2.add(f64x2.splat(a), f64x2.mul(f64x2.splat(b), x));
}

// @ts-ignore: decorator
@inline
function mulAdd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c);
}

/** e^x; 0 below about -745.2, +Infinity above about 709.8, subnormal results rounded once, NaN to NaN. */
// @ts-ignore: decorator
@inline
export function expPair(x: v128): v128 {
  // Outside of this range the result is 0 or infinite anyhow; pmin and pmax hand NaN on.
  const c = f64x2.pmax(f64x2.pmin(x, f64x2.splat(710.0)), f64x2.splat(-746.0));
  const shifted = f64x2.add(f64x2.mul(c, f64x2.splat(LOG2_E)), f64x2.splat(ROUNDER));
  const k = f64x2.sub(shifted, f64x2.splat(ROUNDER));
  const r = f64x2.sub(f64x2.sub(c, f64x2.mul(k, f64x2.splat(LN2_HIGH))), f64x2.mul(k, f64x2.splat(LN2_LOW)));
  // |r| <= 0.3466: 1 + r + r²(1/2! + r/3! + ... + r^11/13!)
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const high = mulAdd(
    line(1.0 / 479001600.0, 1.0 / 6227020800.0, r),
    r2,
    line(1.0 / 3628800.0, 1.0 / 39916800.0, r),
  );
  const middle = mulAdd(line(1.0 / 40320.0, 1.0 / 362880.0, r), r2, line(1.0 / 720.0, 1.0 / 5040.0, r));
  const low = mulAdd(line(1.0 / 24.0, 1.0 / 120.0, r), r2, line(0.5, 1.0 / 6.0, r));
  const q = mulAdd(mulAdd(high, r4, middle), r4, low);
  const e = f64x2.add(f64x2.splat(1.0), mulAdd(r2, q, r));
  // 2^k in two factors, each a normal number: subnormal results are rounded by the last product alone.
  const m = i64x2.sub(shifted, i64x2.splat(ROUNDER_BITS));
  const half = i64x2.shr_u(i64x2.add(m, i64x2.splat(2048)), 1);
  const s1 = i64x2.shl(i64x2.sub(half, i64x2.splat(1)), 52);
  const s2 = i64x2.shl(i64x2.add(i64x2.sub(m, half), i64x2.splat(2047)), 52);
  return f64x2.mul(f64x2.mul(e, s1), s2);
}

// log(1 + f) = f - (f²/2 - s(f²/2 + R)) with s = f/(2+f), R = 2s²/3 + 2s⁴/5 + ...; |s| <= 0.1716. This gives R.
// @ts-ignore: decorator
@inline
function logSeries(s: v128): v128 {
  const z = f64x2.mul(s, s);
  const z2 = f64x2.mul(z, z);
  const z4 = f64x2.mul(z2, z2);
  const low = mulAdd(line(2.0 / 7.0, 2.0 / 9.0, z), z2, line(2.0 / 3.0, 2.0 / 5.0, z));
  const middle = mulAdd(line(2.0 / 15.0, 2.0 / 17.0, z), z2, line(2.0 / 11.0, 2.0 / 13.0, z));
  const high = line(2.0 / 19.0, 2.0 / 21.0, z);
  return f64x2.mul(z, mulAdd(mulAdd(high, z4, middle), z4, low));
}

/** log(x); -Infinity at 0, NaN below 0, subnormal arguments included. */
// @ts-ignore: decorator
@inline
export function logPair(x: v128): v128 {
  const tiny = f64x2.lt(x, f64x2.splat(2.2250738585072014e-308));
  const scaled = v128.bitselect(f64x2.mul(x, f64x2.splat(18014398509481984.0)), x, tiny);
  // x = 2^k·m with m in [√½, √2): the exponent of x relative to the bits of √½, biased by 2048 to stay positive.
  const relative = i64x2.sub(scaled, i64x2.splat(0x3fe6a09e667f3bcd));
  const biased = i64x2.shr_u(v128.xor(relative, i64x2.splat(i64.MIN_VALUE)), 52);
  const m = i64x2.add(i64x2.sub(scaled, i64x2.shl(biased, 52)), i64x2.splat(i64.MIN_VALUE));
  const k = f64x2.sub(
    f64x2.sub(v128.or(biased, i64x2.splat(0x4330000000000000)), f64x2.splat(4503599627370496.0 + 2048.0)),
    v128.and(tiny, f64x2.splat(54.0)),
  );
  const f = f64x2.sub(m, f64x2.splat(1.0));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2.0)));
  const half = f64x2.mul(f64x2.mul(f, f), f64x2.splat(0.5));
  const tail = mulAdd(s, f64x2.add(half, logSeries(s)), f64x2.mul(k, f64x2.splat(LN2_LOW)));
  const result = f64x2.sub(f64x2.mul(k, f64x2.splat(LN2_HIGH)), f64x2.sub(f64x2.sub(half, tail), f));
  const ordinary = v128.and(f64x2.gt(x, f64x2.splat(0.0)), f64x2.lt(x, f64x2.splat(Infinity)));
  if (i64x2.all_true(ordinary)) return result;
  const negative = f64x2.lt(x, f64x2.splat(0.0));
  const zero = f64x2.eq(x, f64x2.splat(0.0));
  const special = v128.bitselect(
    f64x2.splat(-Infinity),
    v128.bitselect(f64x2.splat(NaN), x, negative),
    zero,
  );
  return v128.bitselect(result, special, ordinary);
}

/** log(1 + u) for u in [0, 1] (NaN to NaN), with full relative accuracy for small u. */
// @ts-ignore: decorator
@inline
export function log1pUnitPair(u: v128): v128 {
  // Above √2 - 1: log(1+u) = log 2 + log(1 + (u-1)/2).
  const upper = f64x2.gt(u, f64x2.splat(SQRT2_MINUS_1));
  const f = v128.bitselect(f64x2.mul(f64x2.sub(u, f64x2.splat(1.0)), f64x2.splat(0.5)), u, upper);
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2.0)));
  const half = f64x2.mul(f64x2.mul(f, f), f64x2.splat(0.5));
  const inner = f64x2.sub(half, f64x2.mul(s, f64x2.add(half, logSeries(s))));
  return f64x2.add(v128.and(upper, f64x2.splat(LN2)), f64x2.sub(f, inner));
}
