// Shapley values of trees, path by path; two rows at once.
import { alignUp, bytesOf, column, loadOne, loadPair, minRows } from "./lanes";

// Rows whose outputs stay in the first-level cache while paths take turns.
const TILE: u32 = 128;
const STEP: usize = 40;

function inSet(x: f64, step: usize, categories: usize): i64 {
  const code = trunc(x);
  if (!(code >= 0 && code < <f64>load<u32>(step, 36) * 32)) return load<u32>(step, 28) & 4 ? -1 : 0;
  const c = <u32>code;
  return -<i64>((load<u32>(categories + bytesOf<u32>(load<u32>(step, 32) + (c >> 5))) >> (c & 31)) & 1);
}

// @ts-ignore: decorator
@inline
function satisfied(x: v128, step: usize, categories: usize): v128 {
  const kind = load<u32>(step, 28);
  let within = v128.and(f64x2.gt(x, v128.load64_splat(step)), f64x2.le(x, v128.load64_splat(step, 8)));
  if (kind & 2) {
    const first = i64x2.splat(inSet(f64x2.extract_lane(x, 0), step, categories));
    within = v128.and(within, i64x2.replace_lane(first, 1, inSet(f64x2.extract_lane(x, 1), step, categories)));
  }
  return kind & 1 ? v128.or(within, f64x2.ne(x, x)) : within;
}

// @ts-ignore: decorator
@inline
function shapPaths<T>(
  cols: usize, n: u32, leaves: usize, values: usize, nLeaves: u32, steps: usize, categories: usize, points: usize,
  nCols: u32, outs: usize, scratch: usize,
): void {
  // Of each step: whether it is satisfied, its factor, the product before it, its integral.
  const own = alignUp(scratch);
  const one = f64x2.splat(1);
  for (let from: u32 = 0; from < n; from += TILE) {
    const end = from + minRows(n - from, TILE);
    for (let leaf: u32 = 0; leaf < nLeaves; leaf++) {
      const head = leaves + ((<usize>leaf) << 4);
      const first = steps + <usize>load<u32>(head, 4) * STEP;
      const count = load<u32>(head, 8);
      if (count == 0) continue;
      const table = outs + bytesOf<u32>(load<u32>(head) * nCols);
      const value = v128.load64_splat(values + bytesOf<f64>(leaf));
      const half = (count + 1) >> 1;
      const quadrature = points + bytesOf<f64>(half * (half - 1));
      const stop = own + ((<usize>count) << 6);
      for (let i = from; i < end; i += 2) {
        // An odd last row stands in both lanes.
        const last = i + 1 == n;
        let step = first;
        for (let p = own; p < stop; p += 64) {
          const at = column(cols, load<u32>(step, 24)) + bytesOf<T>(i);
          const x = last ? f64x2.splat(loadOne<T>(at)) : loadPair<T>(at);
          v128.store(p, satisfied(x, step, categories));
          v128.store(p, f64x2.splat(0), 48);
          step += STEP;
        }
        let q = quadrature;
        for (let k: u32 = 0; k < half; k++) {
          const t = v128.load64_splat(q);
          const rest = f64x2.sub(one, t);
          let before = v128.load64_splat(q, 8);
          step = first;
          for (let p = own; p < stop; p += 64) {
            const factor = f64x2.add(f64x2.mul(rest, v128.load64_splat(step, 16)), v128.and(t, v128.load(p)));
            v128.store(p, factor, 16);
            v128.store(p, before, 32);
            before = f64x2.mul(before, factor);
            step += STEP;
          }
          let after = one;
          for (let p = stop - 64; p >= own; p -= 64) {
            v128.store(p, f64x2.add(v128.load(p, 48), f64x2.mul(v128.load(p, 32), after)), 48);
            after = f64x2.mul(after, v128.load(p, 16));
          }
          q += 16;
        }
        step = first;
        for (let p = own; p < stop; p += 64) {
          const gained = f64x2.sub(v128.and(one, v128.load(p)), v128.load64_splat(step, 16));
          const part = f64x2.mul(f64x2.mul(v128.load(p, 48), gained), value);
          const out = column(table, load<u32>(step, 24)) + bytesOf<f64>(i);
          if (last) store<f64>(out, load<f64>(out) + f64x2.extract_lane(part, 0));
          else v128.store(out, f64x2.add(v128.load(out), part));
          step += STEP;
        }
      }
    }
  }
}

export function shapPathsF64(
  cols: usize, n: u32, leaves: usize, values: usize, nLeaves: u32, steps: usize, categories: usize, points: usize,
  nCols: u32, outs: usize, scratch: usize,
): void {
  shapPaths<f64>(cols, n, leaves, values, nLeaves, steps, categories, points, nCols, outs, scratch);
}

export function shapPathsF32(
  cols: usize, n: u32, leaves: usize, values: usize, nLeaves: u32, steps: usize, categories: usize, points: usize,
  nCols: u32, outs: usize, scratch: usize,
): void {
  shapPaths<f32>(cols, n, leaves, values, nLeaves, steps, categories, points, nCols, outs, scratch);
}
