import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  GammaRegressor,
  lassoPath,
  LogisticRegression,
  PoissonRegressor,
  TweedieRegressor,
  type LogisticRegressionParams,
} from "../../models/index.js";
import { DistributedArray, localEngine, readParquet, setEngine } from "../../src/index.js";
import { readColumns, readVector } from "../harness/data.js";
import { root } from "../harness/places.js";
import { serveOurs, serveWork, type ServedWork } from "../harness/serve-ours.js";
import type { DataSet } from "../harness/types.js";
import { memoryLimitFor } from "./limit.js";
import { readOneHot } from "./one-hot.js";

const PARTITIONS = { partitions: 16 };

let X: DistributedArray;
let y: DistributedArray;

async function dense(data: DataSet, target: string): Promise<void> {
  X = await DistributedArray.fromColumns(readColumns(data, "X.f64", data.columns), PARTITIONS).persist();
  y = await DistributedArray.fromVector(readVector(data, target), PARTITIONS).persist();
}

const logistic = serveWork({
  setup: (data) => dense(data, "label.f64"),
  run: () => new LogisticRegression({ C: 1, tol: 1e-6 }).fit(X, y),
  values: (model) => ({ coef: [...model.coef], intercept: [...model.intercepts] }),
});

const lasso = serveWork({
  setup: (data) => dense(data, "y.f64"),
  run: () => lassoPath(X, y, { nAlphas: 100, eps: 1e-3 }),
  values: ({ alphas, coefs }) => ({ alphas: [...alphas], coefs: coefs.flatMap((coef) => [...coef]) }),
});

const oneHot = (params: Partial<LogisticRegressionParams>): ServedWork =>
  serveWork({
    async setup(data) {
      X = await DistributedArray.fromCsr({ ...readOneHot(data), cols: data.columns }, PARTITIONS).persist();
      y = await DistributedArray.fromVector(readVector(data, "label.f64"), PARTITIONS).persist();
    },
    run: () => new LogisticRegression({ C: 1e-3, tol: 1e-5, ...params }).fit(X, y),
    values: (model) => ({ coef: [...model.coef], intercept: [...model.intercepts] }),
  });

type LogLink = PoissonRegressor | GammaRegressor | TweedieRegressor;

const LOG_LINK: Record<"poisson" | "gamma" | "tweedie", () => LogLink> = {
  poisson: () => new PoissonRegressor({ alpha: 1e-3, tol: 1e-5 }),
  gamma: () => new GammaRegressor({ alpha: 1e-3, tol: 1e-5 }),
  tweedie: () => new TweedieRegressor({ alpha: 1e-3, power: 1.5, tol: 1e-5 }),
};

const glm = (target: keyof typeof LOG_LINK): ServedWork =>
  serveWork({
    setup: (data) => dense(data, `${target}.f64`),
    run: (): Promise<LogLink> => LOG_LINK[target]().fit(X, y),
    values: (model) => ({ coef: [...model.coef], intercept: [model.intercept] }),
  });

let files: string[] = [];

const larger = serveWork({
  async setup(data) {
    files = readdirSync(data.directory)
      .filter((name) => name.endsWith(".parquet"))
      .map((name) => join(data.directory, name));
    setEngine(localEngine({ memoryLimit: memoryLimitFor(data) }));
  },
  async run() {
    const frame = await readParquet(files);
    return new LogisticRegression({ C: 1, tol: 1e-6 }).fit(frame.drop("label"), frame.column("label"));
  },
  values: (model) => ({ coef: [...model.coef], intercept: [...model.intercepts] }),
});

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

await serveOurs(
  {
    "logistic-l2": logistic,
    "logistic-l2-wide": logistic,
    multinomial: logistic,
    "lasso-path": lasso,
    "elastic-net-one-hot": oneHot({ penalty: "elasticnet", l1Ratio: 0.5 }),
    "l1-one-hot": oneHot({ penalty: "l1", fitIntercept: false }),
    poisson: glm("poisson"),
    gamma: glm("gamma"),
    tweedie: glm("tweedie"),
    "logistic-larger-than-memory": larger,
  },
  { node: process.versions.node, partwise: version },
);
