import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as allModels from "#models/index.js";
import type { DistributedArray } from "#src/collections/array/distributed-array.js";
import { checkData, asCsr } from "#src/testing/check-data.js";
import { inTempFolder } from "../../engine/engine-under-test.js";
import { settled, use, type WorkTable } from "../work.js";
import { classes, table, targets } from "./data.js";

const { fromLightGBM, fromXGBoost, foreignLibraryOf, plotImportance, plotTree, toXGBoost } = use.of(allModels);
const { HistGradientBoostingClassifier, HistGradientBoostingRanker, HistGradientBoostingRegressor } = allModels;
type RegressorParams = allModels.HistGradientBoostingRegressorParams;

const USER = new URL("../fixtures/user-functions.mjs", import.meta.url).href;
const FOREIGN = new URL("../../golden/foreign/", import.meta.url);
const FEW = { maxIter: 4, maxLeafNodes: 6, minSamplesLeaf: 3, randomState: 1 };

const fit = (params: Partial<RegressorParams>) => {
  const { X, y } = targets();
  return new HistGradientBoostingRegressor({ ...FEW, ...params }).fit(X, y);
};

/** Boosted trees: every way to grow them, and everything that is asked of them. */
export const boostingWork: WorkTable = {
  "growth: depth, GOSS, DART, sampled rows and columns, quantised gradients, many bins": async () => {
    const models: unknown[] = [];
    for (const params of [
      { growth: "depth", maxDepth: 3, maxLeafNodes: null },
      { sampling: "goss", topRate: 0.3, otherRate: 0.2 },
      { dropRate: 0.5, skipDrop: 0 },
      { subsample: 0.6, colsampleByTree: 0.5, colsampleByLevel: 0.8, maxFeatures: 0.9 },
      { quantizedGradients: true },
      { maxBins: 1000 },
    ] as Partial<RegressorParams>[])
      models.push(await fit(params));
    return models;
  },
  "constraints: monotonic, interactions, limits of leaves": async () => [
    await fit({ monotonicConstraints: [1, 0, -1, 0] }),
    await fit({ interactionConstraints: [[0, 1], [2]] }),
    await fit({ maxDeltaStep: 0.5, l1Regularization: 1, l2Regularization: 2, minSplitGain: 0.1, minChildWeight: 2 }),
  ],
  "losses: absolute, huber, poisson, quantiles at once, and one of the user's": async () => {
    const { X, y } = targets();
    const positive = y.abs().add(0.5);
    const [huber, poisson, quantiles] = [
      new HistGradientBoostingRegressor({ ...FEW, loss: "huber" }),
      new HistGradientBoostingRegressor({ ...FEW, loss: "poisson" }),
      new HistGradientBoostingRegressor({ ...FEW, loss: "quantile", quantile: [0.1, 0.9] }),
    ];
    await huber.fit(X, y, { baseMargin: y.mul(0.5) });
    await poisson.fit(X, positive);
    await quantiles.fit(X, y);
    return [
      huber,
      poisson,
      quantiles,
      quantiles.predictQuantiles(X),
      await fit({ loss: "absolute_error" }),
      await fit({ loss: { module: USER, export: "squared" } }),
    ];
  },
  "early stopping, evaluation sets, metrics, and a look after every round": async () => {
    const { X, y } = classes();
    const seen: unknown[] = [];
    const stages = new Set<string>();
    const model = await new HistGradientBoostingClassifier({
      ...FEW,
      maxIter: 12,
      earlyStopping: true,
      nIterNoChange: 2,
    }).fit(X, y, {
      evalSets: [{ X, y, name: "again" }],
      evalMetric: ["loss", "roc_auc"],
      onIteration: (report) => void seen.push(report),
      onProgress: ({ stage }) => stages.add(stage),
    });
    const held = await new HistGradientBoostingClassifier({
      ...FEW,
      maxIter: 9,
      earlyStopping: true,
      nIterNoChange: 2,
    }).fit(X, y);
    return [model, model.evalsResult, seen, [...stages], held, held.validationScore];
  },
  "classes: three, weights, categories of text, sparse rows": async () => {
    const { X, y } = classes(3);
    const weights = y.mul(0.5).add(1);
    const three = await new HistGradientBoostingClassifier(FEW).fit(X, y, { sampleWeight: weights });
    const rows = table();
    const text = await new HistGradientBoostingClassifier({ ...FEW, maxCatToOnehot: 2 }).fit(
      rows.select("a", "b", "city"),
      rows.column("y"),
    );
    const data = checkData({ task: "classifier" });
    const sparse = await new HistGradientBoostingClassifier({ ...FEW }).fit(asCsr(data, 3), data.y);
    return [
      three,
      three.decisionFunction(X),
      text,
      text.predict(rows.select("a", "b", "city")),
      await text.score(rows.select("a", "b", "city"), rows.column("y")),
      sparse,
      sparse.predictProba(asCsr(data, 2)),
    ];
  },
  "a ranker": async () => {
    const { X } = targets();
    const groups = Float64Array.from({ length: 160 }, (_, i) => Math.floor(i / 8));
    const relevance = Float64Array.from({ length: 160 }, (_, i) => (i * 7) % 4);
    const ranker = await new HistGradientBoostingRanker({ ...FEW, ndcgAt: 5 }).fit(X, relevance, { groups });
    const staged: unknown[] = [];
    for await (const one of ranker.stagedPredict(X)) staged.push(await settled(one));
    const within = await ranker.predictWithin(X, { deadlineMs: 60_000 });
    return [ranker, ranker.predict(X), staged, await ranker.score(X, relevance, { groups }), within];
  },
  "staged, within a time, explained, leaves, refit, warm start and more trees": async () => {
    const { X, y } = targets();
    const model = await fit({});
    const staged: unknown[] = [];
    for await (const one of model.stagedPredict(X)) staged.push(await settled(one));
    const warm = new HistGradientBoostingRegressor({ ...FEW, warmStart: true });
    await warm.fit(X, y);
    warm.setParams({ maxIter: 6 });
    await warm.fit(X, y);
    const more = await new HistGradientBoostingRegressor(FEW).fit(X, y, { initModel: model });
    const [binary, labels] = [await new HistGradientBoostingClassifier(FEW).fit(classes().X, classes().y), classes()];
    const probabilities: unknown[] = [];
    for await (const one of binary.stagedPredictProba(labels.X)) probabilities.push(await settled(one));
    const stagedLabels: unknown[] = [];
    for await (const one of binary.stagedPredict(labels.X)) stagedLabels.push(await settled(one));
    return [
      staged,
      probabilities,
      stagedLabels,
      await model.predictWithin(X, { deadlineMs: 60_000 }),
      await binary.predictWithin(labels.X, { deadlineMs: 60_000 }),
      await binary.predictProbaWithin(labels.X, { deadlineMs: 60_000 }),
      model.shapValues(X),
      model.shapInteractions(X),
      model.applyLeaves(X),
      model.featureImportances("gain"),
      model.dumpText(),
      await model.refit(X, y, { decay: 0.5 }),
      await binary.refit(labels.X, labels.y),
      warm,
      more,
    ];
  },
  "a checkpoint that a stopped fit goes on from": () =>
    inTempFolder(async (folder) => {
      const { X, y } = targets();
      const checkpoint = { path: join(folder, "trees.checkpoint"), every: 1 };
      const model = () => new HistGradientBoostingRegressor({ ...FEW, maxIter: 6 });
      const stop = new AbortController();
      const stopped = await model()
        .fit(X, y, { checkpoint, signal: stop.signal, onIteration: ({ iteration }) => iteration === 3 && stop.abort() })
        .catch((error: unknown) => error);
      const there = existsSync(checkpoint.path);
      const resumed = await model().fit(X, y, { checkpoint });
      return settled([stopped, there, resumed, await model().fit(X, y)]);
    }),
  "models of LightGBM and XGBoost, and back": async () => {
    const { X } = targets();
    const bytes = (name: string): Uint8Array => readFileSync(new URL(name, FOREIGN));
    const own = await fit({});
    const found: unknown[] = [];
    for (const name of ["lightgbm-multiclass.txt", "xgboost-regression.json", "xgboost-binary.ubj"]) {
      const library = await foreignLibraryOf(bytes(name));
      const model = library === "XGBoost" ? await fromXGBoost(bytes(name)) : await fromLightGBM(bytes(name));
      const rows = wide(X, model.nFeatures);
      found.push(library, model.predict(rows), model.decisionFunction(rows));
      if ("predictProba" in model) found.push(model.predictProba(rows));
      const targetsOf = await settled(model.predict(rows));
      found.push(await model.score(rows, (targetsOf as [unknown, unknown, Float64Array])[2]));
    }
    const again = await fromXGBoost(Buffer.from(toXGBoost(own)));
    return [
      ...found,
      again.predict(X),
      plotTree(own, { tree: 0 }).toString().length,
      plotImportance(own).toString().length,
    ];
  },
};

/** So many columns, by repeating those of X. */
function wide(X: DistributedArray, width: number): DistributedArray {
  return X.columns(Array.from({ length: width }, (_, j) => j % X.width));
}
