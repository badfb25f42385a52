import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { fitBoosting, type BoostFit } from "#models/boosting/fit-boosting.js";
import { pointwise } from "#models/boosting/objectives.js";
import { makeClassification } from "#datasets/index.js";
import type { TaskSpec } from "#src/engine/engine.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { Design } from "#src/estimator/design.js";
import { boostLoss } from "#src/kernels/kernels.js";
import { inTempFolder } from "../../engine/engine-under-test.js";

const fixture = (name: string): TaskSpec["fn"] => ({
  module: new URL("../../engine/fixtures/tasks.mjs", import.meta.url).href,
  export: name,
});

/** A local engine whose trees grow by rounds of tasks. */
function withoutTeams(threads: number): LocalEngine {
  return Object.assign(new LocalEngine({ threads }), { seatTeam: undefined });
}

/** Counts trees that are grown by teams, and by rounds. */
function counting(engine: LocalEngine): { readonly teams: number; readonly rounds: number } {
  const seen = { teams: 0, rounds: 0 };
  const submit = engine.submit.bind(engine);
  engine.submit = (tasks: readonly TaskSpec[], options) => {
    if (tasks.some(({ fn }) => fn.export === "teamTreesStep")) seen.teams += 1;
    if (tasks.some(({ fn }) => fn.export === "histogramStep")) seen.rounds += 1;
    return submit(tasks, options);
  };
  return seen;
}

function someRows(n: number): { columns: number[][]; y: number[] } {
  let state = 7;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const columns = [0, 1, 2, 3].map((j) =>
    Array.from({ length: n }, () =>
      j === 2 && next() < 0.2 ? NaN : j === 3 ? Math.floor(next() * 9) : Math.round(next() * 200) / 8,
    ),
  );
  const y = Array.from(
    { length: n },
    (_, i) => (columns[0]![i]! - 12) * (columns[1]![i]! - 12) + (columns[3]![i]! % 3) * 20 + 5 * next(),
  );
  return { columns, y };
}

const base = {
  ...new HistGradientBoostingRegressor().getParams(),
  maxIter: 3,
  maxLeafNodes: 8,
  earlyStopping: false,
};

