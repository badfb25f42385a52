import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { abortedError, FileError, ParameterError, show } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { frameIn } from "../collections/frame/live-frame.js";
import { chooseEngine } from "../collections/choose-engine.js";
import type { Plan } from "../collections/plan.js";
import { PlanRun, type RunOptions } from "../collections/plan-run.js";
import type { Engine, TaskContext } from "../engine/engine.js";
import { fnRef } from "../engine/fn-ref.js";
import { fileError, isErrno } from "./file-error.js";

/** Options of the writers. */
export interface WriteOptions extends RunOptions {
  readonly engine?: Engine;
  /** Replace the part files of a folder that is not empty; other files in it stay. */
  readonly overwrite?: boolean;
}

/** What a partition is written as. */
export type FileFormat =
  | { readonly format: "parquet"; readonly compression: string }
  | { readonly format: "csv"; readonly delimiter: string }
  | { readonly format: "ipc" };

const EXTENSIONS = { parquet: ".parquet", csv: ".csv", ipc: ".arrow" } as const;
const OWN_FILE = /^part-\d+\.(parquet|csv|arrow)$/;
const WRITE_TASK = fnRef(import.meta.url, "writeTask");

/**
 * Writes each partition as `part-00000.parquet` and so on into `path`. All files are first written into a folder beside it
 * that takes its name at the end: a run that fails or is stopped leaves nothing behind and what was there untouched.
 *
 * @returns the files, in partition order
 * @throws FileError when `path` is a file or a folder with content, cannot be written, or the disk is full
 */
export async function writeFrame(
  verb: string,
  plan: Plan,
  path: string,
  format: FileFormat,
  options: WriteOptions,
): Promise<string[]> {
  const owner = `DistributedDataFrame.${verb}`;
  if (typeof path !== "string" || path === "")
    throw new ParameterError(`${owner}: the path must be a folder's name; got ${show(path)}.`);
  const folder = resolve(path);
  checkTarget(owner, path, folder, options.overwrite ?? false);
  const names = Array.from(
    { length: plan.partitions },
    (_, i) => `part-${String(i).padStart(5, "0")}${EXTENSIONS[format.format]}`,
  );
  const temporary = makeTemporary(owner, folder);
  try {
    await writeParts(
      owner,
      plan,
      names.map((name) => join(temporary, name)),
      format,
      options,
    );
    publish(folder, temporary, names);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    throw error instanceof FileError || !isErrno(error) ? error : fileError(owner, path, error);
  }
  return names.map((name) => join(folder, name));
}

async function writeParts(
  owner: string,
  plan: Plan,
  paths: readonly string[],
  format: FileFormat,
  options: WriteOptions,
): Promise<void> {
  const engine = options.engine ?? chooseEngine([plan]);
  const run = new PlanRun(engine);
  const keys: string[] = [];
  for (const [index, path] of paths.entries()) {
    keys.push(
      run.add(WRITE_TASK, { path, format: format as unknown as Plain, owner }, [await run.key(plan, index)], {
        index,
        of: owner,
      }),
    );
  }
  await run.submit(keys, options.signal);
  let done = 0;
  try {
    // All of them, so that no thread still writes when the folder is published or removed.
    const statuses = await Promise.all(
      keys.map(async (key) => {
        const [status] = await engine.wait([key]);
        options.onProgress?.({ stage: owner, done: ++done, total: keys.length });
        return status;
      }),
    );
    if (options.signal?.aborted) throw abortedError(options.signal, owner);
    const failed =
      statuses.find((status) => status?.state === "failed") ?? statuses.find((status) => status?.state !== "done");
    if (failed) throw failed.error ?? new FileError(`${owner}: writing ${failed.key} was ${failed.state}.`);
  } finally {
    engine.release(keys);
  }
}

/** Writes one partition to `path`; returns its bytes. */
export function writeTask(
  context: TaskContext,
  args: { readonly path: string; readonly format: FileFormat; readonly owner: string },
  input: unknown,
): number {
  const frame = frameIn(context, input);
  const { format } = args;
  const bytes =
    format.format === "parquet"
      ? frame.writeParquet({ compression: format.compression as "zstd" })
      : format.format === "csv"
        ? frame.writeCSV({ separator: format.delimiter, sep: format.delimiter } as never)
        : frame.writeIPC({ compression: "uncompressed" });
  const buffer = bytes as unknown as Buffer;
  try {
    writeFileSync(args.path, buffer, { flush: true });
  } catch (cause) {
    throw fileError(args.owner, args.path, cause);
  }
  return buffer.length;
}

function checkTarget(owner: string, path: string, folder: string, overwrite: boolean): void {
  let stat;
  try {
    stat = statSync(folder, { throwIfNoEntry: false });
  } catch (cause) {
    throw fileError(owner, path, cause);
  }
  if (!stat) return;
  if (!stat.isDirectory())
    throw new FileError(`${owner}: ${show(path)} is a file; the partitions need a folder. Name another one.`, {
      details: { path },
    });
  if (!overwrite && readdirSync(folder).length > 0) {
    throw new FileError(
      `${owner}: the folder ${show(path)} is not empty. Name a new one, or pass { overwrite: true } to replace its part files.`,
      { details: { path } },
    );
  }
}

function makeTemporary(owner: string, folder: string): string {
  const parent = dirname(folder);
  try {
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, `.${basename(folder)}-`));
  } catch (cause) {
    throw fileError(owner, parent, cause);
  }
}

function publish(folder: string, temporary: string, names: readonly string[]): void {
  const present = statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder) : [];
  if (present.length === 0) {
    if (statSync(folder, { throwIfNoEntry: false })) rmdirSync(folder);
    renameSync(temporary, folder);
    return;
  }
  for (const name of present) if (OWN_FILE.test(name)) rmSync(join(folder, name));
  for (const name of names) renameSync(join(temporary, name), join(folder, name));
  rmSync(temporary, { recursive: true, force: true });
}

/** Writes a small text file, with the writers' errors. */
export function writeTextFile(owner: string, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw fileError(owner, path, cause);
  }
}
