import { setImmediate as turn } from "node:timers/promises";
import { abortedError, EngineClosedError } from "../../base/errors.js";
import { Emitter } from "../../base/emitter.js";
import type { Plain } from "../../base/plain.js";
import { columnsIn } from "../../memory/column.js";
import { copyToHost } from "../../memory/host-column.js";
import { Memory } from "../../memory/memory.js";
import type { Engine, EngineEvents, SubmitOptions, TaskSpec, TaskStatus, TeamSeats, WorkerInfo } from "../engine.js";
import { executeTask } from "../execute.js";
import { fuse, type FusedTask } from "../fuse.js";
import { firstFailure, repeatedKey, unknownKey } from "../graph-checks.js";
import { blockId, copyIn, TaskMemory } from "../task-memory.js";

/** How long tasks may keep the process from its other work: signals, timers, sockets. */
const SLICE_MS = 20;

/** One key: its value while it has one, who needs it, and how its task ended. */
interface Entry {
  value: Plain;
  hasValue: boolean;
  /** One if it is kept, one for each task that still has to read it. */
  refs: number;
  kept: boolean;
  status: TaskStatus | undefined;
}

/**
 * The readable reference: every task at once, one after another, in this thread. Small data run here, because starting
 * threads costs more than fitting them. No spilling, no retries of lost workers: there are none to lose.
 */
export class InlineEngine implements Engine {
  readonly name = "inline";
  readonly parallelism = 1;
  readonly #memory: Memory;
  readonly #entries = new Map<string, Entry>();
  readonly #blockHolders = new Map<string, number>();
  readonly #events = new Emitter<EngineEvents>();
  #next = 0;
  #done = 0;
  #closed = false;
  #lastTurn = performance.now();
  // Graphs run one after another, so that a task never sees another graph's half-made values.
  #running: Promise<void> = Promise.resolve();

  /** @param capacity address space for the arenas in bytes; memory is taken as it is used */
  constructor(capacity = 4 * 2 ** 30) {
    this.#memory = Memory.create(capacity);
  }

  async submit(tasks: readonly TaskSpec[], options: SubmitOptions): Promise<void> {
    this.#assertOpen();
    const fused = fuse(tasks, options.keep);
    const keep = new Set(options.keep);
    const made = new Set(fused.map((task) => task.key));
    for (const task of fused) {
      if (this.#entries.has(task.key)) throw repeatedKey(task.key);
      for (const dep of task.deps) if (!made.has(dep) && !this.#entries.get(dep)?.kept) throw unknownKey(dep);
    }
    for (const task of fused) {
      const kept = keep.has(task.key);
      this.#entries.set(task.key, { value: undefined, hasValue: false, refs: kept ? 1 : 0, kept, status: undefined });
      for (const dep of task.deps) this.#entry(dep).refs += 1;
    }
    this.#running = this.#running.then(async () => {
      for (const task of fused) await this.#step(task, options.signal);
      for (const task of fused) this.#forgetIfUnused(task.key);
    });
  }

