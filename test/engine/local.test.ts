import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { FileError } from "#src/base/errors.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import type { HostDense } from "#src/memory/host-column.js";
import { engineCases } from "./engine-cases.js";
import { inTempFolder, rejection, runGraph, task } from "./engine-under-test.js";

const MB = 2 ** 20;

for (const threads of [1, 2, 4]) {
  engineCases(
    `local (${threads} threads)`,
    (limits) => {
      const engine = new LocalEngine({ threads, memoryLimit: 64 * MB, ...limits });
      return { engine, heldBytes: () => engine.heldBytes, killIdleWorker: () => engine.killWorker(0) };
    },
    { scriptArguments: ["local", String(threads)] },
  );
}

describe("local engine", () => {
  it("stops a task that never gives its thread a turn", async () => {
    await inTempFolder(async (folder) => {
      const engine = new LocalEngine({ threads: 1, memoryLimit: 64 * MB });
      const abort = new AbortController();
      const file = join(folder, "began");
      await engine.submit([task("spin", "spinUntilAborted", [], { file })], { keep: ["spin"], signal: abort.signal });
      while (!existsSync(file)) await sleep(2);
      abort.abort();
      expect((await engine.wait(["spin"])).map((status) => status.state)).toEqual(["cancelled"]);
      expect(await runGraph(engine, [task("next", "constant", [], 1)], ["next"])).toEqual([1]);
      await engine.close();
    });
  });

  it("survives the end of its threads while tasks run", async () => {
    const engine = new LocalEngine({ threads: 2, memoryLimit: 64 * MB });
    const keys = Array.from({ length: 12 }, (_, i) => `slow-${i}`);
    await engine.submit(
      keys.map((key, i) => task(key, "slow", [], { ms: 40, value: i }, i)),
      { keep: keys },
    );
    for (let kill = 0; kill < 2; kill++) {
      await sleep(60);
      await engine.killWorker(kill);
    }
    expect(await engine.get(keys)).toEqual(keys.map((_, i) => i));
    await engine.close();
  });

  it("survives threads that die before they are up", async () => {
    for (const threads of [1, 2]) {
      const engine = new LocalEngine({ threads, memoryLimit: 64 * MB });
      const keys = Array.from({ length: 6 }, (_, i) => `slow-${i}`);
      await engine.submit(
        keys.map((key, i) => task(key, "slow", [], { ms: 30, value: i }, i)),
        { keep: keys },
      );
      for (let kill = 0; kill < 3; kill++) {
        await engine.killWorker(0);
        await sleep(4);
      }
      expect(await engine.get(keys)).toEqual([0, 1, 2, 3, 4, 5]);
      await engine.close();
    }
  });

  it("fails with the disk's error when values cannot be spilled, and works on once there is room", async () => {
    await inTempFolder(async (folder) => {
      // A file where the folder should be: not writable for anybody, root included.
      const tempDirectory = join(folder, "not-a-folder");
      writeFileSync(tempDirectory, "");
      const engine = new LocalEngine({ threads: 2, memoryLimit: 2 * MB, tempDirectory });
      const keys = Array.from({ length: 6 }, (_, i) => `big-${i}`);
      await engine.submit(
        keys.map((key, i) => task(key, "makeDense", [], { rows: 40_000, start: i }, i)),
        { keep: keys },
      );
      const error = await rejection(engine.get(keys));
      expect(error).toBeInstanceOf(FileError);
      expect(error.message).toContain(tempDirectory);
      engine.release(keys);
      expect(engine.heldBytes).toBe(0);
      expect(
        await runGraph(
          engine,
          [task("small", "makeDense", [], { rows: 10, start: 0 }), task("sum", "sumDense", ["small"])],
          ["sum"],
        ),
      ).toEqual([95]);
      await engine.close();
    });
  });

  it("takes a shortcut while what it needs is there, and makes the value by its task once that is lost", async () => {
    await inTempFolder(async (folder) => {
      const engine = new LocalEngine({ threads: 2, memoryLimit: 4 * MB, tempDirectory: folder });
      const first = [
        task("base", "makeDense", [], { rows: 50_000, start: 0 }, 0),
        task("other", "makeDense", [], { rows: 50_000, start: 0 }, 1),
      ];
      await engine.submit(first, { keep: ["base", "other"] });
      await engine.wait(["base", "other"]);
      const { fn } = task("", "addToDense", []);
      // They would make the same; here they do not, to be told apart.
      const value = {
        ...task("value", "addToDense", ["base"], { by: 2 }, 1),
        shortcut: { fn, args: { by: 1 }, dep: "other" },
      };
      await engine.submit([value], { keep: ["value"] });
      const last = (found: unknown): unknown => (found as HostDense).columns[0]?.data.at(-1);
      expect((await engine.get(["value"])).map(last)).toEqual([50_000]);
      engine.release(["base", "other"]);
      const fillers = ["filler-0", "filler-1", "filler-2", "filler-3"];
      await engine.submit(
        fillers.map((key, start) => task(key, "makeDense", [], { rows: 60_000, start }, start)),
        { keep: fillers },
      );
      await engine.wait(fillers);
      const lose = (): void => {
        for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
          if (name.endsWith(".bin")) rmSync(join(folder, name));
      };
      lose();
      expect((await engine.get(["value"])).map(last)).toEqual([50_001]);
      engine.release(["value", ...fillers]);
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    });
  });

  it("rejects options that make no sense", () => {
    expect(() => new LocalEngine({ threads: 0 })).toThrow("LocalEngine: threads must be >= 1; got 0.");
    expect(() => new LocalEngine({ memoryLimit: Number.NaN })).toThrow(
      "LocalEngine: memoryLimit must be >= 1048576; got NaN.",
    );
  });
});
