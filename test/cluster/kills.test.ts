import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeClassification } from "#datasets/index.js";
import { HistGradientBoostingClassifier, LogisticRegression } from "#models/index.js";
import { connect } from "#src/engine/dask/connect.js";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { localEngine, setEngine } from "#src/engine/default-engine.js";
import { testPython } from "./test-python.js";

const python = testPython;
let cluster: LocalCluster;
let engine: DaskEngine;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python });
  engine = await connect(cluster.address, { python });
});

afterAll(async () => {
  setEngine(undefined);
  await engine.close();
  await cluster.close();
});

const { X, y } = makeClassification({ nSamples: 8000, nFeatures: 8, partitions: 8, randomState: 3 });

/** Ends processes without a word, in the middle of what they do. */
const kills: Record<string, () => Promise<void>> = {
  "a sidecar": async () => {
    const [worker] = await engine.workers();
    process.kill(worker?.sidecar?.pid ?? 0, "SIGKILL");
  },
  "a worker": async () => {
    await cluster.kill(0);
  },
  "a worker and the other one's sidecar": async () => {
    const workers = await engine.workers();
    const other = workers.find((worker) => worker.name.startsWith("worker-1"));
    process.kill(other?.sidecar?.pid ?? 0, "SIGKILL");
    await cluster.kill(0);
  },
};

/** Fits of which several passes over held partitions are under way when something dies. */
const fits: Record<string, (onPass: () => void) => Promise<unknown>> = {
  "an L-BFGS fit": async (onPass) => {
    const model = new LogisticRegression({ maxIter: 12, tol: 1e-14, C: 1e6 });
    await model.fit(X, y, { onProgress: onPass });
    return model.toJSON();
  },
  "a boosting fit": async (onPass) => {
    const model = new HistGradientBoostingClassifier({ maxIter: 6, maxLeafNodes: 7, randomState: 1 });
    await model.fit(X, y, { onProgress: onPass });
    return model.toJSON();
  },
};

describe("kill -9", () => {
  for (const [what, fit] of Object.entries(fits)) {
    for (const [who, kill] of Object.entries(kills)) {
      it(`of ${who} in the middle of ${what} changes no bit of the model`, async () => {
        const local = localEngine({ threads: 2 });
        setEngine(local);
        let passes = 0;
        const expected = await fit(() => (passes += 1));
        await local.close();
        setEngine(engine);
        expect(await engine.workers()).toHaveLength(2);
        let seen = 0;
        let killed: Promise<void> | undefined;
        const model = await fit(() => {
          seen += 1;
          if (seen >= passes / 2) killed ??= kill();
        });
        await killed;
        expect(model).toEqual(expected);
        for (const [i, worker] of cluster.workers.entries()) if (worker.address === undefined) await cluster.restart(i);
        // The restarted worker is told about in a moment; a later fit has to have both.
        await expect.poll(async () => (await engine.workers()).filter((worker) => worker.sidecar).length).toBe(2);
      });
    }
  }
});
