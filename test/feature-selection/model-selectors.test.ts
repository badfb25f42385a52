import { describe, expect, it } from "vitest";
import { HistGradientBoostingRegressor, Lasso, LinearRegression, LogisticRegression, Ridge } from "#models/index.js";
import { RFE, RFECV, SelectFromModel, StandardScaler } from "#preprocessing/index.js";
import { makePipeline, Pipeline } from "#src/index.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { GridSearchCV, KFold } from "#src/model-selection/index.js";
import { csrArray } from "../csr-array.js";
import { casesOf, expectClose, named } from "../preprocessing/golden-data.js";

const { load } = casesOf("feature-selection");
const logistic = (): LogisticRegression => new LogisticRegression({ tol: 1e-9, maxIter: 1000 });
const flags = (support: readonly boolean[]): boolean[] => [...support];

describe("SelectFromModel", () => {
  it.each([
    ["mean", {}],
    ["median", { threshold: "median" }],
    ["scaled", { threshold: "1.25*mean" }],
    ["number", { threshold: 0.3 }],
    ["at most", { threshold: -Infinity, maxFeatures: 2 }],
    ["both", { threshold: "median", maxFeatures: 2 }],
  ])("keeps what scikit-learn's keeps: %s", async (name, params) => {
    const { X, y, expected } = load(`from model ${name}`);
    const selector = await new SelectFromModel({ estimator: new LinearRegression(), ...params }).fit(X, y);
    expect(selector.getSupport()).toEqual(expected["support"]);
    if (Number.isFinite(selector.threshold))
      expect(selector.threshold).toBeCloseTo(expected["threshold"] as number, 10);
    expect((selector.estimator as LinearRegression).coef.map(Math.abs)).toEqual(selector.importances);
    const result = await selector.transform(X).compute();
    expect(result.names).toEqual(selector.getFeatureNamesOut());
    expect(result.columns.length).toBe((expected["support"] as boolean[]).filter(Boolean).length);
  });

  it("takes what is not zero of a lasso, and adds up the classes of a classifier", async () => {
    const lasso = load("from model lasso");
    const sparse = new SelectFromModel({ estimator: new Lasso({ alpha: 0.2, tol: 1e-10, maxIter: 10_000 }) });
    await sparse.fit(lasso.X, lasso.y);
    expect(sparse.getSupport()).toEqual(lasso.expected["support"]);
    expect(sparse.threshold).toBe(1e-5);
    const three = load("from model classes");
    const classes = await new SelectFromModel({ estimator: logistic() }).fit(three.X, three.y);
    expect(classes.getSupport()).toEqual(three.expected["support"]);
    expect(classes.threshold).toBeCloseTo(three.expected["threshold"] as number, 5);
  });

  it("asks a model that is fitted already, and keeps it", async () => {
    const { X, y, expected } = load("from model mean");
    const model = await new LinearRegression().fit(X, y);
    const selector = new SelectFromModel({ estimator: model, prefit: true });
    await selector.fit(X);
    expect(selector.getSupport()).toEqual(expected["support"]);
    expect(selector.clone().estimator).toBe(model);
    await expect(new SelectFromModel({ estimator: new Ridge(), prefit: true }).fit(X)).rejects.toThrow(
      "SelectFromModel.fit: prefit is true, but the Ridge is not fitted",
    );
    await expect(selector.fit(X.columns([0, 1, 2, 3]))).rejects.toThrow(
      '"coef" of LinearRegression has 6 values, but there are 4',
    );
  });

  it("finds importances in trees, in pipelines, and under a name", async () => {
    const { X, y } = load("from model mean");
    const trees = new SelectFromModel({ estimator: new HistGradientBoostingRegressor({ maxIter: 5 }), maxFeatures: 1 });
    await trees.fit(X, y);
    const gains = (trees.estimator as HistGradientBoostingRegressor).featureImportances();
    expect(trees.supportIndices).toEqual([gains.indexOf(Math.max(...gains))]);
    const steps = (): Pipeline => makePipeline(new StandardScaler(), new LinearRegression());
    const last = await new SelectFromModel({ estimator: steps() }).fit(X, y);
    const path = await new SelectFromModel({
      estimator: steps(),
      importanceGetter: "linearregression.coef",
    }).fit(X, y);
    expect(path.importances).toEqual(last.importances);
    await expect(
      new SelectFromModel({ estimator: steps(), importanceGetter: "linearregresion.coef" }).fit(X, y),
    ).rejects.toThrow('Pipeline has no "linearregresion"; did you mean "linearregression"?');
    await expect(new SelectFromModel({ estimator: new StandardScaler() }).fit(X)).rejects.toThrow(
      "StandardScaler has neither coef nor featureImportances",
    );
  });

  it("works as a step, and says when nothing is left", async () => {
    const { X, y } = load("from model mean");
    const model = makePipeline(
      new StandardScaler(),
      new SelectFromModel({ estimator: new Lasso({ alpha: 0.2 }) }),
      new LinearRegression(),
    );
    await model.fit(X, y);
    expect((model.step(-1) as LinearRegression).coef.length).toBeLessThan(6);
    model.setParams({ selectfrommodel__estimator__alpha: 100 });
    await expect(model.fit(X, y)).rejects.toThrow("SelectFromModel.transform: no column is selected");
    expect(() => new SelectFromModel({ estimator: new Lasso(), threshold: "2*max" })).toThrow(
      'threshold must be null or a number or -Infinity or "mean", "median" or "1.25*mean"; got "2*max"',
    );
  });
});

