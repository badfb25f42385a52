import { addTo, bytesOf } from "./lanes";

export function csrMoments(
  indptr: usize, indices: usize, values: usize, rows: u32, nCols: u32, w: usize, out: usize,
): void {
  memory.fill(out, 0, bytesOf<f64>(nCols) * 5);
  // First pass, per column: [Σw of NaN entries, Σwx, Σw of the other entries, NaN count, infinity count].
  let total: f64 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const wi = w == 0 ? 1.0 : load<f64>(w + bytesOf<f64>(i));
    total += wi;
    const end = load<u32>(indptr + bytesOf<u32>(i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(i)); k < end; k++) {
      const o = out + bytesOf<f64>(5 * load<u32>(indices + bytesOf<u32>(k)));
      const v = load<f64>(values + bytesOf<f64>(k));
      if (v != v) {
        addTo(o, wi);
        addTo(o + 24, 1);
      } else {
        if (abs(v) == Infinity) addTo(o + 32, 1);
        addTo(o + 8, wi * v);
        addTo(o + 16, wi);
      }
    }
  }
  // A column without absent entries summed its weights in the order of `total`: the difference is exactly 0 then.
  for (let j: u32 = 0; j < nCols; j++) {
    const o = out + bytesOf<f64>(5 * j);
    const weight = total - load<f64>(o);
    const absent = weight - load<f64>(o, 16);
    const mean = weight == 0 ? 0 : load<f64>(o, 8) / weight;
    store<f64>(o, weight);
    store<f64>(o, mean, 8);
    store<f64>(o, absent > 0 ? absent * mean * mean : 0, 16);
  }
  for (let i: u32 = 0; i < rows; i++) {
    const wi = w == 0 ? 1.0 : load<f64>(w + bytesOf<f64>(i));
    const end = load<u32>(indptr + bytesOf<u32>(i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(i)); k < end; k++) {
      const o = out + bytesOf<f64>(5 * load<u32>(indices + bytesOf<u32>(k)));
      const v = load<f64>(values + bytesOf<f64>(k));
      if (v != v) continue;
      const d = v - load<f64>(o, 8);
      addTo(o + 16, wi * d * d);
    }
  }
}

export function csrMatVec(
  indptr: usize, indices: usize, values: usize, rows: u32, coef: usize, intercept: f64, out: usize,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    let sum = intercept;
    const end = load<u32>(indptr + bytesOf<u32>(i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(i)); k < end; k++) {
      const j = load<u32>(indices + bytesOf<u32>(k));
      sum += load<f64>(values + bytesOf<f64>(k)) * load<f64>(coef + bytesOf<f64>(j));
    }
    store<f64>(out + bytesOf<f64>(i), sum);
  }
}

export function csrMatTVec(
  indptr: usize, indices: usize, values: usize, rows: u32, r: usize, out: usize,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    const ri = load<f64>(r + bytesOf<f64>(i));
    const end = load<u32>(indptr + bytesOf<u32>(i), 4);
    for (let k = load<u32>(indptr + bytesOf<u32>(i)); k < end; k++) {
      const j = load<u32>(indices + bytesOf<u32>(k));
      addTo(out + bytesOf<f64>(j), ri * load<f64>(values + bytesOf<f64>(k)));
    }
  }
}

export function csrScale(values: usize, indices: usize, nnz: u32, scale: usize, out: usize): void {
  for (let k: u32 = 0; k < nnz; k++) {
    const s = load<f64>(scale + bytesOf<f64>(load<u32>(indices + bytesOf<u32>(k))));
    store<f64>(out + bytesOf<f64>(k), load<f64>(values + bytesOf<f64>(k)) * s);
  }
}

// A block of columns: indptr (0 for a dense column), indices, values, first column.
const PART_BYTES: usize = 16;

export function csrStackRows(parts: usize, nParts: u32, rows: u32, indptr: usize): f64 {
  // Counts first, a block at a time, one place on; then their running sum.
  memory.fill(indptr, 0, bytesOf<u32>(rows) + 4);
  const end = parts + <usize>nParts * PART_BYTES;
  for (let part = parts; part < end; part += PART_BYTES) {
    const starts = <usize>load<u32>(part);
    const values = <usize>load<u32>(part, 8);
    for (let i: u32 = 0; i < rows; i++) {
      const at = bytesOf<u32>(i);
      const count = starts == 0
        ? u32(load<f64>(values + bytesOf<f64>(i)) != 0)
        : load<u32>(starts + at, 4) - load<u32>(starts + at);
      store<u32>(indptr + at, load<u32>(indptr + at, 4) + count, 4);
    }
  }
  let total: f64 = 0;
  let sum: u32 = 0;
  for (let i: u32 = 1; i <= rows; i++) {
    const p = indptr + bytesOf<u32>(i);
    const count = load<u32>(p);
    total += <f64>count;
    sum += count;
    store<u32>(p, sum);
  }
  return total;
}

export function csrStack(parts: usize, nParts: u32, rows: u32, indices: usize, values: usize): void {
  const last = parts + <usize>nParts * PART_BYTES;
  let toIndex = indices;
  let toValue = values;
  for (let i: u32 = 0; i < rows; i++) {
    for (let part = parts; part < last; part += PART_BYTES) {
      const starts = <usize>load<u32>(part);
      const first = load<u32>(part, 12);
      const source = <usize>load<u32>(part, 8);
      if (starts == 0) {
        const value = load<f64>(source + bytesOf<f64>(i));
        if (value == 0) continue;
        store<u32>(toIndex, first);
        store<f64>(toValue, value);
        toIndex += 4;
        toValue += 8;
        continue;
      }
      const from = <usize>load<u32>(part, 4);
      const end = load<u32>(starts + bytesOf<u32>(i), 4);
      for (let k = load<u32>(starts + bytesOf<u32>(i)); k < end; k++) {
        store<u32>(toIndex, first + load<u32>(from + bytesOf<u32>(k)));
        store<f64>(toValue, load<f64>(source + bytesOf<f64>(k)));
        toIndex += 4;
        toValue += 8;
      }
    }
  }
}
