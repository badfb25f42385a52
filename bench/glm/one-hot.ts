import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DataSet } from "../harness/types.js";

const PER_ROW = 20;

/** The rows of a one-hot recipe in CSR form. */
export function readOneHot(data: DataSet): { indptr: Int32Array; indices: Int32Array; values: Float64Array } {
  const bytes = readFileSync(join(data.directory, "indices.i32"));
  const indices = new Int32Array(bytes.buffer, bytes.byteOffset, data.rows * PER_ROW);
  return {
    indptr: Int32Array.from({ length: data.rows + 1 }, (_, i) => i * PER_ROW),
    indices,
    values: new Float64Array(indices.length).fill(1),
  };
}
