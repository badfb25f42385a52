import type { CsrGlmLossGradHessKernel, CsrGlmLossGradKernel, CsrGlmLossGradsKernel } from "../csr-kernels.js";
import {
  glmFamily,
  type GlmFamilyCode,
  type GlmLossGradHessKernel,
  type GlmLossGradKernel,
  type GlmLossKernel,
  type InverseLinkKernel,
} from "../glm-kernels.js";
import { mirrorUpper } from "./matrix.js";
import type { FloatStorage, MemoryViews } from "./views.js";

interface Term {
  readonly loss: number;
  /** First derivative of the loss by η. */
  readonly residual: number;
  /** Second derivative of the loss by η. */
  readonly curvature: number;
}

/** Loss of one row and its derivatives. */
function term(family: GlmFamilyCode, power: number, eta: number, y: number): Term {
  if (family === glmFamily.squared) {
    const residual = eta - y;
    return { loss: 0.5 * residual * residual, residual, curvature: 1 };
  }
  if (family === glmFamily.poisson) {
    const mean = Math.exp(eta);
    return { loss: mean - y * eta, residual: mean - y, curvature: mean };
  }
  if (family === glmFamily.gamma) {
    const share = y * Math.exp(-eta);
    return { loss: eta + share, residual: 1 - share, curvature: share };
  }
  if (family === glmFamily.tweedie) {
    const [a, b] = [2 - power, 1 - power];
    const first = Math.exp(a * eta);
    const second = y * Math.exp(b * eta);
    const convex = power >= 1 && power <= 2;
    return {
      loss: first / a - second / b,
      residual: first - second,
      curvature: convex ? a * first - b * second : first + 0 * second,
    };
  }
  // e^-|η| cannot overflow, and 1 - y is exact: certain and right predictions keep their relative accuracy.
  const u = Math.exp(-Math.abs(eta));
  const numerator = eta >= 0 ? 1 - y - y * u : (1 - y) * u - y;
  return {
    loss: (eta < 0 ? 0 : eta) - y * eta + Math.log1p(u),
    residual: numerator / (1 + u),
    curvature: u / (1 + u) ** 2,
  };
}

/** Row i as pairs of column and value. */
type RowReader = (i: number) => Iterable<readonly [number, number]>;

/** Sums the loss over rows and, where given, gradient and upper triangle of the Hessian. */
function accumulate(
  family: GlmFamilyCode,
  power: number,
  row: RowReader,
  nCols: number,
  n: number,
  y: Float64Array,
  weights: Float64Array | undefined,
  offsets: Float64Array | undefined,
  coef: Float64Array,
  grad: Float64Array,
  hess?: Float64Array,
): number {
  let total = 0;
  for (let i = 0; i < n; i++) {
    const entries = [...row(i)];
    let eta = (offsets?.[i] ?? 0) + coef[nCols]!;
    for (const [j, v] of entries) eta += coef[j]! * v;
    const wi = weights?.[i] ?? 1;
    const { loss, residual, curvature } = term(family, power, eta, y[i]!);
    total += wi * loss;
    entries.push([nCols, 1]);
    for (const [a, va] of entries) {
      grad[a]! += wi * residual * va;
      if (hess === undefined) continue;
      for (const [b, vb] of entries) if (b >= a) hess[a * (nCols + 1) + b]! += wi * curvature * va * vb;
    }
  }
  return total;
}

function denseRows(views: MemoryViews, storage: FloatStorage, cols: number, nCols: number, n: number): RowReader {
  const columns = views.columns(storage, cols, nCols, n);
  return (i) => columns.map((x, j) => [j, x[i]!] as const);
}

/** Plain twin of the GLM loss and gradient kernels. */
export function glmLossGrad(views: MemoryViews, storage: FloatStorage): GlmLossGradKernel {
  return (family, power, cols, nCols, n, y, w, offset, coef, grad) =>
    accumulate(
      family,
      power,
      denseRows(views, storage, cols, nCols, n),
      nCols,
      n,
      views.f64(y, n),
      views.optionalF64(w, n),
      views.optionalF64(offset, n),
      views.f64(coef, nCols + 1),
      views.f64(grad, nCols + 1),
    );
}

