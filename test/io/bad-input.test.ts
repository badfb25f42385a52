import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import pl from "nodejs-polars";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError, FileError, ParameterError } from "#src/base/errors.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { localEngine } from "#src/engine/default-engine.js";
import { readCsv } from "#src/io/read-csv.js";
import { readNdjson } from "#src/io/read-ndjson.js";
import { readIpc, readParquet } from "#src/io/read-parquet.js";

let dir = "";
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
};
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "partwise-bad-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("bad files", () => {
  it("a missing file names the nearest one", async () => {
    file("flights.csv", "a\n1\n");
    await expect(readCsv(join(dir, "flight.csv"))).rejects.toThrow(
      /there is no file or folder .*flight\.csv.*did you mean "flights\.csv"/,
    );
    await expect(readParquet(join(dir, "no", "such.parquet"))).rejects.toBeInstanceOf(FileError);
  });

  it("an empty glob and an empty folder say so", async () => {
    mkdirSync(join(dir, "empty"));
    await expect(readParquet(join(dir, "*.nothing"))).rejects.toThrow(/no file matches/);
    await expect(readCsv(join(dir, "empty"))).rejects.toThrow(/holds no file that ends in \.csv/);
  });

  it("a truncated Parquet or IPC file is found before Polars sees it", async () => {
    const frame = pl.DataFrame({ a: [1, 2, 3] });
    const whole = frame.writeParquet() as unknown as Buffer;
    await expect(readParquet(file("cut.parquet", whole.subarray(0, whole.length - 20)))).rejects.toThrow(
      /cut\.parquet" is cut short/,
    );
    await expect(readParquet(file("tiny.parquet", "PAR1"))).rejects.toThrow(/cut short/);
    await expect(readParquet(file("text.parquet", "hello world, this is text"))).rejects.toThrow(
      /not a Parquet file: it begins with "hell"/,
    );
    const ipc = frame.writeIPC();
    await expect(readIpc(file("cut.arrow", ipc.subarray(0, ipc.length - 20)))).rejects.toThrow(/cut short/);
  });

  it("a record with too many or too few fields names file and line", async () => {
    await expect(readCsv(file("many.csv", "a,b\n1,2\n3,4,5\n6,7\n"))).rejects.toThrow(
      /many\.csv", line 3 has 3 field\(s\)/,
    );
    const late = `a,b\n${"1,2\n".repeat(3000)}1,2,3\n`;
    const frame = await readCsv(file("late.csv", late), { partitionBytes: 5000 });
    await expect(frame.compute()).rejects.toThrow(/late\.csv", line 3002 has 3 field\(s\); the file has 2 columns/);
    const few = await readCsv(file("few.csv", `a,b\n${"1,2\n".repeat(1500)}7\n1,2\n`));
    await expect(few.compute()).rejects.toThrow(/few\.csv", line 1502 has 1 field/);
  });

  it("a value of another type names file, line, column and value", async () => {
    const frame = await readCsv(file("types.csv", `a,b\n${"1,2\n".repeat(1500)}1,x\n`));
    await expect(frame.compute()).rejects.toThrow(
      /types\.csv", line 1502: the value "x" of column "b" is no i64.*schema: \{ b: "Float64" \}/,
    );
  });

  it("files whose types or columns differ name both files, the column and the types", async () => {
    const a = file("a1.csv", "x,y\n1,2\n");
    const b = file("b1.csv", "x,y\n1,text\n");
    await expect(readCsv([a, b])).rejects.toThrow(/column "y" is Int64 in ".*a1\.csv" and String in ".*b1\.csv"/);
    await expect(readCsv([a, file("c1.csv", "x\n1\n")])).rejects.toThrow(
      /column "y" of ".*a1\.csv" is missing in ".*c1\.csv"/,
    );
    await expect(readCsv([a, file("d1.csv", "x,y,z\n1,2,3\n")])).rejects.toThrow(
      /column "z" of ".*d1\.csv" is missing in ".*a1\.csv"/,
    );
  });

  it("damaged gzip content says so", async () => {
    const packed = gzipSync("a,b\n1,2\n".repeat(1000));
    await expect(readCsv(file("bad.csv.gz", packed.subarray(0, 40))).then((frame) => frame.compute())).rejects.toThrow(
      /bad\.csv\.gz" is damaged or cut short/,
    );
  });

  it("a line that is not JSON names its number", async () => {
    await expect(readNdjson(file("bad.ndjson", '{"a":1}\nnot json\n'))).rejects.toThrow(
      /bad\.ndjson", line 2 is not a JSON object/,
    );
  });

  it("options out of range and unknown columns are refused", async () => {
    const path = file("ok.csv", "abc,def\n1,2\n");
    await expect(readCsv(path, { partitionBytes: 0 })).rejects.toBeInstanceOf(ParameterError);
    await expect(readCsv(path, { delimiter: ";;" })).rejects.toThrow(/delimiter must be one ASCII character/);
    await expect(readCsv(path, { columns: ["abd"] })).rejects.toThrow(/no column "abd"; did you mean "abc"/);
    await expect(readCsv(path, { schema: { abc: "Float65" } })).rejects.toThrow(/"Float65" is not a column type/);
    await expect(readCsv(file("void.csv", ""))).rejects.toThrow(/is empty/);
  });
});

