import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";

function someRows(n: number, seed = 1): { columns: Float64Array[]; y: Float64Array } {
  let state = seed;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: n }, () => Math.round(next() * 40) / 8));
  const y = columns[0]!.map((a, i) => (a - 2.5) * (columns[1]![i]! - 2) + next());
  return { columns, y };
}

const cut = (columns: readonly Float64Array[], partitions: number): DistributedArray =>
  DistributedArray.fromColumns(columns, { partitions });
const custom = (name: string): { module: string; export: string } => ({
  module: new URL("./custom-objectives.mjs", import.meta.url).href,
  export: name,
});
const engine = new InlineEngine();

describe("rounds of boosted trees", () => {
  it.each([
    ["subsample", { subsample: 0.5 }],
    ["goss", { sampling: "goss", learningRate: 0.5 }],
    ["goss with quantiles of leaves", { sampling: "goss", learningRate: 0.5, loss: "absolute_error" }],
  ] as const)("draw the same rows for any partitioning (%s)", async (_, own) => {
    const { columns, y } = someRows(500);
    const w = y.map((value) => 0.5 + Math.abs(value % 1));
    const params = { maxIter: 8, maxLeafNodes: 6, earlyStopping: true, validationFraction: 0.2, ...own } as const;
    const fits: HistGradientBoostingRegressor[] = [];
    for (const partitions of [1, 3, 7])
      fits.push(
        await new HistGradientBoostingRegressor(params).fit(cut(columns, partitions), y, { engine, sampleWeight: w }),
      );
    expect(fits[1]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[2]!.toJSON()).toEqual(fits[0]!.toJSON());
    const roots = fits[0]!.trees.offsets.subarray(0, -1);
    const drawn = Array.from(roots, (root) => fits[0]!.trees.count[root]!);
    expect(new Set(drawn).size, "other rows each round").toBeGreaterThan(1);
    const other = await new HistGradientBoostingRegressor({ ...params, randomState: 5 }).fit(cut(columns, 2), y);
    expect(other.trees.value).not.toEqual(fits[0]!.trees.value);
  });

  it("scores of a fit that draws rows are those of all rows", async () => {
    const { columns, y } = someRows(300);
    const X = cut(columns, 2);
    for (const own of [
      { subsample: 0.4 },
      { sampling: "goss", topRate: 0.3, otherRate: 0.2, learningRate: 0.5 },
    ] as const) {
      const model = await new HistGradientBoostingRegressor({ maxIter: 9, ...own }).fit(X, y);
      const predicted = (await model.predict(X).compute()).toFlat();
      const loss = y.reduce((sum, value, i) => sum + 0.5 * (Number(predicted[i]) - value) ** 2, 0) / y.length;
      expect(-model.trainScore.at(-1)!).toBeCloseTo(loss, 6);
      expect(await model.score(X, y)).toBeGreaterThan(0.3);
    }
  });

  it("GOSS takes rows of large gradients and draws of the others", async () => {
    const { columns, y } = someRows(1000, 3);
    const params = { sampling: "goss", topRate: 0.2, otherRate: 0.1, learningRate: 1, maxIter: 3 } as const;
    const model = await new HistGradientBoostingRegressor(params).fit(cut(columns, 3), y);
    const { offsets, count } = model.trees;
    // The first round takes all rows; then 200 are certain, and an eighth of 800 is drawn.
    expect(count[offsets[0]!]).toBe(1000);
    for (const t of [1, 2]) {
      expect(count[offsets[t]!]).toBeGreaterThan(260);
      expect(count[offsets[t]!]).toBeLessThan(345);
    }
  });

  it("DART grows rounds without some of those before, and scales both", async () => {
    const { columns, y } = someRows(400, 5);
    const params = { maxIter: 12, maxLeafNodes: 6, dropRate: 0.4, skipDrop: 0.2, subsample: 0.8 } as const;
    const fits: HistGradientBoostingRegressor[] = [];
    for (const partitions of [1, 3, 7])
      fits.push(
        await new HistGradientBoostingRegressor(params).fit(cut(columns, partitions), y, {
          engine,
          evalSets: [{ X: cut(columns, 2), y }],
        }),
      );
    const [model] = fits as [HistGradientBoostingRegressor];
    expect(fits[1]!.toJSON()).toEqual(model.toJSON());
    expect(fits[2]!.toJSON()).toEqual(model.toJSON());
    // The margins of the fit are those of the final trees, and the scores of both ways to move rows agree.
    const predicted = (await model.predict(cut(columns, 2)).compute()).toFlat();
    const loss = y.reduce((sum, value, i) => sum + 0.5 * (Number(predicted[i]) - value) ** 2, 0) / y.length;
    expect(-model.trainScore.at(-1)!).toBeCloseTo(loss, 8);
    model.evalsResult["eval0"]!["loss"]!.forEach((score, i) => expect(score).toBeCloseTo(model.trainScore[i]!, 8));
    // Two rounds by the book: with the first dropped both count half.
    const first = await new HistGradientBoostingRegressor({ maxIter: 1, maxLeafNodes: 6 }).fit(cut(columns, 1), y);
    const two = await new HistGradientBoostingRegressor({
      maxIter: 2,
      maxLeafNodes: 6,
      dropRate: 0.999,
      skipDrop: 0,
    }).fit(cut(columns, 1), y);
    const half = first.trees.value.map((value) => value / 2);
    expect(two.trees.offsets[1]).toBe(half.length);
    half.forEach((value, k) => {
      expect(two.trees.value[k]).toBeCloseTo(value, 6);
      expect(two.trees.value[half.length + k]).toBeCloseTo(value, 6);
    });
    await expect(
      new HistGradientBoostingRegressor({ ...params, earlyStopping: true }).fit(cut(columns, 1), y),
    ).rejects.toThrow("changes earlier trees in later rounds");
  });

  it("take an objective of one's own, and say what is wrong with it", async () => {
    const { columns, y } = someRows(300, 4);
    const X = cut(columns, 3);
    const w = y.map((value) => 1 + Math.abs(value % 1));
    const mean = y.reduce((sum, value, i) => sum + value * w[i]!, 0) / w.reduce((a, b) => a + b);
    const base = Float64Array.from(y, () => mean);
    const own = await new HistGradientBoostingRegressor({ loss: custom("squared"), maxIter: 10 }).fit(X, y, {
      sampleWeight: w,
      baseMargin: base,
    });
    const theirs = await new HistGradientBoostingRegressor({ maxIter: 10 }).fit(X, y, { sampleWeight: w });
    const [a, b] = [await own.predict(X).compute(), await theirs.predict(X).compute()].map((m) => m.toFlat());
    a!.forEach((value, i) => expect(Number(value) + mean).toBeCloseTo(Number(b![i]), 5));
    expect(own.trainScore.at(-1)).toBeCloseTo(theirs.trainScore.at(-1)!, 6);
    expect(own.toJSON()).toEqual(
      (
        await new HistGradientBoostingRegressor({ loss: custom("squared"), maxIter: 10 }).fit(cut(columns, 7), y, {
          sampleWeight: w,
          baseMargin: base,
        })
      ).toJSON(),
    );
    const fit = (name: string, more = {}): Promise<unknown> =>
      new HistGradientBoostingRegressor({ loss: custom(name), maxIter: 2, ...more }).fit([[1], [2], [3]], [1, 4, 2]);
    await expect(fit("broken")).rejects.toThrow("returned gradient NaN for row 1 (margin 0, y 4)");
    await expect(fit("short")).rejects.toThrow("an entry for each of 3 rows; got 2");
    await expect(fit("concave")).rejects.toThrow("hessian -1 for row 0");
    await expect(fit("nowhere")).rejects.toThrow("nowhere");
    await expect(fit("withoutLoss", { earlyStopping: true, validationFraction: null })).rejects.toThrow(
      "returns no loss to stop by",
    );
    await expect(fit("withoutLoss")).resolves.toBeDefined();
  });

  it("go on from an earlier fit: warm start, initial model, base margin", async () => {
    const { columns, y } = someRows(300, 6);
    const X = cut(columns, 3);
    const long = await new HistGradientBoostingRegressor({ maxIter: 20 }).fit(X, y);
    const warm = new HistGradientBoostingRegressor({ maxIter: 8, warmStart: true });
    await warm.fit(X, y);
    await warm.setParams({ maxIter: 20 }).fit(X, y);
    expect(warm.nIter).toBe(20);
    const first = await new HistGradientBoostingRegressor({ maxIter: 8 }).fit(X, y);
    const on = await new HistGradientBoostingRegressor({ maxIter: 12 }).fit(X, y, { initModel: first });
    expect(on.trees).toEqual(warm.trees);
    const [a, b] = [await long.predict(X).compute(), await on.predict(X).compute()].map((m) => m.toFlat());
    a!.forEach((value, i) => expect(Number(value)).toBeCloseTo(Number(b![i]), 4));
    const margins = Float64Array.from((await first.predict(X).compute()).toFlat(), Number);
    const more = await new HistGradientBoostingRegressor({ maxIter: 12 }).fit(X, y, { baseMargin: margins });
    expect(more.baseline).toBe(0);
    expect(more.trainScore.at(-1)).toBeCloseTo(on.trainScore.at(-1)!, 8);
    await expect(new HistGradientBoostingRegressor({ loss: "huber" }).fit(X, y, { initModel: first })).rejects.toThrow(
      "initModel has another loss",
    );
    await expect(new HistGradientBoostingRegressor().fit([[1], [2]], [1, 2], { initModel: first })).rejects.toThrow(
      "has 3 columns, but X has 1",
    );
    await expect(
      new HistGradientBoostingRegressor().fit(X, y, { initModel: new HistGradientBoostingClassifier() as never }),
    ).rejects.toThrow("initModel must be a HistGradientBoostingRegressor");
    const labels = y.map((value) => (value > 2 ? 2 : value > 0 ? 1 : 0));
    const three = await new HistGradientBoostingClassifier({ maxIter: 3 }).fit(X, labels);
    const six = await new HistGradientBoostingClassifier({ maxIter: 3 }).fit(X, labels, { initModel: three });
    expect(six.nIter).toBe(6);
    await expect(
      new HistGradientBoostingClassifier({ maxIter: 3 }).fit(
        X,
        labels.map((l) => l + 1),
        { initModel: three },
      ),
    ).rejects.toThrow("has the classes 0, 1, 2, but y has 1, 2, 3");
    await expect(new HistGradientBoostingClassifier().fit(X, labels, { baseMargin: margins })).rejects.toThrow(
      "3 outputs",
    );
  });

  it.each([
    ["squared_error", {}],
    ["absolute_error", {}],
    ["poisson", { learningRate: 0.3 }],
  ] as const)("refit the leaves on new rows (%s)", async (loss, own) => {
    const { columns, y: raw } = someRows(300, 11);
    const y = raw.map((value) => Math.abs(value));
    const X = cut(columns, 3);
    const model = await new HistGradientBoostingRegressor({ loss, maxIter: 6, maxLeafNodes: 8, ...own }).fit(X, y);
    // On its own rows nothing changes, whatever the decay.
    for (const decay of [0, 0.5]) {
      const same = await model.refit(X, y, { decay });
      same.trees.value.forEach((value, k) => expect(value).toBeCloseTo(model.trees.value[k]!, 5));
      expect(same.trainScore.at(-1)).toBeCloseTo(model.trainScore.at(-1)!, 6);
    }
    const shifted = y.map((value) => 2 * value + 1);
    const kept = await model.refit(X, shifted, { decay: 1 });
    expect(kept.trees.value).toEqual(model.trees.value);
    const fits = await Promise.all(
      [1, 2, 7].map((partitions) => model.refit(cut(columns, partitions), shifted, { decay: 0.2 })),
    );
    expect(fits[1]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[2]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[0]!.trainScore.at(-1)).toBeGreaterThan(kept.trainScore.at(-1)!);
    expect(fits[0]!.trees.threshold).toEqual(model.trees.threshold);
    await expect(model.refit(X, y, { decay: 2 })).rejects.toThrow("decay must be 0 to 1");
    await expect(model.refit([[1]], [1])).rejects.toThrow("columns");
    await expect(model.setParams({ loss: "huber" }).refit(X, y)).rejects.toThrow("another loss");
  });

  it("refit the leaves of many classes", async () => {
    const { columns, y } = someRows(300, 12);
    const labels = Array.from(y, (value) => (value > 2 ? "c" : value > 0 ? "b" : "a"));
    const X = cut(columns, 3);
    const model = await new HistGradientBoostingClassifier({ maxIter: 4, maxLeafNodes: 6 }).fit(X, labels);
    const same = await model.refit(X, labels, { decay: 0 });
    same.trees.value.forEach((value, k) => expect(value).toBeCloseTo(model.trees.value[k]!, 5));
    const some = await model.refit(
      cut(
        columns.map((column) => column.subarray(0, 40)),
        2,
      ),
      labels.slice(0, 40),
    );
    expect(some.classes).toEqual(model.classes);
    await expect(
      model.refit(
        X,
        labels.map(() => "d"),
      ),
    ).rejects.toThrow('"d"');
  });

  it("say where a checkpoint cannot be, before anything is fitted, and name a base margin as what it is", async () => {
    const { columns, y } = someRows(60, 13);
    const fit = (options: object): Promise<unknown> =>
      new HistGradientBoostingRegressor({ maxIter: 2 }).fit(cut(columns, 2), y, options);
    await expect(fit({ checkpoint: { path: "/nowhere/at/all.json" } })).rejects.toThrow(
      'HistGradientBoostingRegressor.fit: checkpoint.path is "/nowhere/at/all.json", but there is no folder "/nowhere/at". Make it first',
    );
    await expect(fit({ checkpoint: { path: "here.json", every: 0 } })).rejects.toThrow(
      "checkpoint.every must be a whole number from 1; got 0",
    );
    await expect(fit({ checkpoint: { path: tmpdir() } })).rejects.toThrow("cannot be read (EISDIR)");
    await expect(fit({ baseMargin: [1, 2] })).rejects.toThrow(/baseMargin/);
    const nan = Float64Array.from(y, (_, i) => (i === 50 ? NaN : 0));
    await expect(fit({ baseMargin: nan })).rejects.toThrow(/baseMargin/);
  });

  it("round derivatives to few bits when asked to, whatever the number of rows", async () => {
    const { columns, y } = someRows(300, 14);
    const fit = (quantizedGradients: boolean | "auto"): Promise<HistGradientBoostingRegressor> =>
      new HistGradientBoostingRegressor({ maxIter: 5, quantizedGradients }).fit(cut(columns, 2), y);
    const [auto, exact, rounded] = [await fit("auto"), await fit(false), await fit(true)];
    expect(auto.trees).toEqual(exact.trees);
    expect(rounded.trees.value).not.toEqual(exact.trees.value);
    expect(rounded.trainScore.at(-1)! / exact.trainScore.at(-1)!).toBeCloseTo(1, 1);
    expect(() => new HistGradientBoostingRegressor({ quantizedGradients: "yes" as never })).toThrow(
      "quantizedGradients",
    );
  });

  it("report each iteration, and stop when asked", async () => {
    const { columns, y } = someRows(300, 8);
    const seen: number[] = [];
    const model = await new HistGradientBoostingRegressor({
      maxIter: 50,
      earlyStopping: true,
      validationFraction: 0.3,
      nIterNoChange: 50,
    }).fit(cut(columns, 2), y, {
      onIteration: async ({ iteration, trainScore, validationScore }) => {
        expect(trainScore).toBeLessThan(0);
        seen.push(validationScore!);
        return iteration < 7;
      },
    });
    expect(seen).toEqual(Array.from(model.validationScore).slice(1));
    expect(seen.length).toBe(7);
    expect(model.nIter).toBeLessThanOrEqual(7);
  });

  it("leave the trees so far when a fit is aborted", async () => {
    const { columns, y } = someRows(300, 9);
    const X = cut(columns, 2);
    const model = new HistGradientBoostingRegressor({ maxIter: 50 });
    const abort = new AbortController();
    const fit = model.fit(X, y, {
      signal: abort.signal,
      onIteration: ({ iteration }) => void (iteration === 5 && abort.abort()),
    });
    await expect(fit).rejects.toThrow();
    expect(model.isFitted).toBe(false);
    const five = await new HistGradientBoostingRegressor({ maxIter: 5 }).fit(X, y);
    expect(model.interrupted!.trees).toEqual(five.trees);
    await model.setParams({ maxIter: 2 }).fit(X, y);
    expect(model.interrupted).toBeUndefined();
  });

  it.each([
    ["squared_error", {}],
    ["absolute_error", { subsample: 0.7 }],
  ] as const)("end in the same model when the driver was killed and a checkpoint is there (%s)", async (loss, own) => {
    const folder = await mkdtemp(join(tmpdir(), "partwise-"));
    const path = join(folder, "fit.json");
    try {
      const { columns, y } = someRows(300, 10);
      const params = {
        loss,
        maxIter: 25,
        maxLeafNodes: 6,
        earlyStopping: true,
        validationFraction: 0.2,
        ...own,
      } as const;
      const expected = await new HistGradientBoostingRegressor(params).fit(cut(columns, 1), y);
      const script = `
        import { HistGradientBoostingRegressor } from ${JSON.stringify(import.meta.resolve("#models/index.js"))};
        import { DistributedArray } from ${JSON.stringify(import.meta.resolve("#src/collections/array/distributed-array.js"))};
        const columns = ${JSON.stringify(columns.map((c) => Array.from(c)))}.map((c) => Float64Array.from(c));
        await new HistGradientBoostingRegressor(${JSON.stringify(params)}).fit(
          DistributedArray.fromColumns(columns, { partitions: 3 }), ${JSON.stringify(Array.from(y))},
          { checkpoint: { path: ${JSON.stringify(path)}, every: 3 }, onIteration: ({ iteration }) => { if (iteration === 10) process.kill(process.pid, "SIGKILL"); } },
        );`;
      await expect(promisify(execFile)(process.execPath, ["--input-type=module", "-e", script])).rejects.toMatchObject({
        signal: "SIGKILL",
      });
      expect(existsSync(path)).toBe(true);
      const kept = await readFile(path, "utf8");
      const checkpoint = { path, every: 3 };
      const iterations: number[] = [];
      const model = await new HistGradientBoostingRegressor(params).fit(cut(columns, 2), y, {
        checkpoint,
        onIteration: ({ iteration }) => void iterations.push(iteration),
      });
      expect(iterations[0]).toBe(9);
      expect(model.toJSON()).toEqual(expected.toJSON());
      expect(existsSync(path), "removed when the fit is complete").toBe(false);
      await writeFile(path, kept);
      await expect(
        new HistGradientBoostingRegressor({ ...params, maxLeafNodes: 5 }).fit(cut(columns, 2), y, { checkpoint }),
      ).rejects.toThrow("is of other data or parameters");
      const changed = y.map((value, i) => (i === 0 ? value + 1 : value));
      await expect(
        new HistGradientBoostingRegressor(params).fit(cut(columns, 2), changed, { checkpoint }),
      ).rejects.toThrow("is of other data");
      await writeFile(path, kept.slice(0, 50));
      await expect(new HistGradientBoostingRegressor(params).fit(cut(columns, 2), y, { checkpoint })).rejects.toThrow(
        "is not a checkpoint",
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
