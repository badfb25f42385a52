import type { Design } from "../src/estimator/design.js";
import type { ColumnRanges } from "./column-ranges.js";
import {
  addCounts,
  binningOf,
  binOf,
  GATHER_STEP,
  HISTOGRAM_STEP,
  mergeRunLists,
  type Binning,
  type Intervals,
  type Run,
} from "./order-steps.js";

/**
 * Between which values of a column a quantile lies, W being the column's weight:
 * - "linear": numpy's default, at position `q · (W − 1)` between neighbours;
 * - "averagedInvertedCdf": the smallest value x with R+(x) >= q·W, or the middle between it and the next where they are
 *   equal. R+ is the weight up to and with x.
 */
export type QuantileMethod = "linear" | "averagedInvertedCdf";

/** The smallest value x with R+(x) > rank, or >= where `inclusive`. */
interface Target {
  readonly rank: number;
  readonly inclusive: boolean;
}

/** Values [low, high] of a column, with the weight below them and what is looked for in them. */
interface Search {
  readonly column: number;
  readonly low: number;
  readonly high: number;
  readonly below: number;
  readonly targets: readonly number[];
}

const BINS = 2048;
const GATHER_LIMIT = 16_384;

/**
 * Exact weighted quantiles of every column, NaN left out: `[column][level]`, NaN for a column without values. With integer
 * weights they are those of the rows repeated; without weights numpy's `nanquantile`.
 *
 * One pass counts 2,048 equal bins between the extremes, one gathers the values in the few bins where the quantiles lie.
 * Bins that hold too many distinct values (heavy tails) are cut again: two more passes each time, over the columns
 * concerned. The design should be held. What travels: 16 KiB a column and partition, and the gathered values.
 */
export async function exactQuantiles(
  design: Design,
  ranges: ColumnRanges,
  levels: readonly number[],
  method: QuantileMethod,
): Promise<Float64Array[]> {
  // The ends are known; looking for them would be two more intervals to gather.
  const inner = levels.filter((q) => q > 0 && q < 1);
  const between = inner.length > 0 ? await innerQuantiles(design, ranges, inner, method) : [];
  return Array.from(ranges.min, (min, j) => {
    const max = ranges.max[j] as number;
    return Float64Array.from(levels, (q) => {
      if (!(min <= max)) return NaN;
      return q <= 0 ? min : q >= 1 ? max : ((between[j] as Float64Array)[inner.indexOf(q)] as number);
    });
  });
}

async function innerQuantiles(
  design: Design,
  ranges: ColumnRanges,
  levels: readonly number[],
  method: QuantileMethod,
): Promise<Float64Array[]> {
  const bins = Math.max(1, Math.min(BINS, Math.ceil(ranges.rows / 32)));
  const columns = Array.from(ranges.min, (low, j) => ({ low, high: ranges.max[j] as number }));
  const live = columns.map((_, column) => column).filter((j) => (columns[j]?.low ?? 0) <= (columns[j]?.high ?? -1));
  const first = live.map((column): Search => ({
    ...(columns[column] as { low: number; high: number }),
    column,
    below: 0,
    targets: [],
  }));
  const counts = await histogram(design, first, bins);
  const totals = new Float64Array(columns.length);
  first.forEach(({ column }, k) => {
    for (let b = 0; b < bins; b++) totals[column] = (totals[column] as number) + (counts[k * bins + b] as number);
  });
  const wanted = Array.from(totals, (total) => levels.flatMap((q) => targetsOf(q, total, method)));
  const values = wanted.map((targets) => new Float64Array(targets.length).fill(NaN));
  let searches = first.flatMap((search, k) => {
    const targets = (wanted[search.column] as Target[]).map((_, t) => t);
    return narrow({ ...search, targets }, counts.subarray(k * bins, (k + 1) * bins), bins, wanted);
  });
  for (let limit = GATHER_LIMIT; searches.length > 0; limit *= 4) {
    const runs = await design.reduce<Run[]>(
      GATHER_STEP,
      { intervals: intervalsOf(searches), limit },
      mergeRunLists,
      false,
    );
    const left: Search[] = [];
    runs.forEach((run, k) => {
      const search = searches[k] as Search;
      if (run.overflow) left.push({ ...search, low: run.value[0] as number, high: run.value[1] as number });
      else pick(search, run, wanted[search.column] as Target[], values[search.column] as Float64Array);
    });
    if (left.length === 0) break;
    const finer = await histogram(design, left, BINS);
    searches = left.flatMap((search, k) => narrow(search, finer.subarray(k * BINS, (k + 1) * BINS), BINS, wanted));
  }
  return values.map((found, j) => finish(found, levels, totals[j] as number, method));
}

