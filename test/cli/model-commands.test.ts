import { fileURLToPath } from "node:url";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commandTable } from "#src/cli/command-table.js";
import { openData } from "#src/cli/job/open-data.js";
import { runCli } from "#src/cli/run-cli.js";
import { loadModel, readParquet } from "#src/index.js";
import { fromDuckDb } from "../inference/from-duckdb.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function partwise(...args: string[]): Promise<Outcome> {
  const written = { out: "", err: "" };
  const code = await runCli(args, commandTable, {
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
    signal: new AbortController().signal,
  });
  return { code, ...written };
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await partwise(...args, "--json");
  expect(code, err).toBe(0);
  return JSON.parse(out) as T;
}

const MODEL = "[StandardScaler, {LogisticRegression: {C: 2}}]";
const fitIris = (output: string): Promise<{ metrics: Record<string, number>; trainingRows: number }> =>
  json("fit", "--data", "iris", "--target", "target", "--model", MODEL, "--stratify", "--output", output);

describe("partwise predict --into", () => {
  it("writes the rows of any input into a table once, from flags and from job files", async () => {
    const model = at("into.partwise");
    await fitIris(model);
    const iris = await openData("test", "iris");
    await iris.writeCsv(at("iris-csv"));
    await iris.writeIpc(at("iris-ipc"));
    const database = at("scores.duckdb");
    const inputs = ["iris", at("iris-csv/*.csv"), join(at("iris-ipc"), "*.arrow")];
    for (const [k, input] of inputs.entries()) {
      const line = ["predict", "-m", model, "-i", input, "-o", at(`into-${k}`), "--into", database, "--table", "late"];
      const first = await partwise(...line, "--passthrough", "target");
      expect(first.code, first.err).toBe(0);
      expect(first.out).toMatch(/150 rows in \d+ batches into late of .*scores\.duckdb/);
      expect((await partwise(...line, "--passthrough", "target")).out).toMatch(/\n0 rows in 0 batches into/);
    }
    const [[rows, right]] = (await fromDuckDb(
      database,
      "SELECT count(*)::INT, (sum((prediction = target)::INT) > 400) FROM late",
    )) as [[number, boolean]];
    expect([rows, right]).toEqual([450, true]);

    const job = at("nightly.yaml");
    writeFileSync(
      job,
      `model: ${model}\ninput: iris\noutput: ${at("nightly")}\noutputs: [predictProba]\npassthrough: []\n` +
        `into: { database: "env:PARTWISE_TEST_DATABASE", table: probabilities, ledger: done }\n`,
    );
    const unset = await partwise("predict", job);
    expect([unset.code, unset.err]).toEqual([
      2,
      'partwise: predict: into names the variable "PARTWISE_TEST_DATABASE", which is not set. Set it, or name the database.\n',
    ]);
    process.env["PARTWISE_TEST_DATABASE"] = database;
    const report = await json<{ table: { rows: number; table: string } }>("predict", job);
    delete process.env["PARTWISE_TEST_DATABASE"];
    expect(report.table).toMatchObject({ rows: 150, table: `probabilities of ${database}` });
    expect(await fromDuckDb(database, 'SELECT sum("rows")::INT FROM done')).toEqual([[150]]);
    // A flag wins over the file.
    const other = await json<{ table: { table: string } }>("predict", job, "-o", at("other"), "--into", at("b.duckdb"));
    expect(other.table.table).toBe(`probabilities of ${at("b.duckdb")}`);
  });

  it("refuses what is no database or no job, before anything runs", async () => {
    const job = at("bad-predict.yaml");
    const line = ["predict", "-m", at("into.partwise"), "-i", "iris", "-o", at("never")];
    const cases: [string, string[], string][] = [
      [
        "",
        [...line, "--into", "scores.xlsx"],
        'into must be a DuckDB file (.duckdb, .ddb or .db) or a connection string (postgres://...); got "scores.xlsx"',
      ],
      ["", [...line, "--table", "late"], "--table is given without --into"],
      ["", [...line, "--into", at("x.duckdb"), "--table", "a.b.c"], "table must be a table's name"],
      ["", [...line, "--into", at("x.duckdb"), "--format", "csv"], "into takes Parquet parts"],
      ["", ["predict", "-i", "iris"], "--model, --output are missing"],
      ["", [...line, "--compression", "gzip"], 'compression is "gzip"'],
      ["", [...line, "--format", "csv", "--compression", "lz4"], "compression is for Parquet parts"],
      ["model: m\ninto: { database: x.db, tabel: y }", ["predict", job], 'into has the unknown key "tabel"'],
      ["models: m", ["predict", job], 'the job has the unknown key "models". Keys are model, input, output,'],
      ["outputs: [prediction]", ["predict", job], 'outputs.0 is "prediction"'],
      ["deadline: soon", ["predict", job], 'deadline is "soon"'],
    ];
    for (const [text, args, message] of cases) {
      writeFileSync(job, text);
      const { code, err } = await partwise(...args);
      expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    }
    expect(existsSync(at("never"))).toBe(false);
    expect((await partwise("predict", "--help")).out).toContain("--into <database>");
  });
});

