import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HistGradientBoostingClassifier, LinearRegression, LogisticRegression } from "#models/index.js";
import { OneHotEncoder, StandardScaler } from "#preprocessing/index.js";
import * as partwise from "#src/index.js";
import { SCORE_FORMATS } from "#src/inference/score-format.js";
import { inTempFolder } from "../../engine/engine-under-test.js";
import { fromDuckDb } from "../../inference/from-duckdb.js";
import { settled, use, type WorkTable } from "../work.js";
import { table } from "./data.js";
import { contents } from "./files.js";

const {
  duckdbSink,
  estimatorFromJSON,
  exportJavaScript,
  exportOnnx,
  loadModel,
  makePipeline,
  onnxModel,
  postgresSink,
  readModelFile,
  rowScorer,
  saveModel,
  scoreDataset,
  tfjsModel,
} = use.of(partwise);
for (const Class of [partwise.OnnxModel, partwise.TfjsModel]) use.watch(Class);

const USER = new URL("../fixtures/user-functions.mjs", import.meta.url).href;
const FIXTURES = fileURLToPath(new URL("../../exchange/fixtures/", import.meta.url));

const features = () => table().fillNull({ b: 0 }).select("a", "b", "city");

async function fitted(): Promise<partwise.Pipeline> {
  const columns = new partwise.ColumnTransformer({
    transformers: [
      ["city", new OneHotEncoder({ sparseOutput: false }), ["city"]],
      ["numbers", new StandardScaler(), ["a", "b"]],
    ],
  });
  return makePipeline(columns, new LogisticRegression()).fit(features(), table().column("y"));
}

/** What of a report does not tell how long it took. */
function counted(report: partwise.ScoreReport): unknown {
  const { rows, badRows, partitions, complete, drift, outputs } = report as partwise.ScoreReport & {
    outputs?: unknown;
  };
  return { rows, badRows, partitions, complete, drift, outputs };
}

