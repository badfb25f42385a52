import { MemoryLimitError } from "../base/errors.js";

/** Bytes before a block's payload. 64 keeps every payload on a cache line. */
export const HEADER_BYTES = 64;
const UNIT = 64;
const FIRST_BLOCK = 1024;
const PAGE = 65536;
// Scratch (up to 64 KiB) does not nibble at large holes: a column that was freed finds its place whole the next time,
// instead of touching new pages at the top.
const SMALL_UNITS = 65536 / UNIT;
const BIG_HOLE_UNITS = 1048576 / UNIT;

// Words of the arena's own header, at the start of its memory.
const LOCK = 0;
const TOP = 1; // end of the last block, in units
const HINT = 2; // no free block starts before this unit
const TURNS = 3; // how often the lock was taken: a holder that makes no progress is dead
const HELD = 4; // held bytes, a 64-bit counter at word 4..5

// Milliseconds after which a lock whose holder makes no progress is taken from it. Holders need microseconds.
const DEAD_HOLDER_MS = 2000;

// Words of a block's header.
const SIZE = 0; // header included, in units
const STATE = 1; // FREE or USED
const OWNER = 2; // the thread that allocated it, 0 once a value owns it
const FREE = 0x66726565;
const USED = 0x75736564;

/** Sizes of one arena. */
export interface ArenaUse {
  /** Bytes in used blocks, headers included. */
  readonly held: number;
  /** End of the last block in bytes: about what the operating system counts as resident. */
  readonly top: number;
}

