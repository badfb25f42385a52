import type { RunOptions } from "../plan-run.js";
import type { Plan } from "../plan.js";
import { reducePartitions } from "../reduce.js";
import { EXTREMES_STEP, mergeExtremes, type Extremes } from "../../numeric/extremes.js";
import { mergeMoments, MOMENTS_STEP, type Moments } from "../../numeric/moments.js";
import type { QuantileSketchData } from "../../numeric/quantile-sketch.js";
import { mergeSketchLists, quantilesOf, SKETCH_STEP } from "../../numeric/quantile-steps.js";

/** An array as its statistics see it. */
export interface ColumnSource {
  readonly plan: Plan;
  readonly width: number;
  readonly layout: "dense" | "csr";
}

/** Moments of each column, NaN left out: one pass. */
export async function columnMoments({ plan, width }: ColumnSource, options: RunOptions): Promise<Moments> {
  const empty = new Float64Array(width);
  const none: Moments = { rows: 0, weight: empty, mean: empty, m2: empty, nanCount: empty, infCount: empty };
  const pass = { label: "moments", step: MOMENTS_STEP, combine: mergeMoments };
  return (await reducePartitions<Moments>([plan], pass, options)) ?? none;
}

/** Smallest and largest value of each column of a dense array, NaN left out: one pass. */
export async function columnExtremes({ plan, width }: ColumnSource, options: RunOptions): Promise<Extremes> {
  const none: Extremes = {
    min: new Float64Array(width).fill(Infinity),
    max: new Float64Array(width).fill(-Infinity),
  };
  const pass = { label: "extremes", step: EXTREMES_STEP, combine: mergeExtremes };
  return (await reducePartitions<Extremes>([plan], pass, options)) ?? none;
}

/** Means and sums of each column, NaN left out. A dense column with infinities has those that its plain sum has. */
export async function columnSums(
  source: ColumnSource,
  options: RunOptions,
): Promise<{ readonly mean: number[]; readonly sum: number[] }> {
  const moments = await columnMoments(source, options);
  const infinite = await infiniteSums(source, moments, options);
  const weight = (j: number): number => moments.weight[j] ?? 0;
  return {
    mean: Array.from(moments.mean, (value, j) => infinite?.[j] ?? (weight(j) > 0 ? value : NaN)),
    sum: Array.from(moments.mean, (value, j) => infinite?.[j] ?? value * weight(j)),
  };
}

// Moments are sums of differences from a first mean, which infinities turn into NaN: the plain sum keeps their sign.
async function infiniteSums(
  source: ColumnSource,
  { infCount }: Moments,
  options: RunOptions,
): Promise<(number | undefined)[] | undefined> {
  if (source.layout === "csr" || !infCount.some((count) => count > 0)) return undefined;
  const { min, max } = await columnExtremes(source, options);
  return Array.from(infCount, (count, j) => {
    if (count === 0) return undefined;
    return (min[j] === -Infinity ? -Infinity : 0) + (max[j] === Infinity ? Infinity : 0);
  });
}

/** Quantiles of each column of a dense array, NaN left out, `[level][column]`: one pass. */
export async function columnQuantiles(
  { plan }: ColumnSource,
  levels: readonly number[],
  error: number,
  options: RunOptions,
): Promise<number[][]> {
  const pass = { label: "quantile", step: SKETCH_STEP, args: { error }, combine: mergeSketchLists };
  return quantilesOf((await reducePartitions<QuantileSketchData[]>([plan], pass, options)) ?? [], levels);
}