async function histogram(design: Design, searches: readonly Search[], bins: number): Promise<Float64Array> {
  return design.reduce<Float64Array>(HISTOGRAM_STEP, { intervals: intervalsOf(searches), bins }, addCounts, false);
}

function intervalsOf(searches: readonly Search[]): Intervals & Record<string, readonly number[]> {
  return {
    column: searches.map(({ column }) => column),
    low: searches.map(({ low }) => low),
    high: searches.map(({ high }) => high),
  };
}

// Two targets a level: the quantile lies between them.
function targetsOf(q: number, total: number, method: QuantileMethod): Target[] {
  if (method === "linear") {
    const at = Math.floor(Math.max(0, q * (total - 1)));
    return [
      { rank: at, inclusive: false },
      { rank: Math.min(at + 1, Math.max(0, total - 1)), inclusive: false },
    ];
  }
  return [
    { rank: q * total, inclusive: true },
    { rank: q * total, inclusive: false },
  ];
}

function finish(found: Float64Array, levels: readonly number[], total: number, method: QuantileMethod): Float64Array {
  return Float64Array.from(levels, (q, i) => {
    const a = found[2 * i] as number;
    const b = found[2 * i + 1] as number;
    if (method === "averagedInvertedCdf") return a === b ? a : a + (b - a) * 0.5;
    const position = Math.max(0, q * (total - 1));
    return lerp(a, b, position - Math.floor(position));
  });
}

// numpy's: from the nearer end, so that both ends are met exactly.
function lerp(a: number, b: number, t: number): number {
  if (a === b) return a;
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

function reached({ rank, inclusive }: Target, weight: number): boolean {
  return inclusive ? weight >= rank : weight > rank;
}

// The bins of a search in which its targets lie, as searches of their own.
function narrow(search: Search, counts: Float64Array, bins: number, wanted: readonly (readonly Target[])[]): Search[] {
  const targets = wanted[search.column] as readonly Target[];
  const binning = binningOf(search.low, search.high, bins);
  const found = new Map<number, { below: number; targets: number[] }>();
  for (const t of search.targets) {
    let below = search.below;
    let last = { bin: 0, below };
    let bin = 0;
    for (; bin < bins; bin++) {
      const count = counts[bin] as number;
      if (count === 0) continue;
      last = { bin, below };
      if (reached(targets[t] as Target, below + count)) break;
      below += count;
    }
    // Sums of weights may stay a rounding short of the rank of the largest value.
    const own = found.get(last.bin) ?? { below: last.below, targets: [] };
    own.targets.push(t);
    found.set(last.bin, own);
  }
  return [...found].map(([bin, own]) => ({
    column: search.column,
    low: bin === 0 ? search.low : splitAt(search, binning, bin)[1],
    high: bin === bins - 1 ? search.high : splitAt(search, binning, bin + 1)[0],
    ...own,
  }));
}

// The largest value of the interval below a bin, and the smallest one in it or above.
function splitAt({ low, high }: Search, binning: Binning, bin: number): [number, number] {
  if (binOf(binning, high) < bin) return [high, high];
  let below = low;
  let above = high;
  for (;;) {
    const middle = below * 0.5 + above * 0.5;
    if (!(middle > below && middle < above)) return [below, above];
    if (binOf(binning, middle) >= bin) above = middle;
    else below = middle;
  }
}

function pick(search: Search, run: Run, targets: readonly Target[], values: Float64Array): void {
  for (const t of search.targets) {
    let weight = search.below;
    let k = 0;
    for (; k < run.value.length - 1; k++) {
      weight += run.weight[k] as number;
      if (reached(targets[t] as Target, weight)) break;
    }
    values[t] = run.value[k] ?? NaN;
  }
}
