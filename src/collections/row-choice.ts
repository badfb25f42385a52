import { DataError } from "../base/errors.js";
import { isPlainObject, type Plain, type PlainRecord } from "../base/plain.js";
import { CounterRng } from "../base/rng.js";
import type { Engine, TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { Workspace } from "../kernels/workspace.js";
import { isCsr, isDense, type Column, type CsrChunk, type DenseChunk, type MatrixChunk } from "../memory/column.js";
import { ELEMENT_BYTES } from "../memory/dtype.js";
import { sliceRows } from "./array/tasks.js";
import { startsOf } from "./array/sources.js";
import { frameIn, isSealedFrame, LiveFrame } from "./frame/live-frame.js";
import { polars } from "./frame/polars.js";
import { TaskPlan, type Plan } from "./plan.js";
import type { RunOptions } from "./plan-run.js";
import { reducePartitions } from "./reduce.js";
import { RowSet } from "./row-set.js";

/** Rows drawn within each partition, without knowing the others. */
export interface BlockDraw {
  readonly kind: "block";
  readonly side: "train" | "test";
  /** Share of a partition's rows for the test side. */
  readonly test: number;
  /** Share for the train side; the rest when null. */
  readonly train: number | null;
  /** Null takes the head for training and the tail for testing. */
  readonly seed: number | null;
}

/** Which rows of a collection stay: a range or set of global rows, or a draw within each partition. */
export type RowChoice =
  | { readonly kind: "range"; readonly from: number; readonly to: number }
  | { readonly kind: "set"; readonly set: RowSet }
  | BlockDraw;

/**
 * The plan with only the chosen rows of each partition (chunks or frames), in their order. Ranges and sets need the
 * partitions' row counts.
 */
export function chosenPlan(
  plan: Plan,
  label: string,
  choice: RowChoice,
  partitionRows: readonly number[] | undefined,
): TaskPlan {
  const starts = startsOf(partitionRows ?? []);
  const args = (index: number): Plain => {
    if (choice.kind === "block") return { ...choice };
    const start = starts[index] ?? 0;
    const rows = partitionRows?.[index] ?? 0;
    if (choice.kind === "set")
      return { kind: "mask", rows, bits: choice.set.part(start, start + rows) } satisfies PlainRecord;
    const from = Math.min(rows, Math.max(0, choice.from - start));
    return { kind: "slice", rows, from, to: Math.max(from, Math.min(rows, choice.to - start)) } satisfies PlainRecord;
  };
  return TaskPlan.blockwise(plan, label, fnRef(import.meta.url, "takeChosen"), args);
}

/** Rows that stay in each partition; undefined for a draw within partitions of unknown size. */
export function chosenRows(choice: RowChoice, partitionRows: readonly number[] | undefined): number[] | undefined {
  if (!partitionRows) return undefined;
  const starts = startsOf(partitionRows);
  return partitionRows.map((rows, index) => {
    const start = starts[index] ?? 0;
    if (choice.kind === "set") return choice.set.count(start, start + rows);
    if (choice.kind === "range") return Math.max(0, Math.min(choice.to, start + rows) - Math.max(choice.from, start));
    return blockSizes(choice, rows, index)[choice.side];
  });
}

interface MaskArgs {
  readonly kind: "mask";
  readonly rows: number;
  readonly bits: Uint8Array;
}

interface SliceArgs {
  readonly kind: "slice";
  readonly rows: number;
  readonly from: number;
  readonly to: number;
}

/** Task: the chosen rows of one partition. */
export function takeChosen(context: TaskContext, args: MaskArgs | SliceArgs | BlockDraw, value: unknown): unknown {
  const rows = rowsIn(context, value);
  if (args.kind === "block") {
    const index = context.partition?.index ?? 0;
    const sizes = blockSizes(args, rows, index);
    if (args.seed === null) {
      return args.side === "train"
        ? slice(context, value, 0, sizes.train)
        : slice(context, value, sizes.train, sizes.train + sizes.test);
    }
    const drawn = RowSet.draw(new CounterRng(args.seed, `split.block/${index}`), rows, sizes.train, sizes.test)[
      args.side
    ];
    return filterRows(context, value, rows, drawn);
  }
  if (rows !== args.rows) {
    const of = context.partition?.of ?? "this collection";
    throw new DataError(
      `${of}: partition ${context.partition?.index ?? 0} has ${rows} rows, but ${args.rows} were counted before. ` +
        "Its source has changed meanwhile, or gives other rows each time: persist() it first.",
      { details: { partition: context.partition?.index ?? 0 } },
    );
  }
  if (args.kind === "slice") return slice(context, value, args.from, args.to);
  return filterRows(context, value, rows, new RowSet(rows, args.bits));
}

/** How many rows of a partition go where; a fraction of a row is drawn by the partition's number, so that small partitions do not all round the same way. */
function blockSizes(draw: BlockDraw, rows: number, index: number): { train: number; test: number } {
  const rng = new CounterRng(draw.seed ?? 0, "split.sizes");
  const part = (share: number, which: number): number =>
    Math.min(rows, Math.floor(share * rows + rng.uniform(index, which)));
  const test = part(draw.test, 0);
  return { test, train: draw.train === null ? rows - test : Math.min(rows - test, part(draw.train, 1)) };
}

function slice(context: TaskContext, value: unknown, from: number, to: number): unknown {
  if (isDense(value) || isCsr(value)) return sliceRows(value, from, to);
  return new LiveFrame(frameIn(context, value).slice(from, to - from));
}

function filterRows(context: TaskContext, value: unknown, rows: number, set: RowSet): unknown {
  const kept = set.size;
  if (kept === rows) return value;
  const mask = set.toMask();
  if (isDense(value)) return filterDense(context, value, mask, kept);
  if (isCsr(value)) return filterCsr(context, value, mask, kept);
  const pl = polars();
  return new LiveFrame(
    frameIn(context, value).filter(pl.Series("keep", mask as never, pl.UInt8).cast(pl.Bool) as never),
  );
}

function filterDense(context: TaskContext, chunk: DenseChunk, mask: Uint8Array, kept: number): DenseChunk {
  using space = Workspace.over(context.memory, chunk);
  const out = context.memory.denseIn(chunk.columns[0]?.dtype ?? "f64", kept, chunk.columns.length, space.arena);
  const keep = space.bytes(Math.max(8, mask.length));
  new Uint8Array(context.memory.memoryOf(space.arena).buffer as ArrayBuffer, keep, mask.length).set(mask);
  chunk.columns.forEach((column, j) => {
    const size = ELEMENT_BYTES[column.dtype] as 1 | 4 | 8;
    space.kernels.filter(size, space.pointer(column), keep, chunk.rows, (out.columns[j] as Column).offset);
  });
  return out;
}

function filterCsr(context: TaskContext, chunk: CsrChunk, mask: Uint8Array, kept: number): CsrChunk {
  const { memory } = context;
  const from = memory.view(chunk.indptr);
  let entries = 0;
  mask.forEach((keep, i) => {
    if (keep) entries += (from[i + 1] ?? 0) - (from[i] ?? 0);
  });
  const out = memory.csr(kept, chunk.cols, entries);
  // Views are taken after the allocation: it may grow the memory.
  const [indptr, source] = [memory.view(out.indptr), memory.view(chunk.indptr)];
  const [indices, values] = [memory.view(out.indices), memory.view(out.values)];
  const [oldIndices, oldValues] = [memory.view(chunk.indices), memory.view(chunk.values)];
  let at = 0;
  let row = 0;
  mask.forEach((keep, i) => {
    if (!keep) return;
    const [begin, end] = [source[i] ?? 0, source[i + 1] ?? 0];
    indptr[row++] = at;
    indices.set(oldIndices.subarray(begin, end), at);
    values.set(oldValues.subarray(begin, end), at);
    at += end - begin;
  });
  indptr[row] = at;
  return out;
}

/** Rows of a partition's value, chunk or frame. */
function rowsIn(context: TaskContext, value: unknown): number {
  if (isDense(value) || isCsr(value)) return (value as MatrixChunk).rows;
  return isPlainObject(value) && isSealedFrame(value) ? value.rows : frameIn(context, value).height;
}

/** Task: the rows of one partition of each input. */
export function rowsOfEach(context: TaskContext, _args: undefined, ...values: unknown[]): number[][] {
  return [values.map((value) => rowsIn(context, value))];
}

/** Rows of each partition of each plan (all with one number of partitions), in one pass. */
export async function countRowsOf(
  label: string,
  plans: readonly Plan[],
  options: RunOptions & { readonly engine?: Engine },
): Promise<number[][]> {
  const reduction = {
    label,
    step: fnRef(import.meta.url, "rowsOfEach"),
    combine: (a: number[][], b: number[][]) => [...a, ...b],
  };
  const counts = (await reducePartitions<number[][]>(plans, reduction, options)) ?? [];
  return plans.map((_, k) => counts.map((of) => of[k] ?? 0));
}
