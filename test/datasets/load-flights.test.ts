import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    expect(first.getColumn("origin").toArray().every((code) => /^[A-Z]{3}$/.test(String(code)))).toBe(true);
  } finally {
    process.chdir(home);
    rmSync(elsewhere, { recursive: true });
  }
});
