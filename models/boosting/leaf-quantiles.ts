import type { Plain } from "../../src/base/plain.js";
import type { FnRef } from "../../src/engine/engine.js";
import { fnRef } from "../../src/engine/fn-ref.js";
import { argsort } from "../../src/numeric/argsort.js";
import type { BoostData } from "./boost-data.js";
import { RESIDUAL_BUCKETS, type ResidualArgs } from "./residual-tasks.js";

const task = (name: string): FnRef => fnRef(new URL("./residual-tasks.js", import.meta.url).href, name);

// Rows whose residuals are few enough to be sent to the driver.
const LISTED_ROWS = 32_768;

/** The residuals of a node among which its quantile is. */
interface Bracket {
  /** Place of the node in the list. */
  readonly at: number;
  low: number;
  high: number;
  rows: number;
  /** Weight in the bracket and below it, in units. */
  weight: number;
  below: number;
  /** Smallest residual above it. */
  next: number;
  /** Weight up to the quantile. */
  target: number;
}

/** What {@link leafQuantiles} is asked. */
export interface LeafShares {
  readonly nodes: readonly number[];
  readonly output: number;
  readonly share: number;
  readonly wScale: number;
  /** See `ResidualArgs`. */
  readonly gradients?: boolean;
}

/**
 * The weighted quantile of the residuals `y − margin` of some nodes: the smallest residual up to which lies at least that
 * share of the weight, or the middle between it and the next one where it is exactly that share (the median of 1, 2, 3, 4
 * is 2.5). It minimises the pinball loss. Weights count as integers, so the order of rows and their partitions do not matter.
 *
 * Passes over the rows: one for the range; some for buckets, until 32,768 rows are left in the brackets; one for these.
 */
export async function leafQuantiles(
  data: BoostData,
  { nodes, output, share, wScale, gradients = false }: LeafShares,
): Promise<Float64Array> {
  const ask = <T>(step: string, brackets: readonly Bracket[], combine: (a: T, b: T) => T): Promise<T> => {
    const args: ResidualArgs = {
      gradients,
      output,
      nodes: brackets.map(({ at }) => nodes[at] as number),
      low: Float64Array.from(brackets, ({ low }) => low),
      high: Float64Array.from(brackets, ({ high }) => high),
      wScale,
    };
    return data.reduce<T>(task(step), args as unknown as Plain, combine);
  };
  const out = new Float64Array(nodes.length);
  let open = nodes.map((_, at): Bracket => ({
    at,
    low: -Infinity,
    high: Infinity,
    rows: 0,
    weight: 0,
    below: 0,
    next: Infinity,
    target: 0,
  }));
  const ranges = await ask("residualRangeStep", open, mergeRanges);
  open.forEach((bracket, k) => {
    [bracket.low, bracket.high, bracket.weight, bracket.rows] = rangeAt(ranges, k);
    bracket.target = share * bracket.weight;
  });
  for (;;) {
    for (const bracket of open)
      if (bracket.low === bracket.high) out[bracket.at] = quantileIn(bracket, [bracket.low], [bracket.weight]);
    open = open.filter(({ low, high }) => low < high);
    if (open.length === 0) return out;
    if (open.reduce((sum, { rows }) => sum + rows, 0) <= LISTED_ROWS) break;
    const buckets = await ask("residualBucketStep", open, mergeRanges);
    open.forEach((bracket, k) => narrow(bracket, buckets, k * RESIDUAL_BUCKETS));
  }
  const lists = await ask("residualListStep", open, joinLists);
  open.forEach((bracket, k) => {
    const list = lists[k] as Float64Array;
    const values = list.filter((_, i) => i % 2 === 0);
    const order = Array.from(argsort(values));
    out[bracket.at] = quantileIn(
      bracket,
      order.map((i) => values[i] as number),
      order.map((i) => list[2 * i + 1] as number),
    );
  });
  return out;
}

/** Takes the bucket that holds the quantile for the bracket. */
function narrow(bracket: Bracket, buckets: Float64Array, first: number): void {
  let below = bracket.below;
  let found = false;
  for (let b = 0; b < RESIDUAL_BUCKETS; b++) {
    const [low, high, weight, rows] = rangeAt(buckets, first + b);
    if (rows === 0) continue;
    if (found) {
      bracket.next = low;
      return;
    }
    if (below + weight >= bracket.target) {
      Object.assign(bracket, { low, high, weight, rows, below });
      found = true;
    }
    below += weight;
  }
}

/** The quantile among values in ascending order. */
function quantileIn({ below, target, next }: Bracket, values: readonly number[], weights: readonly number[]): number {
  let sum = below;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    sum += weights[i] as number;
    if (values[i + 1] === value) continue;
    const above = values[i + 1] ?? next;
    if (sum === target && above < Infinity) return value / 2 + above / 2;
    if (sum >= target) return value + 0;
  }
  return (values.at(-1) as number) + 0;
}

function rangeAt(ranges: Float64Array, k: number): [low: number, high: number, weight: number, rows: number] {
  return [ranges[4 * k], ranges[4 * k + 1], ranges[4 * k + 2], ranges[4 * k + 3]] as [number, number, number, number];
}

function mergeRanges(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => {
    const other = b[i] as number;
    if (i % 4 === 0) return Math.min(value, other);
    return i % 4 === 1 ? Math.max(value, other) : value + other;
  });
}

function joinLists(a: readonly Float64Array[], b: readonly Float64Array[]): Float64Array[] {
  return a.map((list, k) => {
    const other = b[k] as Float64Array;
    const joined = new Float64Array(list.length + other.length);
    joined.set(list);
    joined.set(other, list.length);
    return joined;
  });
}
