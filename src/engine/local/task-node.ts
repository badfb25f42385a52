import type { TaskStatus } from "../engine.js";
import type { FusedTask } from "../fuse.js";

/** One submitted graph. */
export interface GraphRun {
  remaining: number;
  /** All its tasks have ended once: its signal is over, also for what is recomputed later. */
  over: boolean;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
  readonly members: TaskNode[];
}

/** A task in the scheduler; with its parents it is also the lineage of its value. */
export class TaskNode {
  readonly priority: number;
  readonly dependents: TaskNode[] = [];
  /** Dependencies that have not ended. */
  waitingFor = 0;
  /** References the value gets when it is published. */
  refs = 0;
  kept = false;
  deaths = 0;
  attempts = 0;
  /** What its shortcut needs was lost while it was read. */
  shortcutLost = false;
  status: TaskStatus | undefined;
  /** Set while the task runs on a thread. */
  abort: (() => void) | undefined;
  ended!: Promise<TaskStatus>;
  #resolve!: (status: TaskStatus) => void;

  constructor(
    readonly task: FusedTask | undefined,
    readonly key: string,
    readonly parents: readonly TaskNode[],
    readonly graph: GraphRun | undefined,
    readonly order: number,
  ) {
    // Lower partitions first: a partition's chain ends, and its intermediates go, before the next one begins.
    this.priority = task?.partition?.index ?? 0;
    this.#open();
  }

  /** True when the run that this task belongs to was cancelled. */
  get aborted(): boolean {
    return this.graph !== undefined && !this.graph.over && this.graph.signal?.aborted === true;
  }

  end(status: TaskStatus): void {
    this.status = status;
    this.#resolve(status);
  }

  /** Back to waiting, with the references its lost value had. */
  reopen(refs: number): void {
    this.status = undefined;
    this.refs = refs;
    this.waitingFor = 0;
    this.#open();
  }

  #open(): void {
    this.ended = new Promise((resolve) => (this.#resolve = resolve));
  }
}
