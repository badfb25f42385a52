import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HistGradientBoostingClassifier, LogisticRegression } from "../../models/index.js";
import { StandardScaler } from "../../preprocessing/index.js";
import {
  makePipeline,
  readParquet,
  saveModel,
  scoreDataset,
  type DistributedDataFrame,
  type Estimator,
} from "../../src/index.js";
import { root } from "../harness/places.js";
import { serveOurs, serveWork } from "../harness/serve-ours.js";

type Model = Estimator<object, { nFeatures: number } & object> & {
  fit(X: DistributedDataFrame, y: unknown): Promise<unknown>;
};

/** Fits on the first file and saves the model; a run scores all files into a folder of their own. */
function scoring(make: () => Model) {
  let folder = "";
  return serveWork({
    async setup(data) {
      folder = data.directory;
      const first = await readParquet(join(folder, "part-00000.parquet"));
      const model = make();
      const X = first.drop("label");
      await model.fit(X, first.column("label"));
      await saveModel(model as never, join(folder, "model.partwise"), { data: X });
    },
    run: () =>
      scoreDataset({
        model: join(folder, "model.partwise"),
        input: join(folder, "part-*.parquet"),
        output: join(folder, "scored-ours"),
        outputs: ["predictProba"],
        passthrough: ["label"],
        overwrite: true,
      }),
    async values(report) {
      const scored = await (await readParquet(join(folder, "scored-ours", "*.parquet"))).compute();
      const p = scored.getColumn("probability_1").toArray() as number[];
      return { rows: report.rows, mean: p.reduce((sum, value) => sum + value, 0) / p.length, first: p.slice(0, 5) };
    },
  });
}

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

const linear = scoring(() => makePipeline(new StandardScaler(), new LogisticRegression({ tol: 1e-8 })) as never);
const boosted = scoring(() => new HistGradientBoostingClassifier({ maxIter: 100, maxLeafNodes: 31 }) as never);

await serveOurs(
  { "score-linear": linear, "score-linear-10m": linear, "score-boosted": boosted, "score-boosted-10m": boosted },
  { partwise: version },
);
