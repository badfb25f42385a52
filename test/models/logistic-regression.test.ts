import { describe, expect, it } from "vitest";
import { LogisticRegression } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { goldenOptions, goldenX, weightsOf } from "../checks/golden-inputs.js";
import { expectClose, iterative, iterative32, objective } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, type GoldenData } from "../golden/load-golden.js";

const golden = loadGolden("logistic-regression");
const callOf = (name: string): string => golden.cases[name]?.call ?? "";
const numberIn = (call: string, name: string, otherwise: number): number =>
  Number(new RegExp(`\\b${name}=([\\d.e-]+)`).exec(call)?.[1] ?? otherwise);

interface Optimum {
  readonly value: number;
  readonly gradient: number[];
}

/** The second oracle: objective and gradient in plain loops at the fitted coefficients. */
function evaluate(model: LogisticRegression, data: GoldenData, C: number, fitIntercept: boolean): Optimum {
  const columns = (data.columns ?? []).map((column) => (data.dtype === "float32" ? column.map(Math.fround) : column));
  const y = (data.y ?? []) as (number | string)[];
  const w = weightsOf(data, y.length);
  let value = 0.5 * model.coef.reduce((sum, b) => sum + b * b, 0);
  const gradient = Array.from(model.coef);
  let constant = 0;
  y.forEach((label, i) => {
    const t = label === model.classes[1] ? 1 : 0;
    const z = columns.reduce(
      (sum, column, j) => sum + (column[i] as number) * (model.coef[j] as number),
      model.intercept,
    );
    value += C * (w[i] as number) * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - t * z);
    const e = C * (w[i] as number) * (1 / (1 + Math.exp(-z)) - t);
    columns.forEach((column, j) => (gradient[j] = (gradient[j] as number) + e * (column[i] as number)));
    constant += e;
  });
  return { value, gradient: fitIntercept ? [...gradient, constant] : gradient };
}

describe("LogisticRegression against scikit-learn and its own optimality", () => {
  const names = Object.keys(golden.cases);
  it("covers every golden case", () => expect(names.length).toBeGreaterThanOrEqual(18));

  for (const name of names) {
    it(`finds the optimum of ${name}`, async () => {
      const { data, expected } = goldenCase(golden, name);
      const C = numberIn(callOf(name), "C", 1);
      const fitIntercept = !callOf(name).includes("fit_intercept=False");
      const X = goldenX(data);
      const y = data.y as number[];
      const model = await new LogisticRegression({ C, fitIntercept }).fit(X, y, goldenOptions(data));
      expect(model.converged).toBe(true);
      expect(model.classes).toEqual(expected["classes"]);
      const tolerance = data.dtype === "float32" ? iterative32 : iterative;
      const scales = (data.columns ?? []).map((column) => Math.max(...column.map(Math.abs), 1e-300));
      const unit = (values: ArrayLike<number>): number[] => scales.map((s, j) => (values[j] as number) * s);
      expectClose(unit(model.coef), unit(numbersOf(expected, "coef")), tolerance, `coef of ${name}`);
      expectClose(
        [model.intercept],
        [numberOf(expected, "intercept")],
        tolerance,
        `intercept of ${name}`,
        Math.max(1, ...unit(numbersOf(expected, "coef")).map(Math.abs)),
      );
      expectClose([model.objective], [numberOf(expected, "objective")], objective, `objective of ${name}`);
      const here = evaluate(model, data, C, fitIntercept);
      expectClose([here.value], [numberOf(expected, "objective")], objective, `objective of ${name}, recomputed`);
      // In units of each column, against what one row can contribute.
      const units = [...scales, 1];
      here.gradient.forEach((entry, j) => {
        expect(Math.abs(entry) / ((units[j] as number) * C * y.length), `gradient of ${name} along ${j}`).toBeLessThan(
          1e-7,
        );
      });
      const head = goldenX({ ...data, columns: (data.columns ?? []).map((column) => column.slice(0, 10)) }, 2);
      const decision = (await model.decisionFunction(head).compute()).toVector() as Float64Array;
      expectClose(
        decision,
        numbersOf(expected, "decisionHead"),
        tolerance,
        `decision of ${name}`,
        Math.max(1, ...unit(numbersOf(expected, "coef")).map(Math.abs)),
      );
      const proba = await model.predictProba(head).compute();
      expectClose(
        proba.columns[1] as Float64Array,
        numbersOf(expected, "probaHead"),
        iterative32,
        `probabilities of ${name}`,
        1,
      );
      const labels = await model.predict(goldenRows(data, 10));
      expect(labels).toEqual(expected["predictHead"]);
      const accuracy = await model.score(goldenRows(data, y.length), y, goldenOptions(data));
      expectClose([accuracy], [numberOf(expected, "accuracy")], { rtol: 1e-12, atol: 0 }, `accuracy of ${name}`);
    });
  }
});

