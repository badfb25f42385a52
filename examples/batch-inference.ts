/**
 * Scoring files with any model: files are read lazily, the model and its connection are made once in each worker, a
 * partition is scored batch by batch, and the rows go into a database in transactions.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DistributedDataFrame, duckdbSink, polars, readParquet, scoreDataset } from "partwise";

const folder = mkdtempSync(join(tmpdir(), "partwise-inference-"));
const rows = 20_000;
await DistributedDataFrame.fromColumns(
  {
    id: Int32Array.from({ length: rows }, (_, i) => i),
    miles: Float64Array.from({ length: rows }, (_, i) => 1 + (i % 300) / 10),
    zone: Array.from({ length: rows }, (_, i) => ["airport", "centre", "harbour"][i % 3] as string),
  },
  { partitions: 6 },
).writeParquet(join(folder, "trips"));

// 1. Lazy readers: nothing is read here but the files' footers; what follows is pushed into the scan.
const pl = polars();
const trips = (await readParquet(join(folder, "trips", "*.parquet"))).filter(pl.col("miles").gt(pl.lit(2)));
console.log(`${trips.partitions} partitions of ${trips.columns.join(", ")}`);

// 2. Row by row: an expression or a function over a partition's rows, without a model server.
const module = new URL("./batch-inference/fares.js", import.meta.url).href;
const byRow = await trips.mapPartitions(
  { module, export: "fareByRow" },
  { schema: { id: "Float64", fare: "Float64" } },
);
console.log((await byRow.head(2).compute()).toRecords());

// 3. Partition by partition, in batches of 2,000: `load` runs once a worker (a model, a connection), `predict` once a batch.
const report = await scoreDataset({
  model: {
    module,
    load: "load",
    predict: "predict",
    columns: ["miles", "zone"],
    outputs: { fare: "Float64" },
    args: { perMile: 2.5 },
  },
  input: trips,
  output: join(folder, "scored"),
  passthrough: ["id"],
  batchRows: 2000,
  into: duckdbSink({ path: join(folder, "fares.duckdb"), table: "fares" }),
});
console.log(`${report.rows} rows in ${report.files.length} files and in ${report.table?.written} transactions`);
console.log(`the model was loaded at most once a worker: ${report.modelLoads <= report.partitions.total}`);
rmSync(folder, { recursive: true });
