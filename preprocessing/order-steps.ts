import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { Column } from "../src/memory/column.js";
import { densify } from "../src/numeric/densify.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";

/** Closed intervals of values, each of one column. */
export interface Intervals {
  readonly column: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/**
 * How an interval is cut into equal bins: value v lies in bin `⌊(v · half − low) · scale⌋`, in the last one at most. Every
 * operation rounds monotonically, so bins are in the order of their values whatever the rounding.
 */
export interface Binning {
  readonly half: number;
  readonly low: number;
  readonly scale: number;
  readonly bins: number;
}

/** The binning of [low, high]. */
export function binningOf(low: number, high: number, bins: number): Binning {
  // The width of the largest intervals overflows; half of it does not.
  const half = Number.isFinite(high - low) ? 1 : 0.5;
  const scale = Math.min(Number.MAX_VALUE, bins / (high * half - low * half));
  return { half, low: low * half, scale: Number.isNaN(scale) ? 0 : scale, bins };
}

/** The bin of a value. */
export function binOf({ half, low, scale, bins }: Binning, value: number): number {
  return Math.min(bins - 1, Math.floor((value * half - low) * scale));
}

/** Weight in each bin of each interval, interval after interval. */
export function histogramStep(
  context: TaskContext,
  args: { intervals: Intervals; bins: number },
  design: DesignChunk,
): Float64Array {
  const { intervals, bins } = args;
  const x = densify(context, design.x);
  using space = Workspace.over(context.memory, x);
  const w = design.w ? space.pointer(design.w) : 0;
  const total = new Float64Array(intervals.column.length * bins);
  // One more place for the upper edge itself, and one for values outside.
  const counts = space.numbers(bins + 2);
  intervals.column.forEach((column, k) => {
    context.throwIfAborted();
    counts.values.fill(0);
    const source = space.doubles(x.columns[column] as Column);
    const [from, to] = [intervals.low[k] as number, intervals.high[k] as number];
    const { half, low, scale } = binningOf(from, to, bins);
    space.kernels.binCounts(source, x.rows, w, from, to, half, low, scale, bins, counts.pointer);
    total.set(counts.values.subarray(0, bins), k * bins);
    const last = k * bins + bins - 1;
    total[last] = (total[last] as number) + (counts.values[bins] as number);
  });
  return total;
}

/** Names {@link histogramStep} for the engine. */
export const HISTOGRAM_STEP = fnRef(import.meta.url, "histogramStep");

/** Sum of two histograms; a new array, because partials may be shared. */
export function addCounts(a: Float64Array, b: Float64Array): Float64Array {
  const sum = a.slice();
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (b[i] as number);
  return sum;
}

/** Distinct values in an interval, ascending, with their weight; only the extremes where there were too many. */
export interface Run {
  readonly value: Float64Array;
  readonly weight: Float64Array;
  readonly overflow: boolean;
}

/** The {@link Run} of each interval; one with more than `limit` distinct values in this partition overflows. */
export function gatherStep(
  context: TaskContext,
  args: { intervals: Intervals; limit: number },
  design: DesignChunk,
): Run[] {
  const { intervals, limit } = args;
  const x = densify(context, design.x);
  using space = Workspace.over(context.memory, x);
  const w = design.w ? context.memory.view(design.w) : undefined;
  const pointer = space.bytes(Math.max(8, x.rows * 4));
  const buffer = context.memory.memoryOf(space.arena).buffer as ArrayBuffer;
  return intervals.column.map((column, k) => {
    context.throwIfAborted();
    const source = space.doubles(x.columns[column] as Column);
    const [low, high] = [intervals.low[k] as number, intervals.high[k] as number];
    const n = space.kernels.rowsWithin(source, x.rows, low, high, pointer);
    const values = new Float64Array(buffer, source, x.rows);
    let rows = new Uint32Array(buffer, pointer, n);
    if (w) rows = rows.filter((i) => w[i] !== 0);
    const found = new Float64Array(rows.length);
    for (let i = 0; i < found.length; i++) found[i] = values[rows[i] as number] as number;
    return runOf(found, w ? (i) => w[rows[i] as number] as number : undefined, limit);
  });
}

/** Names {@link gatherStep} for the engine. */
export const GATHER_STEP = fnRef(import.meta.url, "gatherStep");

/** Distinct values with their weight. */
export function runOf(values: Float64Array, weightOf: ((i: number) => number) | undefined, limit: number): Run {
  if (!weightOf) {
    values.sort();
    return compress(values, undefined, limit);
  }
  const order = Uint32Array.from(values.keys()).sort((i, j) => (values[i] as number) - (values[j] as number) || i - j);
  return compress(
    Float64Array.from(order, (i) => values[i] as number),
    Float64Array.from(order, (i) => weightOf(i)),
    limit,
  );
}

function compress(sorted: Float64Array, weights: Float64Array | undefined, limit: number): Run {
  const n = sorted.length;
  const value = new Float64Array(n);
  const weight = new Float64Array(n);
  let k = -1;
  for (let i = 0; i < n; i++) {
    const one = sorted[i] as number;
    // Adding 0 makes -0 and 0 the same, whichever came first.
    if (k < 0 || value[k] !== one) value[++k] = one + 0;
    weight[k] = (weight[k] as number) + (weights ? (weights[i] as number) : 1);
  }
  const distinct = k + 1;
  if (distinct > limit) {
    return {
      value: Float64Array.of(value[0] as number, value[k] as number),
      weight: new Float64Array(2),
      overflow: true,
    };
  }
  return { value: value.slice(0, distinct), weight: weight.slice(0, distinct), overflow: false };
}

/** Interval by interval the distinct values of both. */
export function mergeRunLists(a: readonly Run[], b: readonly Run[]): Run[] {
  return a.map((run, k) => mergeRuns(run, b[k] as Run));
}

/** The distinct values of both; O(entries). */
export function mergeRuns(a: Run, b: Run): Run {
  if (a.value.length === 0) return b;
  if (b.value.length === 0) return a;
  if (a.overflow || b.overflow) {
    const low = Math.min(a.value[0] as number, b.value[0] as number);
    const high = Math.max(a.value[a.value.length - 1] as number, b.value[b.value.length - 1] as number);
    return { value: Float64Array.of(low, high), weight: new Float64Array(2), overflow: true };
  }
  const value = new Float64Array(a.value.length + b.value.length);
  const weight = new Float64Array(value.length);
  let i = 0;
  let j = 0;
  let k = 0;
  while (i < a.value.length || j < b.value.length) {
    const va = i < a.value.length ? (a.value[i] as number) : Infinity;
    const vb = j < b.value.length ? (b.value[j] as number) : Infinity;
    value[k] = Math.min(va, vb);
    if (va <= vb) weight[k] = a.weight[i++] as number;
    if (vb <= va) weight[k] = (weight[k] as number) + (b.weight[j++] as number);
    k += 1;
  }
  return { value: value.slice(0, k), weight: weight.slice(0, k), overflow: false };
}
