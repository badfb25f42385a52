// Small blocks of dot products kept in registers: the inner loops of the gram and cross product kernels.
// TA is the storage of the left columns; the right ones are f64. W: u8 = no weights, f64 = weights at `w`.
import { addTo, bytesOf, loadOne, loadPair, sumLanes } from "./lanes";

// @ts-ignore: decorator
@inline
function left<TA, W>(a: usize, w: usize, o: usize): v128 {
  const v = loadPair<TA>(a + (sizeof<TA>() == 8 ? o : o >> 1));
  if (sizeof<W>() == 8) return f64x2.mul(v, v128.load(w + o));
  return v;
}

// @ts-ignore: decorator
@inline
function leftOne<TA, W>(a: usize, w: usize, o: usize): f64 {
  const v = loadOne<TA>(a + (sizeof<TA>() == 8 ? o : o >> 1));
  if (sizeof<W>() == 8) return v * load<f64>(w + o);
  return v;
}

/** out[2][4] += Σ w·aᵢ·bⱼ; `ld` is the byte distance between the two rows of out. */
export function block2x4<TA, W>(
  a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize,
  w: usize, rows: u32, out: usize, ld: usize,
): void {
  let s00 = f64x2.splat(0);
  let s01 = f64x2.splat(0);
  let s02 = f64x2.splat(0);
  let s03 = f64x2.splat(0);
  let s10 = f64x2.splat(0);
  let s11 = f64x2.splat(0);
  let s12 = f64x2.splat(0);
  let s13 = f64x2.splat(0);
  const end = bytesOf<f64>(rows & ~1);
  for (let o: usize = 0; o < end; o += 16) {
    const x0 = left<TA, W>(a0, w, o);
    const x1 = left<TA, W>(a1, w, o);
    let y = v128.load(b0 + o);
    s00 = f64x2.add(s00, f64x2.mul(x0, y));
    s10 = f64x2.add(s10, f64x2.mul(x1, y));
    y = v128.load(b1 + o);
    s01 = f64x2.add(s01, f64x2.mul(x0, y));
    s11 = f64x2.add(s11, f64x2.mul(x1, y));
    y = v128.load(b2 + o);
    s02 = f64x2.add(s02, f64x2.mul(x0, y));
    s12 = f64x2.add(s12, f64x2.mul(x1, y));
    y = v128.load(b3 + o);
    s03 = f64x2.add(s03, f64x2.mul(x0, y));
    s13 = f64x2.add(s13, f64x2.mul(x1, y));
  }
  if (rows & 1) {
    // Lane 1 stays zero, so the last odd row joins the pairs.
    const x0 = f64x2.replace_lane(f64x2.splat(0), 0, leftOne<TA, W>(a0, w, end));
    const x1 = f64x2.replace_lane(f64x2.splat(0), 0, leftOne<TA, W>(a1, w, end));
    let y = v128.load64_zero(b0 + end);
    s00 = f64x2.add(s00, f64x2.mul(x0, y));
    s10 = f64x2.add(s10, f64x2.mul(x1, y));
    y = v128.load64_zero(b1 + end);
    s01 = f64x2.add(s01, f64x2.mul(x0, y));
    s11 = f64x2.add(s11, f64x2.mul(x1, y));
    y = v128.load64_zero(b2 + end);
    s02 = f64x2.add(s02, f64x2.mul(x0, y));
    s12 = f64x2.add(s12, f64x2.mul(x1, y));
    y = v128.load64_zero(b3 + end);
    s03 = f64x2.add(s03, f64x2.mul(x0, y));
    s13 = f64x2.add(s13, f64x2.mul(x1, y));
  }
  addTo(out, sumLanes(s00));
  addTo(out + 8, sumLanes(s01));
  addTo(out + 16, sumLanes(s02));
  addTo(out + 24, sumLanes(s03));
  addTo(out + ld, sumLanes(s10));
  addTo(out + ld + 8, sumLanes(s11));
  addTo(out + ld + 16, sumLanes(s12));
  addTo(out + ld + 24, sumLanes(s13));
}

