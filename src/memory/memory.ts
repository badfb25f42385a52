import { MemoryLimitError } from "../base/errors.js";
import { Arena } from "./arena.js";
import type { Column, CsrChunk, DenseChunk } from "./column.js";
import { ELEMENT_BYTES, viewOf, type DType, type DTypeArrays } from "./dtype.js";

const ARENA_BYTES = 65536 * 65536;

/** What another thread needs to use the same arenas: goes through `workerData`. */
export interface SharedMemory {
  readonly memories: readonly WebAssembly.Memory[];
  readonly arenaBytes: number;
}

/** An allocation: the arena and the payload's byte offset in it. */
export interface Block {
  readonly arena: number;
  readonly block: number;
}

/** Asked before an allocation of `bytes` (more than {@link ASK_FROM}); may block until others have made room. */
export type MakeRoom = (bytes: number) => void;

/** Allocations below this size never wait for room: they are scratch and small results. */
export const ASK_FROM = 64 * 1024;

/**
 * One thread's door to the arenas. Each thread has its own instance over the same shared memories; `owner` marks the
 * blocks that this thread's running task has allocated until a value takes them.
 */
export class Memory {
  readonly arenas: readonly Arena[];
  readonly owner: number;
  readonly #shared: SharedMemory;
  readonly #makeRoom: MakeRoom | undefined;

  constructor(shared: SharedMemory, owner: number, makeRoom?: MakeRoom) {
    this.#shared = shared;
    this.owner = owner;
    this.#makeRoom = makeRoom;
    this.arenas = shared.memories.map((memory, i) => new Arena(memory, i, shared.arenaBytes));
  }

  /**
   * Arenas for `capacity` bytes (rounded up to whole arenas); only address space is reserved.
   * @param arenaBytes size of one arena, 4 GiB unless a test wants small ones
   */
  static create(capacity: number, arenaBytes = ARENA_BYTES): Memory {
    const count = Math.max(1, Math.ceil(capacity / arenaBytes));
    const memories = Array.from({ length: count }, () => Arena.createMemory(arenaBytes));
    return new Memory({ memories, arenaBytes }, 1);
  }

  share(): SharedMemory {
    return this.#shared;
  }

  /** Bytes in use in all arenas, headers included. */
  get held(): number {
    return this.arenas.reduce((sum, arena) => sum + arena.use().held, 0);
  }

  /** Highest bytes ever in use, arena by arena: an upper bound of their resident size. */
  get top(): number {
    return this.arenas.reduce((sum, arena) => sum + arena.use().top, 0);
  }

  /**
   * @param prefer the arena to try first, so that one kernel call finds its operands together
   * @throws MemoryLimitError when no arena has `bytes` in one piece
   */
  allocate(bytes: number, prefer = 0): Block {
    if (bytes >= ASK_FROM) this.#makeRoom?.(bytes);
    for (let i = 0; i < this.arenas.length; i++) {
      const index = (prefer + i) % this.arenas.length;
      const block = this.arenas[index]?.allocate(bytes, this.owner) ?? 0;
      if (block !== 0) return { arena: index, block };
    }
    throw new MemoryLimitError(
      `Memory: no room for ${bytes} bytes in ${this.arenas.length} arena(s) with ${this.held} bytes held. ` +
        "Raise memoryLimit, or use more and smaller partitions.",
    );
  }

  /** As {@link allocate}, in this arena or not at all: for the scratch of a kernel that sees only this arena. */
  allocateIn(arena: number, bytes: number): Block {
    if (bytes >= ASK_FROM) this.#makeRoom?.(bytes);
    const block = this.#arena(arena).allocate(bytes, this.owner);
    if (block !== 0) return { arena, block };
    throw new MemoryLimitError(
      `Memory: arena ${arena} has no room for ${bytes} bytes of scratch (${this.#arena(arena).use().held} held). Use smaller partitions.`,
    );
  }

  free(block: Block): void {
    this.#arena(block.arena).free(block.block, this.owner);
  }

  /** Bytes of a block as the accounting counts it. */
  bytesOf(block: Block): number {
    return this.#arena(block.arena).bytesOf(block.block);
  }

  /** Hands a block to a value (owner 0). */
  adopt(block: Block): void {
    this.#arena(block.arena).setOwner(block.block, 0);
  }

