import { describe, expect, it } from "vitest";
import { MemoryLimitError } from "#src/base/errors.js";
import { TaskMemory } from "#src/engine/task-memory.js";
import { columnsIn, mapColumns, plainBytes } from "#src/memory/column.js";
import type { DType, DTypeArrays } from "#src/memory/dtype.js";
import { copyFromHost, copyToHost, hostColumn } from "#src/memory/host-column.js";
import { ASK_FROM, Memory } from "#src/memory/memory.js";

const MB = 2 ** 20;

const samples: { [D in DType]: DTypeArrays[D] } = {
  f64: Float64Array.of(Math.PI, Number.NaN, -0),
  f32: Float32Array.of(0.5, Number.POSITIVE_INFINITY),
  i64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 0n),
  i32: Int32Array.of(-1, 2 ** 31 - 1),
  u8: Uint8Array.of(255, 0, 1),
  bool: Uint8Array.of(1, 0),
};

describe("Memory", () => {
  it("keeps the values of a column of every dtype, and copies that outlive it", () => {
    const memory = Memory.create(MB, MB);
    for (const dtype of Object.keys(samples) as DType[]) {
      const column = memory.columnFrom(dtype, samples[dtype]);
      expect(column).toMatchObject({ kind: "column", dtype, length: samples[dtype].length });
      expect(column.offset % 64).toBe(0);
      expect(memory.view(column)).toEqual(samples[dtype]);
      const copy = memory.copyOut(column);
      memory.free(column);
      expect(copy).toEqual(samples[dtype]);
      expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
    }
    expect(memory.held).toBe(0);
  });

  it("lays the columns of a dense chunk on cache lines of one block", () => {
    const memory = Memory.create(MB, MB);
    const chunk = memory.dense("f32", 17, 3);
    expect(chunk.rows).toBe(17);
    const [first, second, third] = chunk.columns;
    expect(new Set(chunk.columns.map((column) => column.block)).size).toBe(1);
    expect([first?.offset, second?.offset, third?.offset].map((offset) => (offset ?? 1) % 64)).toEqual([0, 0, 0]);
    expect((second?.offset ?? 0) - (first?.offset ?? 0)).toBe(128);
    chunk.columns.forEach((column, j) => memory.view(column).fill(j));
    expect(chunk.columns.map((column) => memory.view(column).reduce((sum, value) => sum + value, 0))).toEqual([
      0, 17, 34,
    ]);
    memory.free(chunk.columns[0] as NonNullable<typeof first>);
    expect(memory.held).toBe(0);
  });

  it("makes chunks without rows and without columns", () => {
    const memory = Memory.create(MB, MB);
    expect(memory.dense("f64", 0, 2).columns.map((column) => memory.view(column).length)).toEqual([0, 0]);
    expect(memory.dense("f64", 5, 0).columns).toEqual([]);
    const sparse = memory.csr(0, 3, 0);
    expect(memory.view(sparse.indptr)).toHaveLength(1);
    expect(memory.view(sparse.values)).toHaveLength(0);
  });

  it("keeps the parts of a CSR chunk apart", () => {
    const memory = Memory.create(MB, MB);
    const sparse = memory.csr(3, 10, 5);
    memory.view(sparse.indptr).set([0, 2, 2, 5]);
    memory.view(sparse.indices).set([1, 9, 0, 3, 4]);
    memory.view(sparse.values).set([1, 2, 3, 4, 5]);
    expect([...memory.view(sparse.indptr)]).toEqual([0, 2, 2, 5]);
    expect([...memory.view(sparse.indices)]).toEqual([1, 9, 0, 3, 4]);
    expect([...memory.view(sparse.values)]).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(columnsIn(sparse).map((column) => column.block)).size).toBe(1);
  });

  it("overflows from one arena to the next, and back when there is room", () => {
    const memory = Memory.create(3 * MB, MB);
    expect(memory.arenas).toHaveLength(3);
    const blocks = Array.from({ length: 9 }, () => memory.allocate(300_000));
    expect(blocks.map((block) => block.arena)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2]);
    expect(() => memory.allocate(300_000)).toThrow(MemoryLimitError);
    expect(() => memory.allocate(300_000)).toThrow(/no room for 300000 bytes in 3 arena\(s\)/);
    memory.free(blocks[1] as { arena: number; block: number });
    expect(memory.allocate(300_000)).toEqual(blocks[1]);
    for (const block of blocks) memory.free(block);
    expect(memory.held).toBe(0);
  });

  it("tries the preferred arena first", () => {
    const memory = Memory.create(2 * MB, MB);
    expect(memory.column("u8", 10, 1).arena).toBe(1);
    expect(memory.dense("f64", 10, 2, 1).columns[0]?.arena).toBe(1);
  });

  it("says so when a block of an unknown arena is used", () => {
    const memory = Memory.create(MB, MB);
    expect(() => memory.free({ arena: 5, block: 1088 })).toThrow("there is no arena 5; this thread knows 1");
  });

  it("asks for room before large allocations only", () => {
    const asked: number[] = [];
    const memory = new Memory(Memory.create(MB, MB).share(), 1, (bytes) => asked.push(bytes));
    memory.allocate(ASK_FROM - 1);
    memory.allocate(ASK_FROM);
    expect(asked).toEqual([ASK_FROM]);
  });

  it("is one memory for all its doors", () => {
    const driver = Memory.create(MB, MB);
    const worker = new Memory(driver.share(), 2);
    const column = worker.columnFrom("f64", Float64Array.of(1, 2, 3));
    expect([...driver.view(column)]).toEqual([1, 2, 3]);
    expect(driver.held).toBe(worker.held);
    driver.adopt(column);
    for (const arena of driver.arenas) expect(arena.recover(2, 1)).toBe(0);
    driver.free(column);
    expect(worker.held).toBe(0);
  });
});

