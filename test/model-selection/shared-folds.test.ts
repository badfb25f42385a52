import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { LogisticRegression, Ridge } from "#models/index.js";
import { OneHotEncoder, StandardScaler, TargetEncoder } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { ColumnTransformer } from "#src/compose/column-transformer.js";
import { makePipeline, Pipeline } from "#src/compose/pipeline.js";
import { PrefixCache } from "#src/compose/prefix-cache.js";
import { localEngine } from "#src/engine/default-engine.js";
import { GridSearchCV, type SearchResults } from "#src/model-selection/index.js";
import { expectClose } from "../checks/tolerances.js";

const local = localEngine({ threads: 2 });
afterAll(() => local.close());

/** Counts the fits of all its clones. */
class CountedScaler extends StandardScaler {
  static fits = 0;

  override async fit(...args: Parameters<StandardScaler["fit"]>): Promise<this> {
    CountedScaler.fits += 1;
    return super.fit(...args);
  }
}

beforeEach(() => {
  CountedScaler.fits = 0;
});

const ROWS = 240;
const noise = (i: number, k: number): number => Math.sin(12.9898 * i + 78.233 * k) * 3 + (i % (k + 2));
const columns = [0, 1, 2].map((k) => Array.from({ length: ROWS }, (_, i) => noise(i, k)));
const target = columns[0]!.map((value, i) => 2 * value - columns[1]![i]! + noise(i, 7));
const labels = target.map((value, i) => (value + 2 * noise(i, 9) > 0 ? "yes" : "no"));
const weights = target.map((_, i) => i % 3);
const X = (partitions: number): DistributedArray => DistributedArray.fromColumns(columns, { partitions });

const scores = (results: SearchResults): number[] => [...(results["mean_test_score"] as Float64Array)];

/** A pipeline with a cache of its own is fitted as it is, step by step: the same results, without sharing rows. */
function alone(pipeline: Pipeline): Pipeline {
  return pipeline.clone().setParams({ memory: new PrefixCache() });
}

describe("candidates of a fold", () => {
  const paramGrid = { standardscaler__withMean: [true, false], ridge__alpha: [0.1, 10, 1000] };
  const pipeline = (): Pipeline => makePipeline(new CountedScaler(), new Ridge());

  it("share the fits of the steps before the last, with the scores of pipelines that share nothing", async () => {
    for (const partitions of [1, 5]) {
      CountedScaler.fits = 0;
      const options = { sampleWeight: weights, engine: local };
      const search = new GridSearchCV({ estimator: pipeline(), paramGrid, cv: 3, weightScores: true });
      await search.fit(X(partitions), target, options);
      expect(CountedScaler.fits).toBe(2 * 3 + 1);
      const other = new GridSearchCV({ estimator: alone(pipeline()), paramGrid, cv: 3, weightScores: true });
      await other.fit(X(partitions), target, options);
      expectClose(scores(search.cvResults), scores(other.cvResults), { rtol: 1e-12, atol: 1e-12 });
      expect(search.bestParams).toEqual(other.bestParams);
    }
  });

  it("share them also where time is limited and the candidates are run in blocks", async () => {
    const grid = { ridge__alpha: Array.from({ length: 20 }, (_, k) => 2 ** (k - 10)) };
    const search = new GridSearchCV({ estimator: pipeline(), paramGrid: grid, cv: 3, refit: false, maxTime: 600 });
    await search.fit(X(3), target);
    const other = new GridSearchCV({ estimator: pipeline(), paramGrid: grid, cv: 3, refit: false });
    await other.fit(X(3), target);
    expect(scores(search.cvResults)).toEqual(scores(other.cvResults));
    expect(CountedScaler.fits).toBeLessThanOrEqual(2 * 3);
  });

  it("let go of everything that the engine held for them, also when trials fail", async () => {
    const engine = localEngine({ threads: 1 });
    try {
      const held = await X(4).persist({ engine });
      const before = engine.heldBytes;
      const search = new GridSearchCV({ estimator: pipeline(), paramGrid, cv: 4 });
      await search.fit(held, target, { engine });
      await expect.poll(() => engine.heldBytes).toBe(before);
      const nothing = target.map(() => 0);
      const failing = new GridSearchCV({ estimator: pipeline(), paramGrid, cv: 4 });
      await expect(failing.fit(held, target, { engine, sampleWeight: nothing })).rejects.toThrow();
      await expect.poll(() => engine.heldBytes).toBe(before);
    } finally {
      await engine.close();
    }
  });

  it("see rows of the train side as the step that made them for it gives them: out of fold", async () => {
    const frame = DistributedDataFrame.fromColumns(
      { text: target.map((_, i) => `group ${(i * 7) % 11}`), number: columns[0]! },
      { partitions: 3 },
    );
    const step = new ColumnTransformer({
      transformers: [
        ["targets", new TargetEncoder({ randomState: 3 }), ["text"]],
        ["numbers", new StandardScaler(), ["number"]],
      ],
    });
    const grid = { ridge__alpha: [0.1, 1, 10] };
    const whole = (): Pipeline =>
      new Pipeline({
        steps: [
          ["columns", step.clone()],
          ["ridge", new Ridge()],
        ],
      });
    const search = new GridSearchCV({ estimator: whole(), paramGrid: grid, cv: 3, returnTrainScore: true });
    await search.fit(frame, target);
    const other = new GridSearchCV({ estimator: alone(whole()), paramGrid: grid, cv: 3, returnTrainScore: true });
    await other.fit(frame, target);
    for (const name of ["mean_test_score", "mean_train_score"] as const) {
      const [own, expected] = [search.cvResults[name], other.cvResults[name]];
      expectClose([...(own as Float64Array)], [...(expected as Float64Array)], { rtol: 1e-10, atol: 1e-12 });
    }
  });

  it("may take labels that are texts and steps that give compressed rows", async () => {
    const frame = DistributedDataFrame.fromColumns(
      { text: target.map((_, i) => `group ${(i * 7) % 11}`), number: columns[0]! },
      { partitions: 3 },
    );
    const step = new ColumnTransformer({
      transformers: [["texts", new OneHotEncoder({ handleUnknown: "ignore" }), ["text"]]],
      remainder: "passthrough",
    });
    const whole = (): Pipeline =>
      new Pipeline({
        steps: [
          ["columns", step.clone()],
          ["logistic", new LogisticRegression({ tol: 1e-8 })],
        ],
      });
    const settings = {
      paramGrid: { logistic__C: [0.01, 1] },
      cv: 3,
      scoring: ["accuracy", "neg_log_loss"],
      refit: false,
    } as const;
    const search = await new GridSearchCV({ estimator: whole(), ...settings }).fit(frame, labels);
    const other = await new GridSearchCV({ estimator: alone(whole()), ...settings }).fit(frame, labels);
    for (const name of ["mean_test_accuracy", "mean_test_neg_log_loss"] as const)
      expectClose([...(search.cvResults[name] as Float64Array)], [...(other.cvResults[name] as Float64Array)], {
        rtol: 1e-8,
        atol: 1e-10,
      });
  });
});
