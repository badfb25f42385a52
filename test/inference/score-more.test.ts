import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  HistGradientBoostingClassifier,
  HistGradientBoostingRegressor,
  LogisticRegression,
  RandomForestRegressor,
} from "#models/index.js";
import { StandardScaler } from "#preprocessing/index.js";
import {
  DistributedDataFrame,
  type LocalMatrix,
  loadModel,
  makePipeline,
  readParquet,
  rowScorer,
  saveModel,
  scoreDataset,
} from "#src/index.js";
import { leafOfRow } from "#src/numeric/trees/row-walk.js";
import type { TreeEnsemble } from "#src/numeric/trees/tree-ensemble.js";
import { GridSearchCV } from "#src/model-selection/index.js";

const folder = mkdtempSync(join(tmpdir(), "partwise-score-more-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let next = 0;
const fresh = (): string => join(folder, `out-${next++}`);
const ROWS = 900;
const columns = {
  a: Float64Array.from({ length: ROWS }, (_, i) => Math.sin(i)),
  b: Float64Array.from({ length: ROWS }, (_, i) => Math.cos(3 * i) * 10),
};
const y = Array.from(columns.a, (value, i) => (value + (columns.b[i] as number) / 20 > 0 ? 1 : 0));
const input = join(folder, "input", "*.parquet");

beforeAll(async () => {
  await DistributedDataFrame.fromColumns(columns, { partitions: 5 }).writeParquet(join(folder, "input"));
});

describe("scoreDataset", () => {
  it("compresses Parquet parts as asked: the same rows in other bytes, and no going on with another codec", async () => {
    const model = await new LogisticRegression().fit(columns, y);
    const sizes: number[] = [];
    const rows: unknown[] = [];
    for (const compression of ["zstd", "snappy", "lz4", "uncompressed"] as const) {
      const output = fresh();
      const { bytes } = await scoreDataset({ model, input, output, compression });
      sizes.push(bytes);
      rows.push((await (await readParquet(join(output, "*.parquet"))).compute()).toRecords());
      expect(rows.at(-1)).toEqual(rows[0]);
      if (compression !== "zstd") await expect(scoreDataset({ model, input, output })).rejects.toThrow(/other options/);
    }
    expect(new Set(sizes).size).toBe(4);
    await expect(scoreDataset({ model, input, output: fresh(), compression: "rar" as never })).rejects.toThrow(
      /compression must be one of zstd, snappy, lz4, uncompressed; got "rar"/,
    );
    await expect(scoreDataset({ model, input, output: fresh(), compression: "lz4", format: "csv" })).rejects.toThrow(
      /compression is for Parquet parts; got the format "csv"/,
    );
  });

  it("writes explanations and leaves of trees, behind scalers too", async () => {
    for (const model of [
      new HistGradientBoostingClassifier({ maxIter: 4 }),
      makePipeline(new StandardScaler(), new HistGradientBoostingClassifier({ maxIter: 4 })),
    ]) {
      await (model as HistGradientBoostingClassifier).fit(columns, y);
      const output = fresh();
      await scoreDataset({
        model: model as never,
        input,
        output,
        outputs: ["decisionFunction", "shapValues", "applyLeaves"],
        passthrough: [],
      });
      const scored = await (await readParquet(join(output, "*.parquet"))).compute();
      expect(scored.columns).toEqual([
        "decision",
        "shap_a",
        "shap_b",
        "shap_expected",
        "leaf_0",
        "leaf_1",
        "leaf_2",
        "leaf_3",
      ]);
      const rows = scored.toRecords() as {
        decision: number;
        shap_a: number;
        shap_b: number;
        shap_expected: number;
        leaf_0: number;
      }[];
      for (const row of rows) expect(row.shap_a + row.shap_b + row.shap_expected).toBeCloseTo(row.decision, 8);
      expect(rows.every((row) => Number.isInteger(Number(row.leaf_0)))).toBe(true);
    }
  });

  it("writes the ends of intervals of quantile boosting, and how far the trees of a forest are apart", async () => {
    const several = new HistGradientBoostingRegressor({ loss: "quantile", quantile: [0.1, 0.5, 0.9], maxIter: 8 });
    const forest = new RandomForestRegressor({ nEstimators: 7, minSamplesLeaf: 5 });
    const target = Array.from(columns.a, (value, i) => 100 + value * (columns.b[i] as number));
    const rows = Array.from({ length: ROWS }, (_, i) => [columns.a[i] as number, columns.b[i] as number]);
    for (const wrapped of [false, true]) {
      const model = wrapped ? makePipeline(new StandardScaler(), several) : several;
      await (model as HistGradientBoostingRegressor).fit(columns, target);
      const output = fresh();
      await scoreDataset({ model: model as never, input, output, passthrough: [] });
      const scored = await (await readParquet(join(output, "*.parquet"))).compute();
      expect(scored.columns).toEqual(["quantile_0.1", "quantile_0.5", "quantile_0.9"]);
      const score = await rowScorer(model as never);
      expect(score.batchSteps).toEqual([]);
      const whole = scored.rows() as number[][];
      expect(rows.slice(0, 40).map((row) => [...(score(row) as Float64Array)])).toEqual(whole.slice(0, 40));
      const inside = target.filter((value, i) => value >= whole[i]![0]! && value <= whole[i]![2]!).length;
      expect(inside / ROWS).toBeGreaterThan(0.6);
    }
    await forest.fit(columns, target);
    const output = fresh();
    await scoreDataset({ model: forest, input, output, outputs: ["predict", "uncertainty"], passthrough: [] });
    const scored = await (await readParquet(join(output, "*.parquet"))).compute();
    expect(scored.columns).toEqual(["prediction", "uncertainty_spread"]);
    const { trees } = forest.toPlain().state as unknown as { trees: TreeEnsemble };
    const spread = await forest.predictSpread(columns);
    const score = await rowScorer(forest, { output: "uncertainty" });
    expect(score.batchSteps).toEqual([]);
    rows.slice(0, 50).forEach((row, i) => {
      const each = Array.from({ length: 7 }, (_, t) => trees.value[leafOfRow(trees, t, row)]!);
      const mean = each.reduce((sum, value) => sum + value, 0) / 7;
      const wanted = Math.sqrt(each.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 7);
      expect(spread[i]).toBeCloseTo(wanted, 9);
      expect(scored.getColumn("uncertainty_spread").get(i)).toBe(spread[i]);
      expect(score(row)).toBe(spread[i]);
    });
    await expect(
      scoreDataset({ model: several as never, input, output: fresh(), outputs: ["predict"] }),
    ).rejects.toThrow("has no predict. It has predictQuantiles");
  });

  it.runIf(existsSync("/dev/full"))("says that the disk is full, keeps what is done, and goes on later", async () => {
    const model = await new LogisticRegression().fit(columns, y);
    const whole = fresh();
    await scoreDataset({ model, input, output: whole });
    const output = fresh();
    mkdirSync(output);
    symlinkSync("/dev/full", join(output, "part-00003.parquet.writing"));
    await expect(scoreDataset({ model, input, output })).rejects.toThrow(/the disk is full/);
    rmSync(join(output, "part-00003.parquet.writing"));
    const done = readdirSync(output).filter((name) => name.endsWith(".parquet"));
    const report = await scoreDataset({ model, input, output });
    expect(report.partitions).toMatchObject({ done: 5, total: 5, resumed: done.length });
    for (const { length } of [report.files]) expect(length).toBe(5);
    for (const file of report.files)
      expect(readFileSync(file).equals(readFileSync(file.replace(output, whole)))).toBe(true);
  });
});

describe("a search", () => {
  it("is saved with what it found, loads, and scores as it did", async () => {
    const search = new GridSearchCV({
      estimator: makePipeline(new StandardScaler(), new LogisticRegression()) as never,
      paramGrid: { logisticregression__C: [0.01, 1] },
      cv: 3,
    });
    await search.fit(DistributedDataFrame.fromColumns(columns, { partitions: 2 }), Float64Array.from(y));
    const path = join(folder, "search.partwise");
    await saveModel(search as never, path);
    const loaded = await loadModel<typeof search>(path);
    expect(loaded.bestParams).toEqual(search.bestParams);
    const proba = (model: typeof search) =>
      (model as unknown as { predictProba(X: object): Promise<LocalMatrix> }).predictProba(columns);
    expect((await proba(loaded)).toRows()).toEqual((await proba(search)).toRows());
  });
});
