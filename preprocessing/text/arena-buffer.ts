import type { Block, Memory } from "../../src/memory/memory.js";

/** Room in an arena that grows; what it held is kept. */
export class ArenaBuffer {
  readonly #memory: Memory;
  readonly #arena: number;
  #block: Block | undefined;
  #bytes = 0;

  constructor(memory: Memory, arena: number, bytes = 0) {
    this.#memory = memory;
    this.#arena = arena;
    if (bytes > 0) this.ensure(bytes);
  }

  /** Where it is now. */
  get pointer(): number {
    return this.#block?.block ?? 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Makes room for so many bytes, twice as many as before at least; returns where it is now. */
  ensure(bytes: number): number {
    if (bytes <= this.#bytes && this.#block) return this.#block.block;
    const size = Math.max(64, bytes, 2 * this.#bytes);
    const next = this.#memory.allocateIn(this.#arena, size);
    if (this.#block) {
      const all = new Uint8Array(this.#memory.memoryOf(this.#arena).buffer as ArrayBuffer);
      all.copyWithin(next.block, this.#block.block, this.#block.block + this.#bytes);
      this.#memory.free(this.#block);
    }
    this.#block = next;
    this.#bytes = size;
    return next.block;
  }

  words(count: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.pointer, count);
  }
  doubles(count: number): Float64Array {
    return new Float64Array(this.#buffer, this.pointer, count);
  }
  text(count: number): Buffer {
    return Buffer.from(this.#buffer, this.pointer, count);
  }

  get #buffer(): ArrayBuffer {
    return this.#memory.memoryOf(this.#arena).buffer as ArrayBuffer;
  }
}
