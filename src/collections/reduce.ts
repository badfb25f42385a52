import { throwIfAborted } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { Engine, FnRef } from "../engine/engine.js";
import { GROUP_STEP } from "./group-task.js";
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
  const size = groupSize(plans, engine);
  const keys: string[] = [];
  for (let first = 0; first < partitions; first += size) {
    const indices = Array.from({ length: Math.min(size, partitions - first) }, (_, k) => first + k);
    const deps: string[] = [];
    for (const index of indices) for (const plan of plans) deps.push(await run.key(plan, index));
    const { step, args, label: of } = reduction;
    const partition = { index: first, of };
    if (size === 1) keys.push(run.add(step, args, deps, partition));
    else
      keys.push(
        run.add(GROUP_STEP, { step, args, of, indices, width: plans.length } as unknown as Plain, deps, partition),
      );
  }
  await run.submit(keys, options.signal);
  try {
    return await collectInOrder(engine, keys, reduction, options, size === 1 ? undefined : { size, partitions });
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
  groups?: { readonly size: number; readonly partitions: number },
): Promise<T | undefined> {
  const tree = new OrderedTree(reduction.combine);
  const total = groups?.partitions ?? keys.length;
  for (const [k, key] of keys.entries()) {
    const [value] = await engine.get([key]);
    engine.release([key]);
    for (const partial of groups ? (value as Plain[]) : [value]) tree.push(partial as T);
    options.onProgress?.({ stage: reduction.label, done: Math.min(total, (k + 1) * (groups?.size ?? 1)), total });
  }
  // Aborted in the last moment is aborted: the caller must not go on with it.
  throwIfAborted(options.signal, reduction.label);
  return tree.total();
}

/** Tasks a worker gets of one grouped pass: enough to even out, few enough to cost nothing. */
const GROUPS_A_WORKER = 3;
/** A group's values are in memory together, so they stay well below the engine's limit. */
const GROUP_BYTES = 48 * 2 ** 20;

// Held partitions are passed over again and again: then a task for each costs more than many of them take.
function groupSize(plans: readonly Plan[], engine: Engine): number {
  const partitions = plans[0]?.partitions ?? 0;
  let bytes = 0;
  for (const plan of plans) {
    if (!(plan instanceof HeldPlan) || plan.engine !== engine || plan.bytes === undefined) return 1;
    bytes += plan.bytes;
  }
  const even = Math.ceil(partitions / (engine.parallelism * GROUPS_A_WORKER));
  const limit = Math.min(GROUP_BYTES, (engine.memoryLimit ?? Infinity) / (8 * engine.parallelism));
  const small = Math.floor(limit / Math.max(1, bytes / Math.max(1, partitions)));
  return Math.max(1, Math.min(even, small));
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
