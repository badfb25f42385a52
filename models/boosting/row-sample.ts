import { CounterRng } from "../../src/base/rng.js";
import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import type { BoostChunk, DerivedChunk, GrowingChunk } from "./boost-chunk.js";

/** Which rows a round's trees are grown on; drawn by the row's number in the whole data. Plain data. */
export interface RowSample {
  readonly seed: number;
  readonly round: number;
  /** Chance of a row. */
  readonly rate: number;
  /** Rows whose |g| (summed over outputs) is at least this are always taken; the others' derivatives count `factor` times. */
  readonly certain?: { readonly threshold: number; readonly factor: number };
}

/** The training rows that a round takes, and all others, which move with its trees. */
export function sampleRows(
  context: TaskContext,
  arena: number,
  sample: RowSample | undefined,
  chunk: BoostChunk | DerivedChunk,
): Pick<GrowingChunk, "root" | "rest"> {
  const { memory } = context;
  if (!sample) return { root: chunk.train, rest: chunk.held };
  const rng = new CounterRng(sample.seed, "boosting rows");
  const train = memory.view(chunk.train);
  const sizes = sample.certain ? gradientSizes(context, chunk as DerivedChunk) : undefined;
  const threshold = sample.certain?.threshold ?? Infinity;
  const taken = new Int32Array(train.length);
  const others = new Int32Array(train.length);
  let [n, m] = [0, 0];
  for (const row of train) {
    const certain = sizes !== undefined && sizes(row) >= threshold;
    if (certain || rng.uniform(chunk.firstRow + row, sample.round) < sample.rate) taken[n++] = row;
    else others[m++] = row;
  }
  const list = (...parts: Int32Array[]): Column<"i32"> => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const column = memory.denseIn("i32", length, 1, arena).columns[0] as Column<"i32">;
    let at = 0;
    for (const part of parts) {
      memory.view(column).set(part, at);
      at += part.length;
    }
    return column;
  };
  return { root: list(taken.subarray(0, n)), rest: list(others.subarray(0, m), memory.view(chunk.held)) };
}

/** |g| of a row, summed over outputs. */
export function gradientSizes(context: TaskContext, chunk: DerivedChunk): (row: number) => number {
  const columns = chunk.g.map((g) => context.memory.view(g));
  return (row) => {
    let size = 0;
    for (const g of columns) size += Math.abs(g[row] as number);
    return size;
  };
}
