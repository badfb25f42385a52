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
