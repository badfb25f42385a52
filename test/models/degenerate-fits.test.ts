import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pseudoInverse, Matrix } from "ml-matrix";
import {
  GammaRegressor,
  GeneralizedLinearRegressor,
  HuberRegressor,
  LinearRegression,
  LogisticRegression,
  PoissonRegressor,
} from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { closedForm, expectClose, iterative } from "../checks/tolerances.js";

let warnings: { name: string; message: string }[] = [];
const listen = (warning: Error): void => void warnings.push({ name: warning.name, message: warning.message });

beforeEach(() => {
  warnings = [];
  process.on("warning", listen);
});
afterEach(() => void process.off("warning", listen));

/** Warnings of one kind, once they have been emitted. */
async function heard(name: string): Promise<string[]> {
  await new Promise((done) => setImmediate(done));
  return warnings.filter((warning) => warning.name === name).map((warning) => warning.message);
}

const noise = [0.3, -1.2, 0.8, 0.1, -0.5, 1.4, -0.9, 0.6, 0.2, -0.7];
const steps = noise.map((_, i) => i);

describe("separation", () => {
  const free = { penalty: "none", tol: 1e-6 } as const;

  it("is told with the column's name, where a column separates perfectly", async () => {
    const y = steps.map((i) => (i < 6 ? "no" : "yes"));
    await new LogisticRegression(free).fit({ noise, dose: steps }, y);
    expect(await heard("SeparationWarning")).toEqual([
      expect.stringContaining('column "dose" separates class "no" from class "yes" perfectly, at about 5.5.'),
    ]);
  });

  it("is told where it is quasi-complete, also of a dummy column", async () => {
    const y = [0, 1, 0, 1, 0, 1, 1, 0, 1, 1];
    const rare = [0, 0, 0, 1, 0, 1, 0, 0, 0, 1];
    await new LogisticRegression(free).fit({ noise, rare }, y);
    expect((await heard("SeparationWarning"))[0]).toContain(
      'column "rare" separates class 0 from class 1 but for rows where it is 0 (quasi-complete separation)',
    );
    warnings = [];
    await new GeneralizedLinearRegressor({ family: "binomial", link: "probit" }).fit({ noise, rare }, y);
    expect((await heard("SeparationWarning"))[0]).toContain('GeneralizedLinearRegressor: column "rare" separates');
  });

  it("is told where only a combination separates", async () => {
    const left = noise.map((v) => 10 * v);
    const right = left.map((v, i) => 1 - v + (i % 2 === 0 ? 1 : -1));
    const y = steps.map((i) => (i % 2 === 0 ? 1 : 0));
    await new LogisticRegression(free).fit({ left, right }, y);
    expect((await heard("SeparationWarning"))[0]).toMatch(
      /a combination of columns, most of all "(left|right)", separates/,
    );
  });

  it("is told of counts whose zeros a dummy column holds", async () => {
    const y = [3, 1, 0, 2, 4, 1, 0, 0, 2, 1];
    const closed = [0, 0, 1, 0, 0, 0, 1, 1, 0, 0];
    await new PoissonRegressor({ alpha: 0 }).fit({ noise, closed }, y);
    expect((await heard("SeparationWarning"))[0]).toContain(
      'PoissonRegressor: column "closed" is 0 wherever y is above 0, and other values have y = 0 only',
    );
  });

  it("is not told of overlapping classes, nor with a penalty", async () => {
    const y = [0, 1, 0, 1, 0, 1, 1, 0, 1, 1];
    await new LogisticRegression(free).fit({ noise }, y);
    await new LogisticRegression({ C: 1 }).fit(
      { steps },
      steps.map((i) => (i < 6 ? 0 : 1)),
    );
    expect(await heard("SeparationWarning")).toEqual([]);
  });
});

describe("dependent columns", () => {
  const a = noise;
  const b = steps.map((i) => Math.sin(3 * i) + 2);
  const sum = a.map((v, i) => 2 * v - b[i]! + 3);
  const constant = a.map(() => 4);
  const columns = { a, b, constant, sum };
  const names = Object.keys(columns);
  const target = a.map((v, i) => v + 0.5 * b[i]! + 0.1 * Math.cos(7 * i));
  const counts = [1, 0, 3, 2, 1, 4, 0, 2, 5, 1];

  it("are named by least squares, whose coefficients are those of minimum norm", async () => {
    const model = await new LinearRegression().fit(columns, target);
    expect(await heard("RankWarning")).toEqual([
      'LinearRegression: X has rank 2, but 4 columns: "sum" depends on columns before; "constant" is constant. ' +
        "The coefficients are those of minimum norm: predictions are determined, single coefficients are not. Drop such columns, or use a penalty.",
    ]);
    const centred = new Matrix(
      names.map((name) => {
        const own = columns[name as keyof typeof columns];
        const mean = own.reduce((s, v) => s + v, 0) / own.length;
        return own.map((v) => v - mean);
      }),
    ).transpose();
    const mean = target.reduce((s, v) => s + v, 0) / target.length;
    const best = pseudoInverse(centred, 1e-9)
      .mmul(Matrix.columnVector(target.map((v) => v - mean)))
      .to1DArray();
    expectClose(model.coef, best, closedForm(1e4));
  });

  it("are named by generalised models too, with the same means and the least norm", async () => {
    const full = await new PoissonRegressor({ alpha: 0, tol: 1e-9 }).fit({ a, b }, counts);
    warnings = [];
    const model = await new PoissonRegressor({ alpha: 0, tol: 1e-9 }).fit(columns, counts);
    expect((await heard("RankWarning"))[0]).toContain('PoissonRegressor: X has rank 2, but 4 columns: "sum" depends');
    expectClose(await model.predict(columns), await full.predict({ a, b }), iterative);
    expect(model.coef[2]).toBe(0);
    // Orthogonal to the direction 2a − b − sum that changes nothing.
    const [ca, cb, , cs] = model.coef;
    expect(Math.abs(2 * ca! - cb! - cs!)).toBeLessThan(1e-9);
  });

  it("say nothing where all columns count", async () => {
    await new LinearRegression().fit({ a, b }, target);
    await new PoissonRegressor({ alpha: 0 }).fit({ a, b }, counts);
    expect(await heard("RankWarning")).toEqual([]);
  });
});

