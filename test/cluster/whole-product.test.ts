import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pl from "nodejs-polars";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDiabetes, makeClassification } from "#datasets/index.js";
import { LogisticRegression } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { connect } from "#src/engine/dask/connect.js";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { localEngine, setEngine } from "#src/engine/default-engine.js";
import type { Engine } from "#src/engine/engine.js";
import type { LocalEngine } from "#src/engine/local/local-engine.js";
import { readParquet } from "#src/io/read-parquet.js";
import { GridSearchCV } from "#src/model-selection/index.js";
import { checkData, cut } from "#src/testing/check-data.js";
import { testSubjects } from "#src/testing/index.js";
import { outputsOf } from "#src/testing/outputs.js";
import { inTempFolder } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

let cluster: LocalCluster;
let dask: DaskEngine;
let local: LocalEngine;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python });
  dask = await connect(cluster.address, { python });
  local = localEngine({ threads: 2 });
});

afterAll(async () => {
  setEngine(undefined);
  await dask.close();
  await local.close();
  await cluster.close();
});

/** The same work on both engines; what comes out has to be the same to the bit (`Object.is` for every number). */
async function sameOnBoth(work: (engine: Engine) => Promise<unknown>): Promise<void> {
  setEngine(local);
  const expected = await work(local);
  setEngine(dask);
  expect(await work(dask)).toEqual(expected);
}

describe("every estimator gives the same model and the same outputs on the cluster as on this machine", () => {
  for (const subject of testSubjects) {
    it(subject.name, async () => {
      const data = checkData(subject);
      await sameOnBoth(async () => {
        const { X, y } = cut(data, [40, 0, 50, 30]);
        const model = subject.make();
        await model.fit(X, y);
        return [model.toJSON(), await outputsOf(subject, model, X)];
      });
    });
  }
});

/** 200 rows of every kind of column, with nulls. */
function frame(): DistributedDataFrame {
  const rows = Array.from({ length: 200 }, (_, i) => i);
  return DistributedDataFrame.fromColumns<Record<string, ArrayLike<unknown>>>(
    {
      id: rows,
      group: rows.map((i) => ["red", "green", "blue"][i % 3]),
      value: rows.map((i) => (i % 17 === 0 ? null : Math.sin(i) * 100)),
      when: rows.map((i) => new Date(Date.UTC(2024, 0, 1 + (i % 40)))),
    },
    { partitions: 5 },
  );
}

const rowsOf = async (one: DistributedDataFrame): Promise<unknown> => (await one.compute()).toRecords();

const frameVerbs: Record<string, () => Promise<unknown>> = {
  "select, filter and withColumns": () =>
    rowsOf(
      frame()
        .filter(pl.col("id").gt(20))
        .withColumns({ twice: pl.col("value").mul(2) })
        .select("id", "twice"),
    ),
  "drop, rename and cast": () =>
    rowsOf(
      frame()
        .drop("when")
        .rename({ value: "v" })
        .cast({ id: "Float32" } as never),
    ),
  "fillNull and dropNulls": async () => [
    await rowsOf(frame().fillNull({ value: -1 })),
    await rowsOf(frame().dropNulls("value")),
  ],
  "head, tail and sample": async () => [
    await rowsOf(frame().head(7)),
    await rowsOf(frame().tail(7)),
    await rowsOf(frame().sample(0.3, { randomState: 5 })),
  ],
  "concat and repartition": () => rowsOf(frame().concat(frame()).repartition(3)),
  "describe, valueCounts, countRows": async () => [
    (await frame().describe()).toRecords(),
    await frame().valueCounts("group"),
    await frame().countRows(),
  ],
  "series: classes, unique, min, max, mean": async () => {
    const value = frame().column("value");
    return [await frame().column("group").classes(), await value.min(), await value.max(), await value.mean()];
  },
  "toArray and persist": async () => {
    const kept = await frame().fillNull({ value: 0 }).persist();
    const numbers = await kept.select("id", "value").toArray().compute();
    kept.release();
    return numbers.toFlat();
  },
};

describe("every verb of frames gives the same rows", () => {
  for (const [name, work] of Object.entries(frameVerbs)) it(name, () => sameOnBoth(work));
});

/** 300 x 4 numbers in uneven partitions. */
function array(): DistributedArray {
  const columns = [1, 2, 3, 4].map((k) => Float64Array.from({ length: 300 }, (_, i) => Math.cos(i * k) * k));
  return DistributedArray.fromColumns(columns, { partitions: 7 });
}

const arrayVerbs: Record<string, () => Promise<unknown>> = {
  arithmetic: async () =>
    (await array().add(1).mul([1, 2, 3, 4]).sub(0.5).div(3).abs().sqrt().square().neg().exp().compute()).toFlat(),
  "comparisons, minimum and maximum": async () =>
    (await array().minimum(1).maximum(-1).gt(0).add(array().le(0.5)).compute()).toFlat(),
  "columns, cast and dot": async () =>
    (
      await array()
        .columns([3, 1])
        .cast("f32")
        .cast("f64")
        .dot([[1], [2]])
        .compute()
    ).toFlat(),
  "mean, sum, variance, min, max, quantile": async () => {
    const one = array();
    return [
      await one.mean(),
      await one.sum(),
      await one.variance(),
      await one.min(),
      await one.max(),
      await one.quantile(0.3),
    ];
  },
  "repartition and persist": async () => {
    const kept = await array().repartition(3).persist();
    const values = (await kept.mul(2).compute()).toFlat();
    kept.release();
    return values;
  },
};

describe("every verb of arrays gives the same numbers", () => {
  for (const [name, work] of Object.entries(arrayVerbs)) it(name, () => sameOnBoth(work));
});

describe("whole jobs", () => {
  it("a grid search finds the same scores and the same best model", () =>
    sameOnBoth(async () => {
      const { X, y } = makeClassification({ nSamples: 600, nFeatures: 6, partitions: 4, randomState: 2 });
      const search = new GridSearchCV({ estimator: new LogisticRegression(), paramGrid: { C: [0.1, 1, 10] }, cv: 3 });
      await search.fit(X, y);
      return [search.bestParams, search.bestScore, (search.bestEstimator as LogisticRegression).toJSON()];
    }));

  it("scoring to Parquet writes the same rows into the same files", () =>
    sameOnBoth(() =>
      inTempFolder(async (folder) => {
        const { X, y } = makeClassification({ nSamples: 1000, nFeatures: 5, partitions: 4, randomState: 9 });
        const model = await new LogisticRegression().fit(X, y);
        const scored = DistributedDataFrame.fromArray(X).withArrays({ p: model.predictProba(X).column(1) });
        await scored.writeParquet(join(folder, "scores"));
        const names = readdirSync(join(folder, "scores")).toSorted();
        const bytes = names.map((name) => readFileSync(join(folder, "scores", name)).toString("base64"));
        const back = await readParquet(join(folder, "scores", "*.parquet"));
        return [names, bytes, (await back.compute()).toRecords()];
      }),
    ));

  it("local rows of a real set are fitted where they are, or on the cluster, to the same bits", () =>
    sameOnBoth(async () => {
      const { X, y } = loadDiabetes({ partitions: 3 });
      const { LinearRegression } = await import("#models/index.js");
      const model = await new LinearRegression().fit(X, y);
      return [model.coef, model.intercept];
    }));
});
