import { describe, expect, it } from "vitest";
import {
  HistGradientBoostingClassifier,
  HistGradientBoostingRegressor,
  plotImportance,
  plotTree,
  RandomForestRegressor,
} from "#models/index.js";
import { DistributedDataFrame } from "#src/collections/frame/distributed-data-frame.js";
import { permutationImportance } from "#src/model-selection/index.js";

const n = 400;
const city = Array.from(
  { length: n },
  (_, i) => ["Bonn", "Köln", "Aachen & Düren", "Wesel", "Hamm", null][(i * 7) % 6]!,
);
const km = Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 10);
const noise = Array.from({ length: n }, (_, i) => ((i * 53) % 97) / 97);
const y = city.map((name, i) => (name === "Köln" || name === null ? 5 : 0) + (km[i]! > 5 ? 2 : 0) + noise[i]! / 100);
const frame = DistributedDataFrame.fromColumns({ city, km, noise }, { partitions: 2 });
const texts = (svg: string): string[] => Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text]) => text!);

describe("pictures of trees", () => {
  it("show a tree with names, texts of categories, gains, rows and leaf values", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 2, maxLeafNodes: 4, maxCatToOnehot: 0 }).fit(
      frame,
      y,
    );
    const seen = texts(plotTree(model, { tree: 1 }));
    const { offsets, feature, value, gain, count } = model.trees;
    for (let k = offsets[1]!; k < offsets[2]!; k++) {
      expect(seen.some((text) => text.startsWith(`${count[k]} rows`))).toBe(true);
      if (feature[k]! < 0) expect(seen).toContain(String(Number(value[k]!.toPrecision(4))));
      else expect(seen).toContain(`gain ${Number(gain[k]!.toPrecision(4))}`);
    }
    expect(seen.some((text) => /^km ≤ [45]/.test(text))).toBe(true);
    const cities = seen.find((text) => text.startsWith("city in {"))!;
    expect(cities).toMatch(/&quot;|"/);
    expect(seen.some((text) => text.endsWith(", missing"))).toBe(true);
    expect(model.dumpText([1])).toMatch(/city in \{"(Köln|Aachen & Düren|Bonn|Hamm)/);
    expect(() => plotTree(model, { tree: 2 })).toThrow("plotTree: tree must be 0 to 1, the trees of the model; got 2");
    expect(() => plotTree(new HistGradientBoostingRegressor())).toThrow("fit");
  });

  it("stay readable where trees are deep, and take forests", async () => {
    const X = km.map((a, i) => [a, noise[i]!]);
    const forest = await new RandomForestRegressor({ nEstimators: 2 }).fit(X, y);
    const svg = plotTree(forest, { maxDepth: 2 });
    expect(svg.match(/rx="5"/g)!.length).toBeLessThanOrEqual(7);
    expect(svg).toMatch(/… \d+ nodes below/);
    expect(texts(svg).some((text) => /^x[01] ≤/.test(text))).toBe(true);
    expect(texts(plotImportance(forest))).toContain("x0");
  });

  it("show importances by gain, by splits and by permutation, the largest first", async () => {
    const model = await new HistGradientBoostingRegressor({ maxIter: 10 }).fit(frame, y);
    const own = model.featureImportances();
    const total = own.reduce((sum, value) => sum + value, 0);
    const gains = texts(plotImportance(model));
    expect(gains.indexOf("city")).toBeLessThan(gains.indexOf("km"));
    expect(gains).toContain(String(Number((own[0]! / total).toPrecision(4))));
    expect(gains).toContain("Share of the gain of the splits");
    const splits = texts(plotImportance(model, { kind: "split", normalize: false, most: 1 }));
    expect(splits).toContain(String(Math.max(...model.featureImportances("split"))));
    expect(splits.filter((text) => ["city", "km", "noise"].includes(text))).toHaveLength(1);
    const rows = km.map((a, i) => [a, noise[i]!]);
    const plain = await new HistGradientBoostingClassifier({ maxIter: 5 }).fit(
      rows,
      km.map((a) => Number(a > 5)),
    );
    const shuffled = await permutationImportance(
      plain,
      rows,
      km.map((a) => Number(a > 5)),
    );
    expect(texts(plotImportance(plain, { importances: shuffled }))).toContain(
      String(Number(shuffled.mean[0]!.toPrecision(4))),
    );
    expect(() => plotImportance(plain, { importances: { mean: [1] } })).toThrow(
      "there are 1 importances, but the model has 2 columns",
    );
    expect(() => plotImportance(plain, { most: 0 })).toThrow("most must be a whole number from 1");
    expect(() => plotImportance(plain, { kind: "cover" as never })).toThrow('kind must be "gain" or "split"');
  });
});
