import { afterAll, describe, expect, it } from "vitest";
import { LogisticRegression, type LogisticRegressionParams } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { localEngine } from "#src/engine/default-engine.js";
import { jointFittingOf } from "#src/estimator/joint-fit.js";
import { GridSearchCV } from "#src/model-selection/index.js";
import { expectClose } from "../checks/tolerances.js";

const local = localEngine({ threads: 2 });
afterAll(() => local.close());

interface Rows {
  readonly csr: { indptr: number[]; indices: number[]; values: number[]; cols: number };
  readonly dense: number[][];
  readonly y: number[];
}

/** A few entries a row, the first two columns in all of them, and two classes that depend on the columns. */
function sparseRows(rows: number, cols: number): Rows {
  const rng = new CounterRng(7, "joint fits");
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  const dense: number[][] = [];
  const y: number[] = [];
  for (let i = 0; i < rows; i++) {
    const row = new Array<number>(cols).fill(0);
    row[0] = 2 * rng.uniform(i, 0) - 1;
    row[1] = 4 * rng.uniform(i, 1) - 2;
    for (let k = 0; k < 4; k++) row[2 + rng.integer(i, cols - 2, 2 + k)] = 1;
    row.forEach((value, j) => {
      if (value === 0) return;
      indices.push(j);
      values.push(value);
    });
    indptr.push(indices.length);
    dense.push(row);
    const z = row.reduce((sum, value, j) => sum + value * Math.sin(j + 1), 0.3);
    y.push(rng.uniform(i, 90) < 1 / (1 + Math.exp(-z)) ? 1 : 0);
  }
  return { csr: { indptr, indices, values, cols }, dense, y };
}

type Params = Partial<LogisticRegressionParams>;

async function expectAsAlone(
  params: readonly Params[],
  X: DistributedArray,
  y: readonly number[] | readonly string[],
  options: object = {},
): Promise<void> {
  const models = params.map((own) => new LogisticRegression({ tol: 1e-9, maxIter: 500, ...own }));
  await models[0]!.fitJointly(models, X, y, options);
  for (const [k, model] of models.entries()) {
    const alone = await model.clone().fit(X, y, options);
    expect(model.converged, `model ${k}`).toBe(alone.converged);
    expectClose([...model.coef], [...alone.coef], { rtol: 1e-6, atol: 1e-8 });
    expect(model.explain().solver).toBe(alone.explain().solver);
    expect(model.classes).toEqual(alone.classes);
  }
}

const grid: readonly Params[] = [0.001, 0.03, 1, 100].flatMap((C) => [
  { C, fitIntercept: true },
  { C, fitIntercept: false },
]);

