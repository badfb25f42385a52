import type { TaskContext } from "../../src/engine/engine.js";
import {
  HISTOGRAM_BINS,
  HISTOGRAM_ROWS,
  histogramScratchBytes,
  PACKED_ROWS,
  type BoostLossCode,
} from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import type { Expansion } from "../../src/numeric/trees/tree-grower.js";
import type { BoostChunk, GrowingChunk } from "./boost-chunk.js";

/** How derivatives and losses become integers. */
export interface RoundScales {
  readonly g: number;
  readonly h: number;
  readonly loss: number;
}

/** A tree that is complete but for its rows. */
export interface FinishedTree {
  /** Splits that the rows have not followed yet. */
  readonly pending: readonly Expansion[];
  /** Leaves by their number during growth. */
  readonly leaves: readonly { readonly node: number; readonly value: number }[];
  /** For rows that are held out: column, last bin to the left, left child, missing values to the left; four a node. */
  readonly nodes: Int32Array;
  readonly values: Float64Array;
}

/** What {@link beginTreeStep} is told. */
export interface BeginArgs {
  readonly loss: BoostLossCode;
  readonly scales: RoundScales;
  /** Random bits of the tree, when its derivatives are rounded to few bits and packed. */
  readonly packKey?: number;
  /** The tree before. */
  readonly finished?: FinishedTree;
}

/** Ends a tree (its values go to the margins) and begins the next: derivatives at the new margins, all rows in the root. */
export function beginTreeStep(context: TaskContext, args: BeginArgs, chunk: BoostChunk | GrowingChunk): GrowingChunk {
  const { memory } = context;
  using space = new Workspace(memory, chunk.bins.arena);
  const { kernels } = space;
  const inArena = <D extends "f64" | "i32">(dtype: D, length: number): Column<D> =>
    memory.denseIn(dtype, length, 1, space.arena).columns[0] as Column<D>;
  let { margin } = chunk;
  if (args.finished && "order" in chunk) {
    const { pending, leaves, nodes, values } = args.finished;
    margin = inArena("f64", chunk.rows);
    kernels.copy(margin.offset, chunk.margin.offset, chunk.rows * 8);
    const moved = pending.length > 0 ? splitRows(context, space, pending, chunk) : chunk;
    for (const { node, value } of leaves) {
      kernels.addAtRows(
        moved.order.offset + 4 * (moved.starts[node] as number),
        moved.counts[node] as number,
        value,
        margin.offset,
      );
    }
    if (chunk.held.length > 0) {
      const table = space.bytes(nodes.byteLength);
      new Int32Array(memory.memoryOf(space.arena).buffer as ArrayBuffer, table, nodes.length).set(nodes);
      kernels.addTreeBins(
        chunk.bins.offset,
        chunk.stride,
        chunk.held.offset,
        chunk.held.length,
        table,
        0,
        space.vector(values),
        margin.offset,
      );
    }
  }
  const pairs = inArena("i32", 2 * chunk.rows);
  const scores = space.zeros(3);
  const { g, h, loss } = args.scales;
  kernels.boostGradients(
    args.loss,
    margin.offset,
    chunk.y.offset,
    chunk.w?.offset ?? 0,
    chunk.heldOut?.offset ?? 0,
    chunk.rows,
    g,
    h,
    loss,
    pairs.offset,
    scores.pointer,
  );
  const { firstRow, rows, stride, width, bins, columns, y, w, train, held, heldOut } = chunk;
  const packed = args.packKey !== undefined;
  if (args.packKey !== undefined) kernels.packPairs(pairs.offset, rows, firstRow, args.packKey);
  return {
    firstRow,
    rows,
    stride,
    width,
    bins,
    columns,
    y,
    train,
    held,
    margin,
    pairs,
    packed,
    ...(w ? { w } : {}),
    ...(heldOut ? { heldOut } : {}),
    // Splits write an order of their own, so that this one may be the list of rows itself.
    order: train,
    starts: Int32Array.of(0),
    counts: Int32Array.of(train.length),
    scores: scores.values.slice(),
  };
}