/** out[2][2] += Σ w·aᵢ·bⱼ. */
export function block2x2<TA, W>(
  a0: usize, a1: usize, b0: usize, b1: usize, w: usize, rows: u32, out: usize, ld: usize,
): void {
  let s00 = f64x2.splat(0);
  let s01 = f64x2.splat(0);
  let s10 = f64x2.splat(0);
  let s11 = f64x2.splat(0);
  const end = bytesOf<f64>(rows & ~1);
  for (let o: usize = 0; o < end; o += 16) {
    const x0 = left<TA, W>(a0, w, o);
    const x1 = left<TA, W>(a1, w, o);
    let y = v128.load(b0 + o);
    s00 = f64x2.add(s00, f64x2.mul(x0, y));
    s10 = f64x2.add(s10, f64x2.mul(x1, y));
    y = v128.load(b1 + o);
    s01 = f64x2.add(s01, f64x2.mul(x0, y));
    s11 = f64x2.add(s11, f64x2.mul(x1, y));
  }
  let t00 = sumLanes(s00);
  let t01 = sumLanes(s01);
  let t10 = sumLanes(s10);
  let t11 = sumLanes(s11);
  if (rows & 1) {
    const x0 = leftOne<TA, W>(a0, w, end);
    const x1 = leftOne<TA, W>(a1, w, end);
    t00 += x0 * load<f64>(b0 + end);
    t01 += x0 * load<f64>(b1 + end);
    t10 += x1 * load<f64>(b0 + end);
    t11 += x1 * load<f64>(b1 + end);
  }
  addTo(out, t00);
  addTo(out + 8, t01);
  addTo(out + ld, t10);
  addTo(out + ld + 8, t11);
}

/** out[4] += Σ a·bⱼ of one column against four, for an even number of rows; two chains a product hide the latency of adding. */
export function block1x4(a: usize, b0: usize, b1: usize, b2: usize, b3: usize, rows: u32, out: usize): void {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let t0 = f64x2.splat(0);
  let t1 = f64x2.splat(0);
  let t2 = f64x2.splat(0);
  let t3 = f64x2.splat(0);
  const end = bytesOf<f64>(rows);
  const end4 = bytesOf<f64>(rows & ~3);
  let o: usize = 0;
  for (; o < end4; o += 32) {
    const x = v128.load(a + o);
    const y = v128.load(a + o, 16);
    s0 = f64x2.add(s0, f64x2.mul(x, v128.load(b0 + o)));
    t0 = f64x2.add(t0, f64x2.mul(y, v128.load(b0 + o, 16)));
    s1 = f64x2.add(s1, f64x2.mul(x, v128.load(b1 + o)));
    t1 = f64x2.add(t1, f64x2.mul(y, v128.load(b1 + o, 16)));
    s2 = f64x2.add(s2, f64x2.mul(x, v128.load(b2 + o)));
    t2 = f64x2.add(t2, f64x2.mul(y, v128.load(b2 + o, 16)));
    s3 = f64x2.add(s3, f64x2.mul(x, v128.load(b3 + o)));
    t3 = f64x2.add(t3, f64x2.mul(y, v128.load(b3 + o, 16)));
  }
  if (o < end) {
    const x = v128.load(a + o);
    s0 = f64x2.add(s0, f64x2.mul(x, v128.load(b0 + o)));
    s1 = f64x2.add(s1, f64x2.mul(x, v128.load(b1 + o)));
    s2 = f64x2.add(s2, f64x2.mul(x, v128.load(b2 + o)));
    s3 = f64x2.add(s3, f64x2.mul(x, v128.load(b3 + o)));
  }
  addTo(out, sumLanes(f64x2.add(s0, t0)));
  addTo(out + 8, sumLanes(f64x2.add(s1, t1)));
  addTo(out + 16, sumLanes(f64x2.add(s2, t2)));
  addTo(out + 24, sumLanes(f64x2.add(s3, t3)));
}

/** Σ w·a·b of one pair of columns. */
export function block1x1<TA, W>(a: usize, b: usize, w: usize, rows: u32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  const end4 = bytesOf<f64>(rows & ~3);
  const end = bytesOf<f64>(rows);
  let o: usize = 0;
  for (; o < end4; o += 32) {
    s0 = f64x2.add(s0, f64x2.mul(left<TA, W>(a, w, o), v128.load(b + o)));
    s1 = f64x2.add(s1, f64x2.mul(left<TA, W>(a, w, o + 16), v128.load(b + o, 16)));
  }
  let sum = sumLanes(f64x2.add(s0, s1));
  for (; o < end; o += 8) sum += leftOne<TA, W>(a, w, o) * load<f64>(b + o);
  return sum;
}
