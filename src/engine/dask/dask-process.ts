import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { PartwiseError } from "../../base/errors.js";

// Runs `dask ...` and watches standard input: it ends when the parent does, however that ended, and then the whole
// process group goes (the sidecars of a worker are in its group) together with the folder of work files.
const LAUNCHER = `
import os, shutil, signal, sys, threading, time
folder = sys.argv.pop(1)
def watch():
    while os.read(0, 4096):
        pass
    if folder:
        time.sleep(0.5)
        shutil.rmtree(folder, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
from dask.__main__ import main
sys.argv[0] = "dask"
main()
`;

/** How a {@link DaskProcess} is started. */
export interface DaskProcessOptions {
  /** What it is in error messages: `the scheduler`, `worker 0`. */
  readonly label: string;
  readonly python: string;
  /** The arguments of the `dask` command. */
  readonly args: readonly string[];
  /** A command that is put before the interpreter. */
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** A folder that the process removes when its parent is gone. */
  readonly removeOnOrphan?: string;
}

/** One process of the `dask` command line in a process group of its own, which ends when this process does. */
export class DaskProcess {
  readonly pid: number;
  readonly #label: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #end: string | undefined;

  private constructor(options: DaskProcessOptions, child: ChildProcess, pid: number) {
    this.pid = pid;
    this.#label = options.label;
    this.#logFile = options.logFile;
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#end = signal === null ? `exit code ${code}` : `signal ${signal}`;
        resolve();
      });
    });
    // A cluster must not keep a script alive that has nothing else to do; leaving ends the cluster.
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    child.stdin?.on("error", () => {});
  }

  static async start(options: DaskProcessOptions): Promise<DaskProcess> {
    const [command = options.python, ...args] = [
      ...options.prefix,
      options.python,
      "-c",
      LAUNCHER,
      options.removeOnOrphan ?? "",
      ...options.args,
    ];
    const log = openSync(options.logFile, "a");
    try {
      const child = spawn(command, args, {
        detached: true,
        stdio: ["pipe", log, log],
        env: { ...process.env, PYTHONUNBUFFERED: "1", ...options.env },
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", (cause) =>
          reject(
            new PartwiseError(`startCluster: ${options.label} could not be started: ${cause.message}.`, { cause }),
          ),
        );
      });
      return new DaskProcess(options, child, child.pid as number);
    } finally {
      closeSync(log);
    }
  }

  /** How the process ended: `exit code 1`, `signal SIGKILL`; undefined while it runs. */
  get end(): string | undefined {
    return this.#end;
  }

  /** What it wrote so far. */
  log(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  /** @throws PartwiseError with the end of its log when it has ended */
  throwIfEnded(): void {
    if (this.#end === undefined) return;
    const lines = this.log().trim().split("\n");
    // A chain of Python errors says what it was in the first of them, far above the end.
    const errors = lines.filter((line) => /^[\w.]+(Error|Exception)\b/.test(line));
    const told = [...new Set([...errors.slice(0, 4), ...lines.slice(-4)])].join("\n");
    throw new PartwiseError(`startCluster: ${this.#label} ended early (${this.#end}). It said:\n${told}`);
  }

  /** Sends a signal to the process alone, or to its whole group. */
  signal(signal: NodeJS.Signals, whole = false): void {
    if (this.#end !== undefined && !whole) return;
    try {
      process.kill(whole ? -this.pid : this.pid, signal);
    } catch (error) {
      // Gone already, which is what a signal to end it wants.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Resolves when the process has ended; `false` when it has not within `ms`. */
  async ended(ms?: number): Promise<boolean> {
    if (ms === undefined) {
      // The handle counts again while somebody waits for it.
      this.#child.ref();
      await this.#ended;
      return true;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    try {
      return await Promise.race([this.#ended.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process and all of its group: politely first, so that it can tell the scheduler and remove its files. */
  async stop(graceMs: number): Promise<void> {
    this.signal("SIGCONT");
    this.signal("SIGTERM");
    await this.ended(graceMs);
    this.signal("SIGKILL", true);
    await this.ended();
  }

  /** Ends the whole group at once, without waiting: for the `exit` event of this process. */
  killNow(): void {
    this.signal("SIGKILL", true);
  }
}

/** Command line options: `{ port: 0 }` is `--port 0`; undefined ones are left out. */
export function flags(values: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}
