import { connect } from "node:net";
import { encodeError, WorkerLostError } from "../../base/errors.js";
import type { Plain } from "../../base/plain.js";
import type { Landing } from "../../memory/landing.js";
import type { EngineEvents, TaskSpec } from "../engine.js";
import { LocalEngine, type LocalEngineOptions } from "../local/local-engine.js";
import { splitGroup } from "../group-task.js";
import type { Meeting } from "../team/meeting-point.js";
import { MessageReader, MessageSocket, type Header, type Message } from "./message-socket.js";
import { RunAborts } from "./run-aborts.js";
import type { WireSpec } from "./task-wire.js";
import { decodeForArenas, decodeValue, encodeValue, totalBytes } from "./value-codec.js";

/** Values up to this size travel with the answer and are not held here. */
export const INLINE_BYTES = 64 * 1024;

/** Tasks of different Dask tasks may have the same keys: inside they live in spaces, which nobody outside gets to see. */
const SPACE = "partwise-space-";
const SPACES = new RegExp(`${SPACE}\\d+/`, "g");

/** One input of a request to run: a value that is held here, or the bytes of one that is not. */
interface DepHeader {
  /** The key by which the tasks call it. */
  readonly key: string;
  readonly handle?: string;
  /** Bytes of the payload, when there is no handle. */
  readonly size?: number;
}

interface Answer {
  readonly header: Header;
  readonly payload?: Uint8Array[];
  /** Called when the payload is written. */
  readonly end?: () => void;
}

/**
 * The local engine behind a socket: what each Dask worker keeps beside it. Requests are answered in the order in which
 * they end; each connection carries one at a time.
 */
export class SidecarServer {
  readonly #engine: LocalEngine;
  readonly #aborts = new RunAborts();
  /** Arguments that several tasks have in common, by their handle. */
  readonly #arguments = new Map<string, Promise<Plain>>();
  readonly #meeting: Meeting | undefined;
  #nextRun = 0;

  /** @param meeting where tasks here and on other workers find each other */
  constructor(options: LocalEngineOptions, meeting?: Meeting) {
    this.#engine = new LocalEngine(options);
    this.#meeting = meeting;
  }

