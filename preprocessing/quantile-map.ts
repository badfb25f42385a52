import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addRowStep } from "../src/estimator/row-steps.js";
import type { DenseChunk } from "../src/memory/column.js";
import { mapColumns } from "./column-steps.js";
import { normalCdf } from "../src/numeric/normal-distribution.js";
import { normalQuantile } from "../src/numeric/normal-quantile.js";

/** What the steps of a quantile transform know: quantiles of each column, ascending, at equally spaced levels 0 to 1. */
export interface QuantileArgs {
  readonly quantiles: readonly Float64Array[];
  readonly normal: boolean;
}

// scikit-learn's: nearer to the ends of [0, 1] a value counts as the end.
const NEAR_END = 1e-7;
const LOWEST = normalQuantile(NEAR_END - Number.EPSILON);
const HIGHEST = normalQuantile(1 - (NEAR_END - Number.EPSILON));

/** A piecewise linear map from values to levels, and where to look for a value's piece. */
interface LevelMap {
  /** Distinct quantiles. */
  readonly value: Float64Array;
  /** First and last level of each. */
  readonly first: Float64Array;
  readonly last: Float64Array;
  /** Number of quantiles in buckets before b, for equal buckets between the ends. */
  readonly before: Int32Array;
  readonly scale: number;
}

/** Levels (or normal quantiles) of one partition's values. NaN stay. */
export function toLevelsStep(context: TaskContext, args: QuantileArgs, x: DenseChunk): DenseChunk {
  return mapColumns(context, x, (values, out, j) => {
    const quantiles = args.quantiles[j] as Float64Array;
    if (Number.isNaN(quantiles[0])) out.fill(NaN);
    else {
      toLevels(levelMap(quantiles), values, out, args.normal ? NEAR_END : 0);
      if (args.normal) normalise(out);
    }
  });
}

/** Values of one partition's levels (or normal quantiles). NaN stay. */
export function fromLevelsStep(context: TaskContext, args: QuantileArgs, x: DenseChunk): DenseChunk {
  return mapColumns(context, x, (values, out, j) =>
    fromLevels(args.quantiles[j] as Float64Array, values, out, args.normal),
  );
}

function levelMap(quantiles: Float64Array): LevelMap {
  const m = quantiles.length;
  const level = (k: number): number => (m === 1 ? 0 : k / (m - 1));
  const value: number[] = [];
  const first: number[] = [];
  const last: number[] = [];
  quantiles.forEach((quantile, k) => {
    if (value.length === 0 || quantile > (value[value.length - 1] as number)) {
      value.push(quantile);
      first.push(level(k));
      last.push(level(k));
    } else last[last.length - 1] = level(k);
  });
  const buckets = 4 * value.length;
  const span = (value[value.length - 1] as number) - (value[0] as number);
  const scale = Math.min(Number.MAX_VALUE, span > 0 && span < Infinity ? buckets / span : 0);
  const before = new Int32Array(buckets + 3);
  for (const one of value) {
    const at = Math.min(buckets, Math.floor((one - (value[0] as number)) * scale)) + 1;
    before[at] = (before[at] as number) + 1;
  }
  for (let b = 1; b < before.length; b++) before[b] = (before[b] as number) + (before[b - 1] as number);
  return {
    value: Float64Array.from(value),
    first: Float64Array.from(first),
    last: Float64Array.from(last),
    before,
    scale,
  };
}

function toLevels(
  { value, first, last, before, scale }: LevelMap,
  values: Float64Array,
  out: Float64Array,
  near: number,
): void {
  const end = value.length - 1;
  const lowest = value[0] as number;
  const highest = value[end] as number;
  const buckets = before.length - 3;
  for (let i = 0; i < values.length; i++) {
    const x = values[i] as number;
    if (x !== x) out[i] = NaN;
    else if (near === 0 ? x <= lowest : x - near < lowest) out[i] = 0;
    else if (near === 0 ? x >= highest : x + near > highest) out[i] = 1;
    else {
      const bucket = Math.min(buckets, (x - lowest) * scale) | 0;
      // Quantiles of lower buckets are below x, those of higher ones above it.
      let from = (before[bucket] as number) - 1;
      let to = before[bucket + 1] as number;
      if (from < 0) from = 0;
      while (to - from > 1) {
        const middle = (from + to) >>> 1;
        if ((value[middle] as number) <= x) from = middle;
        else to = middle;
      }
      const below = value[from] as number;
      const low = last[from] as number;
      // The mean of both ends of a repeated quantile; between quantiles, of the lines from both sides.
      if (below === x || from === end) out[i] = 0.5 * ((first[from] as number) + low);
      else {
        const above = value[from + 1] as number;
        const high = first[from + 1] as number;
        const slope = (high - low) / (above - below);
        out[i] = 0.5 * (slope * (x - below) + low + (high - slope * (above - x)));
      }
    }
  }
}

function normalise(out: Float64Array): void {
  for (let i = 0; i < out.length; i++) {
    const z = normalQuantile(out[i] as number);
    out[i] = z < LOWEST ? LOWEST : z > HIGHEST ? HIGHEST : z;
  }
}

function fromLevels(quantiles: Float64Array, values: Float64Array, out: Float64Array, normal: boolean): void {
  const end = quantiles.length - 1;
  const lowest = quantiles[0] as number;
  const highest = quantiles[end] as number;
  for (let i = 0; i < values.length; i++) {
    const level = normal ? normalCdf(values[i] as number) : (values[i] as number);
    if (level !== level) out[i] = NaN;
    else if (normal ? level - NEAR_END < 0 : level <= 0) out[i] = lowest;
    else if (normal ? level + NEAR_END > 1 : level >= 1) out[i] = highest;
    else {
      let k = Math.min(end - 1, Math.floor(level * end));
      // Levels are k / end, rounded: the product may be off by one.
      if (k > 0 && level < k / end) k -= 1;
      else if (k + 1 < end && level >= (k + 1) / end) k += 1;
      if (k < 0) out[i] = lowest;
      else {
        const low = quantiles[k] as number;
        const slope = ((quantiles[k + 1] as number) - low) / ((k + 1) / end - k / end);
        out[i] = slope * (level - k / end) + low;
      }
    }
  }
}

addRowStep<QuantileArgs>(fnRef(import.meta.url, "toLevelsStep"), ({ quantiles, normal }) => {
  const maps = quantiles.map((own) => (Number.isNaN(own[0]) ? undefined : levelMap(own)));
  return (row) => {
    const out = new Float64Array(maps.length).fill(NaN);
    maps.forEach((map, j) => {
      if (!map) return;
      const level = out.subarray(j, j + 1);
      toLevels(map, (row as Float64Array).subarray(j, j + 1), level, normal ? NEAR_END : 0);
      if (normal) normalise(level);
    });
    return out;
  };
});
