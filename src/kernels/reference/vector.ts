import type {
  BinaryKernel,
  BinaryOpCode,
  BinaryScalarKernel,
  CompareKernel,
  CompareOpCode,
  CompareScalarKernel,
  CopyKernel,
  FillF64Kernel,
  FillKernel,
  FilterKernel,
  GatherKernel,
  RowsWithinKernel,
  UnaryKernel,
  UnaryOpCode,
  WeightedSumKernel,
} from "../vector-kernels.js";
import type { MemoryViews } from "./views.js";

const binaryFunctions: Readonly<Record<BinaryOpCode, (a: number, b: number) => number>> = {
  0: (a, b) => a + b,
  1: (a, b) => a - b,
  2: (a, b) => a * b,
  3: (a, b) => a / b,
  4: (a, b) => Math.min(a, b),
  5: (a, b) => Math.max(a, b),
};

const unaryFunctions: Readonly<Record<UnaryOpCode, (a: number) => number>> = {
  0: (a) => -a,
  1: Math.abs,
  2: Math.sqrt,
  3: (a) => a * a,
  4: Math.exp,
  5: Math.log,
  6: (a) => 1 / a,
  7: Math.sign,
  8: Math.floor,
  9: Math.ceil,
};

const compareFunctions: Readonly<Record<CompareOpCode, (a: number, b: number) => boolean>> = {
  0: (a, b) => a < b,
  1: (a, b) => a <= b,
  2: (a, b) => a > b,
  3: (a, b) => a >= b,
  4: (a, b) => a === b,
  5: (a, b) => a !== b,
};

/** Plain twin of the gather kernel. */
export function gather(views: MemoryViews): GatherKernel {
  return (elementBytes, src, idx, n, out) => {
    const bytes = views.u8(0, views.byteLength);
    views.u32(idx, n).forEach((row, i) => {
      const from = src + row * elementBytes;
      bytes.copyWithin(out + i * elementBytes, from, from + elementBytes);
    });
  };
}

/** Plain twin of the filter kernel. */
export function filter(views: MemoryViews): FilterKernel {
  return (elementBytes, src, mask, n, out) => {
    const bytes = views.u8(0, views.byteLength);
    let kept = 0;
    views.u8(mask, n).forEach((m, i) => {
      if (m === 0) return;
      const from = src + i * elementBytes;
      bytes.copyWithin(out + kept * elementBytes, from, from + elementBytes);
      kept++;
    });
    return kept;
  };
}

/** Plain twin of the rowsWithin kernel. */
export function rowsWithin(views: MemoryViews): RowsWithinKernel {
  return (x, n, low, high, out) => {
    const rows = [...views.f64(x, n).entries()].filter(([, value]) => value >= low && value <= high).map(([i]) => i);
    views.u32(out, rows.length).set(rows);
    return rows.length;
  };
}

/** Plain twin of the copy kernel. */
export function copy(views: MemoryViews): CopyKernel {
  return (dst, src, bytes) => {
    views.u8(dst, bytes).set(views.u8(src, bytes));
  };
}

/** Plain twin of the fill kernel. */
export function fill(views: MemoryViews): FillKernel {
  return (dst, value, bytes) => {
    views.u8(dst, bytes).fill(value);
  };
}

/** Plain twin of the f64 fill kernel. */
export function fillF64(views: MemoryViews): FillF64Kernel {
  return (dst, value, n) => {
    views.f64(dst, n).fill(value);
  };
}

/** Plain twin of the binary kernel. */
export function binary(views: MemoryViews): BinaryKernel {
  return (op, a, b, n, out) => {
    const left = views.f64(a, n);
    const right = views.f64(b, n);
    const result = views.f64(out, n);
    for (let i = 0; i < n; i++) result[i] = binaryFunctions[op](left[i]!, right[i]!);
  };
}

/** Plain twin of the binary kernel with a scalar. */
export function binaryScalar(views: MemoryViews): BinaryScalarKernel {
  return (op, a, s, reversed, n, out) => {
    const result = views.f64(out, n);
    const f = binaryFunctions[op];
    views.f64(a, n).forEach((v, i) => {
      result[i] = reversed === 1 ? f(s, v) : f(v, s);
    });
  };
}

/** Plain twin of the unary kernel. */
export function unary(views: MemoryViews): UnaryKernel {
  return (op, a, n, out) => {
    const result = views.f64(out, n);
    views.f64(a, n).forEach((v, i) => {
      result[i] = unaryFunctions[op](v);
    });
  };
}

/** Plain twin of the comparison kernel. */
export function compare(views: MemoryViews): CompareKernel {
  return (op, a, b, n, out) => {
    const left = views.f64(a, n);
    const right = views.f64(b, n);
    const result = views.u8(out, n);
    for (let i = 0; i < n; i++) result[i] = compareFunctions[op](left[i]!, right[i]!) ? 1 : 0;
  };
}

/** Plain twin of the comparison kernel with a scalar. */
export function compareScalar(views: MemoryViews): CompareScalarKernel {
  return (op, a, s, n, out) => {
    const result = views.u8(out, n);
    views.f64(a, n).forEach((v, i) => {
      result[i] = compareFunctions[op](v, s) ? 1 : 0;
    });
  };
}

/** Plain twin of the weighted sum kernel. */
export function weightedSum(views: MemoryViews): WeightedSumKernel {
  return (x, w, n) => {
    const values = views.optionalF64(x, n);
    const weights = views.optionalF64(w, n);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (weights?.[i] ?? 1) * (values?.[i] ?? 1);
    return sum;
  };
}