describe("trees that a team of threads grows", () => {
  it.each([
    ["packed derivatives", {}, boostLoss.logistic, true],
    ["level by level", { growth: "depth", maxLeafNodes: 100, minSamplesLeaf: 2 }, boostLoss.squared, false],
    ["no limit of leaves", { maxLeafNodes: null, maxIter: 2 }, boostLoss.poisson, false],
    ["categories", { categoricalFeatures: [3] }, boostLoss.squared, true],
    ["limits of steps", { monotonicConstraints: [1, 0, 0, -1], l1Regularization: 2 }, boostLoss.squared, false],
    ["samples", { subsample: 0.5, maxFeatures: 0.6, colsampleByTree: 0.8 }, boostLoss.logistic, true],
    ["quantiles of leaves", { maxIter: 2 }, boostLoss.absolute, true],
    ["early stopping", { earlyStopping: true, maxIter: 12, nIterNoChange: 2, tol: 0.01 }, boostLoss.squared, true],
  ] as const)("are those that rounds of tasks grow: %s", async (_, own, loss, packed) => {
    const { columns, y } = someRows(1200);
    const params = { ...base, ...own, quantizedGradients: packed } as unknown as typeof base;
    const target =
      loss === boostLoss.logistic ? y.map((v) => Number(v > 20)) : loss === boostLoss.poisson ? y.map(Math.abs) : y;
    let first: BoostFit | undefined;
    for (const [engine, chunks] of [
      [withoutTeams(2), 2],
      [new InlineEngine(), 1],
      [new InlineEngine(), 3],
      [new LocalEngine({ threads: 2 }), 5],
      [new LocalEngine({ threads: 3 }), 3],
    ] as const) {
      const X = DistributedArray.fromColumns(
        columns.map((column) => Float64Array.from(column)),
        { partitions: 2 },
      );
      using design = Design.open("Test.fit", X, Float64Array.from(target), { engine });
      const fit = await fitBoosting(design, { objective: pointwise(loss), params, chunks });
      first ??= fit;
      expect(fit.trees.feature.length).toBeGreaterThan(20);
      expect(fit, `${chunks} chunks on ${engine.parallelism} threads of ${engine.name}`).toEqual(first);
      await expect.poll(() => engine.heldBytes).toBe(0);
      await engine.close();
    }
  });

  it("are grown in few tasks, and by rounds when threads are busy with something else", async () => {
    const { X, y } = makeClassification({ nSamples: 18_000, nFeatures: 5, partitions: 4, randomState: 2 });
    const params = { maxIter: 12, earlyStopping: false } as const;
    const alone = new InlineEngine();
    const expected = await new HistGradientBoostingClassifier(params).fit(X, y, { engine: alone });
    const engine = new LocalEngine({ threads: 2 });
    const seen = counting(engine);
    const model = new HistGradientBoostingClassifier(params);
    // A task that stays on one thread until the first tree is there, which rounds of tasks must have grown then.
    const stop = new AbortController();
    await inTempFolder(async (folder) => {
      await model.fit(X, y, {
        engine,
        onIteration: async ({ iteration }) => {
          if (iteration === 6) stop.abort();
          if (iteration !== 1) return;
          const args = { file: join(folder, "began") };
          const options = { keep: [], signal: stop.signal };
          await engine.submit([{ key: "busy", fn: fixture("spinUntilAborted"), args, deps: [] }], options);
        },
      });
    });
    expect(model.toJSON()).toEqual(expected.toJSON());
    expect(seen.teams).toBeGreaterThan(0);
    expect(seen.rounds).toBeGreaterThan(0);
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
    await alone.close();
  });

  it("are grown by rounds when members never find each other, and a warning says so", async () => {
    const { X, y } = makeClassification({ nSamples: 18_000, nFeatures: 5, partitions: 2, randomState: 8 });
    const params = { maxIter: 12, earlyStopping: false } as const;
    const engine = new LocalEngine({ threads: 2 });
    const expected = await new HistGradientBoostingClassifier(params).fit(X, y, { engine });
    // As on a cluster whose workers cannot reach the meeting point: nobody listens on this port.
    const seatTeam = engine.seatTeam.bind(engine);
    const meeting = { host: "127.0.0.1", port: 1 };
    Object.assign(engine, { seatTeam: async (keys: string[]) => ({ ...(await seatTeam(keys)), meeting }) });
    const warned: string[] = [];
    const listen = ({ name, message }: Error): void => void (name === "TeamWarning" && warned.push(message));
    process.on("warning", listen);
    const tried = { teams: 0 };
    const submit = engine.submit.bind(engine);
    engine.submit = (tasks: readonly TaskSpec[], options) => {
      if (tasks.some(({ fn }) => fn.export === "teamStep")) tried.teams += 1;
      return submit(tasks, options);
    };
    const model = await new HistGradientBoostingClassifier(params).fit(X, y, { engine });
    await expect.poll(() => warned.length).toBe(1);
    process.off("warning", listen);
    expect(warned[0]).toMatch(
      /: the workers could not work together on a tree, three times in a row \(A worker has not reached the others of its team, who meet at 127.0.0.1:1 \(connect ECONNREFUSED/,
    );
    // Trees 1, 3, 6 and 11 of the twelve.
    expect(tried.teams).toBe(4);
    expect(model.toJSON()).toEqual(expected.toJSON());
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("of two fits at once on the same threads are those of each fit alone", async () => {
    const { X, y } = makeClassification({ nSamples: 18_000, nFeatures: 5, partitions: 4, randomState: 6 });
    const engine = new LocalEngine({ threads: 2 });
    const fit = (randomState: number): Promise<HistGradientBoostingClassifier> =>
      new HistGradientBoostingClassifier({ maxIter: 6, subsample: 0.7, randomState }).fit(X, y, { engine });
    const together = await Promise.all([1, 2, 3].map(fit));
    for (const [k, model] of together.entries()) expect(model.toJSON()).toEqual((await fit(k + 1)).toJSON());
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
  });

  it("are followed again by rows that were lost", async () => {
    const { X, y } = makeClassification({ nSamples: 60_000, nFeatures: 8, partitions: 4, randomState: 9 });
    const params = { maxIter: 8, earlyStopping: false } as const;
    const alone = new InlineEngine();
    const expected = await new HistGradientBoostingClassifier(params).fit(X, y, { engine: alone });
    await inTempFolder(async (folder) => {
      const engine = new LocalEngine({ threads: 2, memoryLimit: 4 * 2 ** 20, tempDirectory: folder });
      const again: string[] = [];
      engine.on("recompute", ({ key }) => again.push(key));
      const model = new HistGradientBoostingClassifier(params);
      await model.fit(X, y, {
        engine,
        onIteration: async ({ iteration }) => {
          if (iteration < 4) return;
          const fillers = [0, 1, 2].map((k) => `filler-${iteration}-${k}`);
          const fn = fixture("makeDense");
          await engine.submit(
            fillers.map((key, start) => ({ key, fn, args: { rows: 60_000, start }, deps: [] })),
            { keep: fillers },
          );
          await engine.wait(fillers);
          for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
            if (name.endsWith(".bin")) rmSync(join(folder, name));
          engine.release(fillers);
        },
      });
      expect(again.length).toBeGreaterThan(0);
      expect(model.toJSON()).toEqual(expected.toJSON());
      await engine.close();
    });
    await alone.close();
  });

  it("are kept up to an abort in the middle", async () => {
    const { X, y } = makeClassification({ nSamples: 18_000, nFeatures: 5, partitions: 2, randomState: 4 });
    const engine = new LocalEngine({ threads: 2 });
    const params = { maxIter: 200, earlyStopping: false } as const;
    const model = new HistGradientBoostingClassifier(params);
    const stop = new AbortController();
    const onProgress = ({ done, detail }: { done: number; detail?: unknown }): void => {
      if (detail && done === 5) stop.abort();
    };
    await expect(model.fit(X, y, { engine, signal: stop.signal, onProgress })).rejects.toThrow("stopped by its signal");
    const five = await new HistGradientBoostingClassifier({ ...params, maxIter: 5 }).fit(X, y, { engine });
    expect(model.interrupted!.trees).toEqual(five.trees);
    await expect.poll(() => engine.heldBytes).toBe(0);
    await engine.close();
  });
});
