import { serialize, deserialize } from "node:v8";
import { createHash } from "node:crypto";
import { DataError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { emptyFrame, type FrameSchema } from "../collections/frame/frame-types.js";
import { DistributedArray } from "../collections/array/distributed-array.js";
import { DistributedDataFrame } from "../collections/frame/distributed-data-frame.js";
import { frameState } from "../collections/frame/frame-state.js";
import { HostPlan, TaskPlan, type Plan } from "../collections/plan.js";
import type { FnRef, TaskContext, TaskFn } from "../engine/engine.js";
import { loadFn } from "../engine/fn-ref.js";

/** One step: `fn(context, args, ...inputs)`. */
interface Step {
  readonly fn: FnRef;
  readonly args: Plain;
  /** Results of earlier steps by number; -1 is the rows. */
  readonly inputs: readonly number[];
}

/** What turns rows into results, as plain data: the lazy graph of a prediction without the rows. */
export interface Program {
  readonly steps: readonly Step[];
  /** The steps whose results are wanted. */
  readonly outputs: readonly number[];
}

/** The number that stands for the rows among the inputs of steps. */
export const ROWS = -1;

/** The rows of a recorded program before there are any: a frame or an array whose one partition is the program's input. */
export interface Placeholder<R> {
  readonly plan: Plan;
  readonly rows: R;
}

/** A frame of these columns. */
export function placeholderFrame(owner: string, schema: FrameSchema): Placeholder<DistributedDataFrame> {
  const plan = new HostPlan("rows", 1, 0, () => undefined);
  return {
    plan,
    rows: new DistributedDataFrame(frameState({ kind: "plan", plan }, emptyFrame(schema, owner), undefined)),
  };
}

/** An array of so many columns of doubles. */
export function placeholderArray(width: number, names: readonly string[] | undefined): Placeholder<DistributedArray> {
  const plan = new HostPlan("rows", 1, 0, () => undefined);
  return { plan, rows: new DistributedArray({ plan, innerShape: [width], dtype: "f64", names }) };
}

/**
 * Records what `build` does with rows that are not there: lazy verbs and predictions only make plans, and those of the
 * placeholder's one partition are the program.
 *
 * @throws DataError when a result depends on other data than the rows
 */
export function recordProgram<R>(
  owner: string,
  placeholder: Placeholder<R>,
  build: (rows: R) => readonly Plan[],
): Program {
  const steps: Step[] = [];
  const known = new Map<string, number>([[`${placeholder.plan.id}:0`, ROWS]]);
  const visit = (plan: Plan, index: number): number => {
    const name = `${plan.id}:${index}`;
    const seen = known.get(name);
    if (seen !== undefined) return seen;
    if (!(plan instanceof TaskPlan))
      throw new DataError(
        `${owner}: the prediction reads ${plan.label} besides the rows. Only what follows from a row itself can be scored.`,
      );
    const task = plan.task(index);
    const inputs = task.inputs.map((input) => visit(input.plan, input.index));
    const at = steps.push({ fn: task.fn, args: task.args, inputs }) - 1;
    known.set(name, at);
    return at;
  };
  const outputs = build(placeholder.rows).map((plan) => visit(plan, 0));
  return { steps, outputs };
}

/** Runs a program over one batch of rows; allocations are the task's, which frees them when it ends. */
export async function runProgram(context: TaskContext, program: Program, rows: unknown): Promise<unknown[]> {
  const results: unknown[] = [];
  const at = (step: number): unknown => (step === ROWS ? rows : results[step]);
  for (const step of program.steps) {
    const fn = await loadFn(step.fn);
    results.push(await fn(context, step.args as never, ...(step.inputs.map(at) as never[])));
  }
  return program.outputs.map(at);
}

/** A program with its functions loaded, to run in this thread without waiting. */
export interface LoadedProgram extends Program {
  readonly functions: readonly TaskFn[];
}

/** Loads a program's functions. */
export async function loadProgram(program: Program): Promise<LoadedProgram> {
  return { ...program, functions: await Promise.all(program.steps.map((step) => loadFn(step.fn))) };
}

/** As {@link runProgram}, at once. @throws DataError for a step that is asynchronous */
export function runLoaded(owner: string, context: TaskContext, program: LoadedProgram, rows: unknown): unknown[] {
  const results: unknown[] = [];
  const at = (step: number): unknown => (step === ROWS ? rows : results[step]);
  program.steps.forEach((step, i) => {
    const result = (program.functions[i] as TaskFn)(context, step.args as never, ...(step.inputs.map(at) as never[]));
    if (result instanceof Promise)
      throw new DataError(`${owner}: ${step.fn.export} is asynchronous. Use predict, or scoreDataset for many rows.`);
    results.push(result);
  });
  return program.outputs.map(at);
}

/** A program as bytes, with their hash: what is sent to every worker once. */
export interface PackedProgram {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** Packs a program; {@link unpackProgram} is its inverse. */
export function packProgram(program: Program): PackedProgram {
  const bytes = new Uint8Array(serialize(program));
  return { bytes, hash: createHash("sha256").update(bytes).digest("hex") };
}

const unpacked = new Map<string, Program>();
// A worker scores with one model, perhaps with two at once; each may be large.
const MOST_KEPT = 4;

/** The program of these bytes; kept in this thread by its hash, so that a model is unpacked once a thread. */
export function unpackProgram(
  hash: string,
  bytes: () => Uint8Array,
): { readonly program: Program; readonly fresh: boolean } {
  const kept = unpacked.get(hash);
  if (kept) return { program: kept, fresh: false };
  const program = deserialize(bytes()) as Program;
  if (unpacked.size >= MOST_KEPT) unpacked.delete(unpacked.keys().next().value as string);
  unpacked.set(hash, program);
  return { program, fresh: true };
}
