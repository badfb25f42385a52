import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { LocalCluster, startCluster } from "#src/engine/dask/local-cluster.js";
import { testPython } from "./test-python.js";

const python = testPython;
const moduleUrl = new URL("../../dist/src/engine/dask/local-cluster.js", import.meta.url).href;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers signal 0 too.
    return process.platform !== "linux" || !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function untilGone(pids: readonly number[]): Promise<number[]> {
  for (let tries = 0; tries < 200 && pids.some(isAlive); tries++) await sleep(50);
  return pids.filter(isAlive);
}

function allPids(cluster: LocalCluster): number[] {
  return [cluster.pids.scheduler, ...cluster.pids.workers];
}

interface Identity {
  readonly workers: Record<string, { name: string; nthreads: number; memory_limit: number; resources: object }>;
}

async function identity(cluster: LocalCluster): Promise<Identity> {
  const reply = await fetch(new URL("/json/identity.json", cluster.dashboardLink));
  return (await reply.json()) as Identity;
}

async function workerNames(cluster: LocalCluster): Promise<string[]> {
  return Object.values((await identity(cluster)).workers)
    .map((worker) => worker.name)
    .sort();
}

/** A script that starts a cluster, prints its processes, and then does what `ending` says. */
async function runScript(
  ending: string,
): Promise<{ pids: number[]; folders: string; script: ReturnType<typeof spawn> }> {
  const folders = mkdtempSync(join(tmpdir(), "partwise-test-"));
  const source = `
    import { startCluster } from ${JSON.stringify(moduleUrl)};
    const cluster = await startCluster({ workers: 1, python: ${JSON.stringify(python)} });
    console.log(JSON.stringify([cluster.pids.scheduler, ...cluster.pids.workers]));
    ${ending}
  `;
  const script = spawn(process.execPath, ["--input-type=module", "-e", source], {
    env: { ...process.env, TMPDIR: folders },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  script.stderr?.on("data", (text) => (complaint += String(text)));
  const pids = await new Promise<number[]>((resolve, reject) => {
    script.stdout?.once("data", (line) => resolve(JSON.parse(String(line)) as number[]));
    script.once("exit", () => reject(new Error(`the script ended before its cluster was up: ${complaint}`)));
  });
  return { pids, folders, script };
}

describe("startCluster", () => {
  it.runIf(process.platform === "linux")("keeps Dask's own work low, unless it is told otherwise", async () => {
    const name = "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED";
    const setting = (pid: number): string | undefined =>
      readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .find((entry) => entry.startsWith(`${name}=`));
    const cluster = await startCluster({ workers: 1, python });
    try {
      await cluster.addWorker({ env: { [name]: "True" } });
      expect(allPids(cluster).map(setting)).toEqual([`${name}=False`, `${name}=False`, `${name}=True`]);
    } finally {
      await cluster.close();
    }
  });

  it("starts a scheduler and workers as asked, and leaves nothing behind when closed", async () => {
    const cluster = await startCluster({
      workers: 2,
      threadsPerWorker: 3,
      memoryLimit: "300MB",
      resources: { GPU: 1, DISK: 2 },
      python,
    });
    expect(cluster.address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(cluster.dashboardLink).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/status$/);
    const workers = Object.values((await identity(cluster)).workers);
    expect(workers.map((worker) => [worker.nthreads, worker.memory_limit, worker.resources])).toEqual([
      [3, 300e6, { GPU: 1, DISK: 2 }],
      [3, 300e6, { GPU: 1, DISK: 2 }],
    ]);
    expect(cluster.workers.map((worker) => worker.name)).toEqual(["worker-0", "worker-1"]);
    const pids = allPids(cluster);
    expect(new Set(pids).size).toBe(3);
    expect(pids.every(isAlive)).toBe(true);
    await cluster.close();
    await cluster.close();
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(cluster.addWorker()).rejects.toThrow("LocalCluster: it is closed; start another by startCluster().");
  });

  it("kills, restarts, pauses and adds workers", async () => {
    await using cluster = await startCluster({ workers: 2, python });
    const killed = cluster.pids.workers[0] as number;
    await cluster.kill(0);
    expect(isAlive(killed)).toBe(false);
    expect(cluster.workers.map((worker) => worker.address === undefined)).toEqual([true, false]);

    await cluster.restart(0);
    expect(cluster.pids.workers[0]).not.toBe(killed);
    expect(await workerNames(cluster)).toEqual(["worker-0-1", "worker-1"]);

    expect(await cluster.addWorker({ resources: { FAST: 1 } })).toBe(2);
    expect(await workerNames(cluster)).toEqual(["worker-0-1", "worker-1", "worker-2"]);

    // A stopped worker still ends with the cluster.
    await cluster.kill(1, "SIGSTOP");
    expect(isAlive(cluster.pids.workers[1] as number)).toBe(true);
    const pids = allPids(cluster);
    await cluster.close();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(() => cluster.logs(0)).toThrow("closed");
  });

  it("tells what its processes wrote", async () => {
    await using cluster = await startCluster({ workers: 1, python });
    expect(cluster.logs("scheduler")).toContain(cluster.address);
    expect(cluster.logs(0)).toContain("worker-0");
    expect(() => cluster.logs(5)).toThrow("LocalCluster: there is no worker 5; it has 1, from 0.");
  });

  for (const [how, ending] of [
    ["runs out of work", ""],
    ["leaves by process.exit", "process.exit(3);"],
    ["throws", "throw new Error('on purpose');"],
  ] as const) {
    it(`ends with a script that ${how}`, async () => {
      const { pids, folders, script } = await runScript(ending);
      await new Promise((resolve) => script.once("exit", resolve));
      expect(await untilGone(pids)).toEqual([]);
      expect(readdirSync(folders)).toEqual([]);
      rmSync(folders, { recursive: true });
    });
  }

  it("ends with a script that is killed", async () => {
    const { pids, folders, script } = await runScript("setInterval(() => {}, 1000);");
    expect(pids.every(isAlive)).toBe(true);
    script.kill("SIGKILL");
    expect(await untilGone(pids)).toEqual([]);
    expect(readdirSync(folders)).toEqual([]);
    rmSync(folders, { recursive: true });
  });
});

describe("startCluster, asked for what cannot be", () => {
  it("names the interpreter that is not there", async () => {
    await expect(startCluster({ python: "/nowhere/python3" })).rejects.toThrow(
      "startCluster: /nowhere/python3 could not be started: there is no such program. Install Python 3.10 or newer, " +
        "or name an interpreter by its path.",
    );
  });

  it("gives the command that installs a missing Dask", async () => {
    const folder = mkdtempSync(join(tmpdir(), "partwise-test-"));
    const bare = join(folder, "bare-python");
    // Without site-packages no interpreter has Dask.
    writeFileSync(bare, `#!/bin/sh\nexec ${JSON.stringify(python)} -S "$@"\n`, { mode: 0o755 });
    const error = await startCluster({ python: bare }).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(
      /^startCluster: .+ \(Python 3\.\d+\.\d+\) has no dask, no distributed, no msgpack\. To mend it: .+ -m pip install "dask>=/,
    );
    rmSync(folder, { recursive: true });
  });

  it("names the folder that cannot be written to", async () => {
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = "/nowhere";
    try {
      await expect(startCluster({ python })).rejects.toThrow(
        "startCluster: no folder for its files can be made in /nowhere (ENOENT). Set TMPDIR to a folder that exists",
      );
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });

  it("rejects options that make no sense", async () => {
    await expect(startCluster({ workers: -1, python })).rejects.toThrow(
      "startCluster: workers must be a whole number >= 0; got -1.",
    );
    await expect(startCluster({ threadsPerWorker: 1.5, python })).rejects.toThrow(
      "startCluster: threadsPerWorker must be a whole number >= 1; got 1.5.",
    );
  });

  it("shows what Dask said when a process does not come up, and ends the others", async () => {
    const folders = mkdtempSync(join(tmpdir(), "partwise-test-"));
    const own = process.env["TMPDIR"];
    process.env["TMPDIR"] = folders;
    try {
      await expect(startCluster({ workers: 2, memoryLimit: "a lot", python })).rejects.toThrow(
        /^startCluster: worker \d ended early \(exit code \d\)\. It said:\n[^]*byte unit/,
      );
    } finally {
      if (own === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = own;
    }
    expect(readdirSync(folders)).toEqual([]);
    rmSync(folders, { recursive: true });
  });
});
