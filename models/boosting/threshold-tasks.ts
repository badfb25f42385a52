import { CounterRng } from "../../src/base/rng.js";
import type { TaskContext } from "../../src/engine/engine.js";
import { Workspace } from "../../src/kernels/workspace.js";
import type { Column, DenseChunk } from "../../src/memory/column.js";
import type { DesignChunk } from "../../src/numeric/design-chunk.js";
import { doublesOf } from "../../src/numeric/doubles-of.js";
import { binThresholds } from "../../src/numeric/trees/bin-thresholds.js";
import { spaceOver, sparseColumns, takeSparseRows } from "./sparse-rows.js";

/** One row of each `stride` rows of the whole data, by its number there: the same rows for any partitioning. */
export function sampleStep(
  context: TaskContext,
  args: { starts: readonly number[]; stride: number; seed: number },
  design: DesignChunk,
): DesignChunk {
  const { x } = design;
  if (args.stride === 1) return { x, ...(design.w ? { w: design.w } : {}) };
  const rng = new CounterRng(args.seed, "boosting bins");
  const start = args.starts[context.partition?.index ?? 0] ?? 0;
  const picks: number[] = [];
  for (let block = Math.floor(start / args.stride); block * args.stride < start + x.rows; block++) {
    const row = block * args.stride + rng.integer(block, args.stride) - start;
    if (row >= 0 && row < x.rows) picks.push(row);
  }
  using space = spaceOver(context, x);
  const take = (source: Column, target: Column<"f64">): void => {
    const from = doublesOf(context, space, source);
    const to = context.memory.view(target);
    for (let i = 0; i < picks.length; i++) to[i] = from[picks[i] as number] as number;
  };
  const out = x.kind === "csr" ? takeSparseRows(context, x, picks) : takeDenseRows(context, x, picks.length, take);
  if (!design.w) return { x: out };
  const w = context.memory.column("f64", picks.length);
  take(design.w, w);
  return { x: out, w };
}

function takeDenseRows(
  context: TaskContext,
  x: DenseChunk,
  rows: number,
  take: (source: Column, target: Column<"f64">) => void,
): DenseChunk {
  const out = context.memory.dense("f64", rows, x.columns.length);
  x.columns.forEach((column, j) => take(column, out.columns[j] as Column<"f64">));
  return out;
}

/** Thresholds of columns `from` to `to` from the samples of all partitions; none for those skipped. */
export function thresholdStep(
  context: TaskContext,
  args: { from: number; to: number; maxBins: number; skipped: readonly number[] },
  ...samples: DesignChunk[]
): Float64Array[] {
  const rows = samples.reduce((sum, sample) => sum + sample.x.rows, 0);
  const gather = (column: (sample: DesignChunk) => Column): Float64Array => {
    const all = new Float64Array(rows);
    let at = 0;
    for (const sample of samples) {
      if (sample.x.rows === 0) continue;
      const own = column(sample);
      using space = new Workspace(context.memory, own.arena);
      all.set(doublesOf(context, space, own), at);
      at += sample.x.rows;
    }
    return all;
  };
  const weights = samples.some((sample) => sample.w) ? gather((sample) => sample.w as Column) : undefined;
  const sparse = samples.flatMap(({ x }) => (x.kind === "csr" ? [x] : []));
  if (sparse.length > 0) {
    return Array.from(sparseColumns(context, sparse, args.from, args.to), (column) => {
      context.throwIfAborted();
      // Zeros need no sort, but their weights add up one by one as those of others do.
      if (!weights)
        return binThresholds(column.values, undefined, args.maxBins, Math.max(0, rows - column.values.length));
      const whole = new Float64Array(rows);
      column.rows.forEach((row, k) => (whole[row] = column.values[k] as number));
      return binThresholds(whole, weights, args.maxBins);
    });
  }
  return Array.from({ length: args.to - args.from }, (_, k) => {
    context.throwIfAborted();
    if (args.skipped.includes(args.from + k)) return new Float64Array(0);
    return binThresholds(
      gather((sample) => (sample.x as DenseChunk).columns[args.from + k] as Column),
      weights,
      args.maxBins,
    );
  });
}
