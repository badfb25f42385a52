import { CounterRng } from "../base/rng.js";
import type { TaskContext } from "../engine/engine.js";
import type { Column, CsrChunk } from "../memory/column.js";
import type { DesignChunk } from "../numeric/design-chunk.js";
import { findNonFinite, nonFiniteError } from "./design-tasks.js";

/** Rows whose values lie together. */
export interface RowMajor {
  readonly kind: "rows";
  readonly rows: number;
  readonly cols: number;
  /** `rows x cols`, row-major. */
  readonly values: Column<"f64">;
}

/** The rows that an epoch goes over at a stretch: first those to learn from, then those to validate on. */
export interface DealtBlock {
  readonly x: RowMajor | CsrChunk;
  readonly y: Column<"f64">;
  readonly w?: Column<"f64">;
  /** Rows to learn from. */
  readonly train: number;
}

/** How rows are dealt to blocks. */
export interface DealArgs {
  /** Number of the partition's first row among all. */
  readonly start: number;
  readonly blocks: number;
  /** Rows of a block when they are not shuffled. */
  readonly blockRows: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** Share of rows to validate on. */
  readonly validation: number;
}

/** Rows of a partition by block, those to learn from before those to validate on. */
export interface Deal {
  readonly rows: Uint32Array;
  /** Where the parts begin: train and validation of block 0, of block 1, ..., and the end. */
  readonly bounds: Uint32Array;
}

/** Decides by each row's number among all in which block it is: the same for any partitioning. */
export function dealRows(_context: TaskContext, args: DealArgs, design: DesignChunk): Deal {
  const { start, blocks, blockRows, shuffle, seed, validation } = args;
  const rows = design.x.rows;
  const byBlock = new CounterRng(seed, "sgd block");
  const byRole = new CounterRng(seed, "sgd validation");
  const part = new Uint32Array(rows);
  const bounds = new Uint32Array(2 * blocks + 1);
  for (let i = 0; i < rows; i++) {
    const row = start + i;
    const block = blocks === 1 ? 0 : shuffle ? byBlock.integer(row, blocks) : Math.floor(row / blockRows);
    const at = 2 * block + (validation > 0 && byRole.uniform(row) < validation ? 1 : 0);
    part[i] = at;
    bounds[at + 1] = (bounds[at + 1] as number) + 1;
  }
  for (let k = 1; k < bounds.length; k++) bounds[k] = (bounds[k] as number) + (bounds[k - 1] as number);
  const next = bounds.slice();
  const order = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = part[i] as number;
    order[next[at] as number] = i;
    next[at] = (next[at] as number) + 1;
  }
  return { rows: order, bounds };
}

/** What {@link takePiece} is told. */
export interface PieceArgs {
  readonly owner: string;
  readonly names: readonly string[] | undefined;
  readonly partition: number;
  readonly block: number;
}

const TILE = 256;

/** The rows of one partition that belong to one block. @throws DataError naming a NaN or infinity in X */
export function takePiece(context: TaskContext, args: PieceArgs, design: DesignChunk, deal: Deal): DealtBlock {
  const { memory } = context;
  const from = deal.bounds[2 * args.block] as number;
  const middle = deal.bounds[2 * args.block + 1] as number;
  const rows = deal.rows.subarray(from, deal.bounds[2 * args.block + 2]);
  const take = (column: Column<"f64">): Column<"f64"> => {
    const source = memory.view(column);
    const out = memory.column("f64", rows.length);
    const target = memory.view(out);
    for (let i = 0; i < rows.length; i++) target[i] = source[rows[i] as number] as number;
    return out;
  };
  const x = design.x.kind === "csr" ? takeSparse(context, design.x, rows) : takeDense(context, design.x.columns, rows);
  let sum = 0;
  for (const value of memory.view(x.values)) sum += value * 0;
  if (sum !== 0) {
    const found = findNonFinite(context, design.x);
    if (found) throw nonFiniteError(args.owner, args.names, args.partition, found);
  }
  const y = take(design.y as Column<"f64">);
  return { x, y, ...(design.w ? { w: take(design.w) } : {}), train: middle - from };
}

function takeDense({ memory }: TaskContext, columns: readonly Column[], rows: Uint32Array): RowMajor {
  const p = columns.length;
  const values = memory.column("f64", rows.length * p);
  const target = memory.view(values);
  const sources = columns.map((column) => memory.view(column));
  // Tiles keep the lines that are written in the cache until they are full.
  for (let first = 0; first < rows.length; first += TILE) {
    const last = Math.min(first + TILE, rows.length);
    sources.forEach((source, j) => {
      for (let i = first; i < last; i++) target[i * p + j] = Number(source[rows[i] as number]);
    });
  }
  return { kind: "rows", rows: rows.length, cols: p, values };
}

