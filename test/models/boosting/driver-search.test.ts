import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import { makeClassification } from "#datasets/index.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { inlineEngine, localEngine } from "#src/engine/default-engine.js";
import type { Engine } from "#src/engine/engine.js";

/** An engine that says of itself that a task costs much more than a call, as a cluster's does. */
function dear(engine: Engine): Engine {
  return Object.assign(engine, {
    groupByHolder: async (keys: readonly string[]) => [keys.map((_, index) => index)],
  });
}

describe("splits that the driver searches, where tasks are dear", () => {
  for (const [name, rows] of [
    ["few rows", 3000],
    ["rows enough for packed derivatives", 70_000],
  ] as const) {
    it(`are those that tasks find: ${name}`, async () => {
      const { X, y } = makeClassification({ nSamples: rows, nFeatures: 6, randomState: 3, partitions: 3 });
      const params = { maxIter: 4, earlyStopping: false } as const;
      const usual = localEngine({ threads: 2 });
      const other = dear(localEngine({ threads: 2 }));
      try {
        const a = await new HistGradientBoostingClassifier(params).fit(X, y, { engine: usual });
        const b = await new HistGradientBoostingClassifier(params).fit(X, y, { engine: other });
        expect(b.trees).toEqual(a.trees);
        expect(b.trainScore).toEqual(a.trainScore);
      } finally {
        await usual.close();
        await other.close();
      }
    });
  }

  it("also level by level, with missing values and leaves beyond what is guessed", async () => {
    const { X, y } = makeClassification({ nSamples: 2000, nFeatures: 4, randomState: 4, partitions: 2 });
    const local = (await X.compute()) as LocalMatrix;
    const rows = local
      .toRows()
      .map((row, i) => Array.from(row, (value, j) => ((i + j) % 7 === 0 ? NaN : Number(value))));
    const params = { maxIter: 3, maxLeafNodes: 63, growth: "depth", earlyStopping: false } as const;
    const a = await new HistGradientBoostingRegressor(params).fit(rows, y, { engine: inlineEngine() });
    const b = await new HistGradientBoostingRegressor(params).fit(rows, y, { engine: dear(inlineEngine()) });
    expect(b.trees).toEqual(a.trees);
  });
});