describe("partwise from data to scored files", () => {
  it("fits, inspects, explains, scores and predicts", async () => {
    const model = at("iris.partwise");
    const fitted = await fitIris(model);
    expect(fitted.trainingRows).toBe(120);
    expect(fitted.metrics["accuracy"]).toBeGreaterThan(0.9);
    const inspected = await json<Record<string, unknown>>("inspect", model);
    expect(inspected).toMatchObject({ kind: "Pipeline", nFeatures: 4, goldenRows: 32, hasSketch: true });
    expect(JSON.stringify(inspected["parameters"])).toContain('{"LogisticRegression":{"C":2');
    expect((await partwise("inspect", model)).out).toContain("petal width (cm)");

    const explained = await json<{ by: string; columns: { column: string }[] }>("explain", model);
    expect(explained.columns).toHaveLength(12);
    expect(explained.columns.map(({ column }) => column)).toContain("setosa: petal length (cm)");
    const shuffled = await json<{ columns: { column: string; value: number }[] }>(
      "explain",
      model,
      "--data",
      "iris",
      "--target",
      "target",
      "--top",
      "2",
    );
    expect(shuffled.columns.map(({ column }) => column).sort()).toEqual(["petal length (cm)", "petal width (cm)"]);

    const scored = await json<{ metrics: Record<string, number> }>(
      "score",
      "--model",
      model,
      "--data",
      "iris",
      "--target",
      "target",
      "--metrics",
      "accuracy,neg_log_loss",
    );
    expect(Object.keys(scored.metrics)).toEqual(["accuracy", "log_loss"]);

    expect((await partwise("datasets", "iris", "--output", at("rows"))).out).toContain("150 rows in 1 files");
    const report = await json<{ rows: number; complete: boolean }>(
      "predict",
      "--model",
      model,
      "--input",
      at("rows"),
      "--output",
      at("scored"),
      "--passthrough",
      "target",
    );
    expect(report).toMatchObject({ rows: 150, complete: true });
    const rows = await (await readParquet(join(at("scored"), "*.parquet"))).compute();
    expect(rows.columns).toEqual([
      "target",
      "prediction",
      "probability_setosa",
      "probability_versicolor",
      "probability_virginica",
    ]);
    const again = await partwise(
      "predict",
      "-m",
      model,
      "-i",
      at("rows"),
      "-o",
      at("scored"),
      "--passthrough",
      "target",
    );
    expect(again.out).toContain("1 of 1 parts (1 were there)");
  });

  it("converts models that XGBoost and LightGBM wrote", async () => {
    const foreign = (name: string): string => fileURLToPath(new URL(`../golden/foreign/${name}`, import.meta.url));
    for (const [name, kind] of [
      ["xgboost-binary.ubj", "ImportedTreesClassifier"],
      ["xgboost-regression.json", "ImportedTreesRegressor"],
      ["lightgbm-multiclass.txt", "ImportedTreesClassifier"],
    ] as const) {
      expect((await partwise("convert", foreign(name), at("foreign.partwise"))).out).toContain(`${kind} written`);
      expect((await loadModel(at("foreign.partwise"))).kind).toBe(kind);
    }
  });

  it("converts to JSON and back without loss", async () => {
    await fitIris(at("a.partwise"));
    expect((await partwise("convert", at("a.partwise"), at("a.json"))).code).toBe(0);
    expect((await partwise("convert", at("a.json"), at("b.partwise"))).code).toBe(0);
    expect(JSON.stringify(await loadModel(at("b.partwise")))).toBe(JSON.stringify(await loadModel(at("a.partwise"))));
    expect((await partwise("convert", at("a.json"), at("a.pickle"))).err).toContain(
      "End it in .partwise, .json, .onnx, .js or .mjs",
    );
  });

  it("runs a job file, and lets flags win over it", async () => {
    writeFileSync(
      at("job.yaml"),
      `data: ${at("frame.csv")}
target: late
features: [city, distance]
model:
  - ColumnTransformer:
      transformers:
        - [city, {OneHotEncoder: {handleUnknown: ignore}}, [city]]
        - [numbers, StandardScaler, [distance]]
  - LogisticRegression
split: {testSize: 0.25, randomState: 3}
metrics: [accuracy]
output: ${at("job.partwise")}
search:
  method: grid
  space: {logisticregression__C: [0.1, 1, 10]}
  options: {cv: 3}
`,
    );
    const lines = Array.from(
      { length: 200 },
      (_, i) => `${["Brno", "Wien"][i % 2]},${i % 7},${(i * 3) % 5 > 2 ? 1 : 0}`,
    );
    writeFileSync(at("frame.csv"), `city,distance,late\n${lines.join("\n")}\n`);
    const fitted = await json<{ trainingRows: number; metrics: Record<string, number> }>("fit", at("job.yaml"));
    expect(fitted.trainingRows).toBe(150);
    expect(Object.keys(fitted.metrics)).toEqual(["accuracy"]);
    const whole = await json<{ trainingRows: number; metrics: object }>("fit", at("job.yaml"), "--test-size", "0");
    expect(whole).toMatchObject({ trainingRows: 200, metrics: {} });
    const found = await json<{ best: { params: object }; trials: { score: number }[] }>("search", at("job.yaml"));
    expect(found.trials).toHaveLength(3);
    expect(Object.keys(found.best.params)).toEqual(["logisticregression__C"]);
    expect((await partwise("search", at("job.yaml"))).out).toContain("3 trials in");
    expect(existsSync(at("job.partwise"))).toBe(true);
  });

  it("says what is wrong in one line, with the exit code of wrong usage or of failure", async () => {
    await fitIris(at("c.partwise"));
    const cases: [string[], number, string | RegExp][] = [
      [["fit"], 2, "fit: --data, --target, --model, --output are missing"],
      [["fit", at("none.yaml")], 1, "cannot read the job file"],
      [["fit", "-d", "iris", "-t", "target", "-m", "Lassso", "-o", "x"], 2, "Did you mean Lasso?"],
      [["fit", "-d", "iris", "-t", "targt", "-m", "Lasso", "-o", "x"], 1, 'no column "targt". Did you mean "target"?'],
      [["fit", "-d", "iris", "-t", "target", "-m", "{Lasso: {alhpa: 1}}", "-o", "x"], 2, 'Did you mean "alpha"?'],
      [["fit", "-d", "iris", "-t", "target", "-m", "[Lasso", "-o", "x"], 2, '"--model" is not YAML or JSON'],
      [["fit", "-d", "rows.xlsx", "-t", "y", "-m", "Lasso", "-o", "x"], 2, "cannot tell from the name"],
      [["search", "-d", "iris", "-t", "target", "-m", "Lasso", "-o", "x"], 2, "the job has no `search`"],
      [["predict", "-m", at("none.partwise"), "-i", "iris", "-o", at("o")], 1, "there is no such file"],
      [["predict", "-m", at("c.partwise"), "-i", "wine", "-o", at("o")], 1, "which the Pipeline was fitted on"],
      [["predict", "-m", at("c.partwise"), "-i", "iris", "-o", at("o"), "--format", "xls"], 2, 'format is "xls"'],
      [["score", "-m", at("c.partwise"), "-d", "wine", "-t", "target"], 1, "which the Pipeline was fitted on"],
      [["explain", at("c.partwise"), "--data", "iris"], 1, "--data needs --target"],
      [["inspect", at("rows-nowhere")], 1, "there is no such file"],
      [["datasets", "irs"], 2, "Did you mean iris?"],
      [["datasets", "iris"], 2, "name the folder"],
    ];
    for (const [args, code, message] of cases) {
      const outcome = await partwise(...args);
      expect(outcome.code, `${args.join(" ")}: ${outcome.err}`).toBe(code);
      expect(outcome.err, args.join(" ")).toMatch(message);
      expect(outcome.err.split("\n").filter((line) => line.startsWith("partwise:"))).toHaveLength(1);
    }
    writeFileSync(at("bad.yaml"), "data: iris\ntarget: target\nmodel: Lasso\noutput: x\ncolour: red\n");
    expect((await partwise("fit", at("bad.yaml"))).err).toContain('unknown key "colour"');
    writeFileSync(at("bad.yaml"), "data: iris\ntarget: [a\n");
    expect((await partwise("fit", at("bad.yaml"))).err).toMatch(/is not YAML or JSON: .*line/s);
    expect(readFileSync(at("bad.yaml"), "utf8")).toContain("iris");
  });
});
