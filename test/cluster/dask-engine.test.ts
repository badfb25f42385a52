import { afterAll, beforeAll } from "vitest";
import { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { engineCases } from "../engine/engine-cases.js";
import { testPython } from "./test-python.js";

const python = testPython;
const clusters: LocalCluster[] = [];
const scriptArguments = ["dask", "", python];
let shared: LocalCluster;

beforeAll(async () => {
  shared = await startCluster({ workers: 2, python });
  clusters.push(shared);
  scriptArguments[1] = shared.address;
});

afterAll(() => Promise.all(clusters.map((cluster) => cluster.close())));

engineCases(
  "dask (2 worker processes)",
  async (limits) => {
    let cluster = shared;
    if (limits?.memoryLimit !== undefined || limits?.tempDirectory !== undefined) {
      // Limits belong to workers: these cases get a cluster of their own.
      const env: Record<string, string> = {};
      if (limits.memoryLimit !== undefined) env["PARTWISE_MEMORY_LIMIT"] = String(limits.memoryLimit);
      if (limits.tempDirectory !== undefined) env["PARTWISE_TEMP"] = limits.tempDirectory;
      cluster = await startCluster({ workers: 1, python, env });
      clusters.push(cluster);
    }
    const engine = new DaskEngine(cluster.address, { python });
    return { engine };
  },
  {
    scriptArguments,
    // Python takes seconds to start on a busy machine.
    scriptTimeout: 30_000,
    skip: [
      {
        case: "a value that was put without a source and is lost says so",
        reason: "large values that are put stay with Dask until a task reads them, not in a sidecar's spill files",
      },
    ],
  },
);
