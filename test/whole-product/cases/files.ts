import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import pl from "nodejs-polars";
import * as partwise from "#src/index.js";
import { use, type WorkTable } from "../work.js";
import { inTempFolder } from "../../engine/engine-under-test.js";
import { settled } from "../work.js";
import { frame } from "./data.js";

const { readCsv, readIpc, readNdjson, readParquet } = use.of(partwise);

/** Names and contents of the files of a folder. */
export function contents(folder: string): [string, string][] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }): [string, string] => [name, readFileSync(join(folder, name)).toString("base64")])
    .toSorted();
}

const plain = () => frame().select("id", "group", "value", "flag");

/** Readers and writers. */
export const fileWork: WorkTable = {
  "Parquet of every compression, written, read back, pushed down": () =>
    inTempFolder(async (folder) => {
      const found: unknown[] = [];
      for (const compression of ["zstd", "snappy", "lz4", "gzip", "uncompressed"] as const) {
        await frame().writeParquet(join(folder, compression), { compression });
        found.push(contents(join(folder, compression)));
      }
      const back = await readParquet(join(folder, "zstd", "*.parquet"));
      const cut = await readParquet(join(folder, "zstd"), { partitions: 7, columns: ["id", "value"] });
      const whole = await readParquet(join(folder, "zstd"), { wholeRowGroups: true });
      return settled([
        found,
        back,
        back.filter(pl.col("id").gt(150)).select("group", "id"),
        cut.sample(0.5, { randomState: 2 }),
        whole.head(3),
        await whole.column("value").mean(),
      ]);
    }),
  "Arrow IPC and CSV, written and read back": () =>
    inTempFolder(async (folder) => {
      await plain().writeIpc(join(folder, "ipc"));
      await plain().writeCsv(join(folder, "csv"), { delimiter: ";" });
      const csv = await readCsv(join(folder, "csv", "*.csv"), { delimiter: ";", partitionBytes: 300 });
      return settled([
        contents(join(folder, "ipc")),
        contents(join(folder, "csv")),
        await readIpc(join(folder, "ipc")),
        csv.partitions,
        csv,
        csv.fillNull({ value: 0 }).toArray(["value"]),
        await csv.countRows(),
      ]);
    }),
  "CSV with quotes, nulls and dates, compressed; NDJSON": () =>
    inTempFolder(async (folder) => {
      const lines = Array.from({ length: 60 }, (_, i) => `${i},"a ""b"" ${i},\nnext",${i % 7 === 0 ? "NA" : i / 4}`);
      writeFileSync(join(folder, "a.csv.gz"), gzipSync(`n,text,x\n${lines.join("\n")}\n`));
      const objects = Array.from({ length: 60 }, (_, i) => JSON.stringify(i % 5 === 0 ? { i } : { i, s: `t${i}` }));
      writeFileSync(join(folder, "b.ndjson"), `${objects.join("\n")}\n`);
      return settled([
        await readCsv(join(folder, "a.csv.gz"), { nullValues: "NA" }),
        await readNdjson(join(folder, "b.ndjson"), { partitionBytes: 200 }),
      ]);
    }),
};
