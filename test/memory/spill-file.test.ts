import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError } from "#src/base/errors.js";
import { Memory } from "#src/memory/memory.js";
import { SpillFolder, SpillLostError } from "#src/memory/spill-file.js";

const MB = 2 ** 20;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "partwise-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A memory with one block of numbered values. */
function filled(length = 10_000) {
  const memory = Memory.create(64 * MB, 64 * MB);
  const column = memory.columnFrom(
    "f64",
    Float64Array.from({ length }, (_, i) => Math.sin(i)),
  );
  return { memory, column, values: memory.copyOut(column) };
}

describe("SpillFolder", () => {
  it("reads back what it wrote, also when it takes several pieces", async () => {
    for (const length of [1, 10_000, 2_300_000]) {
      const { memory, column, values } = filled(length);
      const spill = new SpillFolder(folder);
      const spilled = await spill.write(memory, column);
      expect(spilled.bytes).toBe(memory.bytesOf(column));
      memory.view(column).fill(0);
      const target = memory.allocate(spilled.bytes);
      await spill.read(memory, spilled, target);
      expect(
        Buffer.compare(
          Buffer.from(memory.copyOut({ ...column, ...target, offset: target.block }).buffer),
          Buffer.from(values.buffer),
        ),
      ).toBe(0);
      spill.close();
    }
  });

  it("makes its folder at the first write and removes it with close", async () => {
    const { memory, column } = filled();
    const spill = new SpillFolder(folder);
    expect(readdirSync(folder)).toEqual([]);
    const spilled = await spill.write(memory, column);
    expect(readdirSync(folder)).toHaveLength(1);
    await spill.remove(spilled);
    await spill.remove(spilled);
    expect(existsSync(spilled.path)).toBe(false);
    spill.close();
    spill.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("tells damaged, truncated and missing files apart from good ones", async () => {
    const { memory, column } = filled();
    const spill = new SpillFolder(folder);
    const spoil: [string, (path: string) => void, RegExp][] = [
      ["damaged", (path) => writeFileSync(path, readFileSync(path).fill(1, 500, 501)), /was changed on disk/],
      ["truncated", (path) => truncateSync(path, 100), /ends after 100 of/],
      ["missing", (path) => rmSync(path), /ENOENT/],
    ];
    for (const [how, ruin, message] of spoil) {
      const spilled = await spill.write(memory, column);
      ruin(spilled.path);
      const read = spill.read(memory, spilled, memory.allocate(spilled.bytes));
      await expect(read, how).rejects.toThrow(SpillLostError);
      await expect(read, how).rejects.toThrow(message);
    }
    spill.close();
  });

  it("says what to do when its folder cannot be made", async () => {
    const { memory, column } = filled();
    writeFileSync(join(folder, "file"), "");
    for (const parent of [join(folder, "file"), join(folder, "missing")]) {
      const write = new SpillFolder(parent).write(memory, column);
      await expect(write).rejects.toThrow(FileError);
      await expect(write).rejects.toThrow(/cannot make a folder in .* Set tempDirectory to a writable folder/);
    }
  });

  it("says what to do when a file cannot be written, and leaves nothing behind", async () => {
    const { memory, column } = filled();
    const spill = new SpillFolder(folder);
    const first = await spill.write(memory, column);
    const inside = dirname(first.path);
    // The place of the next file is taken: the write fails like one to a full disk.
    mkdirSync(join(inside, "1.bin"));
    const write = spill.write(memory, column);
    await expect(write).rejects.toThrow(FileError);
    await expect(write).rejects.toThrow(
      /cannot write \d+ bytes to the temporary folder .* Free disk space, set tempDirectory/,
    );
    expect(readdirSync(inside).sort()).toEqual(["0.bin", "1.bin"]);
    spill.close();
  });
});
