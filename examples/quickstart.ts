import { makePipeline, polars } from "partwise";
import { loadFlights } from "partwise/datasets";
import { rocAucScore } from "partwise/metrics";
import { trainTestSplit } from "partwise/model-selection";
import { LogisticRegression } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";

const pl = polars();
const flights = (await loadFlights()) // 3,000,000 rows of Parquet; opens the footer only
  .filter(pl.col("distance").gt(0))
  .withColumns(pl.col("delay").gt(15).alias("late"), pl.col("date").date.hour().alias("hour"));
const features = flights.select("hour", "distance");

const { train, test } = await trainTestSplit({ X: features, y: flights.column("late") });
const model = makePipeline(new StandardScaler(), new LogisticRegression({ C: 0.5 }));
await model.fit(train.X, train.y);
console.log("AUC", await rocAucScore(test.y, model.predictProba(test.X).column(1)));

const probability = model.predictProba(features).column(1); // lazy: nothing has run
await flights.withArrays({ probability }).writeParquet("out/quickstart", { overwrite: true });
