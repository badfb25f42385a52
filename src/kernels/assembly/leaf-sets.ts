// Predictions of trees by sets of leaves over bytes.
import { alignUp, bytesOf, column, loadOne, minRows } from "./lanes";

// As PLANE_ROWS of tree-kernels.ts.
const TILE: u32 = 512;

// @ts-ignore: decorator
@inline
function quantise<T>(x: usize, m: u32, thresholds: usize, count: u32, missing: u32, out: usize): void {
  let i: u32 = 0;
  // Four searches at once hide the latency of each.
  for (; i + 4 <= m; i += 4) {
    const p = x + bytesOf<T>(i);
    const x0 = loadOne<T>(p);
    const x1 = loadOne<T>(p + sizeof<T>());
    const x2 = loadOne<T>(p + 2 * sizeof<T>());
    const x3 = loadOne<T>(p + 3 * sizeof<T>());
    let b0 = thresholds;
    let b1 = thresholds;
    let b2 = thresholds;
    let b3 = thresholds;
    let length = count;
    while (length > 1) {
      const half = length >> 1;
      const step = bytesOf<f64>(half);
      const before = step - 8;
      b0 += load<f64>(b0 + before) < x0 ? step : 0;
      b1 += load<f64>(b1 + before) < x1 ? step : 0;
      b2 += load<f64>(b2 + before) < x2 ? step : 0;
      b3 += load<f64>(b3 + before) < x3 ? step : 0;
      length -= half;
    }
    if (length == 1) {
      b0 += load<f64>(b0) < x0 ? 8 : 0;
      b1 += load<f64>(b1) < x1 ? 8 : 0;
      b2 += load<f64>(b2) < x2 ? 8 : 0;
      b3 += load<f64>(b3) < x3 ? 8 : 0;
    }
    const c0 = x0 != x0 ? missing : (<u32>((b0 - thresholds) >> 3) - 127) & 255;
    const c1 = x1 != x1 ? missing : (<u32>((b1 - thresholds) >> 3) - 127) & 255;
    const c2 = x2 != x2 ? missing : (<u32>((b2 - thresholds) >> 3) - 127) & 255;
    const c3 = x3 != x3 ? missing : (<u32>((b3 - thresholds) >> 3) - 127) & 255;
    store<u32>(out + <usize>i, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
  }
  for (; i < m; i++) {
    const own = loadOne<T>(x + bytesOf<T>(i));
    let code: u32 = 0;
    while (code < count && load<f64>(thresholds + bytesOf<f64>(code)) < own) code++;
    store<u8>(out + <usize>i, <u8>(own != own ? missing : code - 127));
  }
}

// @ts-ignore: decorator
@inline
function quantiseCodes<T>(x: usize, m: u32, set: usize, words: u32, kind: u32, out: usize): void {
  const limit = <f64>words * 32;
  for (let i: u32 = 0; i < m; i++) {
    const own = loadOne<T>(x + bytesOf<T>(i));
    const code = trunc(own);
    let left: u32;
    if (own != own) left = (kind >> 8) & 1;
    else if (code >= 0 && code < limit) {
      const c = <u32>code;
      left = (load<u32>(set + bytesOf<u32>(c >> 5)) >> (c & 31)) & 1;
    } else left = (kind >> 9) & 1;
    store<u8>(out + <usize>i, <u8>(127 + left));
  }
}

// @ts-ignore: decorator
@inline
function firstBit(set: v128): v128 {
  const lowest = v128.and(set, i8x16.neg(set));
  return i8x16.popcnt(i8x16.sub(lowest, i8x16.splat(1)));
}

// @ts-ignore: decorator
@inline
function addPair(sums: usize, leaf: usize, values: usize): void {
  const pair = v128.load64_lane(
    values + bytesOf<f64>(<u32>load<u8>(leaf, 1)),
    v128.load64_zero(values + bytesOf<f64>(<u32>load<u8>(leaf))),
    1,
  );
  v128.store(sums, f64x2.add(v128.load(sums), pair));
}

// @ts-ignore: decorator
@inline
function leafSetPredict<T>(
  cols: usize, n: u32, planes: usize, nPlanes: u32, thresholds: usize, categories: usize, splits: usize,
  program: usize, values: usize, nTrees: u32, outputs: u32, firstOutput: u32, outs: usize, scratch: usize,
): void {
  const bytes = alignUp(scratch);
  const leaves = bytes + <usize>nPlanes * TILE;
  const low = i8x16.splat(-128);
  const high = i8x16.splat(127);
  for (let from: u32 = 0; from < n; from += TILE) {
    const m = minRows(n - from, TILE);
    for (let k: u32 = 0; k < nPlanes; k++) {
      const plane = planes + ((<usize>k) << 4);
      const x = column(cols, load<u32>(plane)) + bytesOf<T>(from);
      const kind = load<u32>(plane, 4);
      const first = load<u32>(plane, 8);
      const count = load<u32>(plane, 12);
      const out = bytes + <usize>k * TILE;
      if ((kind & 255) == 2) {
        for (let i: usize = 0; i < TILE; i += 16) {
          const own = v128.load(out - TILE + i);
          v128.store(out + i, v128.bitselect(high, own, i8x16.eq(own, low)));
        }
      } else if ((kind & 255) == 3) {
        quantiseCodes<T>(x, m, categories + bytesOf<u32>(first), count, kind, out);
      } else quantise<T>(x, m, thresholds + bytesOf<f64>(first), count, kind == 0 ? 128 : 127, out);
    }
    let step = program;
    let own = values;
    let output = firstOutput;
    let begin = splits;
    for (let t: u32 = 0; t < nTrees; t++) {
      const groups = load<u32>(step);
      const ends = step + 4;
      const sums = column(outs, output) + bytesOf<f64>(from);
      output = output + 1 == outputs ? 0 : output + 1;
      let end = begin;
      for (let r: u32 = 0; r < m; r += 64) {
        const rows = bytes + <usize>r;
        let i0 = i8x16.splat(0);
        let i1 = i0;
        let i2 = i0;
        let i3 = i0;
        let p = begin;
        for (let g: u32 = 0; g < groups; g++) {
          end = splits + ((<usize>load<u32>(ends + bytesOf<u32>(g))) << 3);
          let s0 = i8x16.splat(-1);
          let s1 = s0;
          let s2 = s0;
          let s3 = s0;
          for (; p < end; p += 8) {
            const q = rows + <usize>load<u32>(p);
            const limit = v128.load8_splat(p, 4);
            const mask = v128.load8_splat(p, 5);
            s0 = v128.andnot(s0, v128.and(i8x16.gt_s(v128.load(q), limit), mask));
            s1 = v128.andnot(s1, v128.and(i8x16.gt_s(v128.load(q, 16), limit), mask));
            s2 = v128.andnot(s2, v128.and(i8x16.gt_s(v128.load(q, 32), limit), mask));
            s3 = v128.andnot(s3, v128.and(i8x16.gt_s(v128.load(q, 48), limit), mask));
          }
          const zero = i8x16.splat(0);
          const at = i8x16.splat(<i8>((groups - 1 - g) << 3));
          // Earlier groups come last and have the last word.
          i0 = v128.bitselect(i0, i8x16.add(firstBit(s0), at), i8x16.eq(s0, zero));
          i1 = v128.bitselect(i1, i8x16.add(firstBit(s1), at), i8x16.eq(s1, zero));
          i2 = v128.bitselect(i2, i8x16.add(firstBit(s2), at), i8x16.eq(s2, zero));
          i3 = v128.bitselect(i3, i8x16.add(firstBit(s3), at), i8x16.eq(s3, zero));
        }
        v128.store(leaves, i0);
        v128.store(leaves, i1, 16);
        v128.store(leaves, i2, 32);
        v128.store(leaves, i3, 48);
        const rest = minRows(m - r, 64);
        const to = sums + bytesOf<f64>(r);
        let i: u32 = 0;
        for (; i + 4 <= rest; i += 4) {
          addPair(to + bytesOf<f64>(i), leaves + <usize>i, own);
          addPair(to + bytesOf<f64>(i) + 16, leaves + <usize>i + 2, own);
        }
        for (; i < rest; i++) {
          const s = to + bytesOf<f64>(i);
          store<f64>(s, load<f64>(s) + load<f64>(own + bytesOf<f64>(<u32>load<u8>(leaves + <usize>i))));
        }
      }
      begin = end;
      own += (<usize>groups) << 6;
      step = ends + bytesOf<u32>(groups);
    }
  }
}

export function leafSetPredictF64(
  cols: usize, n: u32, planes: usize, nPlanes: u32, thresholds: usize, categories: usize, splits: usize,
  program: usize, values: usize, nTrees: u32, outputs: u32, firstOutput: u32, outs: usize, scratch: usize,
): void {
  leafSetPredict<f64>(
    cols, n, planes, nPlanes, thresholds, categories, splits, program, values, nTrees, outputs, firstOutput, outs, scratch,
  );
}

export function leafSetPredictF32(
  cols: usize, n: u32, planes: usize, nPlanes: u32, thresholds: usize, categories: usize, splits: usize,
  program: usize, values: usize, nTrees: u32, outputs: u32, firstOutput: u32, outs: usize, scratch: usize,
): void {
  leafSetPredict<f32>(
    cols, n, planes, nPlanes, thresholds, categories, splits, program, values, nTrees, outputs, firstOutput, outs, scratch,
  );
}
