import { unaryOp } from "../kernels/kernels.js";
import { Workspace } from "../kernels/workspace.js";
import "../estimator/frame-row-steps.js";
import { rowStepOf, type CellStep, type RowTools, type RowValue } from "../estimator/row-steps.js";
import type { Memory } from "../memory/memory.js";
import { ROWS, type Program } from "./program.js";

/** A program's first output for one row, without arenas; undefined for a row that the program itself has to answer. */
export type RowProgram = (row: RowValue) => Float64Array | undefined;

/** The row form of a program where every step has one; else the steps that have none. */
export function rowProgram(program: Program, tools: RowTools): RowProgram | readonly string[] {
  const steps: { readonly run: CellStep; readonly inputs: readonly number[] }[] = [];
  const without: string[] = [];
  for (const { fn, args, inputs } of program.steps) {
    const run = rowStepOf(fn, args, tools);
    if (run) steps.push({ run, inputs });
    else without.push(fn.export);
  }
  const [wanted] = program.outputs;
  if (without.length > 0 || wanted === undefined) return without;
  return (row) => {
    const results: RowValue[] = [];
    for (const { run, inputs } of steps) {
      const result = run(...inputs.map((input) => (input === ROWS ? row : (results[input] as RowValue))));
      if (!result) return undefined;
      results.push(result);
    }
    const result = wanted === ROWS ? row : results[wanted];
    return result instanceof Float64Array ? result : undefined;
  };
}

/** Kernels on single rows, over scratch that is kept. */
export function rowTools(memory: Memory): RowTools {
  const space = new Workspace(memory, 0);
  const scratch = space.numbers(2);
  // Looked up once: the arena's buffer grows with the first allocations only.
  const shares = new Map<number, { readonly table: number; readonly values: Float64Array }>();
  const sharesOf = (count: number) => {
    const known = shares.get(count);
    if (known) return known;
    const { pointer, values } = space.numbers(count);
    const made = { values, table: space.words(Array.from(values, (_, c) => pointer + 8 * c)) };
    shares.set(count, made);
    return made;
  };
  return {
    inverseLink(family, eta) {
      scratch.values[0] = eta;
      space.kernels.inverseLink(family as 1, scratch.pointer, 1, scratch.pointer + 8);
      return scratch.values[1] as number;
    },
    log(value) {
      scratch.values[0] = value;
      space.kernels.unary(unaryOp.log, scratch.pointer, 1, scratch.pointer + 8);
      return scratch.values[1] as number;
    },
    softmax(scores) {
      const { table, values } = sharesOf(scores.length);
      values.set(scores);
      space.kernels.softmax(table, scores.length, 1);
      scores.set(values);
    },
  };
}