function takeSparse({ memory }: TaskContext, x: CsrChunk, rows: Uint32Array): CsrChunk {
  const starts = memory.view(x.indptr);
  const columnOf = memory.view(x.indices);
  const valueOf = memory.view(x.values);
  let entries = 0;
  for (const row of rows) entries += (starts[row + 1] as number) - (starts[row] as number);
  const out = memory.csr(rows.length, x.cols, entries);
  const indptr = memory.view(out.indptr);
  const indices = memory.view(out.indices);
  const values = memory.view(out.values);
  let at = 0;
  indptr[0] = 0;
  rows.forEach((row, i) => {
    const from = starts[row] as number;
    const to = starts[row + 1] as number;
    indices.set(columnOf.subarray(from, to), at);
    values.set(valueOf.subarray(from, to), at);
    at += to - from;
    indptr[i + 1] = at;
  });
  return out;
}

/** One block of its pieces, in order: their rows to learn from, then their rows to validate on. */
export function joinPieces(context: TaskContext, _args: undefined, ...pieces: DealtBlock[]): DealtBlock {
  const [first] = pieces;
  if (first && pieces.length === 1) return first;
  const { memory } = context;
  const spans = [
    ...pieces.map((piece) => ({ piece, from: 0, to: piece.train })),
    ...pieces.map((piece) => ({ piece, from: piece.train, to: piece.x.rows })),
  ].filter(({ from, to }) => to > from);
  const rows = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const joined = (length: number, of: (piece: DealtBlock) => Column<"f64">, width: number): Column<"f64"> => {
    const out = memory.column("f64", length);
    const target = memory.view(out);
    let at = 0;
    for (const { piece, from, to } of spans) {
      target.set(memory.view(of(piece)).subarray(from * width, to * width), at);
      at += (to - from) * width;
    }
    return out;
  };
  const y = joined(rows, (piece) => piece.y, 1);
  const w = first?.w ? joined(rows, (piece) => piece.w as Column<"f64">, 1) : undefined;
  const cols = first?.x.cols ?? 0;
  const x: DealtBlock["x"] =
    first?.x.kind === "csr"
      ? joinSparse(context, spans as SparseSpan[], rows, cols)
      : { kind: "rows", rows, cols, values: joined(rows * cols, (piece) => piece.x.values, cols) };
  return { x, y, ...(w ? { w } : {}), train: pieces.reduce((sum, piece) => sum + piece.train, 0) };
}

interface SparseSpan {
  readonly piece: { readonly x: CsrChunk };
  readonly from: number;
  readonly to: number;
}

function joinSparse({ memory }: TaskContext, spans: readonly SparseSpan[], rows: number, cols: number): CsrChunk {
  const extents = spans.map(({ piece, from, to }) => {
    const starts = memory.view(piece.x.indptr);
    return { first: starts[from] as number, last: starts[to] as number };
  });
  const out = memory.csr(
    rows,
    cols,
    extents.reduce((sum, { first, last }) => sum + last - first, 0),
  );
  const indptr = memory.view(out.indptr);
  const indices = memory.view(out.indices);
  const values = memory.view(out.values);
  let row = 0;
  let at = 0;
  indptr[0] = 0;
  spans.forEach(({ piece, from, to }, s) => {
    const { first, last } = extents[s] as { first: number; last: number };
    const starts = memory.view(piece.x.indptr);
    for (let i = from; i < to; i++) indptr[++row] = at + (starts[i + 1] as number) - first;
    indices.set(memory.view(piece.x.indices).subarray(first, last), at);
    values.set(memory.view(piece.x.values).subarray(first, last), at);
    at += last - first;
  });
  return out;
}

/** Rows of each partition, and Σw over all. */
export interface RowsAndWeight {
  readonly counts: Float64Array;
  readonly weight: number;
}

/** Rows and weight of one partition. */
export function rowsAndWeight(context: TaskContext, _args: undefined, design: DesignChunk): RowsAndWeight {
  const w = design.w ? context.memory.view(design.w) : undefined;
  return { counts: Float64Array.of(design.x.rows), weight: w ? w.reduce((sum, wi) => sum + wi, 0) : design.x.rows };
}

/** Partitions of `a`, then of `b`. */
export function mergeRowsAndWeight(a: RowsAndWeight, b: RowsAndWeight): RowsAndWeight {
  return { counts: Float64Array.of(...a.counts, ...b.counts), weight: a.weight + b.weight };
}
