import type { TaskContext } from "../../src/engine/engine.js";
import type { Kernels } from "../../src/kernels/kernels.js";
import { kernelsFor } from "../../src/kernels/workspace.js";
import type { CsrChunk } from "../../src/memory/column.js";
import { ArenaBuffer } from "./arena-buffer.js";

/** Compressed rows that come one after the other. */
export class CsrRows {
  readonly #context: TaskContext;
  readonly #kernels: Kernels;
  readonly #arena: number;
  readonly #ends: Int32Array;
  readonly #keys: ArenaBuffer;
  readonly #scratch: ArenaBuffer;
  readonly #indices: ArenaBuffer;
  readonly #values: ArenaBuffer;
  #rows = 0;
  #entries = 0;

  constructor(context: TaskContext, arena: number, rows: number) {
    const { memory } = context;
    this.#context = context;
    this.#kernels = kernelsFor(memory.memoryOf(arena));
    this.#arena = arena;
    this.#ends = new Int32Array(rows + 1);
    this.#keys = new ArenaBuffer(memory, arena);
    this.#scratch = new ArenaBuffer(memory, arena);
    // About what rows of text hold; it grows.
    this.#indices = new ArenaBuffer(memory, arena, 64 + rows * 64 * 4);
    this.#values = new ArenaBuffer(memory, arena, 64 + rows * 64 * 8);
  }

  /** Room for the keys of the next row. */
  keys(n: number): number {
    return this.#keys.ensure(n * 4);
  }

  /** Adds a row: the first `n` keys, counted by column. */
  add(n: number): void {
    const most = this.#entries + n;
    const indices = this.#indices.ensure(most * 4) + this.#entries * 4;
    const values = this.#values.ensure(most * 8) + this.#entries * 8;
    this.#entries += this.#kernels.keyCounts(this.#keys.pointer, n, this.#scratch.ensure(n * 4), indices, values);
    this.#ends[++this.#rows] = this.#entries;
  }

  /** The rows, with ones for counts where `binary`. */
  chunk(cols: number, binary: boolean): CsrChunk {
    const { memory } = this.#context;
    const out = memory.csrIn(this.#rows, cols, this.#entries, this.#arena);
    memory.view(out.indptr).set(this.#ends);
    this.#kernels.copy(out.indices.offset, this.#indices.pointer, this.#entries * 4);
    if (binary) this.#kernels.fillF64(out.values.offset, 1, this.#entries);
    else this.#kernels.copy(out.values.offset, this.#values.pointer, this.#entries * 8);
    return out;
  }
}