/** Plain twin of the GLM loss, gradient and Hessian kernels. */
export function glmLossGradHess(views: MemoryViews, storage: FloatStorage): GlmLossGradHessKernel {
  return (family, power, cols, nCols, n, y, w, offset, coef, grad, hess) => {
    const matrix = views.f64(hess, (nCols + 1) ** 2);
    const loss = accumulate(
      family,
      power,
      denseRows(views, storage, cols, nCols, n),
      nCols,
      n,
      views.f64(y, n),
      views.optionalF64(w, n),
      views.optionalF64(offset, n),
      views.f64(coef, nCols + 1),
      views.f64(grad, nCols + 1),
      matrix,
    );
    mirrorUpper(matrix, nCols + 1);
    return loss;
  };
}

function sparseRows(views: MemoryViews, indptr: number, indices: number, values: number, rows: number): RowReader {
  const starts = views.i32(indptr, rows + 1);
  const entries = starts[rows]!;
  const columnOf = views.i32(indices, entries);
  const valueOf = views.f64(values, entries);
  return (i) =>
    Array.from({ length: starts[i + 1]! - starts[i]! }, (_, e) => {
      const k = starts[i]! + e;
      return [columnOf[k]!, valueOf[k]!] as const;
    });
}

/** Plain twin of the GLM loss and gradient kernel over a CSR matrix. */
export function csrGlmLossGrad(views: MemoryViews): CsrGlmLossGradKernel {
  return (family, power, indptr, indices, values, rows, nCols, y, w, offset, coef, grad) =>
    accumulate(
      family,
      power,
      sparseRows(views, indptr, indices, values, rows),
      nCols,
      rows,
      views.f64(y, rows),
      views.optionalF64(w, rows),
      views.optionalF64(offset, rows),
      views.f64(coef, nCols + 1),
      views.f64(grad, nCols + 1),
    );
}

/** Plain twin of the GLM loss and gradient kernel for several models over a CSR matrix. */
export function csrGlmLossGrads(views: MemoryViews): CsrGlmLossGradsKernel {
  return (family, power, indptr, indices, values, rows, nCols, y, w, offset, models, coefs, grads, losses) => {
    const all = views.f64(coefs, (nCols + 1) * models);
    const sums = views.f64(grads, (nCols + 1) * models);
    const out = views.f64(losses, 2 * models);
    out.fill(0);
    for (let m = 0; m < models; m++) {
      const of = (packed: Float64Array): Float64Array =>
        Float64Array.from({ length: nCols + 1 }, (_, j) => packed[j * models + m]!);
      const grad = of(sums);
      out[m] = accumulate(
        family,
        power,
        sparseRows(views, indptr, indices, values, rows),
        nCols,
        rows,
        views.f64(y, rows),
        views.optionalF64(w, rows),
        views.optionalF64(offset, rows),
        of(all),
        grad,
      );
      grad.forEach((value, j) => (sums[j * models + m] = value));
    }
  };
}

/** Plain twin of the GLM loss, gradient and Hessian kernel over a CSR matrix. */
export function csrGlmLossGradHess(views: MemoryViews): CsrGlmLossGradHessKernel {
  return (family, power, indptr, indices, values, rows, nCols, y, w, offset, coef, grad, hess) => {
    const matrix = views.f64(hess, (nCols + 1) ** 2);
    const byColumn = sparseRows(views, indptr, indices, values, rows);
    const loss = accumulate(
      family,
      power,
      // The upper triangle takes pairs in the order of their columns.
      (i) => [...byColumn(i)].sort((a, b) => a[0] - b[0]),
      nCols,
      rows,
      views.f64(y, rows),
      views.optionalF64(w, rows),
      views.optionalF64(offset, rows),
      views.f64(coef, nCols + 1),
      views.f64(grad, nCols + 1),
      matrix,
    );
    mirrorUpper(matrix, nCols + 1);
    return loss;
  };
}

/** Plain twin of the GLM loss kernel. */
export function glmLoss(views: MemoryViews): GlmLossKernel {
  return (family, power, n, eta, y, w) => {
    const weights = views.optionalF64(w, n);
    const targets = views.f64(y, n);
    return views
      .f64(eta, n)
      .reduce((sum, e, i) => sum + (weights?.[i] ?? 1) * term(family, power, e, targets[i]!).loss, 0);
  };
}

/** Plain twin of the inverse link kernel. */
export function inverseLink(views: MemoryViews): InverseLinkKernel {
  return (family, eta, n, out) => {
    const result = views.f64(out, n);
    views.f64(eta, n).forEach((e, i) => {
      if (family === glmFamily.squared) {
        result[i] = e;
      } else if (family !== glmFamily.logistic) {
        result[i] = Math.exp(e);
      } else {
        const u = Math.exp(-Math.abs(e));
        result[i] = (e >= 0 ? 1 : u) / (1 + u);
      }
    });
  };
}
