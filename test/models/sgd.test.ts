import { describe, expect, it } from "vitest";
import {
  Lasso,
  LogisticRegression,
  PassiveAggressiveClassifier,
  PassiveAggressiveRegressor,
  Perceptron,
  Ridge,
  SGDClassifier,
  SGDRegressor,
} from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { LocalEngine } from "#src/engine/local/local-engine.js";
import type { LocalMatrix } from "#src/collections/array/local-matrix.js";
import { CounterRng } from "#src/base/rng.js";
import { goldenOptions, goldenX } from "../checks/golden-inputs.js";
import { expectClose, type Tolerance } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numbersOf, type GoldenData } from "../golden/load-golden.js";

const golden = loadGolden("sgd");
// Hundreds of steps, each on the result of the one before.
const stepByStep: Tolerance = { rtol: 1e-9, atol: 1e-9 };

interface Fitted {
  fit(X: unknown, y: number[], options: object): Promise<unknown>;
  readonly coef: Float64Array;
}

const inOrder = { maxIter: 7, tol: null, shuffle: false };
const logistic = { ...inOrder, loss: "log_loss" } as const;

const CASES: Record<string, () => unknown> = {
  "class-hinge": () => new SGDClassifier({ ...inOrder, loss: "hinge", alpha: 0.01 }),
  "class-log_loss": () => new SGDClassifier({ ...logistic, alpha: 0.01 }),
  "class-modified_huber": () => new SGDClassifier({ ...inOrder, loss: "modified_huber", alpha: 0.01 }),
  "class-squared_hinge": () => new SGDClassifier({ ...inOrder, loss: "squared_hinge", alpha: 0.01 }),
  "class-perceptron": () => new SGDClassifier({ ...inOrder, loss: "perceptron", alpha: 0.01 }),
  "class-penalty-l1": () => new SGDClassifier({ ...logistic, penalty: "l1", alpha: 0.02 }),
  "class-penalty-elasticnet": () =>
    new SGDClassifier({ ...logistic, penalty: "elasticnet", alpha: 0.02, l1Ratio: 0.4 }),
  "class-penalty-None": () => new SGDClassifier({ ...logistic, penalty: null, alpha: 0.02 }),
  "class-constant": () => new SGDClassifier({ ...logistic, learningRate: "constant", eta0: 0.05 }),
  "class-invscaling": () => new SGDClassifier({ ...logistic, learningRate: "invscaling", eta0: 0.1, powerT: 0.3 }),
  "class-average": () => new SGDClassifier({ ...logistic, average: true, alpha: 0.01 }),
  "class-average-later": () => new SGDClassifier({ ...inOrder, loss: "hinge", average: 100, alpha: 0.01 }),
  "class-weights": () => new SGDClassifier({ ...logistic, alpha: 0.01 }),
  "class-weight-record": () => new SGDClassifier({ ...logistic, alpha: 0.01, classWeight: { 0: 0.5, 1: 3 } }),
  "class-balanced": () => new SGDClassifier({ ...inOrder, loss: "hinge", alpha: 0.01, classWeight: "balanced" }),
  "class-no-intercept": () => new SGDClassifier({ ...logistic, alpha: 0.01, fitIntercept: false }),
  "three-log_loss": () => new SGDClassifier({ ...logistic, alpha: 0.01 }),
  "three-balanced": () =>
    new SGDClassifier({ ...inOrder, loss: "modified_huber", alpha: 0.01, classWeight: "balanced" }),
  "real-squared_error": () => new SGDRegressor({ ...inOrder, epsilon: 0.2 }),
  "real-huber": () => new SGDRegressor({ ...inOrder, loss: "huber", epsilon: 0.2 }),
  "real-epsilon_insensitive": () => new SGDRegressor({ ...inOrder, loss: "epsilon_insensitive", epsilon: 0.2 }),
  "real-squared_epsilon_insensitive": () =>
    new SGDRegressor({ ...inOrder, loss: "squared_epsilon_insensitive", epsilon: 0.2 }),
  "real-l1": () => new SGDRegressor({ ...inOrder, penalty: "l1", alpha: 0.05 }),
  "real-elasticnet": () => new SGDRegressor({ ...inOrder, penalty: "elasticnet", alpha: 0.05, l1Ratio: 0.5 }),
  "real-average": () => new SGDRegressor({ ...inOrder, average: true }),
  "real-optimal": () => new SGDRegressor({ ...inOrder, learningRate: "optimal", alpha: 0.1 }),
  "real-weights": () => new SGDRegressor(inOrder),
  perceptron: () => new Perceptron(inOrder),
  "perceptron-l2": () => new Perceptron({ ...inOrder, penalty: "l2", alpha: 0.01, eta0: 0.1 }),
  "passive-aggressive-hinge": () => new PassiveAggressiveClassifier({ ...inOrder, C: 0.3 }),
  "passive-aggressive-squared_hinge": () =>
    new PassiveAggressiveClassifier({ ...inOrder, C: 0.3, loss: "squared_hinge" }),
  "passive-aggressive-epsilon_insensitive": () => new PassiveAggressiveRegressor({ ...inOrder, C: 0.3, epsilon: 0.2 }),
  "passive-aggressive-squared_epsilon_insensitive": () =>
    new PassiveAggressiveRegressor({ ...inOrder, C: 0.3, epsilon: 0.2, loss: "squared_epsilon_insensitive" }),
};

