import { DataError, show } from "../../base/errors.js";
import type { TaskContext } from "../../engine/engine.js";
import { Workspace } from "../../kernels/workspace.js";
import { isTypedArray } from "../../base/plain.js";
import type { BinaryOpCode, CompareOpCode, UnaryOpCode } from "../../kernels/kernels.js";
import type { Column, CsrChunk, DenseChunk, MatrixChunk } from "../../memory/column.js";
import { DTYPE_CODE, ELEMENT_BYTES, type DType, type DTypeArrays } from "../../memory/dtype.js";
import { decodeUserFn } from "../user-function.js";
import type { Plain } from "../../base/plain.js";

/** Columns by position: no copy, the new chunk looks at the same memory. */
export function selectColumns(_context: TaskContext, args: { columns: number[] }, x: DenseChunk): DenseChunk {
  return { ...x, columns: args.columns.map((j) => x.columns[j] as Column) };
}

/** One row range of one input; a fraction of its rows where counts are not known. */
export interface Piece {
  readonly input: number;
  readonly from: number;
  readonly to: number;
  readonly unit: "row" | "fraction";
}

/** Rows of several partitions, in order, as one. A single whole piece is passed on without a copy. */
export function takePieces(context: TaskContext, args: { pieces: Piece[] }, ...inputs: MatrixChunk[]): MatrixChunk {
  const parts = args.pieces.map((piece) => {
    const chunk = inputs[piece.input] as MatrixChunk;
    const at = (edge: number): number => (piece.unit === "row" ? edge : Math.round(edge * chunk.rows));
    return sliceRows(chunk, at(piece.from), at(piece.to));
  });
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  return parts.every((part) => part.kind === "csr")
    ? concatCsr(context, parts as CsrChunk[])
    : concatDense(context, parts as DenseChunk[]);
}

/** Rows [from, to) of a chunk, looking at the same memory. */
export function sliceRows(chunk: MatrixChunk, from: number, to: number): MatrixChunk {
  if (from === 0 && to === chunk.rows) return chunk;
  if (chunk.kind === "csr") {
    // Kernels take an indptr that does not start at 0.
    return { ...chunk, rows: to - from, indptr: sliceColumn(chunk.indptr, from, to + 1) };
  }
  return { ...chunk, rows: to - from, columns: chunk.columns.map((column) => sliceColumn(column, from, to)) };
}

function sliceColumn<D extends DType>(column: Column<D>, from: number, to: number): Column<D> {
  return { ...column, offset: column.offset + from * ELEMENT_BYTES[column.dtype], length: to - from };
}

/** Chunks of equal width below one another. */
export function concatDense(context: TaskContext, parts: readonly DenseChunk[]): DenseChunk {
  const sample =
    parts.find((part) => part.columns.length > 0 && part.rows > 0) ??
    parts.find((part) => part.columns.length > 0) ??
    parts[0];
  const width = sample?.columns.length ?? 0;
  const dtype = sample?.columns[0]?.dtype ?? "f64";
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const out = context.memory.dense(dtype, rows, width);
  for (let j = 0; j < width; j++) {
    const target = context.memory.view(out.columns[j] as Column) as Float64Array;
    let at = 0;
    for (const part of parts) {
      if (part.rows === 0) continue;
      const column = part.columns[j];
      if (!column || column.dtype !== dtype) {
        throw new DataError(
          `concat: partitions differ in width or dtype (${width} x ${dtype}, and ${part.columns.length} x ${column?.dtype}).`,
        );
      }
      target.set(context.memory.view(column) as Float64Array, at);
      at += part.rows;
    }
  }
  return out;
}

function concatCsr(context: TaskContext, parts: readonly CsrChunk[]): CsrChunk {
  const { memory } = context;
  const span = (part: CsrChunk): [number, number] => {
    const indptr = memory.view(part.indptr);
    return [indptr[0] ?? 0, indptr[part.rows] ?? 0];
  };
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const nnz = parts.reduce((sum, part) => sum + span(part)[1] - span(part)[0], 0);
  const out = memory.csr(rows, parts[0]?.cols ?? 0, nnz);
  const indptr = memory.view(out.indptr);
  let row = 0;
  let at = 0;
  for (const part of parts) {
    const [from, to] = span(part);
    memory.view(out.indices).set(memory.view(part.indices).subarray(from, to), at);
    memory.view(out.values).set(memory.view(part.values).subarray(from, to), at);
    const source = memory.view(part.indptr);
    for (let i = 0; i < part.rows; i++) indptr[row++] = (source[i] ?? 0) - from + at;
    at += to - from;
  }
  indptr[rows] = at;
  return out;
}

/** Element by element with another chunk of the same shape (or one column, repeated). */
export function binaryChunks(
  context: TaskContext,
  args: { op: BinaryOpCode; label: string },
  a: DenseChunk,
  b: DenseChunk,
): DenseChunk {
  if (a.rows !== b.rows) {
    throw new DataError(
      `${args.label}: the operands have ${a.rows} and ${b.rows} rows in partition ${context.partition?.index ?? 0}. Both sides need the same rows.`,
      { details: { partition: context.partition?.index ?? 0 } },
    );
  }
  using space = Workspace.over(context.memory, a);
  const out = context.memory.denseIn("f64", a.rows, Math.max(a.columns.length, b.columns.length), space.arena);
  out.columns.forEach((target, j) => {
    const left = a.columns[a.columns.length === 1 ? 0 : j] as Column;
    const right = b.columns[b.columns.length === 1 ? 0 : j] as Column;
    space.kernels.binary(args.op, space.doubles(left), space.doubles(right), a.rows, target.offset);
  });
  return out;
}

