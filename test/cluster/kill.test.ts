import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { connect, LocalEngine, setEngine } from "#src/index.js";
import { killJobs, type KillJob } from "./kill-jobs.js";
import { testPython } from "./test-python.js";

/** 1 in CI; PARTWISE_KILL_REPEATS=20 by hand. */
const repeats = Number(process.env["PARTWISE_KILL_REPEATS"] ?? 1);
const victims = ["a worker", "a sidecar", "a worker and its sidecar"] as const;
type Victim = (typeof victims)[number];

let cluster: LocalCluster;
/** Sidecars whose worker was killed: nobody ends them but themselves. */
const bereft: number[] = [];
let engine: DaskEngine;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python: testPython });
  engine = await connect(cluster.address, { python: testPython });
});

afterAll(async () => {
  setEngine(undefined);
  await engine.close();
  await cluster.close();
});

/** The sidecars on this machine: process id and parent. */
function sidecars(): { pid: number; parent: number }[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+.*dask\/sidecar\.js/.exec(line))
    .flatMap((match) => (match ? [{ pid: Number(match[1]), parent: Number(match[2]) }] : []));
}

function sidecarOf(worker: number): number {
  const pid = cluster.pids.workers[worker] as number;
  const found = sidecars().find((sidecar) => sidecar.parent === pid);
  if (!found) throw new Error(`worker ${worker} (pid ${pid}) has no sidecar`);
  return found.pid;
}

async function kill(victim: Victim, worker: number): Promise<void> {
  if (victim === "a worker") bereft.push(sidecarOf(worker));
  else process.kill(sidecarOf(worker), "SIGKILL");
  if (victim !== "a sidecar") await cluster.kill(worker);
}

/** Progress events of an undisturbed run, and its result on the local engine. */
async function undisturbed(job: KillJob): Promise<{ result: unknown; events: number }> {
  const local = new LocalEngine({ threads: 2 });
  setEngine(local);
  let events = 0;
  const result = await job.run(() => void events++);
  await local.close();
  return { result, events };
}

/** Runs the job on the cluster and kills when it has told `after` times how far it is. */
async function disturbed(job: KillJob, victim: Victim, worker: number, after: number, delay: number): Promise<unknown> {
  setEngine(engine);
  let told = 0;
  let killed: Promise<void> | undefined;
  const result = await job.run(() => {
    if (++told !== after) return;
    // A moment later, so that the kill falls into a task rather than between two passes.
    killed = sleep(delay).then(() => kill(victim, worker));
    killed.catch(() => {}); // awaited below
  });
  if (!killed) throw new Error(`${job.name} told ${told} times how far it is, and was to be killed after ${after}`);
  await killed;
  return result;
}

for (const job of killJobs) {
  describe(`${job.name}, killed in the middle`, () => {
    let expected: { result: unknown; events: number };
    beforeAll(async () => {
      expected = await undisturbed(job);
      expect(expected.events).toBeGreaterThan(2);
    });

    for (const victim of victims) {
      it(
        `ends with the same bits as the local engine although ${victim} is killed (${repeats} times)`,
        async () => {
          for (let repeat = 0; repeat < repeats; repeat++) {
            const worker = repeat % 2;
            const after = 1 + ((repeat * 7 + victims.indexOf(victim)) % (expected.events - 2));
            const result = await disturbed(job, victim, worker, after, (repeat * 13) % 40);
            expect(result).toEqual(expected.result);
            if (victim !== "a sidecar") await cluster.restart(worker);
          }
        },
        60_000 + repeats * 30_000,
      );
    }
  });
}

it("leaves no sidecar behind without its worker", async () => {
  const left = () => sidecars().filter(({ pid }) => bereft.includes(pid));
  expect(bereft.length).toBeGreaterThan(0);
  for (let tries = 0; tries < 100 && left().length > 0; tries++) await sleep(100);
  expect(left()).toEqual([]);
});
