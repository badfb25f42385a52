import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError, WorkerLostError } from "#src/base/errors.js";
import type { Plain } from "#src/base/plain.js";
import { ValueStore } from "#src/engine/store.js";
import type { Column, DenseChunk } from "#src/memory/column.js";
import { Memory } from "#src/memory/memory.js";
import { SpillFolder, SpillLostError } from "#src/memory/spill-file.js";

const MB = 2 ** 20;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "partwise-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A store over its own memory; `spills` notes what went where. */
function makeStore(limit = MB, parent = folder) {
  const memory = Memory.create(8 * MB, 8 * MB);
  const spills: string[] = [];
  const store = new ValueStore(memory, limit, new SpillFolder(parent), {
    onSpill: (bytes, direction) => spills.push(`${direction} ${bytes}`),
  });
  const column = (fill: number, length = 10_000): Column<"f64"> => {
    const made = memory.column("f64", length);
    memory.view(made).fill(fill);
    return made;
  };
  const publish = (key: string, value: unknown, refs: number): void => store.publish(key, value as Plain, refs);
  return { memory, store, spills, column, publish };
}

describe("ValueStore", () => {
  it("frees a value with its last reference, and a block with its last value", () => {
    const { memory, store, publish } = makeStore();
    const chunk = memory.dense("f64", 100, 2);
    publish("whole", chunk, 2);
    publish("part", { kind: "dense", rows: 100, columns: chunk.columns.slice(1) } satisfies DenseChunk, 1);
    const held = memory.held;
    store.release("whole");
    expect(store.has("whole")).toBe(true);
    store.release("whole");
    expect(store.has("whole")).toBe(false);
    expect(memory.held).toBe(held);
    store.release("part");
    expect(memory.held).toBe(0);
    store.release("part");
  });

  it("frees at once what nobody refers to", () => {
    const { memory, store, column, publish } = makeStore();
    publish("unused", column(1), 0);
    expect([store.has("unused"), memory.held]).toEqual([false, 0]);
  });

  it("weighs a value by its blocks and its plain parts", () => {
    const { store, column, publish } = makeStore();
    publish("a", [column(1), new Float64Array(5)], 1);
    expect(store.bytesOf("a")).toBe(80_000 + 16 + 48 + 40);
    expect(store.bytesOf("ghost")).toBe(0);
  });

  it("spills the least recently used first, and brings it back elsewhere with its columns moved", async () => {
    const { memory, store, spills, column, publish } = makeStore();
    const old = column(1);
    publish("old", { deep: [old] }, 1);
    publish("new", column(2), 1);
    (await store.acquire(["old"])).end();
    expect(await store.makeRoom(MB - 100_000)).toBe(true);
    expect([store.isSpilled("old"), store.isSpilled("new"), store.spilled]).toEqual([false, true, 80_000]);
    expect(await store.makeRoom(MB)).toBe(true);
    expect(memory.held).toBe(0);
    // Its old place is taken by another block.
    publish("between", column(3, 5), 1);
    const lease = await store.acquire(["old"]);
    const [moved] = (lease.values[0] as unknown as { deep: Column<"f64">[] }).deep;
    expect(moved?.block).not.toBe(old.block);
    expect(memory.view(moved as Column<"f64">).every((value) => value === 1)).toBe(true);
    lease.end();
    expect(spills).toEqual(["out 80000", "out 80000", "in 80000"]);
    store.clear();
    expect([memory.held, store.spilled, store.size]).toEqual([0, 0, 0]);
  });

  it("does not write a block twice", async () => {
    const { store, spills, column, publish } = makeStore();
    publish("a", column(1), 1);
    for (let i = 0; i < 3; i++) {
      await store.makeRoom(MB);
      (await store.acquire(["a"])).end();
    }
    expect(spills.filter((spill) => spill.startsWith("out"))).toHaveLength(1);
  });

  it("leaves alone what is in use, and says when nothing can go", async () => {
    const { store, column, publish } = makeStore();
    publish("a", column(1), 1);
    const lease = await store.acquire(["a"]);
    expect(await store.makeRoom(MB)).toBe(false);
    expect(store.isSpilled("a")).toBe(false);
    lease.end();
    expect(await store.makeRoom(MB)).toBe(true);
  });

  it("keeps a block that is taken while it is written, also when its value is dropped meanwhile", async () => {
    const { memory, store, column, publish } = makeStore();
    publish("a", column(7), 1);
    const making = store.makeRoom(MB);
    // Lets the write begin.
    await Promise.resolve();
    const lease = await store.acquire(["a"]);
    store.release("a");
    expect(await making).toBe(false);
    const [value] = lease.values as unknown as Column<"f64">[];
    expect(memory.held).toBeGreaterThan(80_000);
    expect(memory.view(value as Column<"f64">).every((one) => one === 7)).toBe(true);
    lease.end();
    expect(memory.held).toBe(0);
  });

  it("frees a block whose value is dropped while it is written, or while writing it fails", async () => {
    for (const parent of [folder, join(folder, "file")]) {
      writeFileSync(join(folder, "file"), "");
      const { memory, store, column, publish } = makeStore(MB, parent);
      publish("a", column(7), 1);
      const making = store.makeRoom(MB).catch((error: unknown) => error);
      await Promise.resolve();
      store.release("a");
      const result = await making;
      if (parent !== folder) expect(result).toBeInstanceOf(FileError);
      expect(memory.held).toBe(0);
      expect(store.spilled).toBe(0);
    }
  });

  it("serves many readers of a spilled value with one read", async () => {
    const { memory, store, spills, column, publish } = makeStore();
    publish("a", column(5), 1);
    await store.makeRoom(MB);
    const leases = await Promise.all([1, 2, 3].map(() => store.acquire(["a"])));
    expect(spills.filter((spill) => spill.startsWith("in"))).toHaveLength(1);
    store.release("a");
    for (const lease of leases) {
      expect(memory.held).toBeGreaterThan(0);
      lease.end();
    }
    expect(memory.held).toBe(0);
  });

  it("names the value whose spilled bytes are lost, and lets go of the others", async () => {
    const { memory, store, column, publish } = makeStore();
    publish("fine", column(1), 1);
    publish("lost", column(2), 1);
    (await store.acquire(["fine"])).end();
    await store.makeRoom(MB - 100_000);
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
      if (name.endsWith(".bin")) rmSync(join(folder, name));
    const failed = store.acquire(["fine", "lost"]);
    await expect(failed).rejects.toThrow(SpillLostError);
    await expect(failed).rejects.toMatchObject({ details: { key: "lost" } });
    expect(store.discard("lost")).toBe(1);
    store.release("fine");
    expect([memory.held, store.spilled]).toEqual([0, 0]);
  });

  it("says so when a value is not there", async () => {
    const { store } = makeStore();
    await expect(store.acquire(["ghost"])).rejects.toThrow(WorkerLostError);
    await expect(store.acquire(["ghost"])).rejects.toThrow("the value ghost is not here");
  });
});