  /** Connects to a path, and answers what is asked there until the connection ends. */
  serve(path: string): void {
    // Large values are received in an arena, where their columns stay.
    let landing: Landing | undefined;
    const reader = new MessageReader(
      (message) => {
        const landed = landing;
        landing = undefined;
        this.#answer(message, landed).then(
          ({ header, payload, end }) => connection.send(header, payload, end),
          (error: unknown) => connection.send({ ok: false, error: outside(encodeError(error)) as unknown as Header }),
        );
      },
      ({ op }, bytes) => {
        landing = op === "put" && bytes > INLINE_BYTES ? this.#engine.landing(bytes) : undefined;
        return landing?.bytes;
      },
    );
    const socket = connect({ path, onread: reader.onread });
    const connection = new MessageSocket(socket, reader);
    // The worker went away or closed an idle connection: nothing to report to.
    socket.on("error", () => socket.destroy());
    socket.once("close", () => landing?.free());
  }

  async #answer({ header, payload }: Message, landing: Landing | undefined): Promise<Answer> {
    switch (header["op"]) {
      case "run":
        return this.#run(header, payload);
      case "put": {
        const handle = await this.#engine.put(decodeForArenas(payload), landing ? { landing } : {});
        return { header: { ok: true, handle } };
      }
      case "fetch": {
        const key = header["handle"] as string;
        const events = this.#watch(new Set());
        try {
          // Written from the arena it lies in.
          const { values, end } = await this.#engine.lend([key]);
          try {
            return { header: { ok: true, events: events.seen }, payload: encodeValue(values[0]), end };
          } catch (error) {
            end();
            throw error;
          }
        } finally {
          events.end();
        }
      }
      case "free":
        this.#engine.release(header["handles"] as string[]);
        for (const key of header["handles"] as string[]) this.#arguments.delete(key);
        return { header: { ok: true } };
      case "abort":
        await this.#aborts.abort(header["run"] as string);
        return { header: { ok: true } };
      case "info":
        return {
          header: {
            ok: true,
            held: this.#engine.heldBytes,
            limit: this.#engine.memoryLimit,
            pid: process.pid,
            ...(this.#meeting ? { meeting: this.#meeting } : {}),
          },
        };
      default:
        throw new TypeError(`Sidecar: it knows no request ${String(header["op"])}.`);
    }
  }

  /** Runs the tasks of one Dask task, and answers with the value of the last. */
  async #run(header: Header, payload: Uint8Array): Promise<Answer> {
    const started = performance.now();
    const space = `${SPACE}${this.#nextRun++}/`;
    const deps = header["deps"] as DepHeader[];
    const sizes = header["sizes"] as number[];
    const specBytes = sizes.reduce((sum, size) => sum + size, 0);
    const { names, placed, putKeys } = await this.#place(deps, payload, specBytes);
    const rename = (key: string): string => names.get(key) ?? space + key;
    let at = 0;
    const wired = sizes.map((size) => decodeValue(payload.subarray(at, (at += size))) as unknown as WireSpec[]);
    const shared = new Map<string, Plain>();
    for (const argsFrom of new Set(wired.flat().flatMap((spec) => spec.argsFrom ?? []))) {
      try {
        shared.set(argsFrom, await this.#argumentsAt(rename(argsFrom)));
      } catch (error) {
        this.#engine.release(placed);
        const lost = error instanceof WorkerLostError ? { lost: [argsFrom] } : {};
        return { header: { ok: false, error: outside(encodeError(error)) as unknown as Header, ...lost } };
      }
    }
    const [own = [], ...beside] = wired.map((specs) =>
      specs.map(({ argsFrom, ...spec }): TaskSpec => ({
        ...spec,
        ...(argsFrom === undefined ? {} : { args: shared.get(argsFrom) as Plain }),
        key: space + spec.key,
        deps: spec.deps.map(rename),
        ...(spec.shortcut ? { shortcut: { ...spec.shortcut, dep: rename(spec.shortcut.dep) } } : {}),
      })),
    );
    const last = own.at(-1) as TaskSpec;
    const parts = splitGroup(last, this.#engine.parallelism);
    const roots = parts.map((part) => part.key);
    const companions = beside.map((specs) => (specs.at(-1) as TaskSpec).key);
    const abort = this.#aborts.begin(header["run"] as string);
    const events = this.#watch(new Set(roots), new Set(companions));
    try {
      await this.#engine.submit([...own.slice(0, -1), ...parts, ...beside.flat()], {
        keep: [...roots, ...companions],
        signal: abort.signal,
      });
      const statuses = await this.#engine.wait(roots);
      const failed = statuses.find((status) => status.state !== "done");
      const sent = failed ? [] : await Promise.all(companions.map((key) => this.#companion(key)));
      const bytes = statuses.reduce((sum, status) => sum + (status.bytes ?? 0), 0);
      const common = {
        ok: true,
        bytes,
        ms: performance.now() - started,
        events: events.seen,
        beside: sent.map(({ outcome }) => outcome),
      };
      const rest = sent.flatMap(({ pieces }) => pieces);
      if (roots.length === 1 && bytes > INLINE_BYTES && !failed)
        return { header: { ...common, handle: roots[0] as string }, payload: rest };
      const values = await this.#engine.get(roots);
      const value = roots.length === 1 ? values[0] : (values as Plain[][]).flat();
      this.#engine.release(roots);
      const pieces = encodeValue(value);
      return { header: { ...common, bytes: totalBytes(pieces) }, payload: [...pieces, ...rest] };
    } catch (error) {
      this.#engine.release([...roots, ...companions]);
      // A value of this run that was put here: the worker's Dask side can bring it again.
      const lost = error instanceof WorkerLostError ? putKeys.get(error.details.key ?? "") : undefined;
      const answer = { ok: false, error: outside(encodeError(error)) as unknown as Header, events: events.seen };
      return { header: lost === undefined ? answer : { ...answer, lost: [lost] } };
    } finally {
      events.end();
      abort.end();
      this.#engine.release(placed);
    }
  }

  // Read once, however many tasks they are for.
  #argumentsAt(key: string): Promise<Plain> {
    let value = this.#arguments.get(key);
    if (!value) {
      value = this.#engine.get([key]).then(([found]) => found as Plain);
      this.#arguments.set(key, value);
      value.catch(() => this.#arguments.delete(key));
    }
    return value;
  }

  // A value that is sent along with that of the task it was made in; its own error is its own.
  async #companion(key: string): Promise<{ outcome: Header; pieces: Uint8Array[] }> {
    try {
      const [value] = await this.#engine.get([key]);
      const pieces = encodeValue(value);
      return { outcome: { ok: true, size: totalBytes(pieces) }, pieces };
    } catch (error) {
      return { outcome: { ok: false, error: outside(encodeError(error)) as unknown as Header }, pieces: [] };
    } finally {
      this.#engine.release([key]);
    }
  }

  // Inputs that came as bytes are placed for this run only, unless they are to stay: then the answer of `put` was a handle.
  async #place(
    deps: readonly DepHeader[],
    payload: Uint8Array,
    from: number,
  ): Promise<{ names: Map<string, string>; placed: string[]; putKeys: Map<string, string> }> {
    const names = new Map<string, string>();
    const placed: string[] = [];
    const putKeys = new Map<string, string>();
    let at = from;
    for (const dep of deps) {
      if (dep.handle !== undefined) names.set(dep.key, dep.handle);
      else {
        const size = dep.size ?? 0;
        const key = await this.#engine.put(decodeForArenas(payload.subarray(at, at + size)));
        at += size;
        names.set(dep.key, key);
        placed.push(key);
        putKeys.set(key, dep.key);
      }
    }
    return { names, placed, putKeys };
  }

  // What happens here while a request runs, for the driver's listeners.
  #watch(
    roots: ReadonlySet<string>,
    companions: ReadonlySet<string> = new Set(),
  ): { readonly seen: Header[]; end(): void } {
    const seen: Header[] = [];
    const note =
      <K extends keyof EngineEvents>(type: K) =>
      (event: EngineEvents[K]): void => {
        seen.push(outside<Header>({ type, ...event }));
      };
    const offs = [
      this.#engine.on("task", (event) => {
        if (event.state !== "retried") return;
        if (roots.has(event.key)) seen.push({ type: "retried" });
        else if (companions.has(event.key)) seen.push({ type: "retried", task: outside(event.key) });
      }),
      this.#engine.on("spill", note("spill")),
      this.#engine.on("worker", (event) => {
        if (event.state === "lost") note("worker")(event);
      }),
      this.#engine.on("recompute", note("recompute")),
    ];
    return {
      seen,
      end: () => {
        for (const off of offs) off();
      },
    };
  }
}

/** Plain data with the keys in it as they are called outside. */
function outside<T>(value: T): T {
  if (typeof value === "string") return value.replaceAll(SPACES, "") as T;
  if (Array.isArray(value)) return value.map(outside) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, outside(item as unknown)])) as T;
}
