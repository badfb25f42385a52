import type {
  CsrMatTVecKernel,
  CsrMatVecKernel,
  CsrMomentsKernel,
  CsrScaleKernel,
  CsrStackKernel,
  CsrStackRowsKernel,
} from "../csr-kernels.js";
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

/** The entries of each row of stacked blocks, in order. */
function stackedRows(
  views: MemoryViews,
  parts: number,
  nParts: number,
  rows: number,
): [column: number, value: number][][] {
  const table = views.u32(parts, nParts * 4);
  const found: [number, number][][] = [];
  for (let i = 0; i < rows; i++) {
    const row: [number, number][] = [];
    for (let p = 0; p < nParts; p++) {
      const [starts = 0, indices = 0, values = 0, first = 0] = table.subarray(p * 4, p * 4 + 4);
      if (starts === 0) {
        const value = views.f64(values, rows)[i]!;
        if (value !== 0) row.push([first, value]);
        continue;
      }
      const [from = 0, to = 0] = views.u32(starts, rows + 1).subarray(i, i + 2);
      for (let k = from; k < to; k++) row.push([first + views.u32(indices, to)[k]!, views.f64(values, to)[k]!]);
    }
    found.push(row);
  }
  return found;
}

/** Plain twin of the kernel that finds where stacked rows begin. */
export function csrStackRows(views: MemoryViews): CsrStackRowsKernel {
  return (parts, nParts, rows, indptr) => {
    const starts = views.u32(indptr, rows + 1);
    let total = 0;
    stackedRows(views, parts, nParts, rows).forEach((row, i) => {
      starts[i] = total;
      total += row.length;
    });
    starts[rows] = total;
    return total;
  };
}

/** Plain twin of the kernel that stacks blocks of columns. */
export function csrStack(views: MemoryViews): CsrStackKernel {
  return (parts, nParts, rows, indices, values) => {
    const entries = stackedRows(views, parts, nParts, rows).flat();
    views.u32(indices, entries.length).set(entries.map(([column]) => column));
    views.f64(values, entries.length).set(entries.map(([, value]) => value));
  };
}
