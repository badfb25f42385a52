import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { TaskSpec } from "#src/engine/engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import type { Column } from "#src/memory/column.js";
import { Memory } from "#src/memory/memory.js";
import { task } from "../engine/engine-under-test.js";

const MB = 2 ** 20;
// A minute's worth: PARTWISE_STRESS_SECONDS=60 npx vitest run test/memory/stress.test.ts
const SECONDS = Number(process.env["PARTWISE_STRESS_SECONDS"] ?? 5) / 2;
const TIMEOUT = (SECONDS * 2 + 60) * 1000;

interface Handed {
  readonly column: Column<"i32">;
  readonly tag: number;
}

describe("memory under stress", () => {
  it(
    "threads that allocate, check, free, hand over and die leave nothing behind",
    async () => {
      const memory = Memory.create(24 * MB, 8 * MB);
      // Word 0 tells the threads to stop, word 1 counts their operations, also of those that die.
      const control = new Int32Array(new SharedArrayBuffer(8));
      const failures: unknown[] = [];
      let handed = 0;
      let deaths = 0;
      let nextOwner = 2;
      const running = new Map<number, { worker: Worker; ended: Promise<void> }>();
      const begin = (): void => {
        const owner = nextOwner++;
        const worker = new Worker(new URL("./fixtures/heap-worker.mjs", import.meta.url), {
          workerData: { shared: memory.share(), owner, control },
        });
        worker.on("message", ({ column, tag }: Handed) => {
          // As the engine's driver does with a result: take it over, read it, free it.
          memory.adopt(column);
          if (!memory.view(column).every((value) => value === tag))
            failures.push(`a block of ${owner} was overwritten`);
          memory.free(column);
          handed += 1;
        });
        worker.on("error", (error) => failures.push(error));
        const ended = new Promise<void>((resolve) => {
          worker.on("exit", () => {
            running.delete(owner);
            for (const arena of memory.arenas) arena.recover(owner, memory.owner);
            resolve();
          });
        });
        running.set(owner, { worker, ended });
      };
      for (let i = 0; i < 3; i++) begin();
      const end = performance.now() + SECONDS * 1000;
      while (performance.now() < end && failures.length === 0) {
        await sleep(150);
        // One thread dies wherever it is just now, perhaps with the lock in its hands; another takes its place.
        const [victim] = running.values();
        await victim?.worker.terminate();
        await victim?.ended;
        deaths += 1;
        begin();
        for (const arena of memory.arenas) arena.verify(memory.owner);
      }
      await sleep(100);
      Atomics.store(control, 0, 1);
      await Promise.all([...running.values()].map((one) => one.ended));
      expect(failures).toEqual([]);
      expect(control[1]).toBeGreaterThan(5000);
      expect(handed).toBeGreaterThan(10);
      expect(deaths).toBeGreaterThan(2);
      for (const arena of memory.arenas) arena.verify(memory.owner);
      expect(memory.held).toBe(0);
    },
    TIMEOUT,
  );

  it(
    "an engine that lives from spilling gives right values and ends with zero bytes held",
    async () => {
      const tempDirectory = mkdtempSync(join(tmpdir(), "partwise-test-"));
      const engine = new LocalEngine({ threads: 3, memoryLimit: 4 * MB, tempDirectory });
      const spilled = { in: 0, out: 0 };
      engine.on("spill", (event) => (spilled[event.direction] += 1));
      const end = performance.now() + SECONDS * 1000;
      // Values stay for a few rounds, so that there are always some four times the limit.
      const kept: { key: string; sum: number }[] = [];
      let round = 0;
      for (; performance.now() < end || round < 3; round++) {
        const graph: TaskSpec[] = [];
        const made = Array.from({ length: 6 }, (_, i) => {
          const rows = 20_000 + 5000 * ((round + i) % 5);
          const start = round * 10 + i;
          graph.push(
            task(`made-${round}-${i}`, "makeDense", [], { rows, start: start - 1 }, i),
            task(`kept-${round}-${i}`, "addToDense", [`made-${round}-${i}`], { by: 1 }, i),
            task(`sum-${round}-${i}`, "sumDense", [`kept-${round}-${i}`], undefined, i),
          );
          return { key: `kept-${round}-${i}`, sum: 2 * (start * rows + (rows * (rows - 1)) / 2) + rows / 2 };
        });
        const old = kept.map((one, i) => ({ ...one, again: `again-${round}-${i}` }));
        for (const one of old) graph.push(task(one.again, "sumDense", [one.key]));
        const sums = made.map((_, i) => `sum-${round}-${i}`);
        const again = old.map((one) => one.again);
        await engine.submit(graph, { keep: [...made.map((one) => one.key), ...sums, ...again] });
        expect(await engine.get([...sums, ...again])).toEqual([...made, ...old].map((one) => one.sum));
        engine.release([...sums, ...again]);
        kept.push(...made);
        engine.release(kept.splice(0, kept.length - 24).map((one) => one.key));
        if (round % 4 === 3) await engine.killWorker(round % 3);
      }
      expect(spilled.out).toBeGreaterThan(0);
      expect(spilled.in).toBeGreaterThan(0);
      engine.release(kept.map((one) => one.key));
      expect(engine.heldBytes).toBe(0);
      await engine.close();
      rmSync(tempDirectory, { recursive: true, force: true });
    },
    TIMEOUT,
  );
});
