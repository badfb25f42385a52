import { describe, expect, it } from "vitest";
import { LogisticRegression, Ridge } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { makeScorer } from "#src/metrics/index.js";
import {
  GridSearchCV,
  HyperbandSearchCV,
  IncrementalSearchCV,
  RandomizedSearchCV,
  TPESearchCV,
  uniform,
  type SearchResults,
} from "#src/model-selection/index.js";
import { makeClassification } from "#datasets/index.js";

const ROWS = 120;
const columns = [0, 1].map((k) => Array.from({ length: ROWS }, (_, i) => Math.sin(i * (k + 1.7))));
const target = columns[0]!.map((value, i) => 3 * value - columns[1]![i]! + (i % 5) / 5);
const X = (partitions = 4): DistributedArray => DistributedArray.fromColumns(columns, { partitions });
const tasks = new URL("./fixtures/dying-tasks.mjs", import.meta.url).href;

const scores = (results: SearchResults): number[] => [...(results["mean_test_score"] as Float64Array)];

/** A ridge regression that does something else where alpha is 13. */
class Dying extends Ridge {
  static task = "";
  static fits = 0;

  override async fit(...args: Parameters<Ridge["fit"]>): Promise<this> {
    Dying.fits += 1;
    const [rows, , options] = args;
    if (this.getParams().alpha === 13) {
      const dying = (rows as DistributedArray).mapChunks(
        "Dying.fit",
        { module: tasks, export: Dying.task },
        undefined,
        {
          innerShape: [1],
        },
      );
      await dying.compute(options);
    }
    return super.fit(...args);
  }
}

describe("a trial whose thread is killed", () => {
  it("is run again, and the search ends as without the loss", async () => {
    const data = makeClassification({ nSamples: 6000, nFeatures: 8, partitions: 6, randomState: 4 });
    const search = (): GridSearchCV =>
      new GridSearchCV({
        estimator: makePipeline(new StandardScaler(), new LogisticRegression()),
        paramGrid: { logisticregression__C: [0.01, 1, 100], standardscaler__withMean: [true, false] },
        scoring: "neg_log_loss",
        cv: 3,
      });
    const calm = new LocalEngine({ threads: 2 });
    const engine = new LocalEngine({ threads: 2 });
    try {
      const expected = await search().fit(data.X, data.y, { engine: calm });
      let [began, again] = [0, 0];
      engine.on("task", ({ state }) => {
        if (state === "retried") again += 1;
        if (state !== "started") return;
        began += 1;
        if (began === 20 || began === 90) void Promise.all([engine.killWorker(0), engine.killWorker(1)]);
      });
      const found = await search().fit(data.X, data.y, { engine });
      expect(began).toBeGreaterThan(90);
      expect(again).toBeGreaterThan(0);
      expect(found.cvResults.error.every((error) => error === undefined)).toBe(true);
      expect(scores(found.cvResults)).toEqual(scores(expected.cvResults));
      expect(found.bestParams).toEqual(expected.bestParams);
      await expect.poll(() => engine.heldBytes).toBe(0);
    } finally {
      await Promise.all([calm.close(), engine.close()]);
    }
  });
});

describe("a trial that dies", () => {
  const reasons = [
    ["endThread", "a task that ends every thread it gets", /3 workers|three|killed/u],
    ["takeAll", "a task that wants more memory than there is", /4294967296 bytes/u],
  ] as const;

  it.each(reasons)("is recorded with its error, and the others go on: %s, %s", async (task, _what, message) => {
    Dying.task = task;
    const engine = new LocalEngine({ threads: 2, memoryLimit: 64 * 2 ** 20 });
    try {
      const estimator = new Dying();
      const search = new GridSearchCV({ estimator, paramGrid: { alpha: [1, 13, 100] }, cv: 2 });
      await search.fit(X(), target, { engine });
      const { error } = search.cvResults;
      expect([error[0], error[2]]).toEqual([undefined, undefined]);
      expect(error[1]).toMatch(message);
      expect(search.cvResults["rank_test_score"]).toEqual(Int32Array.from([1, 3, 2]));
      expect(search.bestParams).toEqual({ alpha: 1 });
      const calm = new GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [1, 100] }, cv: 2 });
      await calm.fit(X(), target);
      expect([0, 2].map((k) => scores(search.cvResults)[k])).toEqual(scores(calm.cvResults));
      await expect.poll(() => engine.heldBytes).toBe(0);
    } finally {
      await engine.close();
    }
  });

  it("stops the search where errors are to be raised, and all of them dying fails it with the first error", async () => {
    Dying.task = "takeAll";
    const engine = new LocalEngine({ threads: 1, memoryLimit: 64 * 2 ** 20 });
    try {
      const grid = { estimator: new Dying(), cv: 2 };
      const raising = new GridSearchCV({ ...grid, paramGrid: { alpha: [13, 1] }, errorScore: "raise" });
      await expect(raising.fit(X(), target, { engine })).rejects.toThrow("4294967296 bytes");
      const only = new GridSearchCV({ ...grid, paramGrid: { alpha: [13] } });
      await expect(only.fit(X(), target, { engine })).rejects.toThrow("4294967296 bytes");
      expect(only.partialResults?.error[0]).toContain("4294967296 bytes");
    } finally {
      await engine.close();
    }
  });

  it("is one whose score is no number", async () => {
    let calls = 0;
    const scoring = makeScorer(() => (calls++ === 0 ? NaN : 1), { name: "broken once" });
    const search = new GridSearchCV({
      estimator: new Ridge(),
      paramGrid: { alpha: [1, 2] },
      scoring,
      cv: 2,
      parallelTrials: 1,
    });
    await search.fit(X(), target);
    expect(search.cvResults.error[0]).toContain('the score "score" is NaN; it must be a finite number');
    expect(search.cvResults.error[1]).toBeUndefined();
    expect(search.bestParams).toEqual({ alpha: 2 });
  });
});

