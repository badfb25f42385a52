import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeClassification } from "#datasets/index.js";
import {
  HistGradientBoostingClassifier,
  HistGradientBoostingRegressor,
  LinearRegression,
  LogisticRegression,
  SGDRegressor,
} from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { AbortedError, DataError, MemoryLimitError, TaskError } from "#src/base/errors.js";
import { connect } from "#src/engine/dask/connect.js";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { localEngine, setEngine } from "#src/engine/default-engine.js";
import type { LocalEngine } from "#src/engine/local/local-engine.js";
import { DistributedArray, DistributedDataFrame, polars, readCsv } from "#src/index.js";
import { GridSearchCV } from "#src/model-selection/index.js";
import { inTempFolder, rejection, runGraph, task } from "../engine/engine-under-test.js";
import { errorOf } from "../whole-product/work.js";
import { testPython as python } from "./test-python.js";

let cluster: LocalCluster;
let dask: DaskEngine;
let local: LocalEngine;
let base: number;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python });
  dask = await connect(cluster.address, { python });
  local = localEngine({ threads: 2 });
  base = await held();
});

afterAll(async () => {
  setEngine(undefined);
  await dask.close();
  await local.close();
  await cluster.close();
});

async function held(): Promise<number> {
  return (await dask.workers()).reduce((sum, worker) => sum + (worker.sidecar?.held ?? 0), 0);
}

/** The error of the same work on the cluster, which says and knows what that of this machine does. */
async function sameError(work: () => Promise<unknown>): Promise<Error & { details?: Record<string, unknown> }> {
  setEngine(local);
  const expected = await rejection(work());
  setEngine(dask);
  const error = await rejection(work());
  expect(errorOf(error)).toEqual(errorOf(expected));
  await expect.poll(held, { message: "bytes that workers still hold" }).toBe(base);
  return error;
}

const USER = new URL("../whole-product/fixtures/user-functions.mjs", import.meta.url).href;
const numbers = (bad: (i: number) => number = Math.sin): DistributedArray =>
  DistributedArray.fromColumns(
    { a: Float64Array.from({ length: 120 }, (_, i) => i), b: Float64Array.from({ length: 120 }, (_, i) => bad(i)) },
    { partitions: 4 },
  );

describe("an error of a task is the same from the cluster as from this machine", () => {
  it("names column, partition and row of a value that a fit refuses", async () => {
    const error = await sameError(() =>
      new LinearRegression().fit(
        numbers((i) => (i === 67 ? Infinity : i)),
        numbers().column("a"),
      ),
    );
    expect(error).toBeInstanceOf(DataError);
    expect(error.details).toMatchObject({ column: "b", partition: 2, row: 7 });
  });

  it("of a lazy prediction, a verb, a file", () =>
    inTempFolder(async (folder) => {
      const model = await new LinearRegression().fit(numbers(), numbers().column("a"));
      await sameError(() => model.predict(numbers((i) => (i === 100 ? NaN : i))).compute());
      const frame = DistributedDataFrame.fromColumns({ t: ["1", "2", "x", "4"] }, { partitions: 2 });
      await sameError(() => frame.cast({ t: "Int32" } as never).compute());
      await sameError(() => frame.column("t").encode(["1", "2", "4"]).compute());
      const path = join(folder, "bad.csv");
      writeFileSync(path, `a,b\n1,2\n${"3,4\n".repeat(20)}5\n`);
      const csv = await readCsv(path);
      const error = await sameError(() => csv.compute());
      expect(error.message).toContain("bad.csv");
    }));

  it("of a user's function: its class's name, its message, its causes and the line that threw it", async () => {
    const mapped = (name: string) => () => numbers().mapPartitions({ module: USER, export: name }).compute();
    const own = await sameError(mapped("throwsOwnClass"));
    expect(own).toBeInstanceOf(TaskError);
    expect(own.details).toMatchObject({ partition: 3 });
    expect(own.cause).toMatchObject({ name: "PriceError", message: "price is below 0" });
    expect((own.cause as Error).cause).toMatchObject({ name: "RangeError", message: "row 7" });
    for (const error of [own, own.cause as Error])
      expect(error.stack).toMatch(/throwsOwnClass.*user-functions\.mjs:\d+/su);
  });

  it("of a user's function that throws what is no error", async () => {
    const mapped = (name: string) => () => numbers().mapPartitions({ module: USER, export: name }).compute();
    expect((await sameError(mapped("throwsText"))).message).toContain('"just a text"');
    expect((await sameError(mapped("throwsObject"))).message).toContain("an object");
  });

  it("of a user's module or function that is not there, or gives back what cannot travel", async () => {
    const mapped = (module: string, name: string) => () =>
      numbers().repartition(1).mapPartitions({ module, export: name }).compute();
    await sameError(mapped(new URL("../whole-product/fixtures/none.mjs", import.meta.url).href, "f"));
    await sameError(mapped(USER, "noSuchExport"));
    await sameError(mapped(USER, "returnsFunction"));
  });

  it("of a search whose fits fail, and of an objective of the user's", async () => {
    const { X, y } = makeClassification({ nSamples: 200, partitions: 4, randomState: 1 });
    const estimator = new SGDRegressor({ learningRate: "constant", eta0: 1e300 });
    await sameError(() =>
      new GridSearchCV({ estimator, paramGrid: { alpha: [0.1, 1] }, cv: 2, parallelTrials: 1 }).fit(X, y),
    );
    const loss = { module: USER, export: "noSuchExport" };
    await sameError(() => new HistGradientBoostingRegressor({ loss }).fit(X.repartition(1), y.repartition(1)));
  });

  it("of memory that there is not: says for what", async () => {
    for (const engine of [local, dask]) {
      const huge = task("huge", "allocate", [], { rows: 2 ** 30 }, 4);
      const error = await rejection(runGraph(engine, [huge], ["huge"]));
      expect(error).toBeInstanceOf(MemoryLimitError);
      expect(error.message).toMatch(/^partition 4 of demo: Memory: no room for 8589934592 bytes/u);
      expect(error.details).toMatchObject({ partition: 4, key: expect.stringMatching(/huge$/u) as string });
      expect(error.stack).toContain("allocate");
      engine.release(["huge"]);
    }
  });
});

