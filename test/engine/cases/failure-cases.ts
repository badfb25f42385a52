import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { AbortedError, DataError, PartwiseError, TaskError } from "#src/base/errors.js";
import type { Plain } from "#src/base/plain.js";
import type { CaseTable } from "../engine-cases.js";
import { inTempFolder, rejection, runGraph, task } from "../engine-under-test.js";

/** Waits until a task has left its mark in a file. */
async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(2);
}

/** Errors of tasks, of graphs and of users reach the caller as what they are; cancelling leaves an engine that works. */
export const failureCases: CaseTable = {
  "a task's own error names its partition, and has the original class, message and stack as its cause": async ({
    make,
  }) => {
    const { engine } = await make();
    const error = await rejection(runGraph(engine, [task("bad", "throwRange", [], undefined, 4)], ["bad"]));
    expect(error).toBeInstanceOf(TaskError);
    expect(error.message).toContain("partition 4 of demo");
    expect(error.message).toContain("the knob only goes to 11");
    expect(error.details).toMatchObject({ key: "bad", partition: 4 });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).stack).toMatch(/throwRange.*tasks\.mjs/s);
    expect(error.stack).toMatch(/throwRange.*tasks\.mjs/s);
  },

  "an async task's rejection is its error like any other": async ({ make }) => {
    const { engine } = await make();
    const error = await rejection(runGraph(engine, [task("late", "throwLater", [], undefined, 2)], ["late"]));
    expect(error).toBeInstanceOf(TaskError);
    expect(error.message).toContain("partition 2 of demo");
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.stack).toMatch(/throwLater.*tasks\.mjs/s);
  },

  "a task without a partition is named by its key": async ({ make }) => {
    const { engine } = await make();
    expect((await rejection(runGraph(engine, [task("lonely", "throwRange")], ["lonely"]))).message).toContain(
      "task lonely",
    );
  },

  "partwise's own errors keep their class, message and place": async ({ make }) => {
    const { engine } = await make();
    const error = await rejection(runGraph(engine, [task("nan", "throwData", [], undefined, 1)], ["nan"]));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe("Scaler: column 3 has NaN. Fill it first.");
    expect(error.details).toEqual({ column: 3, row: 7 });
  },

  "an error fails all dependents with the same error, and nothing else": async ({ make }) => {
    const { engine } = await make();
    const graph = [
      task("good", "constant", [], 1, 0),
      task("bad", "throwRange", [], undefined, 1),
      task("after", "sum", ["bad"], 0, 2),
      task("long after", "sum", ["good", "after"], 0, 3),
      task("beside", "sum", ["good"], 1, 4),
    ];
    const keep = graph.map((one) => one.key);
    await engine.submit(graph, { keep });
    const statuses = await engine.wait(keep);
    expect(statuses.map((status) => status.state)).toEqual(["done", "failed", "failed", "failed", "done"]);
    expect(statuses[3]?.error?.message).toContain("partition 1 of demo");
    expect(statuses[3]?.key).toBe("long after");
    expect(await engine.get(["beside"])).toEqual([2]);
    // A graph that comes later sees the failure too.
    expect((await rejection(runGraph(engine, [task("later", "sum", ["bad"], 0)], ["later"]))).message).toContain(
      "partition 1 of demo",
    );
  },

  "the error of a task that is collected is its own, and that of what it is made from reaches it": async ({ make }) => {
    const { engine } = await make();
    const collected = (key: string, fn: string, dep: string) => ({
      ...task(key, fn, [dep], undefined, 0),
      collected: true,
    });
    const keys = ["base", "bad", "fine"];
    await engine.submit(
      [
        task("base", "makeDense", [], { rows: 20_000, start: 1 }, 0),
        collected("bad", "throwRange", "base"),
        collected("fine", "sumDense", "base"),
      ],
      { keep: keys },
    );
    expect((await engine.wait(keys)).map((status) => status.state)).toEqual(["done", "failed", "done"]);
    expect((await rejection(engine.get(["bad"]))).message).toContain("the knob only goes to 11");
    const [sum] = await engine.get(["fine"]);
    // What was collected can be the input of a later graph, too.
    expect(await runGraph(engine, [task("after", "sum", ["fine"], 1)], ["after"])).toEqual([(sum as number) + 1]);
    await engine.submit([task("broken", "throwRange", [], undefined, 1), collected("heir", "sumDense", "broken")], {
      keep: ["broken", "heir"],
    });
    expect((await rejection(engine.get(["heir"]))).message).toContain("the knob only goes to 11");
  },

  "a failed task leaves no memory behind": async ({ make }) => {
    const { engine, heldBytes } = await make();
    const graph = [
      task("made", "makeDense", [], { rows: 5000, start: 0 }, 0),
      task("added", "addToDense", ["made"], { by: 1 }, 0),
      task("bad", "throwRange", ["added"], undefined, 0),
    ];
    await rejection(runGraph(engine, graph, ["bad"]));
    engine.release(["bad"]);
    if (heldBytes) expect(heldBytes()).toBe(0);
  },

  "a missing module says so": async ({ make }) => {
    const { engine } = await make();
    const fn = { module: new URL("./no-such-module.mjs", import.meta.url).href, export: "f" };
    const error = await rejection(runGraph(engine, [{ key: "m", fn, deps: [] }], ["m"]));
    expect(error).toBeInstanceOf(PartwiseError);
    expect(error.message).toMatch(/Cannot load the module .*no-such-module|Cannot load the module ".*\.\.\."/);
  },

  "a missing export says so, and what there is": async ({ make }) => {
    const { engine } = await make();
    const error = await rejection(runGraph(engine, [task("e", "noSuchFunction")], ["e"]));
    expect(error).toBeInstanceOf(PartwiseError);
    expect(error.message).toContain('exports no function "noSuchFunction"');
    expect(error.message).toContain("harmonic");
  },

  "a result that is not plain data says what and where": async ({ make }) => {
    const { engine } = await make();
    for (const [fn, what] of [
      ["giveMap", "a Map at value.table"],
      ["giveFunction", "a function at value"],
      ["givePoint", "a Point at value[0]"],
    ] as const) {
      const error = await rejection(runGraph(engine, [task(fn, fn, [], undefined, 3)], [fn]));
      expect(error).toBeInstanceOf(TaskError);
      expect(error.message).toContain(what);
      expect(error.message).toContain("partition 3 of demo");
    }
    expect(await runGraph(engine, [task("fine", "constant", [], 1)], ["fine"])).toEqual([1]);
  },

  "a value that is put but not plain data says so": async ({ make }) => {
    const { engine } = await make();
    const error = await rejection(engine.put({ list: [new Date(0)] } as unknown as Plain));
    expect(error.message).toContain("a Date at value.list[0]");
  },

  "a flaky task is tried again as often as it says": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make();
      const flaky = (key: string, times: number) => ({
        ...task(key, "flaky", [], { file: join(folder, key), times }, 0),
        retries: 2,
      });
      const retried: string[] = [];
      engine.on("task", (event) => event.state === "retried" && retried.push(event.key));
      expect(await runGraph(engine, [flaky("twice", 2)], ["twice"])).toEqual([3]);
      await expect.poll(() => retried).toEqual(["twice", "twice"]);
      const error = await rejection(runGraph(engine, [flaky("thrice", 3)], ["thrice"]));
      expect(error.message).toContain("attempt 3 fails");
    }),

  "a graph whose signal is aborted already runs nothing": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make();
      const file = join(folder, "calls");
      await engine.submit([task("never", "counted", [], { file, value: 1 }), task("nor", "sum", ["never"])], {
        keep: ["never", "nor"],
        signal: AbortSignal.abort(new Error("changed my mind")),
      });
      expect((await engine.wait(["never", "nor"])).map((status) => status.state)).toEqual(["cancelled", "cancelled"]);
      const error = await rejection(engine.get(["nor"]));
      expect(error).toBeInstanceOf(AbortedError);
      expect((error.cause as Error).message).toBe("changed my mind");
      expect(existsSync(file)).toBe(false);
    }),

  "aborting in the middle stops running and waiting tasks, and later graphs work": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine, heldBytes } = await make();
      const abort = new AbortController();
      const file = join(folder, "began");
      const graph = [
        task("loop", "untilAborted", [], { file }, 0),
        task("next", "sum", ["loop"], 0, 1),
        task("other", "constant", [], 1, 2),
      ];
      await engine.submit(graph, { keep: ["loop", "next"], signal: abort.signal });
      await appears(file);
      abort.abort();
      const statuses = await engine.wait(["loop", "next"]);
      expect(statuses.map((status) => status.state)).toEqual(["cancelled", "cancelled"]);
      expect(statuses[0]?.error).toBeInstanceOf(AbortedError);
      expect(
        await runGraph(
          engine,
          [task("later", "makeDense", [], { rows: 3, start: 0 }), task("sum", "sumDense", ["later"])],
          ["sum"],
        ),
      ).toEqual([7.5]);
      engine.release(["loop", "next", "sum"]);
      if (heldBytes) expect(heldBytes()).toBe(0);
    }),

  "an aborted graph has ended when nothing of it runs any more": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make();
      const abort = new AbortController();
      const [file, ended] = [join(folder, "began"), join(folder, "ended")];
      await engine.submit([task("loop", "lingering", [], { file, ended, ms: 300 })], {
        keep: ["loop"],
        signal: abort.signal,
      });
      await appears(file);
      abort.abort();
      const [status] = await engine.wait(["loop"]);
      // Otherwise a writer's folder would be removed, or given to the next run, while a task still writes into it.
      expect([status?.state, existsSync(ended)]).toEqual(["cancelled", true]);
    }),

  "aborting stops what nobody keeps, and what waits for its turn": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make();
      // A cluster's engine knows its threads once it is connected.
      await runGraph(engine, [task("first", "constant", [], 1)], ["first"]);
      const abort = new AbortController();
      const files = Array.from({ length: engine.parallelism + 1 }, (_, k) => join(folder, `began-${k}`));
      const loops = files.map((file, k) => task(`loop-${k}`, "untilAborted", [], { file }));
      await engine.submit(loops, { keep: [], signal: abort.signal });
      await Promise.any(files.map((file) => appears(file)));
      abort.abort();
      // No thread is left that could run it otherwise.
      expect(await runGraph(engine, [task("later", "constant", [], 3)], ["later"])).toEqual([3]);
    }),

  "aborting one graph leaves another alone": async ({ make }) =>
    inTempFolder(async (folder) => {
      const { engine } = await make();
      const abort = new AbortController();
      const file = join(folder, "began");
      await engine.submit([task("loop", "untilAborted", [], { file })], { keep: ["loop"], signal: abort.signal });
      await engine.submit([task("calm", "slow", [], { ms: 20, value: "calm" })], { keep: ["calm"] });
      await appears(file);
      abort.abort();
      expect(await engine.get(["calm"])).toEqual(["calm"]);
    }),

  "unknown keys say so": async ({ make }) => {
    const { engine } = await make();
    await expect(engine.get(["ghost"])).rejects.toThrow(/ghost/);
    await expect(engine.wait(["ghost"])).rejects.toThrow(/ghost/);
    await expect(engine.submit([task("child", "sum", ["ghost"])], { keep: ["child"] })).rejects.toThrow(/ghost/);
    expect((await engine.locate(["ghost"])).get("ghost")).toEqual([]);
    // A rejected graph leaves nothing behind: its keys are free.
    expect(await runGraph(engine, [task("child", "constant", [], 1)], ["child"])).toEqual([1]);
  },

  "a graph that is not one says so": async ({ make }) => {
    const { engine } = await make();
    const one = task("one", "constant", [], 1);
    await expect(engine.submit([one, one], { keep: [] })).rejects.toThrow(/one is made by two tasks/);
    await expect(engine.submit([task("early", "sum", ["one"]), one], { keep: [] })).rejects.toThrow(
      /early comes before its dependency one/,
    );
    await runGraph(engine, [one], ["one"]);
    const error = await rejection(engine.submit([one], { keep: ["one"] }));
    expect(error.name).toBe("PartwiseError");
    expect(error.message).toContain("the key one exists already");
  },
};
