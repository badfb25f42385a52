import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Connect from "#src/engine/dask/connect.js";
import { startCluster, type LocalCluster } from "#src/engine/dask/local-cluster.js";
import { rejection, runGraph, task } from "../engine/engine-under-test.js";
import { testPython as python } from "./test-python.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const changed = /the partwise build in .*partwise-build-.* has changed since .*npm run build.*Start the program again/;

let cluster: LocalCluster;
const copies: string[] = [];

beforeAll(async () => {
  cluster = await startCluster({ workers: 1, python });
});

afterAll(async () => {
  await cluster.close();
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});

/** A copy of this package, that can be built again without harm. */
function copyOfThePackage(): string {
  const copy = mkdtempSync(join(tmpdir(), "partwise-build-"));
  copies.push(copy);
  for (const part of ["package.json", "dist/src", "src"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** As `npm run build` does after an edit. */
function rebuild(copy: string): void {
  appendFileSync(join(copy, "dist/src/engine/dask/sidecar.js"), "// edited\n");
}

/** `connect` as a program has it that uses this copy. */
async function connectFrom(copy: string): Promise<typeof Connect.connect> {
  const url = pathToFileURL(join(copy, "dist/src/engine/dask/connect.js")).href;
  return ((await import(url)) as typeof Connect).connect;
}

/** Another program that uses this copy: what it prints. */
async function program(copy: string, body: string): Promise<string> {
  const source = `
    import { connect } from ${JSON.stringify(pathToFileURL(join(copy, "dist/src/engine/dask/connect.js")).href)};
    const engine = await connect(${JSON.stringify(cluster.address)}, { python: ${JSON.stringify(python)} });
    ${body}
    await engine.close();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text) => (said += String(text)));
  await new Promise((resolve) => child.once("close", resolve));
  return said.trim();
}

describe("a build that changes while an engine is connected", () => {
  it("is noticed when a sidecar starts again, and the error says what to do", async () => {
    const copy = copyOfThePackage();
    const engine = await (await connectFrom(copy))(cluster.address, { python });
    const [worker] = await engine.workers();
    expect(worker?.sidecar?.home).toBe(copy);
    await runGraph(engine, [task("held", "makeDense", [], { rows: 10_000, start: 0 }, 4)], ["held"]);
    rebuild(copy);
    // What runs already goes on.
    expect(await runGraph(engine, [task("a", "constant", [], 1)], ["a"])).toEqual([1]);
    process.kill(worker?.sidecar?.pid ?? 0, "SIGKILL");
    const error = await rejection(runGraph(engine, [task("sum", "sumDense", ["held"], undefined, 4)], ["sum"]));
    expect(error.message).toContain("partition 4 of demo");
    expect(error.message).toMatch(changed);
    await engine.close();
  });

  it("is noticed when the gateway starts again: the program runs the old code still", async () => {
    const copy = copyOfThePackage();
    const engine = await (await connectFrom(copy))(cluster.address, { python });
    rebuild(copy);
    process.kill(engine.gatewayPid ?? 0, "SIGKILL");
    await expect.poll(async () => (await rejection(engine.workers())).message).toMatch(changed);
    await engine.close();
  });

  it("is what the next program gets, although the workers are the same, and each has its own to the end", async () => {
    const copy = copyOfThePackage();
    const old = await (await connectFrom(copy))(cluster.address, { python });
    await runGraph(old, [task("held", "makeDense", [], { rows: 10_000, start: 0 }, 4)], ["held"]);
    const pid = async (): Promise<number | undefined> => (await old.workers())[0]?.sidecar?.pid;
    const before = await pid();
    rebuild(copy);
    const pidOfTheNext = await program(copy, "console.log((await engine.workers())[0].sidecar.pid);");
    expect(Number(pidOfTheNext)).toBeGreaterThan(0);
    expect(Number(pidOfTheNext)).not.toBe(before);
    expect(await runGraph(old, [task("sum", "sumDense", ["held"], undefined, 4)], ["sum"])).toEqual([99_995_000]);
    expect(await pid()).toBe(before);
    await old.close();
  });

  it("never reaches a worker under the name of the build that it was", async () => {
    // A worker that does not see the driver's files gets a bundle: here one whose copy of them is older.
    const copy = copyOfThePackage();
    const own = await startCluster({ workers: 0, python });
    const engine = await (await connectFrom(copy))(own.address, { python });
    rebuild(copy);
    await own.addWorker();
    const error = await rejection(runGraph(engine, [task("a", "constant", [], 1, 2)], ["a"]));
    expect(error.message).toContain("partition 2 of demo");
    expect(error.message).toMatch(changed);
    await engine.close();
    await own.close();
  });
});
