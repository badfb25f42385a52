import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromArrays } from "apache-arrow";
import pl from "nodejs-polars";
import { afterAll, describe, expect, it } from "vitest";
import { DataError, ParameterError } from "#src/base/errors.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { inlineEngine, localEngine } from "#src/engine/default-engine.js";
import type { Engine } from "#src/engine/engine.js";

const local = localEngine({ threads: 2 });
const dir = mkdtempSync(join(tmpdir(), "partwise-frame-"));
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await local.close();
});
const engines: [string, () => Engine][] = [
  ["inline", () => inlineEngine()],
  ["local", () => local],
];

const n = 100;
const columns = {
  id: Int32Array.from({ length: n }, (_, i) => i),
  x: Array.from({ length: n }, (_, i) => (i % 10 === 0 ? null : i / 2)),
  word: Array.from({ length: n }, (_, i) => (i % 25 === 0 ? null : ["red", "green", "blue"][i % 3])),
  flag: Array.from({ length: n }, (_, i) => i % 2 === 0),
};
const make = (partitions: number) => DistributedDataFrame.fromColumns(columns, { partitions });
const ids = async (frame: DistributedDataFrame, engine?: Engine): Promise<unknown> =>
  (await frame.compute(engine ? { engine } : {})).getColumn("id").toArray();
/** A frame of the same rows whose counts are unknown and whose second partition is empty. */
const unknown = (): DistributedDataFrame => make(5).filter(pl.col("id").lt(20).or(pl.col("id").gtEq(40)));

