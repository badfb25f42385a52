import {
  HISTOGRAM_BINS,
  MISSING_BIN,
  type AddAtRowsKernel,
  type BinColumnKernel,
  type HistogramKernel,
  type HistogramSumsKernel,
  type PackedHistogramKernel,
  type PackedHistogramSumsKernel,
  type PackedLogisticKernel,
  type PackPairsKernel,
  type PartitionRowsBySetKernel,
  type PartitionRowsKernel,
} from "../histogram-kernels.js";
import { boostLoss } from "../boost-loss-kernels.js";
import { boostGradients } from "./boost-loss.js";
import type { FloatStorage, MemoryViews } from "./views.js";

/** Plain twin of the binning kernels. */
export function binColumn(views: MemoryViews, storage: FloatStorage): BinColumnKernel {
  return (x, n, thresholds, count, column, rows, stride) => {
    const values = storage === "F64" ? views.f64(x, n) : views.f32(x, n);
    const edges = views.f64(thresholds, count);
    const out = views.u8(column, n);
    values.forEach((value, i) => {
      const bin = Number.isNaN(value) ? MISSING_BIN : edges.filter((edge) => edge < value).length;
      out[i] = bin;
      views.u8(rows + i * stride, 1)[0] = bin;
    });
  };
}

/** Plain twin of the histogram kernel. */
export function histogram(views: MemoryViews): HistogramKernel {
  return (bins, stride, nCols, rows, n, pairs, hist) => {
    const positions = rows === 0 ? Uint32Array.from({ length: n }, (_, i) => i) : views.u32(rows, n);
    const entries = views.i64(hist, nCols * HISTOGRAM_BINS * 2);
    for (const row of positions) {
      const [g, h] = views.i32(pairs + 8 * row, 2);
      views.u8(bins + row * stride, nCols).forEach((bin, j) => {
        const at = 2 * (j * HISTOGRAM_BINS + bin);
        entries[at]! += BigInt(g!);
        entries[at + 1]! += (BigInt(h!) << 20n) + 1n;
      });
    }
  };
}

/** Plain twin of the kernel that empties histograms into sums. */
export function histogramSums(views: MemoryViews): HistogramSumsKernel {
  return (hist, entries, out) => {
    const packed = views.i64(hist, entries * 2);
    const sums = views.f64(out, entries * 3);
    for (let k = 0; k < entries; k++) {
      sums[k]! += Number(packed[2 * k]);
      sums[entries + k]! += Number(packed[2 * k + 1]! >> 20n);
      sums[2 * entries + k]! += Number(packed[2 * k + 1]! & 0xfffffn);
    }
    packed.fill(0n);
  };
}

/** 32 random bits of a number. */
function mixed(x: number): number {
  let bits = x ^ (x >>> 16);
  bits = Math.imul(bits, 0x7feb352d);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Plain twin of the kernel that packs derivatives. */
export function packPairs(views: MemoryViews): PackPairsKernel {
  return (pairs, n, first, key) => {
    const derivatives = Array.from(views.i32(pairs, 2 * n));
    const packed = views.i64(pairs, n);
    for (let i = 0; i < n; i++) {
      const bits = mixed(Math.imul(first + i, 0x9e3779b1) ^ key);
      const g = Math.floor((derivatives[2 * i]! + (bits % 2 ** 20)) / 2 ** 20);
      const h = Math.floor((derivatives[2 * i + 1]! + Math.floor(bits / 2 ** 18)) / 2 ** 14);
      packed[i] = (BigInt(g) << 38n) + (BigInt(h) << 15n) + 1n;
    }
  };
}

/** Plain twin of the kernel of packed derivatives of the log loss. */
export function packedLogistic(views: MemoryViews): PackedLogisticKernel {
  const [derive, pack] = [boostGradients(views), packPairs(views)];
  return (margin, y, w, heldOut, n, first, key, gScale, hScale, lossScale, pairs, out) => {
    derive(boostLoss.logistic, margin, y, w, heldOut, n, gScale, hScale, lossScale, pairs, out);
    pack(pairs, n, first, key);
  };
}

/** Plain twin of the histogram kernel of packed derivatives. */
export function packedHistogram(views: MemoryViews): PackedHistogramKernel {
  return (bins, stride, nCols, rows, n, pairs, hist) => {
    const entries = views.i64(hist, nCols * HISTOGRAM_BINS);
    for (const row of views.u32(rows, n)) {
      const [packed] = views.i64(pairs + 8 * row, 1);
      views.u8(bins + row * stride, nCols).forEach((bin, j) => (entries[j * HISTOGRAM_BINS + bin]! += packed!));
    }
  };
}

/** Plain twin of the kernel that empties packed histograms into sums. */
export function packedHistogramSums(views: MemoryViews): PackedHistogramSumsKernel {
  return (hist, entries, out) => {
    const packed = views.i64(hist, entries);
    const sums = views.i32(out, entries * 3);
    for (let k = 0; k < entries; k++) {
      sums[k]! += Number(packed[k]! >> 38n);
      sums[entries + k]! += Number((packed[k]! >> 15n) & 0x7fffffn);
      sums[2 * entries + k]! += Number(packed[k]! & 0x7fffn);
    }
    packed.fill(0n);
  };
}

/** Plain twin of the kernel that splits a leaf's rows. */
export function partitionRows(views: MemoryViews): PartitionRowsKernel {
  return (bins, rows, n, bin, missingLeft, out) => {
    const positions = Array.from(views.u32(rows, n));
    const goesLeft = (row: number): boolean => {
      const own = views.u8(bins + row, 1)[0]!;
      return own === MISSING_BIN ? missingLeft === 1 : own <= bin;
    };
    const left = positions.filter(goesLeft);
    views.u32(out, n).set([...left, ...positions.filter((row) => !goesLeft(row))]);
    return left.length;
  };
}

/** Plain twin of the kernel that splits a leaf's rows by a set of bins. */
export function partitionRowsBySet(views: MemoryViews): PartitionRowsBySetKernel {
  return (bins, rows, n, set, out) => {
    const positions = Array.from(views.u32(rows, n));
    const words = views.u32(set, 8);
    const goesLeft = (row: number): boolean => {
      const own = views.u8(bins + row, 1)[0]!;
      return ((words[own >> 5]! >>> (own & 31)) & 1) === 1;
    };
    const left = positions.filter(goesLeft);
    views.u32(out, n).set([...left, ...positions.filter((row) => !goesLeft(row))]);
    return left.length;
  };
}

/** Plain twin of the scatter kernel. */
export function addAtRows(views: MemoryViews): AddAtRowsKernel {
  return (rows, n, value, target) => {
    for (const row of views.u32(rows, n)) views.f64(target + 8 * row, 1)[0]! += value;
  };
}