/** Scoring runs, model files, exports. */
export const scoringWork: WorkTable = {
  "scores in every format, of files and of a frame": () =>
    inTempFolder(async (folder) => {
      const model = await fitted();
      const found: unknown[] = [];
      await features().writeParquet(join(folder, "in"));
      for (const format of SCORE_FORMATS) {
        const output = join(folder, `out-${format}`);
        const stages = new Set<string>();
        const report = await scoreDataset({
          model,
          input: join(folder, "in", "*.parquet"),
          output,
          format,
          batchRows: 30,
          onProgress: ({ stage }) => stages.add(stage),
        });
        found.push(counted(report), [...stages], contents(output));
      }
      const report = await scoreDataset({
        model,
        input: features(),
        output: join(folder, "frame"),
        compression: "lz4",
      });
      return settled([found, counted(report), contents(join(folder, "frame"))]);
    }),
  "a broken run goes on where it stopped; bad rows are set aside; a deadline": () =>
    inTempFolder(async (folder) => {
      const model = await new LinearRegression().fit(features().select("a"), table().column("target"));
      const flag = join(folder, "mended");
      const flaky = { module: USER, predict: "flaky", columns: ["a"], args: { flag }, outputs: { twice: "Float64" } };
      await features().writeParquet(join(folder, "in"));
      const input = join(folder, "in", "*.parquet");
      const broken = await scoreDataset({ model: flaky, input, output: join(folder, "flaky") }).catch(
        (e: unknown) => e,
      );
      writeFileSync(flag, "");
      const mended = await scoreDataset({ model: flaky, input, output: join(folder, "flaky") });
      const gaps = table()
        .select("a")
        .withColumns(
          partwise
            .polars()
            .when(partwise.polars().col("a").gt(9.999))
            .then(partwise.polars().lit(NaN))
            .otherwise(partwise.polars().col("a"))
            .alias("a"),
        );
      const strict = await scoreDataset({ model, input: gaps, output: join(folder, "strict") }).catch(
        (e: unknown) => e,
      );
      const aside = await scoreDataset({ model, input: gaps, output: join(folder, "aside"), badRows: { limit: 99 } });
      const badRows = contents(join(folder, "aside", "_partwise", "bad-rows"));
      const late = await scoreDataset({ model, input, output: join(folder, "late"), deadlineSeconds: 600 });
      return settled([
        broken,
        [mended.rows, mended.complete],
        contents(join(folder, "flaky")),
        strict,
        counted(aside),
        badRows,
        counted(late),
      ]);
    }),
  "a user's function as the model; uncertainty and explanations": () =>
    inTempFolder(async (folder) => {
      const own = { module: USER, load: "load", args: { by: 3 }, columns: ["a", "b"], outputs: { sum: "Float64" } };
      const trees = await new HistGradientBoostingClassifier({ maxIter: 3, minSamplesLeaf: 3 }).fit(
        features().select("a", "b"),
        table().column("y"),
      );
      const outputs = ["predict", "predictProba", "shapValues", "leaves"] as never;
      return settled([
        counted(await scoreDataset({ model: own, input: features(), output: join(folder, "own") })),
        contents(join(folder, "own")),
        await scoreDataset({ model: trees, input: features(), output: join(folder, "trees"), outputs })
          .then(counted)
          .catch((error: unknown) => error),
        existsSync(join(folder, "trees")) ? contents(join(folder, "trees")) : [],
      ]);
    }),
  "model files: saved with golden rows and a sketch, loaded, scored with a drift report": () =>
    inTempFolder(async (folder) => {
      const path = join(folder, "model.partwise");
      const model = await fitted();
      const {
        path: _,
        bytes: __,
        ...saved
      } = await saveModel(model, path, { data: features(), metrics: { own: 0.5 } });
      const loaded = await loadModel(path);
      const moved = features().withColumns(partwise.polars().col("a").add(20).alias("a"));
      const report = await scoreDataset({ model: path, input: moved, output: join(folder, "out") });
      const file = await readModelFile(path);
      return settled([
        saved,
        loaded,
        estimatorFromJSON(model.toJSON() as never),
        counted(report),
        contents(join(folder, "out")),
        Object.keys(file).toSorted(),
        (await rowScorer(model as never, { schema: { city: "String" } }))({ a: 1, b: 2, city: "Brno" } as never),
      ]);
    }),
  "tables of DuckDB and Postgres": () =>
    inTempFolder(async (folder) => {
      const model = await new LinearRegression().fit(features().select("a"), table().column("target"));
      const path = join(folder, "scores.duckdb");
      const asked: unknown[] = [];
      // Remembers what it is asked; that the statements are right SQL is shown elsewhere.
      const connection: partwise.PostgresClient = {
        query: (sql, values) => {
          asked.push([sql, values?.map((value) => (/^[0-9a-f]{16,}/u.test(String(value)) ? "a key" : value))]);
          return Promise.resolve({ rows: [] });
        },
      };
      const common = { model, input: features().select("a"), passthrough: ["a"] } as const;
      const duck = duckdbSink({ path, table: "scores" });
      const { table: written } = await scoreDataset({ ...common, output: join(folder, "duck"), into: duck });
      const postgres = postgresSink({ connection, table: "scores" });
      const { table: told } = await scoreDataset({ ...common, output: join(folder, "postgres"), into: postgres });
      return settled([
        [written?.written, written?.rows, told?.written, told?.rows],
        await fromDuckDb(path, "SELECT a, prediction FROM scores ORDER BY a"),
        asked,
      ]);
    }),
  "exports to ONNX and JavaScript; networks of other libraries": () =>
    inTempFolder(async (folder) => {
      const model = await makePipeline(new StandardScaler(), new LogisticRegression()).fit(
        features().select("a", "b"),
        table().column("y"),
      );
      const path = join(folder, "model.onnx");
      await exportOnnx(model as never, path);
      const text = await exportJavaScript(model as never, join(folder, "model.mjs"));
      mkdirSync(join(folder, "out"));
      const onnx = await onnxModel(path, { runtime: "onnxruntime-web", columns: ["a", "b"] });
      const tfjs = await tfjsModel(join(FIXTURES, "tfjs", "classes"), { backend: "cpu", names: ["p", "q", "r"] });
      const width = Number(Object.keys(tfjs.outputs).length);
      const names = Array.from({ length: 4 }, (_, j) => `c${j}`);
      const rows = partwise.DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>(
        Object.fromEntries(names.map((name, j) => [name, Array.from({ length: 12 }, (_, i) => Math.sin(i + j))])),
        { partitions: 3 },
      );
      return settled([
        text,
        onnx.predict(features().select("a", "b")),
        await scoreDataset({ model: onnx as never, input: features(), output: join(folder, "onnx") }).then(counted),
        width,
        await settled(tfjs.predict(rows)).catch((error: unknown) => error),
      ]);
    }),
};
