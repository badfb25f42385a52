import { type ErrorPlace, MemoryLimitError, PartwiseError, show, TaskError } from "../base/errors.js";
import { notPlainPart, type Plain } from "../base/plain.js";
import { columnsIn } from "../memory/column.js";
import type { TaskContext } from "./engine.js";
import { loadFn } from "./fn-ref.js";
import type { FusedTask, Step } from "./fuse.js";
import { seal } from "./seal.js";
import type { TaskMemory } from "./task-memory.js";

/**
 * Runs a fused task in this thread: its steps in order, each intermediate freed after its last use, the result sealed.
 * The same code runs in the inline engine, in worker threads and in a cluster's sidecars.
 *
 * @throws the task's own error: partwise errors as they are, others as TaskError with the original as cause
 */
export async function executeTask(
  task: FusedTask,
  deps: readonly unknown[],
  memory: TaskMemory,
  throwIfAborted: () => void,
): Promise<Plain> {
  const lastUse = new Map<number, number>();
  task.steps.forEach((step, i) => {
    for (const input of step.inputs) if ("step" in input) lastUse.set(input.step, i);
  });
  const values: unknown[] = [];
  try {
    for (const [i, step] of task.steps.entries()) {
      throwIfAborted();
      const inputs = step.inputs.map((input) => ("dep" in input ? deps[input.dep] : values[input.step]));
      const context: TaskContext = { memory, partition: step.partition, throwIfAborted };
      let value: unknown;
      try {
        const fn = await loadFn(step.fn);
        value = fn(context, step.args as never, ...(inputs as never[]));
        if (value instanceof Promise) value = await value;
        if (i === task.steps.length - 1) {
          value = seal(context, value);
          const bad = notPlainPart(value);
          if (bad !== undefined) {
            throw new TypeError(
              `its result has ${bad}, which cannot leave a task. Return plain data: numbers, strings, arrays, typed arrays, columns.`,
            );
          }
        }
      } catch (error) {
        throw named(step, error);
      }
      values.push(value);
      let freed = false;
      for (const [made, used] of lastUse) {
        if (used === i) {
          values[made] = undefined;
          freed = true;
        }
      }
      // Scratch of the step and intermediates past their last use; live columns are what later steps can still see.
      if (freed || i === task.steps.length - 1) memory.freeAllBut(columnsIn(values));
    }
    return values.at(-1) as Plain;
  } catch (error) {
    memory.freeAllBut([]);
    throw error;
  }
}

function named(step: Step, error: unknown): Error {
  const where = step.partition ? `partition ${step.partition.index} of ${step.partition.of}` : `task ${step.key}`;
  // The arenas do not know whose they are.
  if (error instanceof MemoryLimitError && error.details.key === undefined) return placed(step, where, error);
  // partwise's own errors already speak the user's language.
  if (error instanceof PartwiseError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
  const wrapped = new TaskError(`${where} failed in ${step.fn.export}: ${text}`, {
    cause: error,
    details: placeOf(step),
  });
  if (error instanceof Error && error.stack)
    wrapped.stack = `${wrapped.name}: ${wrapped.message}\n  caused by ${error.stack}`;
  return wrapped;
}

function placed(step: Step, where: string, error: MemoryLimitError): MemoryLimitError {
  const told = new MemoryLimitError(`${where}: ${error.message}`, { details: { ...error.details, ...placeOf(step) } });
  if (error.stack) told.stack = error.stack.replace(error.message, told.message);
  return told;
}

function placeOf(step: Step): ErrorPlace {
  return { key: step.key, ...(step.partition ? { partition: step.partition.index } : {}) };
}
