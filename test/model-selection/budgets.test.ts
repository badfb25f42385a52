import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogisticRegression, PoissonRegressor, Ridge, SGDClassifier } from "#models/index.js";
import { OneHotEncoder, StandardScaler } from "#preprocessing/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { polars } from "#src/collections/frame/polars.js";
import { ColumnTransformer } from "#src/compose/column-transformer.js";
import { makePipeline } from "#src/compose/pipeline.js";
import type { FitOptions } from "#src/estimator/design.js";
import type { MatrixInput, VectorInput } from "#src/estimator/inputs.js";
import {
  AshaSearchCV,
  crossValScore,
  GridSearchCV,
  HalvingRandomSearchCV,
  HyperbandSearchCV,
  IncrementalSearchCV,
  InverseDecaySearchCV,
  KFold,
  logUniform,
  RandomizedSearchCV,
  uniform,
  when,
} from "#src/model-selection/index.js";
import { neededColumns } from "#src/model-selection/needed-columns.js";
import type { ParamSet } from "#src/model-selection/index.js";
import { loadModel, saveModel } from "#src/persistence/index.js";
import { expectClose } from "../checks/tolerances.js";

const rows = 160;
const wave = (k: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => Math.sin((k + 1) * (i + 1)) * 3);
const X = (partitions = 4): DistributedArray => DistributedArray.fromColumns([wave(0), wave(1)], { partitions });
const y = wave(0).map((value, i) => value + (wave(5)[i] as number));
const labels = Array.from(y, (value) => (value > 0 ? "up" : "down"));

/** A ridge regression of the block that came last; its score grows with the calls that it has had, up to `alpha` of them. */
class Steps extends Ridge {
  static calls = 0;
  calls = 0;

  async partialFit(block: MatrixInput, target: VectorInput, options?: FitOptions): Promise<this> {
    this.calls += 1;
    Steps.calls += 1;
    return this.fit(block, target, options ?? {});
  }

  override score(): Promise<number> {
    return Promise.resolve(Math.min(this.calls, this.getParams().alpha));
  }
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "search-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("IncrementalSearchCV", () => {
  it("trains every draw to the end, and with patience only those that still rise", async () => {
    const make = (more: object): IncrementalSearchCV =>
      new IncrementalSearchCV({
        estimator: new Steps(),
        paramDistributions: { alpha: [3, 30] },
        nInitialParameters: "grid",
        maxIter: 20,
        ...more,
      });
    const all = make({});
    expect(all.metadata).toMatchObject({ nModels: 2, totalResource: 40, seconds: undefined });
    await all.fit(X(), y);
    expect(all.history.length).toBe(40);
    expect(all.metadata.seconds).toBeGreaterThan(0);
    const patient = await make({ patience: 4, fitsPerScore: 2 }).fit(X(), y);
    const had = patient.cvResults["n_resources"] as Float64Array;
    expect([...had]).toEqual([8, 20]);
    expect(patient.bestParams).toEqual({ alpha: 30 });
    expect((patient.bestEstimator as Steps).calls).toBe(20);
  });
});

describe("InverseDecaySearchCV and AshaSearchCV", () => {
  it("give more calls to fewer trials, and keep the model that was trained longest", async () => {
    const space = { estimator: new Steps(), paramDistributions: { alpha: uniform(1, 50) }, randomState: 1 };
    Steps.calls = 0;
    const decay = new InverseDecaySearchCV({ ...space, nInitialParameters: 20, maxIter: 30 });
    await decay.fit(X(), y);
    expect(Steps.calls).toBe(decay.metadata.totalResource);
    const had = (decay.cvResults["n_resources"] as Float64Array).toSorted();
    expect(had.at(-1)).toBeGreaterThan(had[10] as number);
    const asha = await new AshaSearchCV({ ...space, nIter: 18, maxIter: 9, parallelTrials: 1 }).fit(X(), y);
    expect(asha.cvResults["n_resources"]?.[asha.bestIndex]).toBe(9);
    const at = (amount: number): number => asha.history.filter(({ resource }) => resource === amount).length;
    expect([at(1), at(3), at(9)]).toEqual([18, 6, 2]);
    expect(() => new AshaSearchCV({ ...space, minIter: 9, maxIter: 3 })).toThrow(
      "minIter must be <= maxIter (3); got 9",
    );
  });
});

