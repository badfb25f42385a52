import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LinearRegression, LogisticRegression } from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import { makeClassification } from "#datasets/index.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";

const MB = 2 ** 20;

describe("a fit on threads that die", () => {
  it("is bit-equal to the undisturbed fit when a thread is killed in the middle", async () => {
    const { X, y } = makeClassification({ nSamples: 60_000, nFeatures: 8, partitions: 12, randomState: 3 });
    const calm = new LocalEngine({ threads: 2 });
    const expected = await new LogisticRegression().fit(X, y, { engine: calm });
    await calm.close();
    for (const disturbAt of ["hold", "iterations"] as const) {
      const engine = new LocalEngine({ threads: 2 });
      const model = new LogisticRegression();
      let [began, iterations, again] = [0, 0, 0];
      engine.on("task", ({ state }) => {
        if (state === "retried") again += 1;
        if (state !== "started" || (disturbAt === "iterations" && iterations === 0)) return;
        began += 1;
        // Both threads, one of which has just begun a task; twice.
        if (began === 4 || began === 9) void Promise.all([engine.killWorker(0), engine.killWorker(1)]);
      });
      await model.fit(X, y, { engine, onProgress: (progress) => void (iterations += progress.detail ? 1 : 0) });
      expect(began, `${disturbAt}: tasks begun`).toBeGreaterThan(9);
      expect(again, `${disturbAt}: tasks that lost their thread`).toBeGreaterThan(0);
      expect(model.toJSON(), disturbAt).toEqual(expected.toJSON());
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });
});

describe("a fit on data of four times the memory limit", () => {
  it("spills, completes, and gives the same bits", async () => {
    // 64 MB of doubles against a limit of 16 MB.
    const limit = 16 * MB;
    const { X, y } = makeClassification({ nSamples: 400_000, nFeatures: 20, partitions: 32, randomState: 5 });
    const folder = mkdtempSync(join(tmpdir(), "partwise-test-"));
    const engine = new LocalEngine({ threads: 2, memoryLimit: limit, tempDirectory: folder });
    const spilled = { in: 0, out: 0 };
    engine.on("spill", ({ bytes, direction }) => (spilled[direction] += bytes));
    let peak = 0;
    engine.on("memory", ({ held }) => (peak = Math.max(peak, held)));
    const wide = new InlineEngine();
    try {
      // L-BFGS holds the rows and passes over them again and again.
      const tight = await new LogisticRegression({ maxIter: 3 }).fit(X, y, { engine });
      expect(spilled.out).toBeGreaterThan(2 * limit);
      expect(spilled.in).toBeGreaterThan(2 * limit);
      // Each thread may go over by the partitions its task needs and what it makes of them.
      expect(peak).toBeLessThan(limit + 2 * 16 * MB);
      await expect.poll(() => engine.heldBytes).toBe(0);
      const free = await new LogisticRegression({ maxIter: 3 }).fit(X, y, { engine: wide });
      expect(tight.toJSON()).toEqual(free.toJSON());
      const scaler = await new StandardScaler().fit(X, undefined, { engine });
      expect(scaler.nSamplesSeen).toBe(400_000);
      const line = await new LinearRegression().fit(X, y, { engine });
      // Two of the 20 columns are mixtures of others.
      expect(line.rank).toBe(18);
      await expect.poll(() => engine.heldBytes).toBe(0);
    } finally {
      await engine.close();
      await wide.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
