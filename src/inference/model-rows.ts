import type { FrameTaskArgs } from "../collections/frame/frame-task.js";
import { FRAME_TASK } from "../collections/frame/frame-task.js";
import { frameIn, LiveFrame } from "../collections/frame/live-frame.js";
import { isSealedNumbers, pickColumns, type SealedNumbers } from "../collections/frame/number-frame.js";
import type { PolarsFrame } from "../collections/frame/polars.js";
import { DENSE_TASK, numbersOf } from "../collections/frame/to-array-task.js";
import { onlyColumns } from "../collections/frame/verbs.js";
import type { FnRef, TaskContext } from "../engine/engine.js";
import type { Column, DenseChunk } from "../memory/column.js";
import { ROWS, type Program } from "./program.js";

/** A partition's rows, from which a model takes its batches. */
export interface ModelRows {
  readonly rows: number;
  /** Rows `[from, from + count)` as the model takes them; valid until the next call. */
  batch(from: number, count: number): unknown;
  /** What has to outlive a batch. */
  readonly held: readonly Column[];
}

// A batch of so many rows keeps what the steps of a pipeline pass on within the processor's cache.
const NUMBER_BATCH_ROWS = 16_384;
// Columns are converted in blocks of so many values (8 MB): large, because each conversion has its price, but what Polars
// copies for a block is to lie where what it copied for the last one lay.
const BLOCK_VALUES = 2 ** 20;

/**
 * True when a program sees its rows as numbers only: every step that reads them chooses columns or makes a matrix. Such
 * rows are converted once a partition, and batches of them are views.
 */
export function readsNumbers(program: Program, columns: readonly string[]): boolean {
  const chosen = new Map<number, readonly string[]>([[ROWS, columns]]);
  const is = (fn: FnRef, other: FnRef): boolean => fn.module === other.module && fn.export === other.export;
  for (const [at, { fn, args, inputs }] of program.steps.entries()) {
    if (!inputs.some((input) => chosen.has(input))) continue;
    if (is(fn, DENSE_TASK)) continue;
    const left = is(fn, FRAME_TASK)
      ? onlyColumns((args as unknown as FrameTaskArgs).verbs, chosen.get(inputs[0] as number) ?? [])
      : undefined;
    if (!left) return false;
    chosen.set(at, left);
  }
  return !program.outputs.some((output) => chosen.has(output));
}

/** Batches as Polars frames. */
export class FrameRows implements ModelRows {
  readonly rows: number;
  readonly held = [];
  readonly #frame: PolarsFrame;

  constructor(context: TaskContext, input: unknown, columns: readonly string[] | undefined) {
    const frame = frameIn(context, input);
    this.#frame = columns ? frame.select(...columns) : frame;
    this.rows = frame.height;
  }

  batch(from: number, count: number): PolarsFrame {
    return this.#frame.slice(from, count);
  }
}

/** Batches as columns of numbers in an arena, which lie in larger blocks that are converted one after another. */
export class NumberRows implements ModelRows {
  readonly rows: number;
  readonly batchRows: number;
  readonly #context: TaskContext;
  readonly #columns: readonly string[];
  readonly #frame: PolarsFrame | undefined;
  readonly #blockRows: number;
  readonly #given: readonly Column[];
  #block: SealedNumbers | undefined;
  #start = 0;

  constructor(context: TaskContext, input: unknown, columns: readonly string[], batchRows: number | undefined) {
    this.#context = context;
    this.#columns = columns;
    this.batchRows = batchRows ?? NUMBER_BATCH_ROWS;
    if (isSealedNumbers(input)) {
      // A reader has put the numbers where they are wanted.
      this.#block = pickColumns(input, columns);
      // All of them: what passes through is read when the batches are done.
      this.#given = [...input.values.columns, ...input.nulls.filter((one) => one !== null)];
      this.#frame = undefined;
      this.rows = input.rows;
      this.#blockRows = Math.max(1, input.rows);
    } else {
      this.#frame = frameIn(context, input);
      this.#given = [];
      this.rows = this.#frame.height;
      const batches = Math.floor(BLOCK_VALUES / Math.max(1, columns.length) / this.batchRows);
      this.#blockRows = Math.max(1, batches) * this.batchRows;
    }
  }

  get held(): readonly Column[] {
    return this.#frame ? (this.#block?.values.columns ?? []) : this.#given;
  }

  batch(from: number, count: number): SealedNumbers {
    const block = this.#blockAt(from);
    const { values } = block;
    const columns = values.columns.map((column) => ({
      ...column,
      offset: column.offset + 8 * (from - this.#start),
      length: count,
    }));
    return { ...block, rows: count, values: { ...values, rows: count, columns } };
  }

  #blockAt(from: number): SealedNumbers {
    const start = Math.floor(from / this.#blockRows) * this.#blockRows;
    if (this.#block && (!this.#frame || start === this.#start)) return this.#block;
    const { memory } = this.#context;
    const old = this.#block?.values.columns[0];
    this.#block = undefined;
    if (old) memory.free(old);
    const rows = Math.min(this.#blockRows, this.rows - start);
    const frame = this.#frame as PolarsFrame;
    const part = rows === this.rows ? frame : frame.slice(start, rows);
    const values = memory.dense("f64", rows, this.#columns.length) as DenseChunk<"f64">;
    if (rows > 0)
      this.#columns.forEach((name, j) => {
        memory.view(values.columns[j] as Column<"f64">).set(numbersOf(part, name, "f64"));
      });
    this.#start = start;
    this.#block = {
      kind: "numbers",
      rows,
      names: this.#columns,
      integer: this.#columns.map(() => false),
      values,
      // Null and NaN are the same to a matrix.
      nulls: this.#columns.map(() => null),
    };
    return this.#block;
  }
}

/** A batch as the steps of a program take it. */
export function programRows(batch: unknown): unknown {
  return isSealedNumbers(batch) ? batch : new LiveFrame(batch as PolarsFrame);
}
