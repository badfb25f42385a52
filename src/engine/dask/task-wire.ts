import type { Plain } from "../../base/plain.js";
import type { FnRef, TaskShortcut, TaskSpec } from "../engine.js";
import type { FusedTask, Step } from "../fuse.js";
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
  /** The task that makes this one's value too, and sends it along. */
  readonly beside?: string;
  /** The kept value that saves the task, should it be on its worker. */
  readonly shortcut?: string;
}

/**
 * The tasks that can be made in the task of their only dependency, with that one: both are kept, the driver takes the first at
 * once, and no other task needs it.
 */
export function companions(tasks: readonly FusedTask[], kept: ReadonlySet<string>): Map<string, string> {
  const whole = new Set(tasks.filter((task) => kept.has(task.key) && !isGroup(task)).map((task) => task.key));
  const read = new Set(tasks.flatMap((task) => task.deps));
  const found = new Map<string, string>();
  for (const { key, deps, collected } of tasks) {
    const [only] = deps;
    if (collected && deps.length === 1 && whole.has(only as string) && kept.has(key) && !read.has(key))
      found.set(key, only as string);
  }
  return found;
}

/** A task as its sidecar gets it. */
export interface WireSpec extends TaskSpec {
  /** The key of the value that is its arguments; `args` unless given. */
  readonly argsFrom?: string;
}

/** Keys of arguments that are on the cluster, by the arguments. */
export type SharedKeys = ReadonlyMap<Plain, string>;

/** A fused task for the gateway. */
export function wireTask(
  task: FusedTask,
  resources: Readonly<Record<string, number>> | undefined,
  beside?: string,
  shared?: SharedKeys,
): WireTask {
  const { key, partition } = task;
  const args = task.steps.flatMap((step) => shared?.get(step.args) ?? []);
  return {
    key,
    deps: [...task.deps, ...new Set(args)],
    label: labelOf(task),
    ...(partition ? { partition: `partition ${partition.index} of ${partition.of}` } : {}),
    ...(resources ? { resources } : {}),
    ...(beside === undefined ? {} : { beside }),
    ...(task.shortcut ? { shortcut: task.shortcut.deps[0] as string } : {}),
  };
}

/** A fused task as the tasks it was made of, the last one its root: the sidecar fuses them again. */
export function specsOf(task: FusedTask, shared?: SharedKeys): WireSpec[] {
  return task.steps.map((step, i): WireSpec => ({
    key: step.key,
    fn: step.fn,
    ...argumentsOf(step.args, shared),
    deps: step.inputs.map((input) =>
      "dep" in input ? (task.deps[input.dep] as string) : (task.steps[input.step] as { key: string }).key,
    ),
    retries: task.retries,
    ...(i === task.steps.length - 1 && task.shortcut ? { shortcut: shortcutOf(task.shortcut) } : {}),
    ...(step.partition ? { partition: step.partition } : {}),
  }));
}

function shortcutOf({ steps, deps }: FusedTask): TaskShortcut {
  const [{ fn, args }] = steps as readonly [Step];
  return { fn, args, dep: deps[0] as string };
}

function argumentsOf(args: Plain, shared: SharedKeys | undefined): Pick<WireSpec, "args" | "argsFrom"> {
  const argsFrom = shared?.get(args);
  return argsFrom === undefined ? { args } : { argsFrom };
}

function labelOf(task: FusedTask): string {
  const last = task.steps.at(-1);
  if (!last) return "partwise";
  const fn: FnRef = isGroup(task) ? (last.args as unknown as GroupArgs).step : last.fn;
  return fn.export.replaceAll(/[^A-Za-z0-9_]/g, "_");
}

function isGroup(task: FusedTask): boolean {
  const fn = task.steps.at(-1)?.fn;
  return fn?.module === GROUP_STEP.module && fn.export === GROUP_STEP.export;
}
