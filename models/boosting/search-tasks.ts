import type { TaskContext } from "../../src/engine/engine.js";
import { HISTOGRAM_BINS, HISTOGRAM_ROWS, histogramScratchBytes, PACKED_ROWS } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column } from "../../src/memory/column.js";
import { bestSplit, sumsOf, type SplitRules } from "../../src/numeric/trees/split-search.js";
import type { Expansion, FoundSplit, NodeSearch } from "../../src/numeric/trees/tree-grower.js";
import type { GrowingChunk } from "./boost-chunk.js";

type Sums = Column<"i32"> | Column<"f64">;

/** Histograms of the nodes of one chunk that may be split, `3 × columns × 256` sums each. */
export interface ChunkHistograms {
  /** By the number of the node. Whole numbers of 32 bits where derivatives are packed, else in doubles. */
  readonly nodes: { readonly [node: string]: Sums };
  readonly scores: Float64Array;
}

/** What {@link histogramStep} is told. */
export interface HistogramArgs {
  /** Splits that were carried out; none for the root's histogram. */
  readonly expansions: readonly Expansion[];
  /** Nodes whose histograms are handed on. */
  readonly open: readonly number[];
}

/** Counts the histograms of measured children, and takes them from their parents' for the histograms of the others. */
export function histogramStep(
  context: TaskContext,
  args: HistogramArgs,
  chunk: GrowingChunk,
  before?: ChunkHistograms,
): ChunkHistograms {
  const nodes: Record<string, Sums> = {};
  for (const node of args.open) {
    const own = before?.nodes[node];
    if (own) nodes[node] = own;
  }
  const { memory } = context;
  using space = new Workspace(memory, chunk.bins.arena);
  const { kernels } = space;
  const { packed, width } = chunk;
  const entries = width * HISTOGRAM_BINS;
  const most = packed ? PACKED_ROWS : HISTOGRAM_ROWS;
  const [addRows, empty] = packed
    ? [kernels.packedHistogram, kernels.packedHistogramSums]
    : [kernels.histogram, kernels.histogramSums];
  const hist = space.zeros(packed ? entries : entries * 2).pointer;
  const scratch = space.bytes(histogramScratchBytes());
  const sumsOfEntries = (): Sums =>
    memory.denseIn(packed ? "i32" : "f64", entries * 3, 1, space.arena).columns[0] as Sums;
  const count = (node: number): void => {
    context.throwIfAborted();
    const sums = sumsOfEntries();
    memory.view(sums).fill(0);
    const start = chunk.starts[node] as number;
    const end = start + (chunk.counts[node] as number);
    for (let from = start; from < end; from += most) {
      const n = Math.min(most, end - from);
      const rows = chunk.order.offset + 4 * from;
      addRows(chunk.bins.offset, chunk.stride, width, rows, n, chunk.pairs.offset, hist, scratch);
      empty(hist, entries, sums.offset);
    }
    nodes[node] = sums;
  };
  if (!before) count(0);
  for (const { node, left, right, measured } of args.expansions) {
    if (measured < 0) continue;
    count(measured);
    const rest = sumsOfEntries();
    const parent = nodes[node] ?? before?.nodes[node];
    subtract(memory.view(parent as Sums), memory.view(nodes[measured] as Sums), memory.view(rest));
    nodes[measured === left ? right : left] = rest;
  }
  return { nodes, scores: chunk.scores };
}

// A function of its own, because a loop in a callback is compiled anew for each task.
function subtract(
  from: Float64Array | Int32Array,
  own: Float64Array | Int32Array,
  to: Float64Array | Int32Array,
): void {
  const n = from.length;
  for (let i = 0; i < n; i++) to[i] = (from[i] as number) - (own[i] as number);
}

/** What {@link searchStep} is told. */
export interface SearchArgs {
  readonly searches: readonly NodeSearch[];
  readonly rules: SplitRules;
}

/** What {@link searchStep} finds. */
export interface Found {
  readonly splits: readonly FoundSplit[];
  /** Of all chunks: the largest of the first, the sums of the others. */
  readonly scores: Float64Array;
}

/** The best splits of some nodes, from the histograms of all chunks. */
export function searchStep(context: TaskContext, args: SearchArgs, ...chunks: ChunkHistograms[]): Found {
  const total = new Float64Array(3 * args.rules.bins.length * HISTOGRAM_BINS);
  const splits = args.searches.map(({ node, sums: known, limits }): FoundSplit => {
    context.throwIfAborted();
    chunks.forEach(({ nodes }, k) => {
      const own = context.memory.view(nodes[node] as Sums);
      if (k === 0) total.set(own);
      else add(total, own);
    });
    const sums = known ?? sumsOf(total);
    return { sums, split: bestSplit(total, sums, args.rules, limits) ?? null };
  });
  return { splits, scores: chunks.map(({ scores }) => scores).reduce(addScores) };
}

// Integers: exact, and the same in any order.
function add(into: Float64Array, from: Float64Array | Int32Array): void {
  const n = into.length;
  for (let i = 0; i < n; i++) into[i] = (into[i] as number) + (from[i] as number);
}

/** Scores of two sets of rows together. */
export function addScores(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((score, i) => (i === 0 ? Math.max(score, b[i] as number) : score + (b[i] as number)));
}
