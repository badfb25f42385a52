import { CounterRng } from "../src/base/rng.js";
import type { TaskContext } from "../src/engine/engine.js";
import { fnRef } from "../src/engine/fn-ref.js";
import type { Design } from "../src/estimator/design.js";
import type { DenseChunk } from "../src/memory/column.js";
import type { DesignChunk } from "../src/numeric/design-chunk.js";
import { eachColumn } from "./column-steps.js";

/** Rows of a fit in ordinary memory, with their weights where there are any. */
export interface RowSample {
  readonly columns: readonly Float64Array[];
  readonly weights?: Float64Array | undefined;
}

/**
 * All rows of a dense design, or about `size` of them where there are more: row i (over all partitions) is taken where its
 * random number falls below `size / rows`, so that the sample does not depend on the partitions. The design should be held.
 */
export async function sampleRows(design: Design, rows: number, size: number, seed: number): Promise<RowSample> {
  let starts: number[] = [];
  const share = rows <= size ? 1 : size / rows;
  if (share < 1) {
    const counts = await design.reduce<number[]>(COUNT_STEP, undefined, (a, b) => [...a, ...b], false);
    let at = 0;
    starts = counts.map((count) => (at += count) - count);
  }
  return design.reduce<RowSample>(SAMPLE_STEP, { starts, share, seed }, joined, false);
}

/** Rows of one partition, as a list to concatenate. */
export function countStep(_context: TaskContext, _args: undefined, design: DesignChunk): number[] {
  return [design.x.rows];
}

const COUNT_STEP = fnRef(import.meta.url, "countStep");

/** The sampled rows of one partition. */
export function sampleStep(
  context: TaskContext,
  args: { starts: readonly number[]; share: number; seed: number },
  design: DesignChunk,
): RowSample {
  const x = design.x as DenseChunk;
  const chosen = args.share < 1 ? choose(x.rows, args.starts[context.partition?.index ?? 0] ?? 0, args) : undefined;
  const take = (values: Float64Array): Float64Array => {
    if (!chosen) return values.slice();
    const out = new Float64Array(chosen.length);
    for (let k = 0; k < chosen.length; k++) out[k] = values[chosen[k] as number] as number;
    return out;
  };
  const columns: Float64Array[] = [];
  eachColumn(context, x, (values) => columns.push(take(values)));
  return { columns, ...(design.w ? { weights: take(context.memory.view(design.w)) } : {}) };
}

const SAMPLE_STEP = fnRef(import.meta.url, "sampleStep");

function choose(rows: number, start: number, { share, seed }: { share: number; seed: number }): Uint32Array {
  const rng = new CounterRng(seed, "row sample");
  const chosen = new Uint32Array(rows);
  let n = 0;
  for (let i = 0; i < rows; i++) if (rng.uniform(start + i, 0) < share) chosen[n++] = i;
  return chosen.subarray(0, n);
}

function joined(a: RowSample, b: RowSample): RowSample {
  const both = (p: Float64Array, q: Float64Array): Float64Array => {
    const out = new Float64Array(p.length + q.length);
    out.set(p);
    out.set(q, p.length);
    return out;
  };
  const weights = a.weights && b.weights ? { weights: both(a.weights, b.weights) } : {};
  return { columns: a.columns.map((column, j) => both(column, b.columns[j] as Float64Array)), ...weights };
}