describe("LogisticRegression.fitJointly", () => {
  it("ends where each model's own fit does: few columns, more than Newton takes, dense, weighted, partitions with nothing", async () => {
    const narrow = sparseRows(700, 70);
    const wide = sparseRows(700, 130);
    const weight = narrow.y.map((_, i) => i % 3);
    await expectAsAlone(grid, DistributedArray.fromCsr(narrow.csr, { partitions: 3 }), narrow.y, {
      sampleWeight: weight,
      engine: local,
    });
    await expectAsAlone(grid, DistributedArray.fromCsr(wide.csr, { partitions: 2 }), wide.y);
    const dense = DistributedArray.fromRows(narrow.dense, { partitions: 2 });
    await expectAsAlone(grid.slice(0, 3), dense, narrow.y);
    await expectAsAlone(
      [
        { C: 1, solver: "lbfgs" },
        { C: 9, solver: "lbfgs" },
      ],
      dense,
      narrow.y,
    );
    await expectAsAlone([{ C: 1 }], DistributedArray.fromCsr(narrow.csr, { partitions: 3 }), narrow.y);
  });

  it("solves what other solvers take one after the other: other penalties, three classes, class weights", async () => {
    const { csr, y } = sparseRows(300, 20);
    const X = DistributedArray.fromCsr(csr, { partitions: 2 });
    await expectAsAlone(
      [{ C: 0.1 }, { C: 1 }].map((own) => ({ ...own, penalty: "l1", tol: 1e-7 })),
      X,
      y,
    );
    const three = y.map((label, i) => (i % 3 === 0 ? "third" : `class ${label}`));
    await expectAsAlone([{ C: 0.1 }, { C: 1, fitIntercept: false }], X, three);
    await expectAsAlone(
      [{ C: 0.1 }, { C: 1 }].map((own) => ({ ...own, classWeight: "balanced" })),
      X,
      y,
    );
  });

  it("is a minimum of each objective: the gradient of the penalised loss is 0", async () => {
    const { csr, dense, y } = sparseRows(500, 80);
    const models = grid.map((own) => new LogisticRegression({ tol: 1e-10, maxIter: 500, ...own }));
    await models[0]!.fitJointly(models, DistributedArray.fromCsr(csr, { partitions: 3 }), y);
    for (const model of models) {
      const { C } = model.getParams();
      const coef = [...model.coef];
      const gradient = coef.slice();
      dense.forEach((row, i) => {
        const z = row.reduce((sum, value, j) => sum + value * coef[j]!, model.intercept as number);
        const residual = C * (1 / (1 + Math.exp(-z)) - y[i]!);
        row.forEach((value, j) => (gradient[j]! += residual * value));
      });
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-6 * Math.max(1, C * dense.length));
    }
  });

  it("says what fit says: one class, NaN, a stop; and tells models apart that cannot be fitted together", async () => {
    const { csr, y } = sparseRows(80, 70);
    const X = DistributedArray.fromCsr(csr);
    const models = [new LogisticRegression(), new LogisticRegression({ C: 3 })];
    const fit = (...rest: [DistributedArray, readonly number[], object?]): Promise<void> =>
      models[0]!.fitJointly(models, ...rest);
    await expect(
      fit(
        X,
        y.map(() => 1),
      ),
    ).rejects.toThrow("LogisticRegression.fit");
    const broken = { ...csr, values: csr.values.map((value, k) => (k === 40 ? NaN : value)) };
    await expect(fit(DistributedArray.fromCsr(broken), y)).rejects.toThrow("NaN");
    await expect(fit(X, y, { signal: AbortSignal.abort() })).rejects.toThrow("stopped by its signal");
    expect(models.map((model) => model.isFitted)).toEqual([false, false]);

    const keyOf = (params: Params): string | undefined => jointFittingOf(new LogisticRegression(params))?.jointKey;
    expect(keyOf({ C: 3, fitIntercept: false })).toBe(keyOf({}));
    expect(keyOf({ tol: 1e-3 })).not.toBe(keyOf({}));
    expect(keyOf({ classWeight: "balanced" })).not.toBe(keyOf({}));
    expect(keyOf({ warmStart: true })).toBeUndefined();
  });

  it("is what a search fits its candidates with, each with its own errors where it fails", async () => {
    const { csr, y } = sparseRows(240, 70);
    const X = DistributedArray.fromCsr(csr, { partitions: 3 });
    class Counted extends LogisticRegression {
      static fits: number[] = [];
      override async fitJointly(...args: Parameters<LogisticRegression["fitJointly"]>): Promise<void> {
        Counted.fits.push(args[0].length);
        await super.fitJointly(args[0] as never, args[1], args[2], args[3]);
      }
    }
    const paramGrid = { C: [0.01, 0.1, 1], tol: [1e-8, 1e-7] };
    const scoring = "neg_log_loss";
    const search = await new GridSearchCV({
      estimator: new Counted(),
      paramGrid,
      scoring,
      cv: 3,
      parallelTrials: 3,
    }).fit(X, y);
    expect(Counted.fits).toEqual([3, 3, 3, 3, 3, 3]);
    const means = search.cvResults["mean_test_score"] as Float64Array;
    for (const [k, C] of [0.01, 0.1, 1].entries()) {
      const one = { estimator: new LogisticRegression({ tol: 1e-8 }), paramGrid: { C: [C] }, scoring, cv: 3 } as const;
      const alone = await new GridSearchCV(one).fit(X, y);
      expectClose([means[2 * k]!], [...(alone.cvResults["mean_test_score"] as Float64Array)], { rtol: 1e-7, atol: 0 });
    }

    class Failing extends LogisticRegression {
      override fitJointly(): Promise<void> {
        return Promise.reject(new Error("not together"));
      }
      override async fit(...args: Parameters<LogisticRegression["fit"]>): Promise<this> {
        if (this.getParams().C === 0.1) throw new Error("C is 0.1");
        return super.fit(...args);
      }
    }
    const failing = await new GridSearchCV({
      estimator: new Failing(),
      paramGrid: { C: [0.01, 0.1, 1] },
      scoring,
      cv: 3,
    }).fit(X, y);
    expect(failing.cvResults.error).toEqual([undefined, "C is 0.1", undefined]);
    expectClose(
      [0, 2].map((k) => (failing.cvResults["mean_test_score"] as Float64Array)[k]!),
      [0, 4].map((k) => means[k]!),
      { rtol: 1e-5, atol: 0 },
    );
  });
});
