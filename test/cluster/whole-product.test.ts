import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "#src/engine/dask/connect.js";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { localEngine, setEngine } from "#src/engine/default-engine.js";
import type { LocalEngine } from "#src/engine/local/local-engine.js";
import { wholeProduct } from "../whole-product/index.js";
import { settled, type Work } from "../whole-product/work.js";
import { testPython as python } from "./test-python.js";

let cluster: LocalCluster;
let dask: DaskEngine;
let local: LocalEngine;
/** Bytes that the sidecars hold when nobody keeps anything. */
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

/** The same work on both engines; what comes out has to be the same to the bit (`Object.is` for every number). */
async function sameOnBoth(work: Work): Promise<void> {
  setEngine(local);
  const expected = await settled(work());
  setEngine(dask);
  expect(await settled(work())).toEqual(expected);
  await expect.poll(held, { message: "bytes that workers still hold" }).toBe(base);
}

// That these are all that there is, test/whole-product/whole-product.test.ts sees to.
for (const [group, table] of Object.entries(wholeProduct)) {
  describe(`${group}: the same bits on the cluster as on this machine, and nothing is left on the workers`, () => {
    for (const [name, work] of Object.entries(table)) it(name, () => sameOnBoth(work));
  });
}
