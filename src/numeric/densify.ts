import type { TaskContext } from "../engine/engine.js";
import type { Column, DenseChunk, MatrixChunk } from "../memory/column.js";

/** A dense chunk of doubles with the same values; a dense chunk is returned as it is. Takes rows x cols x 8 bytes. */
export function densify(context: TaskContext, chunk: MatrixChunk): DenseChunk {
  if (chunk.kind === "dense") return chunk;
  const { memory } = context;
  const out = memory.dense("f64", chunk.rows, chunk.cols);
  const columns = out.columns.map((column) => {
    const view = memory.view(column as Column<"f64">);
    view.fill(0);
    return view;
  });
  const indptr = memory.view(chunk.indptr);
  const indices = memory.view(chunk.indices);
  const values = memory.view(chunk.values);
  for (let i = 0; i < chunk.rows; i++) {
    for (let k = indptr[i] ?? 0; k < (indptr[i + 1] ?? 0); k++) {
      const column = columns[indices[k] ?? 0];
      if (column) column[i] = (column[i] ?? 0) + (values[k] ?? 0);
    }
  }
  return out;
}
