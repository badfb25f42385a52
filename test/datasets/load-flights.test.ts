import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { loadFlights } from "#datasets/index.js";

it("reads the 3,000,000 flights lazily, with known rows, from any working directory", async () => {
  const home = process.cwd();
  const elsewhere = mkdtempSync(join(tmpdir(), "partwise-"));
  try {
    process.chdir(elsewhere);
    const flights = await loadFlights({ partitions: 6 });
    expect(flights.columns).toEqual(["date", "delay", "distance", "origin", "destination"]);
    expect(flights.rows).toBe(3_000_000);
    expect(flights.partitions).toBeGreaterThanOrEqual(6);
    const first = await flights.head(2).compute();
    expect(
      first
        .getColumn("origin")
        .toArray()
        .every((code) => /^[A-Z]{3}$/.test(String(code))),
    ).toBe(true);
  } finally {
    process.chdir(home);
    rmSync(elsewhere, { recursive: true });
  }
});

it("says what to install when vega-datasets is not there", () => {
  const folder = mkdtempSync(join(tmpdir(), "partwise-"));
  try {
    // A copy of the build that finds every dependency but the data.
    const root = fileURLToPath(new URL("../../", import.meta.url));
    mkdirSync(join(folder, "node_modules"));
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (name !== "vega-datasets") symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
    }
    cpSync(join(root, "dist", "src"), join(folder, "dist", "src"), { recursive: true });
    cpSync(join(root, "dist", "datasets"), join(folder, "dist", "datasets"), { recursive: true });
    cpSync(join(root, "package.json"), join(folder, "package.json"));
    const code = `import { loadFlights } from ${JSON.stringify(pathToFileURL(join(folder, "dist", "datasets", "index.js")).href)}; loadFlights().catch((e) => console.log(e.message));`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", code], { cwd: folder, encoding: "utf8" });
    expect(run.stdout.trim()).toBe(
      "loadFlights: the package vega-datasets, which holds the data, is not installed. Run: npm install vega-datasets",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
