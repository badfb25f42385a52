import { afterAll, describe, expect, it } from "vitest";
import { LogisticRegression, Ridge } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { makePipeline } from "#src/compose/pipeline.js";
import { localEngine } from "#src/engine/default-engine.js";
import {
  choice,
  crossValScore,
  GridSearchCV,
  logUniform,
  ParameterGrid,
  randint,
  RandomizedSearchCV,
  sampleParameters,
  uniform,
} from "#src/model-selection/index.js";
import { expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf } from "../golden/load-golden.js";

const local = localEngine({ threads: 2 });
afterAll(() => local.close());

const golden = loadGolden("model-selection");
const CLOSED = { rtol: 1e-9, atol: 1e-12 };
const classes = goldenCase(golden, "grid pipeline");
const targets = goldenCase(golden, "grid ridge");
const labels = classes.data.yTrue as number[];
const y = targets.data.y as number[];
const X = (partitions = 2): DistributedArray =>
  DistributedArray.fromColumns(targets.data.columns as number[][], { partitions });
const C = (partitions = 2): DistributedArray =>
  DistributedArray.fromColumns(classes.data.columns as number[][], { partitions });

describe("ParameterGrid", () => {
  it("lists combinations in scikit-learn's order, of one grid or several", () => {
    const grid = new ParameterGrid([{ b: [1, 2], a: ["x", "y"] }, { c: [3] }]);
    expect(grid.length).toBe(5);
    expect([...grid]).toEqual([{ a: "x", b: 1 }, { a: "x", b: 2 }, { a: "y", b: 1 }, { a: "y", b: 2 }, { c: 3 }]);
    expect(grid.at(4)).toEqual({ c: 3 });
    expect([...new ParameterGrid({})]).toEqual([{}]);
    expect(() => grid.at(5)).toThrow("index must be in [0, 5); got 5");
    expect(() => new ParameterGrid([])).toThrow("the list of grids is empty");
    expect(() => new ParameterGrid({ a: [] })).toThrow("a must be a list of at least one value");
    expect(() => new ParameterGrid({ a: 3 as never })).toThrow("Write [value] for a single one");
  });
});

describe("sampleParameters", () => {
  it("draws the same for the same seed, within the ranges", () => {
    const space = { a: uniform(2, 3), b: logUniform(1e-3, 1e3), c: randint(0, 4), d: choice(["p", "q"]), e: [7, 8] };
    const sets = sampleParameters(space, 400, 5);
    expect(sampleParameters(space, 400, 5)).toEqual(sets);
    expect(sampleParameters(space, 400, 6)).not.toEqual(sets);
    const all = (name: string): number[] => sets.map((set) => set[name] as number);
    expect(all("a").every((a) => a >= 2 && a < 3)).toBe(true);
    expect(all("b").every((b) => b >= 1e-3 && b <= 1e3)).toBe(true);
    expect(Math.abs(all("b").filter((b) => b < 1).length - 200)).toBeLessThan(50);
    expect([...new Set(all("c"))].sort()).toEqual([0, 1, 2, 3]);
    expect(new Set(all("d"))).toEqual(new Set(["p", "q"]));
    expect(new Set(all("e"))).toEqual(new Set([7, 8]));
  });

  it("draws lists without replacement", () => {
    const sets = sampleParameters({ a: [1, 2, 3, 4], b: [1, 2, 3] }, 9, 1);
    expect(new Set(sets.map((set) => JSON.stringify(set))).size).toBe(9);
    expect(sampleParameters({ a: [1, 2] }, 10).length).toBe(2);
  });

  it("refuses what cannot be drawn from", () => {
    expect(() => uniform(3, 2)).toThrow("uniform: low and high must be finite with low < high; got 3 and 2");
    expect(() => logUniform(0, 2)).toThrow("0 < low < high");
    expect(() => randint(0.5, 2)).toThrow("randint: low and high must be integers");
    expect(() => choice([])).toThrow("choice: values must be a list");
    expect(() => sampleParameters({ a: [] }, 2)).toThrow("a must be a distribution or a list");
    expect(() => sampleParameters({ a: [1] }, 0)).toThrow("nIter must be an integer >= 1; got 0");
  });
});

