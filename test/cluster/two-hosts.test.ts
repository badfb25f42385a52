import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { type LocalCluster, type LocalClusterOptions, startCluster } from "#src/engine/dask/local-cluster.js";
import { connect, LocalEngine, setEngine } from "#src/index.js";
import { engineCases } from "../engine/engine-cases.js";
import { killJobs } from "./kill-jobs.js";
import { makeNetwork, namespacesAreMissing, type TestHost, type TestNetwork } from "./namespaces.js";
import { teamFit } from "./team-fit.js";
import { testPython } from "./test-python.js";

const python = testPython;
const missing = namespacesAreMissing();
if (missing !== undefined) console.log(`SKIPPED: the engine on two hosts: ${missing}`);

// How soon a silent connection counts as lost; Dask waits 30 seconds unless told, and cannot do with less than 12.
const IMPATIENT = { DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP: "14s" };
const [lbfgs] = killJobs;

describe.skipIf(missing !== undefined)("on two hosts", () => {
  let network: TestNetwork;
  let first: TestHost;
  let second: TestHost;
  const clusters: LocalCluster[] = [];
  const scriptArguments = ["dask", "", python];

  /** A scheduler on the first host, and a worker on each. */
  async function clusterOn(options: LocalClusterOptions): Promise<LocalCluster> {
    const cluster = await startCluster({
      ...options,
      workers: 1,
      python,
      host: first.address,
      prefix: first.prefix,
    });
    clusters.push(cluster);
    await cluster.addWorker({ host: second.address, prefix: second.prefix });
    return cluster;
  }

  let shared: LocalCluster;
  beforeAll(async () => {
    network = makeNetwork(2);
    [first, second] = network.hosts as [TestHost, TestHost];
    shared = await clusterOn({});
    scriptArguments[1] = shared.address;
  });
  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.close()));
    network.close();
  });

  engineCases(
    "dask (2 hosts)",
    async (limits) => {
      let cluster = shared;
      if (limits?.memoryLimit !== undefined || limits?.tempDirectory !== undefined) {
        const env: Record<string, string> = {};
        if (limits.memoryLimit !== undefined) env["PARTWISE_MEMORY_LIMIT"] = String(limits.memoryLimit);
        if (limits.tempDirectory !== undefined) env["PARTWISE_TEMP"] = limits.tempDirectory;
        cluster = await startCluster({ workers: 1, python, host: second.address, prefix: second.prefix, env });
        clusters.push(cluster);
      }
      return { engine: new DaskEngine(cluster.address, { python }) };
    },
    {
      scriptArguments,
      scriptTimeout: 30_000,
      skip: [
        {
          case: "a value that was put without a source and is lost says so",
          reason: "large values that are put stay with Dask until a task reads them, not in a sidecar's spill files",
        },
      ],
    },
  );

  it("trees are grown by members on both", async () => {
    const engine = await connect(shared.address, { python });
    const alone = new LocalEngine({ threads: 1 });
    const { model, teams, rounds } = await teamFit(engine);
    expect(model).toEqual((await teamFit(alone)).model);
    expect(teams).toBeGreaterThan(0);
    expect(rounds).toBeLessThan(12);
    await alone.close();
    await engine.close();
  });

  describe("a fit whose network is cut between a worker and the rest", () => {
    let expected: unknown;
    let engine: DaskEngine | undefined;
    beforeAll(async () => {
      const local = new LocalEngine({ threads: 2 });
      setEngine(local);
      expected = await lbfgs?.run(() => {});
      await local.close();
      const cluster = await clusterOn({ env: IMPATIENT });
      // The gateway is this process's child and has its environment.
      Object.assign(process.env, IMPATIENT);
      engine = await connect(cluster.address, { python });
      setEngine(engine);
    });
    afterAll(async () => {
      for (const name of Object.keys(IMPATIENT)) delete process.env[name];
      setEngine(undefined);
      await engine?.close();
    });

    /** Runs the fit, cuts the second host off in its middle, and plugs it in again after so many milliseconds. */
    async function fitWithCut(forMs: number): Promise<unknown> {
      let told = 0;
      let mended: Promise<void> | undefined;
      try {
        const result = await lbfgs?.run(() => {
          if (++told !== 4) return;
          second.cut();
          if (forMs < Infinity) mended = sleep(forMs).then(() => second.restore());
        });
        expect(told).toBeGreaterThan(4);
        return result;
      } finally {
        if (mended) await mended;
        else second.restore();
      }
    }

    it("waits out a short cut and ends with the bits of the local engine", async () => {
      expect(await fitWithCut(1000)).toEqual(expected);
    });

    it("goes on without the worker when the cut stays, and ends with the same bits", async () => {
      expect(await fitWithCut(Infinity)).toEqual(expected);
    });
  });
});
