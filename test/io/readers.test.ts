import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import pl from "nodejs-polars";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inlineEngine, localEngine } from "#src/engine/default-engine.js";
import type { Engine } from "#src/engine/engine.js";
import { readCsv } from "#src/io/read-csv.js";
import { readNdjson } from "#src/io/read-ndjson.js";
import { readIpc, readParquet } from "#src/io/read-parquet.js";

let dir = "";
const local = localEngine({ threads: 2 });
const engines: [string, () => Engine][] = [
  ["inline", () => inlineEngine()],
  ["local", () => local],
];
const rows = 1000;
const whole = pl.DataFrame({
  id: Array.from({ length: rows }, (_, i) => i),
  x: Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : i / 3)),
  word: Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? 'a, "b"\nline two' : `w${i}`)),
});

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "partwise-io-"));
  whole.writeParquet(join(dir, "whole.parquet"), { compression: "zstd" });
  whole.writeIPC(join(dir, "whole.arrow"));
  whole.writeCSV(join(dir, "whole.csv"));
  whole.writeJSON(join(dir, "whole.ndjson"), { format: "lines" });
  mkdirSync(join(dir, "many", "deep"), { recursive: true });
  whole.slice(0, 400).writeCSV(join(dir, "many", "a.csv"));
  whole.slice(400, 300).writeCSV(join(dir, "many", "b.csv"));
  whole.slice(700, 300).writeCSV(join(dir, "many", "deep", "c.csv"));
});
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await local.close();
});

const records = (frame: { toRecords(): unknown }): unknown => frame.toRecords();

describe.each(engines)("readers on the %s engine", (_name, engine) => {
  it.each([1, 3, 7])("reads a Parquet file in %i partitions as the same rows in order", async (partitions) => {
    const frame = await readParquet(join(dir, "whole.parquet"), { partitions });
    expect(frame.partitions).toBe(partitions);
    expect(frame.rows).toBe(rows);
    expect(records(await frame.compute({ engine: engine() }))).toEqual(records(whole));
  });

  it("reads an Arrow IPC file in several partitions", async () => {
    const frame = await readIpc(join(dir, "whole.arrow"), { partitions: 4 });
    expect(frame.partitionRows).toEqual([250, 250, 250, 250]);
    expect(records(await frame.compute({ engine: engine() }))).toEqual(records(whole));
  });

  it.each([400, 1500, 10_000_000])(
    "never cuts a quoted newline of a CSV split every %i bytes",
    async (partitionBytes) => {
      const frame = await readCsv(join(dir, "whole.csv"), { partitionBytes });
      expect(frame.partitionRows).toBeUndefined();
      if (partitionBytes < 1000) expect(frame.partitions).toBeGreaterThan(30);
      expect(frame.schema).toEqual({ id: "Float64", x: "Float64", word: "String" });
      expect(records(await frame.compute({ engine: engine() }))).toEqual(records(whole));
    },
  );

  it("splits NDJSON between lines", async () => {
    const frame = await readNdjson(join(dir, "whole.ndjson"), { partitionBytes: 3000 });
    expect(frame.partitions).toBeGreaterThan(5);
    const back = await frame.compute({ engine: engine() });
    expect(records(back.select("id", "x", "word"))).toEqual(records(whole));
  });

  it("keeps a persisted CSV of numbers as it was: integers, nulls, and every verb on top", async () => {
    const path = join(dir, "numbers.csv");
    writeFileSync(
      path,
      `i,x,z\n${Array.from({ length: 300 }, (_, i) => `${i},${i % 4 === 0 ? "" : i / 8},${-i}e1`).join("\n")}\n`,
    );
    const frame = await readCsv(path, { partitionBytes: 700 });
    expect(frame.schema).toEqual({ i: "Int64", x: "Float64", z: "Float64" });
    const held = await frame.persist({ engine: engine() });
    expect(held.rows).toBe(300);
    for (const source of [frame, held]) {
      const back = await source.compute({ engine: engine() });
      expect(back.schema["i"]?.equals(pl.Int64)).toBe(true);
      expect(back.getColumn("x").nullCount()).toBe(75);
      expect(back.row(5)).toEqual([5, 5 / 8, -50]);
      const some = await source
        .filter(pl.col("x").isNull().and(pl.col("i").gt(290)))
        .select("z", "i")
        .compute({ engine: engine() });
      expect(some.rows()).toEqual([
        [-2920, 292],
        [-2960, 296],
      ]);
      const [x, i] = [source.drop("i").toArray(), source.column("i").toArray()];
      expect((await x.compute({ engine: engine() })).toRows().slice(4, 6)).toEqual([
        [NaN, -40],
        [5 / 8, -50],
      ]);
      expect(await i.sum()).toEqual([44850]);
      expect((await source.toArray(["x"], { dtype: "f32" }).compute({ engine: engine() })).toRows()[1]).toEqual([
        0.125,
      ]);
    }
    held.release();
  });

  it("reads the numbers of a CSV straight into an array, nulls as NaN", async () => {
    const frame = await readCsv(join(dir, "whole.csv"), { partitionBytes: 4000 });
    const matrix = await frame.toArray(["x", "id"]).compute({ engine: engine() });
    expect(matrix.toRows().slice(0, 3)).toEqual([
      [NaN, 0],
      [1 / 3, 1],
      [2 / 3, 2],
    ]);
    expect(matrix.rows).toBe(rows);
  });
});

