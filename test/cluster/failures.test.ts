import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Plain } from "#src/base/plain.js";
import { EngineClosedError, WorkerLostError } from "#src/base/errors.js";
import { connect } from "#src/engine/dask/connect.js";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { hostColumn } from "#src/memory/host-column.js";
import { inTempFolder, rejection, runGraph, task } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python });
});

afterAll(() => cluster.close());

describe("a sidecar that dies", () => {
  it("twice under the same task is invisible", async () =>
    inTempFolder(async (folder) => {
      const engine = await connect(cluster.address, { python });
      const lost: string[] = [];
      engine.on("worker", (event) => event.state === "lost" && lost.push(event.id));
      const graph = [
        task("base", "makeDense", [], { rows: 20_000, start: 1 }, 0),
        task("crash", "crash", ["base"], { file: join(folder, "calls"), times: 2, value: 7 }, 1),
        task("sum", "sumDense", ["base"], undefined, 2),
      ];
      expect(await runGraph(engine, graph, ["crash", "sum", "base"])).toMatchObject([7, 400_030_000, { rows: 20_000 }]);
      await expect.poll(() => lost.length).toBeGreaterThanOrEqual(2);
      expect(lost[0]).toMatch(/^tcp:.*sidecar-\d+$/);
      await engine.close();
    }));

  it("three times under the same task fails it by name, and what depends on it, and nothing else", async () =>
    inTempFolder(async (folder) => {
      const engine = await connect(cluster.address, { python });
      const keys = ["killer", "after", "beside"];
      await engine.submit(
        [
          task("killer", "crash", [], { file: join(folder, "calls"), times: 99, value: 7 }, 5),
          task("after", "sum", ["killer"], 0, 6),
          task("beside", "slow", [], { ms: 10, value: 3 }, 7),
        ],
        { keep: keys },
      );
      expect((await engine.wait(keys)).map((status) => status.state)).toEqual(["failed", "failed", "done"]);
      const error = await rejection(engine.get(["after"]));
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toMatch(/partition 5 of demo \(task killer\) has killed 3 sidecars/);
      expect(await runGraph(engine, [task("fine", "constant", [], 1)], ["fine"])).toEqual([1]);
      await engine.close();
    }));
});

describe("a worker that dies", () => {
  it("takes a large value that was put without a source with it, and the error says so; a small one comes back", async () => {
    const engine = await connect(cluster.address, { python });
    const large = await engine.put(hostColumn("f64", new Float64Array(50_000).fill(7)) as unknown as Plain);
    const small = await engine.put({ answer: 42 });
    const holder = (await engine.locate([large])).get(large)?.[0];
    const index = cluster.workers.findIndex((worker) => worker.address === holder);
    await cluster.kill(index);
    const attempts = [() => engine.get([large]), () => runGraph(engine, [task("use", "copyColumn", [large])], ["use"])];
    for (const attempt of attempts) {
      const error = await rejection(attempt());
      expect(error).toBeInstanceOf(WorkerLostError);
      expect(error.message).toContain(large);
      expect(error.message).toContain("put without a source");
    }
    expect(await runGraph(engine, [task("s", "wrap", [small])], ["s"])).toEqual([{ wrapped: { answer: 42 } }]);
    await cluster.restart(index);
    await engine.close();
  });

  it("and comes back gets its share again", async () => {
    const engine = await connect(cluster.address, { python });
    const keys = Array.from({ length: 8 }, (_, i) => `part-${i}`);
    const graph = keys.map((key, i) => task(key, "makeDense", [], { rows: 20_000, start: i }, i));
    await engine.submit(graph, { keep: keys });
    await engine.wait(keys);
    await cluster.kill(0);
    await expect.poll(async () => (await engine.groupByHolder(keys)).length, { timeout: 20_000 }).toBe(1);
    await cluster.restart(0);
    await expect
      .poll(async () => (await engine.groupByHolder(keys)).map((group) => group.length), { timeout: 20_000 })
      .toEqual([4, 4]);
    const sums = keys.map((key, i) => task(`sum-${i}`, "sumDense", [key], undefined, i));
    const values = await runGraph(
      engine,
      sums,
      sums.map((one) => one.key),
    );
    expect(values).toEqual(keys.map((_, i) => 20_000 * 19_999 + 2 * i * 20_000 + 10_000));
    await engine.close();
  });
});

