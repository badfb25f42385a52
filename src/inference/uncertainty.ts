import type { DistributedArray } from "../collections/array/distributed-array.js";
import type { TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import type { Column, DenseChunk } from "../memory/column.js";

/** What {@link uncertainty} gives of each row. */
export const UNCERTAINTY_NAMES = ["uncertainty_entropy", "uncertainty_margin"] as const;

/**
 * How sure class probabilities are: their entropy `-Σ p ln p` (0 when one is 1, `ln K` when all are alike), and the margin
 * between the largest and the second largest. Lazy; one row in, two numbers out.
 */
export function uncertainty(probabilities: DistributedArray): DistributedArray {
  return probabilities.mapChunks("uncertainty", fnRef(import.meta.url, "uncertaintyStep"), undefined, {
    innerShape: [2],
    names: UNCERTAINTY_NAMES,
  });
}

/** Entropy and margin of one partition's probabilities. */
export function uncertaintyStep(context: TaskContext, _args: undefined, p: DenseChunk): DenseChunk<"f64"> {
  const { memory } = context;
  const out = memory.dense("f64", p.rows, 2);
  const [entropy, margin] = out.columns.map((column) => memory.view(column)) as [Float64Array, Float64Array];
  const columns = p.columns.map((column) => memory.view(column as Column<"f64">));
  for (let i = 0; i < p.rows; i++) {
    let sum = 0;
    let [first, second] = [0, 0];
    for (const column of columns) {
      const share = column[i] as number;
      if (share > 0) sum -= share * Math.log(share);
      if (share > first) [first, second] = [share, first];
      else if (share > second) second = share;
    }
    entropy[i] = sum;
    margin[i] = first - second;
  }
  return out;
}
