import { PartwiseError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { FnRef, PartitionId, TaskShortcut, TaskSpec } from "./engine.js";

/** Where a step's argument comes from: a value from outside the task, or an earlier step. */
export type StepInput = { readonly dep: number } | { readonly step: number };

/** One function call inside a fused task. */
export interface Step {
  readonly key: string;
  readonly fn: FnRef;
  readonly args: Plain;
  readonly inputs: readonly StepInput[];
  readonly partition?: PartitionId;
}

/** What is sent to a worker: a chain (or small diamond) of steps over one partition; the last step's value is `key`. */
export interface FusedTask {
  readonly key: string;
  readonly steps: readonly Step[];
  readonly deps: readonly string[];
  readonly partition?: PartitionId;
  readonly retries: number;
  readonly collected?: boolean;
  /** See `TaskSpec`: the task over that other value. */
  readonly shortcut?: FusedTask;
}

/**
 * Blockwise fusion: a task joins its consumer when all its consumers are already in one fused task, it works on the same
 * partition index, and nobody else keeps it. Chains and diamonds over one partition become one task. A task that gathers
 * from other partitions takes no producer in: the producer would have to wait until the others are done, and trees over
 * partitions would run one after another.
 *
 * @param tasks in topological order
 * @throws PartwiseError on a repeated key, or a dependency that comes later
 */
export function fuse(tasks: readonly TaskSpec[], keep: readonly string[]): FusedTask[] {
  const kept = new Set(keep);
  const consumers = new Map<string, string[]>();
  const position = new Map<string, number>();
  tasks.forEach((task, i) => {
    if (position.has(task.key)) throw new PartwiseError(`Graph: the key ${task.key} is made by two tasks.`);
    position.set(task.key, i);
  });
  const gathers = new Set<string>();
  tasks.forEach((task, i) => {
    for (const dep of task.deps) {
      const at = position.get(dep);
      const from = at === undefined ? undefined : tasks[at]?.partition;
      if (from && task.partition && from.index !== task.partition.index) gathers.add(task.key);
      if (at !== undefined && at >= i)
        throw new PartwiseError(`Graph: ${task.key} comes before its dependency ${dep}.`);
      const list = consumers.get(dep);
      if (list) list.push(task.key);
      else consumers.set(dep, [task.key]);
    }
  });

  const rootOf = new Map<string, string>();
  const members = new Map<string, TaskSpec[]>();
  for (let i = tasks.length - 1; i >= 0; i--) {
    const task = tasks[i] as TaskSpec;
    const users = consumers.get(task.key) ?? [];
    const roots = new Set(users.map((key) => rootOf.get(key)));
    const [only] = roots;
    const rootTask = only === undefined ? undefined : tasks[position.get(only) ?? -1];
    const joins =
      roots.size === 1 &&
      rootTask !== undefined &&
      !kept.has(task.key) &&
      !users.some((key) => gathers.has(key)) &&
      task.partition !== undefined &&
      task.partition.index === rootTask.partition?.index &&
      (task.retries ?? 0) === (rootTask.retries ?? 0);
    const root = joins ? rootTask.key : task.key;
    rootOf.set(task.key, root);
    const list = members.get(root);
    if (list) list.push(task);
    else members.set(root, [task]);
  }

  const fused: FusedTask[] = [];
  for (const task of tasks) {
    if (rootOf.get(task.key) !== task.key) continue;
    fused.push(assemble(task, (members.get(task.key) ?? []).reverse()));
  }
  return fused;
}

function assemble(root: TaskSpec, members: readonly TaskSpec[]): FusedTask {
  const stepOf = new Map(members.map((member, i) => [member.key, i]));
  const deps: string[] = [];
  const steps = members.map((member): Step => {
    const inputs = member.deps.map((dep): StepInput => {
      const step = stepOf.get(dep);
      if (step !== undefined) return { step };
      let index = deps.indexOf(dep);
      if (index < 0) index = deps.push(dep) - 1;
      return { dep: index };
    });
    return {
      key: member.key,
      fn: member.fn,
      args: member.args,
      inputs,
      ...(member.partition ? { partition: member.partition } : {}),
    };
  });
  return {
    key: root.key,
    steps,
    deps,
    retries: root.retries ?? 0,
    ...(root.collected ? { collected: true } : {}),
    ...(root.shortcut ? { shortcut: shortcutOf(root, root.shortcut) } : {}),
    ...(root.partition ? { partition: root.partition } : {}),
  };
}

function shortcutOf({ key, partition }: TaskSpec, { fn, args, dep }: TaskShortcut): FusedTask {
  const own = partition ? { partition } : {};
  return { key, steps: [{ key, fn, args, inputs: [{ dep: 0 }], ...own }], deps: [dep], retries: 0, ...own };
}