describe("a worker that hangs", () => {
  const keys = Array.from({ length: 8 }, (_, i) => `part-${i}`);
  const sums = keys.map((_, i) => 20_000 * 19_999 + 2 * i * 20_000 + 10_000);

  async function hold(engine: DaskEngine): Promise<void> {
    const graph = keys.map((key, i) => task(key, "makeDense", [], { rows: 20_000, start: i }, i));
    await engine.submit(graph, { keep: keys });
    await engine.wait(keys);
  }

  /** Reads every part where it is. */
  function read(engine: DaskEngine, round: string): Promise<unknown[]> {
    const graph = keys.map((key, i) => task(`${round}-${i}`, "sumDense", [key], undefined, i));
    return runGraph(
      engine,
      graph,
      graph.map((one) => one.key),
    );
  }

  it("for a moment is waited for, and has its share still", async () => {
    const engine = await connect(cluster.address, { python });
    await hold(engine);
    const shares = async (): Promise<number[]> => (await engine.groupByHolder(keys)).map((group) => group.length);
    const before = await shares();
    expect(before).toHaveLength(2);
    await cluster.kill(0, "SIGSTOP");
    const reading = read(engine, "stopped");
    await sleep(1000);
    await cluster.kill(0, "SIGCONT");
    expect(await reading).toEqual(sums);
    expect(await shares()).toEqual(before);
    await engine.close();
  });

  it("for long is given up: others make what it held, and it gets its share when it is started again", async () => {
    // How long a worker may be silent; Dask never takes less than ten of its heartbeats, which are half a second apart.
    const own = await startCluster({ workers: 2, python, env: { DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL: "2s" } });
    const engine = await connect(own.address, { python });
    await hold(engine);
    expect(await engine.groupByHolder(keys)).toHaveLength(2);
    await own.kill(0, "SIGSTOP");
    expect(await read(engine, "alone")).toEqual(sums);
    expect(await engine.groupByHolder(keys)).toHaveLength(1);
    await own.kill(0, "SIGCONT");
    await own.restart(0);
    await expect
      .poll(async () => (await engine.groupByHolder(keys)).map((group) => group.length), { timeout: 20_000 })
      .toEqual([4, 4]);
    expect(await read(engine, "both")).toEqual(sums);
    await engine.close();
    await own.close();
  });
});

describe("a task that kills its worker", () => {
  it("is given up after as many as the scheduler allows, by name; others stay", async () => {
    const env = { DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES: "2" };
    const own = await startCluster({ workers: 4, python, env });
    const engine = await connect(own.address, { python });
    const module = new URL("fixtures/worker-killer.mjs", import.meta.url).href;
    const killer = { key: "killer", fn: { module, export: "killWorker" }, deps: [] };
    const error = await rejection(
      runGraph(
        engine,
        [{ ...killer, partition: { index: 5, of: "demo" } }, task("after", "sum", ["killer"])],
        ["after"],
      ),
    );
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error.message).toMatch(
      /partition 5 of demo \(task killer\) has killed 3 workers in a row, the last at tcp:/,
    );
    await expect.poll(() => own.workers.filter((worker) => worker.address !== undefined)).toHaveLength(1);
    expect(await runGraph(engine, [task("fine", "constant", [], 1)], ["fine"])).toEqual([1]);
    await engine.close();
    await own.close();
  });
});

describe("the gateway or the scheduler", () => {
  it("lost: everything that was asked ends with one error, and a new graph runs", async () => {
    const engine = await connect(cluster.address, { python });
    await runGraph(engine, [task("held", "constant", [], 5)], ["held"]);
    await engine.submit([task("slow", "slow", [], { ms: 60_000, value: 1 }, 3)], { keep: ["slow"] });
    const pending = rejection(engine.get(["slow"]));
    await sleep(100);
    process.kill(engine.gatewayPid ?? 0, "SIGKILL");
    const error = await pending;
    expect(error).toBeInstanceOf(EngineClosedError);
    expect(error.message).toMatch(/gateway to tcp:.* is gone.*Submit again/);
    expect(await rejection(engine.get(["held"]))).toBe(error);
    engine.release(["held", "slow"]);
    expect(await runGraph(engine, [task("held", "constant", [], 6)], ["held"])).toEqual([6]);
    await engine.close();
  });

  it("the scheduler lost: the same, and once it is back the same engine goes on", async () => {
    const own = await startCluster({ workers: 1, python });
    const engine = await connect(own.address, { python, timeout: 5 });
    await engine.submit([task("slow", "slow", [], { ms: 60_000, value: 1 }, 3)], { keep: ["slow"] });
    const pending = rejection(engine.get(["slow"]));
    await sleep(100);
    await own.killScheduler();
    const error = await pending;
    expect(error).toBeInstanceOf(EngineClosedError);
    expect(error.message).toMatch(/Dask scheduler at tcp:.* is gone/);
    const again = await rejection(engine.submit([task("next", "constant", [], 1)], { keep: ["next"] }));
    expect(again.message).toMatch(/nothing listens there.*dask scheduler/);
    const port = Number(new URL(own.address).port);
    await own.close();
    const back = await startCluster({ workers: 1, python, port });
    engine.release(["slow"]);
    expect(await runGraph(engine, [task("slow", "constant", [], 8)], ["slow"])).toEqual([8]);
    await engine.close();
    await back.close();
  });
});
