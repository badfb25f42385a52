import { Workspace } from "../kernels/workspace.js";
import { rowStepOf, type RowStep, type RowTools } from "../estimator/row-steps.js";
import type { Memory } from "../memory/memory.js";
import { ROWS, type Program } from "./program.js";

/** A program's first output for one row, without arenas; undefined for a row that the program itself has to answer. */
export type RowProgram = (row: Float64Array) => Float64Array | undefined;

/** The row form of a program, where every step has one. */
export function rowProgram(program: Program, tools: RowTools): RowProgram | undefined {
  const steps: { readonly run: RowStep; readonly inputs: readonly number[] }[] = [];
  for (const { fn, args, inputs } of program.steps) {
    const run = rowStepOf(fn, args, tools);
    if (!run) return undefined;
    steps.push({ run, inputs });
  }
  const [wanted] = program.outputs;
  if (wanted === undefined || program.outputs.length !== 1 || wanted === ROWS) return undefined;
  return (row) => {
    const results: Float64Array[] = [];
    for (const { run, inputs } of steps) {
      const result = run(...inputs.map((input) => (input === ROWS ? row : (results[input] as Float64Array))));
      if (!result) return undefined;
      results.push(result);
    }
    return results[wanted];
  };
}

/** Kernels on single numbers, over scratch that is kept. */
export function rowTools(memory: Memory): RowTools {
  const space = new Workspace(memory, 0);
  const scratch = space.numbers(2);
  // Looked up once: the arena's buffer grows with the first allocations only.
  return {
    inverseLink(family, eta) {
      scratch.values[0] = eta;
      space.kernels.inverseLink(family as 1, scratch.pointer, 1, scratch.pointer + 8);
      return scratch.values[1] as number;
    },
  };
}
