import { describe, expect, it } from "vitest";
import { HuberRegressor, QuantileRegressor } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { expectClose, iterative, objective } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf } from "../golden/load-golden.js";

const golden = loadGolden("robust");
const casesOf = (kind: string): string[] => Object.keys(golden.cases).filter((name) => name.startsWith(kind));

describe("HuberRegressor against scikit-learn", () => {
  for (const name of casesOf("huber")) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const y = data.y as number[];
      const options = data.sampleWeight ? { sampleWeight: data.sampleWeight } : {};
      const params = recordOf(expected, "params");
      const model = new HuberRegressor({ ...params, tol: 1e-10 });
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
      await model.fit(X, y, options);
      expect(model.converged).toBe(true);
      expectClose([model.objective], [numberOf(expected, "objective")], objective, "objective");
      expectClose(model.coef, numbersOf(expected, "coef"), iterative, "coef");
      expectClose(
        [model.intercept, model.scale],
        [numberOf(expected, "intercept"), numberOf(expected, "scale")],
        iterative,
        "intercept and scale",
      );
      const flags = await model.outliers(X, y).compute();
      expect(Array.from(flags.toVector() as Float64Array)).toEqual(numbersOf(expected, "outliers"));
      // The gradient from scratch.
      const epsilon = Number(params["epsilon"]);
      const gradient = new Float64Array(model.coef.length + 2);
      y.forEach((value, i) => {
        const row = [...data.columns!.map((column) => column[i]!), 1];
        const b = [...model.coef, model.intercept];
        const z = (value - row.reduce((sum, x, j) => sum + x * b[j]!, 0)) / model.scale;
        const w = data.sampleWeight?.[i] ?? 1;
        const slope = -2 * w * Math.max(-epsilon, Math.min(epsilon, z));
        row.forEach((x, j) => (gradient[j]! += slope * x));
        gradient[row.length]! += w * (1 - Math.min(z * z, epsilon * epsilon));
      });
      model.coef.forEach((value, j) => (gradient[j]! += 2 * Number(params["alpha"]) * value));
      if (params["fitIntercept"] === false) gradient[model.coef.length] = 0;
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-6 * y.length);
    });
  }

  it("finds the plane where most rows lie on one, with a scale of 0", async () => {
    const X = [[0], [1], [2], [3], [4], [5], [6], [7], [8], [9]];
    const y = X.map(([x]) => 2 * x! + 1);
    const model = await new HuberRegressor({ alpha: 0 }).fit(X, y);
    expectClose([model.coef[0]!, model.intercept], [2, 1], iterative);
    expect(model.scale).toBeLessThan(1e-9);
    expect(await model.score(X, y)).toBeCloseTo(1, 9);
  });

  it("finds the plane of most rows also beside outliers, where the scale falls to 0", async () => {
    const X = Array.from({ length: 10 }, (_, i) => [i]);
    const y = X.map(([x]) => 2 * x! + 1);
    y[9] = 400;
    y[3] = -50;
    for (const alpha of [0, 1e-4]) {
      const model = await new HuberRegressor({ alpha }).fit(X, y);
      expect(model.converged).toBe(true);
      expectClose([model.coef[0]!, model.intercept], [2, 1], iterative);
      // At a scale of 0 the loss is 2 epsilon |r| of the outliers, and the penalty.
      expectClose([model.objective], [2 * 1.35 * (381 + 57) + alpha * 4], { rtol: 1e-8, atol: 0 });
    }
  });

  it("starts where it was when warm, and does not mind units", async () => {
    const { data } = goldenCase(golden, "huber");
    const X = DistributedArray.fromColumns(data.columns!, { partitions: 2 });
    const y = data.y as number[];
    const model = new HuberRegressor({ warmStart: true, alpha: 0, tol: 1e-9 });
    await model.fit(X, y);
    const { coef } = model;
    await model.fit(X, y);
    expect(model.nIter).toBeLessThan(2);
    const units = data.columns!.map((column, j) => column.map((value) => value * 10 ** (8 - 5 * j)));
    const other = await new HuberRegressor({ alpha: 0, tol: 1e-9 }).fit(
      DistributedArray.fromColumns(units),
      y.map((value) => value * 1e6),
    );
    expectClose(
      other.coef.map((value, j) => value * 10 ** (8 - 5 * j - 6)),
      coef,
      iterative,
    );
  });
});