/** Generated where it is needed; enough iterations to be stopped in the middle of. */
function problem() {
  return makeClassification({
    nSamples: 40_000,
    nFeatures: 10,
    nInformative: 5,
    flipY: 0.2,
    partitions: 8,
    randomState: 5,
  });
}

describe("a fit that is stopped", () => {
  const fits: Record<string, (options: { signal: AbortSignal; onProgress: () => void }) => Promise<unknown>> = {
    "an L-BFGS fit": (options) =>
      new LogisticRegression({ solver: "lbfgs", tol: 1e-12, maxIter: 500, C: 100 }).fit(
        problem().X,
        problem().y,
        options,
      ),
    "a boosting fit": (options) =>
      new HistGradientBoostingClassifier({ maxIter: 500 }).fit(problem().X, problem().y, options),
    "a search": (options) =>
      new GridSearchCV({ estimator: new LogisticRegression(), paramGrid: { C: [0.01, 0.1, 1, 10] }, cv: 3 }).fit(
        problem().X,
        problem().y,
        options,
      ),
  };
  for (const [name, fit] of Object.entries(fits)) {
    it(`${name}: says so with the reason, leaves nothing on the workers, and the next fit works`, async () => {
      setEngine(dask);
      const stop = new AbortController();
      let told = 0;
      const onProgress = (): void => {
        if (++told === 3) stop.abort(new Error("enough"));
      };
      const error = await rejection(fit({ signal: stop.signal, onProgress }));
      expect(error).toBeInstanceOf(AbortedError);
      expect(error.cause).toMatchObject({ message: "enough" });
      await expect.poll(held, { message: "bytes that workers still hold" }).toBe(base);
      expect((await new StandardScaler().fit(numbers())).mean).toHaveLength(2);
    });
  }
});

describe("workers with little memory", () => {
  it("fit what is larger than they may hold, partition by partition or as one", () =>
    inTempFolder(async (folder) => {
      const limit = 2 * 2 ** 20;
      mkdirSync(join(folder, "spill"));
      const env = { PARTWISE_MEMORY_LIMIT: String(limit), PARTWISE_TEMP: join(folder, "spill") };
      await using small = await startCluster({ workers: 1, python, env });
      const engine = await connect(small.address, { python });
      const spilled: number[] = [];
      engine.on("spill", ({ bytes }) => spilled.push(bytes));
      const make = (partitions: number) =>
        makeClassification({ nSamples: 50_000, nFeatures: 12, partitions, randomState: 2 });
      setEngine(local);
      const expected = await new LogisticRegression().fit(make(10).X, make(10).y);
      setEngine(engine);
      // 5 MB of rows.
      const model = await new LogisticRegression().fit(make(10).X, make(10).y);
      expect(model.toJSON()).toEqual(expected.toJSON());
      await expect.poll(() => spilled.length).toBeGreaterThan(0);
      // One partition above the limit is held nevertheless, alone.
      using whole = await make(1).X.persist();
      expect(await whole.sum()).toEqual(await make(1).X.sum());
      await engine.close();
      setEngine(dask);
    }));
});

describe("progress", () => {
  it("comes in the same stages as on this machine", async () => {
    const stagesOf = async (
      work: (onProgress: (event: { stage: string; total: number }) => void) => Promise<unknown>,
    ) => {
      const seen: unknown[] = [];
      for (const engine of [local, dask]) {
        setEngine(engine);
        const stages = new Map<string, number>();
        await work(({ stage, total }) => stages.set(stage, total));
        seen.push([...stages]);
      }
      expect((seen[0] as unknown[]).length).toBeGreaterThan(0);
      expect(seen[1]).toEqual(seen[0]);
    };
    const { X, y } = makeClassification({ nSamples: 400, nFeatures: 4, partitions: 4, randomState: 1 });
    await stagesOf((onProgress) => new LogisticRegression().fit(X, y, { onProgress }));
    await stagesOf((onProgress) => new HistGradientBoostingClassifier({ maxIter: 3 }).fit(X, y, { onProgress }));
    await stagesOf((onProgress) => X.persist({ onProgress }).then((kept) => kept.release()));
    await stagesOf((onProgress) => X.mean({ onProgress }));
    await stagesOf((onProgress) =>
      inTempFolder((folder) =>
        DistributedDataFrame.fromArray(X)
          .filter(polars().col("x0").gt(0))
          .writeParquet(join(folder, "out"), { onProgress }),
      ),
    );
  });
});