/** Element by element with one number, or one number a column. */
export function binaryScalar(
  context: TaskContext,
  args: { op: BinaryOpCode; scalars: number[]; reversed: 0 | 1 },
  a: DenseChunk,
): DenseChunk {
  using space = Workspace.over(context.memory, a);
  const out = context.memory.denseIn("f64", a.rows, a.columns.length, space.arena);
  a.columns.forEach((column, j) => {
    const scalar = args.scalars[args.scalars.length === 1 ? 0 : j] ?? 0;
    space.kernels.binaryScalar(
      args.op,
      space.doubles(column),
      scalar,
      args.reversed,
      a.rows,
      (out.columns[j] as Column).offset,
    );
  });
  return out;
}

/** Comparison of each element with one number, or one number a column. */
export function compareScalar(
  context: TaskContext,
  args: { op: CompareOpCode; scalars: number[] },
  a: DenseChunk,
): DenseChunk {
  using space = Workspace.over(context.memory, a);
  const out = context.memory.denseIn("bool", a.rows, a.columns.length, space.arena);
  a.columns.forEach((column, j) => {
    const scalar = args.scalars[args.scalars.length === 1 ? 0 : j] ?? 0;
    space.kernels.compareScalar(args.op, space.doubles(column), scalar, a.rows, (out.columns[j] as Column).offset);
  });
  return out;
}

/** A function of each element. */
export function unary(context: TaskContext, args: { op: UnaryOpCode }, a: DenseChunk): DenseChunk {
  using space = Workspace.over(context.memory, a);
  const out = context.memory.denseIn("f64", a.rows, a.columns.length, space.arena);
  a.columns.forEach((column, j) => {
    space.kernels.unary(args.op, space.doubles(column), a.rows, (out.columns[j] as Column).offset);
  });
  return out;
}

/** Product with a small matrix, row-major `width x k`. */
export function matMul(context: TaskContext, args: { b: Float64Array; k: number }, a: DenseChunk): DenseChunk {
  using space = Workspace.over(context.memory, a);
  const { table, width, suffix } = space.matrix(a);
  const out = context.memory.denseIn("f64", a.rows, args.k, space.arena);
  space.kernels[`matMul${suffix}`](table, width, a.rows, space.vector(args.b), args.k, 0, space.table(out.columns));
  return out;
}

/** Another dtype. */
export function cast(context: TaskContext, args: { dtype: DType }, a: DenseChunk): DenseChunk {
  if (a.columns.every((column) => column.dtype === args.dtype)) return a;
  using space = Workspace.over(context.memory, a);
  const out = context.memory.denseIn(args.dtype, a.rows, a.columns.length, space.arena);
  a.columns.forEach((column, j) => {
    const target = out.columns[j] as Column;
    space.kernels.convert(
      DTYPE_CODE[column.dtype] as 0,
      DTYPE_CODE[args.dtype] as 0,
      space.pointer(column),
      a.rows,
      target.offset,
    );
  });
  return out;
}

/** The number of rows, as a list to concatenate. */
export function rowCounts(_context: TaskContext, _args: undefined, x: MatrixChunk): number[] {
  return [x.rows];
}

/** A partition as user functions see it: copies, so that nothing they do reaches the data; 64-bit integers as doubles. */
export interface ArrayPartition {
  readonly rows: number;
  readonly columns: (Float64Array | Float32Array | Int32Array | Uint8Array)[];
}

function numbersOf(context: TaskContext, column: Column): Float64Array | Float32Array | Int32Array | Uint8Array {
  const copy = context.memory.copyOut(column);
  return copy instanceof BigInt64Array ? Float64Array.from(copy, Number) : copy;
}

/** Calls a user's function with a partition; it returns columns (or one column) of the declared dtype. */
export async function userPartition(
  context: TaskContext,
  args: { fn: Plain; args: Plain; dtype: DType; width: number; label: string },
  x: DenseChunk,
): Promise<DenseChunk> {
  const fn = (await decodeUserFn(args.fn)) as (partition: ArrayPartition, info: object) => unknown;
  const rowsOf: ArrayPartition = { rows: x.rows, columns: x.columns.map((column) => numbersOf(context, column)) };
  const index = context.partition?.index ?? 0;
  const result: unknown = await fn(rowsOf, { args: args.args, partition: index });
  // An empty list is one empty column where one is expected: an empty partition has nothing to tell rows from columns by.
  const oneColumn =
    isTypedArray(result) ||
    (Array.isArray(result) && (typeof result[0] === "number" || (result.length === 0 && args.width === 1)));
  const given = oneColumn ? [result] : ((result as { columns?: unknown } | null | undefined)?.columns ?? result);
  const columns = Array.isArray(given) ? (given as ArrayLike<number>[]) : [];
  const rows = columns[0]?.length ?? 0;
  if (columns.length !== args.width || columns.some((column) => column.length !== rows)) {
    const what = Array.isArray(given)
      ? `${columns.length} column(s)${columns.length > 0 ? ` of ${columns.map((c) => c.length).join(", ")} rows` : ""}`
      : show(given);
    throw new DataError(
      `${args.label}: the function returned ${what} for partition ${index}; ` +
        `it has to return ${args.width} column(s) of equal length. Set width if that is what you mean.`,
      { details: { partition: index } },
    );
  }
  const out = context.memory.dense(args.dtype, rows, args.width);
  columns.forEach((column, j) => {
    const target = context.memory.view(out.columns[j] as Column);
    (target as DTypeArrays["f64"]).set(column as Float64Array);
  });
  return out;
}
