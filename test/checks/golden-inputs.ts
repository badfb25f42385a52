import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { GoldenData } from "../golden/load-golden.js";

/** X of a golden case in partitions: dense in its dtype, or CSR. */
export function goldenX(data: GoldenData, partitions = 3): DistributedArray {
  if (data.csr) {
    const { indptr, indices, data: values, shape } = data.csr;
    return DistributedArray.fromCsr({ indptr, indices, values, cols: shape[1] }, { partitions });
  }
  return DistributedArray.fromColumns(data.columns ?? [], {
    partitions,
    dtype: data.dtype === "float32" ? "f32" : "f64",
  });
}

/** Options of a fit: the case's weights, where it has some. */
export function goldenOptions(data: GoldenData): { sampleWeight?: number[] } {
  return data.sampleWeight ? { sampleWeight: data.sampleWeight } : {};
}

/** The weights, one for each row. */
export function weightsOf(data: GoldenData, rows: number): number[] {
  return data.sampleWeight ?? Array.from({ length: rows }, () => 1);
}
