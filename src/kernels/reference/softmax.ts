import type { CsrSoftmaxLossGradKernel, SoftmaxKernel, SoftmaxLossGradKernel } from "../softmax-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

/** Loss of one row, its entries given as pairs of column and value; adds to grad. */
function addRow(
  entries: Iterable<readonly [number, number]>,
  nCols: number,
  y: number,
  w: number,
  k: number,
  coef: Float64Array,
  grad: Float64Array,
): number {
  const own = [...entries, [nCols, 1] as const];
  const etas = Array.from({ length: k }, (_, c) =>
    own.reduce((sum, [j, v]) => sum + coef[c * (nCols + 1) + j]! * v, 0),
  );
  const top = Math.max(...etas);
  const shares = etas.map((eta) => Math.exp(eta - top));
  const total = shares.reduce((sum, share) => sum + share, 0);
  shares.forEach((share, c) => {
    const residual = w * (share / total) - (c === y ? w : 0);
    for (const [j, v] of own) grad[c * (nCols + 1) + j]! += residual * v;
  });
  return w * (Math.log(total) + (top - etas[y]!));
}

/** Plain twin of the multinomial loss and gradient kernels. */
export function softmaxLossGrad(views: MemoryViews, storage: FloatStorage): SoftmaxLossGradKernel {
  return (cols, nCols, n, y, w, k, coef, grad) => {
    const columns = views.columns(storage, cols, nCols, n);
    const classes = views.f64(y, n);
    const weights = views.optionalF64(w, n);
    const slopes = views.f64(coef, k * (nCols + 1));
    const out = views.f64(grad, k * (nCols + 1));
    let loss = 0;
    for (let i = 0; i < n; i++) {
      loss += addRow(
        columns.map((x, j) => [j, x[i]!] as const),
        nCols,
        classes[i]!,
        weights?.[i] ?? 1,
        k,
        slopes,
        out,
      );
    }
    return loss;
  };
}

/** Plain twin of the multinomial loss and gradient kernel over a CSR matrix. */
export function csrSoftmaxLossGrad(views: MemoryViews): CsrSoftmaxLossGradKernel {
  return (indptr, indices, values, rows, nCols, y, w, k, coef, grad) => {
    const starts = views.i32(indptr, rows + 1);
    const columnOf = views.i32(indices, starts[rows]!);
    const valueOf = views.f64(values, starts[rows]!);
    const classes = views.f64(y, rows);
    const weights = views.optionalF64(w, rows);
    const slopes = views.f64(coef, k * (nCols + 1));
    const out = views.f64(grad, k * (nCols + 1));
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      const entries = Array.from({ length: starts[i + 1]! - starts[i]! }, (_, e) => {
        const at = starts[i]! + e;
        return [columnOf[at]!, valueOf[at]!] as const;
      });
      loss += addRow(entries, nCols, classes[i]!, weights?.[i] ?? 1, k, slopes, out);
    }
    return loss;
  };
}

/** Plain twin of the softmax kernel. */
export function softmax(views: MemoryViews): SoftmaxKernel {
  return (cols, k, n) => {
    const columns = views.columns("F64", cols, k, n);
    for (let i = 0; i < n; i++) {
      const top = Math.max(...columns.map((column) => column[i]!));
      const shares = columns.map((column) => Math.exp(column[i]! - top));
      const total = shares.reduce((sum, share) => sum + share, 0);
      columns.forEach((column, c) => (column[i] = shares[c]! / total));
    }
  };
}
