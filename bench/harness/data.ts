import { spawnSync } from "node:child_process";
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { python, root } from "./places.js";
import type { DataSet } from "./types.js";

/**
 * A recipe's data, made by the suite's `data.py` when `bench/.data` does not hold it yet. The folder takes its name only
 * once it is complete.
 * @throws Error with the script's output when it fails.
 */
export function ensureData(suite: string, recipe: string): DataSet {
  const directory = join(root, "bench", ".data", suite, recipe);
  const meta = join(directory, "meta.json");
  if (!existsSync(meta)) {
    const partial = `${directory}.partial`;
    rmSync(partial, { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
    const made = spawnSync(python, [join(root, "bench", suite, "data.py"), recipe, partial], { encoding: "utf8" });
    if (made.status !== 0) {
      throw new Error(`bench: data.py could not make ${recipe}: ${made.error?.message ?? made.stderr}`);
    }
    renameSync(partial, directory);
  }
  return { ...(JSON.parse(readFileSync(meta, "utf8")) as Omit<DataSet, "directory">), directory };
}

/** The little-endian float64 columns of a file of the data set, `columns` of them, in one buffer. */
export function readColumns(data: DataSet, file: string, columns: number): Float64Array<ArrayBuffer>[] {
  const bytes = new Uint8Array(columns * data.rows * 8);
  // Straight into the buffer that stays: a second copy would count in our peak memory.
  const fd = openSync(join(data.directory, file), "r");
  try {
    const { size } = fstatSync(fd);
    if (size !== bytes.length) {
      throw new Error(`bench: ${file} has ${size} bytes, not ${bytes.length}; delete bench/.data and run again.`);
    }
    let at = 0;
    while (at < bytes.length) {
      const read = readSync(fd, bytes, at, bytes.length - at, at);
      if (read === 0) throw new Error(`bench: ${file} ends after ${at} of ${bytes.length} bytes.`);
      at += read;
    }
  } finally {
    closeSync(fd);
  }
  return Array.from({ length: columns }, (_, j) => new Float64Array(bytes.buffer, j * data.rows * 8, data.rows));
}

/** The single column of a file of the data set. */
export function readVector(data: DataSet, file: string): Float64Array<ArrayBuffer> {
  const [vector] = readColumns(data, file, 1);
  if (vector === undefined) throw new Error(`bench: ${file} is empty.`);
  return vector;
}
