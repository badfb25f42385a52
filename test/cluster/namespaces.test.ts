import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCluster } from "#src/engine/dask/local-cluster.js";
import { connectionProblem } from "#src/engine/dask/connection-problem.js";
import { parseAddress } from "#src/engine/dask/dask-options.js";
import { makeNetwork, namespacesAreMissing, type TestHost, type TestNetwork } from "./namespaces.js";
import { testPython } from "./test-python.js";

const missing = namespacesAreMissing();
if (missing !== undefined) console.log(`SKIPPED: tests on two hosts: ${missing}`);

describe.skipIf(missing !== undefined)("two test hosts", () => {
  let network: TestNetwork;
  let first: TestHost;
  let second: TestHost;
  beforeAll(() => {
    network = makeNetwork(2);
    [first, second] = network.hosts as [TestHost, TestHost];
  });
  afterAll(() => network.close());

  it("run a scheduler and workers that find each other, and a cut cable is noticed by silence only", async () => {
    await using cluster = await startCluster({
      workers: 1,
      python: testPython,
      host: first.address,
      prefix: first.prefix,
    });
    await cluster.addWorker({ host: second.address, prefix: second.prefix });
    expect(cluster.workers.map((worker) => worker.address?.split(":")[1])).toEqual([
      `//${first.address}`,
      `//${second.address}`,
    ]);

    const scheduler = parseAddress(cluster.address);
    expect(await connectionProblem(scheduler, 2000)).toBeUndefined();
    first.cut();
    await sleep(100);
    expect(await connectionProblem(scheduler, 500)).toEqual({
      what: `no answer from ${first.address} port ${scheduler.port} within 500 ms: a firewall drops it, or the host is down`,
      mend: `let TCP port ${scheduler.port} of ${first.address} through from this machine`,
    });
    first.restore();
    expect(await connectionProblem(scheduler, 5000)).toBeUndefined();
  });
});
