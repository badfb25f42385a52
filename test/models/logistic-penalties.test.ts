import { describe, expect, it } from "vitest";
import { LogisticRegression, type LogisticRegressionParams } from "#models/index.js";
import { CounterRng } from "#src/base/rng.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { localEngine } from "#src/engine/default-engine.js";
import { csrArray } from "../csr-array.js";
import { expectClose, iterative, objective as objectiveTolerance } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf, recordOf, type GoldenValue } from "../golden/load-golden.js";

const golden = loadGolden("logistic-penalties");
type Solver = LogisticRegressionParams["solver"];

const rowsOf = (columns: readonly ArrayLike<number>[]): number[][] =>
  Array.from({ length: columns[0]!.length }, (_, i) => columns.map((column) => column[i]!));

async function fitCase(name: string, solver: Solver, sparse: boolean): Promise<void> {
  const { data, expected } = goldenCase(golden, name);
  const X = sparse
    ? csrArray(rowsOf(data.columns!), 3)
    : DistributedArray.fromColumns(data.columns!, { partitions: 3 });
  const options = data.sampleWeight ? { sampleWeight: Float64Array.from(data.sampleWeight) } : {};
  const params = recordOf(expected as Record<string, GoldenValue>, "params") as Partial<LogisticRegressionParams>;
  const model = await new LogisticRegression({ ...params, solver, tol: 1e-9 }).fit(X, data.y as number[], options);
  expect(model.converged, solver).toBe(true);
  expectClose(model.coef, numbersOf(expected, "coef"), iterative, `coef by ${solver}`);
  expectClose(model.intercepts, numbersOf(expected, "intercepts"), iterative, `intercepts by ${solver}`, 1);
  expectClose([model.objective], [numberOf(expected, "objective")], objectiveTolerance, `objective by ${solver}`);
  // The golden's own optimum: what is 0 there is 0 here.
  if (params.penalty === "l1")
    expect(Array.from(model.coef, (v) => v === 0)).toEqual(numbersOf(expected, "coef").map((v) => Math.abs(v) < 1e-12));
}

describe("penalties of LogisticRegression against scikit-learn", () => {
  for (const name of Object.keys(golden.cases)) {
    it(name, async () => {
      await fitCase(name, "auto", name.startsWith("sparse"));
    });
  }
});

describe("every solver of LogisticRegression reaches scikit-learn's optimum", () => {
  const cases = [
    "two none",
    "two l2",
    "two l1",
    "two elasticnet-0.5 weights",
    "three l2",
    "three elasticnet-0.5",
    "three none",
    "sparse l1",
    "sparseThree elasticnet-0.1",
    "three l1 no-intercept",
    "sparse none no-intercept",
  ];
  for (const name of cases) {
    const rough = /l1|elasticnet/.test(name);
    const solvers: Solver[] = rough
      ? ["coordinate", "fista", "admm"]
      : ["newton", "lbfgs", "coordinate", "fista", "admm"];
    it(`${name}: ${solvers.join(", ")}`, async () => {
      for (const solver of solvers) await fitCase(name, solver, name.startsWith("sparse"));
    });
  }
});

/** Labels and columns of a problem that is sampled: more rows than a sample has. */
function manyRows(n: number, p: number): { columns: Float64Array[]; y: Float64Array } {
  const rng = new CounterRng(8, "many rows");
  const columns = Array.from({ length: p }, (_, j) =>
    Float64Array.from({ length: n }, (__, i) => (rng.uniform(i, j) < 0.3 ? Math.fround(rng.normal(i, j + p)) : 0)),
  );
  const y = Float64Array.from({ length: n }, (_, i) => {
    const eta = columns.slice(0, 5).reduce((sum, column, j) => sum + column[i]! * (j - 1.5), 0.3);
    return rng.uniform(i, 9999) < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
  });
  return { columns, y };
}