describe("RFE", () => {
  it.each([
    ["half", {}],
    ["two by two", { nFeaturesToSelect: 2, step: 2 }],
    ["shares", { nFeaturesToSelect: 0.4, step: 0.35 }],
    ["one", { nFeaturesToSelect: 1 }],
  ])("ranks as scikit-learn's: %s", async (name, params) => {
    const { X, y, expected } = load(`rfe ${name}`);
    for (const partitions of [1, 4]) {
      const data = X.repartition(partitions);
      const selector = await new RFE({ estimator: new LinearRegression(), ...params }).fit(data, y);
      expect(flags(selector.support)).toEqual(expected["support"]);
      expect(Array.from(selector.ranking)).toEqual(expected["ranking"]);
      expectClose((selector.estimator as LinearRegression).coef, expected["coef"]);
      expect(await selector.score(data, y)).toBeCloseTo(expected["score"] as number, 10);
    }
  });

  it("ranks by all classes, with weights, and as a hand that fits, looks and drops", async () => {
    const three = load("rfe classes");
    const classes = await new RFE({ estimator: logistic(), nFeaturesToSelect: 2 }).fit(three.X, three.y);
    expect(Array.from(classes.ranking)).toEqual(three.expected["ranking"]);
    expect(await classes.score(three.X, three.y)).toBeCloseTo(three.expected["score"] as number, 10);
    const weighted = load("rfe weights");
    const ridge = await new RFE({ estimator: new Ridge(), nFeaturesToSelect: 3 }).fit(weighted.X, weighted.y, {
      sampleWeight: weighted.weights,
    });
    expect(Array.from(ridge.ranking)).toEqual(weighted.expected["ranking"]);
    expectClose((ridge.estimator as Ridge).coef, weighted.expected["coef"]);
    let kept = [0, 1, 2, 3, 4, 5];
    while (kept.length > 3) {
      const { coef } = await new Ridge().fit(weighted.X.columns(kept), weighted.y, { sampleWeight: weighted.weights });
      const smallest = coef.map(Math.abs).indexOf(Math.min(...coef.map(Math.abs)));
      kept = kept.filter((_, k) => k !== smallest);
    }
    expect(ridge.supportIndices).toEqual(kept);
  });

  it("reads its source once, and frees what it kept", async () => {
    const { X, y } = load("rfe one");
    const scans = globalThis as unknown as { rfeScans: number };
    scans.rfeScans = 0;
    const counted = X.mapPartitions(({ columns }) => {
      (globalThis as unknown as { rfeScans: number }).rfeScans += 1;
      return columns;
    });
    const engine = new InlineEngine();
    await new RFE({ estimator: new LinearRegression(), nFeaturesToSelect: 1 }).fit(counted, y, { engine });
    expect(scans.rfeScans).toBe(X.partitions);
    expect(engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("predicts from what is left, for local rows and distributed ones, and comes back from JSON", async () => {
    const { X, y } = load("rfe classes");
    const selector = await new RFE({ estimator: logistic(), nFeaturesToSelect: 2 }).fit(X, y);
    const alone = await logistic().fit(X.columns(selector.supportIndices), y);
    expect(selector.classes).toEqual(alone.classes);
    const wanted = (await alone.predictProba(X.columns(selector.supportIndices)).compute()).toRows();
    const found = (await selector.predictProba(X).compute()).toRows();
    found.forEach((row, i) => row.forEach((value, k) => expect(value).toBeCloseTo(wanted[i]?.[k] as number, 9)));
    const local = await X.compute();
    expect(await selector.predict(local)).toEqual(
      await alone.predict(await X.columns(selector.supportIndices).compute()),
    );
    const again = RFE.fromJSON(JSON.parse(JSON.stringify(selector.toJSON())));
    expect((await again.predictProba(X).compute()).toRows()).toEqual(found);
    const line = await new RFE({ estimator: new LinearRegression() }).fit(X, y);
    expect(() => line.predictProba(X)).toThrow(
      'RFE.predictProba: the estimator "LinearRegression" cannot predictProba',
    );
    await expect(new RFE({ estimator: new Ridge(), nFeaturesToSelect: 9 }).fit(X, y)).rejects.toThrow(
      "nFeaturesToSelect is 9, but X has 6 columns",
    );
  });

  it("is tuned in a search like any model", async () => {
    const { X, y } = load("rfe half");
    const search = new GridSearchCV({
      estimator: new RFE({ estimator: new Ridge() }),
      paramGrid: { nFeaturesToSelect: [1, 3, 6], estimator__alpha: [0.1, 100] },
      cv: 3,
    });
    await search.fit(X, y);
    expect(search.bestParams["nFeaturesToSelect"]).toBeGreaterThan(1);
    expect(search.bestScore).toBeGreaterThan(0.8);
  });
});

describe("RFECV", () => {
  it.each([
    ["default", {}],
    ["two", { step: 2, minFeaturesToSelect: 2 }],
  ])("scores and chooses as scikit-learn's: %s", async (name, params) => {
    const { X, y, expected } = load(`rfecv ${name}`);
    const make = (): RFECV =>
      new RFECV({
        estimator: new LinearRegression(),
        cv: new KFold({ nSplits: 4 }),
        scoring: "neg_mean_squared_error",
        ...params,
      });
    const selector = await make().fit(X, y);
    const { nFeatures, meanTestScore, stdTestScore, splits } = selector.cvResults;
    expect(nFeatures).toEqual(expected["sizes"]);
    expectClose(meanTestScore, expected["mean"]);
    expectClose(stdTestScore, expected["std"]);
    splits.forEach((one, k) => expectClose(one, (expected["splits"] as number[][])[k]));
    expect(selector.nFeaturesKept).toBe(expected["nFeatures"]);
    expect(flags(selector.support)).toEqual(expected["support"]);
    expect(Array.from(selector.ranking)).toEqual(expected["ranking"]);
    // Another cut of the same rows changes nothing.
    const other = await make().fit(X.repartition(5), y);
    expect(other.ranking).toEqual(selector.ranking);
    expectClose(other.cvResults.meanTestScore, [...meanTestScore]);
    const again = RFECV.fromJSON(JSON.parse(JSON.stringify(selector.toJSON())));
    expect((await again.predict(X).compute()).toFlat()).toEqual((await selector.predict(X).compute()).toFlat());
  });

  it("weighs its fits, stratifies classes, stops when it is told, and names a scorer that is none", async () => {
    const { X, y } = load("rfe classes");
    const selector = await new RFECV({ estimator: new LogisticRegression(), cv: 3 }).fit(X, y, {
      sampleWeight: y.map(() => 2),
    });
    expect(selector.cvResults.splits.length).toBe(3);
    expect(selector.nFeaturesKept).toBeGreaterThan(0);
    const stop = AbortSignal.abort();
    await expect(new RFECV({ estimator: new LogisticRegression() }).fit(X, y, { signal: stop })).rejects.toThrow();
    await expect(new RFECV({ estimator: new Ridge(), scoring: "r3" }).fit(X, y)).rejects.toThrow('"r3"');
    const text = await new RFECV({ estimator: new LogisticRegression(), cv: 3 }).fit(
      X,
      y.map((label) => `class ${label}`),
    );
    expect(text.classes).toEqual(["class 0", "class 1", "class 2"]);
  });

  it("takes compressed rows", async () => {
    const n = 40;
    const value = (i: number, j: number): number => ((i * (j + 3)) % 5 === 0 ? ((i * 7 + j) % 11) - 5 : 0);
    const rows = Array.from({ length: n }, (_, i) => Array.from({ length: 4 }, (__, j) => value(i, j)));
    const y = rows.map(([a = 0, , c = 0]) => 2 * a - c);
    const dense = named(rows[0]?.map((_, j) => rows.map((row) => row[j] as number)) ?? []);
    const csr = csrArray(rows, 3);
    const [a, b] = [
      await new RFE({ estimator: new LinearRegression(), nFeaturesToSelect: 2 }).fit(dense, y),
      await new RFE({ estimator: new LinearRegression(), nFeaturesToSelect: 2 }).fit(csr, y),
    ];
    expect(b.ranking).toEqual(a.ranking);
    expect(a.supportIndices).toEqual([0, 2]);
  });
});