describe("resources", () => {
  it("may be seconds of partialFit", async () => {
    const search = new HyperbandSearchCV({
      estimator: new SGDClassifier({ randomState: 0 }),
      paramDistributions: { alpha: logUniform(1e-6, 1e-1) },
      resource: "seconds",
      maxIter: 1,
    });
    await search.fit(X(), labels);
    expect(search.history.every(({ fitTime }) => fitTime >= 1)).toBe(true);
    expect(
      () => new HyperbandSearchCV({ estimator: new Ridge(), paramDistributions: { alpha: [1] }, resource: "seconds" }),
    ).toThrow("Ridge has no partialFit");
  });

  it("may be a parameter with a warm start, within a pipeline too", async () => {
    const make = (warmStart: boolean): HyperbandSearchCV =>
      new HyperbandSearchCV({
        estimator: new LogisticRegression({ tol: 1e-10 }),
        paramDistributions: { C: [0.5, 2] },
        resource: "maxIter",
        maxIter: 9,
        warmStart,
      });
    const [cold, warm] = [await make(false).fit(X(), labels), await make(true).fit(X(), labels)];
    expect(warm.cvResults.params).toEqual(cold.cvResults.params);
    expect((warm.bestEstimator as LogisticRegression).getParams()).toMatchObject({ maxIter: 9, warmStart: false });
    // A pipeline's last step goes on from its own model too.
    const model = makePipeline(new StandardScaler(), new LogisticRegression({ warmStart: true }));
    const nIter = async (): Promise<number> => ((await model.fit(X(), labels)).step(-1) as LogisticRegression).nIter;
    const first = await nIter();
    expect(await nIter()).toBeLessThan(first);
    const none = new HyperbandSearchCV({
      estimator: new Ridge(),
      paramDistributions: { alpha: [1] },
      resource: "maxIter",
      warmStart: true,
    });
    await expect(none.fit(X(), y)).rejects.toThrow('Ridge: unknown parameter "');
    expect(
      () =>
        new HyperbandSearchCV({
          estimator: new Ridge(),
          paramDistributions: { alpha: [1] },
          resource: "nSamples",
          warmStart: true,
        }),
    ).toThrow('warmStart is for a parameter as the resource, such as "maxIter"');
  });

  it("let HalvingRandomSearchCV draw as many candidates as use all rows at the end", async () => {
    const space = { estimator: new Ridge(), paramDistributions: { alpha: logUniform(1e-3, 1e3) } };
    const search = await new HalvingRandomSearchCV({ ...space, factor: 2 }).fit(X(), y);
    // 128 train rows, at least 20 of them at first: six candidates.
    expect(search.history.map(({ resource }) => resource)).toEqual([32, 32, 32, 32, 32, 32, 64, 64, 64, 128, 128]);
    const three = await new HalvingRandomSearchCV({ ...space, nCandidates: 3 }).fit(X(), y);
    expect(three.cvResults.params).toEqual(search.cvResults.params.slice(0, 3));
  });
});

