import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createServer, type AddressInfo, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startCluster } from "#src/engine/dask/local-cluster.js";
import { testPython } from "./test-python.js";

const main = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

interface DoctorReport {
  readonly ok: boolean;
  readonly checks: { readonly name: string; readonly state: string; readonly found: string; readonly mend?: string }[];
}

function doctor(scheduler: string, env: Record<string, string> = {}): { code: number | null; report: DoctorReport } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [main, "doctor", "--json", "--python", testPython, "--scheduler", scheduler],
    { encoding: "utf8", env: { ...process.env, ...env } },
  );
  return { code: status, report: JSON.parse(stdout) as DoctorReport };
}

/** Runs `partwise cluster start` until it has printed where the cluster is. */
async function clusterStart(
  ...flags: string[]
): Promise<{ text: string; program: ChildProcess; end: Promise<string> }> {
  const args = [main, "cluster", "start", "--workers", "1", "--python", testPython, ...flags];
  const program = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  program.stderr.on("data", (text) => (complaint += String(text)));
  const end = new Promise<string>((resolve) => {
    program.once("exit", (code) => resolve(`${code}: ${complaint}`));
  });
  const text = await Promise.race([
    new Promise<string>((resolve) => program.stdout.once("data", (lines) => resolve(String(lines)))),
    end.then((how) => Promise.reject(new Error(`it ended: ${how}`))),
  ]);
  return { text, program, end };
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

interface Started {
  readonly address: string;
  readonly pid: number;
  readonly workers: readonly { readonly name: string; readonly pid: number }[];
}

describe("partwise cluster start", () => {
  it("prints the addresses and stops everything at Ctrl-C", async () => {
    const { text, program, end } = await clusterStart("--json");
    const started = JSON.parse(text) as Started;
    expect(started.address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(started.workers.map((worker) => worker.name)).toEqual(["worker-0"]);
    program.kill("SIGINT");
    expect(await end).toBe("0: ");
    for (const pid of [started.pid, ...started.workers.map((worker) => worker.pid)]) {
      expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    }
  });

  it("shows a person what to do next", async () => {
    const { text, program, end } = await clusterStart();
    const address = /tcp:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] as string;
    // Also where its Python is, because the program needs one with Dask as well.
    expect(text).toContain(`await connect("${address}", { python: "${testPython}" })`);
    expect(text).toContain(`PARTWISE_PYTHON=${testPython} node program.js`);
    expect(text).toContain("Ctrl-C stops it.");
    program.kill("SIGTERM");
    expect(await end).toBe("0: stopping the cluster\n");
  });

  it("takes the ports it is given, and says when one is taken", async () => {
    const free = await listening();
    const { port } = free.address() as AddressInfo;
    const taken = await clusterStart("--port", String(port)).catch((error: Error) => error.message);
    expect(taken).toContain(`1: partwise: startCluster: port ${port} of 127.0.0.1 is taken.`);
    await new Promise((resolve) => free.close(resolve));
    const { text, program, end } = await clusterStart("--port", String(port), "--json");
    expect((JSON.parse(text) as Started).address).toBe(`tcp://127.0.0.1:${port}`);
    program.kill("SIGINT");
    expect(await end).toBe("0: ");
  });

  it("fails when its scheduler is lost", async () => {
    const { text, end } = await clusterStart("--json");
    process.kill((JSON.parse(text) as Started).pid, "SIGKILL");
    expect(await end).toBe("1: partwise: the scheduler ended (signal SIGKILL); start the cluster again.\n");
  });
});

describe("partwise doctor --scheduler", () => {
  it("looks at the scheduler and at Node on every worker", async () => {
    await using cluster = await startCluster({ workers: 2, python: testPython });
    const { code, report } = doctor(cluster.address);
    const names = report.checks.filter((check) => check.state === "ok").map((check) => check.name);
    expect(names).toEqual(
      expect.arrayContaining(["Scheduler", "Worker worker-0", "Worker worker-0, Node", "Worker worker-1, Node"]),
    );
    expect(report.checks.find((check) => check.name === "Worker worker-1, Node")?.found).toContain(
      process.versions.node,
    );
    expect([code, report.ok]).toEqual([0, true]);
  });

  it("finds a worker without Node and a scheduler without workers", async () => {
    await using cluster = await startCluster({ workers: 0, python: testPython });
    const none = doctor(cluster.address);
    expect(none.code).toBe(1);
    expect(none.report.checks.at(-1)).toMatchObject({ name: "Workers", state: "problem" });
    await cluster.addWorker({ env: { PARTWISE_NODE: "no-such-node" } });
    const without = doctor(cluster.address);
    expect(without.code).toBe(1);
    expect(without.report.checks.at(-1)).toMatchObject({
      name: "Worker worker-0, Node",
      state: "problem",
      mend: "install Node 20.19 or newer on the worker, or set PARTWISE_NODE to its path there",
    });
  });

  it("says that something else listens there", async () => {
    await using cluster = await startCluster({ workers: 0, python: testPython });
    const { port } = new URL(cluster.dashboardLink);
    const { code, report } = doctor(`tcp://127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(report.checks.at(-1)).toMatchObject({ name: "Cluster", state: "problem" });
    expect(report.checks.at(-1)?.found).toContain("did not answer as a Dask scheduler within 5 s");
  });
});
