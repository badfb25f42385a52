import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, LinearRegression, LogisticRegression } from "#models/index.js";
import { OneHotEncoder, StandardScaler } from "#preprocessing/index.js";
import {
  ColumnTransformer,
  DistributedDataFrame,
  LocalEngine,
  type LocalMatrix,
  makePipeline,
  polars,
  readCsv,
  readIpc,
  readNdjson,
  readParquet,
  saveModel,
  scoreDataset,
} from "#src/index.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-score-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let next = 0;
const fresh = (): string => join(folder, `out-${next++}`);
const ROWS = 4000;

const data = () => ({
  id: Int32Array.from({ length: ROWS }, (_, i) => i),
  city: Array.from({ length: ROWS }, (_, i) => ["Brno", "Praha", "Wien"][(i * 7) % 3] as string),
  a: Float64Array.from({ length: ROWS }, (_, i) => Math.sin(i)),
  b: Float64Array.from({ length: ROWS }, (_, i) => Math.cos(3 * i) * 10),
  y: Array.from({ length: ROWS }, (_, i) => (Math.sin(i) + ((i * 7) % 3) > 1 ? "yes" : "no")),
});

const model = makePipeline(
  new ColumnTransformer({
    transformers: [
      ["city", new OneHotEncoder({ sparseOutput: false }), ["city"]],
      ["numbers", new StandardScaler(), ["a", "b"]],
    ],
  }),
  new LogisticRegression(),
);
const input = join(folder, "input");
const modelPath = join(folder, "model.partwise");

beforeAll(async () => {
  const frame = DistributedDataFrame.fromColumns(data(), { partitions: 8 });
  await frame.writeParquet(input);
  await model.fit(frame.select("city", "a", "b"), frame.column("y"));
  await saveModel(model, modelPath, { data: frame });
});

const parquet = (): Promise<DistributedDataFrame> => readParquet(join(input, "*.parquet"));

/** Names and bytes of all parts of an output folder. */
function parts(output: string): Map<string, string> {
  return new Map(
    readdirSync(output)
      .filter((name) => /^part-\d+\.\w+$/.test(name))
      .sort()
      .map((name) => [name, readFileSync(join(output, name)).toString("base64")]),
  );
}

