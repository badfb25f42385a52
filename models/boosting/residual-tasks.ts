import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import type { BoostChunk, DerivedChunk, GrowingChunk } from "./boost-chunk.js";
import { gradientSizes } from "./row-sample.js";

/** Buckets that a bracket of residuals is cut into. */
export const RESIDUAL_BUCKETS = 256;

/** Brackets of residuals, one a node. */
export interface ResidualArgs {
  /** Whether it is not residuals but the |g| of all training rows (summed over outputs), each of weight 1. */
  readonly gradients: boolean;
  readonly output: number;
  readonly nodes: readonly number[];
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Weights are counted in units of its inverse. */
  readonly wScale: number;
}

/** Calls `visit` for each residual `y − margin` of a node's rows that lies in the node's bracket. */
function eachResidual(
  context: TaskContext,
  { gradients, output, nodes, low, high, wScale }: ResidualArgs,
  chunk: BoostChunk | GrowingChunk | DerivedChunk,
  visit: (k: number, residual: number, weight: number) => void,
): void {
  const { memory } = context;
  if (gradients) {
    const size = gradientSizes(context, chunk as DerivedChunk);
    for (const row of memory.view(chunk.train)) {
      const value = size(row);
      if (value >= (low[0] as number) && value <= (high[0] as number)) visit(0, value, 1);
    }
    return;
  }
  const y = memory.view(chunk.y);
  const w = chunk.w ? memory.view(chunk.w) : undefined;
  const margin = memory.view(chunk.margins[output] as Column<"f64">);
  const growing = "order" in chunk;
  const order = memory.view(growing ? chunk.order : chunk.train);
  nodes.forEach((node, k) => {
    context.throwIfAborted();
    const start = growing ? (chunk.starts[node] as number) : 0;
    const end = growing ? start + (chunk.counts[node] as number) : order.length;
    const [from, to] = [low[k] as number, high[k] as number];
    for (let i = start; i < end; i++) {
      const row = order[i] as number;
      const residual = (y[row] as number) - (margin[row] as number);
      if (residual >= from && residual <= to) visit(k, residual, Math.round((w ? (w[row] as number) : 1) * wScale));
    }
  });
}

/** Smallest and largest residual of each node, its weight in units, and its rows: four numbers a node. */
export function residualRangeStep(context: TaskContext, args: ResidualArgs, chunk: BoostChunk): Float64Array {
  const out = new Float64Array(4 * args.nodes.length);
  args.nodes.forEach((_, k) => out.set([Infinity, -Infinity, 0, 0], 4 * k));
  eachResidual(context, args, chunk, (k, residual, weight) => {
    const at = 4 * k;
    out[at] = Math.min(out[at] as number, residual);
    out[at + 1] = Math.max(out[at + 1] as number, residual);
    out[at + 2] = (out[at + 2] as number) + weight;
    out[at + 3] = (out[at + 3] as number) + 1;
  });
  return out;
}

/** The numbers of {@link residualRangeStep} of the buckets of each node's bracket. */
export function residualBucketStep(context: TaskContext, args: ResidualArgs, chunk: BoostChunk): Float64Array {
  const out = new Float64Array(4 * RESIDUAL_BUCKETS * args.nodes.length);
  for (let at = 0; at < out.length; at += 4) out.set([Infinity, -Infinity], at);
  const { low, high } = args;
  // Halves, because the difference of two large numbers may be infinite.
  const scale = low.map((from, k) => RESIDUAL_BUCKETS / ((high[k] as number) / 2 - from / 2));
  eachResidual(context, args, chunk, (k, residual, weight) => {
    const position = Math.floor((residual / 2 - (low[k] as number) / 2) * (scale[k] as number)) || 0;
    const at = 4 * (k * RESIDUAL_BUCKETS + Math.min(RESIDUAL_BUCKETS - 1, position));
    out[at] = Math.min(out[at] as number, residual);
    out[at + 1] = Math.max(out[at + 1] as number, residual);
    out[at + 2] = (out[at + 2] as number) + weight;
    out[at + 3] = (out[at + 3] as number) + 1;
  });
  return out;
}

/** Residuals in the brackets with their weights in units, in turn; a list a node. */
export function residualListStep(context: TaskContext, args: ResidualArgs, chunk: BoostChunk): Float64Array[] {
  const lists = args.nodes.map((): number[] => []);
  eachResidual(context, args, chunk, (k, residual, weight) => void lists[k]?.push(residual, weight));
  return lists.map((list) => Float64Array.from(list));
}
