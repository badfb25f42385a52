import type { Column, DenseChunk } from "../memory/column.js";
import { DTYPE_CODE, ELEMENT_BYTES } from "../memory/dtype.js";
import type { Block, Memory } from "../memory/memory.js";
import type { Kernels } from "./kernels.js";
import { instantiateKernels, loadKernelModule } from "./load.js";

const instances = new WeakMap<WebAssembly.Memory, Kernels>();

/** This thread's kernels over one arena, instantiated at the first use. */
export function kernelsFor(memory: WebAssembly.Memory): Kernels {
  let kernels = instances.get(memory);
  if (!kernels) {
    kernels = instantiateKernels(loadKernelModule(), memory);
    instances.set(memory, kernels);
  }
  return kernels;
}

/** Scratch numbers of a {@link Workspace}: `pointer` for kernels, `values` for TypeScript. */
export interface Scratch {
  readonly pointer: number;
  readonly values: Float64Array;
}

/**
 * The operands of kernel calls over one arena: pointer tables, small vectors and scratch, all freed at once. Columns of
 * another arena are copied in, because a kernel sees one memory only.
 *
 * @example
 * ```ts
 * using space = Workspace.over(context.memory, chunk);
 * const out = space.zeros(chunk.columns.length * 5);
 * space.kernels.momentsF64(space.table(chunk.columns), chunk.columns.length, chunk.rows, 0, out.pointer);
 * return out.values.slice();
 * ```
 */
export class Workspace implements Disposable {
  readonly kernels: Kernels;
  readonly arena: number;
  readonly #memory: Memory;
  readonly #blocks: Block[] = [];

  constructor(memory: Memory, arena: number) {
    this.#memory = memory;
    this.arena = arena;
    this.kernels = kernelsFor(memory.memoryOf(arena));
  }

  /** A workspace in the arena where most of a chunk lies. */
  static over(memory: Memory, chunk: DenseChunk): Workspace {
    return new Workspace(memory, chunk.columns[0]?.arena ?? 0);
  }

  /** Bytes of scratch, contents undefined. */
  bytes(bytes: number): number {
    return this.#block(bytes).block;
  }

  /** `length` zeros. */
  zeros(length: number): Scratch {
    const scratch = this.numbers(length);
    scratch.values.fill(0);
    return scratch;
  }

  /** `length` doubles, contents undefined. */
  numbers(length: number): Scratch {
    const pointer = this.bytes(Math.max(8, length * 8));
    return {
      pointer,
      values: new Float64Array(this.#memory.memoryOf(this.arena).buffer as ArrayBuffer, pointer, length),
    };
  }

  /** A copy of `values`, for kernels to read. */
  vector(values: ArrayLike<number>): number {
    const scratch = this.numbers(values.length);
    scratch.values.set(values);
    return scratch.pointer;
  }

  /** A copy of whole 32-bit numbers, for kernels to read. */
  words(values: ArrayLike<number>): number {
    const pointer = this.bytes(Math.max(4, values.length * 4));
    new Uint32Array(this.#memory.memoryOf(this.arena).buffer as ArrayBuffer, pointer, values.length).set(values);
    return pointer;
  }

  /** The pointer table of a matrix. */
  table(columns: readonly Column[]): number {
    return this.words(columns.map((column) => this.pointer(column)));
  }

  /** Where a column's values lie in this arena; those of another arena are copied here first. */
  pointer(column: Column): number {
    if (column.arena === this.arena) return column.offset;
    const bytes = column.length * ELEMENT_BYTES[column.dtype];
    const pointer = this.bytes(Math.max(8, bytes));
    const here = new Uint8Array(this.#memory.memoryOf(this.arena).buffer as ArrayBuffer, pointer, bytes);
    here.set(new Uint8Array(this.#memory.memoryOf(column.arena).buffer as ArrayBuffer, column.offset, bytes));
    return pointer;
  }

  /** Where a column's values lie as doubles: the column itself, or a converted copy. */
  doubles(column: Column): number {
    const pointer = this.pointer(column);
    if (column.dtype === "f64") return pointer;
    const converted = this.bytes(Math.max(8, column.length * 8));
    this.kernels.convert(DTYPE_CODE[column.dtype] as 0, 0, pointer, column.length, converted);
    return converted;
  }

  /** The table of a matrix of doubles or floats; other dtypes are converted to doubles. `suffix` names the kernels for it. */
  matrix(chunk: DenseChunk): { table: number; width: number; suffix: "F64" | "F32" } {
    const width = chunk.columns.length;
    if (chunk.columns.every((column) => column.dtype === "f32") && width > 0) {
      return { table: this.table(chunk.columns), width, suffix: "F32" };
    }
    return { table: this.words(chunk.columns.map((column) => this.doubles(column))), width, suffix: "F64" };
  }

  [Symbol.dispose](): void {
    for (const block of this.#blocks.splice(0)) this.#memory.free(block);
  }

  #block(bytes: number): Block {
    const block = this.#memory.allocateIn(this.arena, bytes);
    this.#blocks.push(block);
    return block;
  }
}
