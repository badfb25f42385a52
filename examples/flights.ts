/**
 * The main job: which flights are more than 15 minutes late? 3,000,000 real flights of 2001, from reading to scored files
 * and pictures. Run it with `npm start`; copy it and change it for your own data.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import {
  calibrationChart,
  ColumnTransformer,
  defaultEngine,
  DistributedArray,
  makePipeline,
  Pipeline,
  polars,
  progressBar,
  rocCurveChart,
  saveChart,
  searchReport,
} from "partwise";
import { loadFlights } from "partwise/datasets";
import { accuracyScore, calibrationCurve, logLoss, rocAucScore, rocCurve } from "partwise/metrics";
import { HyperbandSearchCV, logUniform, quantized, trainTestSplit } from "partwise/model-selection";
import { HistGradientBoostingClassifier, LogisticRegression } from "partwise/models";
import { DateFeatures, OneHotEncoder, StandardScaler, TargetEncoder } from "partwise/preprocessing";

const LATE_MINUTES = 15;
/** What this job reached with 57 columns made by hand: waves of the hour, days, months, the 20 busiest airports. */
const BY_HAND_AUC = 0.654;
/** Rows on which the boosted model is tuned, and seconds after which no trial is started. */
const SEARCH_ROWS = 60_000;
const SEARCH_SECONDS = 30;
const OUT = join(process.cwd(), "out", "flights");

const pl = polars();
const stages: [name: string, ms: number][] = [];

async function stage<T>(name: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  stages.push([name, performance.now() - started]);
  return result;
}

const started = performance.now();
console.log(`Flights more than ${LATE_MINUTES} minutes late, on ${availableParallelism()} cores\n`);

const flights = await stage("look at the data", async () => {
  const source = await loadFlights({ partitions: 14 });
  return source.withColumns({ late: pl.col("delay").gt(LATE_MINUTES) });
});
const raw = flights.select("date", "origin", "destination", "distance");
console.log(`${flights.rows?.toLocaleString("en")} flights in ${flights.partitions} partitions`);

const { train, test } = await stage("split", () =>
  trainTestSplit({ X: raw, y: flights.column("late") }, { testSize: 0.2, randomState: 7 }),
);

const bar = progressBar();
// From raw columns to numbers: each transformer gets its own, and all of them are fitted in one reading of the file. Rare
// values (flights at night) share a column; each airport becomes its share of late flights, learnt from other rows.
const features = new ColumnTransformer({
  transformers: [
    [
      "time",
      makePipeline(
        new DateFeatures({ features: ["hour", "weekday", "month"] }),
        new OneHotEncoder({ minFrequency: 0.01, drop: "first", sparseOutput: false, dtype: "f32" }),
      ),
      ["date"],
    ],
    ["minute", new DateFeatures({ features: ["minute"], cyclic: true }), ["date"]],
    ["airport", new TargetEncoder({ dtype: "f32" }), ["origin", "destination"]],
    ["miles", new StandardScaler(), ["distance"]],
  ],
});
const model = makePipeline(features, new LogisticRegression({ C: 1 }));
await stage("fit", () => model.fit(train.X, train.y, { onProgress: bar }));
bar.done();
const names = features.getFeatureNamesOut();
console.log(`${names.length} features, from ${names[0]} to ${names.at(-1)}`);

// Boosted trees take the numbers as they are. Hyperband tunes them on a part of the train rows: many trials with few trees,
// and the best of them with more.
const trees = new Pipeline({
  steps: [
    [
      "features",
      new ColumnTransformer({
        transformers: [
          ["time", new DateFeatures({ features: ["hour", "minute", "weekday", "month", "day"] }), ["date"]],
          ["airport", new TargetEncoder({ dtype: "f32" }), ["origin", "destination"]],
          ["miles", "passthrough", ["distance"]],
        ],
      }),
    ],
    ["trees", new HistGradientBoostingClassifier()],
  ],
});
const search = new HyperbandSearchCV({
  estimator: trees,
  paramDistributions: {
    trees__learningRate: logUniform(0.05, 0.4),
    trees__maxLeafNodes: quantized(logUniform(8, 128), 1),
    trees__minSamplesLeaf: quantized(logUniform(10, 500), 1),
    trees__l2Regularization: logUniform(1e-3, 10),
  },
  resource: "trees__maxIter",
  // A trial that goes on keeps its trees and grows more: the same model, for less time.
  warmStart: true,
  maxIter: 48,
  aggressiveness: 4,
  scoring: "neg_log_loss",
  randomState: 7,
  maxTime: SEARCH_SECONDS,
});
const { nModels, totalResource } = search.metadata;
console.log(`Hyperband: at most ${nModels} models of together ${totalResource} trees, in ${SEARCH_SECONDS} s`);
await stage("tune boosting", async () => {
  const { train: part } = await trainTestSplit(train, { trainSize: SEARCH_ROWS, randomState: 7 });
  using X = await part.X.repartition(2).persist();
  const y = (await part.y.toArray().compute()).toVector() as Float64Array;
  await search.fit(X, y, { onProgress: bar });
  bar.done();
});
const boosted = trees.clone().setParams({ ...search.bestParams, trees__maxIter: 48 });
await stage("fit boosting", () => boosted.fit(train.X, train.y, { onProgress: bar }));
bar.done();

