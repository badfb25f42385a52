import { DataError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { TaskPlan } from "../collections/plan.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import { asDoubles } from "../estimator/design-tasks.js";
import { addCellStep, addRowStep, type SparseRow } from "../estimator/row-steps.js";
import type { Column, CsrChunk, DenseChunk, MatrixChunk } from "../memory/column.js";
import { chunkWidth } from "../memory/column.js";
import { densify } from "../numeric/densify.js";

/** One block of columns of the result. */
export interface StackedPart {
  readonly name: string;
  readonly array: DistributedArray;
  /** What its values are multiplied by: 1 unless given. */
  readonly weight?: number | undefined;
}

interface StackArgs {
  readonly owner: string;
  readonly parts: readonly string[];
  /** Factor of each part. */
  readonly weights: readonly number[];
  readonly dtype: "f64" | "f32";
}

/** Blocks side by side, lazily, partition by partition. @throws DataError for a block with other partitions */
export function stackParts(
  owner: string,
  parts: readonly StackedPart[],
  names: readonly string[],
  sparse: boolean,
): DistributedArray {
  const [first] = parts;
  if (!first)
    throw new DataError(
      `${owner}: no columns are left. Give at least one transformer columns, or remainder: "passthrough".`,
    );
  const { partitions, partitionRows } = first.array;
  const odd = parts.find(({ array }) => array.partitions !== partitions);
  if (odd) {
    throw new DataError(
      `${owner}: transformer ${show(first.name)} returned ${partitions} partitions and ${show(odd.name)} ${odd.array.partitions}. A transformer has to keep partitions.`,
    );
  }
  const dtype = parts.every(({ array }) => array.dtype === "f32") && !sparse ? "f32" : "f64";
  const args: StackArgs = {
    owner,
    parts: parts.map(({ name }) => name),
    weights: parts.map(({ weight }) => weight ?? 1),
    dtype,
  };
  const known = parts.map(({ array }) => array.plan.bytes);
  const plan = new TaskPlan({
    label: owner,
    partitions,
    inputs: parts.map(({ array }) => array.plan),
    bytes: known.every((bytes) => bytes !== undefined)
      ? known.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)
      : undefined,
    task: (index) => ({
      fn: fnRef(import.meta.url, sparse ? "stackSparse" : "stackDense"),
      args: args as unknown as Plain,
      inputs: parts.map(({ array }) => ({ plan: array.plan, index })),
    }),
  });
  return new DistributedArray({
    plan,
    innerShape: [names.length],
    dtype,
    layout: sparse ? "csr" : "dense",
    partitionRows,
    names,
  });
}

function assertRows(context: TaskContext, args: StackArgs, chunks: readonly MatrixChunk[]): number {
  const rows = chunks[0]?.rows ?? 0;
  const odd = chunks.findIndex((chunk) => chunk.rows !== rows);
  if (odd < 0) return rows;
  const partition = context.partition?.index ?? 0;
  throw new DataError(
    `${args.owner}: transformer ${show(args.parts[odd])} returned ${chunks[odd]?.rows} rows for partition ${partition}, and ${show(args.parts[0])} ${rows}. A transformer has to keep rows.`,
    { details: { partition } },
  );
}

/** The factor of each column; undefined where all are 1. */
function factorsOf(args: StackArgs, chunks: readonly MatrixChunk[]): Float64Array | undefined {
  if (args.weights.every((weight) => weight === 1)) return undefined;
  return Float64Array.from(
    chunks.flatMap((chunk, k) => new Array<number>(chunkWidth(chunk)).fill(args.weights[k] as number)),
  );
}

