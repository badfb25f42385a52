import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { polars } from "#src/index.js";
import { rowGroupRows } from "#src/io/parquet-row-groups.js";
import { readParquet } from "#src/io/read-parquet.js";

const dir = mkdtempSync(join(tmpdir(), "partwise-groups-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const pl = polars();
const write = (name: string, rows: number): string => {
  const path = join(dir, name);
  const frame = pl.DataFrame({
    a: Float64Array.from({ length: rows }, (_, i) => i),
    text: Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? null : `row ${i}`)),
    flag: Array.from({ length: rows }, (_, i) => i % 2 === 0),
  });
  writeFileSync(path, frame.writeParquet() as unknown as Buffer);
  return path;
};

describe("row groups of Parquet files", () => {
  it("are counted from the footer", () => {
    // Polars cuts row groups at about 262,144 rows.
    const path = write("groups.parquet", 600_000);
    const groups = rowGroupRows(path, statSync(path).size);
    expect(groups?.reduce((sum, rows) => sum + rows, 0)).toBe(600_000);
    expect(groups?.length).toBeGreaterThan(1);
    const one = write("one.parquet", 10);
    expect(rowGroupRows(one, statSync(one).size)).toEqual([10]);
  });

  it("are unknown where the footer is damaged, never a crash or a hang", () => {
    const path = write("damaged.parquet", 500);
    const bytes = readFileSync(path);
    const footer = bytes.readUInt32LE(bytes.length - 8);
    for (let i = 0; i < 400; i++) {
      const copy = Buffer.from(bytes);
      const at = copy.length - 8 - 1 - ((i * 7919) % footer);
      copy[at] = (i * 31 + 17) % 256;
      writeFileSync(path, copy);
      const groups = rowGroupRows(path, copy.length);
      expect(groups === undefined || groups.every(Number.isFinite)).toBe(true);
    }
  });

  it("are the partitions of a frame that asks for whole ones, with the same rows", async () => {
    const small = await readParquet(write("small.parquet", 5000), { wholeRowGroups: true });
    expect(small.partitions).toBe(1);
    const rows = 600_000;
    const path = join(dir, "wide.parquet");
    const names = Array.from({ length: 12 }, (_, j) => `c${j}`);
    const values = Float64Array.from({ length: rows }, (_, i) => i % 7);
    const wide = pl.DataFrame(names.map((name) => pl.Series(name, values as never, pl.Float64)));
    writeFileSync(path, wide.writeParquet() as unknown as Buffer);
    const groups = rowGroupRows(path, statSync(path).size);
    const frame = await readParquet(path, { wholeRowGroups: true });
    expect(groups?.length).toBeGreaterThan(1);
    expect(frame.partitionRows).toEqual(groups);
    expect((await readParquet(path)).partitions).toBeGreaterThan(frame.partitions);
    const sum = (await frame.select("c3").compute()).getColumn("c3").sum();
    expect(sum).toBe(values.reduce((total, value) => total + value, 0));
  });
});