describe("what a search shares", () => {
  const frame = (): DistributedDataFrame =>
    DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>(
      { a: wave(0), city: labels, junk: wave(3), b: wave(1), text: labels },
      { partitions: 3 },
    ) as unknown as DistributedDataFrame;
  const columns = (): ColumnTransformer =>
    new ColumnTransformer({
      transformers: [
        ["numbers", new StandardScaler(), ["b", "a"]],
        ["city", new OneHotEncoder(), ["city"]],
      ],
    });

  it("are the columns that a pipeline needs: the best estimator still knows of all", async () => {
    const model = makePipeline(columns(), new Ridge());
    const needed = (params: object): string[] =>
      Object.keys((neededColumns(model, frame(), [params as ParamSet]) as DistributedDataFrame).schema);
    expect(needed({ ridge__alpha: 1 }).length).toBe(3);
    // A candidate that may need others, and columns by position, which would be others.
    expect(needed({ columntransformer__remainder: "passthrough" }).length).toBe(5);
    const byPosition = new ColumnTransformer({ transformers: [["b", new StandardScaler(), [3, 0]]] });
    expect(
      (neededColumns(makePipeline(byPosition, new Ridge()), frame(), []) as DistributedDataFrame).schema,
    ).toHaveProperty("junk");
    const search = new GridSearchCV({ estimator: model, paramGrid: { ridge__alpha: [0.1, 1] }, cv: 3 });
    await search.fit(frame(), y);
    expect(search.featureNames).toEqual(["a", "city", "junk", "b", "text"]);
    const alone = await makePipeline(columns(), new Ridge()).setParams(search.bestParams).fit(frame(), y);
    const [ours, theirs] = await Promise.all(
      [search, alone].map((one) => (one.predict(frame()) as DistributedArray).compute()),
    );
    expectClose(ours?.toVector() as Float64Array, theirs?.toVector() as Float64Array, { rtol: 1e-9, atol: 1e-12 });
    const scores = await crossValScore(makePipeline(columns(), new Ridge({ alpha: 0.1 })), frame(), y, { cv: 3 });
    expectClose(
      [0, 1, 2].map((k) => search.cvResults[`split${k}_test_score`]?.[0] as number),
      scores,
      { rtol: 1e-9, atol: 1e-12 },
    );
  });

  it("are fitted steps before those that candidates change, once a fold", async () => {
    let fits = 0;
    class Scaler extends StandardScaler {
      override fit(...args: Parameters<StandardScaler["fit"]>): Promise<this> {
        fits += 1;
        return super.fit(...args);
      }
    }
    const model = makePipeline(new Scaler(), new Ridge());
    const search = new GridSearchCV({ estimator: model, paramGrid: { ridge__alpha: [0.1, 1, 10, 100] }, cv: 5 });
    await search.fit(X(), y);
    expect(fits).toBe(6);
    expect((search.bestEstimator as typeof model).getParams().memory).toBeNull();
  });

  it("are options by row: exposure and offset are cut with the rows", async () => {
    const exposure = Float64Array.from({ length: rows }, (_, i) => 1 + (i % 7));
    const counts = Float64Array.from(exposure, (time, i) => Math.round(time * Math.exp(0.2 * (wave(0)[i] as number))));
    const cv = new KFold({ nSplits: 2 });
    const alpha = 1e-6;
    const search = await new GridSearchCV({ estimator: new PoissonRegressor(), paramGrid: { alpha: [alpha] }, cv }).fit(
      X(),
      counts,
      { exposure } as FitOptions,
    );
    const half = rows / 2;
    const model = new PoissonRegressor({ alpha });
    const part = (values: Float64Array, from: number): Float64Array => values.slice(from, from + half);
    const block = (from: number): DistributedArray =>
      DistributedArray.fromColumns([part(wave(0), from), part(wave(1), from)]);
    await model.fit(block(half), part(counts, half), { exposure: part(exposure, half) });
    const score = await model.score(block(0), part(counts, 0), { exposure: part(exposure, 0) });
    expectClose([search.cvResults["split0_test_score"]?.[0] as number], [score], { rtol: 1e-5, atol: 1e-7 });
  });
});