describe("GridSearchCV", () => {
  it("has scikit-learn's results for a pipeline and two scorers, for any partitioning and any number of fits at a time", async () => {
    const results = classes.expected["results"] as Record<string, number[]>;
    for (const [partitions, parallelTrials] of [
      [1, 1],
      [4, 3],
    ] as const) {
      const search = new GridSearchCV({
        estimator: makePipeline(new StandardScaler(), new LogisticRegression({ tol: 1e-9 })),
        paramGrid: { logisticregression__C: [0.01, 0.1, 1, 10], logisticregression__fitIntercept: [true, false] },
        scoring: ["neg_log_loss", "accuracy"],
        refit: "neg_log_loss",
        cv: 3,
        returnTrainScore: true,
        parallelTrials,
      });
      await search.fit(C(partitions), labels);
      for (const [column, values] of Object.entries(results)) {
        expectClose(search.cvResults[column] as Float64Array, values, iterative, column, 1);
      }
      expect(search.bestIndex).toBe(numberOf(classes.expected, "bestIndex"));
      expectClose([search.bestScore], [numberOf(classes.expected, "bestScore")], iterative);
      expect(search.bestParams).toEqual(search.cvResults.params[search.bestIndex]);
      expect(await search.score(C(1), labels)).toBeLessThan(0);
      expect(search.nSplits).toBe(3);
    }
  });

  it("takes several grids, and refits the best to all rows as scikit-learn does", async () => {
    const results = targets.expected["results"] as Record<string, number[]>;
    const search = await new GridSearchCV({
      estimator: new Ridge(),
      paramGrid: [{ alpha: [0.1, 1, 10] }, { alpha: [1], fitIntercept: [false] }],
    }).fit(X(), y);
    for (const [column, values] of Object.entries(results))
      expectClose(search.cvResults[column] as Float64Array, values, CLOSED, column);
    expectClose((search.bestEstimator as Ridge).coef as Float64Array, targets.expected["coef"] as number[], CLOSED);
    expect(search.cvResults["param_fitIntercept"]).toEqual([undefined, undefined, undefined, false]);
    const predicted = await (search.predict(X()) as DistributedArray).compute();
    expect(predicted.rows).toBe(y.length);
  });

  it("records a failing trial with its error, and goes on", async () => {
    const search = await new GridSearchCV({ estimator: new Failing(), paramGrid: { alpha: [1, 13, 2] } }).fit(X(), y);
    expect(search.cvResults.error[1]).toBe("alpha is 13");
    expect(search.cvResults.error[0]).toBeUndefined();
    expect((search.cvResults["mean_test_score"] as Float64Array)[1]).toBeNaN();
    expect((search.cvResults["rank_test_score"] as Int32Array)[1]).toBe(3);
    expect(search.bestParams).not.toEqual({ alpha: 13 });
    const strict = new GridSearchCV({ estimator: new Failing(), paramGrid: { alpha: [1, 13] }, errorScore: "raise" });
    await expect(strict.fit(X(), y)).rejects.toThrow("alpha is 13");
    expect(strict.isFitted).toBe(false);
    const none = new GridSearchCV({ estimator: new Failing(), paramGrid: { alpha: [13] } });
    await expect(none.fit(X(), y)).rejects.toThrow("none of 1 trials has a score; the first error: alpha is 13");
  });

  it("refuses wrong parameters before anything is fitted, with the estimator's own error", async () => {
    Failing.fits = 0;
    const search = new GridSearchCV({ estimator: new Failing(), paramGrid: { alpha: [1], alhpa: [2] } });
    await expect(search.fit(X(), y)).rejects.toThrow('Ridge: unknown parameter "alhpa". Did you mean "alpha"?');
    const negative = new GridSearchCV({ estimator: new Failing(), paramGrid: { alpha: [1, -1] } });
    await expect(negative.fit(X(), y)).rejects.toThrow("Ridge: alpha must be >= 0; got -1");
    expect(Failing.fits).toBe(0);
    expect(() => new GridSearchCV({ estimator: new Ridge(), paramGrid: {}, folds: 3 } as never)).toThrow(
      'unknown parameter "folds"',
    );
    expect(() => new GridSearchCV({ paramGrid: {} } as never)).toThrow("GridSearchCV: estimator must be given");
    expect(() => new GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [] } })).toThrow(
      "alpha must be a list",
    );
    const two = new GridSearchCV({ estimator: new Ridge(), paramGrid: {}, scoring: ["r2", "neg_max_error"] });
    await expect(two.fit(X(), y)).rejects.toThrow("refit has to name the one that decides");
  });

  it("stops at its signal and after maxTime, and keeps what it was", async () => {
    const search = new GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [1, 2] }, maxTime: 1e-9 });
    await expect(search.fit(X(), y)).rejects.toThrow("maxTime of 1e-9 s was over");
    await expect(search.setParams({ maxTime: undefined }).fit(X(), y, { signal: AbortSignal.abort() })).rejects.toThrow(
      "stopped by its signal",
    );
    expect(() => search.bestParams).toThrow("GridSearchCV: it is not fitted yet");
    await search.fit(X(), y);
    expect(search.isFitted).toBe(true);
  });

  it("takes a rule for the best, and no refit", async () => {
    const search = await new GridSearchCV({
      estimator: new Ridge(),
      paramGrid: { alpha: [1, 2, 3] },
      refit: () => 2,
    }).fit(X(), y);
    expect(search.bestParams).toEqual({ alpha: 3 });
    expect((search.bestEstimator as Ridge).getParams().alpha).toBe(3);
    const bare = await new GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [1] }, refit: false }).fit(
      X(),
      y,
    );
    expect(bare.bestParams).toEqual({ alpha: 1 });
    expect(() => bare.bestEstimator).toThrow("because refit is false");
  });

  it("has the same bits on worker threads, with trials at a time", async () => {
    const run = async (options: object, parallelTrials: number): Promise<unknown[]> => {
      const estimator = makePipeline(new StandardScaler(), new LogisticRegression());
      const search = new GridSearchCV({
        estimator,
        paramGrid: { logisticregression__C: [0.1, 1, 10] },
        scoring: "neg_log_loss",
        parallelTrials,
      });
      await search.fit(C(4), labels, options);
      return [search.cvResults["mean_test_score"], search.cvResults["rank_test_score"], search.bestScore];
    };
    expect(await run({ engine: local }, 4)).toEqual(await run({}, 1));
  });

  it("takes parameters of its estimator, which stays as it was", () => {
    const estimator = new Ridge();
    const search = new GridSearchCV({ estimator, paramGrid: { fitIntercept: [true] } }).setParams({
      estimator__alpha: 7,
    });
    expect((search.getParams().estimator as Ridge).getParams().alpha).toBe(7);
    expect(estimator.getParams().alpha).toBe(1);
    expect(() => search.setParams({ estimator__alhpa: 7 })).toThrow('Ridge: unknown parameter "alhpa"');
  });

  it("can itself be cross-validated", async () => {
    const search = new GridSearchCV({ estimator: new Ridge(), paramGrid: { alpha: [0.1, 100] }, cv: 3 });
    const scores = await crossValScore(search, X(), y, { cv: 3 });
    expect(scores.every((score) => score > 0)).toBe(true);
    expect(search.isFitted).toBe(false);
  });
});

