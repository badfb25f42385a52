/**
 * The main job: which flights are more than 15 minutes late? 3,000,000 real flights of 2001, from reading to scored files
 * and pictures. Run it with `npm start`; copy it and change it for your own data.
 */
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import {
  calibrationChart,
  defaultEngine,
  DistributedArray,
  makePipeline,
  polars,
  progressBar,
  rocCurveChart,
  saveChart,
  type DistributedDataFrame,
  type PolarsExpr,
} from "partwise";
import { loadFlights } from "partwise/datasets";
import { accuracyScore, calibrationCurve, logLoss, rocAucScore, rocCurve } from "partwise/metrics";
import { trainTestSplit } from "partwise/model-selection";
import { LogisticRegression } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";

const LATE_MINUTES = 15;
const AIRPORTS = 20;
const OUT = join(process.cwd(), "out", "flights");

const pl = polars();
const stages: [name: string, ms: number][] = [];

async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  stages.push([name, performance.now() - started]);
  return result;
}

/** The airports with most flights, each of which becomes a column. */
async function busiest(flights: DistributedDataFrame, column: string): Promise<string[]> {
  return (await flights.valueCounts(column)).slice(0, AIRPORTS).map(({ value }) => String(value));
}

/** Numbers that a linear model can use: the time of day as waves, day and month as columns, distance, busy airports. */
function featureColumns(origins: readonly string[], destinations: readonly string[]): PolarsExpr[] {
  const date = pl.col("date").date;
  const hour = date.hour().cast(pl.Float64).add(date.minute().cast(pl.Float64).div(60));
  const is = (test: PolarsExpr, name: string): PolarsExpr => test.cast(pl.Float32).alias(name);
  return [
    pl.col("distance").cast(pl.Float64).div(1000).alias("distance"),
    pl.col("distance").cast(pl.Float64).log(Math.E).alias("log_distance"),
    ...[1, 2, 3].flatMap((k) => [
      hour
        .mul((2 * Math.PI * k) / 24)
        .sin()
        .alias(`hour_sin_${k}`),
      hour
        .mul((2 * Math.PI * k) / 24)
        .cos()
        .alias(`hour_cos_${k}`),
    ]),
    ...[2, 3, 4, 5, 6, 7].map((day) => is(date.weekday().eq(day), `weekday_${day}`)),
    ...[2, 3, 4, 5, 6].map((month) => is(date.month().eq(month), `month_${month}`)),
    ...origins.map((airport) => is(pl.col("origin").eq(pl.lit(airport)), `from_${airport}`)),
    ...destinations.map((airport) => is(pl.col("destination").eq(pl.lit(airport)), `to_${airport}`)),
  ];
}

const started = performance.now();
console.log(`Flights more than ${LATE_MINUTES} minutes late, on ${availableParallelism()} cores\n`);

const { flights, origins, destinations } = await stage("look at the data", async () => {
  const source = await loadFlights({ partitions: 14 });
  const labelled = source.withColumns(pl.col("delay").gt(LATE_MINUTES).alias("late"));
  return {
    flights: labelled,
    origins: await busiest(labelled, "origin"),
    destinations: await busiest(labelled, "destination"),
  };
});
const features = flights.select(...featureColumns(origins, destinations));
console.log(
  `${flights.rows?.toLocaleString("en")} flights in ${flights.partitions} partitions, ${features.columns.length} features`,
);

const { train, test } = await stage("split", () =>
  trainTestSplit(
    { X: features.toArray(undefined, { dtype: "f32" }), y: flights.column("late").toArray() },
    { testSize: 0.2, randomState: 7 },
  ),
);

const bar = progressBar();
const model = makePipeline(new StandardScaler(), new LogisticRegression({ C: 1 }));
await stage("fit", () => model.fit(train.X, train.y, { onProgress: bar }));
bar.done();

const report = await stage("evaluate", async () => {
  // Kept for the metrics, which then share one pass over the test rows' features.
  using y = await test.y.persist();
  using proba = await model.predictProba(test.X).persist();
  const score = proba.column(1);
  const [rate = 0] = await y.mean();
  const baseline = DistributedArray.fromVector(new Float64Array(y.rows ?? 0).fill(rate));
  return {
    rate,
    accuracy: await accuracyScore(y, score.gt(0.5)),
    baselineAccuracy: Math.max(rate, 1 - rate),
    logLoss: await logLoss(y, score),
    baselineLogLoss: await logLoss(y, baseline),
    auc: await rocAucScore(y, score),
    roc: await rocCurve(y, score),
    calibration: await calibrationCurve(y, score, { nBins: 20, strategy: "quantile" }),
  };
});

await mkdir(OUT, { recursive: true });
const scoredFolder = join(OUT, "scored");
const files = await stage("score all rows", () => {
  const late = model.predictProba(features.toArray(undefined, { dtype: "f32" })).column(1);
  const scored = flights
    .select("date", "origin", "destination", "distance", "delay")
    .withArrays({ late_probability: late });
  return scored.writeParquet(scoredFolder, { overwrite: true, onProgress: bar });
});
bar.done();

const pictures = await stage("draw", async () => {
  const roc = await rocCurveChart({ curves: [{ name: "logistic regression", ...report.roc, auc: report.auc }] });
  const calibration = await calibrationChart({
    curves: [
      { name: "logistic regression", predicted: report.calibration.probPred, observed: report.calibration.probTrue },
    ],
  });
  const paths = ["roc.svg", "roc.png", "calibration.svg", "calibration.png"].map((name) => join(OUT, name));
  for (const path of paths) await saveChart(path.includes("roc") ? roc : calibration, path);
  return paths;
});
await defaultEngine().close();

const row = (name: string, ...cells: (number | string)[]): string =>
  `  ${name.padEnd(22)}${cells.map((cell) => (typeof cell === "number" ? cell.toFixed(4) : cell).padStart(12)).join("")}`;
console.log(`\nHold-out (${test.X.rows?.toLocaleString("en")} flights, ${(report.rate * 100).toFixed(1)} % late)`);
console.log(row("", "model", "baseline"));
console.log(row("accuracy", report.accuracy, report.baselineAccuracy));
console.log(row("log loss", report.logLoss, report.baselineLogLoss));
console.log(row("area under ROC", report.auc, 0.5));
console.log("\nWritten");
console.log(`  ${files.length} Parquet files in ${relative(process.cwd(), scoredFolder)}`);
for (const path of pictures) console.log(`  ${relative(process.cwd(), path)}`);
console.log("\nTime");
for (const [name, ms] of stages) console.log(`  ${name.padEnd(22)}${(ms / 1000).toFixed(2).padStart(8)} s`);
console.log(
  `  ${"all".padEnd(22)}${((performance.now() - started) / 1000).toFixed(2).padStart(8)} s, peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
);
