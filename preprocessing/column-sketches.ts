import type * as Zod from "zod";
import { DataError } from "../src/base/errors.js";
import type { ZodNamespace } from "../src/base/params.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Design } from "../src/estimator/design.js";
import { Workspace } from "../src/kernels/workspace.js";
import { densify } from "../src/numeric/densify.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { doublesOf } from "../src/numeric/doubles-of.js";
import { QuantileSketch, type QuantileSketchData } from "../src/numeric/quantile-sketch.js";
import { mergeSketchLists } from "../src/numeric/quantile-steps.js";
import { mergeRanges, type ColumnRanges } from "./column-ranges.js";
import type { QuantileMethod } from "./exact-quantiles.js";

/** Quantiles of columns in a form that can be added to: what a fit with `quantileError` keeps. */
export interface SketchedColumns {
  readonly ranges: ColumnRanges;
  readonly sketches: readonly QuantileSketchData[];
}

/** The parameter `quantileError` of transformers whose quantiles are exact without it. */
export function quantileErrorParam(z: ZodNamespace): Zod.ZodType {
  return z
    .union([z.null(), z.number().gt(0).max(0.5)])
    .default(null)
    .describe(
      "null: exact quantiles; a number: quantiles of a sketch, off by at most this share of the rows, which partialFit and merge need",
    );
}

/** A sketch of each column; one pass, which sorts each column of each partition. */
export async function sketchColumns(design: Design, ranges: ColumnRanges, error: number): Promise<SketchedColumns> {
  const sketches = await design.reduce<QuantileSketchData[]>(SKETCH_STEP, { error }, mergeSketchLists, false);
  return { ranges, sketches };
}

/** One sketch a column of one partition of a fit, NaN and rows of weight 0 left out. */
export function sketchDesignStep(
  context: TaskContext,
  args: { error: number },
  design: DesignChunk,
): QuantileSketchData[] {
  const x = densify(context, design.x);
  using space = Workspace.over(context.memory, x);
  const w = design.w ? context.memory.view(design.w) : undefined;
  return x.columns.map((column) => {
    context.throwIfAborted();
    return new QuantileSketch(args.error).update(doublesOf(context, space, column), w).toPlain();
  });
}

const SKETCH_STEP = fnRef(import.meta.url, "sketchDesignStep");

/** What a fit on the union would keep. @throws DataError for fits without a sketch, or with other errors */
export function mergeSketched(
  owner: string,
  a: SketchedColumns | undefined,
  b: SketchedColumns | undefined,
): SketchedColumns {
  if (!a || !b) throw needsSketch(owner);
  const [own, other] = [a.sketches[0]?.error, b.sketches[0]?.error];
  if (own !== other)
    throw new DataError(`${owner}: one was fitted with quantileError ${own}, the other with ${other}. Use one.`);
  return { ranges: mergeRanges(a.ranges, b.ranges), sketches: mergeSketchLists(a.sketches, b.sketches) };
}

/** The error for exact quantiles, which cannot be added to. */
export function needsSketch(owner: string): DataError {
  return new DataError(
    `${owner}: exact quantiles need all rows at once. Set quantileError (0.001, say) before both fits, or fit on the union.`,
  );
}

/**
 * `[column][level]` as `exactQuantiles` gives them, exact as long as the sketches are: up to 8 / error distinct values, at
 * least 1,024.
 */
export function sketchedQuantiles(
  { ranges, sketches }: SketchedColumns,
  levels: readonly number[],
  method: QuantileMethod,
): Float64Array[] {
  return sketches.map((data, j) => {
    const sketch = QuantileSketch.fromPlain(data);
    const [min, max] = [ranges.min[j] as number, ranges.max[j] as number];
    return Float64Array.from(levels, (q) => {
      if (!(min <= max)) return NaN;
      if (q <= 0 || q >= 1) return q <= 0 ? min : max;
      if (method === "averagedInvertedCdf") {
        const rank = q * sketch.weight;
        const [a, b] = [sketch.valueAt(rank), sketch.valueAt(above(rank))];
        return a === b ? a : a + (b - a) * 0.5;
      }
      const position = Math.max(0, q * (sketch.weight - 1));
      const rank = Math.floor(position);
      const a = sketch.valueAt(above(rank));
      const b = sketch.valueAt(above(Math.min(rank + 1, Math.max(0, sketch.weight - 1))));
      const t = position - rank;
      // numpy's: from the nearer end, so that both ends are met exactly.
      return a === b ? a : t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
    });
  });
}

/** The smallest rank beyond another: a value that has more than that weight up to and with it. */
function above(rank: number): number {
  return rank + Math.max(Number.MIN_VALUE, rank * Number.EPSILON);
}
