import type { FnRef } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";

/** What a step on one row may call so that it computes the same bits as the kernels. */
export interface RowTools {
  /** The kernel of inverse links on one number. */
  inverseLink(family: number, eta: number): number;
}

/**
 * A task function for one row, in plain JavaScript: without arenas, tables of pointers and checks of shapes, which cost
 * more than the arithmetic of a row. It returns undefined for a row that it does not answer, a NaN in a linear model say:
 * then the task itself is asked, whose error names the column.
 */
export type RowStep = (...inputs: Float64Array[]) => Float64Array | undefined;

type MakeRowStep<A> = (args: A, tools: RowTools) => RowStep | undefined;

const makers = new Map<string, MakeRowStep<never>>();
const nameOf = (fn: FnRef): string => `${fn.module}#${fn.export}`;

/**
 * Says how a task function is done on one row. `make` gets the task's arguments once, and may return undefined for
 * arguments that it does not know. The results have to have the task's bits.
 */
export function addRowStep<A>(fn: FnRef, make: MakeRowStep<A>): void {
  makers.set(nameOf(fn), make as MakeRowStep<never>);
}

/** The row form of a task with these arguments, where it has one. */
export function rowStepOf(fn: FnRef, args: unknown, tools: RowTools): RowStep | undefined {
  return makers.get(nameOf(fn))?.(args as never, tools);
}

addRowStep<{ columns: number[] }>(
  fnRef(new URL("../collections/array/tasks.js", import.meta.url).href, "selectColumns"),
  ({ columns }) => ((row: Float64Array) => Float64Array.from(columns, (j) => row[j] as number)) as RowStep,
);
