import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "vitest";
import { EngineClosedError } from "#src/base/errors.js";
import type { CaseContext, CaseTable } from "../engine-cases.js";
import { runGraph, task } from "../engine-under-test.js";

/** Runs a script of fixtures/ in its own process; rejects when it does not exit by itself in time. */
async function runScript(
  name: string,
  { scriptArguments: args, scriptTimeout: timeout }: Pick<CaseContext, "scriptArguments" | "scriptTimeout">,
): Promise<string> {
  const file = fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file, ...args], {
    timeout,
    killSignal: "SIGKILL",
  });
  expect(stderr).toBe("");
  return stdout.trim();
}

/** Engines begin, idle and end without holding anything or anybody up. */
export const lifetimeCases: CaseTable = {
  "release is idempotent and ignores unknown keys": async ({ make }) => {
    const { engine, heldBytes } = await make();
    await runGraph(
      engine,
      [task("a", "makeDense", [], { rows: 10, start: 0 }), task("b", "lastColumn", ["a"])],
      ["a", "b"],
    );
    for (let i = 0; i < 3; i++) engine.release(["a", "a", "ghost"]);
    // b still needs the memory that a made.
    expect(await runGraph(engine, [task("sum", "sumDense", ["b"])], ["sum"])).toEqual([50]);
    engine.release(["b", "sum"]);
    engine.release(["b"]);
    if (heldBytes) expect(heldBytes()).toBe(0);
  },

  "releasing twice while a consumer waits takes nothing from it": async ({ make }) => {
    const { engine } = await make();
    await engine.submit([task("base", "makeDense", [], { rows: 10, start: 0 })], { keep: ["base"] });
    await engine.submit(
      [
        task("wait", "slow", [], { ms: 20, value: 0 }),
        task("sum", "sumDense", ["base"]),
        task("end", "add", ["wait", "sum"]),
      ],
      {
        keep: ["end"],
      },
    );
    engine.release(["base"]);
    engine.release(["base"]);
    expect(await engine.get(["end"])).toEqual([95]);
  },

  "a key can be used again once it is released": async ({ make }) => {
    const { engine } = await make();
    for (let i = 0; i < 3; i++) {
      expect(await runGraph(engine, [task("again", "constant", [], i)], ["again"])).toEqual([i]);
      engine.release(["again"]);
    }
  },

  "a closed engine says so": async ({ make }) => {
    const { engine } = await make();
    await runGraph(engine, [task("a", "constant", [], 1)], ["a"]);
    await engine.close();
    await engine.close();
    const attempts = [
      engine.submit([task("b", "constant")], { keep: [] }),
      engine.put(1),
      engine.get(["a"]),
      engine.wait(["a"]),
    ];
    for (const attempt of await Promise.allSettled(attempts)) {
      expect(attempt.status).toBe("rejected");
      expect((attempt as PromiseRejectedResult).reason).toBeInstanceOf(EngineClosedError);
    }
    engine.release(["a"]);
  },

  "an engine that was never used closes": async ({ make }) => {
    const { engine } = await make();
    await engine.close();
  },

  "closing frees every value": async ({ make }) => {
    const { engine, heldBytes } = await make();
    await runGraph(engine, [task("a", "makeDense", [], { rows: 1000, start: 0 })], ["a"]);
    await engine.close();
    if (heldBytes) expect(heldBytes()).toBe(0);
  },

  "an idle engine does not keep a script alive": async (context) => {
    expect(await runScript("idle-script", context)).toBe("value 41");
  },

  "a busy engine keeps a script alive until it is done": async (context) => {
    expect(await runScript("busy-script", context)).toBe("value 42");
  },

  "work after an abort keeps a script alive until it is done": async (context) => {
    expect(await runScript("abort-script", context)).toBe("value last");
  },

  "closing while tasks run ends them with the reason and lets the process exit": async (context) => {
    expect(await runScript("close-script", context)).toBe("value EngineClosedError");
  },

  "events tell of every task, with its partition": async ({ make }) => {
    const { engine } = await make();
    const seen: string[] = [];
    const off = engine.on("task", (event) => seen.push(`${event.key} ${event.state} ${event.partition?.index}`));
    await runGraph(engine, [task("a", "constant", [], 1, 3), task("b", "sum", ["a"], 1, 4)], ["a", "b"]);
    // Each task's in order; a cluster may tell of one after another that needed it.
    expect(seen.filter((event) => event.startsWith("a"))).toEqual(["a started 3", "a done 3"]);
    expect(seen.filter((event) => event.startsWith("b"))).toEqual(["b started 4", "b done 4"]);
    off();
    await runGraph(engine, [task("c", "constant", [], 1)], ["c"]);
    expect(seen).toHaveLength(4);
    expect((await engine.workers()).length).toBeGreaterThanOrEqual(1);
  },

  "graphs one after another leave timers their turn": async ({ make }) => {
    const { engine } = await make();
    // Loading the function takes turns of its own.
    await runGraph(engine, [task("first", "constant", [], 1)], ["first"]);
    const bell = AbortSignal.timeout(1);
    const end = performance.now() + 15_000;
    for (let k = 0; !bell.aborted && performance.now() < end; k++) {
      const key = `turn-${k}`;
      await runGraph(engine, [task(key, "constant", [], 1)], [key]);
      engine.release([key]);
    }
    expect(bell.aborted).toBe(true);
  },
};