describe("host columns", () => {
  it("go into an arena and come back as they were, however deep", () => {
    const memory = Memory.create(MB, MB);
    const value = {
      name: "deep",
      list: [hostColumn("i64", samples.i64), { inner: hostColumn("bool", samples.bool) }],
      raw: Float64Array.of(9),
      chunk: {
        kind: "dense",
        rows: 2,
        columns: [hostColumn("f32", samples.f32), hostColumn("f32", samples.f32.slice())],
      },
      none: null,
    };
    const inside = copyFromHost(memory, value);
    expect(columnsIn(inside).map((column) => column.dtype)).toEqual(["i64", "bool", "f32", "f32"]);
    expect(copyToHost(memory, inside)).toEqual(value);
    for (const column of new Map(columnsIn(inside).map((one) => [one.block, one])).values()) memory.free(column);
    expect(memory.held).toBe(0);
  });

  it("are found, moved and weighed without their values", () => {
    const memory = Memory.create(MB, MB);
    const column = memory.column("f64", 1000);
    const value = { a: [column], b: "four", c: new Float32Array(10) };
    expect(plainBytes(value)).toBe(16 + (16 + 48) + 8 + 40);
    expect(mapColumns(value, (one) => ({ ...one, arena: 3 }))).toEqual({ ...value, a: [{ ...column, arena: 3 }] });
    expect(column.arena).toBe(0);
  });
});

describe("TaskMemory", () => {
  it("frees all but what the result needs", () => {
    const driver = Memory.create(4 * MB, MB);
    const memory = new TaskMemory(driver.share(), 7);
    const chunk = memory.dense("f64", 100, 3);
    memory.column("f64", 1000);
    memory.free(memory.column("i32", 5));
    memory.allocate(900_000);
    memory.freeAllBut(columnsIn({ kind: "dense", rows: 100, columns: chunk.columns.slice(1) }));
    expect(driver.held).toBe(64 + 3 * 832);
    memory.freeAllBut([]);
    expect(driver.held).toBe(0);
  });

  it("leaves the blocks of others alone", () => {
    const driver = Memory.create(MB, MB);
    const before = driver.columnFrom("u8", samples.u8);
    const memory = new TaskMemory(driver.share(), 7);
    memory.column("f64", 10);
    memory.freeAllBut([]);
    expect(driver.view(before)).toEqual(samples.u8);
  });
});
