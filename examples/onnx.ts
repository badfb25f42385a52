// A pipeline leaves partwise as an ONNX file and as a JavaScript module, and the ONNX file scores here like any other.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LogisticRegression } from "../models/index.js";
import { OneHotEncoder, StandardScaler } from "../preprocessing/index.js";
import {
  ColumnTransformer,
  DistributedDataFrame,
  exportJavaScript,
  exportOnnx,
  makePipeline,
  onnxModel,
} from "../src/index.js";

const rows = 1000;
const flights = DistributedDataFrame.fromColumns(
  {
    city: Array.from({ length: rows }, (_, i) => ["Brno", "Praha", "Wien"][i % 3] as string),
    hour: Float64Array.from({ length: rows }, (_, i) => (i * 7) % 24),
    late: Array.from({ length: rows }, (_, i) => ((i * 7) % 24) + 4 * (i % 3) > 17),
  },
  { partitions: 4 },
);
const model = makePipeline(
  new ColumnTransformer({
    transformers: [
      ["city", new OneHotEncoder({ handleUnknown: "ignore" }), ["city"]],
      ["hour", new StandardScaler(), ["hour"]],
    ],
  }),
  new LogisticRegression(),
);
const X = flights.select("city", "hour");
await model.fit(X, flights.column("late"));

const folder = mkdtempSync(join(tmpdir(), "partwise-onnx-"));
try {
  await exportOnnx(model, join(folder, "late.onnx"));
  await exportJavaScript(model, join(folder, "late.mjs"));

  // The file says its columns and classes; any other ONNX file works the same.
  const onnx = await onnxModel(join(folder, "late.onnx"), { runtime: "onnxruntime-web" });
  const scored = await onnx.predict(X).compute();
  console.log(scored.head(3).toString());

  const { predict, predictProba } = (await import(pathToFileURL(join(folder, "late.mjs")).href)) as {
    predict(row: object): boolean;
    predictProba(row: object): number[];
  };
  const flight = { city: "Wien", hour: 18 };
  console.log(predict(flight), predictProba(flight));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