describe("readers", () => {
  it("take folders, globs and lists, files in order of their paths", async () => {
    for (const paths of [
      join(dir, "many"),
      join(dir, "many", "**", "*.csv"),
      [join(dir, "many", "a.csv"), join(dir, "many", "b.csv"), join(dir, "many", "deep")],
    ]) {
      const frame = await readCsv(paths);
      expect(frame.partitions).toBe(3);
      expect(records(await frame.compute())).toEqual(records(whole));
    }
    const some = await readCsv(join(dir, "many", "?.csv"));
    expect((await some.compute()).height).toBe(700);
  });

  it("unpack gzip, recognised by its content", async () => {
    const text = "a,b\n1,x\n2,y\n";
    writeFileSync(join(dir, "packed.csv.gz"), gzipSync(text));
    writeFileSync(join(dir, "packed.ndjson.gz"), gzipSync('{"a":1}\n{"a":2}\n'));
    expect(records(await (await readCsv(join(dir, "packed.csv.gz"))).compute())).toEqual([
      { a: 1, b: "x" },
      { a: 2, b: "y" },
    ]);
    expect(records(await (await readNdjson(join(dir, "packed.ndjson.gz"))).compute())).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("honour delimiter, header, nullValues, schema and dates", async () => {
    const path = join(dir, "odd.csv");
    writeFileSync(path, "1;NA;2024-02-03\r\n2;3.5;2024-02-04\r\n");
    const frame = await readCsv(path, {
      delimiter: ";",
      header: false,
      nullValues: "NA",
      tryParseDates: true,
      schema: { column_1: "Float64" },
    });
    expect(frame.schema).toEqual({ column_1: "Float64", column_2: "Float64", column_3: "Date" });
    const rowsRead = (await frame.compute()).toRecords();
    expect(rowsRead[0]).toMatchObject({ column_1: 1, column_2: null });
    const dates = await frame.toArray(["column_3"]).compute();
    expect(dates.toRows()).toEqual([[Date.UTC(2024, 1, 3)], [Date.UTC(2024, 1, 4)]]);
  });

  it.each([
    ["a byte order mark", "\ufeffa,b\n1,2\n"],
    ["blank lines", "\na,b\r\n\r\n1,2\n\n\n"],
    ["no newline at the end", "a,b\n1,2"],
  ])("read a CSV with %s", async (_what, text) => {
    for (const [content, b] of [
      [text, 2],
      [text.replace("1,2", "1,x y"), "x y"],
    ] as const) {
      writeFileSync(join(dir, "edge.csv"), content);
      const frame = await (await readCsv(join(dir, "edge.csv"))).compute();
      expect(records(frame)).toEqual([{ a: 1, b }]);
    }
  });

  it("read nested NDJSON, and keys that only some lines have", async () => {
    writeFileSync(join(dir, "nested.ndjson"), '{"a":1,"b":{"c":[1,2]}}\n{"a":null,"z":"q"}\n');
    const frame = await readNdjson(join(dir, "nested.ndjson"), { schema: { w: "Float64" } });
    expect(Object.keys(frame.schema)).toEqual(["a", "b", "z", "w"]);
    expect(frame.schema).toMatchObject({ a: "Int64", z: "String", w: "Float64" });
    const back = await frame.compute();
    expect(JSON.stringify(back.toRecords()[0]?.["b"])).toBe('{"c":[1,2]}');
    expect(back.getColumn("w").nullCount()).toBe(2);
    expect(back.getColumn("z").toArray()).toEqual([null, "q"]);
  });

  it("join CSV files whose numbers were inferred as integers in one and doubles in the other", async () => {
    mkdirSync(join(dir, "widen"));
    writeFileSync(join(dir, "widen", "a.csv"), "v,w\n1,2\n");
    writeFileSync(join(dir, "widen", "b.csv"), "w,v\n3,1.5\n");
    const frame = await readCsv(join(dir, "widen"));
    expect(frame.schema).toEqual({ v: "Float64", w: "Int64" });
    expect(records(await frame.compute())).toEqual([
      { v: 1, w: 2 },
      { v: 1.5, w: 3 },
    ]);
  });

  it("keep quotes as text with quoteChar: null", async () => {
    const path = join(dir, "quotes.csv");
    writeFileSync(path, 'a,b\n5" pipe,1\n6" pipe,2\n');
    const frame = await readCsv(path, { quoteChar: null, partitionBytes: 6 });
    expect(records(await frame.compute())).toEqual([
      { a: '5" pipe', b: 1 },
      { a: '6" pipe', b: 2 },
    ]);
  });

  it("push columns and row-group filters into the Parquet scan", async () => {
    const frame = (await readParquet(join(dir, "whole.parquet"), { partitions: 1 }))
      .filter(pl.col("id").gt(990))
      .select("id");
    const text = frame.explain();
    expect(text).toMatch(/PROJECT 1\/3 COLUMNS/);
    expect(text).toMatch(/SELECTION: .*id/);
    expect(text).toContain("Columns read: id");
    expect((await frame.compute()).height).toBe(9);
  });

  it("push the slice of a partition into the Parquet scan", async () => {
    expect((await readParquet(join(dir, "whole.parquet"), { partitions: 5 })).select("x").explain()).toMatch(/SLICE/);
  });

  it("read a CSV with a header only as an empty frame", async () => {
    writeFileSync(join(dir, "none.csv"), "a,b\n");
    const frame = await readCsv(join(dir, "none.csv"), { schema: { a: "Float64", b: "Float64" } });
    expect((await frame.compute()).height).toBe(0);
    expect((await frame.toArray().compute()).rows).toBe(0);
  });

  it("parse only the columns that descendants of one CSV reader ask for, and once for all of them", async () => {
    const frame = await readCsv(join(dir, "whole.csv"));
    const x = frame.toArray(["x"]);
    const y = frame.column("id").toArray();
    // Both stand on one reading of the file.
    expect(x.plan.inputs[0]?.inputs[0]).toBe(y.plan.inputs[0]?.inputs[0]);
    expect((await y.compute()).rows).toBe(rows);
    expect((await x.compute()).rows).toBe(rows);
  });
});

let zstd = true;
try {
  execFileSync("zstd", ["--version"], { stdio: "ignore" });
} catch {
  zstd = false;
}

describe.runIf(zstd)("zstd", () => {
  it("is unpacked, or the error says what to install", async () => {
    const path = join(dir, "z.csv");
    writeFileSync(path, "a\n1\n2\n");
    execFileSync("zstd", ["-qf", path, "-o", `${path}.zst`]);
    const result = await readCsv(`${path}.zst`)
      .then((frame) => frame.compute())
      .then(records, (error: Error) => error.message);
    if (typeof result === "string") expect(result).toMatch(/zstd-compressed.*fzstd/);
    else expect(result).toEqual([{ a: 1 }, { a: 2 }]);
  });
});
