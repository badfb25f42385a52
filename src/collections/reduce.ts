import type { Plain } from "../base/plain.js";
import type { Engine, FnRef } from "../engine/engine.js";
import type { Plan } from "./plan.js";
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
  const run = new PlanRun(engine);
  const keys: string[] = [];
  for (let index = 0; index < (plans[0]?.partitions ?? 0); index++) {
    const deps: string[] = [];
    for (const plan of plans) deps.push(await run.key(plan, index));
    keys.push(run.add(reduction.step, reduction.args, deps, { index, of: reduction.label }));
  }
  await run.submit(keys, options.signal);
  try {
    return await collectInOrder<T>(engine, keys, reduction, options);
  } finally {
    engine.release(keys);
  }
}

async function collectInOrder<T>(engine: Engine, keys: readonly string[], reduction: Reduction<T>, options: RunOptions): Promise<T | undefined> {
  const tree = new OrderedTree(reduction.combine);
  for (const [index, key] of keys.entries()) {
    const [partial] = await engine.get([key]);
    engine.release([key]);
    tree.push(partial as T);
    options.onProgress?.({ stage: reduction.label, done: index + 1, total: keys.length });
  }
  return tree.total();
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
