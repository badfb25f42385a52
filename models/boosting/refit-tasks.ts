import type { TaskContext } from "../../src/engine/engine.js";
import type { GrowingChunk } from "./boost-chunk.js";

/** Rows of some nodes, and the sums of their integer derivatives: Σg, Σh and rows, three numbers a node. */
export function nodeSumsStep(
  context: TaskContext,
  args: { nodes: readonly number[] },
  chunk: GrowingChunk,
): Float64Array {
  const { memory } = context;
  const order = memory.view(chunk.order);
  const pairs = memory.view(chunk.pairs);
  const out = new Float64Array(3 * args.nodes.length);
  args.nodes.forEach((node, k) => {
    const start = chunk.starts[node] as number;
    const end = start + (chunk.counts[node] as number);
    let [g, h] = [0, 0];
    for (let i = start; i < end; i++) {
      const row = order[i] as number;
      g += pairs[2 * row] as number;
      h += pairs[2 * row + 1] as number;
    }
    out.set([g, h, end - start], 3 * k);
  });
  return out;
}
