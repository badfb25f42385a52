import type { TaskContext } from "../../src/engine/engine.js";
import { HISTOGRAM_BINS } from "../../src/kernels/kernels.js";
import { Workspace } from "../../src/kernels/workspace.js";
import { bestSplit, sumsOf, type SplitRules } from "../../src/numeric/trees/split-search.js";
import type { Expansion, FoundSplit, NodeSearch } from "../../src/numeric/trees/tree-grower.js";
import type { GrowingChunk } from "./boost-chunk.js";
import { RowHistograms, type NodeRows, type Sums } from "./row-histograms.js";

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
  const counter = new RowHistograms(context, space, chunk);
  const count = (node: number): Sums => counter.count(rowsOf(chunk, node), counter.empty());
  if (!before) nodes[0] = count(0);
  for (const { node, left, right, measured } of args.expansions) {
    if (measured < 0) continue;
    const own = count(measured);
    const rest = counter.empty();
    const parent = nodes[node] ?? before?.nodes[node];
    subtract(memory.view(parent as Sums), memory.view(own), memory.view(rest));
    nodes[measured] = own;
    nodes[measured === left ? right : left] = rest;
  }
  return { nodes, scores: chunk.scores };
}

/** Histograms of some nodes of one chunk, for a driver that adds those of all chunks and searches them itself. */
export function measureStep(
  context: TaskContext,
  args: { readonly nodes: readonly number[] },
  chunk: GrowingChunk,
): readonly Sums[] {
  using space = new Workspace(context.memory, chunk.bins.arena);
  const counter = new RowHistograms(context, space, chunk);
  return args.nodes.map((node) => counter.count(rowsOf(chunk, node), counter.empty()));
}

/** The scores of one chunk, and its root's histogram, for such a driver. */
export function rootStep(
  context: TaskContext,
  _args: undefined,
  chunk: GrowingChunk,
): { readonly scores: Float64Array; readonly root: readonly Sums[] } {
  return { scores: chunk.scores, root: measureStep(context, { nodes: [0] }, chunk) };
}

function rowsOf({ order, starts, counts }: GrowingChunk, node: number): NodeRows {
  return { pointer: order.offset + 4 * (starts[node] as number), count: counts[node] as number };
}

// A function of its own, because a loop in a callback is compiled anew for each task.
/** `to = from − own`. */
export function subtract(
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
/** Adds one histogram to another. */
export function add(into: Float64Array, from: Float64Array | Int32Array): void {
  const n = into.length;
  for (let i = 0; i < n; i++) into[i] = (into[i] as number) + (from[i] as number);
}

/** Scores of two sets of rows together. */
export function addScores(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((score, i) => (i === 0 ? Math.max(score, b[i] as number) : score + (b[i] as number)));
}