describe("a fitted search", () => {
  const fitted = (): Promise<RandomizedSearchCV> =>
    new RandomizedSearchCV({
      estimator: makePipeline(new StandardScaler(), new Ridge()),
      paramDistributions: {
        ridge__alpha: logUniform(1e-3, 1e3),
        ridge__fitIntercept: when({ ridge: "never" }, [true]),
        ridge: [new Ridge(), new Ridge({ fitIntercept: false })],
      },
      nIter: 5,
      cv: new KFold({ nSplits: 3, shuffle: true, randomState: 2 }),
    }).fit(X(), y);

  it("is saved with its results, history and best estimator, and read back", async () => {
    const search = await fitted();
    const path = join(folder, "search.partwise");
    await saveModel(search, path);
    for (const again of [
      await loadModel<RandomizedSearchCV>(path),
      RandomizedSearchCV.fromJSON(JSON.parse(JSON.stringify(search))),
    ]) {
      expect(again).toBeInstanceOf(RandomizedSearchCV);
      expect(again.bestScore).toBe(search.bestScore);
      expect(again.history).toEqual(search.history.map((entry) => ({ ...entry, params: expect.anything() })));
      expect(again.cvResults["mean_test_score"]).toEqual(search.cvResults["mean_test_score"]);
      expect(again.cvResults.error).toEqual(search.cvResults.error);
      expect(again.cvResults["param_ridge__alpha"]).toEqual(search.cvResults["param_ridge__alpha"]);
      const [a, b] = await Promise.all([again, search].map((one) => (one.predict(X()) as DistributedArray).compute()));
      expect(a).toEqual(b);
      // The space came along: the same draws.
      const refit = await again.clone().fit(X(), y);
      expect(refit.bestScore).toBe(search.bestScore);
    }
    expect(RandomizedSearchCV.fromJSON(search.clone().toJSON()).isFitted).toBe(false);
  });

  it("is not saved with what no file can hold", async () => {
    const search = await new GridSearchCV({
      estimator: new Ridge(),
      paramGrid: { alpha: [1] },
      refit: () => 0,
    }).fit(X(), y);
    expect(() => search.toJSON()).toThrow("GridSearchCV: refit is () => 0, which no file can hold. Save bestEstimator");
  });

  it("exports trials and history as Parquet and CSV", async () => {
    const search = await fitted();
    const [parquet, csv] = [join(folder, "deep", "trials.parquet"), join(folder, "history.csv")];
    search.exportTrials(parquet);
    search.exportTrials(csv, { history: true });
    const table = polars().readParquet(parquet);
    expect(table.shape).toEqual({ height: 5, width: expect.any(Number) });
    expect(table.getColumn("param_ridge__alpha").toArray()).toEqual(search.cvResults["param_ridge__alpha"]);
    expect(table.getColumn("param_ridge").toArray()[0]).toMatch(/^Ridge\{/);
    const [head, ...lines] = readFileSync(csv, "utf8").trim().split("\n");
    expect(head).toContain("modelId,bracket,resource,score");
    expect(lines.length).toBe(5);
    expect(() => search.exportTrials("trials.json")).toThrow("the path must end in .parquet or .csv");
  });
});

describe("progress", () => {
  it("tells how much of the resource is spent, the bracket and the best so far", async () => {
    const seen: { done: number; total: number; detail?: Readonly<Record<string, number>> }[] = [];
    const search = new HyperbandSearchCV({
      estimator: new Steps(),
      paramDistributions: { alpha: uniform(1, 9) },
      maxIter: 9,
    });
    await search.fit(X(), y, {
      onProgress: (progress) => progress.stage === "HyperbandSearchCV" && seen.push(progress),
    });
    expect(seen.at(-1)).toMatchObject({ done: 69, total: 69 });
    expect(seen.every(({ done }, k) => k === 0 || done >= (seen[k - 1]?.done ?? 0))).toBe(true);
    expect(seen.at(-1)?.detail).toMatchObject({ best: search.bestScore });
    expect(new Set(seen.map(({ detail }) => detail?.["bracket"]))).toEqual(new Set([2, 1, 0]));
  });
});
