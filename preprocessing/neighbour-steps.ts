import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import { addRowStep } from "../src/estimator/row-steps.js";
import { Workspace } from "../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../src/memory/column.js";
import { argsort } from "../src/numeric/argsort.js";
import { doublesOf } from "../src/numeric/doubles-of.js";

/** What an imputer by neighbours knows. */
export interface NeighbourArgs {
  /** The rows that may give values, column by column, NaN where they have none. */
  readonly rows: readonly Float64Array[];
  /** How often each of these rows counts. */
  readonly weights: Float64Array | null;
  readonly nNeighbors: number;
  readonly byDistance: boolean;
  /** Columns that are returned. */
  readonly keep: readonly number[];
  readonly indicators: readonly number[];
}

/** One partition with its missing values filled in, then the indicators. */
export function fillFromNeighbours(context: TaskContext, args: NeighbourArgs, x: DenseChunk): DenseChunk {
  using space = Workspace.over(context.memory, x);
  const values = x.columns.map((column) => doublesOf(context, space, column));
  const f32 = x.columns.length > 0 && x.columns.every((column) => column.dtype === "f32");
  const out = context.memory.dense(f32 ? "f32" : "f64", x.rows, args.keep.length + args.indicators.length);
  const targets = out.columns.map((column) => context.memory.view(column as Column<"f64">));
  const width = args.keep.length;
  args.keep.forEach((j, k) => (targets[k] as Float64Array).set(values[j] as Float64Array));
  args.indicators.forEach((j, k) => {
    const flag = targets[width + k] as Float64Array;
    const own = values[j] as Float64Array;
    for (let i = 0; i < flag.length; i++) flag[i] = own[i] === own[i] ? 0 : 1;
  });
  const means = args.rows.map((column) => meanOf(column, args.weights));
  for (let i = 0; i < x.rows; i++) {
    const missing = args.keep.flatMap((j, k) => (Number.isNaN((values[j] as Float64Array)[i]) ? [k] : []));
    if (missing.length === 0) continue;
    context.throwIfAborted();
    const { order, distance } = nearest(args.rows, values, i);
    for (const k of missing) {
      const j = args.keep[k] as number;
      (targets[k] as Float64Array)[i] =
        average(args, args.rows[j] as Float64Array, order, distance) ?? (means[j] as number);
    }
  }
  return out;
}

/**
 * Distances of a row to all that may give values, nearest first, those without a common column left out:
 * `√(p / common · Σ(x − y)²)` over the columns that both have (Dixon 1979).
 */
function nearest(
  rows: readonly Float64Array[],
  values: readonly Float64Array[],
  i: number,
): { order: Uint32Array; distance: Float64Array } {
  const n = rows[0]?.length ?? 0;
  const sums = new Float64Array(n);
  const common = new Float64Array(n);
  rows.forEach((column, j) => {
    const value = (values[j] as Float64Array)[i] as number;
    if (value !== value) return;
    for (let r = 0; r < n; r++) {
      const gap = (column[r] as number) - value;
      if (gap !== gap) continue;
      sums[r] = (sums[r] as number) + gap * gap;
      common[r] = (common[r] as number) + 1;
    }
  });
  const kept: number[] = [];
  for (let r = 0; r < n; r++) if ((common[r] as number) > 0) kept.push(r);
  const distance = Float64Array.from(kept, (r) =>
    Math.sqrt((rows.length / (common[r] as number)) * (sums[r] as number)),
  );
  const ranks = argsort(distance);
  return {
    order: ranks.map((k) => kept[k] as number),
    distance: Float64Array.from(ranks, (k) => distance[k] as number),
  };
}

/** The (weighted) mean of the nearest rows that have the column; undefined where none is near. */
function average(
  { nNeighbors, byDistance, weights }: NeighbourArgs,
  column: Float64Array,
  order: Uint32Array,
  distance: Float64Array,
): number | undefined {
  let left = nNeighbors;
  let sum = 0;
  let total = 0;
  let touching = false;
  for (let k = 0; k < order.length && left > 0; k++) {
    const value = column[order[k] as number] as number;
    if (value !== value) continue;
    const own = Math.min(left, weights ? (weights[order[k] as number] as number) : 1);
    left -= own;
    const apart = distance[k] as number;
    // A row at distance 0 counts alone, with others like it.
    if (byDistance && touching && apart > 0) break;
    if (byDistance && apart === 0) touching = true;
    const share = byDistance && apart > 0 ? own / apart : own;
    sum += share * value;
    total += share;
  }
  return total > 0 ? sum / total : undefined;
}

function meanOf(column: Float64Array, weights: Float64Array | null): number {
  let sum = 0;
  let total = 0;
  column.forEach((value, i) => {
    if (value !== value) return;
    const own = weights ? (weights[i] as number) : 1;
    sum += own * value;
    total += own;
  });
  return total > 0 ? sum / total : 0;
}

addRowStep<NeighbourArgs>(fnRef(import.meta.url, "fillFromNeighbours"), (args) => {
  const means = args.rows.map((column) => meanOf(column, args.weights));
  return (row) => {
    const values = row as Float64Array;
    const flags = args.indicators.map((j) => (Number.isNaN(values[j]) ? 1 : 0));
    const kept = args.keep.map((j) => values[j] as number);
    if (kept.some(Number.isNaN)) {
      const { order, distance } = nearest(
        args.rows,
        Array.from(values, (value) => Float64Array.of(value)),
        0,
      );
      args.keep.forEach((j, k) => {
        if (Number.isNaN(kept[k]))
          kept[k] = average(args, args.rows[j] as Float64Array, order, distance) ?? (means[j] as number);
      });
    }
    return Float64Array.from([...kept, ...flags]);
  };
});
