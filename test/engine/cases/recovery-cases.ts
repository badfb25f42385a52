import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { WorkerLostError } from "#src/base/errors.js";
import type { Plain } from "#src/base/plain.js";
import type { Engine, TaskSpec } from "#src/engine/engine.js";
import { hostColumn, type HostDense } from "#src/memory/host-column.js";
import type { CaseTable } from "../engine-cases.js";
import { inTempFolder, rejection, runGraph, task } from "../engine-under-test.js";

const MB = 2 ** 20;

/** All spill files below a folder. */
function spillFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".bin"))
    .map((name) => join(folder, name));
}

/** Pushes every earlier value out to disk with newer ones that fill the limit of 4 MB. */
async function pushOut(engine: Engine): Promise<void> {
  const keys = ["filler-0", "filler-1", "filler-2", "filler-3"];
  await engine.submit(
    keys.map((key, i) => task(key, "makeDense", [], { rows: 60_000, start: i }, i)),
    { keep: keys },
  );
  await engine.wait(keys);
}

const ruin: Record<string, (file: string) => void> = {
  deleted: (file) => rmSync(file),
  truncated: (file) => truncateSync(file, 1000),
  damaged: (file) => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  },
};

const lastOf = (value: unknown): number | bigint | undefined => (value as HostDense).columns[1]?.data.at(-1);

