import type { Engine, FnRef } from "../engine/engine.js";
import type { Plain } from "../base/plain.js";

/** How one partition is made: a function of other partitions. */
export interface PartitionTask {
  readonly fn: FnRef;
  readonly args?: Plain;
  readonly inputs: readonly PartitionRef[];
}

/** Partition `index` of `plan`. */
export interface PartitionRef {
  readonly plan: Plan;
  readonly index: number;
}

let nextId = 0;

/**
 * A node of the lazy graph: `partitions` values, none of which exists until a run asks for it. Plans are immutable and
 * know nothing of engines; {@link HeldPlan} is the leaf for values that an engine already holds.
 */
export abstract class Plan {
  readonly id: string;
  /** In the user's words, for errors, progress and pictures. */
  readonly label: string;
  readonly partitions: number;

  constructor(label: string, partitions: number) {
    this.id = `p${nextId++}`;
    this.label = label;
    this.partitions = partitions;
  }

  /** The plans this one reads. */
  abstract readonly inputs: readonly Plan[];
  /** Bytes of all partitions where they are known before anything runs. */
  abstract readonly bytes: number | undefined;
}

/** Partitions made by tasks. */
export class TaskPlan extends Plan {
  readonly inputs: readonly Plan[];
  readonly bytes: number | undefined;
  readonly task: (index: number) => PartitionTask;

  constructor(options: {
    label: string;
    partitions: number;
    inputs: readonly Plan[];
    bytes?: number | undefined;
    task: (index: number) => PartitionTask;
  }) {
    super(options.label, options.partitions);
    this.inputs = options.inputs;
    this.bytes = options.bytes;
    this.task = options.task;
  }

  /** Partition i from partition i of `input`: what fuses into one task a partition. */
  static blockwise(
    input: Plan,
    label: string,
    fn: FnRef,
    args?: Plain | ((index: number) => Plain),
    bytes?: number,
  ): TaskPlan {
    return new TaskPlan({
      label,
      partitions: input.partitions,
      inputs: [input],
      bytes: bytes ?? input.bytes,
      task: (index) => ({
        fn,
        args: typeof args === "function" ? args(index) : args,
        inputs: [{ plan: input, index }],
      }),
    });
  }
}

/** Partitions that are in this process's ordinary memory; a run puts them into its engine and takes them out again. */
export class HostPlan extends Plan {
  readonly inputs: readonly Plan[] = [];
  readonly bytes: number;
  readonly value: (index: number) => Plain;

  constructor(label: string, partitions: number, bytes: number, value: (index: number) => Plain) {
    super(label, partitions);
    this.bytes = bytes;
    this.value = value;
  }
}

/** Partitions that an engine holds: the plan's own, which go with it, or borrowed from another plan, which stay. */
export class HeldPlan extends Plan {
  readonly inputs: readonly Plan[] = [];
  readonly bytes: number | undefined;
  readonly engine: Engine;
  readonly keys: readonly string[];
  readonly #owner: HeldPlan | undefined;
  #released = false;

  constructor(label: string, engine: Engine, keys: readonly string[], bytes?: number, owner?: HeldPlan) {
    super(label, keys.length);
    this.engine = engine;
    this.keys = keys;
    this.bytes = bytes;
    this.#owner = owner;
    if (!owner) finalizer.register(this, { engine, keys }, this);
  }

  get released(): boolean {
    return this.#released || (this.#owner?.released ?? false);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#owner) return;
    finalizer.unregister(this);
    this.engine.release(this.keys);
  }
}

// A net below `release()`: what a program drops without releasing goes with the garbage collector.
const finalizer = new FinalizationRegistry<{ engine: Engine; keys: readonly string[] }>(({ engine, keys }) =>
  engine.release(keys),
);

/** Every plan that `roots` read, themselves included, inputs before their users. */
export function plansBelow(roots: readonly Plan[]): Plan[] {
  const seen = new Set<Plan>();
  const ordered: Plan[] = [];
  const visit = (plan: Plan): void => {
    if (seen.has(plan)) return;
    seen.add(plan);
    for (const input of plan.inputs) visit(input);
    ordered.push(plan);
  };
  for (const root of roots) visit(root);
  return ordered;
}
