import { throwIfAborted } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { Engine, FnRef } from "../engine/engine.js";
import { GROUP_STEP } from "../engine/group-task.js";
import { HeldPlan, type Plan } from "./plan.js";
import { PlanRun, type RunOptions } from "./plan-run.js";
import { chooseEngine } from "./choose-engine.js";

/**
 * One pass over all partitions: `step(context, args, ...partitions) -> partial` where the data are, one partition of each
 * plan; `combine` on the driver.
 */
export interface Reduction<T> {
  /** In the user's words: `StandardScaler.fit`. */
  readonly label: string;
  readonly step: FnRef;
  readonly args?: Plain;
  readonly combine: (a: T, b: T) => T;
}

/**
 * Reduces the partitions of `plans` (all with the same number) in one pass. Partials combine in a binary tree fixed by partition index, whatever the
 * order of arrival, so that the result has the same bits on every engine and number of workers; at most log2(n) partials
 * are held while they come in.
 *
 * @returns the total, or undefined for a plan without partitions
 */
export async function reducePartitions<T>(
  plans: readonly Plan[],
  reduction: Reduction<T>,
  options: RunOptions & { readonly engine?: Engine } = {},
): Promise<T | undefined> {
  const engine = options.engine ?? chooseEngine(plans);
  const partitions = plans[0]?.partitions ?? 0;
  const run = new PlanRun(engine);
  const groups = await groupsOf(plans, engine);
  const keys: string[] = [];
  for (const indices of groups) {
    const [first = 0] = indices;
    const deps: string[] = [];
    for (const index of indices) for (const plan of plans) deps.push(await run.key(plan, index));
    const { step, args, label: of } = reduction;
    const partition = { index: first, of };
    if (groups.length === partitions) keys.push(run.add(step, args, deps, partition));
    else {
      const groupArgs = { step, args, of, indices, width: plans.length } as unknown as Plain;
      keys.push(run.add(GROUP_STEP, groupArgs, deps, partition));
    }
  }
  await run.submit(keys, options.signal);
  try {
    return await collectInOrder(engine, keys, reduction, options, groups.length === partitions ? undefined : groups);
  } finally {
    engine.release(keys);
  }
}

/** Fetches and combines partials in the order of `keys`, letting each go; a grouped value is a list of partials. */
export async function collectInOrder<T>(
  engine: Engine,
  keys: readonly string[],
  reduction: Reduction<T>,
  options: RunOptions,
  groups?: readonly (readonly number[])[],
): Promise<T | undefined> {
  const tree = new OrderedTree(reduction.combine);
  const lists = groups ?? keys.map((_, index) => [index]);
  const total = lists.flat().length;
  // Groups may be any partitions: what came early waits for its turn.
  const early = new Map<number, T>();
  let done = 0;
  let turn = 0;
  for (const [k, key] of keys.entries()) {
    const [value] = await engine.get([key]);
    engine.release([key]);
    const indices = lists[k] as readonly number[];
    for (const [j, index] of indices.entries()) early.set(index, (groups ? (value as Plain[])[j] : value) as T);
    for (; early.has(turn); turn++) {
      tree.push(early.get(turn) as T);
      early.delete(turn);
    }
    done += indices.length;
    options.onProgress?.({ stage: reduction.label, done, total });
  }
  // Aborted in the last moment is aborted: the caller must not go on with it.
  throwIfAborted(options.signal, reduction.label);
  return tree.total();
}

/** Tasks a worker gets of one grouped pass: enough to even out, few enough to cost nothing. */
const GROUPS_A_WORKER = 3;
/** A group's values are in memory together, so they stay well below the engine's limit. */
const GROUP_BYTES = 48 * 2 ** 20;

// Held partitions are passed over again and again: then a task for each costs more than many of them take. Groups are
// runs of nearly equal length, a multiple of the workers, so that all of them are busy to the end.
async function groupsOf(plans: readonly Plan[], engine: Engine): Promise<number[][]> {
  const [first] = plans;
  const partitions = first?.partitions ?? 0;
  const single = Array.from({ length: partitions }, (_, index) => [index]);
  let bytes = 0;
  for (const plan of plans) {
    if (!(plan instanceof HeldPlan) || plan.engine !== engine || plan.bytes === undefined) return single;
    bytes += plan.bytes;
  }
  if (engine.groupByHolder && first instanceof HeldPlan) return engine.groupByHolder(first.keys);
  const limit = Math.min(GROUP_BYTES, (engine.memoryLimit ?? Infinity) / (8 * engine.parallelism));
  const rounds = Math.max(GROUPS_A_WORKER, Math.ceil(bytes / limit / engine.parallelism));
  const count = rounds * engine.parallelism;
  if (count >= partitions) return single;
  const edge = (k: number): number => Math.floor((k * partitions) / count);
  return Array.from({ length: count }, (_, k) => single.slice(edge(k), edge(k + 1)).flat());
}

/** Combines what is pushed, in order, along a fixed binary tree: like carrying in a binary counter. */
export class OrderedTree<T> {
  readonly #combine: (a: T, b: T) => T;
  readonly #levels: ({ readonly value: T } | undefined)[] = [];

  constructor(combine: (a: T, b: T) => T) {
    this.#combine = combine;
  }

  push(value: T): void {
    let carry = value;
    for (let level = 0; ; level++) {
      const left = this.#levels[level];
      if (left === undefined) {
        this.#levels[level] = { value: carry };
        return;
      }
      carry = this.#combine(left.value, carry);
      this.#levels[level] = undefined;
    }
  }

  /** The combination of all, undefined when nothing was pushed. */
  total(): T | undefined {
    let total: { value: T } | undefined;
    for (const left of this.#levels) {
      if (left) total = total ? { value: this.#combine(left.value, total.value) } : { value: left.value };
    }
    return total?.value;
  }
}
