import { describe, expect, it } from "vitest";
import { AbortedError } from "#src/base/errors.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";

const rows = [
  [1, 10],
  [2, 20],
  [3, 30],
  [4, 40],
  [5, 50],
];
const matrix = (): DistributedArray => DistributedArray.fromRows(rows, { partitions: 2, names: ["a", "b"] });

/** Counts tasks as they begin. */
function counting(engine: InlineEngine): () => number {
  let tasks = 0;
  engine.on("task", ({ state }) => (tasks += state === "started" ? 1 : 0));
  return () => tasks;
}

describe("mapPartitions", () => {
  it("calls an inline function with copies of each partition's columns", async () => {
    const doubled = matrix().mapPartitions(({ columns }) =>
      columns.map((column) => (column as Float64Array).map((v) => v * 2)),
    );
    expect((await doubled.compute()).toRows()).toEqual(rows.map((row) => row.map((v) => v * 2)));
    const spoilt = matrix().mapPartitions((partition) => {
      (partition.columns[0] as Float64Array).fill(-1);
      return partition;
    });
    const x = matrix();
    await spoilt.compute();
    expect((await x.compute()).toRows()).toEqual(rows);
  });

  it("passes arguments, the partition's number, and takes another width and dtype", async () => {
    const found = matrix().mapPartitions(
      ({ rows: n }, { args, partition }) => new Float32Array(n).fill(partition * 100 + (args as { add: number }).add),
      { args: { add: 7 }, width: 1, dtype: "f32" },
    );
    expect([found.dtype, found.rows, found.names]).toEqual(["f32", undefined, undefined]);
    expect((await found.compute()).columns[0]).toEqual(Float32Array.of(7, 7, 7, 107, 107));
  });

  it("may change the number of rows, to none", async () => {
    const big = matrix().mapPartitions(({ columns }) => {
      const keep = (columns[0] as Float64Array).map((v, i) => (v > 3 ? i : -1)).filter((i) => i >= 0);
      return columns.map((column) => keep.map((i) => column[i] as number));
    });
    expect((await big.compute()).toRows()).toEqual([
      [4, 40],
      [5, 50],
    ]);
    const one = matrix().mapPartitions(({ columns }) => Array.from(columns[0] as Float64Array).filter((v) => v > 3), {
      width: 1,
    });
    expect((await one.compute()).toVector()).toEqual(Float64Array.of(4, 5));
  });

  it("refuses a function that captures a variable, and says which", () => {
    const factor = 3;
    expect(() => matrix().mapPartitions(({ columns }) => (columns[0] as Float64Array).map((v) => v * factor))).toThrow(
      'DistributedArray.mapPartitions: the inline function uses "factor" from outside, which does not exist where the partitions are. Pass the values through `args`',
    );
  });

  it("says what came back when it is not what was declared", async () => {
    await expect(
      matrix()
        .mapPartitions(({ columns }) => columns[0])
        .compute(),
    ).rejects.toThrow(/returned 1 column\(s\) of 3 rows for partition 0; it has to return 2/);
    await expect(
      matrix()
        .mapPartitions(() => undefined)
        .compute(),
    ).rejects.toThrow("the function returned undefined for partition 0; it has to return 2 column(s)");
    await expect(
      matrix()
        .mapPartitions(({ columns }) => [columns[0], [1]])
        .compute(),
    ).rejects.toThrow("returned 2 column(s) of 3, 1 rows");
  });

  it("names the partition of a function that throws", async () => {
    const failing = matrix().mapPartitions((_, { partition }) => {
      if (partition === 1) throw new RangeError("bad row");
      return [[1], [2]];
    });
    await expect(failing.compute()).rejects.toThrow(
      /partition 1 of mapPartitions failed in userPartition: RangeError: bad row/,
    );
  });
});

