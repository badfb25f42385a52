import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startCluster } from "#src/engine/dask/local-cluster.js";
import { testPython } from "./test-python.js";

const script = fileURLToPath(new URL("../engine/fixtures/interrupted-script.mjs", import.meta.url));

it("Ctrl-C in a terminal, which reaches the whole process group, leaves the program its gateway", async () => {
  await using cluster = await startCluster({ workers: 1, python: testPython });
  const program = spawn(process.execPath, [script, "dask", cluster.address, testPython], {
    // A process group of its own, as a shell makes one for each command.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [program.stdout, program.stderr]) stream.on("data", (part) => (text += String(part)));
  const end = new Promise((resolve) => program.once("close", resolve));
  await expect.poll(() => text).toBe("running\n");
  process.kill(-(program.pid as number), "SIGINT");
  expect([await end, text]).toEqual([0, "running\ncancelled next\n"]);
});
