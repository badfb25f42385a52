import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ridge } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import {
  GridSearchCV,
  HyperbandSearchCV,
  logUniform,
  uniform,
  type SearchResults,
} from "#src/model-selection/index.js";

const SCRIPT = new URL("./fixtures/journalled-search.mjs", import.meta.url).pathname;
const run = promisify(execFile);

let folder: string;
let journal: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
  journal = join(folder, "search.ndjson");
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = (): number => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 1 : 0);

class Counted extends Ridge {
  static fits = 0;

  override fit(...args: Parameters<Ridge["fit"]>): Promise<this> {
    Counted.fits += 1;
    if (this.getParams().alpha === 13) return Promise.reject(new Error("alpha is 13"));
    return super.fit(...args);
  }
}

const values = (k: number): number[] => Array.from({ length: 60 }, (_, i) => Math.sin((k + 1) * (i + 1)) * 5);
const X = (): DistributedArray => DistributedArray.fromColumns([values(0), values(1)], { partitions: 3 });
const y = values(0).map((value, i) => value + (values(4)[i] as number));
const grid = (more: object = {}): GridSearchCV =>
  new GridSearchCV({ estimator: new Counted(), paramGrid: { alpha: [0.1, 1, 13, 100] }, cv: 3, journal, ...more });
const withoutTimes = (results: SearchResults): object =>
  Object.fromEntries(Object.entries(results).filter(([name]) => !name.includes("_time")));

describe("a search that is killed", () => {
  it.each([
    ["hyperband", "2"],
    ["tpe", "2"],
    ["asha", "1"],
  ])(
    "goes on to the same trials and the same best: %s, %s at a time",
    async (kind, parallel) => {
      const whole = run(process.execPath, [SCRIPT, kind, "none", "0", parallel]);
      const child = spawn(process.execPath, [SCRIPT, kind, journal, "20", parallel], { stdio: "ignore" });
      await expect.poll(lines, { interval: 5 }).toBeGreaterThan(6);
      child.kill("SIGKILL");
      await once(child, "exit");
      const before = lines();
      const resumed = await run(process.execPath, [SCRIPT, kind, journal, "0", parallel]);
      expect(resumed.stdout).toBe((await whole).stdout);
      expect(lines()).toBeGreaterThan(before);
    },
    60_000,
  );
});

describe("a journal", () => {
  it("spares a second call all fits but the refit, failed trials included", async () => {
    const first = await grid().fit(X(), y);
    Counted.fits = 0;
    const second = await grid({ parallelTrials: 3, maxTime: 1e-9 }).fit(X(), y);
    expect(Counted.fits).toBe(1);
    expect(second.cvResults).toEqual(first.cvResults);
    expect(second.cvResults.error[2]).toBe("alpha is 13");
    expect(second.bestParams).toEqual(first.bestParams);
  });

  it("loses at most a last line that was cut short", async () => {
    const first = await grid().fit(X(), y);
    const { length } = readFileSync(journal);
    truncateSync(journal, length - 20);
    Counted.fits = 0;
    const second = await grid().fit(X(), y);
    expect(Counted.fits).toBe(2);
    expect(withoutTimes(second.cvResults)).toEqual(withoutTimes(first.cvResults));
    expect(lines()).toBe(13);
    // Killed while it wrote the header.
    truncateSync(journal, 40);
    await grid().fit(X(), y);
    expect(lines()).toBe(13);
  });

  it("of another search is refused with what differs", async () => {
    await grid().fit(X(), y);
    const message = async (search: GridSearchCV | HyperbandSearchCV, targets = y): Promise<string> =>
      search.fit(X(), targets).then(
        () => "no error",
        (error: Error) => error.message,
      );
    expect(await message(grid({ paramGrid: { alpha: [1] } }))).toMatch(
      /of another search: space is .* there and .* here/,
    );
    expect(await message(grid({ cv: 4 }))).toContain("splits is 3 splits");
    expect(await message(grid({ scoring: "r2", weightScores: true }))).toContain(
      "weightScores is false there and true here",
    );
    expect(
      await message(
        grid(),
        y.map((value) => value + 1),
      ),
    ).toMatch(/: data is \w+ there/);
    expect(await message(grid({ estimator: new Counted({ fitIntercept: false }) }))).toContain("estimator is Ridge{");
    const hyperband = new HyperbandSearchCV({
      estimator: new Counted(),
      paramDistributions: { alpha: uniform(1, 2) },
      resource: "nSamples",
      journal,
    });
    expect(await message(hyperband)).toContain("it is a GridSearchCV there and a HyperbandSearchCV here");
  });

  it("that is no journal, or damaged, is refused and left as it is", async () => {
    writeFileSync(journal, "alpha,score\n1,2\n");
    await expect(grid().fit(X(), y)).rejects.toThrow("is damaged: line 1 is no JSON");
    writeFileSync(journal, '{"format":"something else"}\n');
    await expect(grid().fit(X(), y)).rejects.toThrow("is another kind of file");
    expect(readFileSync(journal, "utf8")).toBe('{"format":"something else"}\n');
    rmSync(journal);
    await grid().fit(X(), y);
    appendFileSync(journal, '{"unit":1}\n{}\n');
    await expect(grid().fit(X(), y)).rejects.toThrow("line 14 is no unit of a search");
    await expect(grid({ journal: folder }).fit(X(), y)).rejects.toThrow("cannot be written");
  });

  it("tells searches with other distributions apart", async () => {
    const halved = (alpha: ReturnType<typeof uniform>): HyperbandSearchCV =>
      new HyperbandSearchCV({
        estimator: new Counted(),
        paramDistributions: { alpha },
        resource: "nSamples",
        maxIter: 3,
        journal,
      });
    await halved(logUniform(1, 10)).fit(X(), y);
    await expect(halved(uniform(1, 10)).fit(X(), y)).rejects.toThrow("space is");
    await halved(logUniform(1, 10)).fit(X(), y);
  });
});

describe("a search that is stopped", () => {
  it("keeps the results until then, and its journal goes on", async () => {
    const whole = await grid({ journal: undefined }).fit(X(), y);
    const controller = new AbortController();
    const search = grid({ parallelTrials: 1 });
    const onProgress = ({ done }: { done: number }): void => (done === 9 ? controller.abort() : undefined);
    await expect(search.fit(X(), y, { signal: controller.signal, onProgress })).rejects.toThrow(
      "stopped by its signal",
    );
    expect(search.isFitted).toBe(false);
    const partial = search.partialResults;
    expect(partial?.error).toEqual([
      undefined,
      "not finished: the search was stopped",
      "alpha is 13",
      "not finished: the search was stopped",
    ]);
    expect(partial?.["mean_test_score"]?.[0]).toBe(whole.cvResults["mean_test_score"]?.[0]);
    const resumed = await grid().fit(X(), y);
    expect(withoutTimes(resumed.cvResults)).toEqual(withoutTimes(whole.cvResults));
  });
});
