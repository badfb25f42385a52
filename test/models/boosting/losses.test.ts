import { describe, expect, it } from "vitest";
import { HistGradientBoostingClassifier, HistGradientBoostingRegressor } from "#models/index.js";
import type { HistGradientBoostingRegressorParams } from "#models/boosting/hist-gradient-boosting-regressor.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { InlineEngine } from "#src/engine/inline/inline-engine.js";
import { boostLoss } from "#src/kernels/kernels.js";
import { boostTerm } from "#src/kernels/reference/boost-loss.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../../golden/load-golden.js";

const golden = loadGolden("boosting");
type Loss = Extract<HistGradientBoostingRegressorParams["loss"], string>;

function someRows(n: number, seed = 1): { columns: Float64Array[]; y: Float64Array } {
  let state = seed;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  const columns = [0, 1, 2].map((j) =>
    Float64Array.from({ length: n }, () => (j === 2 && next() < 0.2 ? NaN : Math.round(next() * 40) / 8)),
  );
  const y = Float64Array.from({ length: n }, (_, i) => {
    const effect = (columns[0]![i]! - 2.5) * (columns[1]![i]! - 2) + (Number.isNaN(columns[2]![i]!) ? 3 : 0);
    return Math.max(0.05, 8 + effect + 3 * next());
  });
  return { columns, y };
}

/** The rows cut into so many partitions, the first one empty where there are several. */
function cut(columns: readonly Float64Array[], partitions: number): DistributedArray {
  const n = columns[0]!.length;
  const edges = Array.from({ length: partitions + 1 }, (_, p) =>
    p <= 1 && partitions > 1 ? 0 : Math.floor((p * n) / partitions),
  );
  return DistributedArray.concat(
    edges.slice(1).map((to, p) =>
      DistributedArray.fromColumns(
        columns.map((column) => column.subarray(edges[p], to)),
        { partitions: 1 },
      ),
    ),
  );
}

const all: readonly [Loss, Partial<HistGradientBoostingRegressorParams>][] = [
  ["absolute_error", {}],
  ["huber", { delta: 2 }],
  ["quantile", { quantile: 0.8 }],
  ["quantile", { quantile: [0.1, 0.5, 0.9] }],
  ["gamma", {}],
  ["tweedie", { power: 1.3 }],
];

