import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { exactSumOf, type ExactSum } from "../../src/numeric/trees/exact-scale.js";

/** Exact sums of the weights, and of weight times target or of the weights of each class. */
export interface TargetSums {
  readonly w: ExactSum;
  readonly wy: readonly ExactSum[];
}

/** {@link TargetSums} of one partition. */
export function targetStep(
  context: TaskContext,
  args: { wScale: number; wyScale: number; classes: number },
  design: DesignChunk,
): TargetSums {
  const y = context.memory.view(design.y as Column<"f64">);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const weight = (i: number): number => (w ? (w[i] as number) : 1);
  return {
    w: exactSumOf(y.length, weight, args.wScale),
    wy:
      args.classes > 0
        ? Array.from({ length: args.classes }, (_, k) =>
            exactSumOf(y.length, (i) => (y[i] === k ? weight(i) : 0), args.wyScale),
          )
        : [exactSumOf(y.length, (i) => weight(i) * (weight(i) === 0 ? 0 : (y[i] as number)), args.wyScale)],
  };
}