describe.each(engines)("frames on the %s engine", (_name, engine) => {
  it("give the same rows whatever the partitioning", async () => {
    const chain = (frame: DistributedDataFrame) =>
      frame
        .filter(pl.col("x").gt(3))
        .withColumns(pl.col("x").mul(2).alias("twice"))
        .rename({ word: "colour" })
        .fillNull({ colour: "none" })
        .drop("flag")
        .cast({ id: "Int64" });
    const wanted = (await chain(make(1)).compute({ engine: engine() })).toRecords();
    expect(wanted.length).toBe(84);
    expect(wanted[0]).toEqual({ id: 7n === wanted[0]?.["id"] ? 7n : 7, x: 3.5, colour: "green", twice: 7 });
    for (const partitions of [2, 7, 150]) {
      const frame = chain(make(partitions));
      expect(frame.partitions).toBe(partitions);
      expect((await frame.compute({ engine: engine() })).toRecords()).toEqual(wanted);
    }
  });

  it("turn into arrays: null is NaN, booleans are 0 and 1", async () => {
    const array = make(3).toArray(["x", "flag", "id"]);
    expect(array.partitionRows).toEqual([33, 34, 33]);
    expect(array.names).toEqual(["x", "flag", "id"]);
    const matrix = await array.compute({ engine: engine() });
    expect(matrix.toRows().slice(0, 3)).toEqual([
      [NaN, 1, 0],
      [0.5, 0, 1],
      [1, 1, 2],
    ]);
    const single = make(3).toArray(["x"], { dtype: "f32" });
    expect(single.dtype).toBe("f32");
    expect((await single.compute({ engine: engine() })).toRows()[1]).toEqual([0.5]);
  });

  it("take and drop rows exactly at either end, with known and unknown counts", async () => {
    expect(await ids(make(7).head(20), engine())).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(await ids(make(7).tail(20), engine())).toEqual(Array.from({ length: 20 }, (_, i) => 80 + i));
    expect(await ids(unknown().head(25), engine())).toEqual([
      ...Array.from({ length: 20 }, (_, i) => i),
      40,
      41,
      42,
      43,
      44,
    ]);
    expect(await ids(unknown().tail(3), engine())).toEqual([97, 98, 99]);
    expect(make(7).head(500).rows).toBe(100);
    expect((await make(7).head(0).compute({ engine: engine() })).columns).toEqual(["id", "x", "word", "flag"]);
  });

  it("repartition keeps rows and order, with known and unknown counts", async () => {
    for (const to of [1, 3, 9]) {
      const known = make(4).repartition(to);
      expect(known.partitions).toBe(to);
      expect(known.rows).toBe(100);
      expect(await ids(known, engine())).toEqual(await ids(make(1)));
      const other = unknown().repartition(to);
      expect(other.partitions).toBe(to);
      expect(await ids(other, engine())).toEqual(await ids(unknown()));
    }
  });

  it("persist counts rows, keeps partitions until release, and says so afterwards", async () => {
    const held = await unknown().persist({ engine: engine() });
    expect(held.partitionRows).toEqual([20, 0, 20, 20, 20]);
    expect(await ids(held.select("id"), engine())).toEqual(await ids(unknown()));
    held.release();
    held.release();
    await expect(held.compute({ engine: engine() })).rejects.toThrow(/released/);
  });

  it("describe and valueCounts combine partitions", async () => {
    const summary = (await unknown().describe({ engine: engine() })).toRecords();
    const numbers = Array.from({ length: n }, (_, i) => i).filter((i) => i < 20 || i >= 40);
    const mean = numbers.reduce((a, b) => a + b, 0) / 80;
    const std = Math.sqrt(numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / 79);
    expect(summary[0]).toMatchObject({ column: "id", type: "Int32", count: 80, missing: 0, min: 0, max: 99 });
    expect(summary[0]?.["mean"]).toBeCloseTo(mean, 12);
    expect(summary[0]?.["std"]).toBeCloseTo(std, 10);
    expect(summary[2]).toMatchObject({ column: "word", count: 77, missing: 3, mean: null });
    expect(await make(6).valueCounts("word", { engine: engine() })).toEqual([
      { value: "blue", count: 32 },
      { value: "green", count: 32 },
      { value: "red", count: 32 },
      { value: null, count: 4 },
    ]);
  });

  it("mapPartitions gives a Polars frame, args and the partition's number, and checks what comes back", async () => {
    const frame = make(4).mapPartitions(
      (part, { args, partition, pl: polars }) =>
        part.select("id").withColumn(
          polars
            .lit(partition)
            .cast(polars.Int32)
            .add(args as number)
            .cast(polars.Int32)
            .alias("p"),
        ),
      { args: 10, schema: { id: "Int32", p: "Int32" } },
    );
    expect((await frame.compute({ engine: engine() })).getColumn("p").toArray()).toEqual(
      Array.from({ length: n }, (_, i) => 10 + Math.floor(i / 25)),
    );
    const object = make(2).mapPartitions(async () => ({ z: [1, 2] }), { schema: { z: "Float64" } });
    expect((await object.compute({ engine: engine() })).getColumn("z").toArray()).toEqual([1, 2, 1, 2]);
    const wrong = make(2).mapPartitions(() => ({ z: ["a"] }), { schema: { z: "Float64" } });
    await expect(wrong.compute({ engine: engine() })).rejects.toThrow(
      /returned \{ z: String \} for partition 0; declared is \{ z: Float64 \}/,
    );
  });

  it("series of text have classes and codes; an unknown value names column, partition and row", async () => {
    const word = make(4).dropNulls("word").column("word");
    expect(word.dtype).toBe("String");
    const classes = await word.classes({ engine: engine() });
    expect(classes).toEqual(["blue", "green", "red"]);
    const codes = await word.encode(classes).compute({ engine: engine() });
    expect(codes.toRows().slice(0, 3)).toEqual([[1], [0], [2]]);
    expect(await make(4).column("flag").classes({ engine: engine() })).toEqual([false, true]);
    await expect(make(4).column("word").encode(["green", "blue"]).compute({ engine: engine() })).rejects.toThrow(
      /column "word", partition 0, row 0: null is not among the 2 classes/,
    );
  });

  it("series reduce and compute", async () => {
    const x = make(3).column("x");
    expect(await x.max({ engine: engine() })).toBe(49.5);
    expect(await x.min({ engine: engine() })).toBe(0.5);
    expect((await x.compute({ engine: engine() })).slice(0, 3)).toEqual([null, 0.5, 1]);
    expect(await make(3).column("flag").unique({ engine: engine() })).toEqual([false, true]);
  });
});

