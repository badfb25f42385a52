import { describe, expect, it } from "vitest";
import { LinearSVC, LinearSVR } from "#models/index.js";
import { DistributedArray } from "#src/collections/array/distributed-array.js";
import { CounterRng } from "#src/base/rng.js";
import { csrArray } from "../csr-array.js";
import { goldenOptions, goldenX } from "../checks/golden-inputs.js";
import { expectClose, iterative, objective as objectiveTolerance } from "../checks/tolerances.js";
import { goldenCase, loadGolden, numberOf, numbersOf } from "../golden/load-golden.js";

const golden = loadGolden("svm");

const CASES: Record<string, () => LinearSVC | LinearSVR> = {
  "hinge-0.05": () => new LinearSVC({ loss: "hinge", C: 0.05, tol: 1e-8 }),
  "hinge-1": () => new LinearSVC({ loss: "hinge", C: 1, tol: 1e-8 }),
  "hinge-weights": () => new LinearSVC({ loss: "hinge", C: 0.5, tol: 1e-8 }),
  "squared-two": () => new LinearSVC({ C: 0.3, tol: 1e-10 }),
  "squared-three": () => new LinearSVC({ C: 0.3, tol: 1e-10 }),
  "squared-weights": () => new LinearSVC({ C: 0.3, tol: 1e-10 }),
  "squared-no-intercept": () => new LinearSVC({ C: 0.3, tol: 1e-10, fitIntercept: false }),
  l1: () => new LinearSVC({ C: 0.08, tol: 1e-10, penalty: "l1" }),
  "svr-0": () => new LinearSVR({ C: 0.5, tol: 1e-8 }),
  "svr-0.4": () => new LinearSVR({ C: 0.5, epsilon: 0.4, tol: 1e-8 }),
  "svr-squared": () => new LinearSVR({ C: 0.5, epsilon: 0.4, loss: "squared_epsilon_insensitive", tol: 1e-10 }),
};

describe("linear support vector machines against scikit-learn", () => {
  it("cover the golden file", () => {
    expect(Object.keys(CASES).toSorted()).toEqual(Object.keys(golden.cases).toSorted());
  });

  it.each(Object.entries(CASES))("%s: the same minimum, with a duality gap that proves it", async (name, make) => {
    const { data, expected } = goldenCase(golden, name);
    const model = make();
    await model.fit(goldenX(data), data.y as number[], goldenOptions(data));
    expect(model.converged).toBe(true);
    expect(model.dualGap).toBeLessThanOrEqual(1e-8 * model.objective);
    // scikit-learn stops a little above the minimum.
    expect(model.objective).toBeLessThanOrEqual(numberOf(expected, "objective") * (1 + 1e-8));
    expectClose(
      [model.objective],
      [numberOf(expected, "objective")],
      { ...objectiveTolerance, rtol: 1e-6 },
      "objective",
    );
    expectClose(model.coef, numbersOf(expected, "coef"), { rtol: 1e-4, atol: 1e-4 }, "coef");
    if (name !== "svr-0" && !name.startsWith("hinge")) {
      const own = model instanceof LinearSVC ? model.intercepts : [model.intercept];
      expectClose(own, numbersOf(expected, "intercepts"), { rtol: 1e-4, atol: 1e-4 }, "intercepts");
    }
  });

  it("an L1 penalty leaves coefficients out", async () => {
    const { data } = goldenCase(golden, "l1");
    const model = await new LinearSVC({ C: 0.02, penalty: "l1" }).fit(goldenX(data), data.y as number[]);
    expect(Array.from(model.coef).some((value) => value === 0)).toBe(true);
    const none = await new LinearSVC({ C: 1e-4, penalty: "l1" }).fit(goldenX(data), data.y as number[]);
    expect(Array.from(none.coef)).toEqual([0, 0, 0, 0]);
    expect(none.converged).toBe(true);
  });
});

describe("linear support vector machines", () => {
  const rng = new CounterRng(5, "svm test");
  const wide = Array.from({ length: 450 }, (_, j) => Float64Array.from({ length: 300 }, (__, i) => rng.normal(i, j)));
  const y = Float64Array.from({ length: 300 }, (_, i) => (rng.normal(i, 1000) + (wide[0]?.[i] ?? 0) > 0 ? 1 : 0));

  it("with more columns than Newton's method takes, L-BFGS reaches the same kind of minimum", async () => {
    const X = DistributedArray.fromColumns(wide, { partitions: 2 });
    const model = await new LinearSVC({ C: 1e-3, tol: 1e-5 }).fit(X, y);
    expect(model.converged).toBe(true);
  });

  it("sparse and dense rows give the same model", async () => {
    const rows = Array.from({ length: 80 }, (_, i) =>
      [0, 1, 2].map((j) => (rng.uniform(i, 50 + j) < 0.5 ? 0 : rng.normal(i, 60 + j))),
    );
    const labels = rows.map((row, i) => Number((row[0] as number) + 0.3 * rng.normal(i, 70) > 0));
    const csr = csrArray(rows, 2);
    for (const loss of ["hinge", "squared_hinge"] as const) {
      const dense = await new LinearSVC({ loss, tol: 1e-10 }).fit(rows, labels);
      const sparse = await new LinearSVC({ loss, tol: 1e-10 }).fit(csr, labels);
      expectClose(sparse.coef, dense.coef, iterative, loss);
    }
  });

  it("separable rows keep a margin of one", async () => {
    const model = await new LinearSVC({ loss: "hinge", C: 1000, tol: 1e-9 }).fit(
      [[-3], [-1], [1], [2]],
      ["n", "n", "y", "y"],
    );
    expectClose(model.coef, [1], { rtol: 1e-6, atol: 0 }, "coef");
    expectClose([model.intercept], [0], { rtol: 0, atol: 1e-6 }, "intercept", 1);
  });

  it("warns when it stops early, and refuses an L1 penalty of the hinge", async () => {
    const X = DistributedArray.fromColumns(wide.slice(0, 5));
    const warned = new Promise<Error>((resolve) => {
      process.on("warning", (warning) => {
        if (warning.message.includes("LinearSVC")) resolve(warning);
      });
    });
    const model = await new LinearSVC({ loss: "hinge", maxIter: 2 }).fit(X, y);
    expect(model.converged).toBe(false);
    expect((await warned).message).toMatch(/LinearSVC: not converged.*duality gap/);
    await expect(new LinearSVC({ loss: "hinge", penalty: "l1" }).fit(X, y)).rejects.toThrow(/squared_hinge/);
  });

  it("class weights move the boundary towards the lighter class", async () => {
    const X = DistributedArray.fromColumns(wide.slice(0, 2));
    const plain = await new LinearSVC().fit(X, y);
    const heavy = await new LinearSVC({ classWeight: { 1: 5 } }).fit(X, y);
    const weights = y.map((label) => (label === 1 ? 5 : 1));
    const weighted = await new LinearSVC().fit(X, y, { sampleWeight: weights });
    expect(heavy.intercept).toBeGreaterThan(plain.intercept);
    expectClose(heavy.coef, weighted.coef, iterative, "coef");
  });
});
