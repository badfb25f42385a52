import { join } from "node:path";
import { LogisticRegression } from "../../models/index.js";
import { OneHotEncoder, StandardScaler } from "../../preprocessing/index.js";
import { ColumnTransformer, Pipeline, readParquet, type DistributedDataFrame } from "../../src/index.js";
import { GridSearchCV } from "../../src/model-selection/index.js";
import { serveWork } from "../harness/serve-ours.js";

let X: DistributedDataFrame;
let y: Float64Array;

const grid = serveWork({
  async setup(data) {
    const table = (await readParquet(join(data.directory, "table.parquet"))) as unknown as DistributedDataFrame;
    X = (await table.drop("label").persist()) as unknown as DistributedDataFrame;
    y = (await table.select("label").toArray().compute()).toVector() as Float64Array;
  },
  run() {
    const names = Object.keys(X.schema);
    const columns = new ColumnTransformer({
      transformers: [
        ["numbers", new StandardScaler(), names.filter((name) => name.startsWith("n"))],
        ["texts", new OneHotEncoder(), names.filter((name) => name.startsWith("c"))],
      ],
    });
    const C = Array.from({ length: 12 }, (_, k) => 10 ** (-4 + (7 * k) / 11));
    return new GridSearchCV({
      estimator: new Pipeline({
        steps: [
          ["columns", columns],
          ["logistic", new LogisticRegression({ tol: 1e-5, maxIter: 500 })],
        ],
      }),
      paramGrid: { logistic__C: C, logistic__fitIntercept: [true, false] },
      scoring: "neg_log_loss",
      cv: 5,
    }).fit(X, y);
  },
  values: (search) => ({
    scores: [...(search.cvResults["mean_test_score"] as Float64Array)],
    best: search.bestIndex,
  }),
});

/** The searches that are measured. */
export const searchServed = { "grid-search": grid };
