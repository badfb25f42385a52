import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HistGradientBoostingClassifier } from "../../models/index.js";
import { DistributedArray } from "../../src/index.js";
import { readColumns } from "../harness/data.js";
import { root } from "../harness/places.js";
import { serveOurs, serveWork, type ServedWork } from "../harness/serve-ours.js";
import type { DataSet, Values } from "../harness/types.js";

interface Rows {
  readonly X: DistributedArray;
  readonly y: Float64Array;
}

async function read(data: DataSet, prefix: string, rows: number): Promise<Rows> {
  const own = { ...data, rows };
  const columns = readColumns(own, `${prefix}X.f64`, data.columns);
  const [y] = readColumns(own, `${prefix}y.f64`, 1);
  if (!y) throw new Error(`bench: ${prefix}y.f64 is empty.`);
  return { X: await DistributedArray.fromColumns(columns, { partitions: 8 }).persist(), y };
}

// Rows of the other set: data.py writes one for each ten.
const readOthers = (data: DataSet): Promise<Rows> => read(data, "other-", Math.floor(data.rows / 10));

const model = (leaves: number, data: DataSet): HistGradientBoostingClassifier => {
  const { categories = [] } = data as DataSet & { readonly categories?: number[] };
  return new HistGradientBoostingClassifier({
    maxIter: 100,
    maxLeafNodes: leaves,
    earlyStopping: false,
    categoricalFeatures: categories,
  });
};

/** One less the area under the curve: the share of pairs of a 0 and a 1 that are in the wrong order. */
function areaAbove(margins: Float64Array, y: Float64Array): Values {
  const order = Array.from(margins.keys()).sort((a, b) => (margins[a] as number) - (margins[b] as number));
  let [ones, ranks] = [0, 0];
  order.forEach((row, k) => {
    if (y[row] !== 1) return;
    ones += 1;
    ranks += k + 1;
  });
  return { areaAbove: 1 - (ranks - (ones * (ones + 1)) / 2) / (ones * (y.length - ones)) };
}

async function marginsOf(fitted: HistGradientBoostingClassifier, X: DistributedArray): Promise<Float64Array> {
  return Float64Array.from((await fitted.decisionFunction(X).compute()).toFlat(), Number);
}

function train(leaves: number): ServedWork {
  let rows: Rows;
  let others: Rows;
  let set: DataSet;
  return serveWork({
    async setup(data) {
      set = data;
      rows = await read(data, "", data.rows);
      others = await readOthers(data);
    },
    run: () => model(leaves, set).fit(rows.X, rows.y),
    values: async (fitted) => areaAbove(await marginsOf(fitted, others.X), others.y),
  });
}

function predict(): ServedWork {
  let rows: Rows;
  let others: Rows;
  let fitted: HistGradientBoostingClassifier;
  return serveWork({
    async setup(data) {
      rows = await read(data, "", data.rows);
      others = await readOthers(data);
      fitted = await model(31, data).fit(rows.X, rows.y);
    },
    run: () => fitted.decisionFunction(rows.X).persist(),
    async values(margins) {
      margins.release();
      return areaAbove(await marginsOf(fitted, others.X), others.y);
    },
  });
}

/** SHAP values of the first 10,000 rows of the other set. */
function explain(): ServedWork {
  let others: Rows;
  let some: DistributedArray;
  let fitted: HistGradientBoostingClassifier;
  return serveWork({
    async setup(data) {
      const rows = await read(data, "", data.rows);
      others = await readOthers(data);
      const columns = readColumns({ ...data, rows: Math.floor(data.rows / 10) }, "other-X.f64", data.columns);
      some = await DistributedArray.fromColumns(
        columns.map((column) => column.slice(0, 10_000)),
        { partitions: 8 },
      ).persist();
      fitted = await model(31, data).fit(rows.X, rows.y);
      rows.X.release();
    },
    run: () => fitted.shapValues(some).persist(),
    async values(contributions) {
      const sums = (await contributions.compute()).toRows().map((row) => row.reduce((sum, value) => sum + value, 0));
      contributions.release();
      const margins = await marginsOf(fitted, some);
      const off = sums.reduce((most, sum, i) => Math.max(most, Math.abs(sum - (margins[i] as number))), 0);
      return { ...areaAbove(await marginsOf(fitted, others.X), others.y), sums: Number(off > 1e-3) };
    },
  });
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

await serveOurs(
  { "train-31": train(31), "train-255": train(255), flights: train(31), predict: predict(), shap: explain() },
  { node: process.versions.node, partwise: version },
);
