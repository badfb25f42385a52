import { PartwiseError } from "../base/errors.js";
import { notPlainPart, type Plain } from "../base/plain.js";
import type { Column } from "../memory/column.js";
import { copyFromHost } from "../memory/host-column.js";
import type { Landing } from "../memory/landing.js";
import { Memory, type Block } from "../memory/memory.js";

/** A {@link Memory} that remembers what one task allocates, so that whatever the task does not return is freed with it. */
export class TaskMemory extends Memory {
  readonly #blocks = new Map<string, Block>();

  override allocate(bytes: number, prefer = 0): Block {
    const block = super.allocate(bytes, prefer);
    this.#blocks.set(blockId(block), block);
    return block;
  }

  override allocateIn(arena: number, bytes: number): Block {
    const block = super.allocateIn(arena, bytes);
    this.#blocks.set(blockId(block), block);
    return block;
  }

  override free(block: Block): void {
    this.#blocks.delete(blockId(block));
    super.free(block);
  }

  /** Frees every block of this task that none of `columns` lies in. */
  freeAllBut(columns: readonly Column[]): void {
    const keep = new Set(columns.map(blockId));
    for (const [id, block] of this.#blocks) if (!keep.has(id)) this.free(block);
  }
}

/** Identifies a block in maps. */
export function blockId(block: Block): string {
  return `${block.arena}:${block.block}`;
}

/**
 * A copy of a value with its host columns as columns of `memory`: all of it, or, when it does not fit, nothing. Columns
 * in `landing` stay there; a landing without any is freed.
 * @throws PartwiseError when it is not plain data, MemoryLimitError when it does not fit
 */
export function copyIn(memory: Memory, value: Plain, landing?: Landing): Plain {
  const bad = notPlainPart(value);
  if (bad !== undefined)
    throw new PartwiseError(
      `Engine: put got ${bad}. Pass plain data: numbers, strings, arrays, typed arrays, host columns.`,
    );
  const scratch = new TaskMemory(memory.share(), memory.owner);
  try {
    const copy = copyFromHost(scratch, value, landing) as Plain;
    if (landing?.used === false) landing.free();
    return copy;
  } catch (error) {
    scratch.freeAllBut([]);
    landing?.free();
    throw error;
  }
}
