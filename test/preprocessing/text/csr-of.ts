import type { DistributedArray } from "#src/collections/array/distributed-array.js";
import { readPlans } from "#src/collections/hold.js";
import type { Engine } from "#src/engine/engine.js";
import type { HostColumn } from "#src/memory/host-column.js";

/** Compressed rows in this process. */
export interface LocalCsr {
  readonly shape: readonly [rows: number, cols: number];
  readonly indptr: number[];
  readonly indices: number[];
  readonly values: number[];
}

interface HostCsr {
  readonly rows: number;
  readonly indptr: HostColumn<"i32">;
  readonly indices: HostColumn<"i32">;
  readonly values: HostColumn<"f64">;
}

/** The rows of all partitions of a sparse array, one after the other. */
export async function csrOf(array: DistributedArray, engine?: Engine): Promise<LocalCsr> {
  if (array.layout !== "csr") throw new Error(`csrOf: the array is ${array.layout}.`);
  const parts = (await readPlans([array.plan], "csrOf", engine ? { engine } : {})) as unknown as HostCsr[];
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const part of parts) {
    const before = indices.length;
    for (const end of part.indptr.data.slice(1)) indptr.push(before + end);
    indices.push(...part.indices.data);
    values.push(...part.values.data);
  }
  return { shape: [indptr.length - 1, array.width], indptr, indices, values };
}
