import { availableParallelism, tmpdir, totalmem } from "node:os";
import { abortedError, EngineClosedError, MemoryLimitError, WorkerLostError } from "../../base/errors.js";
import { Emitter } from "../../base/emitter.js";
import type { Plain } from "../../base/plain.js";
import { inRuns } from "../../base/runs.js";
import { plainBytes } from "../../memory/column.js";
import { copyToHost, viewOnHost } from "../../memory/host-column.js";
import { Landing } from "../../memory/landing.js";
import { Memory } from "../../memory/memory.js";
import { SpillFolder, SpillLostError } from "../../memory/spill-file.js";
import type { Engine, EngineEvents, SubmitOptions, TaskSpec, TaskStatus, TeamSeats, WorkerInfo } from "../engine.js";
import { fuse, type FusedTask } from "../fuse.js";
import { firstFailure, repeatedKey, unknownKey } from "../graph-checks.js";
import { ValueStore, type Lease } from "../store.js";
import { copyIn } from "../task-memory.js";
import { positive, type LocalEngineOptions } from "./local-options.js";
import { ReadyQueue } from "./ready-queue.js";
import { TaskNode, type GraphRun } from "./task-node.js";
import { ThreadPool } from "./thread-pool.js";

export type { LocalEngineOptions };

const MAX_DEATHS = 3;
const ARENA = 4 * 2 ** 30;
// Milliseconds that threads wait for those that are busy with something else, and of work that is worth a few messages.
const TEAM_PATIENCE = 150;
const TEAM_WORTH = 200;

/**
 * All cores of this machine: worker threads over shared arenas. Values never move; a task gets addresses. Threads start
 * with the first task and do not keep a script alive when idle.
 */