async function evaluate(one: Pipeline) {
  // Kept for the metrics, which then share one pass over the test rows' features.
  using y = await test.y.toArray().persist();
  using proba = await one.predictProba(test.X).persist();
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
}
const linear = await stage("evaluate", () => evaluate(model));
const boosting = await stage("evaluate boosting", () => evaluate(boosted));
const reports = { "boosted trees": boosting, "logistic regression": linear };

await mkdir(OUT, { recursive: true });
const scoredFolder = join(OUT, "scored");
const files = await stage("score all rows", () => {
  const late = boosted.predictProba(raw).column(1);
  const scored = flights
    .select("date", "origin", "destination", "distance", "delay")
    .withArrays({ late_probability: late });
  return scored.writeParquet(scoredFolder, { overwrite: true, onProgress: bar });
});
bar.done();

const pictures = await stage("draw", async () => {
  const named = Object.entries(reports);
  const roc = await rocCurveChart({ curves: named.map(([name, { roc: curve, auc }]) => ({ name, ...curve, auc })) });
  const calibration = await calibrationChart({
    curves: named.map(
      ([
        name,
        {
          calibration: { probPred, probTrue },
        },
      ]) => ({
        name,
        predicted: probPred,
        observed: probTrue,
      }),
    ),
  });
  const paths = ["roc.svg", "roc.png", "calibration.svg", "calibration.png"].map((name) => join(OUT, name));
  for (const path of paths) await saveChart(path.includes("roc") ? roc : calibration, path);
  const page = join(OUT, "search.html");
  await writeFile(page, searchReport(search));
  return [...paths, page, search.exportTrials(join(OUT, "trials.csv"))];
});
await defaultEngine().close();

const row = (name: string, ...cells: (number | string)[]): string =>
  `  ${name.padEnd(22)}${cells.map((cell) => (typeof cell === "number" ? cell.toFixed(4) : cell).padStart(12)).join("")}`;
const { cvResults, history } = search;
const scores = cvResults["mean_test_score"] as Float64Array;
console.log(
  `\nSearch: ${history.length} fits of ${new Set(history.map(({ modelId }) => modelId)).size} trials; the best of ${SEARCH_ROWS.toLocaleString("en")} rows`,
);
console.log(row("trial", "trees", "log loss", "rate", "leaves", "least rows", "L2"));
for (const k of [...scores.keys()]
  .filter((i) => scores[i]! < 0)
  .sort((a, b) => scores[b]! - scores[a]!)
  .slice(0, 5)) {
  const of = (name: string): string => String(Number(Number(cvResults.params[k]?.[`trees__${name}`]).toPrecision(3)));
  const own = [of("learningRate"), of("maxLeafNodes"), of("minSamplesLeaf"), of("l2Regularization")];
  console.log(
    row(`  ${k}${k === search.bestIndex ? " (best)" : ""}`, String(cvResults["n_resources"]?.[k]), -scores[k]!, ...own),
  );
}
console.log(`\nHold-out (${test.X.rows?.toLocaleString("en")} flights, ${(linear.rate * 100).toFixed(1)} % late)`);
console.log(row("", "boosting", "logistic", "baseline"));
console.log(row("accuracy", boosting.accuracy, linear.accuracy, linear.baselineAccuracy));
console.log(row("log loss", boosting.logLoss, linear.logLoss, linear.baselineLogLoss));
console.log(row("area under ROC", boosting.auc, linear.auc, 0.5));
const gain = linear.auc - BY_HAND_AUC;
console.log(
  `  columns made by hand and logistic regression reached an area of ${BY_HAND_AUC}: ${gain >= 0 ? "+" : "-"}${Math.abs(gain).toFixed(4)} by the pipeline`,
);
console.log("\nWritten");
console.log(`  ${files.length} Parquet files in ${relative(process.cwd(), scoredFolder)}`);
for (const path of pictures) console.log(`  ${relative(process.cwd(), path)}`);
console.log("\nTime");
for (const [name, ms] of stages) console.log(`  ${name.padEnd(22)}${(ms / 1000).toFixed(2).padStart(8)} s`);
console.log(
  `  ${"all".padEnd(22)}${((performance.now() - started) / 1000).toFixed(2).padStart(8)} s, peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
);