/** Chunks side by side, dense; columns of one dtype and arena are shared, not copied. */
export function stackDense(context: TaskContext, args: StackArgs, ...chunks: MatrixChunk[]): DenseChunk {
  const rows = assertRows(context, args, chunks);
  const { memory } = context;
  const columns = chunks.flatMap((chunk) => densify(context, chunk).columns);
  const arena = columns[0]?.arena ?? 0;
  const factors = factorsOf(args, chunks);
  if (!factors && columns.every((column) => column.dtype === args.dtype && column.arena === arena))
    return { kind: "dense", rows, columns };
  const out = memory.dense(args.dtype, rows, columns.length, arena);
  columns.forEach((column, j) => {
    const source = column.dtype === args.dtype ? column : asDoubles(context, column);
    const target = memory.view(out.columns[j] as Column<"f64">);
    target.set(memory.view(source as Column<"f64">));
    const factor = factors?.[j] ?? 1;
    if (factor !== 1) for (let i = 0; i < rows; i++) target[i] = (target[i] as number) * factor;
  });
  return out;
}

/** Chunks side by side in compressed rows. */
export function stackSparse(context: TaskContext, args: StackArgs, ...chunks: MatrixChunk[]): CsrChunk {
  const rows = assertRows(context, args, chunks);
  const { memory } = context;
  using space = new Workspace(memory, arenaOf(chunks));
  let first = 0;
  const parts = chunks.flatMap((chunk) => {
    const start = first;
    first += chunkWidth(chunk);
    if (chunk.kind === "dense") return chunk.columns.map((column, j) => [0, 0, space.doubles(column), start + j]);
    return [[space.pointer(chunk.indptr), space.pointer(chunk.indices), space.pointer(chunk.values), start]];
  });
  const table = space.words(parts.flat());
  const starts = space.bytes((rows + 1) * 4);
  const entries = space.kernels.csrStackRows(table, parts.length, rows, starts);
  if (entries > MOST_ENTRIES) {
    const partition = context.partition?.index ?? 0;
    throw new DataError(
      `${args.owner}: partition ${partition} would have ${entries} entries, more than the ${MOST_ENTRIES} of one chunk. Use smaller partitions.`,
      { details: { partition } },
    );
  }
  const out = memory.csrIn(rows, first, entries, space.arena);
  space.kernels.copy(out.indptr.offset, starts, (rows + 1) * 4);
  space.kernels.csrStack(table, parts.length, rows, out.indices.offset, out.values.offset);
  const factors = factorsOf(args, chunks);
  if (factors) {
    const [indices, values] = [memory.view(out.indices), memory.view(out.values)];
    for (let k = 0; k < entries; k++) values[k] = (values[k] as number) * (factors[indices[k] as number] as number);
  }
  return out;
}

// Row starts are 32-bit integers.
const MOST_ENTRIES = 2 ** 31 - 1;

/** Where most of the chunks' values probably lie. */
function arenaOf(chunks: readonly MatrixChunk[]): number {
  for (const chunk of chunks) {
    const column = chunk.kind === "csr" ? chunk.values : chunk.columns[0];
    if (column) return column.arena;
  }
  return 0;
}

/** Rows and stored entries of one partition. */
export function entriesStep(context: TaskContext, _args: undefined, chunk: MatrixChunk): [number, number] {
  if (chunk.kind === "dense") return [chunk.rows, chunk.rows * chunk.columns.length];
  const indptr = context.memory.view(chunk.indptr);
  return [chunk.rows, (indptr[chunk.rows] ?? 0) - (indptr[0] ?? 0)];
}

addRowStep<StackArgs>(fnRef(import.meta.url, "stackDense"), ({ weights, dtype }) =>
  // In single precision each value would be rounded on its way.
  dtype === "f64"
    ? (...parts) =>
        Float64Array.from(parts.flatMap((part, k) => Array.from(part, (value) => value * (weights[k] as number))))
    : undefined,
);

addCellStep<StackArgs>(fnRef(import.meta.url, "stackSparse"), ({ weights }) => (...parts) => {
  const indices: number[] = [];
  const values: number[] = [];
  let first = 0;
  for (const [k, part] of parts.entries()) {
    if ("names" in part) return undefined;
    const weight = weights[k] as number;
    const own = part instanceof Float64Array ? part : part.values;
    for (let e = 0; e < own.length; e++) {
      indices.push(first + (part instanceof Float64Array ? e : (part.indices[e] as number)));
      values.push((own[e] as number) * weight);
    }
    first += part instanceof Float64Array ? part.length : part.width;
  }
  return { width: first, indices, values } satisfies SparseRow;
});
