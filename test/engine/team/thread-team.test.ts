import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { Column } from "#src/memory/column.js";
import { Memory } from "#src/memory/memory.js";
import { ALONE } from "#src/engine/team/exchange.js";
import { ThreadTeam } from "#src/engine/team/thread-team.js";

interface Told {
  readonly patience?: number;
  readonly turns?: number;
  readonly failsAt?: number;
  readonly diesAt?: number;
}

const LONG = 120_000;

function block(memory: Memory, members: number): Column<"i32"> {
  return memory.columnFrom("i32", new Int32Array(ThreadTeam.words(members)));
}

/** Runs one member in a thread of its own; what it says, or "dead". */
function run(
  memory: Memory,
  control: Column<"i32">,
  member: number,
  members: number,
  told: Told = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./fixtures/team-worker.mjs", import.meta.url), {
      workerData: { shared: memory.share(), control, member, members, patience: LONG, turns: 300, ...told },
    });
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", () => resolve("dead"));
  });
}

describe("a team of threads", () => {
  it("shows each member what all have made, turn by turn", async () => {
    for (const members of [2, 3, 5]) {
      const memory = Memory.create(2 ** 28);
      const control = block(memory, members);
      const said = await Promise.all(Array.from({ length: members }, (_, k) => run(memory, control, k, members)));
      expect(said).toEqual(said.map(() => "done"));
      memory.free(control);
      expect(memory.held).toBe(0);
    }
  });

  it("starts with all members or not at all", async () => {
    const memory = Memory.create(2 ** 26);
    const control = block(memory, 3);
    const early = await Promise.all([0, 1].map((member) => run(memory, control, member, 3, { patience: 20 })));
    expect(early).toEqual(["not assembled", "not assembled"]);
    expect(await run(memory, control, 2, 3)).toBe("not assembled");
  });

  it("breaks when a member fails, and tells the others", async () => {
    const memory = Memory.create(2 ** 26);
    const control = block(memory, 3);
    const said = await Promise.all([{}, { failsAt: 40 }, {}].map((told, k) => run(memory, control, k, 3, told)));
    expect(said).toEqual(["broken", "this member fails", "broken"]);
  });

  it("breaks when the task of a dead member runs again, before and after the start", async () => {
    const memory = Memory.create(2 ** 26);
    const running = block(memory, 2);
    const other = run(memory, running, 0, 2);
    expect(await run(memory, running, 1, 2, { diesAt: 40 })).toBe("dead");
    expect(await run(memory, running, 1, 2)).toBe("not assembled");
    expect(await other).toBe("broken");

    const waiting = block(memory, 3);
    const waits = run(memory, waiting, 0, 3);
    const words = memory.view(waiting);
    await expect.poll(() => Atomics.load(words, 1)).toBe(1);
    expect(new ThreadTeam(memory, waiting, { member: 0, members: 3 }, () => undefined).join(LONG)).toBe(false);
    expect(await waits).toBe("not assembled");
  });

  it("lets an aborted member go, and the others with it", async () => {
    const memory = Memory.create(2 ** 26);
    const control = block(memory, 2);
    const other = run(memory, control, 1, 2);
    let aborted = false;
    const team = new ThreadTeam(memory, control, { member: 0, members: 2 }, () => {
      if (aborted) throw new Error("aborted");
    });
    expect(team.join(LONG)).toBe(true);
    // What the other expects of the first turn.
    team.exchange(memory.columnFrom("f64", Float64Array.of(0)));
    aborted = true;
    await expect(team.work(() => team.meet())).rejects.toThrow("aborted");
    expect(await other).toBe("broken");
  });

  it("of one waits for nobody", () => {
    const memory = Memory.create(2 ** 20);
    const own = memory.columnFrom("f64", Float64Array.of(1, 2));
    ALONE.meet();
    expect(ALONE.exchange(own)).toEqual([own]);
  });
});