function goldenRows(data: GoldenData, rows: number): number[][] {
  return Array.from({ length: rows }, (_, i) => (data.columns ?? []).map((column) => column[i] as number));
}

describe("LogisticRegression", () => {
  const X = Array.from({ length: 40 }, (_, i) => [Math.sin(i * 1.7), Math.cos(i * 0.9)]);
  const positive = X.map(([a = 0, b = 0], i) => a + b + 0.4 * Math.sin(i * 5) > 0);

  it("labels with strings, booleans and numbers as they were given", async () => {
    const words = positive.map((yes) => (yes ? "yes" : "no"));
    const one = await new LogisticRegression().fit(X, words);
    expect(one.classes).toEqual(["no", "yes"]);
    const two = await new LogisticRegression().fit(X, positive);
    expect(two.classes).toEqual([false, true]);
    const three = await new LogisticRegression().fit(
      X,
      positive.map((yes) => (yes ? 7 : -2)),
    );
    expect(three.classes).toEqual([-2, 7]);
    expect(Array.from(two.coef)).toEqual(Array.from(one.coef));
    expect(Array.from(three.coef)).toEqual(Array.from(one.coef));
    const labels = await one.predict(X);
    expect(labels.map((label) => label === "yes")).toEqual(await two.predict(X));
    expect(labels.map((label) => (label === "yes" ? 7 : -2))).toEqual(await three.predict(X));
    const share = labels.filter((label, i) => label === words[i]).length / 40;
    expect([await one.score(X, words), await two.score(X, positive)]).toEqual([share, share]);
  });

  it("ignores a class whose rows all have weight zero", async () => {
    const y = positive.map(Number);
    const withThird = await new LogisticRegression().fit([...X, [5, 5]], [...y, 9], {
      sampleWeight: [...y.map(() => 1), 0],
    });
    expect(withThird.classes).toEqual([0, 1]);
    const without = await new LogisticRegression().fit(X, y);
    expectClose(withThird.coef, without.coef, iterative, "coef");
  });

  it("refuses labels of mixed types", async () => {
    await expect(new LogisticRegression().fit([[1], [2]], ["a", 1] as unknown as string[])).rejects.toThrow(
      "y mixes string and number; row 1 is 1.",
    );
  });

  it("warns and says so when it stops early", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`);
    process.on("warning", listen);
    const model = await new LogisticRegression({ maxIter: 1, tol: 1e-9, C: 100 }).fit(X, positive);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(model.converged).toBe(false);
    expect(warnings.join()).toContain("ConvergenceWarning: LogisticRegression: not converged after 1 iterations");
  });

  it("reaches the same optimum by L-BFGS on CSR as by Newton on dense rows", async () => {
    const indptr = X.map((_, i) => 2 * i);
    const csr = DistributedArray.fromCsr(
      { indptr: [...indptr, 80], indices: X.flatMap(() => [0, 1]), values: X.flat(), cols: 2 },
      { partitions: 3 },
    );
    const sparse = await new LogisticRegression().fit(csr, positive.map(Number));
    const dense = await new LogisticRegression().fit(X, positive.map(Number));
    expectClose(sparse.coef, dense.coef, iterative, "coef");
    expectClose([sparse.objective], [dense.objective], objective, "objective");
  });
});
