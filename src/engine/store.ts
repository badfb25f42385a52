import { WorkerLostError } from "../base/errors.js";
import type { Plain } from "../base/plain.js";
import { columnsIn, mapColumns, plainBytes, type Column } from "../memory/column.js";
import type { Block, Memory } from "../memory/memory.js";
import { SpillLostError, type SpilledBlock, type SpillFolder } from "../memory/spill-file.js";
import { blockId } from "./task-memory.js";

/** One allocation that values hold: in memory, on disk, or both (blocks never change once a value owns them). */
interface HeldBlock {
  /** Where it is; undefined while it is only on disk. */
  at: Block | undefined;
  readonly bytes: number;
  /** Values that contain it. */
  holders: number;
  /** Running tasks and transfers that need it where it is. */
  users: number;
  disk: SpilledBlock | undefined;
  lastUse: number;
  restoring: Promise<void> | undefined;
}

interface Entry {
  /** The value with its columns as they were when it was published. */
  readonly value: Plain;
  /** The blocks by the address they had then. */
  readonly blocks: ReadonlyMap<string, HeldBlock>;
  refs: number;
}

/** Values held in place; `end` must be called exactly once. */
export interface Lease {
  readonly values: readonly Plain[];
  end(): void;
}

/** What a store reports. */
export interface StoreEvents {
  onSpill(bytes: number, direction: "out" | "in"): void;
}

/**
 * The driver's table of values: who needs each, how many bytes they hold, and what goes to disk when the limit is near.
 * A block lives as long as a value that contains it, a value as long as its references (one if it is kept, one for each
 * task that still has to read it).
 */
export class ValueStore {
  readonly #memory: Memory;
  readonly #limit: number;
  readonly #spill: SpillFolder;
  readonly #events: StoreEvents;
  readonly #entries = new Map<string, Entry>();
  /** Blocks in memory by their present address. */
  readonly #resident = new Map<string, HeldBlock>();
  #clock = 0;
  #spilledBytes = 0;
  #making: Promise<unknown> = Promise.resolve();

  constructor(memory: Memory, limit: number, spill: SpillFolder, events: StoreEvents) {
    this.#memory = memory;
    this.#limit = limit;
    this.#spill = spill;
    this.#events = events;
  }

  /** Bytes held in the arenas: values, and the scratch of running tasks. */
  get held(): number {
    return this.#memory.held;
  }