/** The objective from scratch. */
function pinball(
  data: { columns: readonly ArrayLike<number>[]; y: ArrayLike<number>; w?: ArrayLike<number> },
  model: QuantileRegressor,
): number {
  const { quantile, alpha } = model.getParams();
  let [sum, weight] = [0, 0];
  for (let i = 0; i < data.y.length; i++) {
    const r = data.columns.reduce(
      (rest, column, j) => rest - model.coef[j]! * column[i]!,
      data.y[i]! - model.intercept,
    );
    const w = data.w?.[i] ?? 1;
    sum += w * Math.max(quantile * r, (quantile - 1) * r);
    weight += w;
  }
  return sum / weight + alpha * model.coef.reduce((total, value) => total + Math.abs(value), 0);
}

describe("QuantileRegressor against scikit-learn", () => {
  for (const name of casesOf("quantile")) {
    it(name, async () => {
      const { data, expected } = goldenCase(golden, name);
      const y = data.y as number[];
      const w = data.sampleWeight;
      const model = new QuantileRegressor(recordOf(expected, "params"));
      const X = DistributedArray.fromColumns(data.columns!, { partitions: 3 });
      await model.fit(X, y, w ? { sampleWeight: w } : {});
      expect(model.converged).toBe(true);
      const own = pinball({ columns: data.columns!, y, ...(w ? { w } : {}) }, model);
      expectClose([model.objective], [own], objective, "objective from scratch");
      // The linear program's own tolerance is about 1e-7.
      expect(own).toBeLessThanOrEqual(numberOf(expected, "objective") * (1 + 1e-7));
      expect(own - model.dualityGap).toBeLessThanOrEqual(numberOf(expected, "objective") * (1 + 1e-9));
      expect(model.dualityGap).toBeLessThanOrEqual(1e-7 * own);
      expectClose(model.coef, numbersOf(expected, "coef"), { rtol: 1e-4, atol: 1e-4 }, "coef");
    });
  }

  it("splits the weights of many rows as its quantile says, within the gap", async () => {
    const n = 40_000;
    const rng = new CounterRng(5, "quantile test");
    const columns = [0, 1].map((j) => Float64Array.from({ length: n }, (_, i) => rng.normal(i, j)));
    const y = Float64Array.from(
      { length: n },
      (_, i) => columns[0]![i]! + (1 + 0.3 * Math.abs(columns[1]![i]!)) * rng.normal(i, 9),
    );
    const model = await new QuantileRegressor({ quantile: 0.9, alpha: 0 }).fit(
      DistributedArray.fromColumns(columns, { partitions: 4 }),
      y,
    );
    expect(model.converged).toBe(true);
    expectClose([pinball({ columns, y }, model)], [model.objective], objective);
    const below = y.reduce(
      (count, value, i) =>
        count + (value < model.intercept + model.coef[0]! * columns[0]![i]! + model.coef[1]! * columns[1]![i]! ? 1 : 0),
      0,
    );
    expect(Math.abs(below / n - 0.9)).toBeLessThan(1e-3);
  });

  it("ends at corners: exact zeros, and rows it passes through", async () => {
    const { data } = goldenCase(golden, "quantile-penalised");
    const model = await new QuantileRegressor({ alpha: 0.05 }).fit(
      DistributedArray.fromColumns(data.columns!),
      data.y as number[],
    );
    const residuals = (data.y as number[]).map((value, i) =>
      Math.abs(data.columns!.reduce((rest, column, j) => rest - model.coef[j]! * column[i]!, value - model.intercept)),
    );
    const through = residuals.filter((value) => value < 1e-9).length;
    const zeros = model.coef.filter((value) => value === 0).length;
    expect(zeros).toBeGreaterThan(0);
    expect(through).toBe(model.coef.length + 1 - zeros);
  });

  it("fits constant targets, columns of any scale, and refuses wrong quantiles", async () => {
    const flat = await new QuantileRegressor().fit([[1], [2], [3]], [5, 5, 5]);
    expect([flat.coef[0], flat.intercept]).toEqual([0, 5]);
    const X = [
      [1e-8, 1e8],
      [2e-8, 3e8],
      [3e-8, 2e8],
      [4e-8, 5e8],
      [5e-8, 4e8],
      [6e-8, 9e8],
    ];
    const y = X.map(([a, b]) => 1e8 * a! + 1e-8 * b!);
    const wild = await new QuantileRegressor({ alpha: 0 }).fit(X, y);
    expectClose(wild.coef, [1e8, 1e-8], iterative, "coef", 0);
    expect(() => new QuantileRegressor({ quantile: 1 })).toThrow("quantile must be above 0 and below 1; got 1");
    expect(() => new QuantileRegressor({ alpha: -1 })).toThrow("alpha must be >= 0; got -1");
  });
});