/** The largest violation of the optimality conditions, from scratch. */
function violationOf(columns: readonly Float64Array[], y: Float64Array, model: LogisticRegression, l1: number): number {
  const { C } = model.getParams();
  const residual = Float64Array.from(y, (label, i) => {
    const eta = columns.reduce((sum, column, j) => sum + column[i]! * model.coef[j]!, model.intercept);
    return C * (1 / (1 + Math.exp(-eta)) - label);
  });
  const slopes = columns.map((column, j) => {
    const b = model.coef[j]!;
    const g = column.reduce((sum, v, i) => sum + v * residual[i]!, 0) + (1 - l1) * b;
    return b === 0 ? Math.max(0, Math.abs(g) - l1) : Math.abs(g + l1 * Math.sign(b));
  });
  return Math.max(...slopes, Math.abs(residual.reduce((sum, r) => sum + r, 0)));
}

describe("LogisticRegression beyond its sample", () => {
  const { columns, y } = manyRows(30_000, 70);

  it("satisfies the optimality conditions, dense and sparse alike, for any partitioning", async () => {
    // A Hessian of 70 columns is sampled from 30,000 sparse rows; the wide dense sample is the whole.
    const params = { penalty: "elasticnet", l1Ratio: 0.7, C: 0.01, tol: 1e-9 } as const;
    const models = [];
    for (const X of [
      csrArray(rowsOf(columns), 1),
      csrArray(rowsOf(columns), 7),
      DistributedArray.fromColumns(columns, { partitions: 4 }),
    ])
      models.push(await new LogisticRegression(params).fit(X, y));
    for (const model of models) {
      expect(violationOf(columns, y, model, 0.7)).toBeLessThan(1e-5);
      expect(model.coef.filter((v) => v === 0).length).toBeGreaterThan(20);
      expectClose(model.coef, models[0]!.coef, iterative, "coef");
    }
  });

  it("solves the sample of many columns without a Hessian an iteration, to Newton's optimum", async () => {
    const many = manyRows(1500, 120);
    const X = DistributedArray.fromColumns(many.columns, { partitions: 3 });
    const quick = await new LogisticRegression({ solver: "lbfgs", tol: 1e-9 }).fit(X, many.y);
    const exact = await new LogisticRegression({ solver: "newton", tol: 1e-9 }).fit(X, many.y);
    expect(quick.converged).toBe(true);
    expect(violationOf(many.columns, many.y, quick, 0)).toBeLessThan(1e-5);
    expectClose(quick.coef, exact.coef, iterative, "coef");
  });

  it("has the same bits on one thread and on two, also by consensus", async () => {
    const engines = [localEngine({ threads: 1 }), localEngine({ threads: 2 })];
    try {
      for (const solver of ["coordinate", "admm"] as const) {
        const fits = [];
        for (const engine of engines) {
          const model = new LogisticRegression({ penalty: "l1", C: 0.01, solver });
          fits.push(await model.fit(csrArray(rowsOf(columns), 5), y, { engine }));
        }
        expect(fits[0]!.coef).toEqual(fits[1]!.coef);
      }
    } finally {
      for (const engine of engines) await engine.close();
    }
  });
});

describe("a warm start of LogisticRegression", () => {
  const { columns, y } = manyRows(4000, 8);
  const X = DistributedArray.fromColumns(columns, { partitions: 3 });
  const y3 = y.map((label, i) => (columns[6]![i]! > 0.5 ? 2 : label));

  for (const [solver, penalty] of [
    ["newton", "l2"],
    ["lbfgs", "l2"],
    ["coordinate", "l1"],
    ["fista", "l1"],
    ["admm", "l1"],
  ] as const) {
    it(`takes fewer iterations by ${solver}, to the same optimum, for two and three classes`, async () => {
      for (const labels of [y, y3]) {
        const cold = await new LogisticRegression({ penalty, solver, C: 0.1 }).fit(X, labels);
        const warm = await new LogisticRegression({ penalty, solver, C: 0.09, warmStart: true }).fit(X, labels);
        warm.setParams({ C: 0.1 });
        await warm.fit(X, labels);
        // Where the sample is all rows, a cold start of L-BFGS is the solution already.
        expect(warm.nIter).toBeLessThanOrEqual(Math.max(4, cold.nIter));
        expectClose(warm.coef, cold.coef, { rtol: 1e-4, atol: 1e-4 }, "coef");
        await warm.fit(X, labels);
        expect(warm.nIter).toBeLessThanOrEqual(solver === "admm" ? 25 : 2);
      }
    });
  }

  it("is cold where the columns or classes are others", async () => {
    const model = await new LogisticRegression({ warmStart: true }).fit(X, y);
    await model.fit(X, y3);
    const fresh = await new LogisticRegression().fit(X, y3);
    expect(model.coef).toEqual(fresh.coef);
  });
});