  /** Bytes that are on disk only. */
  get spilled(): number {
    return this.#spilledBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** True when part of the value is on disk only. */
  isSpilled(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && [...entry.blocks.values()].some((block) => block.at === undefined);
  }

  /** Bytes of a value: its blocks and its plain parts. */
  bytesOf(key: string): number {
    const entry = this.#entries.get(key);
    if (!entry) return 0;
    let bytes = plainBytes(entry.value);
    for (const block of entry.blocks.values()) bytes += block.bytes;
    return bytes;
  }

  /** Takes a value over, with `refs` references. Its blocks may be shared with other values. */
  publish(key: string, value: Plain, refs: number): void {
    const blocks = new Map<string, HeldBlock>();
    for (const column of columnsIn(value)) {
      const id = blockId(column);
      if (blocks.has(id)) continue;
      let held = this.#resident.get(id);
      if (!held) {
        const at = { arena: column.arena, block: column.block };
        this.#memory.adopt(at);
        held = {
          at,
          bytes: this.#memory.bytesOf(at),
          holders: 0,
          users: 0,
          disk: undefined,
          lastUse: 0,
          restoring: undefined,
        };
        this.#resident.set(id, held);
      }
      held.holders += 1;
      held.lastUse = ++this.#clock;
      blocks.set(id, held);
    }
    this.#entries.set(key, { value, blocks, refs });
    if (refs === 0) this.#drop(key);
  }

  retain(key: string): void {
    const entry = this.#entries.get(key);
    if (entry) entry.refs += 1;
  }

  release(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.refs -= 1;
    if (entry.refs <= 0) this.#drop(key);
  }

  /** Forgets a value at once, whoever refers to it. @returns the references it had */
  discard(key: string): number {
    const refs = this.#entries.get(key)?.refs ?? 0;
    this.#drop(key);
    return refs;
  }

  /**
   * The values with their columns where they are now, read back from disk if need be; they stay there until the lease
   * ends.
   * @throws SpillLostError when a value's bytes on disk are gone (`details.key` names it)
   */
  async acquire(keys: readonly string[]): Promise<Lease> {
    // Mark all first, so that making room for one does not push out another.
    const entries = keys.map((key) => this.#entry(key));
    for (const entry of entries) this.#use(entry, 1);
    const end = (): void => {
      for (const entry of entries) this.#use(entry, -1);
    };
    try {
      const values: Plain[] = [];
      for (const [i, entry] of entries.entries()) values.push(await this.#restored(keys[i] as string, entry));
      return { values, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /**
   * Spills least-recently-used blocks until `bytes` more fit under the limit.
   * @returns false when nothing more can be spilled
   */
  makeRoom(bytes: number): Promise<boolean> {
    const next = this.#making.then(() => this.#makeRoom(bytes));
    // A failed write must not poison later requests; the caller of this one sees its error.
    this.#making = next.catch(() => undefined);
    return next;
  }

  /** Frees everything. */
  clear(): void {
    for (const key of this.#entries.keys()) this.#drop(key);
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    while (this.held + bytes > this.#limit) {
      let victim: HeldBlock | undefined;
      for (const block of this.#resident.values()) {
        if (block.users === 0 && (victim === undefined || block.lastUse < victim.lastUse)) victim = block;
      }
      if (!victim?.at) return false;
      await this.#spillOut(victim, victim.at);
    }
    return true;
  }

  async #spillOut(block: HeldBlock, at: Block): Promise<void> {
    if (block.disk === undefined) {
      block.users += 1;
      try {
        block.disk = await this.#spill.write(this.#memory, at);
        this.#events.onSpill(block.bytes, "out");
      } catch (error) {
        block.users -= 1;
        if (block.users === 0 && block.holders === 0) this.#forget(block);
        throw error;
      }
      block.users -= 1;
    }
    // Somebody may have taken it while it was written; then it stays until they are done.
    if (block.users > 0) return;
    if (block.holders === 0) this.#forget(block);
    else {
      this.#resident.delete(blockId(at));
      this.#memory.free(at);
      block.at = undefined;
      this.#spilledBytes += block.bytes;
    }
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key);
    if (!entry)
      throw new WorkerLostError(`Engine: the value ${key} is not here; it was released or never made.`, {
        details: { key },
      });
    return entry;
  }

  #use(entry: Entry, change: 1 | -1): void {
    for (const block of entry.blocks.values()) {
      block.users += change;
      block.lastUse = ++this.#clock;
      if (block.users === 0 && block.holders === 0) this.#forget(block);
    }
  }

  async #restored(key: string, entry: Entry): Promise<Plain> {
    for (const block of entry.blocks.values()) {
      if (block.at !== undefined) continue;
      block.restoring ??= this.#restore(block).finally(() => {
        block.restoring = undefined;
      });
      try {
        await block.restoring;
      } catch (error) {
        if (error instanceof SpillLostError)
          throw new SpillLostError(error.message, { cause: error, details: { key } });
        throw error;
      }
    }
    if ([...entry.blocks].every(([id, block]) => block.at && blockId(block.at) === id)) return entry.value;
    return mapColumns(entry.value, (column) => moved(column, entry.blocks.get(blockId(column))?.at)) as Plain;
  }

  async #restore(block: HeldBlock): Promise<void> {
    await this.makeRoom(block.bytes);
    const at = this.#memory.allocate(block.bytes);
    try {
      await this.#spill.read(this.#memory, block.disk as SpilledBlock, at);
    } catch (error) {
      this.#memory.free(at);
      throw error;
    }
    this.#memory.adopt(at);
    block.at = at;
    this.#resident.set(blockId(at), block);
    this.#spilledBytes -= block.bytes;
    this.#events.onSpill(block.bytes, "in");
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    for (const block of entry.blocks.values()) {
      block.holders -= 1;
      if (block.holders === 0 && block.users === 0) this.#forget(block);
    }
  }

  #forget(block: HeldBlock): void {
    if (block.at) {
      this.#resident.delete(blockId(block.at));
      this.#memory.free(block.at);
      block.at = undefined;
    } else {
      this.#spilledBytes -= block.bytes;
    }
    if (block.disk) void this.#spill.remove(block.disk);
    block.disk = undefined;
  }
}

function moved(column: Column, at: Block | undefined): Column {
  if (!at) throw new SpillLostError("Engine: a column's block is on disk while it is read. This is a defect.");
  return { ...column, arena: at.arena, block: at.block, offset: column.offset - column.block + at.block };
}
