import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "#src/engine/dask/connect.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { rejection, runGraph, task } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 1, python });
});

afterAll(() => cluster.close());

/** Starts workers of the shared cluster until there are enough. */
const scaler = {
  asked: [] as number[],
  async scale(workers: number): Promise<void> {
    this.asked.push(workers);
    while (cluster.workers.filter((worker) => worker.address !== undefined).length < workers) await cluster.addWorker();
  },
};

describe("looking after a cluster", () => {
  it("workers tell who they are, what they hold, and where their code comes from", async () => {
    const engine = await connect(cluster.address, { python });
    await runGraph(engine, [task("a", "makeDense", [], { rows: 10_000, start: 0 })], ["a"]);
    const [worker] = await engine.workers();
    expect(worker).toMatchObject({ name: "worker-0", threads: 1, state: "idle", sidecar: { lives: 1 } });
    expect(worker?.sidecar?.held).toBeGreaterThanOrEqual(160_000);
    expect(worker?.tasksDone).toBeGreaterThanOrEqual(1);
    engine.release(["a"]);
    await expect.poll(async () => (await engine.workers())[0]?.sidecar?.held).toBe(0);
    expect(engine.dashboardLink).toMatch(/^http:.*status$/);
    const logs = await engine.logs({ lines: 20 });
    expect([...logs.keys()]).toEqual([worker?.id]);
    expect(
      [...logs.values()].flat().some((line) => line.level === "INFO" && line.text.includes("partwise-worker")),
    ).toBe(true);
    await engine.close();
  });

  it("scales where it can, waits for workers, and says how long it has waited", async () => {
    const engine = await connect(cluster.address, { python, scaler });
    const late = await rejection(engine.waitForWorkers(9, { timeout: 0.2 }));
    expect(late.message).toMatch(/1 of 9 workers are there after 0\.2 s\. Start more \(`dask worker tcp:/);
    await engine.scale(2);
    expect(await engine.workers()).toHaveLength(2);
    await expect.poll(() => engine.parallelism).toBe(2);
    scaler.asked.length = 0;
    engine.adapt({ min: 2, max: 3, interval: 0.05 });
    const keys = Array.from({ length: 6 }, (_, i) => `slow-${i}`);
    await engine.submit(
      keys.map((key, i) => task(key, "slow", [], { ms: 300, value: i }, i)),
      { keep: keys },
    );
    expect(await engine.get(keys)).toEqual([0, 1, 2, 3, 4, 5]);
    await expect.poll(() => scaler.asked).toEqual([3, 2]);
    expect(() => engine.adapt({ min: 3, max: 2 })).toThrow(
      "adapt: min and max must be whole numbers, 0 <= min <= max; got 3 and 2.",
    );
    await engine.close();
    const other = await connect(cluster.address, { python });
    expect((await rejection(other.scale(3))).message).toMatch(/was started by others.*kubectl scale.*`scaler`/);
    await other.close();
  });

  it("scales a cluster of this machine, whose leaving workers hand over what they hold", async () => {
    await using own = await startCluster({ workers: 1, python });
    const engine = await connect(own.address, { python, scaler: own });
    await engine.scale(3);
    expect(await engine.workers()).toHaveLength(3);
    const made: string[] = [];
    engine.on("recompute", ({ key }) => made.push(key));
    const keys = Array.from({ length: 6 }, (_, i) => `held-${i}`);
    const graph = keys.map((key, i) => task(key, "makeDense", [], { rows: 10_000, start: i }, i));
    await engine.submit(graph, { keep: keys });
    await engine.wait(keys);
    expect(new Set([...(await engine.locate(keys)).values()].flat()).size).toBe(3);
    await engine.scale(1);
    await expect.poll(async () => (await engine.workers()).map((worker) => worker.name)).toEqual(["worker-0"]);
    expect(own.workers.map((worker) => worker.address === undefined)).toEqual([false, true, true]);
    const sums = keys.map((key, i) => task(`sum-${i}`, "sumDense", [key], undefined, i));
    const found = await runGraph(
      engine,
      sums,
      sums.map((each) => each.key),
    );
    expect(new Set(found).size).toBe(6);
    expect(made).toEqual([]);
    await engine.scale(2);
    expect(own.workers.map((worker) => worker.name).at(-1)).toBe("worker-3");
    await expect(own.scale(-1)).rejects.toThrow("LocalCluster.scale: workers must be a whole number >= 0; got -1.");
    await engine.close();
    const wrong = { scaler: { size: 3 } as never };
    expect((await rejection(connect(own.address, wrong))).message).toMatch(/scaler must have a method scale/);
  });

  it("runs tasks only where their resources are", async () => {
    const index = await cluster.addWorker({ resources: { GPU: 1 } });
    const engine = await connect(cluster.address, { python, resources: { GPU: 1 } });
    const keys = Array.from({ length: 6 }, (_, i) => `made-${i}`);
    const graph = keys.map((key, i) => task(key, "makeDense", [], { rows: 10_000, start: i }, i));
    await engine.submit(graph, { keep: keys });
    await engine.wait(keys);
    const places = new Set([...(await engine.locate(keys)).values()].flat());
    expect([...places]).toEqual([cluster.workers[index]?.address]);
    expect((await engine.workers()).find((worker) => places.has(worker.id))?.resources).toEqual({ GPU: 1 });
    await engine.close();
  });

  it("says what a performance report needs, or writes it", async () => {
    const engine = await connect(cluster.address, { python });
    const work = (): Promise<unknown[]> => runGraph(engine, [task("r", "constant", [], 3)], ["r"]);
    const written = await engine
      .performanceReport("/tmp/partwise-report.html", work)
      .catch((error: Error) => error.message);
    if (typeof written === "string") expect(written).toMatch(/needs bokeh.*-m pip install bokeh/);
    else expect(written).toEqual([3]);
    await engine.close();
  });
});
