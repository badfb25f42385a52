import type { Plain } from "../base/plain.js";
import { inRuns } from "../base/runs.js";
import type { FnRef, TaskContext, TaskSpec } from "./engine.js";
import { fnRef, loadFn } from "./fn-ref.js";

/** What {@link groupStep} is told. */
export interface GroupArgs {
  readonly step: FnRef;
  readonly args: Plain;
  readonly of: string;
  /** The partitions of the group. */
  readonly indices: readonly number[];
  /** Values of each partition. */
  readonly width: number;
}

/** {@link groupStep} by name. */
export const GROUP_STEP = fnRef(import.meta.url, "groupStep");

/**
 * One step over several partitions in one task, for passes that are short beside the cost of a task. The partials stay
 * apart, so that they combine as they would have without the group, whatever its size.
 */
export async function groupStep(context: TaskContext, args: GroupArgs, ...values: never[]): Promise<unknown[]> {
  const fn = await loadFn(args.step);
  const partials: unknown[] = [];
  for (const [k, index] of args.indices.entries()) {
    context.throwIfAborted();
    const own = values.slice(k * args.width, (k + 1) * args.width);
    const partition = { index, of: args.of };
    const result = fn({ ...context, partition }, args.args as never, ...own);
    partials.push(result instanceof Promise ? await result : result);
  }
  return partials;
}

/**
 * A group as up to `count` smaller ones, whose lists of partials are the whole group's when they are put end to end; any
 * other task as it is. For an engine that sends one task to a machine of several threads.
 */
export function splitGroup(task: TaskSpec, count: number): TaskSpec[] {
  if (task.fn.module !== GROUP_STEP.module || task.fn.export !== GROUP_STEP.export) return [task];
  const group = task.args as unknown as GroupArgs;
  const parts = inRuns(group.indices, count);
  if (parts.length <= 1) return [task];
  let at = 0;
  return parts.map((indices, k) => {
    const deps = task.deps.slice(at * group.width, (at + indices.length) * group.width);
    at += indices.length;
    return {
      ...task,
      key: `${task.key}/${k}`,
      args: { ...group, indices } as unknown as Plain,
      deps,
      partition: { index: indices[0] ?? 0, of: group.of },
    };
  });
}
