import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ParameterError, PartwiseError, show } from "../../base/errors.js";
import { checkTls, type TlsFiles } from "./dask-options.js";
import { DaskProcess, flags } from "./dask-process.js";
import { requireFreePort } from "./free-port.js";
import { defaultPython, requirePython } from "./python-probe.js";
import { LEAVE_SIGNAL, READY_FILE, untilListening, WORKER_PRELOAD } from "./scheduler-watch.js";

/** How one worker of a {@link LocalCluster} runs. */
export interface LocalWorkerOptions {
  /** Dask threads of the worker, which is how many tasks it runs at once; 1 unless given. */
  readonly threadsPerWorker?: number;
  /** Memory of the worker, in bytes or as Dask writes it (`"2GB"`); its share of the machine unless given. */
  readonly memoryLimit?: number | string;
  /** Resource tags, such as `{ GPU: 1 }`. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Environment variables beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** The address the worker listens on; the cluster's host unless given. */
  readonly host?: string;
  /**
   * Whether Dask's nanny watches the worker and starts it anew when it dies or outgrows its memory; false unless given, so
   * that a killed worker stays away until {@link LocalCluster.restart}.
   */
  readonly nanny?: boolean;
  /** A command put before the interpreter: `["taskset", "-c", "0"]`, `["ip", "netns", "exec", "a"]`. */
  readonly prefix?: readonly string[];
}

/** Options of {@link startCluster}. */
export interface LocalClusterOptions extends LocalWorkerOptions {
  /** Worker processes; 2 unless given. */
  readonly workers?: number;
  /** The interpreter that has Dask; `PARTWISE_PYTHON`, else `python3` unless given. */
  readonly python?: string;
  /** The address the scheduler and its dashboard listen on; `127.0.0.1` unless given. */
  readonly host?: string;
  /** The scheduler's port; a free one unless given. */
  readonly port?: number;
  /** The port of its dashboard; a free one unless given. */
  readonly dashboardPort?: number;
  /** The files that make the cluster speak TLS, all in PEM form. */
  readonly tls?: TlsFiles;
  /** Milliseconds that starting may take; 60,000 unless given. */
  readonly timeout?: number;
}

/** One worker of a {@link LocalCluster}. */
export interface LocalWorker {
  /** Its name at the scheduler; a restarted worker has a new one. */
  readonly name: string;
  readonly pid: number;
  /** Where other workers reach it; undefined once its process has ended. */
  readonly address: string | undefined;
}

interface Slot {
  readonly options: LocalWorkerOptions;
  readonly starts: number;
  readonly name: string;
  readonly process: DaskProcess;
  readonly address: string;
}

const GRACE_MS = 3000;
const TIMEOUT_MS = 60_000;
const PRELOAD = "tell-address.py";
/** How long a worker may take to hand over what it holds. */
const LEAVE_MS = 30_000;
// Dask looks at the stacks of its threads 100 times a second, and 50 times whether its event loop is late. Python only
// waits for JavaScript here, and the cores are the workers' own.
const QUIET: Readonly<Record<string, string>> = {
  DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED: "False",
  DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL: "100ms",
};

/**
 * A Dask scheduler and workers on this machine: the real thing in separate processes, for trials and tests. They end with
 * {@link LocalCluster.close}, with this process, and when this process is killed. Made by {@link startCluster}. Linux and
 * macOS.
 */
export class LocalCluster {
  /** Where clients connect: `tcp://127.0.0.1:40123`. */
  readonly address: string;
  /** The scheduler's dashboard in a browser (its pages need the Python package `bokeh`). */
  readonly dashboardLink: string;
  /** The interpreter that runs it. */
  readonly python: string;
  readonly #options: LocalClusterOptions;
  readonly #folder: string;
  readonly #scheduler: DaskProcess;
  readonly #slots: Slot[] = [];
  readonly #atExit = (): void => this.#killNow();
  #closing: Promise<void> | undefined;
  #scaling: Promise<void> = Promise.resolve();

