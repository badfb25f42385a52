import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LinearRegression, LogisticRegression } from "../../models/index.js";
import { StandardScaler } from "../../preprocessing/index.js";
import { DistributedArray, makePipeline, readCsv } from "../../src/index.js";
import { readColumns, readVector } from "../harness/data.js";
import { root } from "../harness/places.js";
import { serveOurs, serveWork } from "../harness/serve-ours.js";

const PARTITIONS = { partitions: 16 };

let X: DistributedArray;
let y: DistributedArray;

const standardScaler = serveWork({
  async setup(data) {
    X = await DistributedArray.fromColumns(readColumns(data, "X.f64", data.columns), PARTITIONS).persist();
  },
  async run() {
    const scaler = await new StandardScaler().fit(X);
    const Z = await scaler.transform(X).persist();
    return { scaler, Z };
  },
  async values({ scaler, Z }) {
    // Three rows of the result, as the peer picks them: the first, the one in the middle, the last.
    const local = await Z.compute();
    const rows = [0, local.rows >> 1, local.rows - 1].flatMap((i) => local.columns.map((_, j) => local.at(i, j)));
    Z.release();
    return { mean: [...(scaler.mean ?? [])], scale: [...(scaler.scale ?? [])], rows };
  },
});

const linearRegression = serveWork({
  async setup(data) {
    X = await DistributedArray.fromColumns(readColumns(data, "X.f64", data.columns), PARTITIONS).persist();
    y = await DistributedArray.fromVector(readVector(data, "y.f64"), PARTITIONS).persist();
  },
  run: () => new LinearRegression().fit(X, y),
  values: (model) => ({ coef: [...model.coef], intercept: model.intercept }),
});

const logisticRegression = serveWork({
  async setup(data) {
    X = await DistributedArray.fromColumns(readColumns(data, "X.f64", data.columns), PARTITIONS).persist();
    y = await DistributedArray.fromVector(readVector(data, "label.f64"), PARTITIONS).persist();
  },
  run: () => new LogisticRegression({ C: 1, tol: 1e-6 }).fit(X, y),
  values: (model) => ({ coef: [...model.coef], intercept: model.intercept }),
});

let csvPath = "";

const csvScaleLogistic = serveWork({
  async setup(data) {
    csvPath = join(data.directory, "data.csv");
  },
  async run() {
    const frame = await readCsv(csvPath);
    const scaler = new StandardScaler();
    const logistic = new LogisticRegression({ C: 1, tol: 1e-6 });
    await makePipeline(scaler, logistic).fit(frame.drop("label"), frame.column("label"));
    return { scaler, logistic };
  },
  values: ({ scaler, logistic }) => ({
    mean: [...(scaler.mean ?? [])],
    scale: [...(scaler.scale ?? [])],
    coef: [...logistic.coef],
    intercept: logistic.intercept,
  }),
});

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

await serveOurs(
  {
    "standard-scaler": standardScaler,
    "linear-regression": linearRegression,
    "logistic-regression": logisticRegression,
    "csv-scale-logistic": csvScaleLogistic,
  },
  { node: process.versions.node, partwise: version },
);