describe("losses of boosted trees", () => {
  it.each(all)("give the same bits for any partitioning (%s, %o)", async (loss, own) => {
    const { columns, y } = someRows(400);
    const w = y.map((value) => 0.25 + Math.abs(value % 1));
    const params = { loss, maxIter: 5, maxLeafNodes: 8, earlyStopping: true, validationFraction: 0.2, ...own } as const;
    const fits: unknown[] = [];
    for (const partitions of [1, 3, 7]) {
      const X = cut(columns, partitions);
      const model = await new HistGradientBoostingRegressor(params).fit(X, y, {
        engine: new InlineEngine(),
        sampleWeight: w,
      });
      fits.push(model.toJSON());
    }
    expect(fits[1]).toEqual(fits[0]);
    expect(fits[2]).toEqual(fits[0]);
  });

  it("have derivatives that finite differences have", () => {
    const parameter: Record<number, number> = {
      [boostLoss.quantile]: 0.7,
      [boostLoss.huber]: 0.8,
      [boostLoss.tweedie]: 1.4,
    };
    const e = 1e-5;
    for (const loss of Object.values(boostLoss)) {
      for (const m of [-1.3, -0.2, 0.4, 2.1]) {
        for (const y of loss === boostLoss.logistic ? [0, 1] : [0.3, 1, 5]) {
          const at = (margin: number): number => boostTerm(loss, parameter[loss] ?? 0, margin, y).loss;
          const { g, h } = boostTerm(loss, parameter[loss] ?? 0, m, y);
          expect(g, `loss ${loss} at ${m}, ${y}`).toBeCloseTo((at(m + e) - at(m - e)) / (2 * e), 6);
          const curved = ![boostLoss.absolute, boostLoss.quantile, boostLoss.huber].includes(loss as 3);
          if (curved) expect(h).toBeCloseTo((at(m + e) - 2 * at(m) + at(m - e)) / e ** 2, 3);
          else expect(h).toBe(1);
        }
      }
    }
  });

  it.each([
    ["absolute_error", 0.5],
    ["quantile", 0.2],
    ["quantile", 0.9],
  ] as const)("end leaves at the weighted quantile of their residuals (%s, %d)", async (loss, quantile) => {
    const { columns, y } = someRows(300, 7);
    // Rounded, so that many residuals and shares are equal.
    const target = y.map((value) => Math.round(value));
    for (const weights of [undefined, target.map((value) => value % 4)]) {
      const params = { loss, quantile, learningRate: 1, maxIter: 1, maxLeafNodes: 6 };
      const options = weights ? { sampleWeight: weights } : {};
      const X = cut(columns, 3);
      const model = await new HistGradientBoostingRegressor(params).fit(X, target, options);
      const predicted = Array.from((await model.predict(X).compute()).toFlat(), Number);
      const expected = (rows: number[], from: (i: number) => number): number => {
        const sorted = rows.filter((i) => weights?.[i] !== 0).toSorted((a, b) => from(a) - from(b));
        const weight = (i: number): number => weights?.[i] ?? 1;
        const total = sorted.reduce((sum, i) => sum + weight(i), 0);
        let below = 0;
        for (const [k, i] of sorted.entries()) {
          below += weight(i);
          if (Math.abs(below - quantile * total) < 1e-9)
            return k + 1 < sorted.length ? (from(i) + from(sorted[k + 1]!)) / 2 : from(i);
          if (below > quantile * total) return from(i);
        }
        return NaN;
      };
      const everyone = Array.from(target.keys());
      expect(model.baseline).toBe(expected(everyone, (i) => target[i]!));
      const groups = new Map<number, number[]>();
      for (const i of everyone) groups.set(predicted[i]!, [...(groups.get(predicted[i]!) ?? []), i]);
      expect(groups.size).toBeGreaterThan(1);
      for (const [value, rows] of groups)
        expect(value).toBeCloseTo(
          expected(rows, (i) => target[i]!),
          10,
        );
    }
  });

  it("finds leaf quantiles through buckets where the rows are many and their residuals uneven", async () => {
    const n = 70_000;
    const x = Float64Array.from({ length: n }, (_, i) => i % 2);
    // One row of 10 is far away, and many are equal.
    const y = x.map((side, i) => (i % 10 === 0 ? 1e9 * i : side * 5 + (i % 7 === 0 ? 3 : ((i * 7919) % 1000) / 1000)));
    const X = DistributedArray.fromColumns([x], { partitions: 3 });
    const model = await new HistGradientBoostingRegressor({
      loss: "quantile",
      quantile: 0.3,
      learningRate: 1,
      maxIter: 1,
      earlyStopping: false,
    }).fit(X, y);
    for (const side of [0, 1]) {
      const own = Array.from(y)
        .filter((_, i) => x[i] === side)
        .toSorted((a, b) => a - b);
      const exact = (own[Math.ceil(0.3 * own.length) - 1]! + own[Math.ceil(0.3 * own.length)]!) / 2;
      expect((await model.predict([[side]]))[0]).toBeCloseTo(exact, 9);
    }
  });

  it.each([
    // Later, equal gains of gradients of two values go another way.
    ["absolute", { loss: "absolute_error", maxIter: 5 }],
    ["gamma", { loss: "gamma", maxIter: 30 }],
  ] as const)("predict what scikit-learn does on diabetes (%s)", async (name, params) => {
    const { data, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
    const model = await new HistGradientBoostingRegressor(params).fit(X, data.y as number[]);
    const predicted = (await model.predict(X).compute()).toFlat();
    const worst = numbersOf(expected, "prediction").reduce(
      (most, value, i) => Math.max(most, Math.abs(value - Number(predicted[i])) / value),
      0,
    );
    expect(worst).toBeLessThan(2e-3);
    expect(await model.score(X, data.y as number[])).toBeCloseTo(numberOf(expected, "r2"), 4);
  });

  it.each([
    ["quantile-0.1", { loss: "quantile", quantile: 0.1, maxIter: 60 }, (y: number) => y],
    ["quantile-0.8", { loss: "quantile", quantile: 0.8, maxIter: 60 }, (y: number) => y],
    ["lightgbm-huber", { loss: "huber", delta: 20, maxIter: 60 }, (y: number) => y],
    ["lightgbm-tweedie", { loss: "tweedie", power: 1.3, maxIter: 60 }, (y: number) => Math.max(0, y - 100)],
  ] as const)("come to the loss of the peers (%s)", async (name, params, from) => {
    const { data, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(data.columns!, { partitions: 2 });
    const model = await new HistGradientBoostingRegressor(params).fit(X, Array.from(data.y as number[], from));
    const loss = -model.trainScore.at(-1)!;
    expect(loss / numberOf(expected, "loss")).toBeLessThan(1.05);
    expect(loss / numberOf(expected, "loss")).toBeGreaterThan(0.95);
  });

  it("fits several quantiles at once as it fits each alone", async () => {
    const { columns, y } = someRows(300, 3);
    const X = cut(columns, 2);
    const params = { loss: "quantile", maxIter: 8, maxLeafNodes: 5 } as const;
    const quantiles = [0.1, 0.5, 0.9];
    const together = await new HistGradientBoostingRegressor({ ...params, quantile: quantiles }).fit(X, y);
    const rows = (await together.predictQuantiles(X).compute()).toRows();
    for (const [k, quantile] of quantiles.entries()) {
      const alone = await new HistGradientBoostingRegressor({ ...params, quantile }).fit(X, y);
      const one = (await alone.predict(X).compute()).toFlat();
      rows.forEach((row, i) => expect(row[k]).toBeCloseTo(Number(one[i]), 6));
    }
    expect(together.nIter).toBe(8);
    const share = rows.filter((row, i) => y[i]! <= row[2]!).length / y.length;
    expect(share).toBeGreaterThan(0.85);
    expect(() => together.predict(X)).toThrow("3 quantiles of each row. Call predictQuantiles");
    const squared = await new HistGradientBoostingRegressor({ maxIter: 1 }).fit(X, y);
    expect(() => squared.predictQuantiles(X)).toThrow("fitted with another loss");
  });

  it("say what is wrong with a target", async () => {
    const X = [[1], [2], [3]];
    await expect(new HistGradientBoostingRegressor({ loss: "gamma" }).fit(X, [1, 0, 3])).rejects.toThrow(
      "y must be > 0 for this loss; got 0 in partition 0, row 1",
    );
    await expect(new HistGradientBoostingRegressor({ loss: "tweedie" }).fit(X, [1, -1, 3])).rejects.toThrow(
      "y must be >= 0 for this loss; got -1",
    );
    expect(() => new HistGradientBoostingRegressor({ quantile: 1 })).toThrow("quantile");
    expect(() => new HistGradientBoostingRegressor({ power: 2 })).toThrow("power");
    for (const [loss, own] of all) {
      const model = new HistGradientBoostingRegressor({ loss, ...own, maxIter: 2, quantile: 0.5 });
      await model.fit(
        Array.from({ length: 50 }, (_, i) => [i]),
        Array.from({ length: 50 }, () => 4),
      );
      expect((await model.predict([[7]]))[0], loss).toBeCloseTo(4, 9);
    }
  });
});

describe("boosting of many classes", () => {
  it.each([
    ["multiclass", 30, null, 0],
    ["balanced", 20, "balanced", 20],
  ] as const)("gives scikit-learn's probabilities on iris (%s)", async (name, maxIter, classWeight, from) => {
    const { data, expected } = goldenCase(golden, name);
    const X = DistributedArray.fromColumns(
      data.columns!.map((column) => Float64Array.from(column).subarray(from)),
      { partitions: 3 },
    );
    const y = Array.from(data.y as number[]).slice(from);
    const model = await new HistGradientBoostingClassifier({ maxIter, classWeight }).fit(X, y);
    const own = (await model.predictProba(X).compute()).toFlat();
    const worst = numbersOf(expected, "probability").reduce(
      (most, p, i) => Math.max(most, Math.abs(p - Number(own[i]))),
      0,
    );
    expect(worst).toBeLessThan(2e-3);
    expect(model.nIter).toBe(maxIter);
    const labels = (await model.predict(X).compute()).toFlat();
    const proba = (await model.predictProba(X).compute()).toRows();
    proba.forEach((row, i) => expect(row.indexOf(Math.max(...row))).toBe(Number(labels[i])));
  });

  it("has the same bits for any partitioning, labels of any type, and margins of each class", async () => {
    const { columns, y } = someRows(300, 9);
    const labels = Array.from(y, (value) => (value < 7 ? "low" : value < 10 ? "middle" : "high"));
    const w = y.map((value) => 0.5 + Math.abs(value % 1));
    const params = {
      maxIter: 4,
      maxLeafNodes: 6,
      earlyStopping: true,
      validationFraction: 0.2,
      classWeight: "balanced",
    } as const;
    const fits: HistGradientBoostingClassifier[] = [];
    for (const partitions of [1, 3, 7]) {
      const engine = new InlineEngine();
      fits.push(
        await new HistGradientBoostingClassifier(params).fit(cut(columns, partitions), labels, {
          engine,
          sampleWeight: w,
        }),
      );
    }
    expect(fits[1]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[2]!.toJSON()).toEqual(fits[0]!.toJSON());
    expect(fits[0]!.classes).toEqual(["high", "low", "middle"]);
    const rows = Array.from({ length: 20 }, (_, i) => columns.map((column) => column[i]!));
    const margins = ((await fits[0]!.decisionFunction(rows)) as { toRows(): number[][] }).toRows();
    const shares = (await fits[0]!.predictProba(rows)).toRows();
    const predicted = await fits[0]!.predict(rows);
    margins.forEach((row, i) => {
      const total = row.reduce((sum, m) => sum + Math.exp(m), 0);
      row.forEach((m, k) => expect(shares[i]![k]).toBeCloseTo(Math.exp(m) / total, 12));
      expect(predicted[i]).toBe(fits[0]!.classes[row.indexOf(Math.max(...row))]);
    });
  });

  it("weighs the second of two classes, as sample weights would", async () => {
    const { columns, y } = someRows(200, 11);
    const labels = y.map((value) => Number(value > 9));
    const X = cut(columns, 2);
    const by = await new HistGradientBoostingClassifier({ maxIter: 5, scalePosWeight: 3 }).fit(X, labels);
    const as = await new HistGradientBoostingClassifier({ maxIter: 5 }).fit(X, labels, {
      sampleWeight: labels.map((label) => (label === 1 ? 3 : 1)),
    });
    expect(by.trees).toEqual(as.trees);
    await expect(
      new HistGradientBoostingClassifier({ scalePosWeight: 2 }).fit(
        X,
        labels.map((label, i) => (i % 5 === 0 ? 2 : label)),
      ),
    ).rejects.toThrow("scalePosWeight is for two classes; y has 3");
    await expect(new HistGradientBoostingClassifier({ classWeight: { 5: 2 } }).fit(X, labels)).rejects.toThrow(
      'classWeight has the label "5"',
    );
  });
});
