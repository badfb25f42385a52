import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  statSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DataError, FileError, show } from "../base/errors.js";
import { fileError } from "../io/file-error.js";
import type { DriftCounts } from "./drift-counts.js";

/** What a run scores and how: another job's manifest is not continued. */
export interface JobIdentity {
  /** Hash of the model. */
  readonly model: string;
  /** Hash of each input partition: its source and what is done to it. Undefined where that cannot be told. */
  readonly input: string | undefined;
  /** Hash of what decides the files' content besides. */
  readonly options: string;
  readonly partitions: number;
}

/** A finished partition. */
export interface DonePart {
  readonly partition: number;
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly badRows: number;
  readonly drift?: readonly DriftCounts[];
}

const FOLDER = "_partwise";
const VERSION = 1;

/**
 * The record of a scoring run inside its output folder: one line that says which job it is, then one for each finished
 * partition, appended and flushed when its file is in place. A run that is killed at any moment finds here what it has
 * done. While a run writes, a lock says so.
 */
export class Manifest {
  readonly #owner: string;
  readonly #folder: string;
  readonly #path: string;
  readonly #lock: string;
  readonly #done = new Map<number, DonePart>();
  #rows = 0;
  #badRows = 0;

  private constructor(owner: string, folder: string) {
    this.#owner = owner;
    this.#folder = folder;
    this.#path = join(folder, FOLDER, "manifest.ndjson");
    this.#lock = join(folder, FOLDER, "lock.json");
  }

  /**
   * Opens the manifest of `folder` and takes its lock.
   * @throws DataError for a folder that holds another job's output or that another run writes, FileError when it cannot be written
   */
  static open(owner: string, folder: string, job: JobIdentity, mode: "resume" | "overwrite"): Manifest {
    const manifest = new Manifest(owner, folder);
    try {
      mkdirSync(join(folder, FOLDER), { recursive: true });
    } catch (cause) {
      throw fileError(owner, folder, cause);
    }
    manifest.#takeLock();
    try {
      if (mode === "overwrite") manifest.#clear();
      if (existsSync(manifest.#path)) manifest.#read(job);
      else manifest.#start(job);
    } catch (error) {
      manifest.close();
      throw error;
    }
    return manifest;
  }

  /** Finished partitions whose files are there. */
  get done(): ReadonlyMap<number, DonePart> {
    return this.#done;
  }

  /** Rows of the finished partitions. */
  get rows(): number {
    return this.#rows;
  }

  /** Rows of them that could not be scored. */
  get badRows(): number {
    return this.#badRows;
  }

  /** Records a partition whose file is in place. */
  add(part: DonePart): void {
    this.#append({ ...part, drift: part.drift?.map((one) => ({ ...one, counts: [...one.counts] })) });
    this.#keep(part);
  }

  /** Gives the lock back. */
  close(): void {
    rmSync(this.#lock, { force: true });
  }

  #append(line: object): void {
    try {
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`, { flush: true });
    } catch (cause) {
      throw fileError(this.#owner, this.#path, cause);
    }
  }

  #start(job: JobIdentity): void {
    try {
      // The first line decides whether a run may go on: whole or not there.
      writeFileSync(`${this.#path}.writing`, `${JSON.stringify({ version: VERSION, ...job })}\n`, { flush: true });
      renameSync(`${this.#path}.writing`, this.#path);
    } catch (cause) {
      throw fileError(this.#owner, this.#path, cause);
    }
  }

  #read(job: JobIdentity): void {
    const lines = readFileSync(this.#path, "utf8").split("\n");
    const head = parseLine(lines[0]) as (JobIdentity & { readonly version: number }) | undefined;
    if (head?.version !== VERSION)
      throw new DataError(
        `${this.#owner}: ${show(this.#path)} is not a manifest that this version reads. Name another folder, or pass { overwrite: true }.`,
      );
    const differs = (["model", "input", "options", "partitions"] as const).find((key) => head[key] !== job[key]);
    if (differs !== undefined) {
      const what = {
        model: "another model",
        input: "other input",
        options: "other options",
        partitions: "other partitions",
      };
      throw new DataError(
        `${this.#owner}: the folder ${show(this.#folder)} holds the output of a run with ${what[differs]}. ` +
          "Name another folder, or pass { overwrite: true } to replace it.",
      );
    }
    if (job.input === undefined)
      throw new DataError(
        `${this.#owner}: the folder ${show(this.#folder)} holds output, and whether its rows are the same cannot be told for data held in memory. ` +
          "Name another folder, or pass { overwrite: true } to replace it.",
      );
    for (const line of lines.slice(1)) {
      // The last line of a run that was killed may be cut short; its partition is done again.
      const part = parseLine(line) as DonePart | undefined;
      if (!part || typeof part.file !== "string") continue;
      const stat = statSync(join(this.#folder, part.file), { throwIfNoEntry: false });
      if (stat?.size !== part.bytes) continue;
      const drift = part.drift?.map((one) => ({ ...one, counts: Float64Array.from(one.counts) }));
      this.#keep({ ...part, ...(drift ? { drift } : {}) });
    }
  }

  // A partition that was done again, as its file was gone, has two lines; the last counts.
  #keep(part: DonePart): void {
    const before = this.#done.get(part.partition);
    this.#rows += part.rows - (before?.rows ?? 0);
    this.#badRows += part.badRows - (before?.badRows ?? 0);
    this.#done.set(part.partition, part);
  }

  #clear(): void {
    for (const part of this.#readDone()) rmSync(join(this.#folder, part.file), { force: true });
    rmSync(join(this.#folder, FOLDER, "bad-rows"), { recursive: true, force: true });
    rmSync(this.#path, { force: true });
  }

  #readDone(): DonePart[] {
    if (!existsSync(this.#path)) return [];
    return readFileSync(this.#path, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => parseLine(line) as DonePart | undefined)
      .filter((part) => typeof part?.file === "string" && /^part-\d+\.[a-z]+$/.test(part.file)) as DonePart[];
  }

  #takeLock(): void {
    const mine = JSON.stringify({ pid: process.pid, host: hostname(), started: new Date().toISOString() });
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(this.#lock, mine, { flag: "wx" });
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(this.#owner, this.#folder, cause);
      }
      const holder = parseLine(safeRead(this.#lock)) as { pid?: number; host?: string; started?: string } | undefined;
      const gone = holder?.host === hostname() && typeof holder.pid === "number" && !isAlive(holder.pid);
      if (!gone && holder)
        throw new FileError(
          `${this.#owner}: another run (process ${holder.pid} on ${holder.host}, since ${holder.started}) writes to ${show(this.#folder)}. ` +
            `Wait for it, or name another folder; if it is gone, remove ${show(this.#lock)}.`,
        );
      // Its run was killed before it could give the lock back.
      rmSync(this.#lock, { force: true });
    }
    throw new FileError(`${this.#owner}: the lock of ${show(this.#folder)} cannot be taken: another run just took it.`);
  }
}

function safeRead(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Gone between two looks: the run that held it has ended.
    return "";
  }
}

function parseLine(line: string | undefined): unknown {
  if (line === undefined || line === "") return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