describe("frames", () => {
  it("know columns, types and row counts without work", () => {
    const frame = make(3);
    expect(frame.columns).toEqual(["id", "x", "word", "flag"]);
    expect(frame.schema).toEqual({ id: "Int32", x: "Float64", word: "String", flag: "Bool" });
    expect(frame.partitionRows).toEqual([33, 34, 33]);
    expect(frame.withColumns(pl.col("x").cast(pl.Datetime("us")).alias("t")).schema["t"]).toBe("Datetime(us)");
    expect(frame.filter(pl.col("x").gt(1)).partitionRows).toBeUndefined();
    expect(frame.select(pl.col("x").add(1).alias("y")).rows).toBe(100);
  });

  it("refuse unknown columns at once, with the nearest name", () => {
    const frame: DistributedDataFrame = make(2);
    for (const work of [
      () => frame.select("wrd"),
      () => frame.filter(pl.col("wrd").isNull()),
      () => frame.withColumns(pl.col("wrd").alias("z")),
      () => frame.drop("wrd"),
      () => frame.rename({ wrd: "z" }),
      () => frame.cast({ wrd: "String" }),
      () => frame.column("wrd"),
      () => frame.toArray(["wrd"]),
      () => frame.dropNulls("wrd"),
    ]) {
      expect(work).toThrow(/there is no column "wrd"; did you mean "word"\?/);
      expect(work).toThrow(DataError);
    }
    // @ts-expect-error The compiler knows the columns of literal keys.
    expect(() => make(2).column("nope")).toThrow(DataError);
  });

  it("refuse expressions whose answer depends on the partitioning", () => {
    const frame = make(2);
    for (const expr of [
      pl.col("x").sum(),
      pl.col("x").cumSum(),
      pl.col("x").shift(1),
      pl.col("x").rank(),
      pl.col("x").sort(),
      pl.len(),
      pl.col("x").max().over("word"),
    ]) {
      expect(() => frame.select(expr)).toThrow(/looks at other rows/);
    }
    expect(frame.select(pl.col("x").add(Number.NaN)).columns).toEqual(["x"]);
    expect(frame.select(pl.col("word").str.slice(0, 2), pl.concatList(["x"]).lst.sort()).rows).toBe(100);
    expect(() => frame.select(pl.lit(1))).toThrow(/name no column/);
    expect(() => frame.select(pl.col("x").hash())).toThrow(/cannot be sent.*mapPartitions/);
  });

  it("refuse text columns where numbers are needed", () => {
    expect(() => make(2).toArray()).toThrow(/column "word" is String, not numeric\. Encode it/);
    expect(() => make(2).column("word").toArray()).toThrow(/not numeric/);
    expect(() => make(2).fillNull(new Date(0))).toThrow(/no column can take/);
    expect(() => make(2).fillNull({ x: "none" })).toThrow(/column "x" is Float64 and cannot take "none"/);
  });

  it("fill nulls in the columns that a value fits, keeping their types", async () => {
    const filled = make(2).fillNull(0);
    expect(filled.schema).toEqual(make(2).schema);
    const frame = await filled.compute();
    expect(frame.getColumn("x").nullCount()).toBe(0);
    expect(frame.getColumn("word").nullCount()).toBe(4);
    expect((await make(3).dropNulls().compute()).height).toBe(88);
  });

  it("sample the same rows for any partitioning where row counts are known", async () => {
    const sample = (partitions: number, randomState = 3) => ids(make(partitions).sample(0.3, { randomState }));
    const wanted = (await sample(1)) as number[];
    expect(wanted.length).toBeGreaterThan(15);
    expect(wanted.length).toBeLessThan(45);
    expect(await sample(6)).toEqual(wanted);
    expect(await sample(6, 4)).not.toEqual(wanted);
    expect(() => make(1).sample(1.5)).toThrow(ParameterError);
  });

  it("concat frames of equal columns and name the first difference", async () => {
    const both = make(2).concat(make(3));
    expect(both.partitions).toBe(5);
    expect(both.rows).toBe(200);
    expect((await both.compute()).height).toBe(200);
    expect(() => DistributedDataFrame.concat<Record<string, unknown>>(make(1), make(1).drop("x"))).toThrow(
      /column 1 is "x" \(Float64\) in frame 0 and "word" \(String\) in frame 1/,
    );
  });

  it("come from rows, Polars frames and Arrow tables, and go to Arrow", async () => {
    const rows = [
      { a: 1, b: "x" },
      { a: 2, c: true },
      { a: null, b: "z" },
    ];
    const frame = DistributedDataFrame.fromRows(rows, { partitions: 2 });
    expect(frame.schema).toEqual({ a: "Float64", b: "String", c: "Bool" });
    expect((await frame.compute()).toRecords()).toEqual([
      { a: 1, b: "x", c: null },
      { a: 2, b: null, c: true },
      { a: null, b: "z", c: null },
    ]);
    const polars = DistributedDataFrame.fromPolars(pl.DataFrame({ q: [1, 2, 3] }), { partitions: 3 });
    expect(polars.partitionRows).toEqual([1, 1, 1]);
    const table = tableFromArrays({ v: Float64Array.of(1.5, 2.5), w: Int32Array.of(7, 8) });
    const arrow = await DistributedDataFrame.fromArrow(table);
    expect((await arrow.compute()).toRecords()).toEqual([
      { v: 1.5, w: 7 },
      { v: 2.5, w: 8 },
    ]);
    const back = await make(3).toArrow();
    expect(back.numRows).toBe(100);
    expect(back.getChild("word")?.get(1)).toBe("green");
    expect(back.getChild("x")?.get(0)).toBeNull();
  });

  it("refuse local data of unequal length or mixed types, naming the column", () => {
    expect(() => DistributedDataFrame.fromColumns({ a: [1, 2], b: [1] })).toThrow(
      /column "b" has 1 rows and "a" has 2/,
    );
    expect(() => DistributedDataFrame.fromColumns({ a: [1, "x"] })).toThrow(
      /column "a" mixes number and string \(row 1: "x"\)/,
    );
    expect(() => DistributedDataFrame.fromRows([{ a: 1 }, 5 as never])).toThrow(/row 1 must be an object/);
  });

  it("explain and draw the plan without starting it", () => {
    const frame = make(3).filter(pl.col("x").gt(1)).withColumns(pl.col("x").mul(2).alias("y"));
    expect(frame.explain()).toMatch(/3 before fusion, 3 after/);
    const path = join(dir, "plan.svg");
    const svg = frame.visualize(path);
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain("3 partitions");
    expect(readFileSync(path, "utf8")).toBe(svg);
  });

  it("fuse a chain of verbs and the array into one task a partition", () => {
    const frame = make(4).filter(pl.col("x").gt(1)).toArray(["x"]);
    expect(frame.explain()).toMatch(/Tasks: 8 before fusion, 4 after/);
  });
});

describe("user functions", () => {
  it("that capture a variable are refused by its name", () => {
    const factor = 3;
    expect(() => make(1).mapPartitions((part) => part.head(factor))).toThrow(/uses "factor" from outside.*args/);
    expect(() => make(1).mapPartitions("nothing" as never)).toThrow(/fn must be a function or \{ module, export \}/);
    expect(() => make(1).mapPartitions(Math.max as never)).toThrow(/cannot be read as text/);
  });

  it("may use globals, their own variables and modules", async () => {
    const path = join(dir, "fn.mjs");
    writeFileSync(path, "export const firstTwo = (frame) => frame.head(2);\n");
    const frame = make(2).mapPartitions({ module: path, export: "firstTwo" });
    expect(await ids(frame, local)).toEqual([0, 1, 50, 51]);
    const inline = make(2).mapPartitions((part) => {
      const rows = Math.min(1, part.height);
      return part.head(rows);
    });
    expect(await ids(inline, local)).toEqual([0, 50]);
  });
});
