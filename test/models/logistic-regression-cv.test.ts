import { describe, expect, it } from "vitest";
import { LogisticRegression, LogisticRegressionCV, type LogisticRegressionCVParams } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { GroupKFold, KFold, ShuffleSplit } from "#src/model-selection/index.js";
import { lbfgs } from "#src/numeric/solvers/lbfgs.js";
import { SharedScan } from "#src/numeric/solvers/shared-scan.js";
import { expectClose, iterative } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf, type GoldenValue } from "../golden/load-golden.js";

const golden = loadGolden("logistic-cv");

describe("LogisticRegressionCV against scikit-learn", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const params = recordOf(expected as Record<string, GoldenValue>, "params") as Partial<LogisticRegressionCVParams>;
      const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
      for (const partitions of [1, 4]) {
        const X = DistributedArray.fromColumns(data.columns!, { partitions });
        const model = await new LogisticRegressionCV({ ...params, tol: 1e-9 }).fit(X, data.y as number[], options);
        expectClose(model.scores, numbersOf(expected, "scores"), iterative, "scores");
        expectClose([model.C, model.l1Ratio], [numberOf(expected, "C"), numberOf(expected, "l1Ratio")], iterative);
        expectClose(model.coef, numbersOf(expected, "coef"), { rtol: 1e-5, atol: 1e-5 }, "coef");
        expectClose(model.intercepts, numbersOf(expected, "intercepts"), { rtol: 1e-5, atol: 1e-5 }, "intercepts", 1);
        expect(model.converged).toBe(true);
      }
    });
  }
});

const rng = new CounterRng(5, "logistic cv");
const n = 400;
const columns = [0, 1, 2].map((j) => Float64Array.from({ length: n }, (_, i) => rng.normal(i, j)));
const y = Array.from({ length: n }, (_, i) =>
  columns[0]![i]! - columns[1]![i]! + rng.normal(i, 9) > 0 ? "late" : "early",
);
const X = DistributedArray.fromColumns(columns, { partitions: 3 });

describe("LogisticRegressionCV", () => {
  it("takes any splitter that tests a row once, with the scores of separate fits", async () => {
    const cv = new KFold({ nSplits: 4, shuffle: true, randomState: 3 });
    const model = await new LogisticRegressionCV({
      Cs: [0.05, 2],
      penalty: "l1",
      scoring: "neg_log_loss",
      tol: 1e-9,
    }).fit(X, y, { cv });
    const splits = await cv.split(X, y);
    for (const [c, C] of [0.05, 2].entries()) {
      for (const [f, { train, test }] of splits.entries()) {
        const own = await new LogisticRegression({ C, penalty: "l1", tol: 1e-9 }).fit(train.take(X), train.take(y));
        const rows = test.take(X);
        const proba = (await own.predictProba(rows).compute()).toFlat();
        const truth = test.take(y);
        const loss = truth.reduce((sum, label, i) => sum - Math.log(proba[2 * i + (label === "late" ? 1 : 0)]!), 0);
        expectClose([model.scores[c * 4 + f]!], [-loss / truth.length], iterative, `C ${C}, fold ${f}`);
      }
    }
    expect(model.classes).toEqual(["early", "late"]);
    expect(await model.score(X, y)).toBeGreaterThan(0.7);
    const groups = Array.from({ length: n }, (_, i) => i % 6);
    const grouped = await new LogisticRegressionCV({ Cs: 2 }).fit(X, y, { cv: new GroupKFold({ nSplits: 3 }), groups });
    expect(grouped.scores.length).toBe(6);
  });

  it("refuses folds that overlap, unknown scorers and parameters that exclude each other, before it fits", async () => {
    const fit = (params: Partial<LogisticRegressionCVParams>, options = {}): Promise<unknown> =>
      new LogisticRegressionCV(params).fit(X, y, options);
    await expect(fit({}, { cv: new ShuffleSplit({ nSplits: 3 }) })).rejects.toThrow(
      /tests each row once|trains on all/,
    );
    await expect(fit({ scoring: "accurracy" })).rejects.toThrow(/accuracy/);
    await expect(fit({ penalty: "elasticnet" })).rejects.toThrow(/needs l1Ratios/);
    await expect(fit({ penalty: "l2", l1Ratios: [0.5] })).rejects.toThrow(/no effect/);
    await expect(new LogisticRegressionCV().fit([[1], [2], [3]], [0, 0, 1])).rejects.toThrow(
      /fewer than the 5 folds|at least as many rows/,
    );
  });

  it("keeps the previous model when it is aborted, and reports its progress to the end", async () => {
    const seen: number[] = [];
    const model = await new LogisticRegressionCV({ Cs: 3 }).fit(X, y, {
      onProgress: ({ stage, done, total }) => {
        if (stage === "LogisticRegressionCV.fit" && total === 4) seen.push(done);
      },
    });
    expect(seen).toEqual([1, 2, 3, 4]);
    const { coef } = model;
    const abort = new AbortController();
    const stopped = model.fit(X, y, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopped).rejects.toThrow(/stopped by its signal/);
    expect(model.coef).toBe(coef);
  });
});

describe("a scan that solvers share", () => {
  it("answers all solvers by one pass, also where they end at different times", async () => {
    const minima = [1, 20, 300];
    let passes = 0;
    const scan = new SharedScan(3, (points) => {
      passes += 1;
      return Promise.resolve(
        points.map((x, k) => {
          const d = (x?.[0] ?? 0) - minima[k]!;
          // The first is a quadratic, the others are not.
          return (
            x && { value: 1 + d * d + (k * d ** 4) / 1e3, gradient: Float64Array.of(2 * d + (4 * k * d ** 3) / 1e3) }
          );
        }),
      );
    });
    const options = { tol: 1e-8, maxIter: 200 };
    const found = await Promise.all(
      minima.map((_, k) => lbfgs(scan.objective(k), new Float64Array(1), options).finally(() => scan.finish(k))),
    );
    found.forEach(({ x, converged }, k) => {
      expect(converged).toBe(true);
      expectClose(x, [minima[k]!], { rtol: 1e-4, atol: 0 });
    });
    expect(passes).toBe(Math.max(...found.map((one) => one.evaluations)));
    expect(scan.passes).toBe(passes);
  });

  it("fails all that wait when a pass fails", async () => {
    const scan = new SharedScan(2, () => Promise.reject(new Error("lost")));
    const both = [0, 1].map((k) => scan.objective(k).evaluate(new Float64Array(1)));
    for (const one of both) await expect(one).rejects.toThrow("lost");
  });
});
