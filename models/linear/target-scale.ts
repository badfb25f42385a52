import { FitError } from "../../src/base/errors.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import type { Design } from "../../src/estimator/design.js";
import { noRows } from "../../src/estimator/no-rows.js";
import type { Column } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";

interface TargetExtent {
  readonly rows: number;
  readonly weight: number;
  readonly low: number;
  readonly high: number;
}

/** Extent of the targets that have a weight. */
export function targetExtent(context: TaskContext, _args: undefined, design: DesignChunk): TargetExtent {
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  let [weight, low, high] = [0, Infinity, -Infinity];
  for (let i = 0; i < y.length; i++) {
    const wi = w ? (w[i] as number) : 1;
    if (wi === 0) continue;
    weight += wi;
    low = Math.min(low, y[i] as number);
    high = Math.max(high, y[i] as number);
  }
  return { rows: y.length, weight, low, high };
}

/**
 * Holds a design and finds how far its targets are apart; 1 when they are all the same.
 * @throws DataError for no rows; FitError when all weights are zero
 */
export async function targetScale(design: Design): Promise<number> {
  const { rows, weight, low, high } = await design.holdAndReduce<TargetExtent>(
    fnRef(import.meta.url, "targetExtent"),
    undefined,
    (a, b) => ({
      rows: a.rows + b.rows,
      weight: a.weight + b.weight,
      low: Math.min(a.low, b.low),
      high: Math.max(a.high, b.high),
    }),
  );
  if (rows === 0) throw noRows(design.owner);
  if (!(weight > 0))
    throw new FitError(`${design.owner}: all sample weights are zero. Give at least one row a positive weight.`);
  return high > low ? high - low : 1;
}