  /** The raw memory of an arena, for kernels. */
  memoryOf(arena: number): WebAssembly.Memory {
    return this.#arena(arena).memory;
  }

  /** One column, contents undefined. */
  column<D extends DType>(dtype: D, length: number, prefer = 0): Column<D> {
    const { arena, block } = this.allocate(length * ELEMENT_BYTES[dtype], prefer);
    return { kind: "column", arena, block, offset: block, length, dtype };
  }

  /** A column with a copy of `values`. */
  columnFrom<D extends DType>(dtype: D, values: DTypeArrays[D], prefer = 0): Column<D> {
    const column = this.column(dtype, values.length, prefer);
    (this.view(column) as Float64Array).set(values as Float64Array);
    return column;
  }

  /** A rows x width chunk in one block, each column on its own cache lines, contents undefined. */
  dense<D extends DType>(dtype: D, rows: number, width: number, prefer = 0): DenseChunk<D> {
    return denseAt(this.allocate(denseBytes(dtype, rows, width), prefer), dtype, rows, width);
  }

  /** As {@link dense}, in this arena or not at all: for the output of a kernel, which has to lie beside its input. */
  denseIn<D extends DType>(dtype: D, rows: number, width: number, arena: number): DenseChunk<D> {
    return denseAt(this.allocateIn(arena, denseBytes(dtype, rows, width)), dtype, rows, width);
  }

  /** A CSR chunk for `nnz` entries in one block, contents undefined. */
  csr(rows: number, cols: number, nnz: number, prefer = 0): CsrChunk {
    return csrAt(this.allocate(csrBytes(rows, nnz), prefer), rows, cols, nnz);
  }

  /** As {@link csr}, in this arena or not at all: for the output of a kernel, which has to lie beside its input. */
  csrIn(rows: number, cols: number, nnz: number, arena: number): CsrChunk {
    return csrAt(this.allocateIn(arena, csrBytes(rows, nnz)), rows, cols, nnz);
  }

  /** Makes sure that this thread sees a column that another one has just made, if its arena has grown for it. */
  reach(column: Column): void {
    this.#arena(column.arena).reach(column.offset + column.length * ELEMENT_BYTES[column.dtype]);
  }

  /** The column's values in place: valid until its block is freed. */
  view<D extends DType>(column: Column<D>): DTypeArrays[D] {
    return viewOf(column.dtype, this.memoryOf(column.arena).buffer, column.offset, column.length);
  }

  /** A copy of the column's values that outlives its block. */
  copyOut<D extends DType>(column: Column<D>): DTypeArrays[D] {
    return this.view(column).slice() as DTypeArrays[D];
  }

  #arena(index: number): Arena {
    const arena = this.arenas[index];
    if (!arena)
      throw new MemoryLimitError(`Memory: there is no arena ${index}; this thread knows ${this.arenas.length}.`);
    return arena;
  }
}

// Each column starts on its own cache line.
function denseStride(dtype: DType, rows: number): number {
  return Math.ceil((rows * ELEMENT_BYTES[dtype]) / 64) * 64;
}

function denseBytes(dtype: DType, rows: number, width: number): number {
  return Math.max(64, denseStride(dtype, rows) * width);
}

function denseAt<D extends DType>({ arena, block }: Block, dtype: D, rows: number, width: number): DenseChunk<D> {
  const stride = denseStride(dtype, rows);
  const columns = Array.from({ length: width }, (_, j): Column<D> => ({
    kind: "column",
    arena,
    block,
    offset: block + j * stride,
    length: rows,
    dtype,
  }));
  return { kind: "dense", rows, columns };
}

const padded = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function csrBytes(rows: number, nnz: number): number {
  return padded(nnz * 8) + padded(nnz * 4) + padded((rows + 1) * 4);
}

function csrAt({ arena, block }: Block, rows: number, cols: number, nnz: number): CsrChunk {
  const place = <D extends DType>(dtype: D, offset: number, length: number): Column<D> => ({
    kind: "column",
    arena,
    block,
    offset: block + offset,
    length,
    dtype,
  });
  return {
    kind: "csr",
    rows,
    cols,
    values: place("f64", 0, nnz),
    indices: place("i32", padded(nnz * 8), nnz),
    indptr: place("i32", padded(nnz * 8) + padded(nnz * 4), rows + 1),
  };
}
