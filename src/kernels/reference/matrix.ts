import type {
  AffineKernel,
  CrossKernel,
  GramKernel,
  MatMulKernel,
  MatTVecKernel,
  MatVecKernel,
  MinMaxKernel,
  MomentsKernel,
  NonFiniteKernel,
} from "../matrix-kernels.js";
import type { FloatStorage, MemoryViews } from "./views.js";

/** Plain twin of the moments kernels. */
export function moments(views: MemoryViews, storage: FloatStorage): MomentsKernel {
  return (cols, nCols, n, w, out) => {
    const weights = views.optionalF64(w, n);
    const result = views.f64(out, nCols * 5);
    views.columns(storage, cols, nCols, n).forEach((x, j) => {
      let weight = 0;
      let sum = 0;
      let nanCount = 0;
      let infCount = 0;
      for (let i = 0; i < n; i++) {
        const v = x[i]!;
        if (Number.isNaN(v)) {
          nanCount++;
          continue;
        }
        if (!Number.isFinite(v)) infCount++;
        const wi = weights?.[i] ?? 1;
        weight += wi;
        sum += wi * v;
      }
      const mean = weight === 0 ? 0 : sum / weight;
      let m2 = 0;
      const counted = weight === 0 ? 0 : n;
      for (let i = 0; i < counted; i++) {
        const d = x[i]! - mean;
        // The weight first: a row of weight 0 adds 0 even where the square overflows.
        if (!Number.isNaN(x[i]!)) m2 += (weights?.[i] ?? 1) * d * d;
      }
      result.set([weight, mean, m2, nanCount, infCount], j * 5);
    });
  };
}

/** Plain twin of the min/max kernels. */
export function minMax(views: MemoryViews, storage: FloatStorage): MinMaxKernel {
  return (cols, nCols, n, out) => {
    const result = views.f64(out, nCols * 2);
    views.columns(storage, cols, nCols, n).forEach((x, j) => {
      let least = Infinity;
      let most = -Infinity;
      for (const v of x) {
        if (v < least) least = v;
        if (v > most) most = v;
      }
      result.set([least, most], j * 2);
    });
  };
}

/** Plain twin of the non-finite kernels. */
export function nonFinite(views: MemoryViews, storage: FloatStorage): NonFiniteKernel {
  return (cols, nCols, n, out) => {
    const result = views.f64(out, nCols * 3);
    views.columns(storage, cols, nCols, n).forEach((x, j) => {
      const values = Array.from(x);
      const nanCount = values.filter((v) => Number.isNaN(v)).length;
      const infCount = values.filter((v) => Math.abs(v) === Infinity).length;
      result.set([nanCount, infCount, values.findIndex((v) => !Number.isFinite(v))], j * 3);
    });
  };
}

/** Plain twin of the gram kernels. */
export function gram(views: MemoryViews, storage: FloatStorage): GramKernel {
  return (cols, nCols, n, w, shift, out, sums) => {
    const weights = views.optionalF64(w, n);
    const shifts = views.optionalF64(shift, nCols);
    const matrix = views.f64(out, nCols * nCols);
    const totals = views.f64(sums, nCols);
    const columns = views.columns(storage, cols, nCols, n);
    let weight = 0;
    const row = new Float64Array(nCols);
    for (let i = 0; i < n; i++) {
      const wi = weights?.[i] ?? 1;
      weight += wi;
      columns.forEach((x, j) => {
        row[j] = x[i]! - (shifts?.[j] ?? 0);
      });
      for (let a = 0; a < nCols; a++) {
        const weighted = wi * row[a]!;
        totals[a]! += weighted;
        for (let b = a; b < nCols; b++) matrix[a * nCols + b]! += weighted * row[b]!;
      }
    }
    mirrorUpper(matrix, nCols);
    return weight;
  };
}

/** Copies the upper triangle of a row-major size × size matrix onto the lower one. */
export function mirrorUpper(matrix: Float64Array, size: number): void {
  for (let a = 1; a < size; a++) {
    for (let b = 0; b < a; b++) matrix[a * size + b] = matrix[b * size + a]!;
  }
}

/** Plain twin of the cross product kernels. */
export function cross(views: MemoryViews, storage: FloatStorage): CrossKernel {
  return (colsA, nA, colsB, nB, n, w, out) => {
    const weights = views.optionalF64(w, n);
    const matrix = views.f64(out, nA * nB);
    const right = views.columns("F64", colsB, nB, n);
    views.columns(storage, colsA, nA, n).forEach((a, i) => {
      right.forEach((b, j) => {
        let sum = 0;
        for (let row = 0; row < n; row++) sum += (weights?.[row] ?? 1) * a[row]! * b[row]!;
        matrix[i * nB + j]! += sum;
      });
    });
  };
}

/** Plain twin of the matrix-vector kernels. */
export function matVec(views: MemoryViews, storage: FloatStorage): MatVecKernel {
  return (cols, nCols, n, coef, intercept, out) => {
    const coefficients = views.f64(coef, nCols);
    const result = views.f64(out, n).fill(intercept);
    views.columns(storage, cols, nCols, n).forEach((x, j) => {
      for (let i = 0; i < n; i++) result[i]! += coefficients[j]! * x[i]!;
    });
  };
}

/** Plain twin of the transposed matrix-vector kernels. */
export function matTVec(views: MemoryViews, storage: FloatStorage): MatTVecKernel {
  return (cols, nCols, n, r, out) => {
    const residuals = views.f64(r, n);
    const result = views.f64(out, nCols);
    views.columns(storage, cols, nCols, n).forEach((x, j) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += residuals[i]! * x[i]!;
      result[j]! += sum;
    });
  };
}

/** Plain twin of the matrix-matrix kernels. */
export function matMul(views: MemoryViews, storage: FloatStorage): MatMulKernel {
  return (cols, nCols, n, b, k, bias, outCols) => {
    const matrix = views.f64(b, nCols * k);
    const biases = views.optionalF64(bias, k);
    const columns = views.columns(storage, cols, nCols, n);
    views.columns("F64", outCols, k, n).forEach((result, c) => {
      result.fill(biases?.[c] ?? 0);
      columns.forEach((x, j) => {
        for (let i = 0; i < n; i++) result[i]! += x[i]! * matrix[j * k + c]!;
      });
    });
  };
}

/** Plain twin of the affine kernels; the order of shift and scale is the caller's. */
export function affine(
  views: MemoryViews,
  storage: FloatStorage,
  transform: (x: number, shift: number, scale: number) => number,
): AffineKernel {
  return (cols, nCols, n, shift, scale, outCols) => {
    const shifts = views.f64(shift, nCols);
    const scales = views.f64(scale, nCols);
    const results = views.columns(storage, outCols, nCols, n);
    views.columns(storage, cols, nCols, n).forEach((x, j) => {
      const result = results[j]!;
      for (let i = 0; i < n; i++) result[i] = transform(x[i]!, shifts[j]!, scales[j]!);
    });
  };
}
