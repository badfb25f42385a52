import type { Plain } from "../base/plain.js";

/** A function by name: the only form in which code crosses threads and machines. See {@link fnRef}. */
export interface FnRef {
  /** `partwise:` plus a path below the package's build, or a file URL, an absolute path, a package name. */
  readonly module: string;
  readonly export: string;
}

/** Which partition of what a task makes: for error messages, for order, and for fusing chains. */
export interface PartitionId {
  readonly index: number;
  /** What the partitions belong to, in the user's words: `readCsv("a.csv")`, `StandardScaler.fit`. */
  readonly of: string;
}

/** One task: `fn(context, args, ...values of deps)` makes the value `key`. Tasks are deterministic and may run twice. */
export interface TaskSpec {
  readonly key: string;
  readonly fn: FnRef;
  readonly args?: Plain;
  readonly deps: readonly string[];
  readonly partition?: PartitionId;
  /**
   * The driver takes the value as soon as it is there, and it is small: an engine whose tasks are dear may make it in the
   * task of its only dependency, and send it along.
   */
  readonly collected?: boolean;
  /** Saves the task, where what it needs is at hand. */
  readonly shortcut?: TaskShortcut;
  /** How often the task may be tried again after its own error (not after a lost worker): 0 unless given. */
  readonly retries?: number;
}

/**
 * The same value out of another one: `fn(context, args, value of dep)`. Done in the task's place where that other value, a kept
 * one, happens to be: in this process, or on the cluster's worker that the task has come to. It is no dependency: once it
 * is lost or released, the task itself makes the value, now as well as later.
 */
export interface TaskShortcut {
  readonly fn: FnRef;
  readonly args?: Plain;
  readonly dep: string;
}

/** How tasks over kept values can work as a team, see {@link Engine.seatTeam}. */
export interface TeamSeats {
  /** For each member, which of the values are its own: those that are where its task will run. */
  readonly positions: readonly (readonly number[])[];
  /** Milliseconds that members wait for each other at the start. */
  readonly patience: number;
  /** Milliseconds of work beside which it costs little to start a team. */
  readonly worthMs: number;
  /** Where members in several processes find each other; members share memory unless given. */
  readonly meeting?: import("./team/meeting-point.js").Meeting;
}

/** How a key ended. */
export interface TaskStatus {
  readonly key: string;
  readonly state: "done" | "failed" | "cancelled";
  readonly error?: Error;
  /** Bytes of the value, where the engine knows them. */
  readonly bytes?: number;
}

/** One executor of an engine. */
export interface WorkerInfo {
  readonly id: string;
  readonly state: "idle" | "busy";
  readonly tasksDone: number;
}

/** What an engine tells about while it works. */
export interface EngineEvents {
  task: {
    readonly key: string;
    readonly state: "started" | "done" | "failed" | "cancelled" | "retried";
    readonly partition?: PartitionId;
    readonly ms?: number;
    readonly bytes?: number;
  };
  memory: { readonly held: number; readonly limit: number; readonly spilled: number };
  spill: { readonly bytes: number; readonly direction: "out" | "in" };
  worker: { readonly id: string; readonly state: "started" | "lost" };
  recompute: { readonly key: string; readonly reason: string };
}

/** How a graph is run. */
export interface SubmitOptions {
  /** The keys whose values stay until {@link Engine.release}; all others are freed with their last consumer. */
  readonly keep: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Runs graphs of tasks over values that stay where they were made. Values are plain data; columns in them live in the
 * engine's memory and become {@link HostColumn}s when they leave it (`get`) and columns when they enter it (`put`).
 *
 * Every engine keeps the same promises, tested by one suite: a task's own error fails it and its dependents with the
 * original stack; a lost worker is invisible until one task has killed three; kept values that are lost are recomputed
 * from their tasks; a value `put` without a source cannot be, and says so; an idle engine does not keep a script alive.
 */
export interface Engine {
  readonly name: string;
  /** Tasks that can run at once. */
  readonly parallelism: number;
  /** Bytes that values may hold before they are spilled, where there is such a limit. */
  readonly memoryLimit?: number;
  /** Hands over a whole graph, tasks in topological order. Resolves once it is accepted. */
  submit(tasks: readonly TaskSpec[], options: SubmitOptions): Promise<void>;
  /** Resolves when every key has ended; never rejects because of a task. */
  wait(keys: readonly string[]): Promise<TaskStatus[]>;
  /** The values, with columns copied out. Rejects with the first failed key's error. */
  get(keys: readonly string[]): Promise<Plain[]>;
  /** Places a value (host columns are copied in) and keeps it until released; `source` can make it again. */
  put(value: Plain, options?: { readonly source?: TaskSpec }): Promise<string>;
  /** Gives up kept keys; a value goes when nothing needs it. Unknown keys are ignored: release is idempotent. */
  release(keys: readonly string[]): void;
  /**
   * For engines whose tasks run at once, so that tasks of one graph may wait for each other (see `withTeam`): how a team over
   * these kept values is made up; undefined where it cannot be now.
   */
  seatTeam?(keys: readonly string[]): Promise<TeamSeats | undefined>;
  /** The workers that hold each key; empty for spilled values. */
  locate(keys: readonly string[]): Promise<Map<string, string[]>>;
  workers(): Promise<WorkerInfo[]>;
  /**
   * For engines where a task costs much more than a call: kept keys by the worker that holds them, as lists of positions
   * in ascending order, each small enough to be in that worker's memory at once. A pass is then a task for each list.
   */
  groupByHolder?(keys: readonly string[]): Promise<number[][]>;
  on<K extends keyof EngineEvents>(event: K, listener: (event: EngineEvents[K]) => void): () => void;
  close(): Promise<void>;
}

/** The state every task function gets as its first argument. */
export interface TaskContext {
  /** This task's door to the arenas; what is allocated and not returned is freed when the task ends. */
  readonly memory: import("../memory/memory.js").Memory;
  readonly partition: PartitionId | undefined;
  /** Throws when the run was cancelled; long loops call it now and then. */
  throwIfAborted(): void;
}

/** A task's function. It may return a promise. */
export type TaskFn = (context: TaskContext, args: never, ...deps: never[]) => unknown;
