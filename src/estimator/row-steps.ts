import type { FnRef } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";

/** What a step on one row may call so that it computes the same bits as the kernels. */
export interface RowTools {
  /** The kernel of inverse links on one number. */
  inverseLink(family: number, eta: number): number;
  /** The kernel of logarithms on one number. */
  log(value: number): number;
  /** The kernel of shares: scores become probabilities where they are. */
  softmax(scores: Float64Array): void;
}

/** A row of a frame: its cells as they are kept (numbers with NaN for null, booleans, text with null), and their names. */
export interface RowCells {
  readonly names: readonly string[];
  readonly cells: readonly unknown[];
}

/** A row of a sparse array; columns may come in any order and more than once. */
export interface SparseRow {
  readonly width: number;
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** A row between two steps. */
export type RowValue = Float64Array | RowCells | SparseRow;

/**
 * A task function for one row, in plain JavaScript: without arenas, tables of pointers and checks of shapes, which cost
 * more than the arithmetic of a row. It returns undefined for a row that it does not answer, a NaN in a linear model say:
 * then the task itself is asked, whose error names the column.
 */
export type RowStep = (...inputs: Float64Array[]) => Float64Array | undefined;

/** As {@link RowStep}, for steps that take or make cells or sparse rows. */
export type CellStep = (...inputs: RowValue[]) => RowValue | undefined;

type MakeStep<A, S> = (args: A, tools: RowTools) => S | undefined;

const makers = new Map<string, MakeStep<never, CellStep>>();
const nameOf = (fn: FnRef): string => `${fn.module}#${fn.export}`;

/**
 * Says how a task function is done on one row of numbers; sparse rows are made dense before. `make` gets the task's
 * arguments once, and may return undefined for arguments that it does not know. The results have to have the task's bits.
 */
export function addRowStep<A>(fn: FnRef, make: MakeStep<A, RowStep>): void {
  const wrapped: MakeStep<A, CellStep> = (args, tools) => {
    const step = make(args, tools);
    return step && ofNumbers(step);
  };
  makers.set(nameOf(fn), wrapped as MakeStep<never, CellStep>);
}

/** As {@link addRowStep}, for a task that reads cells of a frame or sparse rows. */
export function addCellStep<A>(fn: FnRef, make: MakeStep<A, CellStep>): void {
  makers.set(nameOf(fn), make as MakeStep<never, CellStep>);
}

/** The row form of a task with these arguments, where it has one. */
export function rowStepOf(fn: FnRef, args: unknown, tools: RowTools): CellStep | undefined {
  return makers.get(nameOf(fn))?.(args as never, tools);
}

function ofNumbers(step: RowStep): CellStep {
  return (...inputs) => {
    const [first] = inputs;
    if (inputs.length === 1 && first instanceof Float64Array) return step(first);
    const rows = inputs.map(denseRow);
    return rows.includes(undefined) ? undefined : step(...(rows as Float64Array[]));
  };
}

/** A row as numbers; undefined for cells. */
export function denseRow(row: RowValue): Float64Array | undefined {
  if (row instanceof Float64Array) return row;
  if ("names" in row) return undefined;
  const out = new Float64Array(row.width);
  for (let k = 0; k < row.indices.length; k++) {
    const j = row.indices[k] as number;
    out[j] = (out[j] as number) + (row.values[k] as number);
  }
  return out;
}

/** Whether a row has neither NaN nor infinities. */
export function isFiniteRow(row: ArrayLike<number>): boolean {
  let sum = 0;
  // What is not finite times zero is NaN.
  for (let j = 0; j < row.length; j++) sum += (row[j] as number) * 0;
  return sum === 0;
}

/** Where the largest value is, the first of several. */
export function largestAt(row: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < row.length; c++) if ((row[c] as number) > (row[best] as number)) best = c;
  return best;
}

addRowStep<{ columns: number[] }>(
  fnRef(new URL("../collections/array/tasks.js", import.meta.url).href, "selectColumns"),
  ({ columns }) => ((row: Float64Array) => Float64Array.from(columns, (j) => row[j] as number)) as RowStep,
);

addRowStep(fnRef(new URL("./frame-transformer.js", import.meta.url).href, "denseStep"), () => (row) => row);
