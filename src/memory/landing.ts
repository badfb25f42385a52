import type { Column } from "./column.js";
import type { HostColumn } from "./host-column.js";
import type { Block, Memory } from "./memory.js";

/**
 * A block that a message is received into. Host columns whose data are views of it become columns where they are, without
 * a copy; the block then belongs to the value they are part of.
 */
export class Landing {
  readonly bytes: Uint8Array;
  readonly #memory: Memory;
  readonly #block: Block;
  #used = false;

  /** @throws MemoryLimitError when no arena has so many bytes in one piece */
  constructor(memory: Memory, bytes: number) {
    this.#memory = memory;
    this.#block = memory.allocate(bytes);
    this.bytes = new Uint8Array(memory.memoryOf(this.#block.arena).buffer, this.#block.block, bytes);
  }

  has({ data }: HostColumn): boolean {
    return data.buffer === this.bytes.buffer;
  }

  /** The column that a host column of this block is. */
  column({ dtype, data }: HostColumn): Column {
    this.#used = true;
    return { kind: "column", ...this.#block, offset: data.byteOffset, length: data.length, dtype };
  }

  /** True when columns lie here. */
  get used(): boolean {
    return this.#used;
  }

  /** Frees the block: no column lies in it. */
  free(): void {
    this.#memory.free(this.#block);
  }
}
