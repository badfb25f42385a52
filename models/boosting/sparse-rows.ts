import type { TaskContext } from "../../src/engine/engine.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, CsrChunk, DenseChunk, MatrixChunk } from "../../src/memory/column.js";

// Rows that are written out at a time: a thousand columns of them take 16 MB.
const BLOCK = 2048;

/** A workspace in the arena of a chunk. */
export function spaceOver(context: TaskContext, x: MatrixChunk): Workspace {
  return x.kind === "csr" ? new Workspace(context.memory, x.values.arena) : Workspace.over(context.memory, x);
}

/**
 * Visits the rows of a chunk as columns of values: a dense chunk whole, a sparse one some thousand rows at a time in scratch of
 * `space`, with zeros for what it does not hold.
 *
 * @param used columns that are looked at, all unless given; others of a sparse chunk are zeros, whatever they hold
 */
export function eachDense(
  context: TaskContext,
  space: Workspace,
  x: MatrixChunk,
  used: Int32Array | undefined,
  visit: (rows: DenseChunk, from: number) => void,
): void {
  if (x.kind === "dense") {
    visit(x, 0);
    return;
  }
  const most = Math.min(BLOCK, x.rows);
  const places = new Int32Array(x.cols).fill(used ? -1 : 0);
  const wanted = used ?? Int32Array.from(places.keys());
  wanted.forEach((column, k) => (places[column] = k));
  // One more for all that are not looked at.
  const scratch = space.numbers((wanted.length + 1) * most);
  const [indptr, indices, values] = [x.indptr, x.indices, x.values].map((own) => context.memory.view(own)) as [
    Int32Array,
    Int32Array,
    Float64Array,
  ];
  for (let from = 0; from < x.rows; from += most) {
    context.throwIfAborted();
    const rows = Math.min(most, x.rows - from);
    scratch.values.fill(0);
    for (let i = 0; i < rows; i++) {
      for (let k = indptr[from + i] as number; k < (indptr[from + i + 1] as number); k++) {
        const place = places[indices[k] as number] as number;
        if (place >= 0) scratch.values[place * most + i] = values[k] as number;
      }
    }
    const columns = Array.from(places, (place): Column => ({
      kind: "column",
      arena: space.arena,
      block: scratch.pointer,
      offset: scratch.pointer + 8 * most * (place < 0 ? wanted.length : place),
      length: rows,
      dtype: "f64",
    }));
    visit({ kind: "dense", rows, columns }, from);
  }
}

/** Rows `from` on of columns of doubles. */
export function rowsFrom(columns: readonly Column<"f64">[], from: number, rows: number): Column<"f64">[] {
  return columns.map((column) => ({ ...column, offset: column.offset + 8 * from, length: rows }));
}

/** Some rows of a sparse chunk, in their order. */
export function takeSparseRows(context: TaskContext, x: CsrChunk, picks: readonly number[]): CsrChunk {
  const { memory } = context;
  const [indptr, indices, values] = [memory.view(x.indptr), memory.view(x.indices), memory.view(x.values)];
  const total = picks.reduce((sum, row) => sum + (indptr[row + 1] as number) - (indptr[row] as number), 0);
  const out = {
    indptr: memory.column("i32", picks.length + 1),
    indices: memory.column("i32", total),
    values: memory.column("f64", total),
  };
  const [starts, columns, own] = [memory.view(out.indptr), memory.view(out.indices), memory.view(out.values)];
  starts[0] = 0;
  let at = 0;
  picks.forEach((row, i) => {
    const [from, to] = [indptr[row] as number, indptr[row + 1] as number];
    columns.set(indices.subarray(from, to), at);
    own.set(values.subarray(from, to), at);
    at += to - from;
    starts[i + 1] = at;
  });
  return { kind: "csr", rows: picks.length, cols: x.cols, ...out };
}

/** The values that columns `from` to `to` of sparse chunks hold, and the rows that they are in, one column after another. */
export function* sparseColumns(
  context: TaskContext,
  chunks: readonly CsrChunk[],
  from: number,
  to: number,
): Generator<{ readonly rows: Int32Array; readonly values: Float64Array }> {
  const entries = Array.from({ length: to - from }, (): { row: number; value: number }[] => []);
  let first = 0;
  for (const chunk of chunks) {
    const { memory } = context;
    const [indptr, indices, values] = [
      memory.view(chunk.indptr),
      memory.view(chunk.indices),
      memory.view(chunk.values),
    ];
    for (let i = 0; i < chunk.rows; i++)
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++)
        entries[(indices[k] as number) - from]?.push({ row: first + i, value: values[k] as number });
    first += chunk.rows;
  }
  for (const own of entries)
    yield { rows: Int32Array.from(own, ({ row }) => row), values: Float64Array.from(own, ({ value }) => value) };
}
