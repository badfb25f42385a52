/** A column as the plain kernels read it; f32 elements widen to f64 on access. */
export type FloatColumn = Float64Array | Float32Array;

/** Storage of matrix columns: the suffix of a kernel's name. */
export type FloatStorage = "F64" | "F32";

/**
 * Typed arrays over a memory. Made anew at each access, because a memory that has grown keeps its earlier buffers at
 * their earlier length.
 */
export class MemoryViews {
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** Bytes of the memory now. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The f64[n] at a byte offset. */
  f64(pointer: number, n: number): Float64Array {
    return new Float64Array(this.#memory.buffer, pointer, n);
  }

  /** The f64[n] at a byte offset, or undefined for the null pointer. */
  optionalF64(pointer: number, n: number): Float64Array | undefined {
    return pointer === 0 ? undefined : this.f64(pointer, n);
  }

  /** The f32[n] at a byte offset. */
  f32(pointer: number, n: number): Float32Array {
    return new Float32Array(this.#memory.buffer, pointer, n);
  }

  /** The i64[n] at a byte offset. */
  i64(pointer: number, n: number): BigInt64Array {
    return new BigInt64Array(this.#memory.buffer, pointer, n);
  }

  /** The i32[n] at a byte offset. */
  i32(pointer: number, n: number): Int32Array {
    return new Int32Array(this.#memory.buffer, pointer, n);
  }

  /** The u32[n] at a byte offset. */
  u32(pointer: number, n: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, pointer, n);
  }

  /** The u8[n] at a byte offset. */
  u8(pointer: number, n: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, pointer, n);
  }

  /** The columns of a table. */
  columns(storage: FloatStorage, table: number, nCols: number, n: number): FloatColumn[] {
    return Array.from(this.u32(table, nCols), (pointer) =>
      storage === "F64" ? this.f64(pointer, n) : this.f32(pointer, n),
    );
  }
}