function interceptsOf(model: object): ArrayLike<number> {
  if ("intercepts" in model) return model.intercepts as Float64Array;
  return [(model as { intercept: number }).intercept];
}

/** Seeded rows with a linear target. */
function sample(rows: number, p: number): { columns: Float64Array[]; signal: Float64Array } {
  const rng = new CounterRng(3, "sgd test");
  const columns = Array.from({ length: p }, (_, j) => Float64Array.from({ length: rows }, (__, i) => rng.normal(i, j)));
  const signal = Float64Array.from({ length: rows }, (_, i) =>
    columns.reduce((sum, column, j) => sum + (j % 2 === 0 ? 1 : -0.5) * (column[i] as number), 0.4 * rng.normal(i, p)),
  );
  return { columns, signal };
}

const rowsOf = (data: GoldenData): number[][] =>
  (data.y as number[]).map((_, i) => (data.columns ?? []).map((column) => column[i] as number));

describe("stochastic gradient descent against scikit-learn, rows in order", () => {
  it("covers every fit of the golden file", () => {
    const others = ["partial-fit", "probabilities-three", "probabilities-two"];
    expect([...Object.keys(CASES), ...others].toSorted()).toEqual(Object.keys(golden.cases).toSorted());
  });

  it.each(Object.entries(CASES))("%s: the same coefficients after seven epochs", async (name, make) => {
    const { data, expected } = goldenCase(golden, name);
    for (const partitions of [1, 3]) {
      const model = make() as Fitted;
      await model.fit(goldenX(data, partitions), data.y as number[], goldenOptions(data));
      expectClose(model.coef, numbersOf(expected, "coef"), stepByStep, `coef, ${partitions} partitions`);
      expectClose(interceptsOf(model), numbersOf(expected, "intercepts"), stepByStep, "intercepts");
    }
  });

  it("partialFit goes on with its steps and averages", async () => {
    const { data, expected } = goldenCase(golden, "partial-fit");
    const model = new SGDClassifier({ loss: "log_loss", alpha: 0.01, shuffle: false, average: true });
    const [rows, y] = [rowsOf(data), data.y as number[]];
    await model.partialFit(rows.slice(0, 25), y.slice(0, 25), { classes: [2, 1, 0] });
    await model.partialFit(rows.slice(25), y.slice(25));
    expectClose(model.coef, numbersOf(expected, "coef"), stepByStep, "coef");
    expectClose(model.intercepts, numbersOf(expected, "intercepts"), stepByStep, "intercepts");
  });

  it.each([
    ["probabilities-two", "log_loss"],
    ["probabilities-three", "modified_huber"],
  ] as const)("%s", async (name, loss) => {
    const { data, expected } = goldenCase(golden, name);
    const model = await new SGDClassifier({ ...inOrder, loss, alpha: 0.01 }).fit(goldenX(data), data.y as number[]);
    const proba = (await model.predictProba(rowsOf(data).slice(0, 10))) as LocalMatrix;
    const rows = expected["proba"] as number[][];
    proba.columns.forEach((column, k) =>
      expectClose(
        column as Float64Array,
        rows.map((row) => row[k] as number),
        stepByStep,
        `class ${k}`,
      ),
    );
  });
});

