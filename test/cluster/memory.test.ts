import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connect } from "#src/engine/dask/connect.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { runGraph, task } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

const MB = 1_000_000;
let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 1, python, memoryLimit: 400 * MB });
});

afterAll(() => cluster.close());

/** What Dask's own client says about the cluster. */
async function asDaskSeesIt(expression: string): Promise<unknown> {
  const source = `import json, sys; from distributed import Client
client = Client(sys.argv[1], direct_to_workers=False); print(json.dumps(${expression}))`;
  const { stdout } = await promisify(execFile)(python, ["-c", source, cluster.address]);
  return JSON.parse(stdout);
}

it("a sidecar holds no more than its share of the worker's limit, spills the rest, and Dask knows of every byte", async () => {
  const engine = await connect(cluster.address, { python });
  const [worker] = await engine.workers();
  expect(worker?.sidecar?.limit).toBe(240 * MB);
  let spilled = 0;
  engine.on("spill", () => spilled++);
  // 20 x 16 MB, and their sums: more than the limit of the sidecar, less than that of the worker.
  const rows = MB;
  const keys = Array.from({ length: 20 }, (_, i) => `part-${i}`);
  const graph = keys.map((key, i) => task(key, "makeDense", [], { rows, start: i }, i));
  await engine.submit(graph, { keep: keys });
  await engine.wait(keys);
  // Handles are as large as what they stand for; Python's own memory holds none of it.
  const sizes = (await asDaskSeesIt("client.nbytes()")) as Record<string, number>;
  const seen = sizes["makeDense"] ?? 0;
  expect(seen).toBeGreaterThanOrEqual(20 * 16 * MB);
  expect(seen).toBeLessThan(20 * 17 * MB);
  const sums = keys.map((key, i) => task(`sum-${i}`, "sumDense", [key], undefined, i));
  const values = await runGraph(
    engine,
    sums,
    sums.map((one) => one.key),
  );
  expect(values).toEqual(keys.map((_, i) => rows * (rows - 1) + 2 * i * rows + rows / 2));
  expect(spilled).toBeGreaterThan(0);
  expect((await engine.workers())[0]?.sidecar?.held).toBeLessThanOrEqual(240 * MB);
  expect((await engine.workers())[0]?.sidecar?.lives).toBe(1);
  engine.release(keys);
  await expect.poll(async () => (await engine.workers())[0]?.sidecar?.held).toBe(0);
  await engine.close();
});

it("what happens in sidecars is told by topic, for other clients of the scheduler too", async () => {
  const engine = await connect(cluster.address, { python });
  const [worker] = await engine.workers();
  process.kill(worker?.sidecar?.pid ?? 0, "SIGKILL");
  await expect.poll(async () => (await engine.workers())[0]?.sidecar?.lives).toBe(2);
  const events = (await asDaskSeesIt("[one for at, one in client.get_events('partwise-sidecar')]")) as {
    type: string;
  }[];
  expect(events).toContainEqual(
    expect.objectContaining({
      type: "sidecar",
      id: `sidecar-${worker?.sidecar?.pid}`,
      on: worker?.id,
      reason: `sidecar ${worker?.sidecar?.pid} ended with code -9`,
    }),
  );
  await engine.close();
});