describe("before anything is fitted", () => {
  const space = { alpha: uniform(0, 1) };
  const wrong = { alhpa: uniform(0, 1) };
  const unknown = 'unknown parameter "alhpa". Did you mean "alpha"?';
  const searches = [
    ["GridSearchCV", () => new GridSearchCV({ estimator: new Dying(), paramGrid: { alhpa: [1] } })],
    ["RandomizedSearchCV", () => new RandomizedSearchCV({ estimator: new Dying(), paramDistributions: wrong })],
    ["TPESearchCV", () => new TPESearchCV({ estimator: new Dying(), paramDistributions: wrong })],
    [
      "HyperbandSearchCV",
      () =>
        new HyperbandSearchCV({ estimator: new Dying(), paramDistributions: wrong, resource: "nSamples", maxIter: 9 }),
    ],
    [
      "IncrementalSearchCV",
      () =>
        new IncrementalSearchCV({
          estimator: new Dying(),
          paramDistributions: wrong,
          resource: "nSamples",
          maxIter: 9,
        }),
    ],
  ] as const;

  it.each(searches)("%s refuses a parameter that the estimator does not have", async (_name, make) => {
    Dying.fits = 0;
    await expect((async () => make().fit(X(), target))()).rejects.toThrow(unknown);
    expect(Dying.fits).toBe(0);
  });

  it("searches refuse an empty grid and a list without values", () => {
    expect(() => new GridSearchCV({ estimator: new Dying(), paramGrid: [] })).toThrow("the list of grids is empty");
    expect(() => new GridSearchCV({ estimator: new Dying(), paramGrid: { alpha: [] } })).toThrow("alpha");
    expect(() => new TPESearchCV({ estimator: new Dying(), paramDistributions: { alpha: [] } })).toThrow("alpha");
    expect(() => new RandomizedSearchCV({ estimator: new Dying(), paramDistributions: [] })).toThrow("empty");
  });

  it("searches refuse scorers that do not fit the estimator, and folds that the classes do not fill", async () => {
    Dying.fits = 0;
    const paramGrid = { alpha: [1, 2] };
    const scored = (scoring: string): Promise<unknown> =>
      new GridSearchCV({ estimator: new Dying(), paramGrid, scoring }).fit(X(), target);
    await expect(scored("roc_auc")).rejects.toThrow('the scorer "roc_auc" needs');
    await expect(scored("neg_log_loss")).rejects.toThrow("which Ridge does not have");
    await expect(scored("acuracy")).rejects.toThrow("acuracy");
    expect(Dying.fits).toBe(0);

    class Counted extends LogisticRegression {
      static fits = 0;
      override async fit(...args: Parameters<LogisticRegression["fit"]>): Promise<this> {
        Counted.fits += 1;
        return super.fit(...args);
      }
    }
    const labels = target.map((_, i) => (i < 3 ? 1 : 0));
    const search = new GridSearchCV({ estimator: new Counted(), paramGrid: { C: [1] }, cv: 5 });
    await expect(search.fit(X(), labels)).rejects.toThrow("has 3 rows, fewer than the 5 folds");
    expect(Counted.fits).toBe(0);
    const drawn = new RandomizedSearchCV({ estimator: new Dying(), paramDistributions: space, cv: 200 });
    await expect(drawn.fit(X(), target)).rejects.toThrow("200 folds need at least as many rows; there are 120");
  });
});
