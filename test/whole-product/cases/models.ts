import * as allModels from "#models/index.js";
import * as partwise from "#src/index.js";
import { checkData, asCsr } from "#src/testing/check-data.js";
import type { StreamBatch } from "#models/linear/sgd-stream.js";
import { use, type WorkTable } from "../work.js";
import { array, classes, positive, table, targets } from "./data.js";

const { coefficientTable, enetPath, lassoPath } = use.of(allModels);
const { makeColumnSelector, makeColumnTransformer, makePipeline, makeUnion } = use.of(partwise);
const { ColumnTransformer, PrefixCache } = partwise;
use.watch(PrefixCache);
use.watch(allModels.ModelSummary);

/** Batches of two rows of columns each, as they come from a stream. */
async function* batches<Y extends number[] | string[]>(y: Y): AsyncGenerator<StreamBatch<never>> {
  const X = (await array().compute()).toRows();
  for (let at = 0; at < 120; at += 40) {
    yield { X: X.slice(at, at + 40), y: y.slice(at, at + 40) as never };
  }
}

/** What single families have beside fit and predict. */
export const modelWork: WorkTable = {
  "paths, tables of coefficients, summaries, explanations": async () => {
    const { X, y } = targets();
    const labels = classes();
    const ols = await new allModels.LinearRegression().fit(X, y);
    const logistic = await new allModels.LogisticRegression({ C: 1e6 }).fit(labels.X, labels.y);
    const glm = await new allModels.GeneralizedLinearRegressor({ family: "poisson", link: "log", alpha: 0 }).fit(
      X,
      y.abs(),
      { exposure: y.square().add(1) },
    );
    return [
      await lassoPath(X, y, { nAlphas: 5 }),
      await enetPath(X, y, { nAlphas: 5, l1Ratio: 0.3 }),
      await coefficientTable(ols, X, y),
      (await ols.summary(X, y, { covariance: "HC3" })).toJSON(),
      (await logistic.summary(labels.X, labels.y)).toString(),
      (await glm.summary(X, y.abs(), { exposure: y.square().add(1) })).toJSON(),
      await glm.score(X, y.abs(), { exposure: y.square().add(1) }),
      ols.explain(),
      logistic.explain(labels.X),
      (await new allModels.ElasticNet().fit(X, y)).explain(),
      (await new allModels.HuberRegressor().fit(X, y)).outliers(X, y),
    ];
  },
  "streams of batches": async () => {
    const numbers = Array.from({ length: 120 }, (_, i) => Math.sin(i));
    const words = numbers.map((value) => (value > 0 ? "up" : "down"));
    const classifier = new allModels.SGDClassifier({ loss: "log_loss" });
    await classifier.fitStream(batches(words), { classes: ["down", "up"] });
    const regressor = new allModels.SGDRegressor();
    await regressor.fitStream(batches(numbers));
    return [classifier, regressor, classifier.predict(array())];
  },
  "sparse rows in models that take them": async () => {
    const data = checkData({ task: "classifier" });
    const X = asCsr(data, 3);
    const found: unknown[] = [];
    for (const model of [
      new allModels.LogisticRegression(),
      new allModels.MultinomialNB(),
      new allModels.LinearSVC(),
    ]) {
      const rows =
        model instanceof allModels.MultinomialNB
          ? asCsr({ ...data, columns: data.columns.map((c) => c.map(Math.abs)) }, 3)
          : X;
      await (model as allModels.LogisticRegression).fit(rows, data.y);
      found.push(model, (model as allModels.LogisticRegression).predict(rows));
    }
    return found;
  },
  "forests and naive Bayes: spreads, log probabilities": async () => {
    const { X, y } = targets();
    const forest = await new allModels.RandomForestRegressor({ nEstimators: 4, maxDepth: 4, randomState: 1 }).fit(X, y);
    const bayes = await new allModels.GaussianNB().fit(classes(3).X, classes(3).y);
    return [forest.predictSpread(X), bayes.predictJointLogProba(classes(3).X)];
  },
  "columns of a frame through transformers, a union and a pipeline that remembers its steps": async () => {
    const { OneHotEncoder, StandardScaler, SimpleImputer, MinMaxScaler } = await import("#preprocessing/index.js");
    const rows = table();
    const cache = new PrefixCache();
    const columns = makeColumnTransformer([
      [new OneHotEncoder({ sparseOutput: false }), makeColumnSelector({ dtypeInclude: "String" })],
      [makeUnion(new SimpleImputer(), makePipeline(new SimpleImputer(), new MinMaxScaler())), ["a", "b"]],
    ]);
    const model = (C: number) =>
      new partwise.Pipeline({
        steps: [
          ["columns", columns],
          ["scale", new StandardScaler()],
          ["model", new allModels.LogisticRegression({ C })],
        ],
        memory: cache,
      });
    const X = rows.select("a", "b", "city");
    const first = await model(1).fit(X, rows.column("y"));
    const second = await model(2).fit(X, rows.column("y"));
    const passed = await new ColumnTransformer({
      transformers: [["a", new StandardScaler(), ["a"]]],
      remainder: "passthrough",
    }).fit(rows.select("a", "target"));
    return [
      first,
      second,
      first.predict(X),
      first.predictProba(X),
      first.decisionFunction(X),
      await first.score(X, rows.column("y")),
      first.slice(0, 2).transform(X),
      first.step("model"),
      first.slice(0, 2).getFeatureNamesOut(),
      passed.transform(rows.select("a", "target")),
    ];
  },
  "the model inside a selection of columns": async () => {
    const { RFE, HashingVectorizer, Categorizer, BlockTransformer } = await import("#preprocessing/index.js");
    const { X, y } = classes();
    const selector = await new RFE({ estimator: new allModels.LogisticRegression(), nFeaturesToSelect: 2 }).fit(X, y);
    const cv = await new allModels.LogisticRegressionCV({ Cs: [0.1, 1], cv: 2 }).fit(X, y);
    const texts = table().select("text");
    const steps = makePipeline(new BlockTransformer(), new Categorizer(), new HashingVectorizer({ nFeatures: 8 }));
    return [
      selector.predict(X),
      selector.predictProba(X),
      selector.decisionFunction(X),
      cv.explain(),
      await steps.fit(texts),
      steps.transform(texts),
    ];
  },
  "counts and amounts above 0": async () => {
    const X = positive();
    const y = X.column("a").add(1);
    return [
      await new allModels.PoissonRegressor().fit(X, y),
      await new allModels.GammaRegressor().fit(X, y, { sampleWeight: y }),
      await new allModels.TweedieRegressor({ power: 1.5 }).fit(X, y),
    ];
  },
  "networks: training, further training": async () => {
    const { X, y } = classes();
    const model = new allModels.NeuralClassifier({ hiddenLayers: [5], epochs: 3, randomState: 1 });
    await model.fit(X, y);
    const numbers = new allModels.NeuralRegressor({ hiddenLayers: [4], epochs: 3, randomState: 1 });
    await numbers.fit(targets().X, targets().y);
    return [model, model.predictProba(X), numbers, numbers.predict(targets().X)];
  },
};