describe("writers", () => {
  const frame = DistributedDataFrame.fromColumns(
    { a: Float64Array.from({ length: 10 }, (_, i) => i), s: Array.from({ length: 10 }, (_, i) => `v${i}`) },
    { partitions: 3 },
  );

  it("round-trip every format, one file a partition", async () => {
    const wanted = (await frame.compute()).toRecords();
    const parquet = await frame.writeParquet(join(dir, "w", "p"));
    expect(parquet.map((path) => path.slice(-18))).toEqual([
      "part-00000.parquet",
      "part-00001.parquet",
      "part-00002.parquet",
    ]);
    expect((await (await readParquet(join(dir, "w", "p"))).compute()).toRecords()).toEqual(wanted);
    await frame.writeCsv(join(dir, "w", "c"), { delimiter: ";" });
    expect(readFileSync(join(dir, "w", "c", "part-00000.csv"), "utf8")).toBe("a;s\n0.0;v0\n1.0;v1\n2.0;v2\n");
    expect((await (await readCsv(join(dir, "w", "c"), { delimiter: ";" })).compute()).toRecords()).toEqual(wanted);
    await frame.writeIpc(join(dir, "w", "i"));
    expect((await (await readIpc(join(dir, "w", "i"))).compute()).toRecords()).toEqual(wanted);
  });

  it("refuse a folder with content unless overwrite, which replaces part files only", async () => {
    const folder = join(dir, "w2");
    await frame.writeParquet(folder);
    writeFileSync(join(folder, "notes.txt"), "keep");
    await expect(frame.writeParquet(folder)).rejects.toThrow(/is not empty.*overwrite: true/);
    await frame.repartition(2).writeParquet(folder, { overwrite: true });
    expect(readdirSync(folder).sort()).toEqual(["notes.txt", "part-00000.parquet", "part-00001.parquet"]);
    await expect(frame.writeParquet(join(folder, "notes.txt"))).rejects.toThrow(/is a file/);
  });

  it("leave nothing behind when a partition fails or the run is stopped", async () => {
    const parent = join(dir, "w3");
    mkdirSync(parent);
    const failing = frame.mapPartitions((part, { partition }) => {
      if (partition === 2) throw new Error("no luck");
      return part;
    });
    const engine = localEngine({ threads: 2 });
    try {
      await expect(failing.writeParquet(join(parent, "out"), { engine })).rejects.toThrow(/no luck/);
      const controller = new AbortController();
      const writing = frame.writeParquet(join(parent, "out"), {
        engine,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      });
      await expect(writing).rejects.toThrow(/stopped by its signal/);
    } finally {
      await engine.close();
    }
    expect(readdirSync(parent)).toEqual([]);
  });

  it("name a folder that cannot be written, and a full disk", async () => {
    if (process.getuid?.() !== 0) {
      const locked = join(dir, "locked");
      mkdirSync(locked);
      chmodSync(locked, 0o500);
      await expect(frame.writeParquet(join(locked, "out"))).rejects.toThrow(/cannot write .*permission denied/);
    }
    await expect(frame.writeParquet(join(file("plain.txt", "x"), "out"))).rejects.toThrow(
      /cannot write|part of the path is a file/,
    );
    if (existsSync("/dev/full"))
      expect(() => DistributedDataFrame.fromColumns({ a: [1] }).visualize("/dev/full")).toThrow(/the disk is full/);
  });
});

describe("DataError", () => {
  it("is what content errors are", async () => {
    await expect(readCsv([file("e.csv", "x\n1\n"), file("f.csv", "x\ntext\n")])).rejects.toBeInstanceOf(DataError);
  });
});
