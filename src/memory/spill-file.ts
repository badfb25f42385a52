import { mkdtempSync, rmSync } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { FileError } from "../base/errors.js";
import type { Block, Memory } from "./memory.js";

const PIECE = 8 * 1048576;

/** A block's bytes on disk, with the checksum that proves them on the way back. */
export interface SpilledBlock {
  readonly path: string;
  readonly bytes: number;
  readonly crc: number;
}

/** The spilled bytes cannot be read back as they were written; the value has to be computed again. */
export class SpillLostError extends FileError {}

/** Removes folders that still exist when the process ends. */
const openFolders = new Set<string>();
let hooked = false;

/** A folder of spill files, made at the first spill and removed with `close` or when the process exits. */
export class SpillFolder {
  readonly #parent: string;
  #path: string | undefined;
  #next = 0;

  constructor(parent: string) {
    this.#parent = parent;
  }

  /** Writes a block's bytes to a new file. @throws FileError when the disk is full or the folder is not writable */
  async write(memory: Memory, block: Block): Promise<SpilledBlock> {
    const bytes = memory.bytesOf(block);
    const path = join(this.#folder(), `${this.#next++}.bin`);
    const data = new Uint8Array(memory.memoryOf(block.arena).buffer, block.block, bytes);
    let crc = 0;
    try {
      const file = await open(path, "wx");
      try {
        for (let at = 0; at < bytes; at += PIECE) {
          // File writes do not take shared memory: copy piece by piece.
          const piece = data.slice(at, Math.min(bytes, at + PIECE));
          crc = crc32(piece, crc);
          // A nearly full disk takes a part of it and says so only in the count.
          for (let done = 0; done < piece.length;) done += (await file.write(piece, done)).bytesWritten;
        }
      } finally {
        await file.close();
      }
    } catch (cause) {
      await unlink(path).catch(() => undefined);
      throw new FileError(
        `Spill: cannot write ${bytes} bytes to the temporary folder ${this.#parent} (${String(cause)}). ` +
          "Free disk space, set tempDirectory to another disk, or raise memoryLimit.",
        { cause, details: { path } },
      );
    }
    return { path, bytes, crc };
  }

  /** Reads a block's bytes into `target`. @throws SpillLostError when they are gone or damaged */
  async read(memory: Memory, spilled: SpilledBlock, target: Block): Promise<void> {
    const data = new Uint8Array(memory.memoryOf(target.arena).buffer, target.block, spilled.bytes);
    let crc = 0;
    try {
      const file = await open(spilled.path, "r");
      try {
        const piece = new Uint8Array(Math.min(PIECE, spilled.bytes));
        for (let at = 0; at < spilled.bytes;) {
          const { bytesRead } = await file.read(piece, 0, Math.min(PIECE, spilled.bytes - at));
          if (bytesRead === 0) throw new FileError(`it ends after ${at} of ${spilled.bytes} bytes`);
          const part = piece.subarray(0, bytesRead);
          crc = crc32(part, crc);
          data.set(part, at);
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw new SpillLostError(`Spill: cannot read back ${spilled.path} (${String(cause)}).`, { cause });
    }
    if (crc !== spilled.crc) throw new SpillLostError(`Spill: ${spilled.path} was changed on disk.`);
  }

  async remove(spilled: SpilledBlock): Promise<void> {
    await unlink(spilled.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }

  close(): void {
    if (this.#path === undefined) return;
    rmSync(this.#path, { recursive: true, force: true });
    openFolders.delete(this.#path);
    this.#path = undefined;
  }

  #folder(): string {
    if (this.#path !== undefined) return this.#path;
    try {
      this.#path = mkdtempSync(join(this.#parent, "partwise-spill-"));
    } catch (cause) {
      throw new FileError(
        `Spill: cannot make a folder in ${this.#parent} (${String(cause)}). Set tempDirectory to a writable folder.`,
        {
          cause,
          details: { path: this.#parent },
        },
      );
    }
    openFolders.add(this.#path);
    if (!hooked) {
      hooked = true;
      process.once("exit", () => {
        for (const folder of openFolders) rmSync(folder, { recursive: true, force: true });
      });
    }
    return this.#path;
  }
}