/** Lost workers and lost values are made good where that is possible, and reported where it is not. */
export const recoveryCases: CaseTable = {
  "the loss of a worker in the middle of a task is invisible": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine, heldBytes } = await make();
      const lost: string[] = [];
      engine.on("worker", (event) => event.state === "lost" && lost.push(event.id));
      const graph: TaskSpec[] = [
        task("base", "makeDense", [], { rows: 1000, start: 1 }, 0),
        ...[1, 2, 3].map((i) =>
          task(`exit-${i}`, "exitOnce", ["base"], { file: join(folder, `exit-${i}`), value: i }, i),
        ),
        task("timer", "throwOutside", [], { file: join(folder, "timer"), value: 4 }, 4),
        task("sum", "sum", ["exit-1", "exit-2", "exit-3", "timer"], 0),
        task("base sum", "sumDense", ["base"]),
      ];
      const keep = ["base", "sum", "base sum"];
      const [, sum, baseSum] = await runGraph(engine, graph, keep);
      expect(sum).toBe(10);
      expect(baseSum).toBe(1001 * 1000 + 500);
      await expect.poll(() => lost.length).toBeGreaterThanOrEqual(4);
      engine.release(keep);
      // What the dead threads had allocated came back too.
      if (heldBytes) expect(heldBytes()).toBe(0);
    }),

  "a task that kills three workers fails and is named, with its partition": async ({ make }) => {
    const { engine } = await make();
    await engine.submit([task("killer", "exitAlways", [], undefined, 5), task("after", "sum", ["killer"])], {
      keep: ["killer", "after"],
    });
    const error = await rejection(engine.get(["after"]));
    expect(error).toBeInstanceOf(WorkerLostError);
    expect(error.message).toContain("killer");
    expect(error.message).toContain("partition 5 of demo");
    expect(error.message).toContain("3");
    expect(await runGraph(engine, [task("fine", "constant", [], 1)], ["fine"])).toEqual([1]);
  },

  "the death of an idle worker is harmless": async ({ make }) => {
    const { engine, killIdleWorker } = await make();
    const ten = (name: string) => Array.from({ length: 10 }, (_, i) => task(`${name}-${i}`, "constant", [], i, i));
    const keys = (name: string) => ten(name).map((one) => one.key);
    await runGraph(engine, ten("a"), keys("a"));
    await killIdleWorker?.();
    expect(await runGraph(engine, ten("b"), keys("b"))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await killIdleWorker?.();
    expect(await engine.get(keys("a"))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  },

  "values beyond the memory limit are spilled and come back as they were": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine, heldBytes } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
      const directions = new Set<string>();
      engine.on("spill", (event) => directions.add(event.direction));
      const keys = Array.from({ length: 12 }, (_, i) => `big-${i}`);
      await engine.submit(
        keys.map((key, i) => task(key, "makeDense", [], { rows: 60_000, start: i * 10 }, i)),
        { keep: keys },
      );
      await engine.wait(keys);
      // 12 MB in all; every worker may go over the limit by what it was just making.
      if (heldBytes) expect(heldBytes()).toBeLessThanOrEqual((4 + engine.parallelism) * MB);
      for (const [i, key] of keys.entries()) expect((await engine.get([key])).map(lastOf)).toEqual([i * 10 + 59_999.5]);
      const sums = keys.map((key, i) => task(`sum-${i}`, "sumDense", [key], undefined, i));
      const sumKeys = sums.map((one) => one.key);
      const expected = keys.map((_, i) => 60_000 * 59_999 + 2 * i * 10 * 60_000 + 30_000);
      expect(await runGraph(engine, sums, sumKeys)).toEqual(expected);
      await expect.poll(() => [...directions].sort()).toEqual(["in", "out"]);
      engine.release([...keys, ...sumKeys]);
      if (heldBytes) expect(heldBytes()).toBe(0);
      // Files go in the background.
      await expect.poll(() => spillFiles(folder)).toEqual([]);
    }),

  "a kept value whose spilled bytes are lost is made again": async ({ make }) => {
    for (const [how, spoil] of Object.entries(ruin)) {
      await inTempFolder(async (folder) => {
        const { engine } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
        // Polled below, like every event: a cluster tells of them beside its answers, so they may come a little later.
        const recomputed: string[] = [];
        engine.on("recompute", (event) => recomputed.push(event.key));
        await engine.submit([task("value", "makeDense", [], { rows: 50_000, start: 3 }, 0)], { keep: ["value"] });
        await engine.wait(["value"]);
        await pushOut(engine);
        spillFiles(folder).forEach(spoil);
        expect((await engine.get(["value"])).map(lastOf), how).toEqual([50_002.5]);
        await expect.poll(() => recomputed).toContain("value");
      });
    }
  },

  "lost values are made again through ancestors that were freed": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine, heldBytes } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
      // Different partitions, so that fusion leaves them apart and the ancestors are freed on the way.
      const graph = [
        task("grandparent", "makeDense", [], { rows: 40_000, start: 0 }, 0),
        task("parent", "addToDense", ["grandparent"], { by: 100 }, 1),
        task("left", "addToDense", ["parent"], { by: 1 }, 2),
        task("right", "addToDense", ["parent"], { by: 2 }, 3),
      ];
      await engine.submit(graph, { keep: ["left", "right"] });
      await engine.wait(["left", "right"]);
      await pushOut(engine);
      spillFiles(folder).forEach(ruin["deleted"] as (file: string) => void);
      expect((await engine.get(["left", "right"])).map(lastOf)).toEqual([40_100.5, 40_101.5]);
      engine.release(["left", "right", "filler-0", "filler-1", "filler-2", "filler-3"]);
      if (heldBytes) expect(heldBytes()).toBe(0);
    }),

  "a value that is lost while many tasks wait for it is made once, and all of them run": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
      const file = join(folder, "calls");
      await engine.submit([task("value", "countedDense", [], { rows: 50_000, start: 0, file }, 9)], {
        keep: ["value"],
      });
      await engine.wait(["value"]);
      await pushOut(engine);
      spillFiles(folder).forEach(ruin["damaged"] as (file: string) => void);
      const sums = Array.from({ length: 8 }, (_, i) => task(`sum-${i}`, "sumDense", ["value"], undefined, i));
      const values = await runGraph(
        engine,
        sums,
        sums.map((one) => one.key),
      );
      expect(new Set(values)).toEqual(new Set([50_000 * 49_999 + 25_000]));
      expect(readFileSync(file, "utf8")).toBe("xx");
    }),

  "a signal that is aborted after its graph is done does not stop recovery": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
      const abort = new AbortController();
      await engine.submit([task("value", "makeDense", [], { rows: 50_000, start: 0 }, 0)], {
        keep: ["value"],
        signal: abort.signal,
      });
      await engine.wait(["value"]);
      abort.abort();
      await pushOut(engine);
      spillFiles(folder).forEach(ruin["deleted"] as (file: string) => void);
      expect((await engine.get(["value"])).map(lastOf)).toEqual([49_999.5]);
    }),

  "a value that was put without a source and is lost says so": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
      const key = await engine.put(hostColumn("f64", new Float64Array(50_000).fill(7)) as unknown as Plain);
      await pushOut(engine);
      spillFiles(folder).forEach(ruin["deleted"] as (file: string) => void);
      for (const attempt of [engine.get([key]), runGraph(engine, [task("use", "copyColumn", [key])], ["use"])]) {
        const error = await rejection(attempt);
        expect(error).toBeInstanceOf(WorkerLostError);
        expect(error.message).toContain(key);
        expect(error.message).toContain("put without a source");
      }
    }),

  "a value that was put with a source is made again by it": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make({ memoryLimit: 4 * MB, tempDirectory: folder });
      await engine.submit([task("base", "makeDense", [], { rows: 50_000, start: 0 }, 0)], { keep: ["base"] });
      const [base] = await engine.get(["base"]);
      const key = await engine.put(base as Plain, { source: task("again", "addToDense", ["base"], { by: 0 }) });
      await pushOut(engine);
      spillFiles(folder).forEach(ruin["deleted"] as (file: string) => void);
      expect((await engine.get([key])).map(lastOf)).toEqual([49_999.5]);
    }),
};
