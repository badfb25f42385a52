import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryLimitError } from "#src/base/errors.js";
import { Arena, HEADER_BYTES } from "#src/memory/arena.js";

const MB = 2 ** 20;
const OWNER = 1;
const LOCK_WORD = 0;

function arena(maxBytes = 4 * MB): Arena {
  return new Arena(Arena.createMemory(maxBytes), 0, maxBytes);
}

/** Payload bytes that a request really takes. */
const rounded = (bytes: number): number => Math.max(64, Math.ceil(bytes / 64) * 64);

describe("Arena", () => {
  it("gives 64-byte aligned payloads of at least the size asked for", () => {
    const heap = arena();
    for (const bytes of [0, 1, 63, 64, 65, 1000, 65536, 200_000]) {
      const payload = heap.allocate(bytes, OWNER);
      expect(payload % 64).toBe(0);
      expect(payload).toBeGreaterThan(0);
      expect(heap.bytesOf(payload)).toBe(rounded(bytes));
    }
  });

  it("counts held bytes with headers, and comes back to zero", () => {
    const heap = arena();
    const a = heap.allocate(100, OWNER);
    const b = heap.allocate(1, OWNER);
    expect(heap.use().held).toBe(128 + 64 + 2 * HEADER_BYTES);
    heap.free(a, OWNER);
    heap.free(b, OWNER);
    expect(heap.use().held).toBe(0);
    heap.verify(OWNER);
  });

  it("reuses the first hole that fits, and splits it", () => {
    const heap = arena();
    const blocks = [1000, 1000, 1000].map((bytes) => heap.allocate(bytes, OWNER));
    const { top } = heap.use();
    heap.free(blocks[0] as number, OWNER);
    heap.free(blocks[1] as number, OWNER);
    expect(heap.allocate(500, OWNER)).toBe(blocks[0]);
    expect(heap.allocate(1400, OWNER)).toBe((blocks[0] as number) + rounded(500) + HEADER_BYTES);
    expect(heap.use().top).toBe(top);
    heap.verify(OWNER);
  });

  it("joins free neighbours in whatever order they are freed", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(
          Array.from({ length: 12 }, (_, i) => i),
          { minLength: 12 },
        ),
        (order) => {
          const heap = arena();
          const blocks = order.map((_, i) => heap.allocate(64 * (i + 1), OWNER));
          const { held, top } = heap.use();
          for (const i of order) heap.free(blocks[i] as number, OWNER);
          expect(heap.allocate(held - HEADER_BYTES, OWNER)).toBe(blocks[0]);
          expect(heap.use()).toEqual({ held, top });
        },
      ),
      { numRuns: 30 },
    );
  });

  it("keeps blocks apart and its books right through any sequence of allocations and frees", () => {
    const step = fc.oneof(
      fc.record({ bytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 60_000 })) }),
      fc.record({ free: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const heap = arena();
        const live: { payload: number; bytes: number; mark: number }[] = [];
        const bytesAt = (payload: number, bytes: number): Uint8Array =>
          new Uint8Array(heap.memory.buffer, payload, bytes);
        for (const [mark, one] of steps.entries()) {
          if ("bytes" in one) {
            const payload = heap.allocate(one.bytes, OWNER);
            if (payload === 0) continue;
            const bytes = heap.bytesOf(payload);
            bytesAt(payload, bytes).fill(mark);
            live.push({ payload, bytes, mark: mark & 255 });
          } else if (live.length > 0) {
            const [gone] = live.splice(one.free % live.length, 1);
            if (gone) heap.free(gone.payload, OWNER);
          }
        }
        const sorted = live.toSorted((a, b) => a.payload - b.payload);
        sorted.forEach((block, i) => {
          expect(block.payload % 64).toBe(0);
          const next = sorted[i + 1];
          if (next) expect(block.payload + block.bytes + HEADER_BYTES).toBeLessThanOrEqual(next.payload);
          expect(bytesAt(block.payload, block.bytes).every((byte) => byte === block.mark)).toBe(true);
        });
        heap.verify(OWNER);
        expect(heap.use().held).toBe(live.reduce((sum, block) => sum + block.bytes + HEADER_BYTES, 0));
        for (const block of live) heap.free(block.payload, OWNER);
        expect(heap.use().held).toBe(0);
        heap.verify(OWNER);
      }),
      { numRuns: 100 },
    );
  });

  it("stays low while the same amount of memory comes and goes", () => {
    const heap = arena(64 * MB);
    const live: number[] = [];
    let seed = 1;
    for (let i = 0; i < 20_000; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      live.push(heap.allocate(seed % 8192, OWNER));
      if (live.length > 100) heap.free(live.splice(seed % live.length, 1)[0] as number, OWNER);
    }
    // 100 blocks of 4 kB on average; the rest is what first fit loses to holes.
    expect(heap.use().top).toBeLessThan(1.2 * MB);
    heap.verify(OWNER);
  });

  it("returns 0 when it is full, and works on when there is room again", () => {
    const heap = arena(MB);
    expect(heap.allocate(2 * MB, OWNER)).toBe(0);
    const blocks: number[] = [];
    for (let block = heap.allocate(100_000, OWNER); block !== 0; block = heap.allocate(100_000, OWNER))
      blocks.push(block);
    expect(blocks).toHaveLength(10);
    heap.free(blocks[4] as number, OWNER);
    expect(heap.allocate(100_000, OWNER)).toBe(blocks[4]);
    heap.verify(OWNER);
  });

  it("says so when a block is freed twice or overwritten", () => {
    const heap = arena();
    const a = heap.allocate(64, OWNER);
    const b = heap.allocate(64, OWNER);
    heap.free(a, OWNER);
    expect(() => heap.free(a, OWNER)).toThrow(MemoryLimitError);
    expect(() => heap.free(a, OWNER)).toThrow("freed twice");
    new Int32Array(heap.memory.buffer, b - HEADER_BYTES, 2).fill(-1);
    expect(() => heap.verify(OWNER)).toThrow("overwritten");
  });

  it("takes back the blocks of a dead thread, and no others", () => {
    const heap = arena();
    const mine = heap.allocate(1000, OWNER);
    const dead = [100, 5000, 64].map((bytes) => heap.allocate(bytes, 77));
    const given = heap.allocate(64, 77);
    heap.setOwner(given, 0);
    const other = heap.allocate(64, 78);
    expect(heap.recover(77, OWNER)).toBe(dead.length * HEADER_BYTES + 128 + 5056 + 64);
    heap.verify(OWNER);
    expect(heap.use().held).toBe(3 * HEADER_BYTES + 1024 + 64 + 64);
    for (const block of [mine, given, other]) heap.free(block, OWNER);
    expect(heap.use().held).toBe(0);
    expect(heap.recover(77, OWNER)).toBe(0);
  });

  it("takes back the lock of a thread that died with it, and counts again what it left half done", () => {
    const heap = arena();
    heap.allocate(1000, 77);
    const words = new Int32Array(heap.memory.buffer);
    Atomics.store(words, LOCK_WORD, 77);
    // As if it had died between the header and the counter.
    Atomics.sub(new BigInt64Array(heap.memory.buffer, 16, 1), 0, 64n);
    heap.recover(77, OWNER);
    expect(Atomics.load(words, LOCK_WORD)).toBe(0);
    expect(heap.use().held).toBe(0);
    heap.verify(OWNER);
  });

  it("does not wait for ever for a lock whose holder makes no progress", () => {
    const heap = arena();
    const words = new Int32Array(heap.memory.buffer);
    Atomics.store(words, LOCK_WORD, 77);
    expect(heap.allocate(64, OWNER)).toBeGreaterThan(0);
    expect(Atomics.load(words, LOCK_WORD)).toBe(0);
    heap.verify(OWNER);
  });
});
