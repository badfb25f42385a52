import { CounterRng } from "../../src/base/rng.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { findNonFinite, nonFiniteError } from "../../src/estimator/design-tasks.js";
import { SGD_HYPER, SGD_STATE, type SgdLossCode, type SgdScheduleCode } from "../../src/kernels/sgd-kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, CsrChunk } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";

/** Rows whose values lie together. */
export interface RowMajor {
  readonly kind: "rows";
  readonly rows: number;
  readonly cols: number;
  /** `rows x cols`, row-major. */
  readonly values: Column<"f64">;
}

/** The rows that stochastic gradient descent goes over at a stretch: first those to learn from, then those to validate on. */
export interface SgdBlock {
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
export function takePiece(context: TaskContext, args: PieceArgs, design: DesignChunk, deal: Deal): SgdBlock {
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
export function joinPieces(context: TaskContext, _args: undefined, ...pieces: SgdBlock[]): SgdBlock {
  const [first] = pieces;
  if (first && pieces.length === 1) return first;
  const { memory } = context;
  const spans = [
    ...pieces.map((piece) => ({ piece, from: 0, to: piece.train })),
    ...pieces.map((piece) => ({ piece, from: piece.train, to: piece.x.rows })),
  ].filter(({ from, to }) => to > from);
  const rows = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const joined = (length: number, of: (piece: SgdBlock) => Column<"f64">, width: number): Column<"f64"> => {
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
  const x: SgdBlock["x"] =
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

/** What a model of one target knows between two blocks. */
export interface SgdState {
  readonly coef: Float64Array;
  /** Mean of the coefficients, where there is an average. */
  readonly average?: Float64Array;
  /** L1 penalty that each coefficient got, where there is one. */
  readonly paid?: Float64Array;
  /** Numbers by `SGD_STATE`. */
  readonly numbers: Float64Array;
  /** Σ loss of the epoch's rows, each before its step. */
  readonly loss: number;
  /** Rows of the epoch. */
  readonly rows: number;
}

/** What {@link sgdStep} is told. */
export interface SgdStepArgs {
  readonly loss: SgdLossCode;
  readonly schedule: SgdScheduleCode;
  readonly hyper: Float64Array;
  readonly batch: number;
  /** The class that is 1; below 0 for a regression. */
  readonly positive: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly epoch: number;
  readonly block: number;
  /** Where the epoch starts; later blocks start where the one before stopped. */
  readonly start?: SgdState;
}

/** One epoch's pass over one block, from the state in `args` or the one that the block before left. */
export function sgdStep(context: TaskContext, args: SgdStepArgs, ...deps: (SgdState | SgdBlock)[]): SgdState {
  const block = deps.at(-1) as SgdBlock;
  const before = args.start ?? (deps[0] as SgdState);
  const { x, train } = block;
  using space = new Workspace(context.memory, x.values.arena);
  const order = new Uint32Array(train);
  for (let i = 0; i < train; i++) order[i] = i;
  if (args.shuffle) shuffleInPlace(order, args.seed, `sgd order of block ${args.block}`, args.epoch);
  const orderAt = space.bytes(Math.max(4, train * 4));
  new Uint32Array(context.memory.memoryOf(space.arena).buffer as ArrayBuffer, orderAt, train).set(order);
  const copied = (values: Float64Array): { pointer: number; values: Float64Array } => {
    const scratch = space.numbers(values.length);
    scratch.values.set(values);
    return scratch;
  };
  const coef = copied(before.coef);
  const average = before.average && copied(before.average);
  const paid = before.paid && copied(before.paid);
  const numbers = copied(before.numbers);
  const rest = [
    coef.values.length,
    orderAt,
    train,
    args.batch,
    space.pointer(block.y),
    block.w ? space.pointer(block.w) : 0,
    args.positive,
    coef.pointer,
    average?.pointer ?? 0,
    paid?.pointer ?? 0,
    space.vector(args.hyper),
    numbers.pointer,
    space.bytes(args.batch * 8),
  ] as const;
  const lost =
    x.kind === "csr"
      ? space.kernels.csrSgdRows(
          args.loss,
          args.schedule,
          space.pointer(x.indptr),
          space.pointer(x.indices),
          space.pointer(x.values),
          ...rest,
        )
      : space.kernels.sgdRows(args.loss, args.schedule, space.pointer(x.values), ...rest);
  return {
    coef: coef.values.slice(),
    ...(average ? { average: average.values.slice() } : {}),
    ...(paid ? { paid: paid.values.slice() } : {}),
    numbers: numbers.values.slice(),
    loss: lost + (args.start ? 0 : before.loss),
    rows: train + (args.start ? 0 : before.rows),
  };
}

/** Fisher and Yates with numbers drawn by position and `draw`. */
export function shuffleInPlace(order: Uint32Array, seed: number, purpose: string, draw: number): void {
  const rng = new CounterRng(seed, purpose);
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.integer(i, i + 1, draw);
    const held = order[i] as number;
    order[i] = order[j] as number;
    order[j] = held;
  }
}

/** What {@link validationStep} is told. */
export interface ValidationArgs {
  readonly coef: Float64Array;
  readonly intercept: number;
  readonly positive: number;
}

/** Sums over rows to validate on: weights, squares of errors and of deviations, or the weights that are right. */
export interface ValidationSums {
  readonly weight: number;
  readonly right: number;
  readonly sum: number;
  readonly squares: number;
  readonly errors: number;
}

/** How well a model of one target does on a block's rows to validate on. */
export function validationStep(context: TaskContext, args: ValidationArgs, block: SgdBlock): ValidationSums {
  const { x, train } = block;
  const { memory } = context;
  const values = memory.view(x.values);
  const y = memory.view(block.y);
  const w = block.w ? memory.view(block.w) : undefined;
  const indptr = x.kind === "csr" ? memory.view(x.indptr) : undefined;
  const indices = x.kind === "csr" ? memory.view(x.indices) : undefined;
  const sums = { weight: 0, right: 0, sum: 0, squares: 0, errors: 0 };
  for (let i = train; i < x.rows; i++) {
    let p = args.intercept;
    if (indptr && indices) {
      for (let k = indptr[i] as number; k < (indptr[i + 1] as number); k++)
        p += (values[k] as number) * (args.coef[indices[k] as number] as number);
    } else for (let j = 0; j < x.cols; j++) p += (values[i * x.cols + j] as number) * (args.coef[j] as number);
    const wi = w ? (w[i] as number) : 1;
    const yi = y[i] as number;
    sums.weight += wi;
    if (args.positive >= 0) sums.right += p > 0 === (yi === args.positive) ? wi : 0;
    else {
      sums.sum += wi * yi;
      sums.squares += wi * yi * yi;
      sums.errors += wi * (yi - p) ** 2;
    }
  }
  return sums;
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

/** Largest absolute number of a state; infinite or NaN when one is. */
export function sizeOf(state: SgdState): number {
  const most = state.coef.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  return Math.max(most, Math.abs(state.numbers[SGD_STATE.intercept] as number));
}

/** Σ penalty of a state's coefficients. */
export function penaltyOf({ coef }: SgdState, hyper: Float64Array): number {
  const l1 = hyper[SGD_HYPER.l1] as number;
  const l2 = hyper[SGD_HYPER.l2] as number;
  return coef.reduce((sum, value) => sum + l1 * Math.abs(value) + 0.5 * l2 * value * value, 0);
}

const task = (name: string): ReturnType<typeof fnRef> => fnRef(import.meta.url, name);

/** Names the tasks above for the engine. */
export const SGD_TASKS = {
  deal: task("dealRows"),
  piece: task("takePiece"),
  join: task("joinPieces"),
  step: task("sgdStep"),
  validate: task("validationStep"),
  rows: task("rowsAndWeight"),
} as const;