describe("stochastic gradient descent as an optimiser", () => {
  const { columns, signal } = sample(4000, 5);

  it("comes to the objective of the batch solver: logistic regression", async () => {
    const alpha = 1e-3;
    const y: number[] = Array.from(signal, (value) => (value > 0.3 ? 1 : 0));
    const X = DistributedArray.fromColumns(columns, { partitions: 3 });
    const batch = await new LogisticRegression({ C: 1 / (alpha * 4000), tol: 1e-8 }).fit(X, y);
    const sgd = await new SGDClassifier({ loss: "log_loss", alpha, tol: null, maxIter: 60, average: 4000 }).fit(X, y);
    const objective = (coef: Float64Array, intercept: number): number => {
      const loss = y.reduce((sum, label, i) => {
        const eta = columns.reduce((z, column, j) => z + (column[i] as number) * (coef[j] as number), intercept);
        return sum + Math.log1p(Math.exp(-(label * 2 - 1) * eta));
      }, 0);
      return loss / 4000 + 0.5 * alpha * coef.reduce((sum, value) => sum + value * value, 0);
    };
    const best = objective(batch.coef, batch.intercept);
    expect(best).toBeCloseTo(batch.objective * alpha, 9);
    expect(objective(sgd.coef, sgd.intercept)).toBeGreaterThanOrEqual(best - 1e-12);
    expect(objective(sgd.coef, sgd.intercept) / best - 1).toBeLessThan(2e-3);
  });

  it("comes to ridge and to the zeros of the lasso", async () => {
    const X = DistributedArray.fromColumns([...columns, columns[0]!.map((_, i) => Math.sin(i * 12.9898))]);
    const ridge = await new Ridge({ alpha: 0.1 * 4000 }).fit(X, signal);
    const params = { tol: null, maxIter: 40, average: 8000, eta0: 0.02 } as const;
    const l2 = await new SGDRegressor({ ...params, alpha: 0.1 }).fit(X, signal);
    expectClose(l2.coef, ridge.coef, { rtol: 0, atol: 0.02 }, "ridge");
    const lasso = await new Lasso({ alpha: 0.1 }).fit(X, signal);
    const l1 = await new SGDRegressor({ ...params, average: false, eta0: 0.005, penalty: "l1", alpha: 0.1 }).fit(
      X,
      signal,
    );
    expectClose(l1.coef, lasso.coef, { rtol: 0, atol: 0.05 }, "lasso");
    expect(lasso.coef[5]).toBe(0);
    expect(l1.coef[5]).toBe(0);
  });

  it("batches of rows come to the same minimum", async () => {
    const X = DistributedArray.fromColumns(columns);
    const ridge = await new Ridge({ alpha: 0.1 * 4000 }).fit(X, signal);
    const model = await new SGDRegressor({ tol: null, maxIter: 60, batchSize: 16, alpha: 0.1, eta0: 0.1 }).fit(
      X,
      signal,
    );
    expectClose(model.coef, ridge.coef, { rtol: 0, atol: 0.03 }, "ridge");
  });

  it("an adaptive step shrinks and the fit ends by itself", async () => {
    const X = DistributedArray.fromColumns(columns);
    const model = await new SGDRegressor({ learningRate: "adaptive", eta0: 0.05, tol: 1e-6 }).fit(X, signal);
    expect(model.converged).toBe(true);
    expect(model.nIter).toBeLessThan(1000);
    const ridge = await new Ridge({ alpha: 1e-4 * 4000 }).fit(X, signal);
    expectClose(model.coef, ridge.coef, { rtol: 0, atol: 1e-3 }, "ridge");
  });

  it("a warm start goes on from the coefficients, with its steps anew", async () => {
    const X = DistributedArray.fromColumns(columns);
    const far = await new SGDRegressor({ tol: null, maxIter: 20 }).fit(X, signal);
    const model = new SGDRegressor({ tol: null, maxIter: 20, warmStart: true });
    await model.fit(X, signal);
    expect(model.coef).toEqual(far.coef);
    model.setParams({ maxIter: 1, learningRate: "constant", eta0: 1e-12 });
    await model.fit(X, signal);
    expectClose(model.coef, far.coef, { rtol: 0, atol: 1e-6 }, "coef");
  });

  it("earlyStopping stops by rows set aside", async () => {
    const X = DistributedArray.fromColumns(columns);
    const y: number[] = Array.from(signal, (value) => (value > 0.3 ? 1 : 0));
    const model = await new SGDClassifier({ earlyStopping: true, loss: "log_loss" }).fit(X, y);
    expect(model.converged).toBe(true);
    expect(model.nIter).toBeGreaterThan(5);
    expect(await model.score(X, y)).toBeGreaterThan(0.85);
    await expect(
      new SGDClassifier({ earlyStopping: true, validationFraction: 0.001 }).fit([[0], [1], [2]], [0, 1, 1]),
    ).rejects.toThrow(/validationFraction/);
  });
});

