import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HistGradientBoostingClassifier, LogisticRegression } from "../../models/index.js";
import { logLoss } from "../../src/metrics/index.js";
import {
  connect,
  type DistributedArray,
  type Engine,
  LocalEngine,
  readParquet,
  setEngine,
  startCluster,
} from "../../src/index.js";
import { python, root } from "../harness/places.js";
import { serveOurs, serveWork } from "../harness/serve-ours.js";
import type { DataSet } from "../harness/types.js";

// `--local` is the local engine with as many threads as the cluster has: the peer of two rows.
const local = process.argv.includes("--local");

let X: DistributedArray;
let y: DistributedArray;

async function engineOf(): Promise<Engine> {
  if (local) return new LocalEngine({ threads: 2 });
  const cluster = await startCluster({ workers: 2, python });
  return connect(cluster.address, { python });
}

/** Workers read their partitions and keep them as arrays. */
async function load(data: DataSet): Promise<void> {
  setEngine(await engineOf());
  const frame = await readParquet(join(data.directory, "part-*.parquet"));
  X = await frame.drop("label").toArray().persist();
  y = await frame.column("label").toArray().persist();
}

const logistic = serveWork({
  setup: load,
  run: () => new LogisticRegression({ C: 1, solver: "lbfgs", tol: 1e-6, maxIter: 50 }).fit(X, y),
  async values(model) {
    const { coef, intercept } = model;
    const rows = await X.compute();
    const labels = (await y.compute()).columns[0] as ArrayLike<number>;
    let sum = 0;
    for (let i = 0; i < rows.rows; i++) {
      let z = intercept;
      for (let j = 0; j < coef.length; j++) z += (coef[j] as number) * rows.at(i, j);
      const margin = labels[i] === 1 ? z : -z;
      sum += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
    }
    return { coef: [...coef], intercept, objective: sum + 0.5 * coef.reduce((s, c) => s + c * c, 0) };
  },
});

const boosting = serveWork({
  setup: load,
  run: () =>
    new HistGradientBoostingClassifier({ maxIter: 100, maxLeafNodes: 31, learningRate: 0.1, earlyStopping: false }).fit(
      X,
      y,
    ),
  values: async (model) => ({ logLoss: await logLoss(y, model.predictProba(X)) }),
});

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
await serveOurs({ logistic, boosting }, { partwise: version, node: process.versions.node });
