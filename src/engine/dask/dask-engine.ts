import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Emitter } from "../../base/emitter.js";
import { abortedError, decodeError, EngineClosedError, PartwiseError, type PlainError } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import type { Engine, EngineEvents, SubmitOptions, TaskSpec, TaskStatus, TeamSeats } from "../engine.js";
import { fuse, type FusedTask } from "../fuse.js";
import { firstFailure, repeatedKey, unknownKey } from "../graph-checks.js";
import { hostOnly } from "./host-only.js";
import { parseAddress, timeoutOf, type DaskAddress, type DaskOptions } from "./dask-options.js";
import { daskWorker, type DaskWorkerInfo, type RawWorker } from "./dask-worker.js";
import { GatewayLink, type ClusterFacts } from "./gateway-link.js";
import { KeptValue } from "./kept-value.js";
import type { Header, Message } from "./message-socket.js";
import { Adaptive, scalerOf, type AdaptOptions } from "./scaling.js";
import { SharedArgs } from "./shared-args.js";
import { companions, specsOf, wireTask, type SharedKeys } from "./task-wire.js";
import { decodeValue, encodeValue } from "./value-codec.js";
import { ValuePlaces } from "./value-places.js";

const VERSION = (
  JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

/** Workers came or went, or values were moved between them. */
interface ClusterChange {
  readonly facts: Partial<ClusterFacts>;
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

/**
 * A Dask cluster. Graphs go to the scheduler through a gateway (Python, public Dask API only); beside every Dask worker a
 * Node process, the local engine behind a socket, runs their tasks and holds their values. See docs/cluster.md.
 *
 * It connects with its first call, or by {@link DaskEngine.ready}. When the gateway or the scheduler is lost, everything
 * that was asked fails with one error, and the next call connects again.
 */
export class DaskEngine implements Engine {
  readonly name = "dask";
  readonly address: string;
  readonly #address: DaskAddress;
  readonly #options: DaskOptions;
  readonly #events = new Emitter<EngineEvents>();
  readonly #values = new Map<string, KeptValue>();
  readonly #args = new SharedArgs();
  // Sidecars know the graphs of all drivers.
  readonly #id = randomUUID();
  #link: Promise<GatewayLink> | undefined;
  #open: GatewayLink | undefined;
  #facts: ClusterFacts | undefined;
  #adaptive: Adaptive | undefined;
  readonly #places = new ValuePlaces({ ask: (header) => this.#ask(header), facts: () => this.#facts });
  #nextRun = 0;
  #nextPut = 0;
  #closed = false;

  /**
   * @param address `tcp://scheduler:8786`, `tls://...`, `dask://...`, or `partwise://host:port` of a running gateway
   * @throws ParameterError on an address or option that makes no sense
   */
  constructor(address: string, options: DaskOptions = {}) {
    this.#address = parseAddress(address);
    this.address = this.#address.url;
    timeoutOf(options);
    this.#options = options;
  }

  /** Threads of all workers, as far as they are known. */
  get parallelism(): number {
    const threads = Object.values(this.#facts?.workers ?? {}).reduce((sum, count) => sum + count, 0);
    return Math.max(1, threads);
  }

  /** Dask's own page about the cluster; undefined before the engine is connected, or when there is none. */
  get dashboardLink(): string | undefined {
    return this.#facts?.dashboard ?? undefined;
  }

  /** The process of this engine's own gateway; undefined while there is none. */
  get gatewayPid(): number | undefined {
    return this.#open?.pid;
  }

  /** Connects, if it has not yet. @throws when there is no way to reach the cluster, with what to do */
  async ready(): Promise<void> {
    await this.#connected();
  }

  async submit(tasks: readonly TaskSpec[], options: SubmitOptions): Promise<void> {
    this.#assertOpen();
    const fused = fuse(tasks, options.keep);
    const made = new Set(fused.map((task) => task.key));
    for (const task of fused) {
      if (this.#values.has(task.key)) throw repeatedKey(task.key);
      for (const dep of task.deps) if (!made.has(dep) && !this.#values.has(dep)) throw unknownKey(dep);
    }
    const run = `${this.#id}/${this.#nextRun++}`;
    const kept = new Set(options.keep);
    const read = new Set(fused.flatMap((task) => task.deps));
    // Tasks that nobody reads or keeps run for what they do: they can be aborted, and the process waits for their end.
    const own = fused
      .filter((task) => kept.has(task.key) || !read.has(task.key))
      .map((task) => new KeptValue(task.key, run, task.partition));
    for (const value of own) {
      this.#values.set(value.key, value);
      if (!kept.has(value.key)) value.onEnd = () => this.#values.delete(value.key);
    }
    if (options.signal?.aborted) {
      for (const value of own) this.#cancel(value, options.signal);
      return;
    }
    try {
      const link = await this.#connected();
      // Closed, lost or aborted while it connected.
      const waiting = own.filter((value) => !value.status);
      if (waiting.length < own.length) return;
      this.#watchSignal(run, own, link, options.signal);
      for (const value of own) this.#begin(value, link);
      for (const { key, deps, shortcut } of fused) this.#expectHolder(shortcut ? key : "", deps[0]);
      const beside = companions(fused, kept);
      // What is made beside another task's value has no inputs of its own.
      const alone = fused.filter((task) => !beside.has(task.key));
      const args = await this.#args.keysOf(alone, {
        put: async (key, pieces) => void (await link.askWith({ op: "put", key, everywhere: true }, [pieces])),
        release: (keys) => link.tell({ op: "release", keys }),
      });
      const sharedBy = (task: FusedTask): SharedKeys | undefined => (beside.has(task.key) ? undefined : args);
      const parts = fused.map((task) => encodeValue(specsOf(task, sharedBy(task)) as unknown as Plain));
      const wires = fused.map((task) => wireTask(task, this.#options.resources, beside.get(task.key), sharedBy(task)));
      await link.askWith(
        { op: "submit", run, tasks: wires, keep: fused.map(({ key }) => key).filter((key) => kept.has(key)) },
        parts,
      );
    } catch (error) {
      for (const value of own) {
        if (!value.status) this.#finish(value, { key: value.key, state: "failed", error: error as Error });
        this.#values.delete(value.key);
      }
      throw error;
    }
  }

  async wait(keys: readonly string[]): Promise<TaskStatus[]> {
    this.#assertOpen();
    const statuses = await Promise.all(keys.map((key) => this.#value(key).ended));
    return statuses;
  }

  async get(keys: readonly string[]): Promise<Plain[]> {
    const failure = firstFailure(await this.wait(keys));
    if (failure) throw failure;
    const values = keys.map((key) => this.#value(key));
    const absent = [...new Set(values.filter((value) => value.inline === undefined).map((value) => value.key))];
    const fetched = new Map<string, Uint8Array>();
    if (absent.length > 0) {
      const link = await this.#connected();
      const { header, payload } = await link.ask({ op: "fetch", keys: absent });
      let at = 0;
      for (const [i, size] of (header["result"] as { sizes: number[] }).sizes.entries()) {
        fetched.set(absent[i] as string, payload.subarray(at, at + size));
        at += size;
      }
    }
    return values.map((value) => decodeValue(value.inline ?? (fetched.get(value.key) as Uint8Array)));
  }

  async put(value: Plain, options: { readonly source?: TaskSpec } = {}): Promise<string> {
    this.#assertOpen();
    hostOnly(value);
    const key = `put-${this.#nextPut++}`;
    const [source] = options.source ? fuse([{ ...options.source, key }], [key]) : [];
    for (const dep of source?.deps ?? []) this.#value(dep);
    const kept = new KeptValue(key, "put", undefined);
    const parts = [encodeValue(value), ...(source ? [encodeValue(specsOf(source) as unknown as Plain)] : [])];
    const link = await this.#connected();
    await link.askWith({ op: "put", key, ...(source ? { source: wireTask(source, undefined) } : {}) }, parts);
    this.#assertOpen();
    this.#values.set(key, kept);
    kept.end({ key, state: "done" });
    return key;
  }

  release(keys: readonly string[]): void {
    const own = keys.filter((key) => this.#values.has(key));
    for (const key of own) {
      const value = this.#values.get(key);
      this.#values.delete(key);
      // Nobody can ask for it any more.
      if (value && !value.status) this.#drop(value);
    }
    if (own.length > 0) this.#open?.tell({ op: "release", keys: own });
  }

  async locate(keys: readonly string[]): Promise<Map<string, string[]>> {
    const found = await this.#places.locate(keys.filter((key) => this.#values.has(key)));
    return new Map(keys.map((key) => [key, found[key] ?? []]));
  }

  async groupByHolder(keys: readonly string[]): Promise<number[][]> {
    return this.#places.groups(keys.map((key) => this.#value(key)));
  }

  async seatTeam(keys: readonly string[]): Promise<TeamSeats | undefined> {
    return this.#places.seats(keys.map((key) => this.#value(key)));
  }

  async workers(): Promise<DaskWorkerInfo[]> {
    const found = await this.#ask<Record<string, RawWorker>>({ op: "workers" });
    return Object.entries(found).map(([id, facts]) => daskWorker(id, facts));
  }

  /** Resolves once the cluster has so many workers. @throws PartwiseError when `timeout` seconds (60 unless given) are over */
  async waitForWorkers(count: number, options: { readonly timeout?: number } = {}): Promise<void> {
    await this.#ask({ op: "wait_for_workers", count, timeout: options.timeout ?? 60 });
  }

  /** The last lines that each worker wrote. */
  async logs(options: { readonly lines?: number } = {}): Promise<Map<string, { level: string; text: string }[]>> {
    const found = await this.#ask<Record<string, [string, string][]>>({ op: "logs", lines: options.lines });
    return new Map(Object.entries(found).map(([id, lines]) => [id, lines.map(([level, text]) => ({ level, text }))]));
  }

  /**
   * Does some work and writes Dask's performance report of it, a web page, to `path`.
   * @throws PartwiseError when bokeh is missing where the gateway runs
   */
  async performanceReport<T>(path: string, work: () => Promise<T>): Promise<T> {
    await this.#ask({ op: "report", path: resolve(path) });
    try {
      return await work();
    } finally {
      await this.#ask({ op: "report", path: null });
    }
  }

  /** Asks for so many workers, and waits until they are there. @throws PartwiseError without a `scaler` */
  async scale(workers: number, options: { readonly timeout?: number } = {}): Promise<void> {
    await scalerOf(this.#options.scaler, this.address).scale(workers);
    await this.waitForWorkers(workers, options);
  }

  /** Keeps the number of workers between `min` and `max`, by what waits; until it is called again or the engine is closed. */
  adapt(options: AdaptOptions): void {
    const scaler = scalerOf(this.#options.scaler, this.address);
    this.#adaptive?.stop();
    this.#adaptive = new Adaptive(scaler, options, () => ({
      waiting: [...this.#values.values()].filter((value) => !value.status).length,
      threads: this.parallelism,
      workers: Object.keys(this.#facts?.workers ?? {}).length,
    }));
  }

  on<K extends keyof EngineEvents>(event: K, listener: (event: EngineEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#adaptive?.stop();
    for (const value of this.#values.values()) {
      if (!value.status) this.#finish(value, { key: value.key, state: "cancelled", error: closedError() });
    }
    this.#values.clear();
    const link = await this.#link?.catch(() => undefined);
    link?.close();
    this.#open = undefined;
  }

  #connected(): Promise<GatewayLink> {
    this.#assertOpen();
    if (!this.#link) {
      const link = GatewayLink.open(this.#address, this.#options, VERSION, {
        onMessage: (message) => this.#receive(message),
        onLost: (error) => this.#lost(error),
      });
      this.#link = link;
      link.then(
        (open) => {
          this.#open = open;
          this.#facts = open.facts;
          if (this.#closed) open.close();
        },
        () => (this.#link = undefined),
      );
    }
    return this.#link;
  }

  async #ask<T>(header: Header): Promise<T> {
    const link = await this.#connected();
    return (await link.ask(header)).header["result"] as T;
  }

  // What is taken out of a value is on the worker that holds it, where its task looks for it.
  #expectHolder(key: string, dep: string | undefined): void {
    const value = this.#values.get(key);
    if (value) value.holder = this.#values.get(dep ?? "")?.holder;
  }

  #begin(value: KeptValue, link: GatewayLink): void {
    const { onEnd } = value;
    link.busy(1);
    value.onEnd = () => {
      link.busy(-1);
      onEnd?.();
    };
  }

  #watchSignal(run: string, own: readonly KeptValue[], link: GatewayLink, signal: AbortSignal | undefined): void {
    if (!signal) return;
    const abort = (): void => {
      // As on one machine, it has ended when nothing of it runs any more.
      const stopped = (): void => {
        for (const value of own) if (!value.status) this.#cancel(value, signal);
      };
      link.ask({ op: "cancel", run }).then(stopped, stopped);
    };
    signal.addEventListener("abort", abort, { once: true });
    void Promise.all(own.map((value) => value.ended)).then(() => signal.removeEventListener("abort", abort));
  }

  #cancel(value: KeptValue, signal: AbortSignal): void {
    const error = abortedError(signal, value.partition?.of ?? value.key);
    this.#finish(value, { key: value.key, state: "cancelled", error });
  }

  #drop(value: KeptValue): void {
    value.end({ key: value.key, state: "cancelled", error: unknownKey(value.key) });
  }

  #finish(value: KeptValue, status: TaskStatus, measured: { ms?: number; bytes?: number } = {}): void {
    if (value.status) return;
    value.end(status);
    const partition = value.partition ? { partition: value.partition } : {};
    this.#events.emit("task", { key: value.key, state: status.state, ...measured, ...partition });
  }

  #receive({ header, payload }: Message): void {
    const value = this.#values.get(header["key"] as string);
    if (header["op"] === "end" && value && !value.status) this.#ended(value, header, payload);
    else if (header["op"] === "recompute") this.#recomputed(header["key"] as string, header["reason"] as string);
    else if (header["op"] === "event") this.#happened(header["event"] as Header);
    else if (header["op"] === "cluster") this.#clusterChanged(header as unknown as ClusterChange);
    else if (header["op"] === "broken") this.#broken(String(header["error"]));
  }

  #ended(value: KeptValue, header: Header, payload: Uint8Array): void {
    const { key } = value;
    const state = header["state"] as TaskStatus["state"];
    const partition = value.partition ? { partition: value.partition } : {};
    if (state === "done") {
      const bytes = header["bytes"] as number;
      if (payload.byteLength > 0) value.inline = payload;
      this.#events.emit("task", { key, state: "started", ...partition });
      this.#finish(value, { key, state, bytes }, { bytes });
    } else if (state === "failed")
      this.#finish(value, { key, state, error: decodeError(header["error"] as PlainError) });
    // What is cancelled ends when the answer to that comes: then nothing of it runs any more.
  }

  #clusterChanged(change: ClusterChange): void {
    if (this.#facts) this.#facts = { ...this.#facts, ...change.facts };
    this.#places.changed();
    for (const value of this.#values.values()) value.holder = undefined;
    for (const id of change.joined) this.#events.emit("worker", { id, state: "started" });
    for (const id of change.left) this.#events.emit("worker", { id, state: "lost" });
  }

  // What a sidecar saw while a task ran.
  #happened(event: Header): void {
    const task = event["task"] as string;
    const partition = this.#values.get(task)?.partition;
    switch (event["type"]) {
      case "retried":
        this.#events.emit("task", { key: task, state: "retried", ...(partition ? { partition } : {}) });
        break;
      case "spill":
        this.#events.emit("spill", event as unknown as EngineEvents["spill"]);
        break;
      case "worker":
      case "sidecar":
        this.#places.changed();
        this.#events.emit("worker", { id: `${String(event["on"])}/${String(event["id"])}`, state: "lost" });
        break;
      case "recompute":
        this.#recomputed(String(event["key"]), String(event["reason"]));
        break;
    }
  }

  #recomputed(key: string, reason: string): void {
    const value = this.#values.get(key);
    if (value) value.holder = undefined;
    this.#events.emit("recompute", { key, reason });
  }

  // A fault of the gateway itself: nobody knows which values will never end.
  #broken(why: string): void {
    const error = new PartwiseError(`Dask engine: its gateway failed (${why}). Submit again, and please report this.`);
    for (const value of this.#values.values()) {
      if (!value.status) this.#finish(value, { key: value.key, state: "failed", error });
    }
  }

  #lost(error: EngineClosedError): void {
    this.#link = undefined;
    this.#open = undefined;
    this.#places.changed();
    this.#args.clear();
    for (const value of this.#values.values()) {
      if (value.status) value.lose({ key: value.key, state: "failed", error });
      else this.#finish(value, { key: value.key, state: "failed", error });
    }
  }

  #value(key: string): KeptValue {
    const value = this.#values.get(key);
    if (!value) throw unknownKey(key);
    return value;
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function closedError(): EngineClosedError {
  return new EngineClosedError("Dask engine: it is closed. Make a new one with connect() and submit again.");
}