describe("stochastic gradient descent on partitions", () => {
  // Several blocks: more rows than one has.
  const rows = 2 ** 17 + 5000;
  const { columns, signal } = sample(rows, 2);
  const y = Float64Array.from(signal, (value) => (value > 0.3 ? 2 : value > -0.5 ? 1 : 0));
  const params = { loss: "log_loss", tol: null, maxIter: 2 } as const;

  it("gives the same bits for any cut of the rows, engine and number of threads", async () => {
    const one = await new SGDClassifier(params).fit(DistributedArray.fromColumns(columns), y);
    const cut = { partitions: 5 };
    const many = await new SGDClassifier(params).fit(DistributedArray.fromColumns(columns, cut), y);
    expect(many.coef).toEqual(one.coef);
    const engine = new LocalEngine({ threads: 2 });
    try {
      const threads = await new SGDClassifier(params).fit(DistributedArray.fromColumns(columns, cut), y, { engine });
      expect(threads.coef).toEqual(one.coef);
    } finally {
      await engine.close();
    }
    expect(await one.score(DistributedArray.fromColumns(columns), y)).toBeGreaterThan(0.75);
  });

  it("rows sorted by class are dealt to all blocks", async () => {
    const order = Array.from(y.keys()).toSorted((a, b) => (y[a] as number) - (y[b] as number));
    const sorted = columns.map((column) => Float64Array.from(order, (i) => column[i] as number));
    const labels = Float64Array.from(order, (i) => y[i] as number);
    const X = DistributedArray.fromColumns(sorted, { partitions: 4 });
    const model = await new SGDClassifier(params).fit(X, labels);
    expect(await model.score(X, labels)).toBeGreaterThan(0.75);
  });

  it("without a shuffle, one epoch is a stream of the same rows", async () => {
    const whole = await new SGDRegressor({ shuffle: false, maxIter: 1, tol: null, penalty: "l1", alpha: 0.01 }).fit(
      DistributedArray.fromColumns(columns, { partitions: 3 }),
      signal,
    );
    const model = new SGDRegressor({ shuffle: false, penalty: "l1", alpha: 0.01 });
    async function* batches(): AsyncGenerator<{ X: Record<string, Float64Array>; y: Float64Array }> {
      for (let from = 0; from < rows; from += 20_000) {
        const [a, b] = columns.map((column) => column.slice(from, from + 20_000)) as [Float64Array, Float64Array];
        yield { X: { a, b }, y: signal.slice(from, from + 20_000) };
      }
    }
    const seen: number[] = [];
    await model.fitStream(batches(), { onProgress: ({ done }) => seen.push(done) });
    expectClose(model.coef, whole.coef, stepByStep, "coef");
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe("stochastic gradient descent refuses", () => {
  const X = [[-2], [-1], [1], [2]];

  it("labels that were not declared, and other classes later", async () => {
    const model = new SGDClassifier();
    await model.partialFit(X, ["a", "a", "b", "b"], { classes: ["b", "a", "c"] });
    expect(model.classes).toEqual(["a", "b", "c"]);
    await expect(model.partialFit(X, ["a", "a", "b", "d"])).rejects.toThrow(/label "d"/);
    await expect(model.partialFit(X, ["a", "a", "b", "b"], { classes: ["a", "b"] })).rejects.toThrow(/first call/);
    await expect(new SGDClassifier().partialFit(X, [0, 1, 2, 3], { classes: [0, 1, 2] })).rejects.toThrow(/label 3/);
    await expect(model.partialFit([[1, 2]], ["a"])).rejects.toThrow(/2 columns/);
  });

  it("balanced classes of a batch, and probabilities of a margin", async () => {
    await expect(new SGDClassifier({ classWeight: "balanced" }).partialFit(X, [0, 0, 1, 1])).rejects.toThrow(
      /balanced/,
    );
    const model = await new SGDClassifier().fit(X, [0, 0, 1, 1]);
    expect(() => model.predictProba(X)).toThrow(/log_loss/);
  });

  it("a stream that is none", async () => {
    await expect(new SGDRegressor().fitStream(5 as never)).rejects.toThrow(/iterable of .* got 5/);
  });

  it("steps that overflow", async () => {
    const model = new SGDRegressor({ learningRate: "constant", eta0: 10, maxIter: 500, tol: null });
    await expect(model.fit([[1e200], [-1e200]], [1, 2])).rejects.toThrow(/StandardScaler/);
    expect(model.isFitted).toBe(false);
  });

  it("an abort between batches leaves what was learned", async () => {
    const controller = new AbortController();
    const model = new SGDClassifier();
    function* batches(): Generator<{ X: number[][]; y: number[] }> {
      yield { X, y: [0, 0, 1, 1] };
      controller.abort();
      yield { X, y: [0, 0, 1, 1] };
    }
    await expect(model.fitStream(batches(), { signal: controller.signal })).rejects.toThrow(/after 1 batches/);
    expect(await model.predict(X)).toEqual([0, 0, 1, 1]);
  });
});
