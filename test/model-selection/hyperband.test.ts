import { beforeEach, describe, expect, it } from "vitest";
import { LogisticRegression, Ridge } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import type { FitOptions } from "#src/estimator/design.js";
import type { MatrixInput, VectorInput } from "#src/estimator/inputs.js";
import {
  choice,
  HalvingGridSearchCV,
  HyperbandSearchCV,
  hyperbandBrackets,
  KFold,
  logUniform,
  permutationImportance,
  SuccessiveHalvingSearchCV,
} from "#src/model-selection/index.js";
import { expectClose } from "../checks/tolerances.js";
import { goldenCase, loadGolden } from "../golden/load-golden.js";

const golden = loadGolden("model-selection");
const classes = goldenCase(golden, "grid pipeline").data;
const targets = goldenCase(golden, "grid ridge").data;
const labels = classes.yTrue as number[];
const y = targets.y as number[];
const X = (partitions = 4): DistributedArray =>
  DistributedArray.fromColumns(targets.columns as number[][], { partitions });
const C = (partitions = 4): DistributedArray =>
  DistributedArray.fromColumns(classes.columns as number[][], { partitions });

/** A ridge regression of the block that came last, which counts its blocks. */
class Blocks extends Ridge {
  static total = 0;
  static rows: number[] = [];
  calls = 0;

  async partialFit(rows: MatrixInput, target: VectorInput, options?: FitOptions): Promise<this> {
    this.calls++;
    Blocks.total++;
    Blocks.rows.push((rows as DistributedArray).rows ?? -1);
    if (this.getParams().alpha === 13) throw new Error("alpha is 13");
    return this.fit(rows, target, options ?? {});
  }
}

beforeEach(() => {
  Blocks.total = 0;
  Blocks.rows = [];
});

describe("the table of Hyperband", () => {
  it.each([
    [9, 3, 17, 69],
    [27, 3, 49, 357],
    [81, 3, 143, 1581],
    [243, 3, 415, 6831],
    [299, 4, 378, 5721],
  ])("for R = %d and η = %d has %d models and %d calls, in integers", (maxIter, aggressiveness, models, calls) => {
    const search = new HyperbandSearchCV({
      estimator: new Ridge(),
      paramDistributions: { alpha: logUniform(1e-3, 1e3) },
      resource: "nSamples",
      maxIter,
      aggressiveness,
    });
    expect(search.metadata.nModels).toBe(models);
    expect(search.metadata.totalResource).toBe(calls);
  });

  it("has the brackets of the paper", () => {
    const first = (R: number): [number, number, number][] =>
      hyperbandBrackets(R, 3).map(({ bracket, rungs }) => [bracket, rungs[0]?.models ?? 0, rungs[0]?.resource ?? 0]);
    expect(first(81)).toEqual([
      [4, 81, 1],
      [3, 34, 3],
      [2, 15, 9],
      [1, 8, 27],
      [0, 5, 81],
    ]);
    expect(first(243).length).toBe(6);
    expect(hyperbandBrackets(9, 3)[0]?.rungs).toEqual([
      { models: 9, resource: 1 },
      { models: 3, resource: 3 },
      { models: 1, resource: 9 },
    ]);
    expect(() => hyperbandBrackets(9.5, 3)).toThrow("must be an integer >= 1; got 9.5");
    expect(() => hyperbandBrackets(9, 1)).toThrow("aggressiveness must be an integer >= 2; got 1");
  });
});