describe("features on wildly different scales", () => {
  const n = 300;
  const rng = new CounterRng(11, "scales");
  const plain = [0, 1, 2].map((j) => Float64Array.from({ length: n }, (_, i) => rng.normal(i, j)));
  const scales = [1e-8, 1, 1e8];
  const wild = plain.map((column, j) => column.map((v) => v * scales[j]!));
  const eta = (i: number): number => 0.4 * plain[0]![i]! - 0.3 * plain[1]![i]! + 0.2 * plain[2]![i]! + 0.5;
  const counts = Float64Array.from({ length: n }, (_, i) => Math.floor(Math.exp(eta(i)) + 2 * rng.uniform(i, 8)));
  const amounts = Float64Array.from({ length: n }, (_, i) => Math.exp(eta(i)) * (0.3 + rng.uniform(i, 9)));
  const outcomes = Float64Array.from({ length: n }, (_, i) => Number(rng.uniform(i, 10) < 1 / (1 + Math.exp(-eta(i)))));
  const models = [
    ["PoissonRegressor", () => new PoissonRegressor({ alpha: 0 }), counts],
    ["GammaRegressor", () => new GammaRegressor({ alpha: 0 }), amounts],
    ["probit", () => new GeneralizedLinearRegressor({ family: "binomial", link: "probit" }), outcomes],
    ["HuberRegressor", () => new HuberRegressor({ alpha: 0 }), amounts],
  ] as const;
  for (const [name, make, y] of models) {
    it(`do not keep ${name} from its solution`, async () => {
      const one = await make().fit(DistributedArray.fromColumns(plain), y);
      const other = await make().fit(DistributedArray.fromColumns(wild), y);
      expect(other.converged).toBe(true);
      expectClose(
        other.coef.map((v, j) => v * scales[j]!),
        one.coef,
        iterative,
      );
      expect(await heard("RankWarning")).toEqual([]);
    });
  }
});

describe("weights and penalties that are none", () => {
  const X = [[1], [2], [3], [4]];
  const y = [1, 2, 1, 3];

  it("are refused with the place and the value", async () => {
    for (const model of [new PoissonRegressor(), new GeneralizedLinearRegressor(), new HuberRegressor()]) {
      await expect(model.fit(X, y, { sampleWeight: [1, 1, -2, 1] })).rejects.toThrow(
        "sampleWeight must be >= 0; got -2 in partition 0, row 2",
      );
      await expect(model.fit(X, y, { sampleWeight: [0, 0, 0, 0] })).rejects.toThrow("all sample weights are zero");
    }
    expect(() => new PoissonRegressor({ alpha: -0.1 })).toThrow("alpha must be >= 0; got -0.1");
    expect(() => new HuberRegressor({ alpha: -0.1 })).toThrow("alpha must be >= 0; got -0.1");
  });
});

describe("offsets of sparse rows", () => {
  it("reach every pass: the gradient of a large fit is 0", async () => {
    const n = 90_000;
    const rng = new CounterRng(12, "sparse offsets");
    const columns = Array.from({ length: 70 }, (_, j) =>
      Float64Array.from({ length: n }, (__, i) => (i % 70 === j ? 1 + rng.uniform(i, j) : 0)),
    );
    const offset = Float64Array.from({ length: n }, (_, i) => rng.normal(i, 100));
    const y = Float64Array.from({ length: n }, (_, i) =>
      Math.floor(Math.exp(offset[i]! + 0.02 * (i % 70)) + rng.uniform(i, 101)),
    );
    const X = DistributedArray.fromCsr(
      {
        indptr: Int32Array.from({ length: n + 1 }, (_, i) => i),
        indices: Int32Array.from({ length: n }, (_, i) => i % 70),
        values: Float64Array.from({ length: n }, (_, i) => columns[i % 70]![i]!),
        cols: 70,
      },
      { partitions: 3 },
    );
    const model = await new PoissonRegressor({ alpha: 0.01, tol: 1e-9 }).fit(X, y, { offset });
    let level = 0;
    const slopes = new Float64Array(70);
    for (let i = 0; i < n; i++) {
      const value = columns[i % 70]![i]!;
      const error = Math.exp(model.intercept + offset[i]! + model.coef[i % 70]! * value) - y[i]!;
      level += error / n;
      slopes[i % 70]! += (error * value) / n;
    }
    slopes.forEach((slope, j) => expect(Math.abs(slope + 0.01 * model.coef[j]!)).toBeLessThan(1e-7));
    expect(Math.abs(level)).toBeLessThan(1e-7);
  });
});
