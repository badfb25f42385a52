import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "#src/engine/dask/connect.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { inTempFolder } from "../engine/engine-under-test.js";
import { certificate } from "./certificate.js";
import { teamFit } from "./team-fit.js";
import { testPython as python } from "./test-python.js";

const spin = { module: new URL("../engine/fixtures/tasks.mjs", import.meta.url).href, export: "spinUntilAborted" };

let expected: unknown;
beforeAll(async () => {
  const alone = new InlineEngine();
  expected = (await teamFit(alone)).model;
  await alone.close();
});

describe("trees that workers of a cluster grow as a team", () => {
  let cluster: LocalCluster;
  beforeAll(async () => (cluster = await startCluster({ workers: 2, python })));
  afterAll(() => cluster.close());

  it("are those of one thread, in a task a worker for several trees", async () => {
    const engine = await connect(cluster.address, { python });
    const before = (await engine.workers()).map(({ tasksDone }) => tasksDone);
    const { model, teams } = await teamFit(engine);
    expect(model).toEqual(expected);
    expect(teams).toBeGreaterThan(0);
    expect(teams).toBeLessThan(12);
    const workers = await engine.workers();
    // Both had work, and neither keeps anything.
    for (const [k, { tasksDone }] of workers.entries()) expect(tasksDone).toBeGreaterThan(before[k] as number);
    await expect
      .poll(async () => (await engine.workers()).map(({ sidecar }) => sidecar?.held))
      .toEqual(workers.map(() => 0));
    await engine.close();
  });

  it("are grown by rounds of tasks while a worker is busy with something else", async () => {
    const engine = await connect(cluster.address, { python });
    const stop = new AbortController();
    await inTempFolder(async (folder) => {
      const { model, teams, rounds } = await teamFit(engine, async ({ iteration }) => {
        if (iteration === 5) stop.abort();
        if (iteration !== 1) return;
        const args = { file: join(folder, "began") };
        const options = { keep: [], signal: stop.signal };
        await engine.submit([{ key: "busy", fn: spin, args, deps: [] }], options);
      });
      expect(model).toEqual(expected);
      expect(teams).toBeGreaterThan(0);
      expect(rounds).toBeGreaterThan(0);
    });
    await engine.close();
  });

  it("are grown again without those whose sidecar dies", async () => {
    const engine = await connect(cluster.address, { python });
    const [{ sidecar } = { sidecar: undefined }] = await engine.workers();
    const { model, teams } = await teamFit(engine, ({ iteration }) => {
      // While the members of the next team are on their way.
      if (iteration === 3) setTimeout(() => process.kill(sidecar?.pid ?? 0, "SIGKILL"), 20);
    });
    expect(model).toEqual(expected);
    expect(teams).toBeGreaterThan(0);
    await engine.close();
  });
});

describe("members of a team", () => {
  it("of several threads a worker are one each", async () => {
    const cluster = await startCluster({ workers: 2, threadsPerWorker: 2, python });
    const engine = await connect(cluster.address, { python });
    const { model, teams } = await teamFit(engine);
    expect(model).toEqual(expected);
    expect(teams).toBeGreaterThan(0);
    await engine.close();
    await cluster.close();
  });

  it("on a cluster that speaks TLS send nothing that others can read", async () =>
    inTempFolder(async (folder) => {
      const tls = certificate(folder);
      const cluster = await startCluster({ workers: 2, python, tls });
      const engine = await connect(cluster.address, { python, tls });
      const seats = await engine.seatTeam([
        await engine.put(new Uint8Array(100_000)),
        await engine.put(new Uint8Array(100_000)),
      ]);
      expect(seats?.meeting?.key).toMatch(/^[0-9a-f]{64}$/);
      const { model, teams } = await teamFit(engine);
      expect(model).toEqual(expected);
      expect(teams).toBeGreaterThan(0);
      await engine.close();
      await cluster.close();
    }));
});