describe("RandomizedSearchCV", () => {
  it("draws the same trials for the same seed and finds the best of them", async () => {
    const make = (randomState: number): RandomizedSearchCV =>
      new RandomizedSearchCV({
        estimator: new Ridge(),
        paramDistributions: { alpha: logUniform(1e-3, 1e3) },
        nIter: 6,
        randomState,
      });
    const [a, b, other] = [await make(1).fit(X(1), y), await make(1).fit(X(5), y), await make(2).fit(X(1), y)];
    expect(a.cvResults.params.length).toBe(6);
    expect(b.cvResults.params).toEqual(a.cvResults.params);
    expect(other.cvResults.params).not.toEqual(a.cvResults.params);
    expectClose(b.cvResults["mean_test_score"] as Float64Array, a.cvResults["mean_test_score"] as Float64Array, CLOSED);
    expect(a.bestScore).toBe(Math.max(...(a.cvResults["mean_test_score"] as Float64Array)));
  });
});

/** A ridge regression that cannot be fitted with one of its parameters. */
class Failing extends Ridge {
  static fits = 0;

  override async fit(...args: Parameters<Ridge["fit"]>): Promise<this> {
    Failing.fits++;
    if (this.getParams().alpha === 13) throw new Error("alpha is 13");
    return super.fit(...args);
  }
}