describe("a DistributedArray and its engine", () => {
  it("does nothing until it is asked", async () => {
    const engine = new InlineEngine();
    const tasks = counting(engine);
    const lazy = (await matrix().persist({ engine })).add(1).columns(["a"]).repartition(3);
    expect(tasks()).toBe(0);
    expect([lazy.shape, lazy.partitions, lazy.names, lazy.dtype]).toEqual([[5, 1], 3, ["a"], "f64"]);
    expect(tasks()).toBe(0);
    await lazy.compute();
    expect(tasks()).toBeGreaterThan(0);
    await engine.close();
  });

  it("fuses a chain of verbs into one task a partition", async () => {
    const engine = new InlineEngine();
    const tasks = counting(engine);
    await matrix().add(1).mul(2).columns(["b"]).sqrt().compute({ engine });
    expect(tasks()).toBe(2);
    await engine.close();
  });

  it("is computed once by persist, kept until release, and refused after it", async () => {
    const engine = new InlineEngine();
    const tasks = counting(engine);
    const held = await matrix().add(1).persist({ engine });
    expect(tasks()).toBe(2);
    const bytes = engine.heldBytes;
    expect(bytes).toBeGreaterThan(0);
    expect(await held.persist()).toBe(held);
    expect(await held.mean()).toEqual([4, 31]);
    expect(await held.max()).toEqual([6, 51]);
    // A pass over two partitions each.
    expect(tasks()).toBe(6);
    expect(engine.heldBytes).toBe(bytes);
    held.release();
    held.release();
    expect(engine.heldBytes).toBe(0);
    await expect(held.compute()).rejects.toThrow(
      "add: its partitions were released. Use it before release(), or persist() the source again.",
    );
    await engine.close();
  });

  it("lets go at the end of a using block", async () => {
    const engine = new InlineEngine();
    {
      using held = await matrix().persist({ engine });
      expect(await held.sum()).toEqual([15, 150]);
      expect(engine.heldBytes).toBeGreaterThan(0);
    }
    expect(engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("moves from the engine that holds it to the one that is asked", async () => {
    const [from, to] = [new InlineEngine(), new LocalEngine({ threads: 1 })];
    using held = await matrix().persist({ engine: from });
    expect((await held.add(1).compute({ engine: to })).toRows()).toEqual(rows.map((row) => row.map((v) => v + 1)));
    await expect.poll(() => to.heldBytes).toBe(0);
    await from.close();
    await to.close();
  });

  it("holds nothing after a run that failed, was aborted, or never began", async () => {
    const engine = new InlineEngine();
    const stopped = AbortSignal.abort();
    const failing = matrix().mapPartitions(() => {
      throw new Error("no");
    });
    await expect(failing.compute({ engine })).rejects.toThrow("no");
    await expect(failing.persist({ engine })).rejects.toThrow("no");
    expect(engine.heldBytes).toBe(0);
    for (const run of [
      matrix().compute({ engine, signal: stopped }),
      matrix().persist({ engine, signal: stopped }),
      matrix().add(1).persist({ engine, signal: stopped }),
    ]) {
      await expect(run).rejects.toBeInstanceOf(AbortedError);
    }
    expect(engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("does not read a sparse array to say that it is sparse", async () => {
    const engine = new InlineEngine();
    const tasks = counting(engine);
    const sparse = DistributedArray.fromCsr({ indptr: [0, 1], indices: [0], values: [1], cols: 2 });
    await expect(sparse.compute({ engine })).rejects.toThrow("DistributedArray.compute: this array is sparse");
    expect(() => sparse.add(1)).toThrow("DistributedArray.add: this array is sparse");
    expect(tasks()).toBe(0);
    await engine.close();
  });

  it("explains its plan before and after fusion, without running it", () => {
    const text = matrix().add(1).mul(2).explain();
    expect(text).toContain("Plan of mul");
    expect(text).toContain("DistributedArray.fromRows: 2 partition(s), in this process, 80 B");
    expect(text).toMatch(/mul: 2 partition\(s\), lazy, 80 B <- p\d+/);
    expect(text).toContain("Tasks: 4 before fusion, 2 after");
    expect(text).toContain("Passes over each source: 1; bytes read: 80 B.");
  });

  it("reports progress", async () => {
    const engine = new InlineEngine();
    const seen: [number, number][] = [];
    await matrix().moments({
      engine,
      onProgress: ({ done, total }: { done: number; total: number }) => void seen.push([done, total]),
    } as object);
    expect(seen).toEqual([
      [1, 2],
      [2, 2],
    ]);
    await engine.close();
  });
});
