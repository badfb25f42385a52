import type { FnRef, TaskSpec } from "../engine.js";
import type { FusedTask } from "../fuse.js";
import { GROUP_STEP, type GroupArgs } from "../group-task.js";

/** What the gateway knows of a task. Everything else is for the sidecar only. */
export interface WireTask {
  readonly key: string;
  readonly deps: readonly string[];
  /** The name under which Dask's dashboard groups it. */
  readonly label: string;
  /** In words, for errors of the gateway. */
  readonly partition?: string;
  readonly resources?: Readonly<Record<string, number>>;
}

/** A fused task for the gateway. */
export function wireTask(task: FusedTask, resources: Readonly<Record<string, number>> | undefined): WireTask {
  const { key, deps, partition } = task;
  return {
    key,
    deps,
    label: labelOf(task),
    ...(partition ? { partition: `partition ${partition.index} of ${partition.of}` } : {}),
    ...(resources ? { resources } : {}),
  };
}

/** A fused task as the tasks it was made of, the last one its root: the sidecar fuses them again. */
export function specsOf(task: FusedTask): TaskSpec[] {
  return task.steps.map((step): TaskSpec => ({
    key: step.key,
    fn: step.fn,
    args: step.args,
    deps: step.inputs.map((input) =>
      "dep" in input ? (task.deps[input.dep] as string) : (task.steps[input.step] as { key: string }).key,
    ),
    retries: task.retries,
    ...(step.partition ? { partition: step.partition } : {}),
  }));
}

function labelOf(task: FusedTask): string {
  const last = task.steps.at(-1);
  if (!last) return "partwise";
  const fn: FnRef =
    last.fn.module === GROUP_STEP.module && last.fn.export === GROUP_STEP.export
      ? (last.args as unknown as GroupArgs).step
      : last.fn;
  return fn.export.replaceAll(/[^A-Za-z0-9_]/g, "_");
}
