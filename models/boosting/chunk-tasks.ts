import { CounterRng } from "../../src/base/rng.js";
import type { TaskContext } from "../../src/engine/engine.js";
import type { Column } from "../../src/memory/column.js";
import { exactSumOf, type ExactSum } from "../../src/numeric/trees/exact-scale.js";
import { emptyChunk } from "./binning-tasks.js";
import type { BinnedChunk, BoostChunk } from "./boost-chunk.js";

/** Rows `from` to `to` of one input. */
export interface Span {
  readonly input: number;
  readonly from: number;
  readonly to: number;
}

/** What {@link startStep} is told. */
export interface StartArgs {
  readonly spans: readonly Span[];
  readonly width: number;
  /** Number of the first row in the whole data. */
  readonly firstRow: number;
  /** Where rows start, one an output. */
  readonly margins: Float64Array;
  readonly seed: number;
  /** Share of rows (of groups, where there are any) that are held out. */
  readonly heldOut: number;
  /** First row of each group of the chunk, and the number of rows at the end. */
  readonly groups?: Int32Array;
}

/** A chunk of the fit from pieces of binned partitions, with every row at the same margin. */
export function startStep(context: TaskContext, args: StartArgs, ...inputs: BinnedChunk[]): BoostChunk {
  const { memory } = context;
  const rows = args.spans.reduce((sum, span) => sum + span.to - span.from, 0);
  const arena = inputs.find((input) => input.rows > 0)?.bins.arena ?? 0;
  const chunk = emptyChunk(context, rows, args.width, arena);
  const inArena = <D extends "f64" | "i32" | "u8">(dtype: D, length: number): Column<D> =>
    memory.denseIn(dtype, length, 1, arena).columns[0] as Column<D>;
  const y = inArena("f64", rows);
  const w = inputs.some((input) => input.w) ? inArena("f64", rows) : undefined;
  let at = 0;
  for (const { input, from, to } of args.spans) {
    const source = inputs[input] as BinnedChunk;
    const { stride } = source;
    memory.view(chunk.bins).set(memory.view(source.bins).subarray(from * stride, to * stride), at * stride);
    const [columns, own] = [memory.view(chunk.columns), memory.view(source.columns)];
    for (let j = 0; j < args.width; j++) {
      columns.set(own.subarray(j * source.rows + from, j * source.rows + to), j * rows + at);
    }
    memory.view(y).set(memory.view(source.y).subarray(from, to), at);
    if (w && source.w) memory.view(w).set(memory.view(source.w).subarray(from, to), at);
    at += to - from;
  }
  const rng = new CounterRng(args.seed, "boosting validation");
  const weights = w ? memory.view(w) : undefined;
  const train: number[] = [];
  const held: number[] = [];
  let group = 0;
  for (let i = 0; i < rows; i++) {
    while (args.groups && (args.groups[group + 1] as number) <= i) group += 1;
    if (weights?.[i] === 0) continue;
    const drawn = args.firstRow + (args.groups?.[group] ?? i);
    if (args.heldOut > 0 && rng.uniform(drawn) < args.heldOut) held.push(i);
    else train.push(i);
  }
  const list = (numbers: readonly number[]): Column<"i32"> => {
    const column = inArena("i32", numbers.length);
    memory.view(column).set(numbers);
    return column;
  };
  const heldOut = args.heldOut > 0 ? inArena("u8", rows) : undefined;
  if (heldOut) {
    const flags = memory.view(heldOut);
    flags.fill(0);
    for (const i of held) flags[i] = 1;
  }
  const margins = Array.from(args.margins, (start, k) => {
    const margin = inArena("f64", rows);
    const values = memory.view(margin).fill(start);
    let first = 0;
    for (const { input, from, to } of args.spans) {
      const base = inputs[input]?.base?.[k];
      if (base) values.set(memory.view(base).subarray(from, to), first);
      first += to - from;
    }
    return margin;
  });
  return {
    ...chunk,
    firstRow: args.firstRow,
    y,
    ...(w ? { w } : {}),
    train: list(train),
    held: list(held),
    ...(heldOut ? { heldOut } : {}),
    ...(args.groups ? { groups: args.groups } : {}),
    margins,
  };
}

/** What {@link countStep} counts. */
export interface RowCounts {
  readonly train: number;
  readonly held: number;
  readonly trainWeight: ExactSum;
  readonly heldWeight: ExactSum;
  /** Groups with rows of a positive weight. */
  readonly trainGroups: number;
  readonly heldGroups: number;
}

/** Rows of a chunk that trees are grown on, and that are held out, with the sums of their weights as integers. */
export function countStep(context: TaskContext, args: { wScale: number }, chunk: BoostChunk): RowCounts {
  const w = chunk.w ? context.memory.view(chunk.w) : undefined;
  const sum = (rows: Column<"i32">): ExactSum => {
    const list = context.memory.view(rows);
    return exactSumOf(list.length, (i) => (w ? (w[list[i] as number] as number) : 1), args.wScale);
  };
  return {
    train: chunk.train.length,
    held: chunk.held.length,
    trainWeight: sum(chunk.train),
    heldWeight: sum(chunk.held),
    trainGroups: groupsOf(context.memory.view(chunk.train), chunk.groups),
    heldGroups: groupsOf(context.memory.view(chunk.held), chunk.groups),
  };
}

// Groups that have one of these rows, which ascend.
function groupsOf(rows: Int32Array, groups: Int32Array | undefined): number {
  if (!groups) return 0;
  let [count, end, k] = [0, 0, 0];
  for (const row of rows) {
    if (row < end) continue;
    while ((groups[k + 1] as number) <= row) k += 1;
    end = groups[k + 1] as number;
    count += 1;
  }
  return count;
}