/** Splits the rows of some nodes. */
export function splitStep(
  context: TaskContext,
  args: { expansions: readonly Expansion[] },
  chunk: GrowingChunk,
): GrowingChunk {
  using space = new Workspace(context.memory, chunk.bins.arena);
  return { ...chunk, ...splitRows(context, space, args.expansions, chunk) };
}

function splitRows(
  context: TaskContext,
  space: Workspace,
  expansions: readonly Expansion[],
  chunk: GrowingChunk,
): Pick<GrowingChunk, "order" | "starts" | "counts"> {
  const { kernels } = space;
  const total = chunk.train.length;
  const order = context.memory.denseIn("i32", total, 1, space.arena).columns[0] as Column<"i32">;
  const nodes = expansions.reduce((most, { right }) => Math.max(most, right + 1), chunk.starts.length);
  const starts = new Int32Array(nodes);
  const counts = new Int32Array(nodes);
  starts.set(chunk.starts);
  counts.set(chunk.counts);
  const scratch = space.bytes(Math.max(8, total * 4));
  // A list may split a node and then its child: the child's rows are in the new order already.
  const made = new Set<number>();
  const changed = expansions.map(({ node }) => node);
  const whole = changed.length === 1 && counts[changed[0] as number] === total;
  if (!whole) kernels.copy(order.offset, chunk.order.offset, total * 4);
  for (const { node, left, right, feature, bin, missingLeft } of expansions) {
    const start = starts[node] as number;
    const count = counts[node] as number;
    const column = chunk.columns.offset + feature * chunk.rows;
    let source = chunk.order.offset + 4 * start;
    if (made.has(node)) {
      source = space.bytes(Math.max(8, count * 4));
      kernels.copy(source, order.offset + 4 * start, count * 4);
    }
    const first = kernels.partitionRows(
      column,
      source,
      count,
      bin,
      Number(missingLeft),
      order.offset + 4 * start,
      scratch,
    );
    starts[left] = start;
    counts[left] = first;
    starts[right] = start + first;
    counts[right] = count - first;
    made.add(left).add(right);
  }
  return { order, starts, counts };
}

/** Histograms of some nodes of one chunk, one after another. */
export interface NodeHistograms {
  readonly sums: Column<"f64">;
  readonly scores: Float64Array;
}

/** Histograms of the rows of some nodes: `3 × columns × 256` sums each. */
export function histogramStep(
  context: TaskContext,
  args: { nodes: readonly number[] },
  chunk: GrowingChunk,
): NodeHistograms {
  using space = new Workspace(context.memory, chunk.bins.arena);
  const { width } = chunk;
  const entries = width * HISTOGRAM_BINS;
  const sums = context.memory.denseIn("f64", args.nodes.length * entries * 3, 1, space.arena)
    .columns[0] as Column<"f64">;
  context.memory.view(sums).fill(0);
  const { packed } = chunk;
  const { kernels } = space;
  const most = packed ? PACKED_ROWS : HISTOGRAM_ROWS;
  const [add, empty] = packed
    ? [kernels.packedHistogram, kernels.packedHistogramSums]
    : [kernels.histogram, kernels.histogramSums];
  const hist = space.zeros(packed ? entries : entries * 2).pointer;
  const scratch = space.bytes(histogramScratchBytes());
  args.nodes.forEach((node, k) => {
    context.throwIfAborted();
    const start = chunk.starts[node] as number;
    const end = start + (chunk.counts[node] as number);
    for (let from = start; from < end; from += most) {
      const n = Math.min(most, end - from);
      add(chunk.bins.offset, chunk.stride, width, chunk.order.offset + 4 * from, n, chunk.pairs.offset, hist, scratch);
      empty(hist, entries, sums.offset + k * entries * 24);
    }
  });
  return { sums, scores: chunk.scores };
}

/** The scores of a chunk alone. */
export function scoreStep(_context: TaskContext, _args: undefined, chunk: GrowingChunk): { scores: Float64Array } {
  return { scores: chunk.scores };
}