describe("HyperbandSearchCV", () => {
  it("makes exactly the calls of partialFit that its metadata say, and keeps the best trained model", async () => {
    const search = new HyperbandSearchCV({
      estimator: new Blocks(),
      paramDistributions: { alpha: logUniform(1e-3, 1e3) },
      maxIter: 9,
      randomState: 4,
    });
    await search.fit(X(), y);
    expect(Blocks.total).toBe(69);
    expect(search.cvResults.params.length).toBe(17);
    const best = search.bestEstimator as Blocks;
    expect(best.calls).toBe((search.cvResults["n_resources"] as Float64Array)[search.bestIndex]);
    expect(search.history.filter((entry) => entry.bracket === 2).map((entry) => entry.resource)).toEqual([
      ...Array(9).fill(1),
      3,
      3,
      3,
      9,
    ]);
    // 96 train rows in four blocks: no call sees all, and four calls in a row of one model see each once.
    expect(Math.max(...Blocks.rows)).toBeLessThan(40);
    expect(Math.max(...search.history.filter((entry) => entry.resource === 9).map((entry) => entry.score))).toBe(
      search.bestScore,
    );
  });

  it("tunes any estimator over rows, the same for any partitioning and any number of fits at a time", async () => {
    const make = (parallelTrials: number): HyperbandSearchCV =>
      new HyperbandSearchCV({
        estimator: new LogisticRegression(),
        paramDistributions: { C: logUniform(1e-4, 1e2), fitIntercept: choice([true, false]) },
        resource: "nSamples",
        maxIter: 9,
        scoring: "neg_log_loss",
        parallelTrials,
      });
    const [a, b] = [await make(1).fit(C(1), labels), await make(3).fit(C(5), labels)];
    expect(b.cvResults.params).toEqual(a.cvResults.params);
    expectClose(b.cvResults["mean_test_score"] as Float64Array, a.cvResults["mean_test_score"] as Float64Array, {
      rtol: 1e-5,
      atol: 1e-5,
    });
    expect(b.bestIndex).toBe(a.bestIndex);
    expect((a.bestEstimator as LogisticRegression).getParams()).toMatchObject(a.bestParams);
  });

  it("takes a parameter as the resource, and refits with what the best had", async () => {
    const search = await new HyperbandSearchCV({
      estimator: new LogisticRegression(),
      paramDistributions: { C: logUniform(1e-2, 1e2) },
      resource: "maxIter",
      maxIter: 9,
    }).fit(C(), labels);
    expect((search.bestEstimator as LogisticRegression).getParams().maxIter).toBe(9);
    expect(search.bestParams).not.toHaveProperty("maxIter");
  });

  it("lets failing trials drop out, with their errors", async () => {
    const search = await new HyperbandSearchCV({
      estimator: new Blocks(),
      paramDistributions: { alpha: choice([1, 13]) },
      maxIter: 9,
    }).fit(X(), y);
    const failed = search.cvResults.error.filter((message) => message === "alpha is 13").length;
    expect(failed).toBe(search.cvResults.params.filter((params) => params["alpha"] === 13).length);
    expect(failed).toBeGreaterThan(0);
    expect(search.bestParams).toEqual({ alpha: 1 });
  });

  it("refuses an estimator without the resource, and what is searched and spent at once, before any fit", async () => {
    const space = { paramDistributions: { alpha: [1] } };
    expect(() => new HyperbandSearchCV({ estimator: new Ridge(), ...space })).toThrow(
      "HyperbandSearchCV: Ridge has no partialFit",
    );
    const unknown = new HyperbandSearchCV({ estimator: new Ridge(), ...space, resource: "nTrees" });
    await expect(unknown.fit(X(), y)).rejects.toThrow('Ridge: unknown parameter "nTrees"');
    expect(
      () =>
        new HyperbandSearchCV({ estimator: new Ridge(), paramDistributions: { maxIter: [1] }, resource: "maxIter" }),
    ).toThrow("cannot be searched too");
  });

  it("stops at maxTime and at its signal", async () => {
    const make = (maxTime?: number): HyperbandSearchCV =>
      new HyperbandSearchCV({ estimator: new Blocks(), paramDistributions: { alpha: [1] }, maxIter: 3, maxTime });
    await expect(make(1e-9).fit(X(), y)).rejects.toThrow("maxTime of 1e-9 s was over");
    await expect(make().fit(X(), y, { signal: AbortSignal.abort() })).rejects.toThrow("stopped by its signal");
  });
});

describe("successive halving", () => {
  it("halves as its metadata say, over splits of one's own", async () => {
    const search = new SuccessiveHalvingSearchCV({
      estimator: new Ridge(),
      paramDistributions: { alpha: logUniform(1e-3, 1e3) },
      nInitialParameters: 10,
      nInitialIter: 3,
      maxIter: 30,
      resource: "nSamples",
      cv: new KFold({ nSplits: 3 }),
    });
    expect(search.metadata.brackets[0]?.rungs).toEqual([
      { models: 10, resource: 3 },
      { models: 3, resource: 9 },
      { models: 1, resource: 27 },
    ]);
    await search.fit(X(), y);
    expect(search.nSplits).toBe(3);
    expect(search.history.length).toBe(14);
    expect(
      () =>
        new SuccessiveHalvingSearchCV({
          estimator: new Ridge(),
          paramDistributions: {},
          resource: "nSamples",
          nInitialIter: 100,
        }),
    ).toThrow("nInitialIter must be <= maxIter (81); got 100");
  });

  it("HalvingGridSearchCV ends with all rows, and scores its last trials as a plain fit of them would", async () => {
    const search = await new HalvingGridSearchCV({
      estimator: new Ridge(),
      paramGrid: { alpha: [0.01, 1, 100, 1e4] },
    }).fit(X(), y);
    expect(search.history.map((entry) => entry.resource)).toEqual([32, 32, 32, 32, 96, 96]);
    const last = search.history.at(-1);
    expect(search.bestScore).toBeGreaterThanOrEqual(last?.score ?? NaN);
    expect(search.bestParams["alpha"]).toBeLessThan(1e4);
    expect(() => new HalvingGridSearchCV({ estimator: new Ridge(), paramGrid: {}, resource: "alpha" })).toThrow(
      "maxResources is needed",
    );
  });
});

describe("permutationImportance", () => {
  it("is the fall of the score, the same for any partitioning, and near 0 for a column without meaning", async () => {
    const model = await new Ridge({ alpha: 1e-6 }).fit(X(1), y);
    const one = await permutationImportance(model, X(1), y, { nRepeats: 8, randomState: 1 });
    const many = await permutationImportance(model, X(6), y, { nRepeats: 8, randomState: 1, parallelTrials: 3 });
    expectClose(many.mean, one.mean, { rtol: 1e-9, atol: 1e-12 });
    expect(one.baseline).toBeCloseTo(await model.score(X(1), y), 12);
    expect(one.importances.map((row) => row.length)).toEqual([8, 8, 8, 8]);
    expect(one.mean[0]).toBeGreaterThan(one.mean[2] as number);
    expect(Math.abs(one.mean[3] as number)).toBeLessThan(0.02);
    expect(one.std[0]).toBeGreaterThan(0);
    await expect(permutationImportance(model, X(1), y, { nRepeats: 0 })).rejects.toThrow(
      "nRepeats must be an integer >= 1",
    );
    await expect(permutationImportance(new Ridge(), X(1), y)).rejects.toThrow("not fitted yet");
  });
});
