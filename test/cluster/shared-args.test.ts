import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connect } from "#src/engine/dask/connect.js";
import type { DaskEngine } from "#src/engine/dask/dask-engine.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { MessageSocket } from "#src/engine/dask/message-socket.js";
import { runGraph, task } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

const MEGABYTE = 1_000_000;
const ENTRIES = MEGABYTE / 8;

let cluster: LocalCluster;
let engine: DaskEngine;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2, python });
  engine = await connect(cluster.address, { python });
});

afterAll(async () => {
  await engine.close();
  await cluster.close();
});

/** A graph of eight tasks that have a large argument in common, and the first entry that each of them has seen. */
async function passOver(first: number, name: string): Promise<unknown[]> {
  const args = { weights: new Float64Array(ENTRIES).fill(first), more: [1, "two"] };
  const keys = Array.from({ length: 8 }, (_, i) => `${name}-${i}`);
  const tasks = keys.map((key, i) => task(key, "constant", [], args, i));
  const values = (await runGraph(engine, tasks, keys)) as unknown as (typeof args)[];
  engine.release(keys);
  return values.map(({ weights, more }) => [weights.length, weights[0], weights.at(-1), ...more]);
}

const seen = (first: number): unknown[] => Array.from({ length: 8 }, () => [ENTRIES, first, first, 1, "two"]);

/** What the driver sends while `work` runs. */
async function bytesSent(work: () => Promise<void>): Promise<number> {
  let bytes = 0;
  const send = MessageSocket.prototype.send;
  const spy = vi.spyOn(MessageSocket.prototype, "send").mockImplementation(function (this: MessageSocket, ...sent) {
    bytes += (sent[1] ?? []).reduce((sum, piece) => sum + piece.byteLength, 0);
    send.apply(this, sent);
  });
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return bytes;
}

describe("a large argument that tasks have in common", () => {
  it("is sent once, and not again by a graph with the same content", async () => {
    const first = await bytesSent(async () => expect(await passOver(1, "a")).toEqual(seen(1)));
    expect(first).toBeGreaterThan(MEGABYTE);
    expect(first).toBeLessThan(1.1 * MEGABYTE);
    const again = await bytesSent(async () => expect(await passOver(1, "b")).toEqual(seen(1)));
    expect(again).toBeLessThan(0.1 * MEGABYTE);
    const other = await bytesSent(async () => expect(await passOver(2, "c")).toEqual(seen(2)));
    expect(other).toBeGreaterThan(MEGABYTE);
  });

  it("comes back after the sidecars and a worker have died", async () => {
    expect(await passOver(3, "d")).toEqual(seen(3));
    for (const pid of sidecars()) process.kill(pid, "SIGKILL");
    expect(await passOver(3, "e")).toEqual(seen(3));
    await cluster.kill(0);
    expect(await passOver(3, "f")).toEqual(seen(3));
    await cluster.restart(0);
  });

  it("makes room for others: more of them than stay on the cluster", async () => {
    for (let first = 10; first < 30; first++) expect(await passOver(first, `g${first}`)).toEqual(seen(first));
    expect(await passOver(10, "h")).toEqual(seen(10));
  });
});

function sidecars(): number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  return stdout
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+.*dask\/sidecar\.js/.exec(line))
    .flatMap((match) => (match && cluster.pids.workers.includes(Number(match[2])) ? [Number(match[1])] : []));
}
