import type { Piscina } from "piscina";
import { decodeError, TaskError, WorkerLostError } from "../../base/errors.js";
import { lazyRequire } from "../../base/lazy-require.js";
import type { Plain } from "../../base/plain.js";
import type { Memory } from "../../memory/memory.js";
import type { WorkerInfo } from "../engine.js";
import type { FusedTask } from "../fuse.js";
import { isRoomRequest, type RunMessage, type RunResult, type WorkerStart } from "./protocol.js";
import { WorkerSlots } from "./worker-slots.js";

/** So many threads in a row may die before they are ready; then the tasks that wait for them fail. */
const MAX_FAILED_STARTS = 10;

/** What the pool tells its engine. */
export interface PoolEvents {
  /** A worker needs `bytes`; it sleeps until `grant` or `refuse` is called. Refusing fails its task with the error. */
  onRoom(bytes: number, grant: () => void, refuse: (reason: Error) => void): void;
  onWorker(id: string, state: "started" | "lost"): void;
}

/**
 * Piscina threads over shared arenas, one task a thread. A thread that dies in the middle of a task loses nothing but the
 * task: its lock and its blocks are taken back, and Piscina starts another.
 */
export class ThreadPool {
  readonly threads: number;
  readonly #pool: Piscina;
  readonly #slots: WorkerSlots;
  readonly #free: number[];
  readonly #memory: Memory;
  readonly #events: PoolEvents;
  readonly #busy = new Map<number, { refusal: Error | undefined }>();
  readonly #doneBy = new Map<number, number>();
  #failedStarts = 0;
  #closed = false;

  constructor(threads: number, memory: Memory, memoryLimit: number, events: PoolEvents) {
    this.threads = threads;
    this.#memory = memory;
    this.#events = events;
    // More slots than threads: a dying thread's slot is only free once its death is known.
    this.#slots = new WorkerSlots(threads * 2);
    this.#free = Array.from({ length: threads * 2 }, (_, i) => i);
    const start: WorkerStart = { shared: memory.share(), slots: this.#slots.buffer, memoryLimit };
    // Loaded here, so that importing partwise does not pay for threads.
    const { Piscina: Pool } = lazyRequire<typeof import("piscina")>("piscina");
    this.#pool = new Pool({
      filename: new URL("./worker.js", import.meta.url).href,
      name: "run",
      workerData: start,
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: 1,
      atomics: "disabled",
      idleTimeout: Infinity,
      recordTiming: false,
    });
    this.#pool.on("message", (message: unknown) => {
      if (!isRoomRequest(message)) return;
      const { slot } = message;
      const asking = this.#busy.get(slot);
      // By the time of the answer the slot may belong to another task.
      const answer = (give: () => void): void => {
        if (asking && this.#busy.get(slot) === asking) give();
      };
      this.#events.onRoom(
        message.bytes,
        () => answer(() => this.#slots.grant(slot)),
        (reason) =>
          answer(() => {
            if (asking) asking.refusal = reason;
            this.#slots.refuse(slot);
          }),
      );
    });
    this.#pool.on("workerCreate", (worker: { id: number }) => this.#events.onWorker(`thread-${worker.id}`, "started"));
    this.#pool.on("workerDestroy", () => setImmediate(() => this.#replaceDead()));
    // An idle thread's death rejects nothing: the next task gets a new thread.
    this.#pool.on("error", () => undefined);
  }

  /**
   * Runs a task on a free thread.
   * @throws the task's own error, or WorkerLostError when the thread died
   */
  async run(task: FusedTask, deps: readonly Plain[], onSlot: (abort: () => void) => void): Promise<Plain> {
    const slot = this.#free.pop();
    if (slot === undefined) throw new WorkerLostError("Local engine: more tasks than slots. This is a defect.");
    this.#slots.reset(slot);
    const running: { refusal: Error | undefined } = { refusal: undefined };
    this.#busy.set(slot, running);
    onSlot(() => this.#slots.abort(slot));
    const message: RunMessage = { task, deps, slot };
    let result: RunResult;
    try {
      result = (await this.#pool.run(message)) as RunResult;
    } catch (cause) {
      const owner = this.#slots.ownerOf(slot);
      // Dead, or alive with a result that could not be sent: either way nothing it allocated has an owner.
      if (owner !== 0) for (const arena of this.#memory.arenas) arena.recover(owner, this.#memory.owner);
      if (cause instanceof Error && cause.name === "DataCloneError") throw notPlain(task, cause, owner !== 0);
      if (owner !== 0) this.#events.onWorker(`thread-${owner - 1}`, "lost");
      throw new WorkerLostError(`Local engine: the thread that ran ${task.key} died (${String(cause)}).`, { cause });
    } finally {
      this.#free.push(slot);
      this.#busy.delete(slot);
    }
    const owner = this.#slots.ownerOf(slot);
    this.#doneBy.set(owner, (this.#doneBy.get(owner) ?? 0) + 1);
    if (!result.ok) throw running.refusal ?? decodeError(result.error);
    return result.value;
  }

  workers(): WorkerInfo[] {
    const busy = new Set([...this.#busy.keys()].map((slot) => this.#slots.ownerOf(slot)));
    return this.#pool.threads.map((thread) => ({
      id: `thread-${thread.threadId}`,
      state: busy.has(thread.threadId + 1) ? "busy" : "idle",
      tasksDone: this.#doneBy.get(thread.threadId + 1) ?? 0,
    }));
  }

  /** Ends one thread at once, as if it had crashed; for tests of recovery. */
  async kill(index: number): Promise<void> {
    await this.#pool.threads[index]?.terminate();
  }

  /** Ends all threads; call it when no task runs, because a thread inside native code must not be terminated. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.destroy();
  }

  // Piscina replaces a thread that dies, but not one that dies before it was ready: tasks would wait for it for ever.
  #replaceDead(): void {
    if (this.#closed || this.#busy.size === 0 || this.#pool.threads.length >= this.threads) return;
    this.#failedStarts += 1;
    if (this.#failedStarts > MAX_FAILED_STARTS) {
      this.#failedStarts = 0;
      void this.#pool.destroy(); // rejects what waits
      return;
    }
    // A task with nothing to do makes Piscina start a thread. When that one dies too, this is called again.
    this.#pool.run({}, { name: "ready" }).then(
      () => (this.#failedStarts = 0),
      () => undefined,
    );
  }
}

function notPlain(task: FusedTask, cause: Error, began: boolean): Error {
  const last = task.steps.at(-1);
  const where = task.partition ? `partition ${task.partition.index} of ${task.partition.of}` : `task ${task.key}`;
  const what = began ? "returned something" : "got something in its arguments or dependencies";
  return new TaskError(
    `${where}: ${last?.fn.export ?? task.key} ${what} that cannot cross threads (${cause.message}). ` +
      "Use plain data: numbers, strings, arrays, typed arrays, columns.",
    { cause, details: { key: task.key, ...(task.partition ? { partition: task.partition.index } : {}) } },
  );
}
