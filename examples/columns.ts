/** From a frame of mixed columns to a fitted model, and from its coefficients back to the columns' names. */
import { ColumnTransformer, DistributedDataFrame, makeColumnSelector, makePipeline, Pipeline } from "partwise";
import { LogisticRegression } from "partwise/models";
import { DateFeatures, OneHotEncoder, SimpleImputer, StandardScaler } from "partwise/preprocessing";

// 2,000 orders: text, dates, numbers with holes. `readCsv` and the other readers give the same kind of frame.
const cities = ["Lisbon", "Oslo", "Quito", "Riga"];
const rows = Array.from({ length: 2000 }, (_, i) => {
  const city = cities[((i * 7) % 11) % 4] as string;
  const hour = (i * 5) % 24;
  const weight = i % 13 === 0 ? null : 1 + ((i * 37) % 90) / 10;
  const late = Math.sin(i * 12.9898) + (city === "Quito" ? 1.2 : 0) + (hour > 16 ? 0.8 : 0) + (weight ?? 5) / 6 > 1.6;
  return { ordered: new Date(Date.UTC(2024, 0, 1 + (i % 60), hour)), city, weight, pieces: 1 + (i % 4), late };
});
const orders = DistributedDataFrame.fromRows(rows, { partitions: 4 });
const X = orders.drop("late"); // the compiler knows the columns: orders.drop("latte") does not compile

const features = new ColumnTransformer({
  transformers: [
    ["city", new OneHotEncoder({ handleUnknown: "ignore" }), ["city"]],
    ["time", new DateFeatures({ features: ["hour"], cyclic: true }), makeColumnSelector({ dtypeInclude: "date" })],
    [
      "numbers",
      makePipeline(new SimpleImputer({ strategy: "median" }), new StandardScaler()),
      makeColumnSelector({ dtypeInclude: "number" }),
    ],
  ],
  verboseFeatureNamesOut: false,
});
const model = new Pipeline({
  steps: [
    ["features", features],
    ["classifier", new LogisticRegression({ C: 10 })],
  ],
});
await model.fit(X, orders.column("late")); // one reading of the frame, whatever the number of transformers

const { coef } = model.step("classifier") as LogisticRegression;
console.log(`accuracy ${(await model.score(X, orders.column("late"))).toFixed(3)} with ${coef.length} features`);
features.getFeatureNamesOut().forEach((name, j) => console.log(name.padEnd(16), coef[j]?.toFixed(3).padStart(7)));

// Steps and parts have names: change one, and fit again.
model.setParams({ features__city__drop: "first", features__time: "drop", classifier__C: 0.1 });
await model.fit(X, orders.column("late"));
console.log("without the time:", features.getFeatureNamesOut().join(", "));

// One new order, of a city that fit has not seen.
const probability = await model.predictProba({
  ordered: [new Date("2024-03-01T18:00:00Z")],
  city: ["Tunis"],
  weight: [4.5],
  pieces: [2],
});
console.log("late with probability", probability.toRows()[0]?.[1]?.toFixed(3));