/**
 * A heap inside one shared `WebAssembly.Memory`, usable from any thread at once.
 *
 * Blocks lie one after another, each behind a header with its size: the list of blocks is the memory itself. A single
 * store commits each change of a header, so that a thread that dies in the middle leaves a walkable heap; `recover`
 * gives back its lock and its blocks. First fit by address keeps the top low, and with it the resident size, which
 * WebAssembly can never give back.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly index: number;
  readonly #maxBytes: number;
  #words: Int32Array;

  constructor(memory: WebAssembly.Memory, index: number, maxBytes: number) {
    this.memory = memory;
    this.index = index;
    this.#maxBytes = maxBytes;
    this.#words = new Int32Array(memory.buffer);
  }

  /** A new shared memory that may grow to `maxBytes` (4 GiB at most); nothing but address space is taken yet. */
  static createMemory(maxBytes: number): WebAssembly.Memory {
    return new WebAssembly.Memory({ initial: 1, maximum: Math.min(65536, Math.ceil(maxBytes / PAGE)), shared: true });
  }

  /**
   * Bytes of payload, 64-byte aligned, contents undefined.
   * @returns the payload's byte offset, or 0 when this arena has no room
   */
  allocate(bytes: number, owner: number): number {
    const need = 1 + Math.max(1, Math.ceil(bytes / UNIT));
    return this.#locked(owner, () => {
      const small = need <= SMALL_UNITS;
      const offset =
        this.#firstFit(need, owner, small ? BIG_HOLE_UNITS : Infinity) ||
        this.#extend(need, owner) ||
        this.#firstFit(need, owner, Infinity);
      if (offset !== 0) Atomics.add(this.#counter(), 0, BigInt(this.#sizeAt(offset)));
      return offset;
    });
  }

  /** Gives a block back; neighbours that are free become one block with it at the next walk. */
  free(payload: number, owner: number): void {
    this.#locked(owner, () => this.#freeBlock(payload));
  }

  /** Payload bytes of a block (rounded up to 64). */
  bytesOf(payload: number): number {
    return this.#sizeAt(payload) - HEADER_BYTES;
  }

  /** Hands a block over: to a value (0) or to a thread. */
  setOwner(payload: number, owner: number): void {
    this.#refresh(payload);
    this.#words[this.#header(payload) + OWNER] = owner;
  }

  /**
   * After the death of thread `dead`: releases its lock and frees every block that it still owned.
   * @returns how many bytes came back
   */
  recover(dead: number, owner: number): number {
    if (Atomics.compareExchange(this.#words, LOCK, dead, 0) === dead) Atomics.notify(this.#words, LOCK);
    return this.#locked(owner, () => {
      let freed = 0;
      this.#words[HINT] = FIRST_BLOCK / UNIT;
      this.#walk((payload, state, blockOwner) => {
        if (state !== USED || blockOwner !== dead) return;
        freed += this.#sizeAt(payload);
        this.#freeBlock(payload);
      });
      // The dead thread may have been between a header and the counter: count again.
      let held = 0n;
      this.#walk((payload, state) => {
        if (state === USED) held += BigInt(this.#sizeAt(payload));
      });
      Atomics.store(this.#counter(), 0, held);
      return freed;
    });
  }

  /** Makes sure that this thread sees the memory up to a byte that another thread has told it of. */
  reach(end: number): void {
    this.#refresh(end);
  }

  use(): ArenaUse {
    return { held: Number(Atomics.load(this.#counter(), 0)), top: (this.#words[TOP] ?? 0) * UNIT };
  }

  /** Checks every header; for tests. @throws MemoryLimitError naming the first broken block */
  verify(owner: number): void {
    this.#locked(owner, () => {
      let held = 0n;
      this.#walk((payload, state) => {
        if (state === USED) held += BigInt(this.#sizeAt(payload));
      });
      const counted = Atomics.load(this.#counter(), 0);
      if (held !== counted) {
        throw new MemoryLimitError(`Arena ${this.index}: blocks hold ${held} bytes but the counter says ${counted}.`);
      }
    });
  }

  #walk(visit: (payload: number, state: number, owner: number) => void): void {
    const top = this.#words[TOP] ?? 0;
    let unit = FIRST_BLOCK / UNIT;
    while (unit < top) {
      this.#refresh(unit * UNIT);
      const header = unit * (UNIT / 4);
      const size = this.#words[header + SIZE] ?? 0;
      const state = this.#words[header + STATE] ?? 0;
      if (size <= 0 || (state !== FREE && state !== USED)) {
        throw new MemoryLimitError(
          `Arena ${this.index}: the block at byte ${unit * UNIT} is overwritten. This is a defect.`,
        );
      }
      visit(unit * UNIT + HEADER_BYTES, state, this.#words[header + OWNER] ?? 0);
      unit += size;
    }
  }

  /** @param largest holes above this size are passed over */
  #firstFit(need: number, owner: number, largest: number): number {
    const words = this.#words;
    const top = words[TOP] ?? 0;
    if (top === 0) return 0;
    let unit = Math.max(words[HINT] ?? 0, FIRST_BLOCK / UNIT);
    let sawFree = false;
    while (unit < top) {
      this.#refresh(unit * UNIT);
      const header = unit * (UNIT / 4);
      let size = this.#words[header + SIZE] ?? 0;
      if (this.#words[header + STATE] === FREE) {
        // Merge with the free blocks behind it; one store of the larger size commits the merge.
        let next = unit + size;
        while (next < top && this.#words[next * (UNIT / 4) + STATE] === FREE)
          next += this.#words[next * (UNIT / 4) + SIZE] ?? 0;
        if (next !== unit + size) {
          size = next - unit;
          this.#words[header + SIZE] = size;
        }
        if (next === top && (size < need || size > largest)) {
          // The last free block: give it back to the top, so that extending starts from here.
          this.#words[TOP] = unit;
          return 0;
        }
        if (!sawFree) {
          sawFree = true;
          this.#words[HINT] = unit;
        }
        if (size >= need && size <= largest) {
          if (size > need) {
            const rest = (unit + need) * (UNIT / 4);
            this.#words[rest + SIZE] = size - need;
            this.#words[rest + STATE] = FREE;
            this.#words[rest + OWNER] = 0;
            this.#words[header + SIZE] = need;
          }
          this.#words[header + OWNER] = owner;
          this.#words[header + STATE] = USED;
          return unit * UNIT + HEADER_BYTES;
        }
      }
      unit += size;
    }
    if (!sawFree) this.#words[HINT] = top;
    return 0;
  }

  #extend(need: number, owner: number): number {
    const start = Math.max(this.#words[TOP] ?? 0, FIRST_BLOCK / UNIT);
    const end = (start + need) * UNIT;
    if (end > this.#maxBytes) return 0;
    const have = this.memory.buffer.byteLength;
    if (end > have) {
      // Grow by a quarter at least: each growth makes every thread renew its views.
      const wanted = Math.min(this.#maxBytes, Math.max(end, have + Math.max(16 * 1048576, have / 4)));
      try {
        this.memory.grow(Math.ceil((wanted - have) / PAGE));
      } catch {
        // The operating system refuses: this arena is full, the caller tries the next one.
        return 0;
      }
    }
    this.#refresh(end);
    const header = start * (UNIT / 4);
    this.#words[header + SIZE] = need;
    this.#words[header + OWNER] = owner;
    this.#words[header + STATE] = USED;
    this.#words[TOP] = start + need;
    return start * UNIT + HEADER_BYTES;
  }

  #freeBlock(payload: number): void {
    this.#refresh(payload);
    const header = this.#header(payload);
    if (this.#words[header + STATE] !== USED) {
      throw new MemoryLimitError(`Arena ${this.index}: the block at byte ${payload} is freed twice. This is a defect.`);
    }
    Atomics.sub(this.#counter(), 0, BigInt(this.#sizeAt(payload)));
    this.#words[header + STATE] = FREE;
    const unit = (payload - HEADER_BYTES) / UNIT;
    if (unit < (this.#words[HINT] ?? 0)) this.#words[HINT] = unit;
  }

  #header(payload: number): number {
    return (payload - HEADER_BYTES) / 4;
  }

  #sizeAt(payload: number): number {
    this.#refresh(payload);
    return (this.#words[this.#header(payload) + SIZE] ?? 0) * UNIT;
  }

  #counter(): BigInt64Array {
    return new BigInt64Array(this.memory.buffer, HELD * 4, 1);
  }

  // Another thread may have grown the memory since this view was made. The engine tells this thread of it by an
  // interrupt, which is only seen between the turns of a loop: `memory.buffer` may be old for a moment.
  #refresh(end: number): void {
    if (end + HEADER_BYTES <= this.#words.byteLength) return;
    for (let turn = 0; turn < 1000; turn++) {
      this.#words = new Int32Array(this.memory.buffer);
      if (end <= this.#words.byteLength) return;
    }
  }

  #locked<T>(owner: number, work: () => T): T {
    const words = this.#words;
    if (Atomics.compareExchange(words, LOCK, 0, owner) !== 0) this.#waitForLock(words, owner);
    Atomics.add(words, TURNS, 1);
    try {
      this.#refresh((this.#words[TOP] ?? 0) * UNIT);
      return work();
    } finally {
      // Only if it is still ours: see DEAD_HOLDER_MS.
      Atomics.compareExchange(words, LOCK, owner, 0);
      Atomics.notify(words, LOCK, 1);
    }
  }

  // The driver learns of a thread's death from its event loop, which does not turn while the driver itself waits here:
  // so a lock whose holder was ended in the middle is taken over. The blocks are walkable after every single store.
  #waitForLock(words: Int32Array, owner: number): void {
    let turns = Atomics.load(words, TURNS);
    let stuck = 0;
    for (let spin = 0; Atomics.compareExchange(words, LOCK, 0, owner) !== 0; spin++) {
      if (spin <= 100) continue;
      const holder = Atomics.load(words, LOCK);
      if (holder === 0) continue;
      if (Atomics.wait(words, LOCK, holder, 1) !== "timed-out") continue;
      const now = Atomics.load(words, TURNS);
      stuck = now === turns ? stuck + 1 : 0;
      turns = now;
      if (stuck >= DEAD_HOLDER_MS && Atomics.compareExchange(words, LOCK, holder, owner) === holder) return;
    }
  }
}
