import type {
  BinCountsKernel,
  CountAboveKernel,
  CsrNormalizeRowsKernel,
  EdgeBinsKernel,
  NormalizeRowsKernel,
  RowNormCode,
} from "../transform-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

function normOf(norm: RowNormCode, values: readonly number[]): number {
  if (norm === 0) return values.reduce((sum, value) => sum + Math.abs(value), 0);
  if (norm === 1) return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Plain twin of the normalizeRows kernels. */
export function normalizeRows(storage: FloatStorage, views: MemoryViews): NormalizeRowsKernel {
  return (norm, cols, nCols, n, smallest, outCols) => {
    const columns = views.columns(storage, cols, nCols, n);
    const out = views.columns(storage, outCols, nCols, n);
    let finite = 1;
    for (let i = 0; i < n; i++) {
      const row = columns.map((x) => x[i] as number);
      const size = normOf(norm, row);
      if (!(size < Infinity)) finite = 0;
      out.forEach((column, j) => {
        column[i] = (row[j] as number) / (size < smallest ? 1 : size);
      });
    }
    return finite;
  };
}

/** Plain twin of the csrNormalizeRows kernel. */
export function csrNormalizeRows(views: MemoryViews): CsrNormalizeRowsKernel {
  return (norm, indptr, values, rows, smallest, out) => {
    const starts = views.i32(indptr, rows + 1);
    const nnz = starts[rows] as number;
    const source = views.f64(values, nnz);
    const target = views.f64(out, nnz);
    let finite = 1;
    for (let i = 0; i < rows; i++) {
      const [from, to] = [starts[i] as number, starts[i + 1] as number];
      const size = normOf(norm, [...source.subarray(from, to)]);
      if (!(size < Infinity)) finite = 0;
      for (let k = from; k < to; k++) target[k] = (source[k] as number) / (size < smallest ? 1 : size);
    }
    return finite;
  };
}

/** Plain twin of the binCounts kernel. */
export function binCounts(views: MemoryViews): BinCountsKernel {
  return (x, n, w, from, to, half, low, scale, bins, counts) => {
    const weights = views.optionalF64(w, n);
    const target = views.f64(counts, bins + 2);
    views.f64(x, n).forEach((value, i) => {
      const bin = value >= from && value <= to ? Math.trunc((value * half - low) * scale) : bins + 1;
      target[bin] = (target[bin] as number) + (weights ? (weights[i] as number) : 1);
    });
  };
}

/** Plain twin of the edgeBins kernels. */
export function edgeBins(storage: FloatStorage, views: MemoryViews): EdgeBinsKernel {
  return (x, n, edges, count, out) => {
    const values = storage === "F64" ? views.f64(x, n) : views.f32(x, n);
    const target = storage === "F64" ? views.f64(out, n) : views.f32(out, n);
    const all = views.f64(edges, count);
    let finite = 1;
    for (let i = 0; i < n; i++) {
      const value = values[i] as number;
      if (!Number.isFinite(value)) finite = 0;
      target[i] = all.filter((edge) => value >= edge).length;
    }
    return finite;
  };
}

/** Plain twin of the countAbove kernel. */
export function countAbove(views: MemoryViews): CountAboveKernel {
  return (x, n, edges, count, counts) => {
    const target = views.f64(counts, count + 1);
    const all = views.f64(edges, count);
    for (const value of views.f64(x, n)) {
      all.forEach((edge, k) => {
        if (value > edge) target[k] = (target[k] as number) + 1;
      });
      if (Number.isNaN(value)) target[count] = (target[count] as number) + 1;
    }
  };
}