  /** @internal */
  constructor(parts: {
    options: LocalClusterOptions;
    python: string;
    folder: string;
    scheduler: DaskProcess;
    address: string;
    dashboardLink: string;
  }) {
    this.#options = parts.options;
    this.python = parts.python;
    this.#folder = parts.folder;
    this.#scheduler = parts.scheduler;
    this.address = parts.address;
    this.dashboardLink = parts.dashboardLink;
    process.once("exit", this.#atExit);
  }

  /** The workers in the order they were added; a killed one keeps its place. */
  get workers(): LocalWorker[] {
    return this.#slots.map(({ name, process: worker, address }) => ({
      name,
      pid: worker.pid,
      address: worker.end === undefined ? address : undefined,
    }));
  }

  /** The processes: the scheduler's and each worker's, each the leader of a process group. */
  get pids(): { readonly scheduler: number; readonly workers: readonly number[] } {
    return { scheduler: this.#scheduler.pid, workers: this.#slots.map((slot) => slot.process.pid) };
  }

  /** Starts one more worker and resolves to its index once the scheduler knows it. */
  async addWorker(options: LocalWorkerOptions = {}): Promise<number> {
    const [index] = await this.addWorkers([options]);
    return index as number;
  }

  /** Starts several workers at once; see {@link LocalCluster.addWorker}. */
  async addWorkers(options: readonly LocalWorkerOptions[]): Promise<number[]> {
    this.#throwIfClosed();
    const first = this.#slots.length;
    const started = await Promise.allSettled(
      options.map((own, i) => this.#startWorker(first + i, 0, { ...this.#options, ...own })),
    );
    const slots: Slot[] = [];
    for (const result of started) {
      if (result.status === "rejected") {
        await Promise.all(
          started.map((other) => (other.status === "fulfilled" ? other.value.process.stop(GRACE_MS) : undefined)),
        );
        throw result.reason;
      }
      slots.push(result.value);
    }
    this.#slots.push(...slots);
    return slots.map((_, i) => first + i);
  }

  /**
   * Sends a signal to worker `i`: `SIGKILL` (the default) is a crash, `SIGTERM` a polite end, `SIGSTOP` and `SIGCONT` a
   * machine that hangs. Resolves when the process has ended, at once for the last two. Its child processes, such as its
   * sidecar, are left to find out, unless `group` is set.
   */
  async kill(i: number, signal: NodeJS.Signals = "SIGKILL", options: { readonly group?: boolean } = {}): Promise<void> {
    const { process: worker } = this.#slot(i);
    worker.signal(signal, options.group);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await worker.ended();
  }

  /** The same for the scheduler. */
  async killScheduler(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.#throwIfClosed();
    this.#scheduler.signal(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await this.#scheduler.ended();
  }

  /** Starts worker `i` anew, after ending what is left of it; resolves once the scheduler knows it. */
  async restart(i: number): Promise<void> {
    const slot = this.#slot(i);
    await slot.process.stop(GRACE_MS);
    this.#slots[i] = await this.#startWorker(i, slot.starts + 1, slot.options);
  }

  /**
   * Starts workers, or ends the newest, until so many run. Those that end hand what they hold to others first. With this a
   * cluster is the `scaler` of `connect(cluster.address, { scaler: cluster })`, for the engine's `scale` and `adapt`.
   */
  async scale(workers: number): Promise<void> {
    wholeNumber("LocalCluster.scale", "workers", workers, 0);
    this.#throwIfClosed();
    // One after another: each starts from what the one before has made.
    const before = this.#scaling;
    this.#scaling = (async () => {
      await before.catch(() => undefined);
      const running = this.#slots.filter((slot) => slot.process.end === undefined);
      await this.addWorkers(Array.from({ length: workers - running.length }, () => ({})));
      await Promise.all(running.slice(workers).map((slot) => this.#leave(slot)));
    })();
    await this.#scaling;
  }

  async #leave({ process: worker, options }: Slot): Promise<void> {
    worker.signal(options.nanny === true ? "SIGTERM" : LEAVE_SIGNAL);
    if (!(await worker.ended(LEAVE_MS))) await worker.stop(GRACE_MS);
  }

  /** What a process has written so far: the scheduler, or worker `i`. */
  logs(of: "scheduler" | number): string {
    return of === "scheduler" ? this.#scheduler.log() : this.#slot(of).process.log();
  }

  /** Resolves when the scheduler has ended by itself or by a signal, and tells how. Keeps a script alive. */
  async schedulerEnded(): Promise<string> {
    await this.#scheduler.ended();
    return this.#scheduler.end as string;
  }

  /** Ends all processes and removes their files. Closing twice does nothing more. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.process.stop(GRACE_MS)));
    await this.#scheduler.stop(GRACE_MS);
    process.off("exit", this.#atExit);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #killNow(): void {
    for (const slot of this.#slots) slot.process.killNow();
    this.#scheduler.killNow();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #throwIfClosed(): void {
    if (this.#closing) throw new PartwiseError("LocalCluster: it is closed; start another by startCluster().");
  }

  #slot(i: number): Slot {
    this.#throwIfClosed();
    const slot = this.#slots[i];
    if (slot) return slot;
    throw new ParameterError(`LocalCluster: there is no worker ${show(i)}; it has ${this.#slots.length}, from 0.`);
  }

  async #startWorker(index: number, starts: number, options: LocalWorkerOptions): Promise<Slot> {
    const name = starts === 0 ? `worker-${index}` : `worker-${index}-${starts}`;
    const {
      threadsPerWorker = 1,
      memoryLimit,
      resources = {},
      host = "127.0.0.1",
      prefix = [],
      env = {},
      nanny,
    } = options;
    const tags = Object.entries(resources).map(([tag, amount]) => `${tag}=${amount}`);
    const ready = join(this.#folder, `${name}.json`);
    const worker = await DaskProcess.start({
      label: `worker ${index}`,
      python: this.python,
      prefix,
      env: { ...quiet(), DASK_TEMPORARY_DIRECTORY: this.#folder, [READY_FILE]: ready, ...env },
      logFile: join(this.#folder, `${name}.log`),
      args: [
        "worker",
        this.address,
        nanny === true ? "--nanny" : "--no-nanny",
        "--no-dashboard",
        ...flags({
          name,
          host,
          nthreads: threadsPerWorker,
          "memory-limit": memoryLimit,
          resources: tags.length === 0 ? undefined : tags.join(" "),
          "local-directory": join(this.#folder, name),
          "death-timeout": 60,
          preload: join(this.#folder, PRELOAD),
          ...tlsFlags(this.#options),
        }),
      ],
    });
    try {
      const processes = [worker, this.#scheduler];
      const { address } = await untilListening(ready, name, processes, this.#options.timeout ?? TIMEOUT_MS);
      return { options, starts, name, process: worker, address };
    } catch (error) {
      await worker.stop(GRACE_MS);
      throw error;
    }
  }
}

// What is set already is somebody's wish.
function quiet(): Record<string, string> {
  return Object.fromEntries(Object.entries(QUIET).filter(([name]) => process.env[name] === undefined));
}

function tlsFlags({ tls }: LocalClusterOptions): Record<string, string | undefined> {
  return { "tls-ca-file": tls?.ca, "tls-cert": tls?.cert, "tls-key": tls?.key };
}

function wholeNumber(owner: string, name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new ParameterError(`${owner}: ${name} must be a whole number >= ${least}; got ${show(value)}.`);
}

function check(options: LocalClusterOptions): void {
  const whole = (name: string, value: number | undefined, least: number): void =>
    wholeNumber("startCluster", name, value, least);
  whole("workers", options.workers, 0);
  whole("threadsPerWorker", options.threadsPerWorker, 1);
  whole("timeout", options.timeout, 1);
  whole("port", options.port, 0);
  whole("dashboardPort", options.dashboardPort, 0);
  checkTls("startCluster", options.tls);
  if (process.platform === "win32") {
    throw new PartwiseError(
      "startCluster: works on Linux and macOS. Start `dask scheduler` and `dask worker` by hand.",
    );
  }
}

function workFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "partwise-cluster-"));
  } catch (cause) {
    const text = `startCluster: no folder for its files can be made in ${tmpdir()} (${(cause as NodeJS.ErrnoException).code}). Set TMPDIR to a folder that exists and can be written to.`;
    throw new PartwiseError(text, { cause });
  }
}

/**
 * Starts a Dask scheduler and workers on this machine, on free ports unless some are given, each in a process group of
 * its own.
 *
 * They end with {@link LocalCluster.close}; also when this process leaves or is killed. Work files, logs among them, are
 * in a temporary folder that goes with them. Workers run without Dask's nanny, so that a killed one stays away until
 * {@link LocalCluster.restart}, and without its statistical profiler (`env: { DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED:
 * "True" }` turns it on).
 *
 * @throws PartwiseError when there is no Python, no Dask or an old one, with the command that installs it
 * @throws ParameterError when an option makes no sense
 *
 * @example
 * ```ts
 * await using cluster = await startCluster({ workers: 2 });
 * const engine = await connect(cluster.address);
 * ```
 */
export async function startCluster(options: LocalClusterOptions = {}): Promise<LocalCluster> {
  check(options);
  const { executable: python } = await requirePython("startCluster", options.python ?? defaultPython());
  const { host = "127.0.0.1", port = 0, dashboardPort = 0, workers = 2 } = options;
  const { timeout = TIMEOUT_MS, prefix = [], env = {} } = options;
  await requireFreePort("port", host, port, prefix);
  await requireFreePort("dashboardPort", host, dashboardPort, prefix);
  const folder = workFolder();
  const file = join(folder, "scheduler.json");
  let scheduler: DaskProcess | undefined;
  let cluster: LocalCluster | undefined;
  try {
    scheduler = await DaskProcess.start({
      label: "the scheduler",
      python,
      prefix,
      env: { ...quiet(), DASK_TEMPORARY_DIRECTORY: folder, ...env },
      logFile: join(folder, "scheduler.log"),
      removeOnOrphan: folder,
      args: [
        "scheduler",
        ...flags({
          host: options.tls ? `tls://${host}` : host,
          port,
          "dashboard-address": `${host}:${dashboardPort}`,
          "scheduler-file": file,
          ...tlsFlags(options),
        }),
      ],
    });
    writeFileSync(join(folder, PRELOAD), WORKER_PRELOAD);
    const { address, services } = await untilListening(file, "the scheduler", [scheduler], timeout);
    const dashboardLink = `http://${host}:${services?.dashboard}/status`;
    cluster = new LocalCluster({ options, python, folder, scheduler, address, dashboardLink });
    await cluster.addWorkers(Array.from({ length: workers }, () => ({})));
    return cluster;
  } catch (error) {
    if (cluster) await cluster.close();
    else {
      await scheduler?.stop(GRACE_MS);
      rmSync(folder, { recursive: true, force: true });
    }
    throw error;
  }
}