export class LocalEngine implements Engine {
  readonly name = "local";
  readonly parallelism: number;
  readonly memoryLimit: number;
  readonly #memory: Memory;
  readonly #store: ValueStore;
  readonly #spill: SpillFolder;
  readonly #events = new Emitter<EngineEvents>();
  readonly #nodes = new Map<string, TaskNode>();
  readonly #ready = new ReadyQueue<TaskNode>();
  #pool: ThreadPool | undefined;
  #running = 0;
  #order = 0;
  #nextPut = 0;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: LocalEngineOptions = {}) {
    this.parallelism = positive("threads", options.threads ?? availableParallelism(), 1);
    this.memoryLimit = positive("memoryLimit", options.memoryLimit ?? Math.floor(totalmem() * 0.6), 2 ** 20);
    // Address space beyond the limit costs nothing and leaves room for fragmentation.
    this.#memory = Memory.create(Math.ceil(this.memoryLimit * 1.25) + ARENA);
    this.#spill = new SpillFolder(options.tempDirectory ?? tmpdir());
    this.#store = new ValueStore(this.#memory, this.memoryLimit, this.#spill, {
      onSpill: (bytes, direction) => this.#events.emit("spill", { bytes, direction }),
    });
  }

  /** Bytes held in the arenas. */
  get heldBytes(): number {
    return this.#memory.held;
  }

  async submit(tasks: readonly TaskSpec[], options: SubmitOptions): Promise<void> {
    this.#assertOpen();
    const fused = fuse(tasks, options.keep);
    const made = new Set(fused.map((task) => task.key));
    for (const task of fused) {
      if (this.#nodes.has(task.key)) throw repeatedKey(task.key);
      for (const dep of task.deps) {
        if (made.has(dep)) continue;
        // A value that was not kept may be gone although its graph still runs.
        if (this.#node(dep).status?.state === "done" && !this.#store.has(dep)) throw unknownKey(dep);
      }
    }
    const graph: GraphRun = {
      remaining: fused.length,
      over: false,
      signal: options.signal,
      onAbort: undefined,
      members: [],
    };
    const keep = new Set(options.keep);
    for (const task of fused) this.#add(task, graph, keep.has(task.key));
    if (options.signal) {
      const signal = options.signal;
      graph.onAbort = () => this.#abort(graph);
      signal.addEventListener("abort", graph.onAbort, { once: true });
      if (signal.aborted) this.#abort(graph);
    }
    this.#pump();
  }

  async wait(keys: readonly string[]): Promise<TaskStatus[]> {
    this.#assertOpen();
    return Promise.all(keys.map((key) => this.#node(key).ended));
  }

  async get(keys: readonly string[]): Promise<Plain[]> {
    const lease = await this.#acquired(keys);
    try {
      return copyToHost(this.#memory, lease.values) as Plain[];
    } finally {
      lease.end();
    }
  }

  /** As {@link get} without a copy: the columns of the values are views of the arenas, until the lease ends. */
  async lend(keys: readonly string[]): Promise<Lease> {
    const { values, end } = await this.#acquired(keys);
    return { values: viewOnHost(this.#memory, values) as Plain[], end };
  }

  async #acquired(keys: readonly string[]): Promise<Lease> {
    for (;;) {
      const failure = firstFailure(await this.wait(keys));
      if (failure) throw failure;
      // One of them may have been lost, and be on its way again, while the others were waited for.
      if (keys.some((key) => !this.#node(key).status)) continue;
      try {
        return await this.#store.acquire(keys);
      } catch (error) {
        if (!(error instanceof SpillLostError)) throw error;
        this.#recompute(error.details.key ?? "", error.message);
      }
    }
  }

  /**
   * Memory for a value that is on its way, for {@link put}; undefined when no arena has so much in one piece. Room is made
   * when the value is there.
   */
  landing(bytes: number): Landing | undefined {
    try {
      return new Landing(this.#memory, bytes);
    } catch (error) {
      if (error instanceof MemoryLimitError) return undefined;
      throw error;
    }
  }

  async put(value: Plain, options: { readonly source?: TaskSpec; readonly landing?: Landing } = {}): Promise<string> {
    this.#assertOpen();
    const key = `put-${this.#nextPut++}`;
    const [source] = options.source ? fuse([{ ...options.source, key }], [key]) : [];
    const parents = (source?.deps ?? []).map((dep) => this.#node(dep));
    await this.#store.makeRoom(options.landing ? 0 : plainBytes(value));
    this.#assertOpen();
    const copied = copyIn(this.#memory, value, options.landing);
    const node = new TaskNode(source, key, parents, undefined, this.#order++);
    node.kept = true;
    this.#nodes.set(key, node);
    this.#store.publish(key, copied, 1);
    node.end({ key, state: "done" });
    return key;
  }

  release(keys: readonly string[]): void {
    for (const key of keys) {
      const node = this.#nodes.get(key);
      if (!node?.kept) continue;
      node.kept = false;
      if (node.status) {
        this.#store.release(key);
        if (!this.#store.has(key)) this.#nodes.delete(key);
      } else node.refs -= 1;
    }
  }

  async seatTeam(keys: readonly string[]): Promise<TeamSeats> {
    const positions = inRuns([...keys.keys()], this.parallelism);
    return { positions, patience: TEAM_PATIENCE, worthMs: TEAM_WORTH };
  }

  async locate(keys: readonly string[]): Promise<Map<string, string[]>> {
    return new Map(keys.map((key) => [key, this.#store.has(key) && !this.#store.isSpilled(key) ? ["local"] : []]));
  }

  async workers(): Promise<WorkerInfo[]> {
    return this.#pool?.workers() ?? [];
  }

  on<K extends keyof EngineEvents>(event: K, listener: (event: EngineEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Ends one worker thread as if it had crashed; for tests of recovery. */
  async killWorker(index: number): Promise<void> {
    await this.#pool?.kill(index);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#nodes.values()].filter((node) => !node.status);
    for (const node of open)
      if (!node.abort) this.#end(node, { key: node.key, state: "cancelled", error: closedError() });
    for (const node of open) node.abort?.();
    // Threads inside native code must not be terminated: wait for them.
    await Promise.all(open.map((node) => node.ended));
    await this.#pool?.close();
    this.#store.clear();
    this.#nodes.clear();
    this.#spill.close();
  }

  #add(task: FusedTask, graph: GraphRun, kept: boolean): void {
    const parents = task.deps.map((dep) => this.#node(dep));
    const node = new TaskNode(task, task.key, parents, graph, this.#order++);
    node.kept = kept;
    node.refs = kept ? 1 : 0;
    graph.members.push(node);
    this.#nodes.set(task.key, node);
    for (const parent of parents) {
      if (parent.status?.state === "done" && this.#store.has(parent.key)) this.#store.retain(parent.key);
      else parent.refs += 1;
      if (!parent.status) {
        node.waitingFor += 1;
        parent.dependents.push(node);
      }
    }
    const failed = parents.find((parent) => parent.status && parent.status.state !== "done");
    if (failed?.status) this.#end(node, { ...failed.status, key: node.key });
    else if (node.waitingFor === 0) this.#ready.push(node);
  }

  #pump(): void {
    while (this.#running < this.parallelism) {
      const node = this.#ready.pop();
      if (!node) return;
      if (node.status) continue; // cancelled while it waited
      this.#running += 1;
      void this.#run(node).finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }

  async #run(node: TaskNode): Promise<void> {
    const task = this.#wayTo(node);
    const started = performance.now();
    const partition = task.partition ? { partition: task.partition } : {};
    if (this.#waitsForLost(node)) return;
    try {
      const lease = await this.#store.acquire(task.deps);
      let value: Plain;
      try {
        // Cancelled while its inputs were fetched: it has ended, and what it made would have no owner.
        if (node.status) return;
        if (node.aborted || this.#closed) throw abortedError(node.graph?.signal, task.partition?.of ?? node.key);
        this.#events.emit("task", { key: node.key, state: "started", ...partition });
        // A listener may have aborted the run.
        if (node.status) return;
        value = await this.#threads().run(task, lease.values, (abort) => (node.abort = abort));
      } finally {
        lease.end();
        node.abort = undefined;
      }
      this.#store.publish(node.key, value, node.refs);
      const bytes = this.#store.bytesOf(node.key);
      this.#end(node, { key: node.key, state: "done", bytes }, { ms: performance.now() - started, bytes });
      return;
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (node.status) return;
      if (task !== node.task && (error instanceof SpillLostError || error instanceof WorkerLostError)) {
        node.shortcutLost = true;
        this.#ready.push(node);
        return;
      }
      if (error instanceof SpillLostError && error.details.key !== undefined) {
        this.#recomputeFor(node, error.details.key, error.message);
        return;
      }
      if (node.aborted || this.#closed) {
        const reason = this.#closed ? closedError() : abortedError(node.graph?.signal, task.partition?.of ?? node.key);
        this.#end(node, { key: node.key, state: "cancelled", error: reason });
      } else if (error instanceof WorkerLostError && ++node.deaths < MAX_DEATHS) {
        this.#events.emit("task", { key: node.key, state: "retried", ...partition });
        this.#ready.push(node);
      } else if (error instanceof WorkerLostError) {
        const where = task.partition ? `partition ${task.partition.index} of ${task.partition.of}` : node.key;
        const message =
          `Local engine: ${where} (task ${node.key}) has killed ${MAX_DEATHS} worker threads in a row. ` +
          "It probably runs out of memory or crashes native code: use smaller partitions, or run it on the inline engine to see why.";
        this.#end(node, { key: node.key, state: "failed", error: new WorkerLostError(message, { cause: error }) });
      } else if (node.attempts++ < task.retries) {
        this.#events.emit("task", { key: node.key, state: "retried", ...partition });
        this.#ready.push(node);
      } else this.#end(node, { key: node.key, state: "failed", error });
    }
  }

  /** The task itself, or its shortcut. */
  #wayTo({ task, shortcutLost }: TaskNode): FusedTask {
    const { shortcut } = task as FusedTask;
    const there = shortcut && !shortcutLost && this.#store.has(shortcut.deps[0] as string);
    return there ? shortcut : (task as FusedTask);
  }

  #end(node: TaskNode, status: TaskStatus, measured: { ms?: number; bytes?: number } = {}): void {
    const partition = node.task?.partition ? { partition: node.task.partition } : {};
    node.end(status);
    this.#events.emit("task", { key: node.key, state: status.state, ...measured, ...partition });
    if (this.#events.has("memory")) {
      this.#events.emit("memory", { held: this.#store.held, limit: this.memoryLimit, spilled: this.#store.spilled });
    }
    for (const parent of node.parents) {
      if (this.#store.has(parent.key)) this.#store.release(parent.key);
      else parent.refs -= 1;
      this.#forgetIfUnused(parent);
    }
    const dependents = node.dependents.splice(0);
    for (const dependent of dependents) {
      if (dependent.status) continue;
      if (status.state !== "done") this.#end(dependent, { ...status, key: dependent.key });
      else if (--dependent.waitingFor === 0) this.#ready.push(dependent);
    }
    const graph = node.graph;
    if (graph && --graph.remaining === 0) {
      graph.over = true;
      if (graph.onAbort) graph.signal?.removeEventListener("abort", graph.onAbort);
      for (const member of graph.members) this.#forgetIfUnused(member);
      graph.members.length = 0;
    }
    this.#pump();
  }

  // Nodes of freed values stay reachable from their dependents only: that is the lineage, and it goes with them.
  #forgetIfUnused(node: TaskNode): void {
    if (node.kept || !node.status || this.#store.has(node.key) || node.dependents.length > 0) return;
    if (this.#nodes.get(node.key) === node) this.#nodes.delete(node.key);
  }

  #abort(graph: GraphRun): void {
    for (const node of graph.members) {
      if (node.status) continue;
      if (node.abort) node.abort();
      else {
        const error = abortedError(graph.signal, node.task?.partition?.of ?? node.key);
        this.#end(node, { key: node.key, state: "cancelled", error });
      }
    }
  }

  /** True when a dependency was lost while the task was ready: the task then waits for it again, or ends with it. */
  #waitsForLost(node: TaskNode): boolean {
    for (const parent of node.parents) {
      if (this.#store.has(parent.key)) continue;
      if (!parent.status) {
        node.waitingFor += 1;
        parent.dependents.push(node);
      } else if (parent.status.state !== "done") {
        this.#end(node, { ...parent.status, key: node.key });
        return true;
      }
    }
    return node.waitingFor > 0;
  }

  /** Makes a lost value again and puts `node` behind it, or fails `node` when nothing can make it. */
  #recomputeFor(node: TaskNode, key: string, reason: string): void {
    try {
      this.#recompute(key, reason);
    } catch (error) {
      this.#end(node, { key: node.key, state: "failed", error: error as Error });
      return;
    }
    node.waitingFor += 1;
    this.#node(key).dependents.push(node);
  }

  /** @throws WorkerLostError when the value, or one it is made from, was put without a source */
  #recompute(key: string, reason: string): void {
    const node = this.#node(key);
    if (!node.status) return; // under way already
    this.#assertRecoverable(node, reason);
    this.#events.emit("recompute", { key, reason });
    node.reopen(this.#store.discard(key));
    if (node.graph) node.graph.remaining += 1;
    for (const parent of node.parents) {
      if (this.#store.has(parent.key)) this.#store.retain(parent.key);
      else {
        // Freed with its last consumer long ago: bring it back just for this.
        if (parent.status) {
          this.#nodes.set(parent.key, parent);
          this.#recompute(parent.key, reason);
        }
        parent.refs += 1;
        parent.dependents.push(node);
        node.waitingFor += 1;
      }
    }
    if (node.waitingFor === 0) {
      this.#ready.push(node);
      this.#pump();
    }
  }

  #assertRecoverable(node: TaskNode, reason: string, seen = new Set<TaskNode>()): void {
    if (seen.has(node)) return;
    seen.add(node);
    if (!node.task) {
      throw new WorkerLostError(
        `Local engine: the value ${node.key} is lost (${reason}) and was put without a source, so it cannot be made again. Load it again.`,
        { details: { key: node.key } },
      );
    }
    for (const parent of node.parents) if (!this.#store.has(parent.key)) this.#assertRecoverable(parent, reason, seen);
  }

  #threads(): ThreadPool {
    this.#pool ??= new ThreadPool(this.parallelism, this.#memory, this.memoryLimit, {
      onRoom: (bytes, grant, refuse) => {
        // Granted also when nothing can be spilled: then the running tasks need more than the limit, and arenas have room.
        this.#store.makeRoom(bytes).then(grant, refuse);
      },
      onWorker: (id, state) => this.#events.emit("worker", { id, state }),
    });
    return this.#pool;
  }

  #node(key: string): TaskNode {
    const node = this.#nodes.get(key);
    if (!node) throw unknownKey(key);
    return node;
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function closedError(): EngineClosedError {
  return new EngineClosedError("Local engine: it is closed. Make a new one and submit again.");
}
