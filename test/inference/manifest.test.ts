import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Manifest, type JobIdentity } from "#src/inference/manifest.js";

const JOB: JobIdentity = { model: "m", input: "i", options: "o", partitions: 3 };

describe("Manifest", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "partwise-manifest-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const open = (): Manifest => Manifest.open("test", folder, JOB, "resume");
  const part = (partition: number, rows: number, badRows: number): void => {
    const file = `part-${partition}.csv`;
    writeFileSync(join(folder, file), "x".repeat(rows));
    manifest.add({ partition, file, rows, bytes: rows, badRows });
  };
  let manifest: Manifest;

  it("counts the rows of finished partitions, those that were done twice once", () => {
    manifest = open();
    expect([manifest.rows, manifest.badRows]).toEqual([0, 0]);
    part(0, 5, 1);
    part(1, 7, 2);
    expect([manifest.rows, manifest.badRows]).toEqual([12, 3]);
    manifest.close();

    // The file of partition 0 is lost: it does not count, and is done again.
    rmSync(join(folder, "part-0.csv"));
    manifest = open();
    expect([manifest.done.size, manifest.rows, manifest.badRows]).toEqual([1, 7, 2]);
    part(0, 5, 1);
    expect([manifest.rows, manifest.badRows]).toEqual([12, 3]);
    manifest.close();

    // Now it has two lines that both fit its file.
    manifest = open();
    expect([manifest.done.size, manifest.rows, manifest.badRows]).toEqual([2, 12, 3]);
    manifest.close();
  });
});