describe("scoreDataset", () => {
  it("writes what predict says, row by row, beside the columns that pass through", async () => {
    const output = fresh();
    const report = await scoreDataset({
      model: modelPath,
      input: join(input, "*.parquet"),
      output,
      passthrough: ["id"],
    });
    expect(report).toMatchObject({
      complete: true,
      rows: ROWS,
      badRows: 0,
      partitions: { done: 8, total: 8, resumed: 0 },
    });
    const scored = await (await readParquet(join(output, "*.parquet"))).compute();
    expect(scored.columns).toEqual(["id", "prediction", "probability_no", "probability_yes"]);
    const { city, a, b } = data();
    expect(scored.getColumn("prediction").toArray()).toEqual(await model.predict({ city, a, b }));
    const proba = (await model.predictProba({ city, a, b })) as LocalMatrix;
    expect([...scored.getColumn("probability_yes").toArray()]).toEqual([...(proba.columns[1] as Float64Array)]);
    expect([...scored.getColumn("id").toArray()]).toEqual([...data().id]);
  });

  it("gives the same files for any batch size and engine, and loads the model once a thread", async () => {
    const first = fresh();
    await scoreDataset({ model, input: await parquet(), output: first, batchRows: 150 });
    const engine = new LocalEngine({ threads: 2 });
    const second = fresh();
    try {
      const report = await scoreDataset({ model, input: await parquet(), output: second, engine });
      expect(report.modelLoads).toBeGreaterThan(0);
      expect(report.modelLoads).toBeLessThanOrEqual(2);
    } finally {
      await engine.close();
    }
    expect(parts(second)).toEqual(parts(first));
  });

  it("writes CSV, NDJSON and Arrow", async () => {
    const read = { csv: readCsv, ndjson: readNdjson, ipc: readIpc };
    for (const format of ["csv", "ndjson", "ipc"] as const) {
      const output = fresh();
      const report = await scoreDataset({ model, input: await parquet(), output, format, passthrough: ["id"] });
      const back = await (await read[format](join(output, `*.${format === "ipc" ? "arrow" : format}`))).compute();
      expect([back.height, report.rows], format).toEqual([ROWS, ROWS]);
      expect(back.columns).toContain("prediction");
    }
  });

  it("goes on where a run stopped, and ends with the same bytes", async () => {
    const whole = fresh();
    await scoreDataset({ model: modelPath, input: await parquet(), output: whole });
    const output = fresh();
    const stop = new AbortController();
    const engine = new LocalEngine({ threads: 1 });
    const stopped = scoreDataset({
      engine,
      model: modelPath,
      input: await parquet(),
      output,
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done === 3) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("scoreDataset: stopped by its signal");
    await engine.close();
    const progress: number[] = [];
    const report = await scoreDataset({
      model: modelPath,
      input: await parquet(),
      output,
      onProgress: ({ done, total, detail }) => {
        progress.push(done);
        expect([total, Number(detail?.["rowsPerSecond"]) > 0]).toEqual([8, true]);
      },
    });
    expect(report.partitions.resumed).toBeGreaterThanOrEqual(3);
    expect(progress.at(-1)).toBe(8);
    expect(parts(output)).toEqual(parts(whole));
    const again = await scoreDataset({ model: modelPath, input: await parquet(), output });
    expect(again).toMatchObject({ rows: ROWS, modelLoads: 0, partitions: { done: 8, total: 8, resumed: 8 } });
  });

  it("survives SIGKILL at any moment: no part is lost, doubled or cut short", async () => {
    const whole = fresh();
    await scoreDataset({ model: modelPath, input: await parquet(), output: whole, batchRows: 64 });
    const output = fresh();
    const program = join(folder, "run.mjs");
    const entry = pathToFileURL(join(import.meta.dirname, "../../dist/src/index.js")).href;
    writeFileSync(
      program,
      `import { scoreDataset, readParquet, LocalEngine } from ${JSON.stringify(entry)};
       const report = await scoreDataset({ model: ${JSON.stringify(modelPath)}, input: await readParquet(${JSON.stringify(join(input, "*.parquet"))}),
         output: ${JSON.stringify(output)}, batchRows: 64, engine: new LocalEngine({ threads: 2 }) });
       process.stdout.write("complete " + report.rows);
       process.exit(0);`,
    );
    let killed = 0;
    let complete = false;
    for (let attempt = 0; attempt < 12 && !complete; attempt++) {
      const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
      // Killed once something has happened since the last time; later and later, so that the end comes.
      const before = existsSync(output) ? parts(output).size : 0;
      const timer = setInterval(() => {
        if (attempt < 6 && existsSync(output) && parts(output).size > before) child.kill("SIGKILL");
      }, 2);
      await new Promise((resolve) => child.on("close", resolve));
      clearInterval(timer);
      complete = said === `complete ${ROWS}`;
      if (!complete) killed += 1;
    }
    expect(complete).toBe(true);
    expect(killed).toBeGreaterThan(0);
    expect(parts(output)).toEqual(parts(whole));
    expect(existsSync(join(output, "_partwise", "lock.json"))).toBe(false);
  });

  it("ends at its deadline with what is done, and goes on when called again", async () => {
    const output = fresh();
    const slow = {
      module: new URL("fixtures/slow-model.mjs", import.meta.url).href,
      columns: ["a"],
      outputs: { twice: "Float64" },
    };
    const frame = await parquet();
    const engine = new LocalEngine({ threads: 1 });
    try {
      const late = await scoreDataset({ model: slow, input: frame, output, deadlineSeconds: 0.5, engine });
      expect(late.complete).toBe(false);
      expect(late.partitions.done).toBeLessThan(8);
      const done = await scoreDataset({ model: slow, input: frame, output, engine });
      expect(done).toMatchObject({ complete: true, rows: ROWS });
      expect(done.partitions.resumed).toBe(late.partitions.done);
    } finally {
      await engine.close();
    }
  });

  it("sets bad rows aside up to the limit, with row, column and reason", async () => {
    const columns = data();
    const a = Array.from(columns.a, (value, i) => (i === 10 || i === 2500 ? Number.NaN : value));
    const city = columns.city.map((value, i) => (i === 11 ? "Graz" : value));
    const bad = join(folder, "bad-input");
    if (!existsSync(bad))
      await DistributedDataFrame.fromColumns({ ...columns, a, city }, { partitions: 8 }).writeParquet(bad);
    const frame = await readParquet(join(bad, "*.parquet"));
    const strict = fresh();
    await expect(scoreDataset({ model: modelPath, input: frame, output: strict })).rejects.toThrow(
      /column "?(a|city)"?.*row 1[01]|row 1[01].*column "?(a|city)"?|partition/,
    );
    const output = fresh();
    const report = await scoreDataset({
      model: modelPath,
      input: frame,
      output,
      badRows: { limit: 3 },
      batchRows: 100,
    });
    expect(report).toMatchObject({ rows: ROWS - 3, badRows: 3, complete: true });
    const listed = readFileSync(join(output, "_partwise", "bad-rows", "part-00000.ndjson"), "utf8")
      .trim()
      .split("\n");
    expect(listed.map((line) => JSON.parse(line))).toMatchObject([
      { row: 10, column: "numbers__a", values: { id: 10, a: "NaN" } },
      { row: 11, column: "city", values: { city: "Graz" } },
    ]);
    expect(existsSync(join(output, "_partwise", "bad-rows", "part-00005.ndjson"))).toBe(true);
    const scored = await (await readParquet(join(output, "*.parquet"))).compute();
    expect(scored.height).toBe(ROWS - 3);
    expect([...scored.getColumn("id").toArray()].slice(9, 12)).toEqual([9, 12, 13]);
    await expect(
      scoreDataset({ model: modelPath, input: frame, output: fresh(), badRows: { limit: 2 } }),
    ).rejects.toThrow(/badRows.limit is 2|more than 2 bad rows/);
  });

  it("refuses a folder of another job, or one that another run is writing", async () => {
    const output = fresh();
    await scoreDataset({ model: modelPath, input: await parquet(), output });
    const other = await new LinearRegression().fit(DistributedDataFrame.fromColumns({ a: data().a }), data().b);
    await expect(scoreDataset({ model: other, input: await parquet(), output })).rejects.toThrow(
      /holds the output of a run with another model. Name another folder, or pass { overwrite: true }/,
    );
    await expect(scoreDataset({ model: modelPath, input: (await parquet()).head(10), output })).rejects.toThrow(
      /a run with other (input|partitions)/,
    );
    await expect(
      scoreDataset({ model: modelPath, input: await parquet(), output, passthrough: ["id"] }),
    ).rejects.toThrow(/a run with other options/);
    const replaced = await scoreDataset({ model: other, input: await parquet(), output, overwrite: true });
    expect(replaced.rows).toBe(ROWS);
    writeFileSync(join(output, "_partwise", "lock.json"), JSON.stringify({ pid: process.pid, host: "elsewhere" }));
    await expect(scoreDataset({ model: other, input: await parquet(), output })).rejects.toThrow(
      /another run \(process \d+ on elsewhere.*writes to/,
    );
    rmSync(join(output, "_partwise", "lock.json"));
  });

  it("runs any function, loaded once a thread", async () => {
    const module = new URL("fixtures/row-model.mjs", import.meta.url).href;
    const output = fresh();
    const report = await scoreDataset({
      model: {
        module,
        load: "load",
        args: { by: 3 },
        columns: ["a", "b"],
        outputs: { sum: "Float64", loads: "Float64" },
      },
      input: await parquet(),
      output,
      passthrough: ["a", "b"],
      batchRows: 100,
    });
    const scored = await (await readParquet(join(output, "*.parquet"))).compute();
    const pl = polars();
    const wrong = scored.filter(pl.col("sum").neq(pl.col("a").add(pl.col("b")).mul(3)));
    expect([report.rows, wrong.height]).toEqual([ROWS, 0]);
    expect(new Set(scored.getColumn("loads").toArray())).toEqual(new Set([1]));
    await expect(
      scoreDataset({
        model: { module, predict: "broken", outputs: { sum: "Float64" } },
        input: await parquet(),
        output: fresh(),
      }),
    ).rejects.toThrow(/"broken" failed on rows 0 to 499 of partition \d: no such thing/);
    await expect(
      scoreDataset({
        model: { module, predict: "short", outputs: { sum: "Float64" } },
        input: await parquet(),
        output: fresh(),
      }),
    ).rejects.toThrow(/the model returned 1 rows for the 500 rows from 0 of partition/);
  });

  it("keeps finished partitions when the model fails on one, and finishes once it does not", async () => {
    const output = fresh();
    const flag = join(folder, "mended");
    const flaky = {
      module: new URL("fixtures/row-model.mjs", import.meta.url).href,
      predict: "flaky",
      args: { flag },
      outputs: { twice: "Float64" },
    };
    const frame = await parquet();
    await expect(scoreDataset({ model: flaky, input: frame, output })).rejects.toThrow(/partition 5: not yet/);
    const left = parts(output).size;
    writeFileSync(flag, "");
    const report = await scoreDataset({ model: flaky, input: frame, output });
    expect(report).toMatchObject({ complete: true, rows: ROWS });
    expect(report.partitions.resumed).toBe(left);
  });

  it("guards against drift with the sketch in the model file", async () => {
    const same = await scoreDataset({ model: modelPath, input: await parquet(), output: fresh() });
    expect(same.drift).toMatchObject({ level: "ok", trainingRows: ROWS });
    const columns = data();
    const moved = DistributedDataFrame.fromColumns(
      {
        ...columns,
        a: columns.a.map((value) => value + 2),
        city: columns.city.map((name) => name.replace("Wien", "Brno")),
      },
      { partitions: 4 },
    );
    const output = fresh();
    const report = await scoreDataset({ model: modelPath, input: moved, output });
    expect(report.drift?.level).toBe("warn");
    const byName = new Map(report.drift?.columns.map((column) => [column.column, column]));
    expect(byName.get("b")).toMatchObject({ level: "ok" });
    expect(byName.get("a")).toMatchObject({ level: "warn" });
    expect(byName.get("a")?.outsideShare).toBeGreaterThan(0.5);
    expect(byName.get("city")?.psi).toBeGreaterThan(0.25);
    expect(JSON.parse(readFileSync(join(output, "_partwise", "drift.json"), "utf8"))).toMatchObject({ level: "warn" });
    expect(readFileSync(join(output, "_partwise", "drift.html"), "utf8")).toContain("out of the training range");
    await expect(
      scoreDataset({ model: modelPath, input: moved, output: fresh(), drift: { psi: { fail: 0.5 } } }),
    ).rejects.toThrow(
      /differ from the training data beyond the thresholds: "city" \(population stability index.*"a" \(pop/,
    );
  });

  it("scores trees, and rows without a partition of their own", async () => {
    const frame = DistributedDataFrame.fromColumns(data(), { partitions: 3 });
    const trees = await new HistGradientBoostingClassifier({ maxIter: 5 }).fit(
      frame.select("a", "b"),
      frame.column("y"),
    );
    const empty = frame.filter(polars().col("id").lt(100));
    const output = fresh();
    const report = await scoreDataset({ model: trees, input: empty, output, outputs: ["predictProba"] });
    expect(report).toMatchObject({ rows: 100, partitions: { done: 3, total: 3, resumed: 0 } });
    const scored = await (await readParquet(join(output, "*.parquet"))).compute();
    expect(scored.columns.slice(-2)).toEqual(["probability_no", "probability_yes"]);
  });

  it("gives entropy and margin of the probabilities, and says of a model without explanations that it has none", async () => {
    const output = fresh();
    await scoreDataset({
      model,
      input: await parquet(),
      output,
      outputs: ["predictProba", "uncertainty"],
      passthrough: [],
    });
    const scored = await (await readParquet(join(output, "*.parquet"))).compute();
    expect(scored.columns.slice(2)).toEqual(["uncertainty_entropy", "uncertainty_margin"]);
    for (const row of scored.head(50).toRecords() as Record<string, number>[]) {
      const [p, q] = [row["probability_no"] as number, row["probability_yes"] as number];
      expect(row["uncertainty_margin"]).toBeCloseTo(Math.abs(p - q), 12);
      expect(row["uncertainty_entropy"]).toBeCloseTo(-p * Math.log(p) - q * Math.log(q), 12);
    }
    await expect(
      scoreDataset({ model, input: await parquet(), output: fresh(), outputs: ["shapValues"] }),
    ).rejects.toThrow(/scoreDataset: the Pipeline has no shapValues. It has predict, .*uncertainty/);
  });

  it("says what is wrong with its options", async () => {
    const frame = await parquet();
    const run = (options: object): Promise<unknown> =>
      scoreDataset({ model: modelPath, input: frame, output: fresh(), ...options });
    await expect(run({ output: "" })).rejects.toThrow("output must be a folder's name");
    await expect(run({ format: "xlsx" })).rejects.toThrow("format must be one of parquet, csv, ndjson, ipc");
    await expect(run({ input: "rows.xlsx" })).rejects.toThrow("cannot tell from the name");
    await expect(run({ passthrough: ["nope"] })).rejects.toThrow('no column "nope" to pass through');
    await expect(run({ input: frame.drop("city") })).rejects.toThrow(
      'no column "city", which the Pipeline was fitted on',
    );
    await expect(run({ outputs: ["transform"] })).rejects.toThrow(/Pipeline has no transform. It has predict/);
    await expect(run({ model: {} })).rejects.toThrow("model must be a fitted estimator");
    await expect(run({ model: new LogisticRegression() })).rejects.toThrow("not fitted yet");
    await expect(run({ badRows: { limit: -1 } })).rejects.toThrow("badRows.limit must be an integer >= 0");
  });
});