  async #step(task: FusedTask, signal: AbortSignal | undefined): Promise<void> {
    if (performance.now() - this.#lastTurn > SLICE_MS) {
      await turn();
      this.#lastTurn = performance.now();
    }
    const partition = task.partition ? { partition: task.partition } : {};
    const entry = this.#entry(task.key);
    const failed = task.deps.map((dep) => this.#entry(dep).status).find((status) => status && status.state !== "done");
    let ms = {};
    if (failed) entry.status = { ...failed, key: task.key };
    else if (this.#closed) entry.status = { key: task.key, state: "cancelled", error: closedError() };
    else if (signal?.aborted) entry.status = { key: task.key, state: "cancelled", error: stopped(task, signal) };
    else {
      this.#events.emit("task", { key: task.key, state: "started", ...partition });
      const started = performance.now();
      entry.status = await this.#run(task, entry, signal);
      ms = { ms: performance.now() - started };
    }
    this.#events.emit("task", { key: task.key, state: entry.status.state, ...ms, ...partition });
    for (const dep of task.deps) this.#unref(dep);
  }

  async #run(task: FusedTask, entry: Entry, signal: AbortSignal | undefined): Promise<TaskStatus> {
    const throwIfAborted = (): void => {
      if (this.#closed) throw closedError();
      if (signal?.aborted) throw stopped(task, signal);
    };
    for (let attempt = 0; ; attempt++) {
      try {
        const own = this.#wayTo(task);
        const deps = own.deps.map((dep) => this.#entry(dep).value);
        const value = await executeTask(
          own,
          deps,
          new TaskMemory(this.#memory.share(), this.#memory.owner),
          throwIfAborted,
        );
        this.#hold(entry, value);
        this.#done += 1;
        return { key: task.key, state: "done" };
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        if (this.#closed) return { key: task.key, state: "cancelled", error: closedError() };
        if (signal?.aborted) return { key: task.key, state: "cancelled", error: stopped(task, signal) };
        if (attempt >= task.retries) return { key: task.key, state: "failed", error };
        this.#events.emit("task", {
          key: task.key,
          state: "retried",
          ...(task.partition ? { partition: task.partition } : {}),
        });
      }
    }
  }

  /** The task itself, or its shortcut. */
  #wayTo(task: FusedTask): FusedTask {
    const { shortcut } = task;
    return shortcut && this.#entries.get(shortcut.deps[0] as string)?.hasValue ? shortcut : task;
  }

  async wait(keys: readonly string[]): Promise<TaskStatus[]> {
    this.#assertOpen();
    const entries = keys.map((key) => this.#entry(key));
    await this.#running;
    return entries.map((entry, i) => entry.status ?? { key: keys[i] as string, state: "done" });
  }

  async get(keys: readonly string[]): Promise<Plain[]> {
    const failure = firstFailure(await this.wait(keys));
    if (failure) throw failure;
    return keys.map((key) => {
      const entry = this.#entry(key);
      if (!entry.hasValue) throw unknownKey(key);
      return copyToHost(this.#memory, entry.value) as Plain;
    });
  }

  async put(value: Plain): Promise<string> {
    this.#assertOpen();
    const key = `put-${this.#next++}`;
    const entry: Entry = { value: undefined, hasValue: false, refs: 1, kept: true, status: { key, state: "done" } };
    this.#hold(entry, copyIn(this.#memory, value));
    this.#entries.set(key, entry);
    return key;
  }

  release(keys: readonly string[]): void {
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (!entry?.kept) continue;
      entry.kept = false;
      this.#unref(key);
    }
  }

  seatTeam(keys: readonly string[]): Promise<TeamSeats> {
    return Promise.resolve({ positions: [keys.map((_, position) => position)], patience: 0, worthMs: 200 });
  }

  locate(keys: readonly string[]): Promise<Map<string, string[]>> {
    return Promise.resolve(new Map(keys.map((key) => [key, this.#entries.get(key)?.hasValue ? ["inline"] : []])));
  }

  workers(): Promise<WorkerInfo[]> {
    return Promise.resolve([{ id: "inline", state: "idle", tasksDone: this.#done }]);
  }

  on<K extends keyof EngineEvents>(event: K, listener: (event: EngineEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    for (const entry of this.#entries.values()) this.#drop(entry);
    this.#entries.clear();
  }

  /** Bytes held in the arenas, for tests and accounting. */
  get heldBytes(): number {
    return this.#memory.held;
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key);
    if (!entry) throw unknownKey(key);
    return entry;
  }

  #hold(entry: Entry, value: Plain): void {
    for (const id of new Set(columnsIn(value).map(blockId)))
      this.#blockHolders.set(id, (this.#blockHolders.get(id) ?? 0) + 1);
    entry.value = value;
    entry.hasValue = true;
    if (entry.refs <= 0) this.#drop(entry);
  }

  #unref(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.refs -= 1;
    if (entry.refs <= 0) this.#drop(entry);
    this.#forgetIfUnused(key);
  }

  #forgetIfUnused(key: string): void {
    const entry = this.#entries.get(key);
    if (entry?.status && entry.refs <= 0) this.#entries.delete(key);
  }

  #drop(entry: Entry): void {
    if (!entry.hasValue) return;
    const blocks = new Map(columnsIn(entry.value).map((column) => [blockId(column), column]));
    entry.hasValue = false;
    entry.value = undefined;
    for (const [id, column] of blocks) {
      const holders = (this.#blockHolders.get(id) ?? 1) - 1;
      if (holders > 0) this.#blockHolders.set(id, holders);
      else {
        this.#blockHolders.delete(id);
        this.#memory.free(column);
      }
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function stopped(task: FusedTask, signal: AbortSignal): Error {
  return abortedError(signal, task.partition?.of ?? task.key);
}

function closedError(): EngineClosedError {
  return new EngineClosedError("Inline engine: it is closed. Make a new one and submit again.");
}