describe("the choice of a solver", () => {
  const { columns, y } = manyRows(500, 6);
  const X = DistributedArray.fromColumns(columns, { partitions: 2 });

  it("is explained from the shape before a fit, and with what it took after", async () => {
    const model = new LogisticRegression({ penalty: "l1" });
    expect(model.explain(X)).toMatchObject({ solver: "coordinate", passes: undefined });
    expect(model.explain(X).reason).toContain("7 coefficients (6 columns)");
    expect(() => model.explain()).toThrow(/not fitted/);
    await model.fit(X, y);
    expect(model.explain().solver).toBe("coordinate");
    expect(model.explain().passes).toBeGreaterThan(0);
    expect(model.explain().reason).toMatch(/iterations and \d+ passes.*converged/);
    expect(new LogisticRegression().explain(X)).toMatchObject({
      solver: "newton",
      reason: expect.stringContaining("500 rows"),
    });
    expect(new LogisticRegression({ solver: "admm" }).explain(X).reason).toContain("asked for");
    const wide = DistributedArray.fromCsr({ indptr: [0, 1], indices: [0], values: [1], cols: 5000 }, { partitions: 1 });
    expect(new LogisticRegression({ penalty: "l1" }).explain(wide)).toMatchObject({
      solver: "fista",
      reason: expect.stringContaining("5001 coefficients"),
    });
    expect(new LogisticRegression().explain(wide).solver).toBe("lbfgs");
  });

  it("refuses what does not exist, and says what does", async () => {
    const fit = (params: Partial<LogisticRegressionParams>): Promise<unknown> =>
      new LogisticRegression(params).fit(X, y);
    await expect(fit({ penalty: "l1", solver: "lbfgs" })).rejects.toThrow(
      /solver "lbfgs" cannot take penalty "l1".*"coordinate", "fista" or "admm"/,
    );
    await expect(fit({ penalty: "elasticnet" })).rejects.toThrow(/needs l1Ratio/);
    await expect(fit({ penalty: "l2", l1Ratio: 0.5 })).rejects.toThrow(/l1Ratio has no effect/);
    const wide = DistributedArray.fromCsr(
      { indptr: [0, 1, 2], indices: [0, 1], values: [1, 1], cols: 5000 },
      { partitions: 1 },
    );
    await expect(new LogisticRegression({ solver: "newton" }).fit(wide, [0, 1])).rejects.toThrow(
      /takes up to 2500 coefficients; there are 5001/,
    );
  });

  it("solves very wide sparse rows by vectors alone", async () => {
    const rng = new CounterRng(3, "wide");
    const indptr = [0];
    const indices: number[] = [];
    const labels: number[] = [];
    for (let i = 0; i < 300; i++) {
      const row = new Set(Array.from({ length: 8 }, (_, k) => rng.integer(i, 3000, k)));
      row.add(rng.integer(i, 5, 77));
      indices.push(...row);
      indptr.push(indices.length);
      labels.push(Number(row.has(0) || row.has(3)));
    }
    const values = new Float64Array(indices.length).fill(1);
    const wide = DistributedArray.fromCsr({ indptr, indices, values, cols: 3000 }, { partitions: 3 });
    const model = await new LogisticRegression({ penalty: "l1", C: 1 }).fit(wide, labels);
    expect(model.explain().solver).toBe("fista");
    expect(model.converged).toBe(true);
    expect(model.gradientNorm).toBeLessThan(1e-3);
    expect(await model.score(wide, labels)).toBeGreaterThan(0.9);
    expect(model.coef.filter((v) => v !== 0).length).toBeLessThan(200);
  });
});
