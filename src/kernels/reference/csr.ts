import type { CsrMatTVecKernel, CsrMatVecKernel, CsrMomentsKernel, CsrScaleKernel } from "../csr-kernels.js";
import type { MemoryViews } from "./views.js";

/** Plain twin of the CSR moments kernel: gathers each column with its zeros, then sums as for a dense one. */
export function csrMoments(views: MemoryViews): CsrMomentsKernel {
  return (indptr, indices, values, rows, nCols, w, out) => {
    const starts = views.i32(indptr, rows + 1);
    const columnOf = views.i32(indices, starts[rows]!);
    const valueOf = views.f64(values, starts[rows]!);
    const weights = views.optionalF64(w, rows);
    const result = views.f64(out, nCols * 5);
    const dense = Array.from({ length: nCols }, () => new Float64Array(rows));
    for (let i = 0; i < rows; i++) {
      for (let k = starts[i]!; k < starts[i + 1]!; k++) dense[columnOf[k]!]![i] = valueOf[k]!;
    }
    dense.forEach((x, j) => {
      let weight = 0;
      let sum = 0;
      x.forEach((v, i) => {
        if (Number.isNaN(v)) return;
        weight += weights?.[i] ?? 1;
        sum += (weights?.[i] ?? 1) * v;
      });
      const mean = weight === 0 ? 0 : sum / weight;
      const m2 = x.reduce((total, v, i) => {
        const d = v - mean;
        return Number.isNaN(v) ? total : total + (weights?.[i] ?? 1) * d * d;
      }, 0);
      const nanCount = x.filter((v) => Number.isNaN(v)).length;
      const infCount = x.filter((v) => Math.abs(v) === Infinity).length;
      result.set([weight, mean, weight === 0 ? 0 : m2, nanCount, infCount], j * 5);
    });
  };
}

/** Plain twin of the CSR matrix-vector kernel. */
export function csrMatVec(views: MemoryViews): CsrMatVecKernel {
  return (indptr, indices, values, rows, coef, intercept, out) => {
    const starts = views.i32(indptr, rows + 1);
    const columnOf = views.i32(indices, starts[rows]!);
    const valueOf = views.f64(values, starts[rows]!);
    const nCols = columnOf.reduce((most, j) => Math.max(most, j + 1), 0);
    const coefficients = views.f64(coef, nCols);
    const result = views.f64(out, rows);
    for (let i = 0; i < rows; i++) {
      let sum = intercept;
      for (let k = starts[i]!; k < starts[i + 1]!; k++) sum += valueOf[k]! * coefficients[columnOf[k]!]!;
      result[i] = sum;
    }
  };
}

/** Plain twin of the transposed CSR matrix-vector kernel. */
export function csrMatTVec(views: MemoryViews): CsrMatTVecKernel {
  return (indptr, indices, values, rows, r, out) => {
    const starts = views.i32(indptr, rows + 1);
    const columnOf = views.i32(indices, starts[rows]!);
    const valueOf = views.f64(values, starts[rows]!);
    const nCols = columnOf.reduce((most, j) => Math.max(most, j + 1), 0);
    const residuals = views.f64(r, rows);
    const result = views.f64(out, nCols);
    for (let i = 0; i < rows; i++) {
      for (let k = starts[i]!; k < starts[i + 1]!; k++) result[columnOf[k]!]! += residuals[i]! * valueOf[k]!;
    }
  };
}

/** Plain twin of the CSR scaling kernel. */
export function csrScale(views: MemoryViews): CsrScaleKernel {
  return (values, indices, nnz, scale, out) => {
    const columnOf = views.i32(indices, nnz);
    const valueOf = views.f64(values, nnz);
    const scales = views.f64(
      scale,
      columnOf.reduce((most, j) => Math.max(most, j + 1), 0),
    );
    const result = views.f64(out, nnz);
    for (let k = 0; k < nnz; k++) result[k] = valueOf[k]! * scales[columnOf[k]!]!;
  };
}
