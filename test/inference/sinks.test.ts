import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LinearRegression } from "#models/index.js";
import {
  DistributedDataFrame,
  duckdbSink,
  type PostgresClient,
  postgresSink,
  saveModel,
  scoreDataset,
} from "#src/index.js";
import { fromDuckDb } from "./from-duckdb.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-sinks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ROWS = 600;
const input = join(folder, "input", "*.parquet");
const modelPath = join(folder, "model.partwise");
let next = 0;
const fresh = (): string => join(folder, `out-${next++}`);

beforeAll(async () => {
  const frame = DistributedDataFrame.fromColumns(
    {
      id: Int32Array.from({ length: ROWS }, (_, i) => i),
      name: Array.from({ length: ROWS }, (_, i) => (i % 9 === 0 ? null : `it's "row", {${i}} \\`)),
      flag: Array.from({ length: ROWS }, (_, i) => i % 2 === 0),
      x: Float64Array.from({ length: ROWS }, (_, i) => Math.sin(i)),
    },
    { partitions: 6 },
  );
  await frame.writeParquet(join(folder, "input"));
  const model = await new LinearRegression().fit(
    frame.select("x"),
    Float64Array.from({ length: ROWS }, (_, i) => 2 * Math.sin(i) + 1),
  );
  await saveModel(model, modelPath);
});

describe("duckdbSink", () => {
  const SUMS =
    "SELECT count(*)::INT, count(DISTINCT id)::INT, sum(id)::INT, round(sum(prediction - 2 * x), 6) FROM scores";
  const WANTED = [[ROWS, ROWS, (ROWS * (ROWS - 1)) / 2, ROWS]];

  it("holds every row once, however often a run is called and into whichever folder", async () => {
    const path = join(folder, "once.duckdb");
    const into = duckdbSink({ path, table: "scores" });
    const output = fresh();
    const first = await scoreDataset({ model: modelPath, input, output, into });
    expect(first.table).toMatchObject({ written: 6, present: 0, rows: ROWS });
    const again = await scoreDataset({ model: modelPath, input, output, into });
    expect(again.table).toMatchObject({ written: 0, present: 6, rows: 0 });
    await scoreDataset({ model: modelPath, input, output: fresh(), into });
    expect(await fromDuckDb(path, SUMS)).toEqual(WANTED);
    expect(await fromDuckDb(path, "SELECT count(*)::INT, sum(rows)::INT FROM partwise_batches")).toEqual([[6, ROWS]]);
  });

  it("survives SIGKILL between and within batches", async () => {
    const path = join(folder, "killed.duckdb");
    const output = fresh();
    const program = join(folder, "run.mjs");
    writeFileSync(
      program,
      `import { duckdbSink, scoreDataset } from ${JSON.stringify(new URL("../../dist/src/index.js", import.meta.url).href)};
       await scoreDataset({ model: ${JSON.stringify(modelPath)}, input: ${JSON.stringify(input)}, output: ${JSON.stringify(output)},
         into: duckdbSink({ path: ${JSON.stringify(path)}, table: "scores" }),
         onProgress: ({ stage, done }) => stage !== "scoreDataset" && process.stdout.write("batch " + done + "\\n") });
       process.exit(0);`,
    );
    let killed = 0;
    for (const stopAfter of [1, 2, 4, Infinity]) {
      const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (said.split("\n").length - 1 >= stopAfter) child.kill("SIGKILL");
      });
      const signal = await new Promise((resolve) => child.on("close", (_code, name) => resolve(name)));
      if (signal === "SIGKILL") killed += 1;
    }
    expect(killed).toBeGreaterThan(0);
    expect(await fromDuckDb(path, SUMS)).toEqual(WANTED);
  });

  it("takes nothing of a batch that does not fit the table, and says which", async () => {
    const path = join(folder, "other.duckdb");
    await fromDuckDb(path, "CREATE TABLE scores (id INTEGER)");
    await expect(
      scoreDataset({ model: modelPath, input, output: fresh(), into: duckdbSink({ path, table: "scores" }) }),
    ).rejects.toThrow(/duckdbSink: .*part-00000.parquet.* cannot be written into "scores"/);
    expect(await fromDuckDb(path, "SELECT count(*)::INT FROM partwise_batches")).toEqual([[0]]);
  });
});

describe("postgresSink", () => {
  it(
    "holds every row once when the connection breaks within a batch, text, null and booleans as they were",
    { timeout: 240_000 },
    async () => {
      const db = new PGlite();
      let left = 12;
      const breaking: PostgresClient = {
        query: async (sql, values) => {
          if (sql.startsWith('INSERT INTO "scores"') && left-- <= 0) throw new Error("connection lost");
          return db.query(sql, values);
        },
      };
      const output = fresh();
      left = 3;
      await expect(
        scoreDataset({
          model: modelPath,
          input,
          output,
          into: postgresSink({ connection: breaking, table: "scores" }),
        }),
      ).rejects.toThrow(/postgresSink: .*part-00003.parquet.*connection lost/);
      const into = postgresSink({ connection: db, table: "scores" });
      const report = await scoreDataset({ model: modelPath, input, output, into });
      expect(report.table).toMatchObject({ written: 3, present: 3, rows: ROWS / 2 });
      const { rows } = await db.query<Record<string, unknown>>("SELECT * FROM scores ORDER BY id");
      expect(rows.length).toBe(ROWS);
      expect(rows[10]).toMatchObject({ id: 10, name: `it's "row", {10} \\`, flag: true });
      expect(rows[9]).toMatchObject({ name: null, flag: false });
      expect(Number(rows[7]?.["prediction"])).toBeCloseTo(2 * Math.sin(7) + 1, 10);
      await db.close();
    },
  );
});

describe("sinks", () => {
  it("refuse what they cannot use before anything runs", async () => {
    expect(() => duckdbSink({ path: "", table: "t" })).toThrow("duckdbSink: path must be a file's name");
    expect(() => duckdbSink({ path: "x", table: "a.b.c" })).toThrow("duckdbSink: table must be a table's name");
    expect(() => postgresSink({ connection: {} as never, table: "t" })).toThrow("a client with `query`");
    const into = duckdbSink({ path: join(folder, "no.duckdb"), table: "t" });
    await expect(scoreDataset({ model: modelPath, input, output: fresh(), format: "csv", into })).rejects.toThrow(
      "scoreDataset: into takes Parquet parts",
    );
    await expect(
      scoreDataset({
        model: modelPath,
        input,
        output: fresh(),
        into: postgresSink({ connection: "postgres://nobody@127.0.0.1:1/none", table: "t" }),
      }),
    ).rejects.toThrow("postgresSink: the database cannot be reached");
  });
});
