import { DataError, throwIfAborted } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import type { Engine, FnRef, PartitionId, TaskSpec } from "../engine/engine.js";
import { HeldPlan, HostPlan, TaskPlan, type Plan } from "./plan.js";

let nextRun = 0;

/** Options of everything that starts work. */
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** How far a run is. */
export interface Progress {
  /** What is being done, in the user's words. */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** What the stage says about itself: an iteration's objective, rows read. */
  readonly detail?: Readonly<Record<string, number>>;
}

/**
 * One submission: turns the partitions that are asked for into tasks, hands them over as one graph, and lets go of
 * everything at the end.
 */
export class PlanRun {
  readonly engine: Engine;
  readonly #id = `r${nextRun++}`;
  readonly #tasks: TaskSpec[] = [];
  readonly #keys = new Map<string, Promise<string>>();
  readonly #placed: string[] = [];
  readonly #borrowed = new Set<string>();
  #count = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The key of a partition, with the tasks that make it added to the graph. */
  key(plan: Plan, index: number): Promise<string> {
    const name = `${plan.id}:${index}`;
    let key = this.#keys.get(name);
    if (!key) {
      key = this.#make(plan, index, `${this.#id}/${name}`).catch((error: unknown) => {
        // Nothing will be submitted: what this run has placed so far has no other owner.
        this.engine.release(this.#placed);
        throw error;
      });
      this.#keys.set(name, key);
    }
    return key;
  }

  /** Adds a task over keys of this run. */
  add(
    fn: FnRef,
    args: Plain,
    deps: readonly string[],
    partition?: PartitionId,
    more: Pick<TaskSpec, "collected" | "shortcut"> = {},
  ): string {
    const key = `${this.#id}/t${this.#count++}`;
    this.#tasks.push({ key, fn, args, deps, ...(partition ? { partition } : {}), ...more });
    return key;
  }

  /** Hands the graph over; `keep` stays until the caller releases it. Partitions placed for this run go with their users. */
  async submit(keep: readonly string[], signal?: AbortSignal): Promise<void> {
    try {
      throwIfAborted(signal, this.#tasks.at(-1)?.partition?.of ?? "partwise");
      await this.engine.submit(this.#tasks, { keep, ...(signal ? { signal } : {}) });
    } catch (error) {
      this.engine.release(this.#placed);
      throw error;
    }
    // A placed partition that the caller asked to keep is the caller's now.
    const kept = new Set(keep);
    this.engine.release(this.#placed.filter((key) => !kept.has(key)));
  }

  /** Submits, and takes the values of these keys, which are let go. */
  async read<T>(keys: readonly string[], signal?: AbortSignal): Promise<T[]> {
    await this.submit(keys, signal);
    try {
      return (await this.engine.get(keys)) as unknown as T[];
    } finally {
      this.release(keys);
    }
  }

  /** Releases kept keys that this run made; those of held collections stay with their owner. */
  release(keys: readonly string[]): void {
    this.engine.release(keys.filter((key) => !this.#borrowed.has(key)));
  }

  async #make(plan: Plan, index: number, key: string): Promise<string> {
    if (plan instanceof HeldPlan) {
      const held = plan.keys[index];
      if (held === undefined || plan.released)
        throw new DataError(`${plan.label}: its partitions were released. Use it before release().`);
      if (plan.engine === this.engine) {
        this.#borrowed.add(held);
        return held;
      }
      const [value] = await plan.engine.get([held]);
      return this.#place(value);
    }
    if (plan instanceof HostPlan) return this.#place(plan.value(index));
    if (!(plan instanceof TaskPlan)) throw new TypeError(`Plan ${plan.label} has no way to make its partitions.`);
    const task = plan.task(index);
    const deps: string[] = [];
    for (const input of task.inputs) deps.push(await this.key(input.plan, input.index));
    this.#tasks.push({ key, fn: task.fn, args: task.args, deps, partition: { index, of: plan.label } });
    return key;
  }

  async #place(value: Plain): Promise<string> {
    const key = await this.engine.put(value);
    this.#placed.push(key);
    return key;
  }
}
