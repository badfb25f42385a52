/**
 * Searches: a conditional space learnt by TPE, Hyperband over rows with a journal from which it goes on, and what can be
 * seen and kept of them.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, makePipeline, saveModel, searchReport } from "partwise";
import { makeClassification } from "partwise/datasets";
import { HyperbandSearchCV, logUniform, TPESearchCV, uniform, when } from "partwise/model-selection";
import { LogisticRegression } from "partwise/models";
import { StandardScaler } from "partwise/preprocessing";

const { X, y } = makeClassification({ nSamples: 4000, nFeatures: 12, nInformative: 4, flipY: 0.1, randomState: 1 });
const estimator = makePipeline(new StandardScaler(), new LogisticRegression({ maxIter: 200 }));
const folder = await mkdtemp(join(tmpdir(), "search-"));

// l1Ratio is there only for the penalty that has one. The scaler is fitted once a fold, not once a trial.
const tpe = new TPESearchCV({
  estimator,
  paramDistributions: {
    logisticregression__C: logUniform(1e-4, 1e2),
    logisticregression__penalty: ["l2", "elasticnet"],
    logisticregression__l1Ratio: when({ logisticregression__penalty: "elasticnet" }, uniform(0, 1)),
  },
  scoring: "neg_log_loss",
  nIter: 20,
  cv: 3,
  randomState: 0,
});
await tpe.fit(X, y);
console.log(`TPE: ${tpe.cvResults.params.length} trials, log loss ${(-tpe.bestScore).toFixed(4)}`, tpe.bestParams);

// Stopped after ten fits, as though it had been killed; the same search over the same data goes on from its journal.
const hyperband = () =>
  new HyperbandSearchCV({
    estimator,
    paramDistributions: { logisticregression__C: logUniform(1e-4, 1e2) },
    resource: "nSamples",
    maxIter: 27,
    scoring: "neg_log_loss",
    randomState: 0,
    journal: join(folder, "search.ndjson"),
  });
const { nModels, brackets } = hyperband().metadata;
console.log(`Hyperband: ${nModels} models in ${brackets.length} brackets`);
const controller = new AbortController();
let fits = 0;
await hyperband()
  .fit(X, y, { signal: controller.signal, onProgress: () => ++fits === 10 && controller.abort() })
  .catch((error: Error) => console.log(error.message));
const search = await hyperband().fit(X, y);
console.log(`gone on to ${search.history.length} fits: log loss ${(-search.bestScore).toFixed(4)}`, search.bestParams);

search.exportTrials(join(folder, "trials.parquet"));
await writeFile(join(folder, "search.html"), searchReport(search));
await saveModel(search, join(folder, "search.partwise"));
const again = await loadModel<HyperbandSearchCV>(join(folder, "search.partwise"));
console.log(`saved and read back: ${again.cvResults.params.length} trials, best ${again.bestIndex}`);
await rm(folder, { recursive: true });
